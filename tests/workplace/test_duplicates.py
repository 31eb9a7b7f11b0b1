"""Merging two customers who are one person: preview, merge, every page, the night, undo."""

import uuid
from decimal import Decimal

import duckdb
import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weihu.workplace.act.campaigns.models import Campaign, CampaignTarget
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.bank.models import Account, Customer, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.customer.duplicates import find_duplicates, people
from weihu.workplace.customer.merging import CannotMerge, merge, undo
from weihu.workplace.customer.models import Candidate, Verdict
from weihu.workplace.gate.merged import merges_on
from weihu.workplace.gate.models import Merge
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.know.relations import network


@pytest.fixture
def pair(run, member):
    """Two customers of one branch, and a candidate of them."""
    gate = Gate(member("branch_manager"), run)
    left, right = list(gate.standings().order_by("customer_id")[:2])
    reasons = [["电话相同", "same phone", 12.0], ["生日不同", "birthday differs", -3.0]]
    Candidate.objects.create(
        left_id=left.customer_id, right_id=right.customer_id, probability=0.97, reasons=reasons, found_on=run.work_date
    )
    return left, right


def tell(customer: str, key: str, value: str, run) -> Fact:
    written = FactContent(key, value, Channel.SERVICE, Confidence.TOLD)
    return record_fact(customer, written, [], "x", run.work_date, uuid.uuid4())


def test_merged_by_the_page_and_undone(signed_in, pair, run, member):
    client = signed_in("branch_manager")
    kept, gone = (side.customer_id for side in pair)
    tell(kept, "hobbies", "tea", run)
    tell(gone, "postcode", "210000", run)
    tell(gone, "hobbies", "fishing", run)
    listed = client.get(reverse("duplicates"))
    assert [row[0].right_id for row in listed.context["rows"]] == [gone]
    number = listed.context["rows"][0][0].pk
    shown = client.get(reverse("duplicate", args=[number]))
    assert shown.context["sides"][1]["moves"] == [("信息项", 2)]
    assert "电话相同" in shown.content.decode()
    assert client.post(reverse("duplicate", args=[number]), {"keep": "P9"}).status_code == 400
    assert client.post(reverse("duplicate", args=[number]), {"keep": kept}).status_code == 302
    gate = Gate(member("branch_manager"), run)
    assert not gate.standings().filter(customer_id=gone).exists()
    assert client.get(reverse("customer", args=[gone])).headers["Location"] == reverse("customer", args=[kept])
    page = client.get(reverse("customer", args=[kept]), {"tab": "assets"})
    archive = page.context["archive"]
    assert archive["postcode"].value == "210000"
    assert archive["hobbies"].conflict
    owned = set(Account.objects.filter(customer_id__in=[kept, gone]).values_list("account_id", flat=True))
    assert {account.account_id for account, _, _ in page.context["accounts"] + page.context["closed_accounts"]} == owned
    assert client.get(reverse("customers"), {"q": gone}).context["rows"] == []
    later = tell(kept, "wechat", "abc", run)
    answer = Merge.objects.get()
    for _ in range(2):
        client.post(reverse("unmerge", args=[kept, answer.pk]))
    assert gate.standings().filter(customer_id=gone).exists()
    assert set(Fact.objects.filter(customer_id=gone).values_list("field", flat=True)) == {"postcode", "hobbies"}
    assert {fact.value for fact in Fact.objects.filter(customer_id=kept)} == {"tea", later.value}
    assert Candidate.objects.get().verdict == Verdict.OPEN


def test_different_people_are_not_asked_again(signed_in, pair, run):
    client = signed_in("branch_manager")
    row = Candidate.objects.get()
    client.post(reverse("duplicate", args=[row.pk]), {"act": "different"})
    assert client.get(reverse("duplicates")).context["rows"] == []
    assert client.get(reverse("duplicate", args=[row.pk])).status_code == 404


def test_a_pair_is_shown_only_to_who_reaches_both(signed_in, run, member):
    own = Gate(member("branch_manager"), run).standings().order_by("customer_id").first()
    other = Standing.objects.listed_at(run).exclude(branch_id=own.branch_id).order_by("customer_id").first()
    left, right = sorted((own.customer_id, other.customer_id))
    row = Candidate.objects.create(left_id=left, right_id=right, probability=1, reasons=[], found_on=run.work_date)
    client = signed_in("branch_manager")
    assert client.get(reverse("duplicates")).context["rows"] == []
    assert client.post(reverse("duplicate", args=[row.pk]), {"keep": left}).status_code == 404
    assert signed_in("relationship_manager").get(reverse("duplicates")).status_code == 404
    assert len(signed_in("personal_banking").get(reverse("duplicates")).context["rows"]) == 1


def test_nobody_is_merged_twice(pair, run):
    kept, gone = (side.customer_id for side in pair)
    merge(kept, gone, "x", run.work_date)
    for row, other in ((kept, gone), (gone, kept), (kept, kept)):
        with pytest.raises(CannotMerge):
            merge(row, other, "x", run.work_date)


def test_a_chain_is_undone_from_its_end(pair, run, member):
    last = Gate(member("branch_manager"), run).standings().order_by("-customer_id").first().customer_id
    kept, gone = (side.customer_id for side in pair)
    tell(gone, "postcode", "210000", run)
    inner = merge(kept, gone, "x", run.work_date)
    outer = merge(last, kept, "x", run.work_date)
    with pytest.raises(CannotMerge):
        undo(inner, "x", run.work_date)
    undo(outer, "x", run.work_date)
    undo(inner, "x", run.work_date)
    assert Fact.objects.get().customer_id == gone


def test_households_are_left_and_entered_again(pair, run, member):
    gate = Gate(member("branch_manager"), run)
    kept, gone = (side.customer_id for side in pair)
    third, fourth = (row.customer_id for row in gate.standings().order_by("-customer_id")[:2])
    network.join(kept, [third], "x", run.work_date)
    network.join(gone, [fourth], "x", run.work_date)
    made = merge(kept, gone, "x", run.work_date)
    assert {row.customer_id for row in network.household_of(kept, gate).members} == {kept, third}
    undo(made, "x", run.work_date)
    assert {row.customer_id for row in network.household_of(gone, gate).members} == {gone, fourth}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=12))
def test_any_order_of_merges_and_undoings_gives_back_what_each_had(run, steps):
    """After undoing everything, from the last to the first, each customer has exactly his own facts again."""
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:5])
    Fact.objects.all().delete()
    Merge.objects.all().delete()
    for customer in ids:
        tell(customer, "memo", f"of {customer}", run)
    for kept, gone, undoes in steps:
        last = Merge.objects.filter(undone_on__isnull=True).order_by("-pk").first()
        if undoes and last:
            undo(last, "x", run.work_date)
            continue
        try:
            merge(ids[kept], ids[gone], "x", run.work_date)
        except CannotMerge:
            continue
        assert Fact.objects.count() == len(ids)
        chain = {row["gone"]: row["kept"] for row in merges_on(run.work_date) if row["active"]}
        assert not set(chain) & set(chain.values())
        owners = set(Fact.objects.values_list("customer_id", flat=True))
        assert owners == {chain.get(customer, customer) for customer in ids}
    for last in Merge.objects.filter(undone_on__isnull=True).order_by("-pk"):
        undo(last, "x", run.work_date)
    assert {(fact.customer_id, fact.value) for fact in Fact.objects.all()} == {(row, f"of {row}") for row in ids}


def test_twins_are_found_and_what_was_told_counts(run, pair):
    kept, gone = (side.customer for side in pair)
    Candidate.objects.all().delete()
    Customer.objects.filter(pk=gone.pk).update(
        name=kept.name, pinyin=kept.pinyin, birth_date=kept.birth_date, sex=kept.sex, identity_number=None
    )
    tell(gone.pk, "identity_number", kept.identity_number, run)
    assert find_duplicates(run, run.work_date, run_spill()) >= 1
    row = Candidate.objects.get(left_id=kept.pk, right_id=gone.pk)
    assert row.probability > 0.9
    Candidate.objects.update(verdict=Verdict.DIFFERENT)
    find_duplicates(run, run.work_date, run_spill())
    assert not Candidate.objects.filter(verdict=Verdict.OPEN).exists()
    merge(kept.pk, gone.pk, "x", run.work_date)
    assert gone.pk not in people(run)["unique_id"].to_pylist()


def run_spill():
    from django.conf import settings

    return settings.HOME.spill


class TestNight:
    """In a home of its own: three nights with a merge between them and its undo."""

    @pytest.fixture
    def bank(self, weihu, tmp_path):
        from datetime import date

        from weihu.sources.synthetic import SyntheticBank

        made = SyntheticBank(120, 3, 5, date(2026, 6, 3), 9).deliveries(tmp_path / "deliveries")
        first = [next(made), next(made)]
        weihu("init")
        weihu("replay", tmp_path / "deliveries")
        return weihu, [*first, *made]

    def test_the_night_follows_the_merge_and_its_undo(self, bank, tmp_path):
        weihu, days = bank
        lake = tmp_path / "home" / "lake" / "runs"

        def state(run: int) -> dict:
            result = duckdb.sql(
                f"SELECT customer_id, aum, flow_1, balance_days, first_seen_on FROM '{lake / f'{run:06d}' / 'standings.parquet'}'"
            ).fetchall()
            return {row[0]: row[1:] for row in result}

        def signals(run: int) -> set:
            path = lake / f"{run:06d}" / "signals.parquet"
            return set(duckdb.sql(f"SELECT customer_id, kind FROM '{path}'").fetchall())

        before = state(2)
        kept, gone = sorted(before, key=lambda row: -before[row][0])[:2]
        weihu("merge", kept, gone, "2026-06-01", module="tests.workplace.merging")
        weihu("run", "--date", days[2].name, "--delivery", days[2])
        merged = state(3)
        moved = self.moved(days[2])
        assert gone not in merged
        assert merged[kept][0] == before[kept][0] + before[gone][0] + moved.get(kept, 0) + moved.get(gone, 0)
        assert merged[kept][1] == moved.get(kept, 0) + moved.get(gone, 0)
        weihu("undo", kept, gone, "2026-06-02", module="tests.workplace.merging")
        weihu("run", "--date", days[3].name, "--delivery", days[3])
        back, moved = state(4), self.moved(days[3])
        assert back[kept][0] + back[gone][0] == merged[kept][0] + moved.get(kept, 0) + moved.get(gone, 0)
        assert (back[kept][1], back[gone][1]) == (moved.get(kept, 0), moved.get(gone, 0))
        assert back[kept][2] + back[gone][2] == merged[kept][2] + back[kept][0] + back[gone][0]
        assert not {(gone, "large_inflow"), (kept, "large_outflow")} & (signals(4) - signals(2)) or moved
        weihu("run", "--date", days[4].name, "--delivery", days[4])
        assert set(state(5)) == set(before) | set(state(5))

    def moved(self, folder) -> dict[str, Decimal]:
        """What each customer's balances changed by, by the lists of accounts and balances."""
        root = folder.parent
        earlier = sorted(
            path for path in root.iterdir() if path.is_dir() and path.name < folder.name and path.name[0] != "."
        )
        accounts = ", ".join(
            f"'{path}/accounts.csv'" for path in [*earlier, folder] if (path / "accounts.csv").is_file()
        )
        balances = ", ".join(f"'{path}/balances.csv'" for path in [*earlier, folder])
        rows = duckdb.sql(
            f"""
WITH a AS (SELECT DISTINCT account_id, customer_id FROM read_csv([{accounts}], all_varchar=true)),
b AS (SELECT account_id, CAST(balance AS DECIMAL(18,2)) AS x, filename FROM read_csv([{balances}], all_varchar=true, filename=true)),
now AS (SELECT account_id, arg_max(x, filename) AS x FROM b GROUP BY 1),
old AS (SELECT account_id, arg_max(x, filename) AS x FROM b WHERE filename NOT LIKE '%{folder.name}%' GROUP BY 1)
SELECT customer_id, sum(now.x - coalesce(old.x, 0)) FROM now LEFT JOIN old USING (account_id) JOIN a USING (account_id)
GROUP BY 1 HAVING sum(now.x - coalesce(old.x, 0)) <> 0"""
        ).fetchall()
        return dict(rows)


def test_what_both_have_once_stays_with_its_number(pair, run):
    """A care plan that the same signal began for both, and a place in the same campaign."""
    kept, gone = (side.customer_id for side in pair)
    on = run.work_date
    shares = {"control_share": Decimal("0.25"), "stop_share": Decimal("0.2"), "wave_size": 3, "stop_after": 20}
    campaign = Campaign.objects.create(
        title="存款节", seed=5, branch_id="B", from_on=on, to_on=on, made_by="x", made_on=on, **shares
    )
    for customer in (kept, gone):
        plan = {"plan": "welcome", "signal": "new_customer 1", "started_on": on}
        CarePlan.objects.create(customer_id=customer, open_key=f"{customer} welcome", **plan)
        CampaignTarget.objects.create(campaign=campaign, customer_id=customer, control=False, aum_before=Decimal(1))
    alone = CarePlan.objects.create(customer_id=gone, plan="birthday", signal="birthday 2", started_on=on)
    merged = merge(kept, gone, "x", on)
    plans = CarePlan.objects.filter(signal__in=("new_customer 1", "birthday 2"))
    owners = dict(plans.values_list("pk", "customer_id"))
    assert sorted(owners.values()) == sorted([kept, kept, gone])
    assert owners[alone.pk] == kept
    assert set(CampaignTarget.objects.values_list("customer_id", flat=True)) == {kept, gone}
    undo(merged, "x", on)
    assert sorted(plans.values_list("customer_id", flat=True)) == sorted([kept, gone, gone])

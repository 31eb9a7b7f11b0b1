"""The fixed lists: equal, row for row, to the bank's files; within reach; filtered, ordered, paged, exported, saved."""

import io
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from tests.conftest import LEDGER
from tests.settings import HOME
from tests.workplace.files import Files
from weihu.engine.lake import Home
from weihu.rules import rulebook
from weihu.rules.listed import LISTS
from weihu.sources import czech
from weihu.sources.synthetic import SyntheticBank
from weihu.workplace.act.lists import reading
from weihu.workplace.act.lists.asking import Query, opens_with, spans
from weihu.workplace.act.lists.columns import OPEN
from weihu.workplace.act.lists.models import SavedFilter
from weihu.workplace.act.lists.reading import SORTS, Asked
from weihu.workplace.bank.models import Run, Signal, Standing
from weihu.workplace.base.models import Entry
from weihu.workplace.customer.merging import merge
from weihu.workplace.gate.models import Export, Taken
from weihu.workplace.gate.reach import Gate

POSTS = list(rulebook.load("brief").posts)
COLUMNS = {
    "inter_branch": ("customer_id", "subject", "amount", "detail", "reason"),
    "money": ("customer_id", "amount", "base", "limit", "reason"),
    "maturing": ("customer_id", "subject", "on_date", "amount", "detail"),
    "became": ("customer_id", "subject", "on_date", "amount", "base", "detail", "reason"),
    "occasions": ("customer_id", "on_date"),
}
KEPT_FOR_DAYS = """extends = "brief"
key = "kept"
version = "1"
in_force_from = 1990-01-01
zh = "名单保留六天"
en = "Lists that are kept for six days"
currency = "CNY"

[lists]
kept_days = 6
behind_days = 5
"""
UNUSUAL = ("unusual_inflow", "unusual_outflow")


def kept(file, name):
    """A list's rows as a night left them, in the columns that the files tell of."""
    names = ", ".join(f'"{column}"' for column in COLUMNS[name])
    condition = "AND reason = 'birthday'" if name == "occasions" else ""
    rows = duckdb.execute(f"SELECT {names} FROM '{file}' WHERE list = ? {condition}", [name]).fetchall()
    if name != "money":
        assert len(set(rows)) == len(rows)
        return set(rows)
    # what is unusual by habit is no fact of the files
    split = [(*row[:-1], tuple(part for part in row[-1].split(",") if part not in UNUSUAL)) for row in rows]
    return {row for row in split if row[-1]}


def compare(files, folder, file, effective=None):
    """Every list of a night against the files of that day; how many rows there were of each. Whose birthdays count, the
    files do not say: ``effective`` are these customers, where they are known."""
    expected = files.take(folder)
    for name in COLUMNS:
        rows = kept(file, name) if file.is_file() else expected[name]
        if name == "occasions" and effective is None:
            assert rows <= expected[name]
        else:
            wanted = expected[name] if name != "occasions" else {row for row in expected[name] if row[0] in effective}
            assert rows == wanted, (folder.name, name)
    return Counter({name: len(rows) for name, rows in expected.items()})


def effective_on(run):
    return set(Standing.objects.at(run).filter(effective=True).values_list("customer_id", flat=True))


def test_every_list_of_the_night_has_a_page():
    assert list(OPEN) == list(LISTS)


def test_the_lists_of_every_night_equal_the_files(run, deliveries, home):
    files, seen = Files(run.rulebook), Counter()
    for night in Run.objects.filter(published=True).order_by("number"):
        folder = next(folder for folder in deliveries if folder.name.startswith(str(night.business_date)))
        seen += compare(files, folder, home.run(night.number) / "listed.parquet", effective_on(night))
    assert all(seen[name] for name in ("inter_branch", "money", "maturing", "occasions"))


@pytest.mark.long
@pytest.mark.sqlite
def test_the_lists_of_every_night_equal_the_files_until_they_are_too_old(weihu, tmp_path):
    """More nights than what became of a maturity is followed, and than the lists are kept by a book that keeps fewer."""
    book = tmp_path / "book.toml"
    book.write_text(KEPT_FOR_DAYS, encoding="utf-8")
    days = SyntheticBank(900, 2, 8, date(2026, 6, 30), 11).deliveries(tmp_path / "inbox")
    seen = replay(weihu, days, tmp_path, book)
    assert all(seen[name] for name in COLUMNS)
    files = f"{Home(tmp_path / 'home').runs}/*/listed.parquet"
    became = duckdb.execute(f"SELECT DISTINCT reason FROM '{files}' WHERE list = 'became'").fetchall()
    assert {reason for (reason,) in became} == {"kept", "moved", "left"}


@pytest.mark.long
@pytest.mark.sqlite
@pytest.mark.skipif(not LEDGER.is_dir(), reason="the Czech ledger is not here")
def test_the_lists_of_the_czech_ledger_equal_the_files(weihu, tmp_path):
    days = czech.deliveries(LEDGER, date(1993, 12, 1), date(1993, 12, 6), tmp_path / "inbox")
    assert replay(weihu, days, tmp_path, "czech")["money"]


def replay(weihu, days, folder, book):
    """All nights of a bank, and then their lists against its files: as many of each as there were."""
    written = list(days)
    weihu("init", "--rulebook", book)
    weihu("replay", folder / "inbox")
    loaded = rulebook.load(book)
    files, totals, days_kept = Files(loaded), Counter(), loaded.lists.kept_days
    home = Home(folder / "home")
    nights = [home.run(number) / "listed.parquet" for number in range(1, len(written) + 1)]
    assert [path.is_file() for path in nights] == [
        number > len(nights) - days_kept for number in range(1, len(nights) + 1)
    ]
    for delivery, file in zip(written, nights, strict=True):
        totals += compare(files, delivery, file)
    return totals


@pytest.fixture
def night(run):
    return reading.nights(run)[0]


def everything(gate, night, name, **asked):
    return reading.page(gate, night, Asked(name, **asked), 0, 10**6)


@pytest.mark.parametrize("post", POSTS)
def test_a_list_shows_the_rows_of_the_customers_within_reach(post, member, run, night):
    """Every list, against the rows of the night and the reach of pages."""
    gate = Gate(member(post), run)
    own = set(gate.standings().values_list("customer_id", flat=True))
    counts = reading.counts(gate, night)
    for name in OPEN:
        whole = duckdb.execute(
            f"SELECT customer_id, subject, detail FROM '{night.files[0]}' WHERE list = ? ORDER BY ALL", [name]
        ).fetchall()
        wanted = [row for row in whole if row[0] in own]
        rows = everything(gate, night, name)
        assert sorted((row["customer_id"], row["subject"], row["detail"]) for row in rows) == wanted
        total = reading.totals(gate, night, Asked(name))
        assert (total["rows"], total["customers"]) == (len(wanted), len({row[0] for row in wanted}))
        for side, sign in (("came", 1), ("went", -1)):
            amounts = [row["amount"] for row in rows if row["amount"] and row["amount"] * sign > 0]
            assert (total[side] or 0) == sum(amounts)
        assert counts.get(name, {"rows": 0})["rows"] == len(wanted)
        assert total["amount"] == (
            sum((row["amount"] or 0 for row in rows), Decimal(0)) if rows and total["amount"] is not None else None
        )


def test_the_lists_of_standings_equal_what_is_published(member, run, night):
    gate = Gate(member("personal_banking"), run)
    standings = list(Standing.objects.at(run).filter(effective=True))
    missing = {row.customer_id: row.facts_expected - row.facts_known for row in standings}
    ranks = run.rulebook.collected_ranks()
    assert {row["customer_id"]: int(row["amount"]) for row in everything(gate, night, "missing")} == {
        row.customer_id: missing[row.customer_id]
        for row in standings
        if missing[row.customer_id] and row.grade_rank in ranks
    }
    watched = {row.customer_id: row.watch_since for row in standings if row.watch_since}
    assert {row["customer_id"]: row["on_date"] for row in everything(gate, night, "watch")} == watched
    minimums = [grade.minimum for grade in run.rulebook.grades.values()]
    share, fall = run.rulebook.near_share, f"flow_{run.rulebook.near_fall_days}"
    state = pq.read_table(HOME.run(run.number) / "standings.parquet", columns=["customer_id", "aum", fall])
    fallen = {
        row["customer_id"]
        for row in state.to_pylist()
        if -row[fall] > (row["aum"] - row[fall]) * run.rulebook.near_fall
    }
    near = {
        row.customer_id: minimums[row.grade_rank + 1] - row.aum
        for row in standings
        if row.grade_rank + 1 < len(minimums)
        and row.aum >= minimums[row.grade_rank + 1] * (1 - share)
        and row.customer_id not in fallen
    }
    assert {row["customer_id"]: row["base"] for row in everything(gate, night, "near")} == near
    kinds = run.rulebook.lists.loss_kinds
    told = set(
        Signal.objects.listed_at(run).filter(kind__in=kinds, held_out=False).values_list("customer_id", flat=True)
    )
    loss = {row["customer_id"] for row in everything(gate, night, "loss")}
    assert loss <= told
    assert loss == {row.customer_id for row in standings if row.customer_id in told and flow(gate, row) < 0}


def flow(gate, standing):
    history = gate.history(standing)
    return standing.aum - history[0].aum


def test_rows_of_a_merged_number_are_the_kept_customer_s(member, run):
    gate, before = Gate(member("personal_banking"), run), reading.nights(run)[1]
    rows = everything(gate, before, "maturing")
    kept_id, gone_id = sorted({row["customer_id"] for row in rows})[:2]
    merge(kept_id, gone_id, "x", run.work_date)
    after = everything(Gate(member("personal_banking"), run), before, "maturing")
    as_kept = [kept_id if row["customer_id"] == gone_id else row["customer_id"] for row in rows]
    assert sorted(row["customer_id"] for row in after) == sorted(as_kept)
    assert sum(row["amount"] for row in after) == sum(row["amount"] for row in rows)


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("sort", SORTS)
def test_a_list_is_ordered_by_any_column_and_pages_meet(sort, down, member, run, night):
    gate = Gate(member("personal_banking"), run)
    for name in ("maturing", "money"):
        rows = everything(gate, night, name, sort=sort, down=down)
        if sort == "name":
            pinyin = dict(gate.standings().values_list("customer_id", "customer__pinyin"))
            values = [pinyin[row["customer_id"]] for row in rows]
        else:
            values = [row[sort] for row in rows]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=down)
        assert values[: len(known)] == known
        asked = Asked(name, sort=sort, down=down)
        parts = [reading.page(gate, night, asked, first, first + 7) for first in range(0, len(rows), 7)]
        assert [row for part in parts for row in part] == rows


def test_filters_keep_what_they_say(member, run, night):
    gate = Gate(member("branch_manager"), run)
    rows = everything(gate, night, "money")
    least = sorted(abs(row["amount"]) for row in rows)[len(rows) // 2]
    reason = rows[0]["reason"].split(",")[0]
    person = next(row["primary_id"] for row in rows if row["primary_id"])
    wanted = {
        "from_rank": (3, lambda row: row["grade_rank"] >= 3),
        "least": (least, lambda row: abs(row["amount"]) >= least),
        "reason": (reason, lambda row: reason in row["reason"].split(",")),
        "primary_id": (person, lambda row: row["primary_id"] == person),
    }
    for name, (value, keeps) in wanted.items():
        found = everything(gate, night, "money", **{name: value})
        assert [row["customer_id"] for row in found] == [row["customer_id"] for row in rows if keeps(row)]
        assert found or name == "from_rank"


@pytest.mark.parametrize("name", list(OPEN))
@pytest.mark.parametrize("post", ["relationship_manager", "branch_manager", "personal_banking"])
def test_every_list_has_a_page_of_at_most_sixty_rows(post, name, signed_in, run):
    client = signed_in(post)
    page = client.get(reverse("fixed_list", args=[name]))
    assert page.status_code == 200
    assert len(page.context["rows"]) == min(page.context["total"]["rows"], run.rulebook.lists.page_rows) <= 60
    text = page.content.decode()
    for row in page.context["rows"]:
        assert row["customer"].phone is None or row["customer"].phone not in text
    assert Entry.objects.filter(action="list.view", detail=f"{name} {run.business_date}").exists()
    first, seen = page.context["rows"], page.context["rows"]
    while page.context["after"]:
        page = client.get(f"{reverse('fixed_list', args=[name])}?{page.context['after']}")
        seen = seen + page.context["rows"]
    assert len(seen) == page.context["total"]["rows"]
    assert first == seen[: len(first)]


def test_the_lists_of_a_night_before_are_read_too(signed_in, run):
    client = signed_in("branch_manager")
    page = client.get(reverse("lists"))
    assert [night.on for night in page.context["nights"]] == [
        run.business_date - timedelta(days=back) for back in range(4)
    ]
    before = client.get(reverse("lists"), {"on": str(run.business_date - timedelta(days=1))})
    assert before.context["night"].on == run.business_date - timedelta(days=1)
    listed = client.get(reverse("fixed_list", args=["maturing"]), {"on": str(before.context["night"].on)})
    assert listed.context["query"].night.run.number == run.number - 1
    for address in (reverse("lists"), reverse("fixed_list", args=["money"])):
        assert client.get(address, {"on": "2020-01-01"}).status_code == 404


@pytest.mark.parametrize("name", ["inter_branch", "money"])
def test_what_tells_of_single_days_is_read_of_several_together(name, signed_in, member, run):
    gate, client = Gate(member("personal_banking"), run), signed_in("personal_banking")
    single = [row for night in reading.nights(run)[:3] for row in everything(gate, night, name)]
    query = Query.of(name, {"days": "7", "on": str(run.business_date)}, run)
    assert query.address() == "days=7"
    together = reading.page(
        gate, reading.together(reading.nights(run), reading.nights(run)[0], 3), Asked(name), 0, 10**6
    )

    def keys(rows):
        return sorted((row["on_date"], row["customer_id"], row["subject"]) for row in rows)

    assert keys(together) == keys(single)
    page = client.get(reverse("fixed_list", args=[name]), {"days": "90"})
    assert page.context["total"]["rows"] >= len(single)
    assert client.get(reverse("fixed_list", args=["near"]), {"days": "90"}).context["query"].days == 1


@pytest.mark.parametrize("address", [reverse("lists"), reverse("fixed_list", args=["money"])])
def test_who_reaches_nobody_has_no_lists(address, signed_in):
    assert signed_in("it_operator").get(address).status_code == 404


def test_what_no_list_knows_is_left_out_of_an_address(signed_in, run):
    client = signed_in("branch_manager")
    odd = {
        "grade": "x",
        "least": "viel",
        "reason": "x",
        "sort": "1; DROP",
        "down": "x",
        "page": "99999",
        "staff": "nobody",
    }
    page = client.get(reverse("fixed_list", args=["money"]), odd)
    assert page.context["rows"] == []
    assert page.context["number"] == 1
    assert client.get(reverse("fixed_list", args=["everything"])).status_code == 404


def test_a_list_turns_to_the_customers_before_and_after(signed_in, run, night, member):
    client, gate = signed_in("branch_manager"), Gate(member("branch_manager"), run)
    page = client.get(reverse("fixed_list", args=["maturing"]), {"sort": "aum", "down": "1"})
    ids = list(dict.fromkeys(row["customer_id"] for row in everything(gate, night, "maturing", sort="aum", down=True)))
    middle = client.get(reverse("customer", args=[ids[1]]), {"list": page.context["came_from"]})
    assert (middle.context["before"].customer_id, middle.context["after"].customer_id) == (ids[0], ids[2])
    assert reverse("fixed_list", args=["maturing"]) in middle.content.decode()
    first = client.get(reverse("customer", args=[ids[0]]), {"list": page.context["came_from"]})
    assert (first.context["before"], first.context["after"].customer_id) == (None, ids[1])


def test_excel_gives_the_filtered_list_in_its_order_within_the_day_s_limit(signed_in, run, night, member):
    client, gate = signed_in("branch_manager"), Gate(member("branch_manager"), run)
    answer = client.get(reverse("fixed_list", args=["maturing"]), {"grade": "2", "xlsx": "1"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = everything(gate, night, "maturing", from_rank=2, sort="on_date", down=False)
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    written = [row for row in cells if row[1] in {one["customer_id"] for one in rows}]
    assert [row[1] for row in written] == [row["customer_id"] for row in rows]
    assert [Decimal(str(row[4])) for row in written] == [row["amount"] for row in rows]
    assert Export.objects.get().rows == len(rows)
    Taken.objects.update(count=run.rulebook.limits.export_rows_per_day)
    assert client.get(reverse("fixed_list", args=["maturing"]), {"xlsx": "1"}).status_code == 403


def test_a_filter_is_kept_for_whoever_kept_it_and_forgotten(signed_in):
    client = signed_in("branch_manager")
    address = reverse("filter_save", args=["money"])
    client.post(address, {"name": "大额", "query": "least=100000&grade=3"})
    (saved,) = client.get(reverse("fixed_list", args=["money"])).context["saved"]
    assert (saved.name, saved.query) == ("大额", "grade=3&least=100000.00")
    assert not client.get(reverse("fixed_list", args=["near"])).context["saved"]
    assert not signed_in("rm_supervisor").get(reverse("fixed_list", args=["money"])).context["saved"]
    client = signed_in("branch_manager")
    client.post(address, {"forget": saved.pk, "query": ""})
    assert not SavedFilter.objects.exists()


def test_an_address_says_what_is_not_usual_only(run):
    query = Query.of("money", {"grade": "3", "least": "5万", "page": "2"}, run)
    assert query.asked.least == 50000
    assert query.address() == "grade=3&least=50000.00"
    assert Query.of("money", {}, run).address() == ""
    assert Query.of("money", {"sort": "amount", "down": "0"}, run).address() == ""
    assert query.order_by("amount") == "grade=3&least=50000.00&sort=amount&down=1"


def test_what_is_rare_opens_with_several_nights_and_is_counted_so(signed_in, run, monkeypatch):
    assert opens_with(OPEN["lost"], run.rulebook) == run.rulebook.pages.rare_days > 1
    monkeypatch.setitem(OPEN, "money", replace(OPEN["money"], rare=True))  # this bank is too young to have lost anybody
    days = opens_with(OPEN["money"], run.rulebook)
    client = signed_in("personal_banking")
    together = client.get(reverse("fixed_list", args=["money"])).context
    assert (together["query"].days, together["query"].address()) == (days, "")
    night = client.get(reverse("fixed_list", args=["money"]), {"days": "1"}).context
    assert (night["query"].days, night["query"].address()) == (1, "days=1")
    assert 0 < night["total"]["rows"] < together["total"]["rows"]
    rows = {
        name: (several, counted["rows"]) for name, _, several, counted in client.get(reverse("lists")).context["rows"]
    }
    assert rows["money"] == (days, together["total"]["rows"])
    assert rows["near"][0] == 1


def test_no_more_days_are_read_together_than_the_book_keeps():
    brief = rulebook.load("brief")
    kept = [rulebook.changed(brief, {"lists": {"kept_days": days}}) for days in (5, 30, 60)]
    assert [spans(book, 1) for book in kept] == [[1, 5], [1, 7, 30], [1, 7, 30, 60]]
    assert [opens_with(OPEN["lost"], book) for book in kept] == [5, 30, 30]
    assert spans(kept[2], 27) == [1, 7, 27, 30, 60], "a period that another page asked for can be chosen again"

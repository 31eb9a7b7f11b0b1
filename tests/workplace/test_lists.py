"""Lists: any field, columns, views, turning over, many at once, taking out."""

import io
import uuid
from datetime import timedelta

import openpyxl
import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.gate.models import Export
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, archive_of, record_fact, withdraw_fact
from weihu.workplace.know.archive.lists import ListQuery, neighbours, ordered
from weihu.workplace.know.archive.models import Confidence, Fact, SavedView


@pytest.fixture
def gate(run, member):
    return Gate(member("branch_manager"), run)


@pytest.fixture
def people(gate):
    return [row.customer_id for row in ordered(gate.standings())]


def tell(customer: str, key: str, value: str, run, seen=()) -> Fact:
    written = FactContent(key, value, Channel.SERVICE, Confidence.TOLD)
    return record_fact(customer, written, seen, "x", run.work_date, uuid.uuid4())


def listed_by(gate, run, *conditions: str) -> set[str]:
    result = QueryDict(mutable=True)
    result.setlist("f", list(conditions))
    query = ListQuery.of(result, run.rulebook)
    return set(query.standings(gate, run.work_date).values_list("customer_id", flat=True))


def test_what_was_told_is_found_whatever_the_kind(gate, run, people):
    a, b, c = people[:3]
    tell(a, "hobbies", "tea,fishing", run)
    tell(b, "hobbies", "fishing", run)
    tell(a, "wedding_day", "1999-05-20", run)
    tell(b, "lunar_birthday", "L05-03", run)
    tell(a, "household_size", "4", run)
    tell(b, "household_size", "2", run)
    tell(c, "employer", "人民医院", run)
    tell(c, "retires_in", "2030", run)
    for condition, who in {
        "hobbies:tea": {a},
        "hobbies:钓鱼": {a, b},
        "wedding_day:5": {a},
        "wedding_day:1999": {a},
        "wedding_day:1999年5月20日": {a},
        "wedding_day:6": set(),
        "lunar_birthday:5月": {b},
        "household_size:3-": {a},
        "household_size:2-4": {a, b},
        "household_size:2": {b},
        "employer:人民医院": {c},
        "retires_in:2029-2031": {c},
    }.items():
        assert listed_by(gate, run, condition) == who, condition
    assert listed_by(gate, run, "hobbies:fishing", "household_size:3-") == {a}


def test_the_core_system_s_values_are_found_unless_somebody_knows_better(gate, run, people):
    rows = {row.customer_id: row.customer for row in gate.standings()}
    for key, value in (("sex", "F"), ("education", "本科"), ("risk_rating", "C2")):
        entry = run.rulebook.fields[key]
        wanted = {
            row
            for row, customer in rows.items()
            if archive_of(customer, run.rulebook, run.work_date)[key].value == _kept(entry, value)
        }
        assert wanted
        assert listed_by(gate, run, f"{key}:{value}") == wanted
        somebody = sorted(wanted)[0]
        other = (
            next(choice.key for choice in entry.choices if choice.key != _kept(entry, value)) if entry.choices else "x"
        )
        tell(somebody, key, other, run)
        assert listed_by(gate, run, f"{key}:{value}") == wanted - {somebody}
    tell(people[0], "income", "7000.00", run)
    archives = {
        row: archive_of(customer, run.rulebook, run.work_date)["income"].value for row, customer in rows.items()
    }
    wanted = {archive for archive, value in archives.items() if value and 6500 <= float(value) <= 12000}
    assert people[0] in wanted
    assert listed_by(gate, run, "income:6500-1.2万") == wanted
    phone = next(customer.phone for customer in rows.values() if customer.phone)
    assert listed_by(gate, run, f"phone:{phone}") == {row for row, customer in rows.items() if customer.phone == phone}
    born = next(customer.birth_date for customer in rows.values() if customer.birth_date)
    same = {row for row, customer in rows.items() if customer.birth_date == born}
    for written in (born.isoformat(), f"{born.year}年{born.month}月{born.day}日"):
        assert listed_by(gate, run, f"birth_date:{written}") == same
    assert people[0] in listed_by(gate, run, "income:0.7万")
    month = {row for row, customer in rows.items() if customer.birth_date and customer.birth_date.month == 5}
    assert listed_by(gate, run, "birth_date:5") == month


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["tea", "fishing", "tea,fishing", ""]), st.booleans()), max_size=8
    )
)
def test_a_condition_finds_exactly_those_whose_open_facts_say_so(gate, run, people, steps):
    """Against every customer's archive opened and looked at."""
    Fact.objects.all().delete()
    last = {}
    for place, value, replaces in steps:
        customer = people[place]
        if not value:
            if customer in last:
                withdraw_fact(last[customer], "x", run.work_date)
            continue
        last[customer] = tell(
            customer, "hobbies", value, run, [last[customer].pk] if replaces and customer in last else []
        )
    expected = {
        fact.customer_id
        for fact in Fact.objects.filter(replaced_by__isnull=True, withdrawn_at__isnull=True)
        if "tea" in fact.value.split(",")
    }
    assert listed_by(gate, run, "hobbies:tea") == expected


@pytest.mark.parametrize("post", ["relationship_manager", "branch_manager", "personal_banking"])
def test_no_condition_reaches_beyond_the_gate(post, run, member):
    own = Gate(member(post), run)
    reached = set(own.standings().values_list("customer_id", flat=True))
    for row in Gate(member("personal_banking"), run).standings()[:60]:
        tell(row.customer_id, "hobbies", "tea", run)
        tell(row.customer_id, "household_size", "5", run)
    for condition in ("hobbies:tea", "household_size:1-9", "sex:F", "birth_date:5"):
        assert listed_by(own, run, condition) <= reached


def test_what_cannot_be_a_value_says_what_was_expected(signed_in):
    client = signed_in("branch_manager")
    page = client.get(reverse("customers"), {"field": "postcode", "value": "12"})
    (chosen,) = page.context["query"].filters
    assert chosen.wrong
    assert chosen.wrong in page.content.decode()
    assert page.context["rows"]


def test_columns_are_chosen_and_masked(signed_in, run, people):
    client = signed_in("branch_manager")
    tell(people[0], "hobbies", "tea", run)
    page = client.get(reverse("customers"), {"c": ["hobbies", "phone", "primary"]})
    cells = {row.customer_id: more for row, more in page.context["rows"]}[people[0]]
    assert cells[0] == "茶"
    assert cells[1] == "—" or "****" in cells[1]
    assert page.context["titles"][:2] == ["兴趣爱好", "电话号码"]


def test_views_are_kept_replaced_and_forgotten(signed_in, run):
    client = signed_in("branch_manager")
    for query in ("f=hobbies%3Atea&c=phone", "grade=3"):
        client.post(reverse("view_save"), {"name": "爱喝茶", "list": query})
    view = SavedView.objects.get()
    assert view.query == "grade=3"
    assert "爱喝茶" in client.get(reverse("customers")).content.decode()
    signed_in("relationship_manager")
    assert "爱喝茶" not in client.get(reverse("customers")).content.decode()
    client.post(reverse("view_save"), {"act": "forget", "view": view.pk})
    assert SavedView.objects.exists()


def test_turning_over_goes_through_the_whole_list_and_back(signed_in, gate, run, people):
    result = gate.standings()
    rows = list(ordered(result))
    for before, row, after in zip([None, *rows], rows, [*rows[1:], None], strict=False):
        left, right = neighbours(result, row)
        assert (left and left.customer_id, right and right.customer_id) == (
            before and before.customer_id,
            after and after.customer_id,
        )
    page = signed_in("branch_manager").get(reverse("customer", args=[people[1]]), {"list": "all"})
    assert (page.context["before"].customer_id, page.context["after"].customer_id) == (people[0], people[2])


class TestTakingOut:
    def take(self, client, **said):
        return client.post(reverse("bulk"), {"act": "export", "purpose": "service", "why": "季度回访", **said})

    def test_a_list_becomes_a_workbook_with_a_mark(self, signed_in, run, people, member):
        client = signed_in("branch_manager")
        answer = self.take(client, list="c=phone&c=primary", chosen=people[:3])
        page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        lines = [[cell.value for cell in row] for row in page.iter_rows(values_only=False)]
        assert member("branch_manager").staff_id in lines[0][0]
        assert "季度回访" in lines[0][0]
        assert [line[1] for line in lines[2:]] == people[:3]
        assert all(line[4] == "—" or "****" in line[4] for line in lines[2:])
        assert member("branch_manager").staff_id in page.oddHeader.center.text
        made = Export.objects.get()
        assert (made.rows, made.left_out, made.why) == (3, 0, "季度回访")

    def test_marketing_takes_only_those_who_agreed(self, signed_in, run, people):
        client = signed_in("branch_manager")
        result = ConsentAnswer("marketing", "1", True, Channel.SERVICE)
        record_consent(people[1], result, "x", run.work_date, uuid.uuid4())
        answer = self.take(client, purpose="marketing", chosen=people[:3])
        page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert [row[1] for row in page.iter_rows(min_row=3, values_only=True)] == [people[1]]
        assert (Export.objects.get().rows, Export.objects.get().left_out) == (1, 2)
        assert "2" in page.cell(1, 1).value

    def test_a_day_s_limit_holds_over_several_exports(self, signed_in, run, people, monkeypatch):
        client = signed_in("branch_manager")
        monkeypatch.setattr(run.rulebook.limits.__class__, "export_rows_per_day", 5, raising=False)
        limits = run.rulebook.limits
        monkeypatch.setitem(limits.__dict__, "export_rows_per_day", 5)
        assert self.take(client, chosen=people[:3]).status_code == 200
        refused = self.take(client, chosen=people[:3])
        assert refused.status_code == 403
        assert "2" in refused.content.decode()
        assert Export.objects.count() == 1
        assert self.take(client, chosen=people[3:5]).status_code == 200

    def test_without_a_reason_or_outside_the_reach_nothing_is_taken(self, signed_in, run, member, people):
        client = signed_in("relationship_manager")
        assert self.take(client, why="").status_code == 400
        own = set(Gate(member("relationship_manager"), run).standings().values_list("customer_id", flat=True))
        stranger = next(person for person in people if person not in own) if set(people) - own else "X"
        answer = self.take(client, chosen=[stranger])
        page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert list(page.iter_rows(min_row=3, values_only=True)) == []


def test_the_same_fact_of_many(signed_in, run, people):
    client = signed_in("branch_manager")
    fields = {"act": "fact", "field": "hobbies", "value": "tea", "chosen": people[:3], "why": "茶会签到"}
    assert client.post(reverse("bulk"), fields).status_code == 302
    assert {(fact.customer_id, fact.value, fact.source) for fact in Fact.objects.all()} == {
        (person, "tea", "茶会签到") for person in people[:3]
    }
    for wrong in ({"field": "health"}, {"field": "none"}, {"value": ""}):
        assert client.post(reverse("bulk"), {**fields, **wrong}).status_code == 400
    assert client.post(reverse("bulk"), {**fields, "field": "postcode", "value": "1"}).status_code == 422
    before = Fact.objects.count()
    for act in ("fact", "export"):  # a condition that says nothing does not mean everybody
        wrong = {**fields, "act": act, "purpose": "service", "list": "f=postcode%3A12", "chosen": []}
        assert client.post(reverse("bulk"), wrong).status_code == 422
    assert Fact.objects.count() == before


def test_the_input_of_a_condition_fits_the_field(signed_in):
    client = signed_in("branch_manager")
    offered = client.get(reverse("filter_input"), {"field": "hobbies"}).content.decode()
    assert "<select" in offered and "茶" in offered
    assert "<input" in client.get(reverse("filter_input"), {"field": "employer"}).content.decode()
    assert client.get(reverse("filter_input"), {"field": "nothing"}).status_code == 200


def test_the_timeline_has_everything_and_goes_back_for_years(signed_in, run, people, client):
    from django.utils import timezone

    from weihu.workplace.contact.models import Contact

    signed_in("branch_manager")
    Contact.objects.bulk_create(
        Contact(
            token=uuid.uuid4(),
            customer_id=people[0],
            staff_id="x",
            on=run.work_date - timedelta(days=7 * week),
            recorded_at=timezone.now(),
            way="phone",
            outcome="considering",
            note=f"第{week}周",
        )
        for week in range(520)
    )
    tell(people[0], "hobbies", "tea", run)
    record_consent(people[0], ConsentAnswer("marketing", "1", True, Channel.SERVICE), "x", run.work_date, uuid.uuid4())
    seen, start = [], 0
    while True:
        page = client.get(reverse("timeline", args=[people[0]]), {"start": start})
        seen += [event for event, _ in page.context["events"]]
        start = page.context["more_events"]
        if not start:
            break
    assert len([event for event in seen if event.icon == "phone"]) == 520
    assert {"phone", "clipboard-text", "signature"} <= {event.icon for event in seen}
    assert [event.on for event in seen] == sorted((event.on for event in seen), reverse=True)


def _kept(entry, value):
    from weihu.rules.catalogue import read

    return read(entry, value)

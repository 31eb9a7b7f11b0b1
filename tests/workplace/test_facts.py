"""The archive: facts with their provenance, side by side until someone chooses, and never lost."""

import re
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attack import cases
from weihu.nightly.gather import gather
from weihu.rules import rulebook
from weihu.rules.workdays import usual
from weihu.workplace.bank.models import Customer
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.base.words import day
from weihu.workplace.know.archive.facts import (
    FactContent,
    archive_of,
    known_keys,
    record_fact,
    restore_fact,
    withdraw_fact,
)
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.know.archive.words import in_words

pytestmark = pytest.mark.django_db
BOOK = rulebook.load("brief")
ON = date(2026, 6, 10)


def told(value: str, field: str = "employer", sure: Confidence = Confidence.TOLD, **more) -> FactContent:
    return FactContent(field, value, Channel.SERVICE, sure, **more)


def put(customer: Customer, written: FactContent, seen=(), by: str = "a", on: date = ON) -> Fact:
    return record_fact(customer.pk, written, seen, by, on, uuid4())


def now(customer: Customer, key: str = "employer", on: date = ON):
    return archive_of(customer, BOOK, on)[key]


@pytest.fixture
def customer(run) -> Customer:
    return Customer.objects.order_by("customer_id").first()


def test_a_value_replaces_what_its_writer_saw(customer):
    first = put(customer, told("一厂"))
    second = put(customer, told("二厂"), [first.pk], "b")
    known = now(customer)
    assert (known.value, known.conflict, [fact.pk for fact in known.facts]) == ("二厂", False, [second.pk])


def test_values_recorded_independently_stand_side_by_side(customer):
    put(customer, told("一厂", sure=Confidence.SEEN))
    put(customer, told("二厂"), by="b")
    known = now(customer)
    assert known.conflict
    assert known.value == "一厂", "the surer one leads, though the other is newer"
    put(customer, told("二厂", sure=Confidence.SEEN), [fact.pk for fact in known.facts])
    assert (now(customer).value, now(customer).conflict) == ("二厂", False)


def test_what_is_taken_back_opens_what_it_had_replaced(customer):
    first = put(customer, told("一厂"))
    second = put(customer, told("二厂"), [first.pk])
    withdraw_fact(second, "a", ON)
    assert now(customer).value == "一厂"
    restore_fact(second, "a", ON)
    assert now(customer).conflict


def test_taking_back_a_link_of_the_chain_leaves_its_end(customer):
    first = put(customer, told("一厂"))
    second = put(customer, told("二厂"), [first.pk])
    put(customer, told("三厂"), [second.pk])
    withdraw_fact(second, "a", ON)
    assert (now(customer).value, now(customer).conflict) == ("三厂", False)


def test_a_value_holds_while_it_is_valid(customer):
    put(customer, told("一厂", valid_from=ON, valid_until=ON + timedelta(days=9)))
    assert now(customer, on=ON - timedelta(days=1)).value == ""
    assert now(customer, on=ON + timedelta(days=9)).value == "一厂"
    assert now(customer, on=ON + timedelta(days=10)).value == ""


def test_a_refusal_is_asked_for_no_more(customer):
    put(customer, told("", refused=True))
    assert now(customer).refused
    assert now(customer).known
    assert known_keys([customer.pk], ON)[customer.pk] == ["employer"]
    put(customer, told("一厂"))
    assert not now(customer).refused


def test_the_same_form_twice_is_one_fact(customer):
    token = uuid4()
    for _ in range(2):
        record_fact(customer.pk, told("一厂"), [], "a", ON, token)
    assert Fact.objects.count() == 1


def test_a_fact_stands_sealed(customer):
    fact = put(customer, told("红星机械厂"))
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM archive_fact WHERE id = %s", [fact.pk])
        assert "红星" not in cursor.fetchone()[0]


EXAMPLES = cases(80, 5_000)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["look", "write", "withdraw", "restore"])), max_size=12)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_no_update_is_lost_whatever_the_order(steps):
    """Three people look and write in any order: a value goes only by the hand of someone who had seen it."""
    customer = Customer(customer_id=f"X{uuid4().hex}", name="X", opened_on=ON)
    looked: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    saw: dict[int, set[int]] = {}
    taken: set[int] = set()
    for number, (person, what) in enumerate(steps):
        facts = now(customer).facts
        if what == "look":
            looked[person] = {fact.pk for fact in facts}
        elif what == "write":
            fact = put(customer, told(f"v{number}"), looked[person], str(person))
            saw[fact.pk] = set(looked[person])
        elif what == "withdraw" and facts:
            withdraw_fact(facts[0], str(person), ON)
            taken.add(facts[0].pk)
        elif what == "restore" and taken:
            restore_fact(Fact.objects.get(pk=taken.pop()), str(person), ON)
    kept = {fact.pk: fact for fact in Fact.objects.filter(customer_id=customer.pk)}
    assert set(kept) == set(saw), "every value is in the history"
    live = {fact.pk for fact in now(customer).facts}
    for number, fact in kept.items():
        heirs = {other for other, seen in saw.items() if number in seen}
        assert number in live or number in taken or heirs, "nobody who saw it replaced it"
        assert fact.replaced_by_id is None or heirs
    assert live or not set(kept) - taken, "if anything was not taken back, something leads"


@pytest.fixture
def at_counter(signed_in, run):
    """A relationship manager with a customer whose archive lacks something."""
    client = signed_in("relationship_manager")
    rows = client.get(reverse("customers")).context["rows"]
    standing = next(row for row, _ in rows if row.facts_known < row.facts_expected)
    return client, standing.customer_id


def form_of(client, address: str) -> dict[str, str]:
    """The form as a browser would send it back: every input with its value."""
    page = client.get(address)
    form = page.context["form"]
    return {bound.html_name: bound.value() or "" for bound in form if bound.value() not in (None, False)}


def test_the_form_asks_for_what_is_missing_and_saves_it(at_counter):
    client, customer = at_counter
    address = reverse("facts", args=[customer])
    lacking = client.get(address).context["lacking"]
    result = form_of(client, address)
    assert lacking
    choice = {"preferred_channel": "visit", "children": "two", "hobbies": ["tea", "golf"], "employer": "红星厂"}
    result |= {key: value for key, value in choice.items() if key in client.get(address).context["form"].known}
    result["refused-preferred_time"] = "on"
    assert client.post(address, result).status_code == 302
    assert client.get(address).context["lacking"] < lacking
    count = Fact.objects.filter(customer_id=customer).count()
    assert count
    assert client.post(address, result).status_code == 302
    assert Fact.objects.filter(customer_id=customer).count() == count, "the same form again is nothing new"
    assert Entry.objects.filter(action="fact.record", customer_id=customer).count() == count


def test_two_people_with_the_same_form_open_lose_nothing(at_counter):
    client, customer = at_counter
    address = reverse("facts", args=[customer])
    forms = [form_of(client, address) for _ in range(2)]
    key = next(iter(client.get(address).context["form"].known))
    field = BOOK.fields[key]
    plain = {"money": ["1000.00", "2000.00"], "text": ["一厂", "二厂"]}
    values = [choice.key for choice in field.choices][:2] or plain[field.kind]
    for form, value in zip(forms, values, strict=True):
        assert client.post(address, form | {key: value}).status_code == 302
    known = now(Customer.objects.get(pk=customer), key)
    assert known.conflict
    assert {fact.value for fact in known.facts} == set(values)


def test_one_wrong_value_saves_nothing_and_says_what_was_expected(at_counter):
    client, customer = at_counter
    address = reverse("facts", args=[customer]) + "?part=basic"
    result = form_of(client, address) | {"postcode": "12", "native_place": "南京"}
    answer = client.post(address, result)
    assert answer.status_code == 422
    assert "六位邮政编码" in answer.content.decode()
    assert not Fact.objects.filter(customer_id=customer).exists()


def test_the_history_shows_and_mends(at_counter):
    client, customer = at_counter
    wanted, other = (record_fact(customer, told(value), [], "somebody", ON, uuid4()) for value in ("一厂", "二厂"))
    address = reverse("fact_history", args=[customer, "employer"])
    page = client.get(address).content.decode()
    assert "一厂" in page and "二厂" in page
    choice = {"act": "choose", "seen": f"{wanted.pk},{other.pk}"}
    client.post(reverse("fact_act", args=[customer, "employer", wanted.pk]), choice)
    known = now(Customer.objects.get(pk=customer))
    assert (known.value, known.conflict) == ("一厂", False)
    client.post(reverse("fact_act", args=[customer, "employer", known.facts[0].pk]), {"act": "withdraw"})
    assert now(Customer.objects.get(pk=customer)).conflict
    assert client.post(reverse("fact_act", args=[customer, "employer", wanted.pk]), {"act": "x"}).status_code == 400
    assert client.get(reverse("fact_history", args=[customer, "nothing"])).status_code == 404


def test_a_phone_is_masked_wherever_it_is_shown(at_counter):
    client, customer = at_counter
    record_fact(customer, told("13912345678", "second_phone"), [], "a", ON, uuid4())
    for address in (
        reverse("customer", args=[customer]) + "?tab=archive",
        reverse("fact_history", args=[customer, "second_phone"]),
        reverse("facts", args=[customer]) + "?part=basic",
    ):
        page = client.get(address).content.decode()
        assert "139****5678" in page, address
        assert "13912345678" not in page, address
    shown = client.post(reverse("reveal", args=[customer]), {"field": "second_phone", "why": "回访核实"})
    assert "13912345678" in shown.content.decode()


def test_the_night_reads_what_was_told(customer):
    put(customer, told("一厂"), on=ON)
    put(customer, told("", "hobbies", refused=True), on=ON)
    facts = gather(ON, BOOK, usual(BOOK))["facts_today"].to_pylist()
    assert facts == [{"customer_id": customer.pk, "known": ",employer,hobbies,"}]
    assert gather(ON - timedelta(days=1), BOOK, usual(BOOK))["facts_today"].num_rows == 0


def test_every_fact_page_says_where_a_value_comes_from(at_counter):
    client, customer = at_counter
    record_fact(customer, told("一厂", source="名片"), [], "a", ON, UUID(int=7))
    page = client.get(reverse("fact_history", args=[customer, "employer"])).content.decode()
    assert all(word in page for word in ("名片", "服务过程", "客户告知", "2026年6月10日"))
    assert re.search(
        r'href="[^"]*facts/employer/"',
        client.get(reverse("customer", args=[customer]), {"tab": "archive"}).content.decode(),
    )


def test_who_is_not_to_be_contacted_is_on_nobodys_list(run, signed_in, deliveries, home):
    """From the next night on, until the day that was given; and whoever acts before sees it."""
    from tests.conftest import PUBLISHED_DAYS
    from weihu.nightly.run import Nightly
    from weihu.workplace.bank.models import Signal, Staff, Task

    task = Task.objects.filter(run=run).order_by("staff_id", "position").first()
    until = run.work_date + timedelta(days=1)
    customer = Customer.objects.get(pk=task.customer_id)
    put(customer, told("visit,all", "do_not_contact", valid_until=until), on=run.work_date)
    put(customer, told("只找老王", "special_wishes"), on=run.work_date)
    client = signed_in(Staff.objects.get(pk=task.staff_id).post)
    client.force_login(Staff.objects.get(pk=task.staff_id))
    panel = client.get(reverse("task", args=[customer.pk])).content.decode()
    assert "暂不联系" in panel and "只找老王" in panel
    assert [
        row["customer_id"] for row in gather(until - timedelta(days=1), BOOK, usual(BOOK))["barred"].to_pylist()
    ] == [customer.pk]
    assert gather(until, BOOK, usual(BOOK))["barred"].num_rows == 0
    with Nightly(home) as nightly:
        following = nightly.run(deliveries[PUBLISHED_DAYS])
    assert not Task.objects.filter(run=following, customer_id=customer.pk).exists()
    assert Signal.objects.at(following).filter(customer_id=customer.pk).exists(), "the reasons stay"


@pytest.mark.parametrize(("days", "told"), [(10, "(有效至"), (400, "(已于")])
def test_a_risk_rating_is_shown_with_its_end(days, told, customer, run):
    valid = run.rulebook.suitability.rating_days
    customer.risk_rating, customer.risk_rated_on = "C3", run.work_date - timedelta(days=days)
    with translation.override("zh-hans"):
        shown = in_words(archive_of(customer, run.rulebook, run.work_date)["risk_rating"])
        assert told in shown and day(customer.risk_rated_on + timedelta(days=valid)) in shown
        customer.risk_rated_on = None
        assert "(" not in in_words(archive_of(customer, run.rulebook, run.work_date)["risk_rating"])

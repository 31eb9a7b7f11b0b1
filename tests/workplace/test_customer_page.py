"""A customer's page: the tabs by their addresses, the head, the overview, a fact filled in where it stands, the note."""

import uuid
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from weihu.workplace.act.care.beginning import begin_by_hand
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Account, Holding, Product, Signal, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Contact, Outcome
from weihu.workplace.customer.head import age_on
from weihu.workplace.customer.tabs import OVERVIEW, TABS
from weihu.workplace.gate.models import Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, archive_of, barred_customers, is_barred, record_fact
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.know.complaints.cases import open_case

HTMX = {"HX-Request": "true"}


@pytest.fixture
def own(run, member):
    """The customers of the relationship manager, those with open reasons first."""
    rows = list(Gate(member("relationship_manager"), run).standings().order_by("-grade_rank", "-aum"))
    raised = set(Signal.objects.listed_at(run).filter(held_out=False).values_list("customer_id", flat=True))
    return sorted(rows, key=lambda row: row.customer_id not in raised)


@pytest.fixture
def manager(signed_in):
    return signed_in("relationship_manager")


def page(client, customer, tab=OVERVIEW, **headers):
    return client.get(reverse("customer", args=[customer]), {"tab": tab}, headers=headers)


def complain(row, member, run, due_in=5):
    case = open_case(
        row.customer_id, {"origin": "phone", "subject": "排队太久"}, member("relationship_manager").pk, run.work_date,
        run.rulebook, uuid.uuid4(),
    )  # fmt: skip
    case.due_on = run.work_date + timedelta(days=due_in)
    case.save()
    return case


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_has_its_address_with_and_without_htmx_and_is_logged(tab, manager, own):
    customer = own[0].customer_id
    whole, alone = page(manager, customer, tab), page(manager, customer, tab, **HTMX)
    again = page(manager, customer, tab, **HTMX, **{"HX-History-Restore-Request": "true"})
    for answer in (whole, alone, again):
        assert f'id="tab-{tab}"' in answer.content.decode()
    assert [b"<html" in answer.content for answer in (whole, alone, again)] == [True, False, True]
    assert [b"person-head" in answer.content for answer in (whole, alone, again)] == [True, False, True]
    logged = Entry.objects.filter(action="customer.view", customer_id=customer)
    assert set(logged.values_list("detail", flat=True)) == {"" if tab == OVERVIEW else tab}
    assert logged.count() == 3


def test_a_tab_that_there_is_not_is_not_found(manager, own):
    assert page(manager, own[0].customer_id, "everything").status_code == 404
    note = {"tab": "everything", "token": uuid.uuid4(), "outcome": "considering", "way": "phone"}
    assert manager.post(reverse("note", args=[own[0].customer_id]), note).status_code == 404
    assert not Contact.objects.exists()


def test_copy_erasure_and_holds_are_for_posts_that_decide(manager, signed_in, own):
    copy = reverse("data_copy", args=[own[0].customer_id])
    assert copy not in page(manager, own[0].customer_id, "compliance").content.decode()
    assert copy in page(signed_in("personal_banking"), own[0].customer_id, "compliance").content.decode()


# --- the head ---


def test_the_head_says_first_what_is_overdue_then_the_heaviest_reason_then_what_is_open(manager, own, member, run):
    row = own[0]
    reasons = page(manager, row.customer_id).context["reasons"]
    assert reasons
    assert page(manager, row.customer_id).context["urgent_complaint"] is None
    case = complain(row, member, run)
    assert page(manager, row.customer_id).context["urgent_complaint"] is None
    case.due_on = run.work_date - timedelta(days=1)
    case.save()
    shown = page(manager, row.customer_id)
    assert (shown.context["urgent_complaint"], shown.context["urgent_overdue"]) == (case, True)
    assert "投诉已超期" in shown.content.decode()
    case.due_on = run.work_date
    case.save()
    Signal.objects.filter(customer_id=row.customer_id).delete()
    shown = page(manager, row.customer_id)
    assert (shown.context["urgent_complaint"], shown.context["urgent_overdue"]) == (case, False)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("1972-10-18", date(2026, 10, 17), 53),
        ("1972-10-18", date(2026, 10, 18), 54),
        ("2000-02-29", date(2026, 2, 28), 25),
        ("2000-02-29", date(2026, 3, 1), 26),
        ("", date(2026, 3, 1), None),
    ],
)
def test_an_age_is_in_full_years(born, on, age):
    assert age_on(born, on) == age


def test_who_is_not_to_be_contacted_is_neither_called_nor_written_to(manager, own, run, member):
    row = own[0]
    call, message = (reverse(name, args=[row.customer_id]) for name in ("call", "send_message"))
    shown = page(manager, row.customer_id).content.decode()
    assert call in shown and message in shown
    content = FactContent("do_not_contact", "all", Channel.SERVICE, Confidence.TOLD)
    record_fact(row.customer_id, content, [], member("relationship_manager").pk, run.work_date, uuid.uuid4())
    shown = page(manager, row.customer_id).content.decode()
    assert call not in shown and message not in shown
    assert is_barred(archive_of(row.customer, run.rulebook, run.work_date))
    assert barred_customers(run.rulebook, run.work_date, [row.customer_id]) == {row.customer_id}
    Consent.objects.bulk_create(
        Consent(
            token=uuid.uuid4(), customer_id=row.customer_id, purpose=key, version=purpose.version, given=True,
            channel="service", staff_id="x", on=run.work_date, recorded_at=timezone.now(),
        )
        for key, purpose in run.rulebook.consents.items()
    )  # fmt: skip
    assert manager.get(message).context["drafts"] == []


# --- the overview ---


def opened(answer):
    """What an overview shows as open, by kind."""
    waiting = defaultdict(list)
    for kind, row in answer.context["open_first"] + answer.context["open_folded"]:
        waiting[kind].append(row)
    return waiting


def test_the_key_facts_are_those_of_the_rule_book(manager, own, run):
    shown = page(manager, own[0].customer_id)
    assert [known.key for known in shown.context["key_facts"]] == run.rulebook.pages.key_fields
    assert len(run.rulebook.pages.key_fields) == 8


def test_what_is_open_is_said_once_and_what_is_done_is_not(manager, own, member, run):
    row, staff, on = own[0], member("relationship_manager"), run.work_date
    CarePlan.objects.filter(customer_id=row.customer_id).update(open_key=None, ended_on=on)
    begin_by_hand(row.customer_id, "after_complaint", run.rulebook, staff.pk, on)
    case = complain(row, member, run)
    visit = {"customer_id": row.customer_id, "staff_id": staff.pk, "at": "10:00", "minutes": 45, "made_on": on}
    Visit.objects.create(token=uuid.uuid4(), on=on + timedelta(days=2), **visit)
    Visit.objects.create(token=uuid.uuid4(), on=on - timedelta(days=2), **visit)
    Referral.objects.create(
        customer_id=row.customer_id, open_key=row.customer_id, branch_id=row.branch_id, from_id=staff.pk, to_id="x",
        grade="valued", target="major", evidence="存款稳定", on=on, due_on=on,
    )  # fmt: skip
    waiting = opened(page(manager, row.customer_id))
    assert [entry for entry, _ in waiting["complaint"]] == [case]
    assert [entry.on for entry in waiting["visit"]] == [on + timedelta(days=2)]
    assert [entry.evidence for entry in waiting["referral"]] == ["存款稳定"]
    plan = run.rulebook.care_plans["after_complaint"]
    assert [(name, words) for name, words, _ in waiting["plan"]] == [(plan.zh, plan.steps[0].zh)]
    CarePlan.objects.filter(open_key__isnull=False).update(open_key=None, ended_on=on)
    case.closed_on = on
    case.save()
    assert {"complaint", "plan"}.isdisjoint(opened(page(manager, row.customer_id)))
    service = page(manager, row.customer_id, "service").context
    assert [entry for entry, _ in service["complaints"]] == [case]
    assert service["care_plans"] == []
    assert "after_complaint" in {entry["plan"].plan for entry in service["care_plans_ended"]}


def test_who_can_move_up_is_said_where_the_customer_is_read_until_referred(signed_in, member, run):
    counter = signed_in("low_counter")
    near, far = list(Gate(member("low_counter"), run).standings().filter(grade_rank=2)[:2])
    Standing.objects.filter(pk=near.pk).update(measured=Decimal(199_000))
    Standing.objects.filter(pk=far.pk).update(measured=Decimal(60_000))
    assert [len(opened(page(counter, row.customer_id))["offer"]) for row in (near, far)] == [1, 0]
    counter.post(reverse("refer", args=[near.customer_id]))
    waiting = opened(page(counter, near.customer_id))
    assert (len(waiting["offer"]), len(waiting["referral"])) == (0, 1)


def test_every_reason_is_shown_or_folded_and_one_to_three_suggestions_say_why(signed_in, member, run):
    department, seen = signed_in("personal_banking"), 0
    raised = Signal.objects.listed_at(run).filter(held_out=False).values("customer_id")
    for row in Gate(member("personal_banking"), run).standings().filter(customer_id__in=raised)[:25]:
        context = page(department, row.customer_id).context
        reasons = [entry for kind, entry in context["open_first"] + context["open_folded"] if kind == "reason"]
        assert reasons == context["reasons"]
        assert len(context["advised"]) + len(context["offers"]) <= 3
        assert all(reason.text for reason, _ in context["advised"])
        assert all(matched.whys for matched in context["offers"])
        seen += len(context["offers"])
    assert seen


def test_maturities_are_those_to_come_the_earliest_first(manager, own, run):
    row, on = own[0], run.work_date
    Account.objects.filter(customer_id=row.customer_id).update(matures_on=None)
    product = Product.objects.exclude(category="loan").first()
    for days in (-1, 40, 3, 90, 10, 200):
        Account.objects.create(
            account_id=f"M{days}", customer_id=row.customer_id, branch_id=row.branch_id, product_id=product.pk,
            opened_on=on - timedelta(days=400), matures_on=on + timedelta(days=days), since_run=run.number,
            balance=Decimal(100), balance_before=Decimal(0), balance_run=run.number,
        )  # fmt: skip
    for category in ("loan", "card"):
        product = Product.objects.create(product_id=f"x{category}", name=category, category=category, risk="")
        Holding.objects.create(
            holding_id=category, customer_id=row.customer_id, product_id=product.pk, amount=Decimal(100),
            opened_on=on, matures_on=on + timedelta(days=5), since_run=run.number,
        )  # fmt: skip
    context = page(manager, row.customer_id).context
    maturing = [((entry.on - on).days, entry.owed) for entry in context["maturing"]]
    assert maturing == [(3, False), (5, True), (10, False), (40, False)]


# --- a fact filled in where it stands ---


def test_a_fact_is_filled_in_where_it_stands_by_the_rules_of_the_archive(manager, own, run):
    row = own[0]
    address = reverse("facts", args=[row.customer_id]) + "?part=hobbies"
    form = manager.get(address, headers=HTMX)
    assert b"<html" not in form.content
    assert b"<html" in manager.get(address).content
    said = {
        "token": uuid.uuid4(), "seen-hobbies": "", "channel": "service", "confidence": 2, "hobbies": ["reading"],
    }  # fmt: skip
    wrong = manager.post(address, {**said, "refused-hobbies": "on"}, headers=HTMX)
    assert (wrong.status_code, Fact.objects.filter(customer_id=row.customer_id, field="hobbies").count()) == (422, 0)
    saved = manager.post(address, said, headers=HTMX)
    assert saved.status_code == 200
    assert 'id="fact-hobbies"' in saved.content.decode()
    manager.post(address, said, headers=HTMX)
    assert Fact.objects.filter(customer_id=row.customer_id, field="hobbies").count() == 1
    shown = manager.get(address + "&shown=1", headers=HTMX).content.decode()
    assert "阅读" in shown and "<form" not in shown
    assert manager.post(address, {**said, "token": uuid.uuid4()}).url.endswith("?tab=archive")


@pytest.mark.parametrize("part", ["name", "nothing"])
def test_only_fields_of_the_archive_are_filled_in(part, manager, own):
    address = reverse("facts", args=[own[0].customer_id])
    assert manager.get(address, {"part": part}, headers=HTMX).status_code == 404
    assert manager.get(address, {"part": "nothing", "shown": 1}, headers=HTMX).status_code == 404


# --- the quick note ---


def said(**more):
    return {"token": uuid.uuid4(), "outcome": Outcome.CONSIDERING, "way": "phone", "note": "在比较三年定期", **more}


def test_a_note_is_a_contact_that_answers_the_reasons_and_can_be_taken_back(manager, own):
    row = next(row for row in own if not CarePlan.objects.filter(customer_id=row.customer_id).exists())
    before = page(manager, row.customer_id).context["reasons"]
    assert before
    address, form = reverse("note", args=[row.customer_id]), said()
    for _again in range(2):
        answer = manager.post(address, form, headers=HTMX)
        assert b"<html" not in answer.content
    contact = Contact.objects.get()
    assert (contact.note, contact.customer_id) == ("在比较三年定期", row.customer_id)
    assert answer.context["reasons"] == []
    assert answer.context["undoable"] == contact
    taken = manager.post(address, {"undo": 1, "token": contact.token}, headers=HTMX)
    assert taken.context["taken_back"]
    assert not Contact.objects.exists()
    assert len(taken.context["reasons"]) == len(before)
    late = manager.post(address, {"undo": 1, "token": contact.token}, headers=HTMX)
    assert late.context["late"]
    assert not manager.post(address, {"undo": 1, "token": "x"}, headers=HTMX).context["taken_back"]


def test_a_note_without_a_result_is_refused_and_keeps_what_was_typed(manager, own):
    address = reverse("note", args=[own[0].customer_id])
    answer = manager.post(address, said(outcome="", tab="contacts"))
    assert answer.status_code == 422
    assert answer.context["tab"] == "contacts"
    assert "在比较三年定期" in answer.content.decode()
    assert manager.post(address, said(outcome="rescheduled"), headers=HTMX).status_code == 422
    assert not Contact.objects.exists()
    assert manager.post(address, said()).status_code == 200
    assert Contact.objects.count() == 1


def test_the_latest_events_are_a_few_and_lead_no_further(manager, own):
    row = own[0]
    for _number in range(7):
        manager.post(reverse("note", args=[row.customer_id]), said(), headers=HTMX)
    few = manager.get(reverse("timeline", args=[row.customer_id]), {"latest": 1})
    assert (len(few.context["events"]), few.context["more_events"]) == (5, 0)
    assert len(manager.get(reverse("timeline", args=[row.customer_id])).context["events"]) > 5


def test_a_turn_in_a_list_is_kept_by_the_tabs(manager, own):
    rows = list(manager.get(reverse("customers")).context["rows"])
    row = rows[1][0]
    shown = manager.get(reverse("customer", args=[row.customer_id]), {"list": "all", "tab": "assets"})
    assert shown.context["before"].customer_id == rows[0][0].customer_id
    assert "?tab=archive&list=all" in shown.content.decode()
    assert Standing.objects.filter(customer_id=row.customer_id).exists()

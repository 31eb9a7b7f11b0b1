"""Today: what a person records, what comes of it, and what is logged."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from weihu.workplace.act.care.beginning import begin_by_hand
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.worklist.undo import UNDO
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Signal, Task
from weihu.workplace.bank.planned import Planned
from weihu.workplace.base import audit
from weihu.workplace.base.models import Entry
from weihu.workplace.contact.models import Contact


@pytest.fixture
def work(signed_in, member, run):
    staff = member("low_counter")
    customer = Task.objects.filter(run=run, staff_id=staff.staff_id).order_by("position").first().customer_id
    return signed_in("low_counter"), customer


def said(**changes):
    return {"token": str(uuid4()), "outcome": "interested", "way": "phone", "note": "想了解大额存单", **changes}


def test_a_contact_is_recorded_and_answers_its_reasons(work, run):
    client, customer = work
    before = client.get(reverse("today")).context["tasks"].done
    assert client.post(reverse("record", args=[customer]), said()).status_code == 200
    contact = Contact.objects.get(customer_id=customer)
    assert (contact.on, contact.note) == (run.work_date, "想了解大额存单")
    assert contact.answers.exists()
    assert client.get(reverse("today")).context["tasks"].done == before + 1


def test_the_same_form_twice_is_one_contact(work):
    client, customer = work
    form = said()
    client.post(reverse("record", args=[customer]), form)
    client.post(reverse("record", args=[customer]), form)
    assert Contact.objects.filter(customer_id=customer).count() == 1


def test_another_time_needs_a_later_date(work, run):
    client, customer = work
    assert client.post(reverse("record", args=[customer]), said(outcome="rescheduled")).status_code == 422
    assert client.post(reverse("record", args=[customer]), said(follow_up_on=str(run.work_date))).status_code == 422
    later = str(run.work_date + timedelta(days=3))
    assert (
        client.post(reverse("record", args=[customer]), said(outcome="rescheduled", follow_up_on=later)).status_code
        == 200
    )


def test_who_was_not_reached_keeps_the_reasons(work):
    client, customer = work
    client.post(reverse("record", args=[customer]), said(outcome="not_reached"))
    assert not Contact.objects.get(customer_id=customer).answers.exists()


def test_a_masked_value_is_shown_only_with_a_reason_and_logged(work):
    client, customer = work
    address = reverse("reveal", args=[customer])
    for why in (" ", ".", "......", "123456", "aa aa", "啊啊啊"):
        answer = client.post(address, {"field": "phone", "why": why})
        assert (answer.status_code, "请用文字写明理由。" in answer.content.decode()) == (400, True), why
    assert client.post(address, {"field": "password", "why": "客户来电核实"}).status_code == 400
    assert client.post(address, {"field": "phone", "why": "客户来电核实"}).status_code == 200
    assert Entry.objects.filter(action="customer.reveal", customer_id=customer).count() == 1


def test_the_log_shows_a_change(work):
    client, customer = work
    client.get(reverse("customer", args=[customer]))
    client.get(reverse("customer", args=[customer]))
    assert audit.verify() is None
    entry = Entry.objects.order_by("id").first()
    Entry.objects.filter(pk=entry.pk).update(customer_id="another")
    assert audit.verify() == audit.Broken(1, "changed")
    Entry.objects.filter(pk=entry.pk).delete()
    assert audit.verify() is not None


@pytest.mark.parametrize("query", ["name", "pinyin", "initials", "phone", "identity_number"])
def test_a_customer_is_found_by(query, signed_in, run):
    client = signed_in("personal_banking")
    from weihu.workplace.bank.models import Customer

    wanted = Customer.objects.filter(phone__isnull=False).first()
    text = getattr(wanted, query)[:2] if query == "name" else getattr(wanted, query)
    listed = [row for row, _ in client.get(reverse("customers"), {"q": text}).context["rows"]]
    assert wanted.customer_id in {row.customer_id for row in listed} or len(listed) == 50


def test_pages_of_the_list_hold_everyone_once(signed_in, run):
    client = signed_in("personal_banking")
    address, seen = reverse("customers"), []
    while address:
        context = client.get(address).context
        seen += [row.customer_id for row, _ in context["rows"]]
        address = f"{reverse('customers')}?{context['more']}" if context["more"] else ""
    assert len(seen) == len(set(seen)) == run.report["reconciliation"]["customers"]


def test_signals_of_one_movement_are_one_reason_and_one_result_answers_them_all(work, run):
    client, customer = work
    Signal.objects.filter(customer_id=customer).delete()
    day = str(run.business_date)
    leader = f"large_outflow {day}"
    for kind, led_by in (("large_outflow", ""), ("unusual_outflow", leader), ("to_other_bank", leader)):
        Signal.objects.create(
            customer_id=customer,
            kind=kind,
            subject=day,
            raised_on=run.business_date,
            amount=2_337_047,
            base=100,
            limit=50,
            on_date=run.business_date,
            detail="ICBC" if kind == "to_other_bank" else "",
            led_by=led_by,
            since_run=run.number,
        )
    page = client.get(reverse("task", args=[customer]))
    (reason,) = page.context["task"].reasons
    assert reason.signal.kind == "large_outflow"
    assert {signal.kind for signal in reason.others} == {"unusual_outflow", "to_other_bank"}
    assert reason.text.endswith("净流出 ¥233.70万,全部转往ICBC")
    assert [signal.kind for signal, _ in reason.evidence] == ["large_outflow", "to_other_bank", "unusual_outflow"]
    client.post(reverse("record", args=[customer]), said())
    answers = Contact.objects.get(customer_id=customer).answers.values_list("kind", flat=True)
    assert set(answers) == {"large_outflow", "unusual_outflow", "to_other_bank"}


@pytest.fixture
def no_plans(db):
    CarePlan.objects.all().delete()  # those that the nights began


def test_a_result_is_taken_back_at_once_with_its_answers(work, no_plans):
    client, customer = work
    form = said()
    assert client.post(reverse("record", args=[customer]), form).context["undoable"].customer_id == customer
    answer = client.post(reverse("take_back", args=[customer]), {"token": form["token"]})
    assert answer.status_code == 200
    assert answer.context["task"].customer_id == customer and answer.context["task"].reasons
    assert not Contact.objects.exists()
    assert Entry.objects.filter(action="contact.undo", customer_id=customer, detail="interested").count() == 1


def test_a_result_that_changed_more_is_not_taken_back(work, no_plans, run):
    client, customer = work
    learned = said(learned="postcode", learned_value="210000")
    assert client.post(reverse("record", args=[customer]), learned).context["undoable"] is None
    assert client.post(reverse("take_back", args=[customer]), {"token": learned["token"]}).status_code == 400
    begin_by_hand(customer, "win_back", run.rulebook, "x", run.work_date)
    planned = said()
    assert client.post(reverse("record", args=[customer]), planned).context["undoable"] is None
    assert client.post(reverse("take_back", args=[customer]), {"token": planned["token"]}).status_code == 400
    assert Contact.objects.count() == 2


def test_a_result_is_taken_back_by_its_author_and_in_time_only(work, no_plans):
    client, customer = work
    form = said()
    client.post(reverse("record", args=[customer]), form)
    take_back = reverse("take_back", args=[customer])
    Contact.objects.update(staff_id="another")
    assert client.post(take_back, {"token": form["token"]}).status_code == 400
    author = client.get(reverse("today")).context["user"].staff_id
    Contact.objects.update(staff_id=author, recorded_at=timezone.now() - UNDO)
    assert client.post(take_back, {"token": form["token"]}).status_code == 400
    assert client.post(take_back, {"token": "x"}).status_code == 400
    assert Contact.objects.count() == 1


def test_the_next_task_is_of_the_chip_while_it_has_any(work):
    client, customer = work
    tasks = client.get(reverse("today")).context["tasks"]
    chip, others = next(
        (chip, others)
        for chip in current().rulebook.chips
        if (others := [row.customer_id for row in tasks.tasks if chip in row.chips and row.customer_id != customer])
    )
    assert tasks.after(customer, chip).customer_id == others[0]
    assert tasks.after(customer, "").customer_id == tasks.tasks[1].customer_id
    client.post(reverse("record", args=[customer]), said(outcome="not_reached"))
    assert client.get(reverse("today")).context["tasks"].find(customer).chips == ()


@pytest.mark.parametrize("post", ["relationship_manager", "high_counter", "low_counter"])
def test_the_share_for_the_best_customers_is_told_to_whom_it_says_something(post, signed_in, run, member):
    page = signed_in(post).get(reverse("today")).content.decode()
    planned = Planned.of(Task.objects.filter(run=run, staff_id=member(post).staff_id))
    told = bool(planned.tasks and (planned.top_minutes or run.rulebook.serves_valued(post)))
    assert ("data-top-share" in page) == told


@pytest.fixture
def due(work, run):
    """Client, customer on its list, and an introduction by the customer for which thanks are due."""
    client, customer = work
    row = Introduction.objects.create(
        token=uuid4(), introducer_id=customer, introduced_id="NEW2", staff_id="x", branch_id="B", on=run.business_date,
        first_product_on=run.business_date,
    )  # fmt: skip
    Signal.objects.create(
        since_run=run.number, customer_id=customer, kind="thanks_due", subject=str(row.pk), raised_on=run.business_date
    )
    return client, customer, row


def test_the_contact_that_was_made_for_it_is_the_thanks_and_is_taken_back_with_it(due, run, no_plans):
    client, customer, row = due
    form = said(note="致谢,送茶叶一盒")
    client.post(reverse("record", args=[customer]), form)
    row.refresh_from_db()
    assert (row.thanked_on, row.thanks) == (run.work_date, "致谢,送茶叶一盒")
    client.post(reverse("take_back", args=[customer]), {"token": form["token"]})
    row.refresh_from_db()
    assert (row.thanked_on, row.thanked_by, row.thanks) == (None, "", "")


@pytest.mark.parametrize("outcome", ["not_reached", "rescheduled"])
def test_who_was_not_spoken_to_has_not_been_thanked(outcome, due, run):
    client, customer, row = due
    later = run.work_date + timedelta(days=7)
    client.post(reverse("record", args=[customer]), said(outcome=outcome, follow_up_on=later))
    assert Contact.objects.count() == 1
    row.refresh_from_db()
    assert row.thanked_on is None


@pytest.mark.parametrize(
    ("post", "page"), [("personal_banking", "cockpit"), ("it_operator", "runs"), ("auditor", "audit")]
)
def test_posts_without_a_list_begin_where_their_work_is(post, page, signed_in, run):
    assert signed_in(post).get(reverse("today")).headers["Location"] == reverse(page)

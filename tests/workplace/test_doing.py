"""Doing the day's work: the call, what was learned, what the customer liked, care plans moved by results."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from weihu.nightly.noted import noted
from weihu.workplace.act.care.beginning import Running, begin_by_hand, begin_by_signals
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.care.results import subject_of
from weihu.workplace.act.messaging.fatigue import tired_customers
from weihu.workplace.act.worklist.today import WHY_NOT
from weihu.workplace.bank.models import FOREVER, Customer, Signal, Staff, Standing, Task
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.contact.models import Contact, Outcome
from weihu.workplace.gate.models import Absence
from weihu.workplace.know.archive.models import Fact


@pytest.fixture
def task(run, member):
    CarePlan.objects.all().delete()  # those that the nights began
    return Task.objects.filter(run=run, staff_id=member("relationship_manager").staff_id).order_by("position")[0]


def result_form(**more):
    return {"token": uuid.uuid4(), "outcome": Outcome.INTERESTED, "way": "phone", **more}


def test_a_call_shows_the_number_and_is_logged(signed_in, task):
    client = signed_in("relationship_manager")
    assert b"tel:1" not in client.get(reverse("today")).content
    answer = client.post(reverse("call", args=[task.customer_id]))
    assert b'href="tel:1' in answer.content
    assert Entry.objects.filter(action="phone.call", customer_id=task.customer_id).count() == 1


def test_what_was_learned_goes_to_the_archive_once(signed_in, task):
    client = signed_in("relationship_manager")
    form = result_form(interest="wealth", learned="postcode", learned_value="２１００００", note="喜欢稳健")
    for _ in range(2):
        assert client.post(reverse("record", args=[task.customer_id]), form).status_code == 200
    fact = Fact.objects.get(customer_id=task.customer_id)
    assert (fact.field, fact.value, fact.channel) == ("postcode", "210000", Channel.SERVICE)
    contact = Contact.objects.get()
    assert (contact.interest, contact.note) == ("wealth", "喜欢稳健")


def offered(client, customer_id):
    return client.get(reverse("task", args=[customer_id])).context["advice"].offers


def test_what_the_customer_liked_is_offered_first(client, run, db):
    """On the first task of anybody on which there are several things to offer."""
    for task in Task.objects.filter(run=run).order_by("staff_id", "position"):
        client.force_login(Staff.objects.get(pk=task.staff_id))
        offers = [row.fit.key for row in offered(client, task.customer_id)]
        if len(offers) > 1:
            break
    assert len(offers) > 1
    client.post(
        reverse("record", args=[task.customer_id]), result_form(outcome=Outcome.NOT_REACHED, interest=offers[-1])
    )
    again = offered(client, task.customer_id)
    assert sorted(row.fit.key for row in again) == sorted(offers)
    assert again[0].fit.liked
    assert again[0].fit.offer.category == run.rulebook.offers[offers[-1]].category


def test_what_is_learned_later_takes_the_place_of_what_was_known(signed_in, task, run):
    client = signed_in("relationship_manager")
    for value in ("210000", "100000"):
        client.post(reverse("record", args=[task.customer_id]), result_form(learned="postcode", learned_value=value))
    old, new = Fact.objects.filter(customer_id=task.customer_id).order_by("pk")
    assert (old.replaced_by, new.value) == (new, "100000")


@pytest.mark.parametrize(
    "wrong",
    [
        {"learned": "postcode", "learned_value": "21"},
        {"learned_value": "210000"},
        {"learned": "iban", "learned_value": "x"},
        {"interest": "lottery"},
    ],
)
def test_what_cannot_be_read_saves_nothing(wrong, signed_in, task):
    answer = signed_in("relationship_manager").post(reverse("record", args=[task.customer_id]), result_form(**wrong))
    assert answer.status_code == 422
    assert not Contact.objects.exists() and not Fact.objects.exists()


def test_the_words_of_the_first_offer_are_a_part_of_what_is_said(client, run, db):
    """And who says no to personal offers gets none."""
    for task in Task.objects.filter(run=run).order_by("staff_id", "position"):
        client.force_login(Staff.objects.get(pk=task.staff_id))
        advice = client.get(reverse("task", args=[task.customer_id])).context["advice"]
        if advice.offers:
            break
    said = [words for _, talk in advice.reasons for words in talk]
    assert advice.offers[0].fit.offer.talk_zh in said
    answer = ConsentAnswer("analysis", run.rulebook.consents["analysis"].version, False, Channel.SERVICE)
    record_consent(task.customer_id, answer, task.staff_id, run.work_date, uuid.uuid4())
    assert offered(client, task.customer_id) == []


def test_who_lacks_a_rating_is_told_how_to_come_to_one_and_who_is_under_age_is_named(client, run, db):
    Customer.objects.update(risk_rated_on=None, birth_date=run.work_date - timedelta(days=365 * 10))
    cautions = all_cautions(client, run)
    assert cautions == {run.rulebook.suitability.minor.suggestion_zh}
    Customer.objects.update(birth_date=run.work_date - timedelta(days=365 * 40))
    rule = run.rulebook.suitability.unrated
    assert all_cautions(client, run) == {rule.suggestion_zh}


def all_cautions(client, run):
    """What the advice for everybody's tasks says to mind."""
    found = set()
    for task in Task.objects.filter(run=run).order_by("staff_id", "position")[:20]:
        client.force_login(Staff.objects.get(pk=task.staff_id))
        advice = client.get(reverse("task", args=[task.customer_id])).context["advice"]
        found |= {suggestion for suggestion, _ in advice.cautions}
    return found


@pytest.fixture
def deputys_step(task, run, member):
    """A step of a care plan, to be done by the deputy."""
    deputy = member("rm_supervisor")
    Standing.objects.filter(customer_id=task.customer_id).update(deputy_id=deputy.pk)
    plan = begin_by_hand(task.customer_id, "promoted", run.rulebook, "x", run.work_date)
    step = plan.steps.get(place=1)
    Signal.objects.create(
        customer_id=task.customer_id, kind="care_deputy", subject=subject_of(step), raised_on=run.business_date,
        on_date=step.due_on, detail="promoted:1", since_run=run.number,
    )  # fmt: skip
    return step


def told_and_done(client, task, step) -> tuple[bool, bool]:
    """Whether the step is among several reasons, and whether it is done once a contact is recorded."""
    kinds = [
        reason.signal.kind for reason in client.get(reverse("task", args=[task.customer_id])).context["task"].reasons
    ]
    client.post(reverse("record", args=[task.customer_id]), result_form(outcome=Outcome.CONSIDERING))
    step.refresh_from_db()
    assert set(kinds) - {"care_deputy"}
    return "care_deputy" in kinds, step.done_on is not None


def test_a_deputys_step_is_told_to_the_deputy_and_left_open_by_the_primary(signed_in, task, deputys_step):
    assert told_and_done(signed_in("relationship_manager"), task, deputys_step) == (False, False)


def test_while_the_deputy_is_away_the_primary_is_told_of_the_step_and_does_it(
    signed_in, task, deputys_step, run, member
):
    span = {"from_on": run.business_date, "to_on": run.business_date + timedelta(days=9)}
    Absence.objects.create(staff_id=member("rm_supervisor").pk, entered_by="x", **span)
    assert told_and_done(signed_in("relationship_manager"), task, deputys_step) == (True, True)


def test_who_is_not_planned_has_a_reason(signed_in, run):
    page = signed_in("relationship_manager").get(reverse("not_planned"))
    assert page.context["count"] >= len(page.context["left"])
    for row in page.context["left"]:
        assert row.why and row.days >= 0 and row.reasons


def test_who_was_contacted_often_is_left_alone_and_said_so(signed_in, run, member):
    from django.utils import timezone

    client, staff = signed_in("relationship_manager"), member("relationship_manager")
    task = Task.objects.filter(run=run, staff_id=staff.staff_id).order_by("position")[0]
    task.delete()  # not planned: its reasons are open
    for back in range(run.rulebook.fatigue.contacts):
        Contact.objects.create(
            token=uuid.uuid4(), customer_id=task.customer_id, staff_id="x", on=run.work_date - timedelta(days=back),
            recorded_at=timezone.now(), way="phone", outcome="considering",
        )  # fmt: skip
    assert tired_customers(run.rulebook, run.work_date) == {task.customer_id}
    left = {row.standing.customer_id: row.why for row in client.get(reverse("not_planned")).context["left"]}
    assert left[task.customer_id] == WHY_NOT["tired"]
    assert tired_customers(run.rulebook, run.work_date + timedelta(days=run.rulebook.fatigue.days)) == set()
    Contact.objects.update(outcome=Outcome.NOT_REACHED)
    assert tired_customers(run.rulebook, run.work_date) == set()


# --- care plans ---


def raised(plan, run):
    """The plan's next step as an open signal, as a night would raise it."""
    step = plan.steps.filter(done_on__isnull=True).order_by("place")[0]
    detail = f"{plan.plan}:{step.place}"
    fields = {"raised_on": run.business_date, "on_date": step.due_on, "detail": detail, "since_run": run.number}
    return Signal.objects.create(
        customer_id=plan.customer_id, kind="care_step", subject=subject_of(step), until_run=FOREVER, **fields
    )


def test_a_signal_begins_a_plan_once(run, task):
    signal = {"customer_id": task.customer_id, "kind": "new_customer", "subject": "2026-05-31", "led_by": ""}
    signal["grade_rank"] = 0
    for _ in range(2):
        begin_by_signals(run, [signal, {**signal, "customer_id": "other", "kind": "birthday"}])
    plan = CarePlan.objects.get(customer_id=task.customer_id)
    assert (plan.plan, plan.signal, plan.started_on) == ("welcome", "new_customer 2026-05-31", run.work_date)
    days = [(step.due_on - run.work_date).days for step in plan.steps.order_by("place")]
    assert days == [7, 30, 90]


def test_a_plan_begins_for_its_grades_only(run):
    CarePlan.objects.all().delete()
    rank = run.rulebook.rank("potential")
    signal = {"kind": "grade_up", "subject": "x", "led_by": "large_inflow x"}
    rows = [{**signal, "customer_id": str(r), "grade_rank": r} for r in (rank - 1, rank)]
    begin_by_signals(run, rows)
    assert list(CarePlan.objects.filter(plan="promoted").values_list("customer_id", flat=True)) == [str(rank)]


def test_an_event_begins_a_plan_once_and_not_again_soon_after_its_end(run):
    """A maturity that comes nearer, money that left on two days: one event, and one plan of the kind at a time."""
    CarePlan.objects.all().delete()
    rank, plans = run.rulebook.rank("valued"), CarePlan.objects.filter(customer_id="c")
    usual = {"customer_id": "c", "led_by": "", "grade_rank": rank}
    begin_by_signals(run, [usual | {"kind": "maturity", "subject": "a 2026-07-01 30"}])
    plan = plans.get()
    assert (plan.plan, plan.signal) == ("big_maturity", "maturity a 2026-07-01")
    CarePlan.objects.filter(pk=plan.pk).update(open_key=None, ended_on=run.work_date - timedelta(days=200))
    begin_by_signals(run, [usual | {"kind": "maturity", "subject": "a 2026-07-01 7"}])
    led = {"kind": "large_outflow", "subject": "2026-06-01", "led_by": "large_outflow 2026-06-02"}
    begin_by_signals(run, [usual | led])
    assert plans.count() == 1
    outflow = usual | {"kind": "large_outflow", "subject": "2026-06-02"}
    begin_by_signals(run, [outflow])
    rest = run.rulebook.care_plans["win_back"].again_after_days
    for ago, begun in ((rest - 1, 1), (rest, 2)):
        ended_on = run.work_date - timedelta(days=ago)
        plans.filter(plan="win_back").update(open_key=None, ended_on=ended_on)
        begin_by_signals(run, [outflow | {"subject": "2026-06-09"}])
        assert plans.filter(plan="win_back").count() == begun


def test_of_a_plan_only_the_first_step_that_is_not_done_is_told(run):
    CarePlan.objects.all().delete()
    begin_by_hand("c", "win_back", run.rulebook, "x", run.work_date - timedelta(days=60))
    (row,) = [row for row in noted(run.work_date, run.rulebook, run, run.work_date) if row["customer_id"] == "c"]
    assert row["detail"] == "win_back:0"


def test_results_do_a_step_move_it_and_end_the_plan(signed_in, task, run):
    client, on = signed_in("relationship_manager"), run.work_date
    plan = begin_by_hand(task.customer_id, "win_back", run.rulebook, "x", on)
    with pytest.raises(Running):
        begin_by_hand(task.customer_id, "win_back", run.rulebook, "x", on)
    first = plan.steps.get(place=0)
    signal = raised(plan, run)
    page = client.get(reverse("task", args=[task.customer_id])).content.decode()
    assert run.rulebook.care_plans["win_back"].steps[0].zh in page
    later = on + timedelta(days=3)
    record = reverse("record", args=[task.customer_id])
    client.post(record, result_form(outcome=Outcome.RESCHEDULED, follow_up_on=str(later)))
    first.refresh_from_db()
    assert (first.due_on, first.done_on) == (later, None)
    signal.delete()
    raised(plan, run)
    client.post(record, result_form(outcome=Outcome.CONSIDERING))
    first.refresh_from_db()
    assert first.done_on == on
    client.post(record, result_form(outcome=Outcome.INTERESTED))
    plan.refresh_from_db()
    assert (plan.ended_on, plan.why, plan.open_key) == (on, CarePlan.Why.RESULT, None)


def test_a_plan_is_begun_and_stopped_on_the_customers_page(signed_in, task, run):
    client, address = signed_in("relationship_manager"), reverse("care", args=[task.customer_id])
    client.post(address, {"plan": "welcome"})
    plan = CarePlan.objects.get(customer_id=task.customer_id)
    assert client.post(address, {"plan": "welcome"}).status_code == 400
    assert client.post(address, {"plan": "nothing"}).status_code == 404
    assert client.post(address, {"stop": plan.pk}).status_code == 302
    assert client.post(address, {"stop": 10**6}).status_code == 404
    plan.refresh_from_db()
    assert plan.why == CarePlan.Why.HAND
    assert "新客户" in client.get(reverse("customer", args=[task.customer_id]), {"tab": "service"}).content.decode()


def test_the_night_puts_due_steps_on_the_list_of_who_does_them(run):
    plan = begin_by_hand("c", "promoted", run.rulebook, "x", run.work_date - timedelta(days=21))
    rows = [row for row in noted(run.business_date, run.rulebook, None, run.work_date) if row["customer_id"] == "c"]
    assert [(row["kind"], row["detail"]) for row in rows] == [("care_step", "promoted:0")]
    plan.steps.filter(place=0).update(done_on=run.business_date)
    rows = [row for row in noted(run.business_date, run.rulebook, None, run.work_date) if row["customer_id"] == "c"]
    assert [(row["kind"], row["detail"]) for row in rows] == [("care_deputy", "promoted:1")]
    plan.steps.update(done_on=run.business_date)
    assert not [row for row in noted(run.business_date, run.rulebook, None, run.work_date) if row["customer_id"] == "c"]

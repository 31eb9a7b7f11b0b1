"""The timeline: what each source of the record shows of a customer, in what words, the latest first, a page at a time."""

import re
from datetime import time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from weihu.workplace.act.campaigns.models import Campaign, CampaignTarget
from weihu.workplace.act.care.beginning import begin_by_hand
from weihu.workplace.act.care.models import CareStep
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Medium, Message, Template
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Signal, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.words import called, fact_words
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Answer, Contact, Outcome, Way
from weihu.workplace.customer import events
from weihu.workplace.customer.events import Subject
from weihu.workplace.customer.record import RECORD
from weihu.workplace.customer.timeline import PAGE
from weihu.workplace.gate.models import Origin, Placement, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.know.complaints.models import Act, Complaint, Step
from weihu.workplace.know.life.models import Goal
from weihu.workplace.know.relations.models import Relation

MOST = 9

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


@pytest.fixture
def subject(run, member):
    """A customer with no contacts, facts or signs of work yet, read by the branch manager."""
    gate = Gate(member("branch_manager"), run)
    busy = Signal.objects.at(run).values("customer_id")
    quiet = gate.standings().exclude(customer_id__in=busy).order_by("-grade_rank", "customer_id").first()
    return Subject(quiet or gate.standings().order_by("customer_id").first(), gate, run.rulebook)


@pytest.fixture
def staff_id(subject):
    return subject.gate.staff.staff_id


@pytest.fixture
def today(run):
    return run.work_date


def contact(subject, on, **changes):
    row = {
        "token": uuid4(),
        "customer_id": subject.customer_id,
        "staff_id": subject.gate.staff.staff_id,
        "on": on,
        "recorded_at": timezone.now(),
        "way": Way.PHONE,
        "outcome": Outcome.INTERESTED,
    }
    return Contact.objects.create(**row | changes)


def only(source, subject, most=MOST):
    """The one event of a source."""
    (event,) = list(source(subject, most))
    return event


def test_a_contact_shows_way_result_note_and_what_was_liked(subject, staff_id, today):
    key, offer = next(iter(subject.book.offers.items()))
    contact(subject, today, interest=key, note="周三下午再来")
    event = only(events.contacts, subject)
    assert (event.on, event.text, event.staff_id) == (today, "周三下午再来", staff_id)
    assert event.title == f"Phone · Reached: interested · {called(offer)}"


def test_an_offer_that_the_book_no_longer_has_is_left_out_of_the_words(subject, today):
    contact(subject, today, interest="sold_no_more", outcome=Outcome.DECLINED)
    assert only(events.contacts, subject).title == "Phone · Rather not be disturbed"


def test_an_answered_reason_shows_unless_the_book_no_longer_has_its_kind(subject, staff_id, today):
    kind, signal = next(iter(subject.book.signals.items()))
    row = contact(subject, today)
    for name in (kind, "gone"):
        Answer.objects.create(contact=row, customer_id=subject.customer_id, kind=name, subject="x", on=today)
    event = only(events.answers, subject)
    assert (event.title, event.text, event.staff_id) == (called(signal), "Answered", staff_id)


def fact(subject, on, field, value, **changes):
    row = {
        "token": uuid4(),
        "customer_id": subject.customer_id,
        "field": field,
        "value": value,
        "channel": Channel.SERVICE,
        "confidence": Confidence.TOLD,
        "staff_id": subject.gate.staff.staff_id,
        "on": on,
        "recorded_at": timezone.now(),
        "changed_on": on,
    }
    return Fact.objects.create(**row | changes)


def choice_of(book):
    """A field of the archive that is answered by a choice, with its first answer."""
    return next((key, field, field.choices[0].key) for key, field in book.fields.items() if field.choices)


def test_facts_show_in_words_and_say_what_was_refused_or_withdrawn(subject, today):
    key, field, value = choice_of(subject.book)
    fact(subject, today - timedelta(days=2), key, value, withdrawn_at=timezone.now())
    fact(subject, today, key, "", refused=True)
    refused, withdrawn = events.facts(subject, MOST)
    assert refused.title == f"{called(field)}: Declined to say"
    assert withdrawn.title == f"{called(field)}: {fact_words(field, value)} (withdrawn)"
    assert refused.text == str(Channel.SERVICE.label)


def test_a_fact_of_a_field_that_the_book_no_longer_has_does_not_show(subject, today):
    fact(subject, today, "shoe_size", "43")
    assert list(events.facts(subject, MOST)) == []


def later_standing(subject, days, **changes):
    """The customer's row of some days later, as a night would have left it."""
    row = Standing.objects.get(pk=subject.standing.pk)
    row.pk = None
    row.since = subject.standing.since + timedelta(days=days)
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


def test_grades_and_large_moves_of_money_show_and_small_ones_do_not(subject, run):
    grades = list(run.rulebook.grades.values())
    rank, aum = subject.standing.grade_rank, subject.standing.aum
    other = rank - 1 if rank else rank + 1
    large = run.rulebook.signal(events.LargeInflow).amount
    later_standing(subject, 1, aum=aum + large)
    later_standing(subject, 2, aum=aum + large + Decimal("0.01"))
    later_standing(subject, 3, aum=aum + Decimal("0.01"), grade_rank=other)
    titles = [event.title for event in events.grades_and_flows(subject, MOST)]
    assert titles == [
        f"{called(grades[rank])} → {called(grades[other])}",
        f"Money went out {events.amount_text(large, run.rulebook.currency)}",
        f"Money came in {events.amount_text(large, run.rulebook.currency)}",
    ]


def test_a_book_without_a_signal_for_large_moves_shows_none(subject):
    signals = {
        key: signal
        for key, signal in subject.book.signals.items()
        if not isinstance(signal, events.LargeInflow | events.LargeOutflow)
    }
    book = subject.book.model_copy(update={"signals": signals})
    later_standing(subject, 1, aum=subject.standing.aum + 100_000_000)
    assert list(events.grades_and_flows(Subject(subject.standing, subject.gate, book), MOST)) == []


def test_complaints_show_step_by_step(subject, staff_id, today):
    complaint = Complaint.objects.create(
        token=uuid4(),
        customer_id=subject.customer_id,
        origin="counter",
        subject="排队太久",
        raised_on=today,
        raised_by=staff_id,
        due_on=today + timedelta(days=15),
    )
    for act, days in ((Act.OPENED, 2), (Act.CLOSED, 0)):
        Step.objects.create(
            complaint=complaint, act=act, staff_id=staff_id, on=today - timedelta(days=days), at=timezone.now()
        )
    assert [event.title for event in events.complaint_steps(subject, MOST)] == [
        "Closed: 排队太久",
        "Case opened: 排队太久",
    ]


def test_consent_tells_yes_from_no_and_names_a_purpose_that_is_gone_by_its_key(subject, staff_id, today):
    purpose, words = next(iter(subject.book.consents.items()))
    for days, (key, row) in enumerate([("old_purpose", True), (purpose, False)]):
        Consent.objects.create(
            token=uuid4(),
            customer_id=subject.customer_id,
            purpose=key,
            version="1",
            given=row,
            channel=Channel.SERVICE,
            staff_id=staff_id,
            on=today - timedelta(days=9 - days),
            recorded_at=timezone.now(),
        )
    assert [event.title for event in events.consents(subject, MOST)] == [
        f"Refused or withdrawn: {called(words)}",
        "Agreed: old_purpose",
    ]


def test_a_relation_shows_by_its_kind_and_name(subject, staff_id, today):
    kind = next(iter(subject.book.relations))
    for key in (kind, "gone"):
        Relation.objects.create(
            token=uuid4(),
            customer_id=subject.customer_id,
            kind=key,
            name="李梅",
            channel=Channel.SERVICE,
            staff_id=staff_id,
            on=today,
            recorded_at=timezone.now(),
        )
    event = only(events.relations, subject)
    assert (event.title, event.text) == (subject.book.relations[kind].name("en"), "李梅")


def test_a_message_shows_how_it_went(subject, staff_id, today):
    template = Template.objects.create(
        medium=Medium.SMS, title="t", text="x", state=Template.State.APPROVED, made_by="a", made_on=today
    )
    Message.objects.create(
        token=uuid4(),
        template=template,
        customer_id=subject.customer_id,
        staff_id=staff_id,
        on=today,
        at=timezone.now(),
        address="13800000000",
        text="您的定期存款将到期",
        state=Message.State.FAILED,
    )
    event = only(events.messages, subject)
    assert (event.title, event.text) == ("Text message · Not sent", "您的定期存款将到期")


def test_a_care_plan_shows_its_beginning_and_the_steps_that_were_done(subject, staff_id, today):
    key, plan = next(iter(subject.book.care_plans.items()))
    begin_by_hand(subject.customer_id, key, subject.book, staff_id, today)
    begun = only(events.care_plans, subject)
    assert (begun.on, begun.title, begun.staff_id) == (today, f"Care plan: {called(plan)}", staff_id)
    assert list(events.care_steps(subject, MOST)) == []
    first = CareStep.objects.filter(care_plan__customer_id=subject.customer_id).order_by("place")[0]
    first.done_on, first.done_by = today, staff_id
    first.save()
    assert only(events.care_steps, subject).title == called(plan.steps[0])


def test_a_step_that_the_plan_no_longer_has_shows_the_plans_key(subject, staff_id, today):
    key = next(iter(subject.book.care_plans))
    begin_by_hand(subject.customer_id, key, subject.book, staff_id, today)
    step = CareStep.objects.filter(care_plan__customer_id=subject.customer_id).first()
    CareStep.objects.filter(pk=step.pk).update(place=99, done_on=today, done_by=staff_id)
    assert only(events.care_steps, subject).title == key


def test_only_visits_that_took_place_show(subject, staff_id, today):
    for days, cancelled in ((-1, False), (-2, True), (1, False)):
        Visit.objects.create(
            token=uuid4(),
            customer_id=subject.customer_id,
            staff_id=staff_id,
            on=today + timedelta(days=days),
            at=time(10, 30),
            minutes=45,
            place="客户公司",
            made_on=today - timedelta(days=5),
            cancelled=cancelled,
        )
    event = only(events.visits, subject)
    assert (event.on, event.title, event.text) == (today - timedelta(days=1), "Visits 10:30", "客户公司")


def test_a_placement_names_who_received_the_customer_even_one_who_has_left(subject, staff_id, today):
    for days, receiver in ((1, staff_id), (0, "left-long-ago")):
        Placement.objects.create(
            customer_id=subject.customer_id,
            staff_id=receiver,
            on=today - timedelta(days=days),
            origin=Origin.HANDOVER,
            decided_by=staff_id,
        )
    assert [event.title for event in events.placements(subject, MOST)] == [
        "Hand-over → left-long-ago",
        f"Hand-over → {subject.gate.staff.name}",
    ]


def test_referral_benefit_exception_introduction_and_goal_show_in_the_books_words(subject, staff_id, today):
    customer, book = subject.customer_id, subject.book
    grade, benefit = next(reversed(book.grades)), next(iter(book.benefits))
    Referral.objects.create(
        customer_id=customer,
        branch_id="b",
        from_id=staff_id,
        to_id="y",
        grade=grade,
        target=grade,
        evidence="问过私人银行",
        on=today,
        due_on=today,
    )
    use = {
        "customer_id": customer,
        "benefit": benefit,
        "period_from": today,
        "on": today,
        "staff_id": staff_id,
        "branch_id": "b",
        "grade": grade,
        "cost": Decimal("30.00"),
    }
    BenefitUse.objects.create(token=uuid4(), nth=1, **use)
    BenefitUse.objects.create(token=uuid4(), nth=1, undone=True, **use)
    GradeException.objects.create(
        customer_id=customer,
        grade=grade,
        from_on=today,
        until_on=today + timedelta(days=30),
        reason="重要客户",
        granted_by=staff_id,
        agreed_by="second",
    )
    Introduction.objects.create(
        token=uuid4(), introducer_id=customer, name="王先生", staff_id=staff_id, branch_id="b", on=today
    )
    Introduction.objects.create(
        token=uuid4(), introducer_id=customer, name="赵女士", staff_id=staff_id, branch_id="b", on=today, withdrawn=True
    )
    Goal.objects.create(
        token=uuid4(),
        customer_id=customer,
        name="子女教育",
        target=Decimal("300000.00"),
        saved=Decimal("0.00"),
        due_on=today + timedelta(days=900),
        staff_id=staff_id,
        on=today,
    )
    shown = [
        only(source, subject)
        for source in (events.referrals, events.benefit_uses, events.exceptions, events.introductions, events.goals)
    ]
    assert [event.title for event in shown] == [
        "Referral: Waiting for an answer",
        f"Benefit: {called(book.benefits[benefit])}",
        f"Exception: {called(book.grades[grade])}",
        "Introductions",
        "Goal: 子女教育",
    ]
    assert [event.text for event in shown][:4] == ["问过私人银行", "", "重要客户", "王先生"]
    assert all(event.staff_id == staff_id for event in shown)


def test_a_campaign_shows_when_its_call_is_due_and_never_to_its_control_group(subject, today):
    for title, control, wave_on in (
        ("到期", False, today),
        ("对照", True, None),
        ("以后", False, today + timedelta(1)),
    ):
        campaign = Campaign.objects.create(
            title=title,
            query="",
            seed=1,
            branch_id="b",
            from_on=today,
            to_on=today,
            made_by="x",
            made_on=today,
            control_share=Decimal("0.20"),
            wave_size=10,
            stop_share=Decimal("0.20"),
            stop_after=20,
        )
        CampaignTarget.objects.create(
            campaign=campaign, customer_id=subject.customer_id, control=control, wave_on=wave_on, aum_before=0
        )
    assert only(events.campaign_waves, subject).title == "Campaign: 到期"


def test_no_source_gives_events_out_of_order_or_more_than_the_page_wants(subject, today):
    for days in range(5):
        contact(subject, today - timedelta(days=days), note=str(days))
    listed = list(events.contacts(subject, 3))
    assert [event.text for event in listed] == ["0", "1", "2"]
    sources = [kept.events for kept in RECORD if kept.events]
    assert len(sources) > 12
    for source in sources:
        dates = [event.on for event in source(subject, MOST)]
        assert dates == sorted(dates, reverse=True), source.__name__


def timeline_at(client, subject, start=0):
    page = client.get(reverse("timeline", args=[subject.customer_id]), {"start": start})
    assert page.status_code == 200
    return page.content.decode()


def test_the_page_turns_until_the_last_event_and_misses_none(subject, today, signed_in):
    client = signed_in("branch_manager")
    wanted = PAGE * 2 + 3
    for days in range(wanted):
        contact(subject, today - timedelta(days=days), note=f"note-{days:03d}")
    seen, start = [], 0
    for _turn in range(20):
        text = timeline_at(client, subject, start)
        seen += re.findall(r"note-(\d{3})", text)
        following = re.search(r"start=(\d+)", text)
        if not following:
            break
        start = int(following[1])
    assert seen == [f"{days:03d}" for days in range(wanted)]


def test_the_page_is_refused_to_whoever_may_not_see_the_customer(subject, run, member, signed_in):
    reach = Gate(member("relationship_manager"), run).standings()
    beyond = subject.gate.standings().exclude(customer_id__in=reach.values("customer_id")).first()
    answer = signed_in("relationship_manager").get(reverse("timeline", args=[beyond.customer_id]))
    assert answer.status_code == 404


def test_a_page_number_that_is_none_is_the_first_page(subject, today, signed_in):
    contact(subject, today, note="第一页")
    client = signed_in("branch_manager")
    for start in ("", "x", "-3"):
        assert "第一页" in timeline_at(client, subject, start)

"""Reasons to act that the workplace noted: occasions in the archive, complaints, what customers said, referrals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q

from weihu.rules.occasions import Occasion
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.act.care.models import CareStep
from weihu.workplace.act.care.results import STEP_KINDS, subject_of
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Run, Standing
from weihu.workplace.gate.models import Referral
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.complaints.models import Complaint, Satisfaction
from weihu.workplace.know.life.upcoming import AT_ONCE, occasions_to_show
from weihu.workplace.know.relations.models import Relation

Row = dict[str, object]
LATE = timedelta(days=2)
"""What is saved while a night reads is noted by the next one; noting it twice is noting it once."""


def noted(on: date, book: RuleBook, run: Run | None, latest: date) -> list[Row]:
    """Everything noted up to the business date (columns: tables.NOTED), and what is due up to ``latest``, the last day
    that anybody's next list has to look ahead to."""
    rows = [
        *_complaints(on, book, latest),
        *_surveys(on, book),
        *_referrals(on),
        *_care(book, latest),
        *_campaigns(on, latest),
        *_visits(on, latest),
        *_introduced(on),
    ]
    if run and "life_occasion" in book.signals:
        rows += _occasions(on + timedelta(days=1), book, run, latest)
    return sorted(rows, key=lambda row: (str(row["customer_id"]), str(row["kind"]), str(row["subject"])))


def _row(
    customer_id: str, kind: str, subject: str, on_date: date | None, detail: str = "", due_on: date | None = None
) -> Row:
    row = {"customer_id": customer_id, "kind": kind, "subject": subject}
    return {**row, "on_date": on_date, "due_on": due_on, "detail": detail}


def _complaints(on: date, book: RuleBook, latest: date) -> Iterator[Row]:
    still_open = Q(closed_on__isnull=True) | Q(closed_on__gt=on)
    for case in Complaint.objects.filter(still_open, raised_on__lte=on).order_by("pk"):
        yield _row(case.customer_id, "complaint_due", str(case.pk), case.due_on)
    wait = timedelta(days=book.complaints.ask_after_days)
    for case in Complaint.objects.filter(closed_on__lte=min(on, latest - wait), asked_on__isnull=True).order_by("pk"):
        due_on = case.closed_on + wait if case.closed_on else None
        yield _row(case.customer_id, "complaint_ask", str(case.pk), case.closed_on, due_on=due_on)
    sad = Complaint.objects.filter(asked_on__gt=on - LATE, asked_on__lte=on, satisfaction__lte=Satisfaction.UNHAPPY)
    for case in sad.order_by("pk"):
        yield _row(case.customer_id, "unhappy", str(case.pk), case.asked_on)


def _surveys(on: date, book: RuleBook) -> Iterator[Row]:
    """Who told us, in a survey or in passing, that he or she is not satisfied."""
    fields = {key: field.unhappy for key, field in book.fields.items() if field.unhappy}
    facts = Fact.objects.filter(field__in=fields, on__gt=on - LATE, on__lte=on, withdrawn_at__isnull=True)
    for fact in facts.order_by("pk"):
        if fact.value in fields[fact.field]:
            yield _row(fact.customer_id, "unhappy", f"{fact.field} {fact.on}", fact.on)


def _referrals(on: date) -> Iterator[Row]:
    taken = Referral.objects.filter(
        state=Referral.State.ACCEPTED, answered_on__gt=on - LATE, answered_on__lte=on
    ).order_by("pk")
    for referral in taken:
        yield _row(referral.customer_id, "referral_taken", str(referral.pk), referral.answered_on)


def _care(book: RuleBook, latest: date) -> Iterator[Row]:
    """Steps of care plans that are due, of each plan the first that is not done."""
    left = CareStep.objects.filter(done_on__isnull=True, care_plan=OuterRef("care_plan"), place__lt=OuterRef("place"))
    due = CareStep.objects.filter(done_on__isnull=True, due_on__lte=latest, care_plan__ended_on__isnull=True)
    for step in due.filter(~Exists(left)).select_related("care_plan").order_by("pk"):
        plan = book.care_plans.get(step.care_plan.plan)
        if plan and step.place < len(plan.steps):
            kind = STEP_KINDS[plan.steps[step.place].to]
            detail = f"{step.care_plan.plan}:{step.place}"
            yield _row(step.care_plan.customer_id, kind, subject_of(step), step.due_on, detail, step.due_on)


def _campaigns(on: date, latest: date) -> Iterator[Row]:
    """Those to be called in a campaign's wave, who were not called in it yet."""
    for campaign in Campaign.objects.filter(state=Campaign.State.RUNNING, to_on__gt=on):
        due = campaign.targets.filter(control=False, wave_on__lte=latest)
        for target in due.order_by("pk"):
            yield _row(target.customer_id, "campaign", str(campaign.pk), campaign.to_on, campaign.title, target.wave_on)


def _visits(on: date, latest: date) -> Iterator[Row]:
    for visit in Visit.objects.filter(on__gt=on, on__lte=latest, cancelled=False).order_by("pk"):
        yield _row(visit.customer_id, "visit", str(visit.pk), visit.on, f"{visit.at:%H:%M}", visit.on)


def _introduced(on: date) -> Iterator[Row]:
    """New customers whom a customer brought, and the thanks for it."""
    rows = Introduction.objects.filter(withdrawn=False, introduced_id__isnull=False)
    for row in rows.filter(linked_on__gt=on - LATE, linked_on__lte=on).order_by("pk"):
        yield _row(str(row.introduced_id), "introduced", str(row.pk), row.on)
    for row in rows.filter(first_product_on__isnull=False, thanked_on__isnull=True).order_by("pk"):
        yield _row(row.introducer_id, "thanks_due", str(row.pk), row.on)


def _occasions(first: date, book: RuleBook, run: Run, latest: date) -> Iterator[Row]:
    """Occasions from a day on that are to be shown up to ``latest``, of customers whose archive tells of any.

    Birthdays and festivals have kinds of their own. Names stay where they are sealed: the detail says what it is.
    """
    keys = {key for entry in book.occasions.values() for key in entry.fields} | {"retires_in", "child_birth_date"}
    customers = set(Fact.objects.filter(field__in=keys - {"birth_date"}).values_list("customer_id", flat=True))
    customers |= set(Relation.objects.filter(withdrawn_at__isnull=True).values_list("customer_id", flat=True))
    ids = sorted(customers)
    for start in range(0, len(ids), AT_ONCE):
        some = Standing.objects.listed_at(run).filter(customer_id__in=ids[start : start + AT_ONCE])
        for row in occasions_to_show(list(some.select_related("customer")), book, first, latest):
            occasion = row.occasion
            if occasion.kind not in ("birthday", "festival"):
                yield _row(
                    row.standing.customer_id,
                    "life_occasion",
                    f"{occasion.kind} {occasion.on}",
                    occasion.on,
                    _what(occasion, book),
                    occasion.on - timedelta(days=book.occasions[occasion.kind].lead_days),
                )


def _what(occasion: Occasion, book: RuleBook) -> str:
    """The occasion's kind, and the key of the stage of school or of the relation, if it has one."""
    entries = [*book.stages.items(), *book.relations.items()]
    return ":".join([occasion.kind, *(key for key, entry in entries if entry is occasion.what)])

"""The one record of what is kept of a customer: each table with the column that names the customer, how it shows on the
timeline, on which sheet of the customer's copy, and what merging and erasing do with it.

Timeline, merging and its undo, erasure and the copy read it. Whoever adds a model that names a customer adds a row here;
a test walks all models and fails on one that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.workplace.act.campaigns.models import CampaignTarget
from weihu.workplace.act.care.models import CarePlan, CareStep
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Message
from weihu.workplace.act.reception.models import Memo
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.segments.models import SegmentMember
from weihu.workplace.act.team.models import Undone
from weihu.workplace.bank.models import (
    Account,
    Authorised,
    Customer,
    FoundSegment,
    GradeChange,
    Holding,
    NextProduct,
    SearchKey,
    Signal,
    Standing,
    Task,
    Unassigned,
    Uplift,
    WalletEstimate,
)
from weihu.workplace.base.fields import SealedField
from weihu.workplace.base.models import Entry
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Answer, Contact
from weihu.workplace.customer import events as event
from weihu.workplace.customer import sheets as sheet
from weihu.workplace.customer.models import Candidate, Erasure, Hold
from weihu.workplace.gate.models import HandedCustomer, Merge, Placement, Referral, Reveal, ServiceCard
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.benefits.using import reassign_uses
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.judge.portfolio.models import Claim
from weihu.workplace.know.archive.models import Fact, FactKey
from weihu.workplace.know.complaints.models import Complaint, Step
from weihu.workplace.know.intake.models import ImportRow, Reply
from weihu.workplace.know.life.models import Goal, LifeQuestion, Progress
from weihu.workplace.know.relations.models import Household, Member, Relation

Rows = QuerySet[Any]
Erase = Callable[[Rows, date], None]
Reassign = Callable[[Rows, str, str, date], None]


class Merging(Enum):
    """What a merge does with the rows of the number that goes."""

    MOVES = "moves"
    """They are the kept customer's from now on; an undo gives exactly these back."""
    STAYS = "stays"
    """They keep the number that they were written for; pages and the night read both numbers."""
    FOLLOWS = "follows"
    """They hang on rows that move."""


# --- what erasing does with rows ---


def kept_by_law(rows: Rows, on: date) -> None:
    """Nothing: the core system's records and what follows from them alone (anti-money-laundering law)."""


def kept_as_proof(rows: Rows, on: date) -> None:
    """Nothing: it says why something was kept or erased, and who saw what."""


def without_content(rows: Rows, on: date) -> None:
    """Nothing: a date, a number, a state; no words of or about the customer."""


def emptied(rows: Rows, on: date) -> None:
    """Every sealed column."""
    sealed = {field.name: "" for field in rows.model._meta.fields if isinstance(field, SealedField)}
    rows.update(**sealed)


def deleted(rows: Rows, on: date) -> None:
    """The rows as a whole."""
    rows.delete()


def _withdrawn_facts(rows: Rows, on: date) -> None:
    now = timezone.now()
    rows.filter(withdrawn_at__isnull=True).update(withdrawn_at=now, withdrawn_by="night", changed_on=on)
    emptied(rows, on)


def _withdrawn_relations(rows: Rows, on: date) -> None:
    rows.filter(withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
    emptied(rows, on)


def _ended_goals(rows: Rows, on: date) -> None:
    rows.filter(ended_on__isnull=True).update(ended_on=on)
    emptied(rows, on)


def _left_household(rows: Rows, on: date) -> None:
    rows.filter(left_on__isnull=True).update(left_on=on)


def _introductions_without_numbers(rows: Rows, on: date) -> None:
    rows.update(phone_index="")
    emptied(rows, on)


# --- how rows come to another number of the same person ---


def reassigned(rows: Rows, column: str, to: str, on: date) -> None:
    """They are ``to``'s."""
    rows.update(**{column: to})


def _reassigned_facts(rows: Rows, column: str, to: str, on: date) -> None:
    rows.update(**{column: to}, changed_on=on)


def _reassigned_uses(rows: Rows, column: str, to: str, on: date) -> None:
    reassign_uses(rows, to)


@dataclass(frozen=True)
class Kept:
    """A table in which something of a customer is kept.

    ``column``: the column, or the way to it, that names the customer. ``key``: its name in the record of a merge, never
    changed. ``label``: its name on pages. ``sheet``: its sheet in the copy, or why it is on none.
    """

    key: str
    label: Promise
    model: type[Model]
    sheet: sheet.Sheet | str
    erase: Erase
    column: str = "customer_id"
    merging: Merging = Merging.MOVES
    events: Callable[[event.Subject, int], Iterator[event.Event]] | None = None
    reassign: Reassign = reassigned

    def rows(self, customer_ids: list[str]) -> Rows:
        """The rows of a customer, under all the numbers that are his."""
        return self.model._default_manager.filter(**{f"{self.column}__in": customer_ids})


MOVES, STAYS, FOLLOWS = Merging.MOVES, Merging.STAYS, Merging.FOLLOWS
RECORD: tuple[Kept, ...] = (
    # what nights publish
    Kept("core", _("Core system"), Customer, sheet.CORE, kept_by_law, merging=STAYS),
    Kept("search keys", _("Search"), SearchKey, "beginnings of the name", kept_by_law, merging=STAYS),
    Kept("accounts", _("Accounts"), Account, sheet.ACCOUNTS, kept_by_law, merging=STAYS),
    Kept("holdings", _("Loans, cards and services"), Holding, sheet.HOLDINGS, kept_by_law, merging=STAYS),
    Kept("authorised", _("Authorised persons"), Authorised, sheet.AUTHORISED, kept_by_law, merging=STAYS),
    Kept(
        "standings",
        _("Grades"),
        Standing,
        sheet.GRADES,
        kept_by_law,
        merging=STAYS,
        events=event.grades_and_flows,
    ),
    Kept("grade changes", _("Grades"), GradeChange, "the changes on the sheet of grades", kept_by_law, merging=STAYS),
    Kept("unassigned", _("Unassigned"), Unassigned, "of the bank's staffing", kept_by_law, merging=STAYS),
    Kept("signals", _("Reasons to act"), Signal, sheet.SIGNALS, kept_by_law, merging=STAYS),
    Kept("tasks", _("Tasks"), Task, "a day's order of the reasons to act", kept_by_law, merging=STAYS),
    Kept("wallet", _("Assets at other banks"), WalletEstimate, sheet.WALLET, deleted, merging=STAYS),
    Kept("found segment", _("Segment found from data"), FoundSegment, sheet.FOUND, deleted, merging=STAYS),
    Kept("uplift", _("Whom a contact helps"), Uplift, sheet.UPLIFT, deleted, merging=STAYS),
    Kept("next product", _("Probably bought next"), NextProduct, sheet.NEXT, deleted, merging=STAYS),
    # what was said, agreed and known
    Kept("contacts", _("Contacts"), Contact, sheet.CONTACTS, emptied, events=event.contacts),
    Kept("answers", _("Answered reasons"), Answer, sheet.ANSWERS, without_content, events=event.answers),
    Kept("consents", _("Consents"), Consent, sheet.CONSENTS, emptied, events=event.consents),
    Kept(
        "fact keys",
        _("Search"),
        FactKey,
        "fingerprints of the facts",
        deleted,
        "fact__customer_id",
        FOLLOWS,
    ),
    Kept("facts", _("Facts"), Fact, sheet.FACTS, _withdrawn_facts, events=event.facts, reassign=_reassigned_facts),
    Kept("relations", _("Relations"), Relation, sheet.RELATIONS, _withdrawn_relations, events=event.relations),
    Kept(
        "relations back",
        _("Other customers' relations"),
        Relation,
        "the other's relation to the customer",
        _withdrawn_relations,
        "other_id",
    ),
    Kept("members", _("Household"), Member, sheet.HOUSEHOLDS, _left_household),
    Kept("heads", _("Head"), Household, "who the household is named after", without_content, "head_id"),
    Kept("goals", _("Goals"), Goal, sheet.GOALS, _ended_goals, events=event.goals),
    Kept("life questions", _("Asked because of payments"), LifeQuestion, sheet.ASKED, deleted),
    Kept("progress", _("Progress of goals"), Progress, sheet.PROGRESS, without_content, "goal__customer_id", FOLLOWS),
    Kept("replies", _("Replies"), Reply, sheet.REPLIES, emptied),
    Kept("imported rows", _("Imported rows"), ImportRow, sheet.IMPORTS, emptied, merging=STAYS),
    Kept("complaints", _("Complaints"), Complaint, "with its steps on the sheet of complaints", emptied),
    Kept(
        "complaint steps",
        _("Complaints"),
        Step,
        sheet.COMPLAINTS,
        emptied,
        "complaint__customer_id",
        FOLLOWS,
        event.complaint_steps,
    ),
    # grades and who answers
    Kept("exceptions", _("Exception"), GradeException, sheet.EXCEPTIONS, emptied, events=event.exceptions),
    Kept(
        "benefits",
        _("Benefits"),
        BenefitUse,
        sheet.BENEFITS,
        without_content,
        events=event.benefit_uses,
        reassign=_reassigned_uses,
    ),
    Kept(
        "placements",
        _("Who answers"),
        Placement,
        sheet.PLACEMENTS,
        without_content,
        merging=STAYS,
        events=event.placements,
    ),
    Kept("handed over", _("Hand-over"), HandedCustomer, sheet.HANDOVERS, without_content),
    Kept("claims", _("Claims"), Claim, sheet.CLAIMS, emptied),
    Kept("referrals", _("Referrals"), Referral, sheet.REFERRALS, emptied, events=event.referrals),
    # what was done
    Kept("messages", _("Messages"), Message, sheet.MESSAGES, emptied, events=event.messages),
    Kept("care plans", _("Care plans"), CarePlan, sheet.CARE_PLANS, without_content, events=event.care_plans),
    Kept(
        "care steps",
        _("Care plans"),
        CareStep,
        sheet.CARE_STEPS,
        without_content,
        "care_plan__customer_id",
        FOLLOWS,
        event.care_steps,
    ),
    Kept("visits", _("Visits"), Visit, sheet.VISITS, emptied, events=event.visits),
    Kept(
        "introductions",
        _("Introductions"),
        Introduction,
        sheet.INTRODUCTIONS,
        _introductions_without_numbers,
        "introducer_id",
        events=event.introductions,
    ),
    Kept(
        "introduced",
        _("Introduced by"),
        Introduction,
        "on the sheet of introductions",
        _introductions_without_numbers,
        "introduced_id",
    ),
    Kept(
        "campaigns",
        _("Campaigns"),
        CampaignTarget,
        sheet.CAMPAIGNS,
        without_content,
        merging=STAYS,
        events=event.campaign_waves,
    ),
    Kept(
        "segments",
        _("Segments"),
        SegmentMember,
        "of a segment's evaluation by night",
        deleted,
        merging=STAYS,
    ),
    Kept("memos", _("Told at the counter"), Memo, sheet.MEMOS, emptied, events=event.memos),
    Kept("undone", _("Undone"), Undone, "of a day's review of the staff's work", without_content, merging=STAYS),
    # the customer's numbers and rights, and who looked
    Kept("merges", _("Merged numbers"), Merge, sheet.MERGES, kept_by_law, "kept_id", STAYS),
    Kept("merged", _("Merged numbers"), Merge, "on the sheet of merged numbers", kept_by_law, "gone_id", STAYS),
    Kept("candidates", _("Duplicates"), Candidate, "a guess about two numbers", deleted, "left_id", STAYS),
    Kept("candidates back", _("Duplicates"), Candidate, "a guess about two numbers", deleted, "right_id", STAYS),
    Kept("holds", _("Legal hold"), Hold, sheet.HOLDS, kept_as_proof),
    Kept("erasures", _("Erasure"), Erasure, sheet.ERASURES, kept_as_proof),
    Kept("reveals", _("Values shown in full"), Reveal, "on the sheet of accesses", kept_as_proof, merging=STAYS),
    Kept("service cards", _("Service cards"), ServiceCard, "on the sheet of accesses", kept_as_proof, merging=STAYS),
    Kept("accesses", _("Accesses"), Entry, sheet.ACCESSES, kept_as_proof, merging=STAYS),
)
MOVING: dict[str, Kept] = {kept.key: kept for kept in RECORD if kept.merging is MOVES}
"""What a merge moves, by key."""


def sheets() -> list[sheet.Sheet]:
    """The sheets of the copy, in order."""
    return [kept.sheet for kept in RECORD if isinstance(kept.sheet, sheet.Sheet)]

"""The sheets of a customer's copy of his data (个人信息副本): unmasked, since it is for the customer himself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from weihu.rules.catalogue import shown
from weihu.workplace.act.campaigns.models import CampaignTarget
from weihu.workplace.act.care.models import CarePlan, CareStep
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Message
from weihu.workplace.act.reception.models import Memo
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import (
    Account,
    Authorised,
    FoundSegment,
    NextProduct,
    Product,
    Signal,
    Uplift,
    WalletEstimate,
    rulebooks_of,
)
from weihu.workplace.base.models import Entry
from weihu.workplace.base.words import called
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Answer
from weihu.workplace.customer.events import Subject
from weihu.workplace.customer.models import Erasure, Hold
from weihu.workplace.gate.models import HandedCustomer, Merge, Placement, Referral
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.judge.portfolio.models import Claim
from weihu.workplace.know.archive.facts import core_value
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.archive.words import category_name
from weihu.workplace.know.complaints.models import Step
from weihu.workplace.know.intake.models import ImportRow, Reply
from weihu.workplace.know.life.models import Goal, LifeQuestion, Progress
from weihu.workplace.know.relations.models import Member, Relation

LAST_ACCESSES = 1000
Rows = Iterator[Sequence[Any]]


@dataclass(frozen=True)
class Sheet:
    """A sheet: its title, its columns, and its rows of a customer."""

    title: Promise
    head: tuple[Promise | str, ...]
    rows: Callable[[Subject], Rows]


def _own(model: type[Model], subject: Subject, column: str = "customer_id") -> QuerySet[Any]:
    return model._default_manager.filter(**{column: subject.customer_id}).order_by("pk")


def _core(subject: Subject) -> Rows:
    language = get_language() or "zh-hans"
    for key, field in subject.book.fields.items():
        if field.core:
            value = core_value(subject.standing.customer, key, field)
            yield [called(field), shown(field, value, language) if value else ""]


def _accounts(subject: Subject) -> Rows:
    products = Product.objects.in_bulk()
    for row, balance in subject.gate.accounts(subject.standing):
        name, number = called(products.get(row.product_id)), f"**** {row.account_last4 or ''}"
        yield [name, number, row.opened_on, row.matures_on, row.closed_on, balance]


def _holdings(subject: Subject) -> Rows:
    products = Product.objects.in_bulk()
    for row in subject.gate.holdings(subject.standing):
        name = called(products.get(row.product_id))
        yield [name, row.opened_on, row.matures_on, row.closed_on, row.amount, row.credit_line]


def _authorised(subject: Subject) -> Rows:
    """Who may dispose of the customer's accounts is named by number only; the names are those people's own data."""
    numbers = subject.gate.numbers(subject.customer_id)
    own = Account.objects.filter(customer_id__in=numbers).values("account_id")
    rows = Authorised.objects.filter(Q(account_id__in=own) | Q(customer_id__in=numbers)).order_by("pk")
    accounts = Account.objects.in_bulk([row.account_id for row in rows])
    for row in rows:
        account = accounts.get(row.account_id)
        whose = _("Of another's account") if row.customer_id in numbers else _("Of the customer's account")
        yield [whose, f"**** {account.account_last4 or ''}" if account else row.account_id, row.until]


def _grades(subject: Subject) -> Rows:
    history = subject.gate.history(subject.standing)
    books = rulebooks_of(row.since_run for row in history)
    for row in history:
        yield [row.since, called(list(books[row.since_run].grades.values())[row.grade_rank]), row.aum]


def _signals(subject: Subject) -> Rows:
    for row in _own(Signal, subject).order_by("raised_on", "pk"):
        yield [row.raised_on, called(subject.book.signals.get(row.kind)) or row.kind, row.amount, row.on_date]


def _wallet(subject: Subject) -> Rows:
    for row in _own(WalletEstimate, subject):
        yield [row.on, row.amount, row.low, row.high]


def _next(subject: Subject) -> Rows:
    for row in _own(NextProduct, subject):
        yield [row.on, ", ".join(row.categories)]


def _found(subject: Subject) -> Rows:
    for row in _own(FoundSegment, subject):
        yield [row.on, row.letter]


def _uplift(subject: Subject) -> Rows:
    for row in _own(Uplift, subject):
        yield [row.on, called(subject.book.signals.get(row.kind)) or row.kind, row.get_word_display()]


def _contacts(subject: Subject) -> Rows:
    for row in subject.gate.contacts(subject.standing):
        yield [row.on, row.get_way_display(), row.get_outcome_display(), row.note]


def _answers(subject: Subject) -> Rows:
    for row in _own(Answer, subject):
        yield [row.on, called(subject.book.signals.get(row.kind)) or row.kind]


def _consents(subject: Subject) -> Rows:
    for row in _own(Consent, subject):
        purpose = called(subject.book.consents.get(row.purpose)) or row.purpose
        answer = _("Agreed") if row.given else _("Refused or withdrawn")
        yield [row.on, purpose, row.version, answer, row.evidence]


def _facts(subject: Subject) -> Rows:
    language = get_language() or "zh-hans"
    for fact in _own(Fact, subject):
        field = subject.book.fields.get(fact.field)
        text = shown(field, fact.value, language) if field else fact.value
        value = _("Declined to say") if fact.refused else text
        state = _("withdrawn") if fact.withdrawn_at else _("replaced") if fact.replaced_by_id else ""
        category = category_name(field.category) if field else ""
        name = called(field) or fact.field
        yield [category, name, value, fact.get_channel_display(), fact.source, fact.on, state]


def _relations(subject: Subject) -> Rows:
    for row in _own(Relation, subject):
        yield [row.on, called(subject.book.relations.get(row.kind)), row.name or row.other_id, row.born, row.note]


def _households(subject: Subject) -> Rows:
    for row in _own(Member, subject):
        yield [row.joined_on, row.left_on]


def _asked(subject: Subject) -> Rows:
    for row in _own(LifeQuestion, subject):
        event = subject.book.life_events.kinds.get(row.kind)
        yield [row.on, called(event) if event else row.kind, row.since, row.party, row.before, row.amount, row.answer]


def _goals(subject: Subject) -> Rows:
    for row in _own(Goal, subject):
        yield [row.on, row.name, row.target, row.saved, row.due_on]


def _progress(subject: Subject) -> Rows:
    for row in _own(Progress, subject, "goal__customer_id").select_related("goal"):
        yield [row.on, row.goal.name, row.saved]


def _replies(subject: Subject) -> Rows:
    for row in _own(Reply, subject).select_related("invitation"):
        yield [row.on, row.invitation.title, row.name, row.phone, row.said]


def _imports(subject: Subject) -> Rows:
    for row in _own(ImportRow, subject).select_related("origin"):
        yield [row.origin.on, row.origin.name, row.cells]


def _complaints(subject: Subject) -> Rows:
    for row in _own(Step, subject, "complaint__customer_id").select_related("complaint"):
        yield [row.on, row.complaint.subject, row.complaint.text, row.get_act_display(), row.note]


def _exceptions(subject: Subject) -> Rows:
    for row in _own(GradeException, subject):
        grade = called(subject.book.grades.get(row.grade)) or row.grade
        yield [row.from_on, row.until_on, grade, row.reason, row.ended_on]


def _benefits(subject: Subject) -> Rows:
    for row in _own(BenefitUse, subject):
        name = called(subject.book.benefits.get(row.benefit)) or row.benefit
        yield [row.on, name, row.cost, _("taken back") if row.undone else ""]


def _placements(subject: Subject) -> Rows:
    for row in _own(Placement, subject):
        yield [row.on, row.get_origin_display(), row.staff_id]


def _handovers(subject: Subject) -> Rows:
    for row in _own(HandedCustomer, subject).select_related("handover"):
        yield [row.handover.on, row.handover.from_id, row.handover.to_id, row.handover.get_state_display()]


def _referrals(subject: Subject) -> Rows:
    for row in _own(Referral, subject):
        target = called(subject.book.grades.get(row.target)) or row.target
        yield [row.on, target, row.evidence, row.get_state_display(), row.answered_on, row.reason]


def _claims(subject: Subject) -> Rows:
    for row in _own(Claim, subject):
        yield [row.on, row.staff_id, row.get_state_display(), row.dispute, row.decision]


def _messages(subject: Subject) -> Rows:
    for row in _own(Message, subject).select_related("template"):
        yield [row.on, row.template.get_medium_display(), row.address, row.text, row.get_state_display()]


def _memos(subject: Subject) -> Rows:
    for row in _own(Memo, subject):
        yield [row.on, row.get_kind_display(), row.text]


def _care_plans(subject: Subject) -> Rows:
    for row in _own(CarePlan, subject):
        plan = called(subject.book.care_plans.get(row.plan)) or row.plan
        yield [row.started_on, plan, row.ended_on, row.get_why_display()]


def _care_steps(subject: Subject) -> Rows:
    for row in _own(CareStep, subject, "care_plan__customer_id").select_related("care_plan"):
        plan = subject.book.care_plans.get(row.care_plan.plan)
        words = called(plan.steps[row.place]) if plan and row.place < len(plan.steps) else row.care_plan.plan
        yield [row.due_on, words, row.done_on]


def _visits(subject: Subject) -> Rows:
    for row in _own(Visit, subject):
        yield [row.on, f"{row.at:%H:%M}", row.place, _("cancelled") if row.cancelled else ""]


def _introductions(subject: Subject) -> Rows:
    """Whom the customer brought, and that somebody brought him; who that was is the other's own data."""
    for row in _own(Introduction, subject, "introducer_id"):
        yield [row.on, _("Introduced"), row.name, row.phone, row.thanked_on, row.thanks]
    for row in _own(Introduction, subject, "introduced_id"):
        yield [row.on, _("Was introduced"), row.name, row.phone, None, ""]


def _campaigns(subject: Subject) -> Rows:
    for row in _own(CampaignTarget, subject).select_related("campaign"):
        group = _("Left alone, for comparison") if row.control else _("Called")
        yield [row.campaign.from_on, row.campaign.title, group, row.wave_on]


def _merges(subject: Subject) -> Rows:
    for row in Merge.objects.filter(Q(kept_id=subject.customer_id) | Q(gone_id=subject.customer_id)).order_by("pk"):
        yield [row.on, row.gone_id, row.kept_id, row.undone_on]


def _erasures(subject: Subject) -> Rows:
    for row in _own(Erasure, subject):
        yield [row.asked_on, row.why, row.due_on, row.done_on]


def _holds(subject: Subject) -> Rows:
    for row in _own(Hold, subject):
        yield [row.on, row.why, row.lifted_on]


def _accesses(subject: Subject) -> Rows:
    for row in _own(Entry, subject).order_by("-pk")[:LAST_ACCESSES]:
        yield [row.at, row.staff_id, row.action]


DAY, NOTE, STATE = lazy("Day"), lazy("Note"), lazy("State")
CORE = Sheet(lazy("Core system"), (lazy("Field"), lazy("Value")), _core)
ACCOUNTS = Sheet(
    lazy("Accounts"),
    (lazy("Product"), lazy("Account"), lazy("Opened"), lazy("Matures"), lazy("Closed"), lazy("Balance")),
    _accounts,
)
HOLDINGS = Sheet(
    lazy("Loans, cards and services"),
    (lazy("Product"), lazy("Opened"), lazy("Matures"), lazy("Closed"), lazy("Owed or used"), lazy("Credit line")),
    _holdings,
)
AUTHORISED = Sheet(lazy("Authorised persons"), (lazy("What for"), lazy("Account"), lazy("Until")), _authorised)
GRADES = Sheet(lazy("Grades"), (DAY, lazy("Grade"), "AUM"), _grades)
SIGNALS = Sheet(lazy("Reasons to act"), (DAY, lazy("Reason"), lazy("Amount"), lazy("Date")), _signals)
WALLET = Sheet(lazy("Assets at other banks"), (DAY, lazy("Estimate"), lazy("At least"), lazy("At most")), _wallet)
UPLIFT = Sheet(lazy("Whom a contact helps"), (DAY, lazy("Reason"), lazy("Result")), _uplift)
NEXT = Sheet(lazy("Probably bought next"), (DAY, lazy("Products")), _next)
FOUND = Sheet(lazy("Segment found from data"), (DAY, lazy("Segment")), _found)
CONTACTS = Sheet(lazy("Contacts"), (DAY, lazy("How"), lazy("Result"), NOTE), _contacts)
ANSWERS = Sheet(lazy("Answered reasons"), (DAY, lazy("Reason")), _answers)
CONSENTS = Sheet(lazy("Consents"), (DAY, lazy("Purpose"), lazy("Version"), lazy("Answer"), lazy("Evidence")), _consents)
FACTS = Sheet(
    lazy("Facts"),
    (
        lazy("Category"),
        lazy("Field"),
        lazy("Value"),
        lazy("How it came"),
        lazy("Document or occasion"),
        DAY,
        STATE,
    ),
    _facts,
)
RELATIONS = Sheet(lazy("Relations"), (DAY, lazy("Relation"), lazy("Customer"), lazy("Born"), NOTE), _relations)
HOUSEHOLDS = Sheet(lazy("Household"), (lazy("Joined"), lazy("Left")), _households)
ASKED = Sheet(
    lazy("Asked because of payments"),
    (DAY, lazy("Event"), lazy("Since"), lazy("Paid by or to"), lazy("Before"), lazy("Amount"), lazy("Answer")),
    _asked,
)
GOALS = Sheet(lazy("Goals"), (DAY, lazy("Goal"), lazy("Amount"), lazy("There already"), lazy("By")), _goals)
PROGRESS = Sheet(lazy("Progress of goals"), (DAY, lazy("Goal"), lazy("There already")), _progress)
REPLIES = Sheet(lazy("Replies"), (DAY, lazy("Form"), lazy("Name"), lazy("Phone"), lazy("Answer")), _replies)
IMPORTS = Sheet(lazy("Imported rows"), (DAY, lazy("File"), lazy("Cells")), _imports)
COMPLAINTS = Sheet(
    lazy("Complaints"), (DAY, lazy("Subject"), lazy("What happened"), lazy("What was done"), NOTE), _complaints
)
EXCEPTIONS = Sheet(
    lazy("Exceptions"), (lazy("From"), lazy("Until"), lazy("Grade"), lazy("Reason"), lazy("Ended")), _exceptions
)
BENEFITS = Sheet(lazy("Benefits"), (DAY, lazy("Benefit"), lazy("Cost"), STATE), _benefits)
PLACEMENTS = Sheet(lazy("Who answers"), (DAY, lazy("Reason"), lazy("Staff")), _placements)
HANDOVERS = Sheet(lazy("Hand-overs"), (DAY, lazy("From"), lazy("To"), STATE), _handovers)
REFERRALS = Sheet(
    lazy("Referrals"), (DAY, lazy("Grade"), lazy("Evidence"), STATE, lazy("Answered"), lazy("Reason")), _referrals
)
CLAIMS = Sheet(lazy("Claims"), (DAY, lazy("Staff"), STATE, lazy("Dispute"), lazy("Decision")), _claims)
MESSAGES = Sheet(lazy("Messages"), (DAY, lazy("How"), lazy("Address"), lazy("Text"), STATE), _messages)
MEMOS = Sheet(lazy("Told at the counter"), (DAY, lazy("What"), lazy("Text")), _memos)
CARE_PLANS = Sheet(lazy("Care plans"), (DAY, lazy("Care plan"), lazy("Ended"), lazy("Why")), _care_plans)
CARE_STEPS = Sheet(lazy("Steps of care plans"), (lazy("Due"), lazy("What was done"), lazy("Done")), _care_steps)
VISITS = Sheet(lazy("Visits"), (DAY, lazy("At"), lazy("Place"), STATE), _visits)
INTRODUCTIONS = Sheet(
    lazy("Introductions"),
    (DAY, lazy("What"), lazy("Name"), lazy("Phone"), lazy("Thanked"), lazy("Thanks")),
    _introductions,
)
CAMPAIGNS = Sheet(lazy("Campaigns"), (DAY, lazy("Campaign"), lazy("Group"), lazy("Call due")), _campaigns)
MERGES = Sheet(lazy("Merged numbers"), (DAY, lazy("Number"), lazy("Is now"), lazy("Undone")), _merges)
ERASURES = Sheet(lazy("Erasure"), (DAY, lazy("Reason"), lazy("Due"), lazy("Done")), _erasures)
HOLDS = Sheet(lazy("Legal hold"), (DAY, lazy("Reason"), lazy("Lifted")), _holds)
ACCESSES = Sheet(lazy("Accesses"), (DAY, lazy("Staff"), lazy("What was done")), _accesses)

"""A customer's copy of his data (个人信息副本, PIPL, article 45): one workbook with everything that is kept of him."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import xlsxwriter
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.catalogue import shown
from weihu.rules.rulebook import RuleBook
from weihu.workplace.archive.facts import core_value
from weihu.workplace.archive.models import Fact
from weihu.workplace.archive.portrait import products
from weihu.workplace.audit.models import Entry
from weihu.workplace.complaints.models import Step
from weihu.workplace.grading.models import Standing
from weihu.workplace.life.models import Goal
from weihu.workplace.messaging.models import Message
from weihu.workplace.people.gate import Gate
from weihu.workplace.relations.models import Relation
from weihu.workplace.rights.models import Consent
from weihu.workplace.runs.models import rulebooks_of
from weihu.workplace.team.models import Visit
from weihu.workplace.words import called, category_name

Rows = Iterator[list[Any]]
LAST_ACCESSES = 1000


def copy_of(standing: Standing, gate: Gate, book: RuleBook) -> bytes:
    """The workbook, unmasked: it is for the customer himself."""
    content = io.BytesIO()
    file = xlsxwriter.Workbook(content, {"strings_to_formulas": False, "strings_to_urls": False})
    bold = file.add_format({"bold": True})
    for name, head, rows in _sheets(standing, gate, book):
        page = file.add_worksheet(name)
        page.set_column(0, len(head), 20)
        page.freeze_panes(1, 0)
        for line, values in enumerate([head, *rows]):
            for place, value in enumerate(values):
                page.write_string(line, place, "" if value is None else str(value), None if line else bold)
    file.close()
    return content.getvalue()


def _sheets(standing: Standing, gate: Gate, book: RuleBook) -> Iterator[tuple[str, list[str], Rows]]:
    own = {"customer_id": standing.customer_id}
    yield _("Core system"), [_("Field"), _("Value")], _core(standing, book)
    yield (
        _("Accounts"),
        [_("Product"), _("Account"), _("Opened"), _("Matures"), _("Balance")],
        _accounts(standing, gate),
    )
    head = [_("Category"), _("Field"), _("Value"), _("How it came"), _("Document or occasion"), _("Day"), _("State")]
    yield _("Facts"), head, _facts(standing, book)
    contacts = ([row.on, row.get_way_display(), row.get_outcome_display(), row.note] for row in gate.contacts(standing))
    yield _("Contacts"), [_("Day"), _("How"), _("Result"), _("Note")], contacts
    consents = Consent.objects.filter(**own).order_by("pk")
    answers = (
        [row.on, _purpose(row, book), row.version, _("Agreed") if row.given else _("Refused or withdrawn")]
        for row in consents
    )
    yield _("Consents"), [_("Day"), _("Purpose"), _("Version"), _("Answer")], answers
    relations = Relation.objects.filter(**own).order_by("pk")
    ties = ([row.on, called(book.relations.get(row.kind)), row.name or row.other_id, row.born] for row in relations)
    yield _("Relations"), [_("Day"), _("Relation"), _("Customer"), _("Born")], ties
    goals = ([row.on, row.name, row.target, row.saved, row.due_on] for row in Goal.objects.filter(**own).order_by("pk"))
    yield _("Goals"), [_("Day"), _("Goal"), _("Amount"), _("There already"), _("By")], goals
    steps = Step.objects.filter(complaint__customer_id=standing.customer_id).select_related("complaint").order_by("pk")
    cases = ([row.on, row.complaint.subject, row.get_act_display(), row.note] for row in steps)
    yield _("Complaints"), [_("Day"), _("Subject"), _("What was done"), _("Note")], cases
    messages = Message.objects.filter(**own).order_by("pk")
    texts = ([row.on, row.template.get_medium_display(), row.text, row.get_state_display()] for row in messages)
    yield _("Messages"), [_("Day"), _("How"), _("Text"), _("State")], texts
    visits = ([row.on, f"{row.at:%H:%M}", row.place] for row in Visit.objects.filter(**own).order_by("pk"))
    yield _("Visits"), [_("Day"), _("At"), _("Place")], visits
    yield _("Grades"), [_("Day"), _("Grade"), "AUM"], _grades(standing, gate)
    seen = Entry.objects.filter(**own).order_by("-pk")[:LAST_ACCESSES]
    yield (
        _("Accesses"),
        [_("Day"), _("Staff"), _("What was done")],
        ([row.at, row.staff_id, row.action] for row in seen),
    )


def _core(standing: Standing, book: RuleBook) -> Rows:
    for key, field in book.fields.items():
        if field.core:
            value = core_value(standing.customer, key, field)
            yield [called(field), shown(field, value, get_language() or "zh-hans") if value else ""]


def _accounts(standing: Standing, gate: Gate) -> Rows:
    known = products()
    for row, balance in gate.accounts(standing):
        yield [
            called(known.get(row.product_id)),
            f"**** {row.account_last4 or ''}",
            row.opened_on,
            row.matures_on,
            balance,
        ]


def _facts(standing: Standing, book: RuleBook) -> Rows:
    language = get_language() or "zh-hans"
    for fact in Fact.objects.filter(customer_id=standing.customer_id).order_by("pk"):
        field = book.fields.get(fact.field)
        value = _("Declined to say") if fact.refused else shown(field, fact.value, language) if field else fact.value
        state = _("withdrawn") if fact.withdrawn_at else _("replaced") if fact.replaced_by_id else ""
        where = category_name(field.category) if field else ""
        yield [where, called(field) or fact.field, value, fact.get_channel_display(), fact.source, fact.on, state]


def _grades(standing: Standing, gate: Gate) -> Rows:
    history = gate.history(standing)
    books = rulebooks_of(row.since_run for row in history)
    for row in history:
        yield [row.since, called(list(books[row.since_run].grades.values())[row.grade_rank]), row.aum]


def _purpose(row: Consent, book: RuleBook) -> str:
    return called(book.consents.get(row.purpose)) or row.purpose

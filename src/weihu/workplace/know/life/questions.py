"""What payments let staff ask a customer about (人生事件): a question with its evidence, never a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from weihu.rules.sections.life_events import LifeEvent
from weihu.workplace.base import audit
from weihu.workplace.base.words import about_text, day
from weihu.workplace.consent.consents import is_stopped
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.know.archive.facts import FieldState
from weihu.workplace.know.life.models import LifeQuestion

NO = "no"
YES = "yes"


@dataclass(frozen=True)
class Question:
    """A question as a page shows it: the event, and in words what was paid."""

    row: LifeQuestion
    event: LifeEvent
    words: str


def questions_of(request: WorkRequest, customer_id: str, archive: Mapping[str, FieldState]) -> list[Question]:
    """What is still to be asked of a customer within reach; nothing of who refuses personal analysis."""
    rows = LifeQuestion.objects.filter(customer_id=customer_id, answer="", kind__in=request.book.life_events.kinds)
    asked = [row for row in rows.order_by("-since", "pk") if not _recorded(row, request, archive)]
    if not asked or is_stopped(customer_id, "score", request.book):
        return []
    currency = request.book.currency
    return [Question(row, request.book.life_events.kinds[row.kind], words(row, currency)) for row in asked]


def _recorded(row: LifeQuestion, request: WorkRequest, archive: Mapping[str, FieldState]) -> bool:
    """Whether the archive was told of it since."""
    known = archive.get(request.book.life_events.kinds[row.kind].field)
    return known is not None and any(fact.on >= row.since for fact in known.facts)


def words(row: LifeQuestion, currency: str) -> str:
    """What was paid."""
    told = {
        "since": day(row.since),
        "party": row.party,
        "before": row.before,
        "times": row.times,
        "amount": about_text(row.amount, currency),
    }
    if row.before and row.comes:
        return _("Since %(since)s the salary comes from %(party)s, before from %(before)s") % told
    if row.before:
        return _("Since %(since)s bills are paid to %(party)s, before to %(before)s") % told
    if row.comes:
        return _("Since %(since)s money comes from %(party)s, %(amount)s so far") % told
    return _("Since %(since)s paid to %(party)s and others like it: %(times)s times, %(amount)s in all") % told


def dismiss(number: int, customer_id: str, request: WorkRequest) -> bool:
    """The event has not happened, or is nothing to be asked: the same is not asked again before the book says so."""
    with transaction.atomic():
        open_rows = LifeQuestion.objects.filter(pk=number, customer_id=customer_id, answer="")
        by = request.user.staff_id
        done = open_rows.update(answer=NO, answered_on=request.run.work_date, staff_id=by)
        if done:
            audit.record(by, "life.dismiss", customer_id)
    return bool(done)

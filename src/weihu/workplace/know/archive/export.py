"""Taking a list out of the system (导出): for a purpose, within a daily limit, marked with who took it. PIPL; domain 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.base.words import called
from weihu.workplace.base.workbooks import write_workbook
from weihu.workplace.consent.consents import agreed_purposes, needed_for
from weihu.workplace.gate.models import Export
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.sheets import SERVICE, left_today
from weihu.workplace.know.archive.lists import ListQuery, cells, money_of, titles


class OverLimit(ValueError):
    """More rows than the person may still take out today; ``left`` says how many those are."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


@dataclass(frozen=True)
class Order:
    """What is taken out: the list, for which purpose (SERVICE or a consent's key), and why in the taker's words."""

    query: ListQuery
    purpose: str
    why: str


def allowed(rows: Sequence[Standing], purpose: str, book: RuleBook) -> list[Standing]:
    """The rows whose customers agree to the purpose."""
    if purpose == SERVICE:
        return list(rows)
    needed = {purpose, *needed_for("export", book)}
    has = agreed_purposes([row.customer_id for row in rows], needed)
    return [row for row in rows if needed <= has[row.customer_id]]


def take_out(rows: Sequence[Standing], order: Order, gate: Gate, book: RuleBook, on: date) -> bytes:
    """The list as a workbook, without those who have not agreed. Raises OverLimit; nothing is taken out then."""
    with transaction.atomic():
        kept = allowed(rows, order.purpose, book)
        left = left_today(gate, book, on)
        if len(kept) > left:
            raise OverLimit(left)
        said = {"purpose": order.purpose, "why": order.why, "rows": len(kept), "left_out": len(rows) - len(kept)}
        made = Export.objects.create(staff_id=gate.staff.staff_id, on=on, at=timezone.now(), **said)
        for row in kept:
            audit.record(gate.staff.staff_id, "customer.export", row.customer_id, str(made.pk))
    return _workbook(kept, made, order, gate, book)


def _workbook(rows: Sequence[Standing], made: Export, order: Order, gate: Gate, book: RuleBook) -> bytes:
    mark = f"{gate.staff.name} {gate.staff.staff_id} {timezone.localtime(made.at):%Y-%m-%d %H:%M} #{made.pk}"
    purpose = _("Service") if order.purpose == SERVICE else called(book.consents[order.purpose])
    head = [_("Customer"), _("Customer number"), _("Grade"), "AUM", *titles(order.query.columns, book)]
    grades = list(book.grades.values())
    said = _(
        "%(mark)s · %(purpose)s: %(why)s · %(rows)d rows, %(left)d left out for want of consent · internal use only"
    )
    words = {"mark": mark, "purpose": purpose, "why": order.why, "rows": made.rows, "left": made.left_out}
    shown = cells(rows, order.query, book, gate.run.work_date)
    lines = [
        [row.customer.name, row.customer_id, called(grades[row.grade_rank]), money_of(row, book), *more]
        for row, more in zip(rows, shown, strict=True)
    ]
    return write_workbook(str(_("Customers")), head, lines, mark, gate.staff.staff_id, said % words)

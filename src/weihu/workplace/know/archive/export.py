"""Exporting a list of customers (导出): for a purpose, within a daily limit, marked with who exported it. PIPL."""

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
from weihu.workplace.gate.limits import Kind, take
from weihu.workplace.gate.models import Export
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.sheets import SERVICE, mark_of
from weihu.workplace.know.archive.lists import ListQuery, cells, money_of, titles


@dataclass(frozen=True)
class Order:
    """A requested export: the list, its purpose (SERVICE or a consent's key), and the reason in the reader's words."""

    query: ListQuery
    purpose: str
    why: str


def rows_with_consent(rows: Sequence[Standing], purpose: str, book: RuleBook) -> list[Standing]:
    """The rows whose customers have consented to the purpose."""
    if purpose == SERVICE:
        return list(rows)
    needed = {purpose, *needed_for("export", book)}
    agreed_to = agreed_purposes([row.customer_id for row in rows], needed)
    return [row for row in rows if needed <= agreed_to[row.customer_id]]


def export_list(rows: Sequence[Standing], order: Order, gate: Gate, book: RuleBook, on: date) -> bytes:
    """The list as a workbook, without customers who have not consented. Raises LimitReached and exports nothing."""
    with transaction.atomic():
        kept = rows_with_consent(rows, order.purpose, book)
        take(Kind.ROWS, gate, len(kept))
        values = {"purpose": order.purpose, "why": order.why, "rows": len(kept), "left_out": len(rows) - len(kept)}
        export = Export.objects.create(staff_id=gate.staff.staff_id, on=on, at=timezone.now(), **values)
        by, number = gate.staff.staff_id, str(export.pk)
        audit.record_many(audit.Act(by, "customer.export", row.customer_id, number) for row in kept)
    return _workbook(kept, export, order, gate, book)


def _workbook(rows: Sequence[Standing], export: Export, order: Order, gate: Gate, book: RuleBook) -> bytes:
    mark = f"{mark_of(gate.staff, export.at)} #{export.pk}"
    purpose = _("Service") if order.purpose == SERVICE else called(book.consents[order.purpose])
    head = [_("Customer"), _("Customer number"), _("Grade"), "AUM", *titles(order.query.columns, book)]
    grades = list(book.grades.values())
    note = _(
        "%(mark)s · %(purpose)s: %(why)s · %(rows)d rows, %(left)d left out for want of consent · internal use only"
    )
    words = {"mark": mark, "purpose": purpose, "why": order.why, "rows": export.rows, "left": export.left_out}
    column_cells = cells(rows, order.query, book, gate.run.work_date)
    lines = [
        [row.customer.name, row.customer_id, called(grades[row.grade_rank]), money_of(row, book), *more]
        for row, more in zip(rows, column_cells, strict=True)
    ]
    return write_workbook(str(_("Customers")), head, lines, mark, gate.staff.staff_id, note % words)

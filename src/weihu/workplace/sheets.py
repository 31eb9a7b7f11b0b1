"""Any list as a workbook (Excel): named, marked with who took it, counted against the day's limit, in the audit log."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.workplace.archive.export import MARK_EVERY, SERVICE, WATERMARK, left_today
from weihu.workplace.archive.models import Export
from weihu.workplace.audit import log
from weihu.workplace.requests import WorkRequest

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Sheet:
    """A list: its title, its columns, its rows (text, numbers, amounts, dates), and the customers that it names."""

    title: str
    columns: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    customers: Sequence[str] = field(default_factory=list)


def download(request: WorkRequest, sheet: Sheet) -> HttpResponse:
    """The list as a file; too many customers for the day's limit: a plain refusal, and nothing taken out."""
    gate, on = request.gate, request.run.work_date
    with transaction.atomic():
        left = left_today(gate, request.book, on)
        if len(sheet.customers) > left:
            refusal = _("You may take out %(left)d more rows today.") % {"left": left}
            return HttpResponse(refusal, status=403, content_type="text/plain; charset=utf-8")
        said = {"purpose": SERVICE, "why": sheet.title, "rows": len(sheet.customers), "left_out": 0}
        made = Export.objects.create(staff_id=gate.staff.staff_id, on=on, at=timezone.now(), **said)
        for customer in sheet.customers:
            log.record(gate.staff.staff_id, "customer.export", customer, str(made.pk))
        log.record(gate.staff.staff_id, "sheet.export", detail=f"{made.pk} {sheet.title}"[:200])
    at = timezone.localtime(made.at)
    mark = f"{gate.staff.name} {gate.staff.staff_id} {at:%Y-%m-%d %H:%M} #{made.pk}"
    name = f"weihu-{request.resolver_match.url_name if request.resolver_match else 'list'}-{on}.xlsx"
    return HttpResponse(written(sheet, mark), XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def written(sheet: Sheet, mark: str) -> bytes:
    """A tidy workbook: one row of titles, frozen and filterable; numbers are numbers, dates are dates."""
    content = io.BytesIO()
    file = xlsxwriter.Workbook(
        content, {"strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    )
    page = file.add_worksheet(sheet.title[:31].translate(str.maketrans("[]:*?/\\", "       ")))
    bold = file.add_format({"bold": True, "bg_color": "#E4F0ED"})
    money, whole, day = (file.add_format({"num_format": form}) for form in ("#,##0.00", "#,##0", "yyyy-mm-dd"))
    for place, title in enumerate(sheet.columns):
        page.write_string(0, place, str(title), bold)
    for line, row in enumerate(sheet.rows, 1):
        for place, cell in enumerate(row):
            if isinstance(cell, Decimal):
                page.write_number(line, place, cell, money)
            elif isinstance(cell, date):
                page.write_datetime(line, place, cell, day)
            elif isinstance(cell, int | float):
                page.write_number(line, place, cell, whole if isinstance(cell, int) else None)
            else:
                page.write_string(line, place, "" if cell is None else str(cell))
    for line in range(1, len(sheet.rows) + 1, MARK_EVERY):
        page.insert_textbox(line, 1, mark, WATERMARK)
    page.set_column(0, max(0, len(sheet.columns) - 1), 17)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(1, len(sheet.rows)), max(0, len(sheet.columns) - 1))
    page.set_footer(f"&C{mark}  &P/&N")
    file.set_properties({"author": mark, "comments": mark})
    file.close()
    return content.getvalue()

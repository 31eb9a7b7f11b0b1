"""Any list as a workbook (Excel): named, marked with who took it, counted against the day's limit, in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.workplace.archive.export import SERVICE, left_today
from weihu.workplace.archive.models import Export
from weihu.workplace.audit import log
from weihu.workplace.requests import WorkRequest
from weihu.workplace.workbooks import XLSX, written


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
            refusal = _("You may export %(left)d more rows today.") % {"left": left}
            return HttpResponse(refusal, status=403, content_type="text/plain; charset=utf-8")
        said = {"purpose": SERVICE, "why": sheet.title, "rows": len(sheet.customers), "left_out": 0}
        made = Export.objects.create(staff_id=gate.staff.staff_id, on=on, at=timezone.now(), **said)
        for customer in sheet.customers:
            log.record(gate.staff.staff_id, "customer.export", customer, str(made.pk))
        log.record(gate.staff.staff_id, "sheet.export", detail=f"{made.pk} {sheet.title}"[:200])
    at = timezone.localtime(made.at)
    mark = f"{gate.staff.name} {gate.staff.staff_id} {at:%Y-%m-%d %H:%M} #{made.pk}"
    name = f"weihu-{request.resolver_match.url_name if request.resolver_match else 'list'}-{on}.xlsx"
    content = written(sheet.title, sheet.columns, sheet.rows, mark, gate.staff.staff_id)
    return HttpResponse(content, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})

"""Downloads of lists as workbooks: marked with who exported them, counted against the daily limit, and audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit
from weihu.workplace.base.workbooks import XLSX, write_workbook
from weihu.workplace.gate import limits
from weihu.workplace.gate.models import Export
from weihu.workplace.gate.requests import WorkRequest


@dataclass(frozen=True)
class Sheet:
    """A list to download: cells are text, counts, amounts or dates; ``customers`` are the ids that it names."""

    title: str
    columns: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    customers: Sequence[str] = field(default_factory=list)


def download(request: WorkRequest, sheet: Sheet) -> HttpResponse:
    """The list as a workbook, or a 403 in plain text if it names more customers than the daily limit leaves."""
    gate, on = request.gate, request.run.work_date
    with transaction.atomic():
        try:
            limits.take(limits.Kind.ROWS, gate, len(sheet.customers))
        except limits.LimitReached as reached:
            return refused(reached)
        values = {"purpose": SERVICE, "why": sheet.title, "rows": len(sheet.customers), "left_out": 0}
        export = Export.objects.create(staff_id=gate.staff.staff_id, on=on, at=timezone.now(), **values)
        for customer in sheet.customers:
            audit.record(gate.staff.staff_id, "customer.export", customer, str(export.pk))
        audit.record(gate.staff.staff_id, "sheet.export", detail=f"{export.pk} {sheet.title}"[:200])
    mark = f"{mark_of(gate.staff, export.at)} #{export.pk}"
    name = f"weihu-{request.resolver_match.url_name if request.resolver_match else 'list'}-{on}.xlsx"
    content = write_workbook(sheet.title, sheet.columns, sheet.rows, mark, gate.staff.staff_id)
    return HttpResponse(content, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def mark_of(staff: Staff, at: datetime) -> str:
    """Who took something out of the system and when, for every sheet and page of it."""
    return f"{staff.name} {staff.staff_id} {timezone.localtime(at):%Y-%m-%d %H:%M}"


SERVICE = "service"
"""The purpose that needs no consent: serving the customer's own contracts (PIPL, article 13, 2)."""


def refused(reached: limits.LimitReached) -> HttpResponse:
    """That the day's limit leaves too few rows."""
    refusal = _("You may export %(left)d more rows today.") % {"left": reached.left}
    return HttpResponse(refusal, status=403, content_type="text/plain; charset=utf-8")

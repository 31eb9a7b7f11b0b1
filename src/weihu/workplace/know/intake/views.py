"""Importing a workbook (导入): upload, assign columns, check, record, correct what was wrong."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.sources.workbook import Unreadable, read
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.workbooks import XLSX
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.gate.sheets import mark_of
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.intake import importing
from weihu.workplace.know.intake.forms import MappingForm, UploadForm
from weihu.workplace.know.intake.models import Import, Phase, RowState

SHOWN_PROBLEMS = 20
SAMPLES = 3


@transaction.non_atomic_requests
@needs_run
@require_http_methods(["GET", "POST"])
def imports(request: WorkRequest) -> HttpResponse:
    """The reader's own imports, and a form for another."""
    if request.gate.reach == "none":
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None, initial={"token": uuid4()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        how = Channel(values["channel"]), Confidence(values["confidence"])
        try:
            sheet = read(values["file"].read(), values["file"].name)
            upload = importing.stage(sheet, values["file"].name, how, request.gate, request.book, values["token"])
            toasts.say(request, _("Uploaded. Now say what the columns are."))
            return redirect("import", upload.pk)
        except Unreadable as unreadable:
            form.add_error("file", unreadable.text(get_language() or "zh-hans"))
    page = page_of(request, Import.objects.filter(staff_id=request.user.staff_id).order_by("-pk"))
    context = {"form": form, "imports": page, "page": page}
    return render(request, "intake/imports.html", context, status=422 if form.errors else 200)


@needs_run
@require_http_methods(["GET", "POST"])
def import_page(request: WorkRequest, number: int) -> HttpResponse:
    """An import: its columns, progress and results. A POST starts the next phase."""
    upload = _own_import(request, number)
    form = MappingForm(upload.columns, upload.mapping, request.book.fields, request.POST or None)
    if request.method == "POST":
        if request.POST.get("act") == "record" and upload.phase == Phase.READY:
            importing.begin(upload, Phase.RECORDING)
            return redirect("import", number)
        if upload.phase in (Phase.MAPPING, Phase.READY) and form.is_valid():
            importing.begin(upload, Phase.CHECKING, form.mapping)
            return redirect("import", number)
    context = {**_context(request, upload), "form": form, "columns": _columns(upload, form)}
    return render(request, "intake/import.html", context, status=422 if form.errors else 200)


@transaction.non_atomic_requests
@needs_run
@require_POST
def import_step(request: WorkRequest, number: int) -> HttpResponse:
    """Continue for a moment; the response is the progress, or a reload of the page once the phase is done."""
    upload = _own_import(request, number)
    importing.step(upload, request.gate, request.book)
    if not upload.working:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "intake/progress.html", {"given": upload})


@needs_run
@require_GET
def import_problems(request: WorkRequest, number: int) -> HttpResponse:
    """The wrong and doubtful rows as a workbook."""
    upload = _own_import(request, number)
    audit.record(request.user.staff_id, "import.problems", "", str(number))
    content = importing.problems_workbook(upload, mark_of(request.user, timezone.now()))
    name = f"import-{number}.xlsx"
    return HttpResponse(content, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@needs_run
@require_POST
def import_delete(request: WorkRequest, number: int) -> HttpResponse:
    """Delete an import with its rows. What it has recorded stays in the archive."""
    importing.delete(_own_import(request, number))
    toasts.say(request, _("The import is deleted; what it recorded stays."))
    return redirect("imports")


def _own_import(request: WorkRequest, number: int) -> Import:
    """An import of the reader's own; Http404 for any other."""
    upload = Import.objects.filter(pk=number, staff_id=request.user.staff_id).first()
    if upload is None or request.gate.reach == "none":
        raise Http404
    return upload


def _context(request: WorkRequest, upload: Import) -> dict[str, Any]:
    problems = list(islice(importing.problems(upload), SHOWN_PROBLEMS))
    fields = [(request.book.fields[key], kinds) for key, kinds in upload.counts.get("fields", {}).items()]
    return {
        "given": upload,
        "states": [(state, upload.rows_by_state[state]) for state in RowState],
        "wrong_count": upload.rows_by_state["wrong"] + upload.rows_by_state["doubtful"],
        "problems": [
            (row, row.get_state_display(), [(upload.columns[fault.column], fault) for fault in faults])
            for row, _, faults in problems
        ],
        "fields": fields,
    }


def _columns(upload: Import, form: MappingForm) -> list[tuple[Any, list[str]]]:
    """Each column's field choice with sample cells."""
    first = importing.first_cells(upload, SAMPLES * 5)
    samples = [[row[place] for row in first if row[place]][:SAMPLES] for place in range(len(upload.columns))]
    return list(zip([form[name] for name in form.fields], samples, strict=True))

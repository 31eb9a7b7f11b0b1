"""The segments' pages: all side by side, the builder with its live count, one with its history and what it is used for."""

from __future__ import annotations

from datetime import date
from itertools import zip_longest
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.workplace.act.care.beginning import Running, begin_by_hand
from weihu.workplace.act.segments import found, reading
from weihu.workplace.act.segments.building import TOO_WIDE, built, changed, totals
from weihu.workplace.act.segments.definition import Condition, Definition, Group
from weihu.workplace.act.segments.examples import BLANK, EXAMPLES
from weihu.workplace.act.segments.models import Segment
from weihu.workplace.act.segments.words import Words
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.whole import whole
from weihu.workplace.base.words import called
from weihu.workplace.base.workbooks import XLSX
from weihu.workplace.gate.limits import Kind, LimitReached, left
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import SERVICE, refused
from weihu.workplace.know.archive.export import Order, export_list
from weihu.workplace.know.archive.facts import barred_customers
from weihu.workplace.know.archive.lists import ListQuery, TooWide

MOST_PLANS = 500
"""At most so many care plans are begun at once."""
MOST_MOVED = 20


@needs_run
@require_GET
def segments(request: WorkRequest) -> HttpResponse:
    """The reader's segments and those shared with the reader's post, side by side."""
    gate = _segmenting(request)
    rows, words = reading.visible(gate), Words(gate)
    definitions = [Definition.kept(row.definition) for row in rows]
    summed, too_wide = totals(gate, definitions)
    context = {
        "rows": [
            {"segment": row, "words": words.definition(definition), "of": total}
            for row, definition, total in zip_longest(rows, definitions, summed or ())
        ],
        "people": Staff.objects.in_bulk({row.staff_id for row in rows}),
        "too_wide": too_wide,
        "examples": EXAMPLES.items(),
    }
    audit.record(request.user.staff_id, "segments.view")
    return render(request, "segments/segments.html", context)


@needs_run
@require_GET
def found_segments(request: WorkRequest) -> HttpResponse:
    """The segments found from data: what makes each different, its sums within reach, and their drift by month."""
    gate, known = _segmenting(request), found.facts()
    rows = known["segments"] if known else []
    summed, _too_wide = totals(gate, [_found(row["letter"]) for row in rows])
    context = {
        "rows": [
            {
                "letter": row["letter"],
                "name": found.name(row),
                "different": found.differences(row, request.book),
                "of": of,
            }
            for row, of in zip_longest(rows, summed or ())
        ],
        "known": known,
        "on": date.fromisoformat(known["on"]) if known else None,
        "drift": found.drift(known) if known else None,
        "months": [month | {"on": date.fromisoformat(month["on"])} for month in reversed(known["months"])]
        if known
        else [],
    }
    audit.record(request.user.staff_id, "segments.found")
    return render(request, "segments/found.html", context)


@needs_run
@require_http_methods(["GET", "POST"])
def segment_build(request: WorkRequest) -> HttpResponse:
    """The builder: of a new segment, of an example, or ``from`` one that the reader uses; htmx posts each change."""
    gate = _segmenting(request)
    words = Words(gate)
    if request.method == "POST":
        definition = changed(Definition.of(request.POST, words.fields), request.POST)
        part = "preview" if request.POST.get("part") == "preview" else "rows"
        return render(request, f"segments/{part}.html", built(request, words, definition, swapped=part == "rows"))
    base = _used(request, request.GET["from"]) if request.GET.get("from") else None
    definition, name = _begun(request)
    if base:
        definition, name = Definition.kept(base.definition), base.name
    own = base if base and base.staff_id == request.user.staff_id else None
    context = built(request, words, definition)
    context |= {"segment": own, "name": name}
    return render(request, "segments/build.html", context)


def _begun(request: WorkRequest) -> tuple[Definition, str]:
    """What a new segment begins with, and its name: an example, one that was ``found`` from data, or nothing."""
    letter, names = request.GET.get("found", ""), found.names()
    if letter in names:
        return _found(letter), names[letter][:60]
    example = EXAMPLES.get(request.GET.get("example", ""))
    return (example[1], str(example[0])) if example else (BLANK, "")


def _found(letter: str) -> Definition:
    return Definition("all", (Group("all", (Condition("found", "is", letter),)),))


@needs_run
@require_POST
def segment_save(request: WorkRequest) -> HttpResponse:
    """Keep a segment under a name, or change one's own."""
    gate = _segmenting(request)
    words = Words(gate)
    definition = Definition.of(request.POST, words.fields)
    name = request.POST.get("name", "").strip()[:60]
    wrong = next((words.fault(row) for row in definition.conditions if words.fault(row)), "")
    if not name or wrong or not definition.conditions:
        context = built(request, words, definition, asked=True)
        refused = wrong or (_("A segment needs a name.") if not name else _("A segment needs a condition."))
        context |= {"refused": refused, "name": name, "segment": _own(request, request.POST.get("number", ""))}
        return render(request, "segments/build.html", context, status=422)
    written = definition.complete(request.book).written()
    segment = _own(request, request.POST.get("number", "")) or Segment(
        staff_id=request.user.staff_id, branch_id=request.user.branch_id
    )
    if segment.pk is None or segment.definition != written:
        # the nights of other conditions are no history of these
        if segment.pk is not None:
            segment.members.all().delete()
            segment.nights.all().delete()
        segment.definition, segment.changed_on = written, request.run.work_date
    segment.name = name
    segment.save()
    audit.record(request.user.staff_id, "segment.save", detail=str(segment.pk))
    toasts.say(request, _("Saved as %(name)s.") % {"name": name})
    return redirect("segment", segment.pk)


@needs_run
@require_GET
def segment(request: WorkRequest, number: int) -> HttpResponse:
    """One segment: in words, its sums, who entered and left, its members page by page, and what it is used for."""
    gate, row = _segmenting(request), _used(request, str(number))
    definition = Definition.kept(row.definition)
    summed, too_wide = totals(gate, [definition])
    total = summed[0] if summed else None
    size = request.book.lists.page_rows
    pages = max(1, -(-total.customers // size)) if total else 1
    at = min(max(1, whole(request.GET.get("page", "")) or 1), pages)
    nights = reading.nights(gate, row)
    moved = reading.moved(gate, row, nights[-1].on, MOST_MOVED) if len(nights) > 1 else ([], [])
    audit.record(request.user.staff_id, "segment.view", detail=str(row.pk))
    context = {
        "segment": row,
        "own": row.staff_id == request.user.staff_id,
        "by": Staff.objects.filter(pk=row.staff_id).first(),
        "words": Words(gate).definition(definition),
        "of": total,
        "too_wide": too_wide,
        "rows": reading.page(gate, definition, size * (at - 1), size * at) if total else [],
        "number": at,
        "pages": pages,
        "nights": list(reversed(nights)),
        "trend": _trend(nights),
        "entered": moved[0],
        "left": moved[1],
        "posts": [(key, post, key in row.posts) for key, post in request.book.posts.items() if post.reach != "none"],
        "plans": request.book.care_plans.items(),
        "purposes": [(key, entry) for key, entry in request.book.consents.items() if "export" in entry.needed_for],
        "gate_decides": gate.decides,
        "left_today": left(Kind.ROWS, gate),
    }
    return render(request, "segments/segment.html", context)


@needs_run
@require_POST
def segment_act(request: WorkRequest, number: int) -> HttpResponse:
    """Share or delete one's own segment; its list as a workbook; a care plan for its members."""
    _segmenting(request)
    row, act = _used(request, str(number)), request.POST.get("act", "")
    if act in ("share", "delete") and row.staff_id != request.user.staff_id:
        raise Http404
    if act not in ACTS:
        return HttpResponseBadRequest(str(_("No such act.")))
    try:
        return ACTS[act](request, row)
    except TooWide:
        return HttpResponseBadRequest(str(TOO_WIDE))


def _share(request: WorkRequest, row: Segment) -> HttpResponse:
    row.posts = [key for key in request.book.posts if key in request.POST.getlist("post")]
    row.save(update_fields=["posts"])
    audit.record(request.user.staff_id, "segment.share", detail=f"{row.pk} {','.join(row.posts)}"[:200])
    toasts.say(request, _("Shared.") if row.posts else _("Shared with nobody."))
    return redirect("segment", row.pk)


def _delete(request: WorkRequest, row: Segment) -> HttpResponse:
    audit.record(request.user.staff_id, "segment.delete", detail=str(row.pk))
    row.delete()
    toasts.say(request, _("%(name)s is deleted.") % {"name": row.name})
    return redirect("segments")


def _export(request: WorkRequest, row: Segment) -> HttpResponse:
    gate, book = request.gate, request.book
    purpose, why = request.POST.get("purpose", ""), request.POST.get("why", "").strip()[:200]
    if not why or (purpose != SERVICE and purpose not in book.consents):
        return HttpResponseBadRequest(str(_("Please state the purpose of the list.")))
    rows = reading.page(gate, Definition.kept(row.definition), 0, book.limits.export_rows_per_day + 1)
    try:
        content = export_list(rows, Order(ListQuery(), purpose, why), gate, book, request.run.work_date)
    except LimitReached as reached:
        return refused(reached)
    name = f"segment-{row.pk}-{request.run.work_date}.xlsx"
    return HttpResponse(content, XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _care(request: WorkRequest, row: Segment) -> HttpResponse:
    """Begin a plan of the book for every member within reach who may be contacted and has it not yet."""
    key, on = request.POST.get("plan", ""), request.run.work_date
    if key not in request.book.care_plans:
        raise Http404
    rows = reading.page(request.gate, Definition.kept(row.definition), 0, MOST_PLANS + 1)
    if len(rows) > MOST_PLANS:
        return HttpResponseBadRequest(str(_("At most 500 customers at once.")))
    ids = [standing.customer_id for standing in rows]
    barred = barred_customers(request.book, on, ids)
    begun = 0
    for customer in ids:
        if customer not in barred:
            try:
                begin_by_hand(customer, key, request.book, request.user.staff_id, on)
                begun += 1
            except Running:
                continue
    words = {"begun": begun, "others": len(ids) - begun, "plan": called(request.book.care_plans[key])}
    toasts.say(
        request,
        _("%(plan)s has begun for %(begun)d customers; %(others)d have it already or are not to be contacted.") % words,
    )
    return redirect("segment", row.pk)


ACTS = {"share": _share, "delete": _delete, "export": _export, "care": _care}


def _segmenting(request: WorkRequest) -> Gate:
    """The gate of who looks after customers; the counter serves whoever comes and has no segments."""
    gate = require_reach(request)
    if gate.receives:
        raise Http404
    return gate


def _used(request: WorkRequest, number: str) -> Segment:
    """A segment that the reader may use; Http404 for any other."""
    for row in reading.visible(request.gate):
        if str(row.pk) == number:
            return row
    raise Http404


def _own(request: WorkRequest, number: str) -> Segment | None:
    return Segment.objects.filter(pk=whole(number) or 0, staff_id=request.user.staff_id).first()


def _trend(nights: list[reading.Night]) -> dict[str, Any]:
    """The data of the chart of sizes."""
    points = [[night.on.isoformat(), night.size] for night in nights]
    return {"name": _("Customers"), "points": points, "share": False, "target": None, "target_name": ""}

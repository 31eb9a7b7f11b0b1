"""The pages of free questions: those that are kept, and one with its table, its chart, its workbook and its customers."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.questions import reading
from weihu.workplace.act.questions.asking import LATEST, MONTHS, MONTHS_OF, Asked
from weihu.workplace.act.questions.dimensions import DIMENSIONS
from weihu.workplace.act.questions.examples import BLANK, EXAMPLES
from weihu.workplace.act.questions.measures import MEASURES
from weihu.workplace.act.questions.models import Question
from weihu.workplace.act.questions.table import Table
from weihu.workplace.act.segments.building import TOO_WIDE, built, changed, offered
from weihu.workplace.act.segments.reading import kept_nights
from weihu.workplace.act.segments.words import Words
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.whole import whole
from weihu.workplace.base.words import day
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.know.archive.lists import TooWide


@needs_run
@require_GET
def questions(request: WorkRequest) -> HttpResponse:
    """The reader's questions and those shared with the reader's post, in words."""
    gate = _asking(request)
    rows, words = reading.visible(gate), Words(gate)
    context = {
        "rows": [{"question": row, "words": _words(Asked.kept(row.asked), words)} for row in rows],
        "people": Staff.objects.in_bulk({row.staff_id for row in rows}),
        "examples": EXAMPLES.items(),
    }
    audit.record(request.user.staff_id, "questions.view")
    return render(request, "questions/questions.html", context)


@needs_run
@require_http_methods(["GET", "POST"])
def question_build(request: WorkRequest) -> HttpResponse:
    """A new question, or an example; htmx posts each change."""
    gate = _asking(request)
    words = Words(gate)
    if request.method == "GET":
        example = EXAMPLES.get(request.GET.get("example", ""))
        context = _page(request, words, example[1] if example else BLANK)
        return render(request, "questions/question.html", context | {"name": str(example[0]) if example else ""})
    asked = Asked.of(request.POST, words.fields)
    if request.POST.get("part") == "preview":
        return render(request, "questions/result.html", _result(request, words, asked))
    definition = changed(asked.definition, request.POST)
    asked = Asked(definition, asked.rows, asked.columns, asked.measures, asked.shown, asked.when)
    return render(request, "segments/rows.html", _page(request, words, asked) | {"swapped": True})


@needs_run
@require_GET
def question(request: WorkRequest, number: int) -> HttpResponse:
    """A question that is kept, with today's answer."""
    gate = _asking(request)
    row = _used(gate, number)
    audit.record(request.user.staff_id, "question.view", detail=str(row.pk))
    context = _page(request, Words(gate), Asked.kept(row.asked)) | {
        "question": row,
        "own": row.staff_id == request.user.staff_id,
        "by": Staff.objects.filter(pk=row.staff_id).first(),
        "name": row.name,
        "posts": [(key, post, key in row.posts) for key, post in request.book.posts.items() if post.decides],
    }
    return render(request, "questions/question.html", context)


@needs_run
@require_POST
def question_save(request: WorkRequest) -> HttpResponse:
    """Keep a question under a name, or change one's own."""
    gate = _asking(request)
    words = Words(gate)
    asked = Asked.of(request.POST, words.fields)
    name = request.POST.get("name", "").strip()[:60]
    wrong = next((words.fault(row) for row in asked.definition.conditions if words.fault(row)), "")
    if not name or wrong:
        context = _page(request, words, asked, complain=True)
        context |= {"refused": wrong or _("A question needs a name."), "name": name}
        return render(request, "questions/question.html", context, status=422)
    row = Question.objects.filter(pk=whole(request.POST.get("number", "")) or 0, staff_id=request.user.staff_id).first()
    row = row or Question(staff_id=request.user.staff_id, branch_id=request.user.branch_id)
    row.name, row.asked = name, asked.written()
    row.save()
    audit.record(request.user.staff_id, "question.save", detail=str(row.pk))
    toasts.say(request, _("Saved as %(name)s.") % {"name": name})
    return redirect("question", row.pk)


@needs_run
@require_POST
def question_act(request: WorkRequest, number: int) -> HttpResponse:
    """Share or delete one's own question."""
    row, act = _used(_asking(request), number), request.POST.get("act", "")
    if row.staff_id != request.user.staff_id:
        raise Http404
    if act not in ("share", "delete"):
        return HttpResponseBadRequest(str(_("No such act.")))
    audit.record(request.user.staff_id, f"question.{act}", detail=str(row.pk))
    if act == "delete":
        row.delete()
        toasts.say(request, _("%(name)s is deleted.") % {"name": row.name})
        return redirect("questions")
    row.posts = [key for key in request.book.posts if key in request.POST.getlist("post")]
    row.save(update_fields=["posts"])
    toasts.say(request, _("Shared.") if row.posts else _("Shared with nobody."))
    return redirect("question", row.pk)


@needs_run
@require_POST
def question_sheet(request: WorkRequest) -> HttpResponse:
    """The table as a workbook, with every measure that was chosen."""
    gate = _asking(request)
    words = Words(gate)
    asked = Asked.of(request.POST, words.fields)
    try:
        columns, rows = Table(asked, reading.ask(gate, asked), request.book).sheet()
    except TooWide:
        return HttpResponseBadRequest(str(TOO_WIDE))
    title = request.POST.get("name", "").strip()[:60] or str(_("Free question"))
    return download(request, Sheet(title, columns, rows))


@needs_run
@require_POST
def question_customers(request: WorkRequest) -> HttpResponse:
    """The customers of a row or a cell, as a segment that can be kept."""
    gate = _asking(request)
    words = Words(gate)
    asked = Asked.of(request.POST, words.fields)
    keys = _keys(request.POST.get("group", ""), len(asked.axes))
    definition = reading.narrowed(gate, asked, keys) if keys is not None else None
    if definition is None:
        return HttpResponseBadRequest(str(_("These conditions cannot be put together as one segment.")))
    return render(request, "segments/build.html", built(request, words, definition))


def _asking(request: WorkRequest) -> Gate:
    """The gate of who sees more than his or her own customers."""
    gate = require_reach(request)
    if not gate.decides:
        raise Http404
    return gate


def _used(gate: Gate, number: int) -> Question:
    """A question that the reader may ask; Http404 for any other."""
    for row in reading.visible(gate):
        if row.pk == number:
            return row
    raise Http404


def _keys(sent: str, axes: int) -> list[str | None] | None:
    """The keys of a group as the page sends them; None where they are none."""
    try:
        keys = json.loads(sent)
    except ValueError:
        return None
    fits = isinstance(keys, list) and len(keys) == axes and all(key is None or isinstance(key, str) for key in keys)
    return keys if fits else None


def _page(request: WorkRequest, words: Words, asked: Asked, complain: bool = False) -> dict[str, Any]:
    """The form of a question and its answer."""
    kept = kept_nights(request.run)
    whens = [(LATEST, _("%(day)s (latest)") % {"day": day(request.run.business_date)})]
    whens += [(f"{MONTHS_OF}{months}", _("month by month: last %(months)d") % {"months": months}) for months in MONTHS]
    whens += [(night.business_date.isoformat(), day(night.business_date)) for night in kept[1:]]
    if asked.on and asked.when not in dict(whens):
        whens.append((asked.when, day(asked.on)))
    return {
        **offered(words, asked.definition, complain, request.htmx.trigger or ""),
        **_result(request, words, asked),
        "dimensions": [(key, dimension.title) for key, dimension in DIMENSIONS.items()],
        "every_measure": [(key, measure.title, key in asked.measures) for key, measure in MEASURES.items()],
        "whens": whens,
        "preview": "questions/result.html",
        "build": reverse("question_build"),
    }


def _result(request: WorkRequest, words: Words, asked: Asked) -> dict[str, Any]:
    book: RuleBook = request.book
    usable = asked.definition.complete(book)
    context: dict[str, Any] = {
        "asked": asked,
        "words": words.definition(usable),
        "unused": len(asked.definition.conditions) - len(usable.conditions),
        "shown": [(key, MEASURES[key].title) for key in asked.measures],
        "build": reverse("question_build"),
    }
    try:
        table = Table(asked, reading.ask(request.gate, asked), book)
    except TooWide:
        return context | {"too_wide": TOO_WIDE}
    linked = reading.narrowed(request.gate, asked, [None] * len(asked.axes)) is not None
    return context | {"table": table, "linked": linked}


def _words(asked: Asked, words: Words) -> str:
    """A question in a sentence: what of whom, by what."""
    told = _(", ").join(str(MEASURES[key].title) for key in asked.measures)
    by = _(" and ").join(str(DIMENSIONS[key].title) for key in asked.axes)
    which = words.definition(asked.definition)
    if not by:
        return _("%(told)s · %(which)s") % {"told": told, "which": which}
    return _("%(told)s by %(by)s · %(which)s") % {"told": told, "by": by, "which": which}

"""Grading: how the base is distributed, who moved, who is close, and what another rule book would do."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from threading import Lock
from typing import Any, get_args

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.rules.grade import last_review
from weihu.rules.metric import timing
from weihu.rules.rulebook import FaultyBook, RuleBook
from weihu.workplace.bank.metric import Distance, distances
from weihu.workplace.bank.models import Run, Staff, rulebook_of
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.days import read_day
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.words import called, grade_words, measure_name
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.figures import STANDING, own_scope
from weihu.workplace.gate.reach import Gate, branches_below
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.judge.grading import books, columns, forms
from weihu.workplace.judge.grading.migration import Move, matrix, moves
from weihu.workplace.judge.grading.models import BookDraft, GradeException
from weihu.workplace.judge.grading.settings_words import setting_words, value_words
from weihu.workplace.judge.grading.whatif import State, side_by_side, work
from weihu.workplace.judge.grading.words import why_name

LISTED = 200
SHEET_ROWS = 5000
_lock = Lock()


@needs_run
@require_GET
def distribution(request: WorkRequest) -> HttpResponse:
    """The grades of everybody within reach, the Pareto curve, and the time that goes to the top."""
    gate = require_reach(request)
    scope = own_scope(gate)
    rows = scope.by_grade(request.run)
    whole = {name: sum((row[name] for row in rows), Decimal(0)) for name in STANDING}
    grades = list(request.book.grades.values())
    if request.GET.get("xlsx"):
        head = [_("Grade"), _("Customers"), "AUM", _("Contribution"), _("On watch")]
        lines = [
            [called(grade), row["customers"], row["aum"], row["contribution"], row["watched"]]
            for grade, row in zip(grades, rows, strict=True)
        ]
        return download(request, Sheet(str(_("Grade pyramid")), head, lines[::-1]))
    curves = {worth: columns.curve(gate, worth) for worth in get_args(columns.Worth)}
    context = {
        "rows": list(zip(range(len(grades)), grades, rows, strict=True))[::-1],
        "most": max((row["customers"] for row in rows), default=0),
        "whole": whole,
        "curves": curves,
        "chart": {name: curve.points for name, curve in curves.items() if curve},
        "staff": scope.staff_id,
        "planned": scope.planned(request.run),
        "spent": columns.spent_on_best(gate, _spent(request)),
        "idle": {
            "customers": whole["everybody"] - whole["customers"],
            "aum": whole["aum"] - whole["effective_aum"],
        },
        "days": request.book.pages.spent_days,
        "room": "distribution",
    }
    audit.record(request.user.staff_id, "grading.view")
    return render(request, "grading/distribution.html", context)


@needs_run
@require_GET
def migration(request: WorkRequest) -> HttpResponse:
    """Who moved between two dates: a picture, a matrix, and the people behind each number."""
    gate = require_reach(request)
    until = read_day(request.GET.get("until", "")) or request.run.business_date
    until = min(until, request.run.business_date)
    then = _book_at(until) or request.book
    after = read_day(request.GET.get("after", "")) or last_review(until, then) - timedelta(days=1)
    moved = _of_whom(moves(gate, after, until, then), request)
    grades = list(then.grades.values())
    now = _counts_at(request, until, then)
    table = matrix(moved, now, len(grades))
    shown = _chosen(moved, len(grades), request)
    if request.GET.get("xlsx"):
        return _moves_sheet(request, shown, then)
    names = [called(grade) for grade in grades]
    page = page_of(request, shown)
    standings = gate.reached({move.customer_id for move in page})
    people = Staff.objects.in_bulk({move.last.primary_id for move in page})
    context = {
        "after": after,
        "until": until,
        "then": then,
        "names": names,
        "matrix": [
            (rank, names[rank] if rank < len(names) else _("New"), table[rank])
            for rank in [*range(len(names))[::-1], len(names)]
        ],
        "columns": list(enumerate(names))[::-1],
        "sankey": {"names": [*names, _("New")], "matrix": table},
        "rising": sum(move.before is not None and move.after > move.before for move in moved),
        "falling": sum(move.before is not None and move.after < move.before for move in moved),
        "new": sum(move.before is None for move in moved),
        "moved": [
            (move, standings[move.customer_id], people.get(move.last.primary_id))
            for move in page
            if move.customer_id in standings
        ],
        "page": page,
        "count": len(shown),
        "which": request.GET.get("which", ""),
        "from_rank": request.GET.get("from", ""),
        "to_rank": request.GET.get("to", ""),
        "above": _above(request, then),
        "kept": {name: value for name in ("branch", "staff", "above") if (value := request.GET.get(name))},
        "room": "migration",
    }
    audit.record(request.user.staff_id, "grading.migration")
    return render(request, "grading/migration.html", context)


@needs_run
@require_GET
def near(request: WorkRequest) -> HttpResponse:
    """Who is close under the next grade and what it takes, and who is on watch."""
    gate, book = require_reach(request), request.book
    watched = request.GET.get("part") == "watch"
    most = SHEET_ROWS if request.GET.get("xlsx") else LISTED
    if watched:
        watched_rows = gate.standings().filter(watch_since__isnull=False, effective=True)
        standings = list(watched_rows.order_by("-grade_rank", "-aum", "customer_id")[:most])
        away = distances({row: row.grade_rank for row in standings}, request.run)
        rows: list[dict[str, Any]] = [
            {"standing": row, "metric": row.metric(request.run), "away": away.get(row)} for row in standings
        ]
    else:
        close = columns.near(gate, most)
        reached = gate.reached(close)
        grades = list(book.grades.values())
        rows = [
            {
                "standing": reached[key],
                "metric": away.metric,
                "away": away,
                "following": grade_words(grades[away.rank], book),
            }
            for key, away in close.items()
            if key in reached
        ]
    page = page_of(request, rows)
    if not request.GET.get("xlsx"):
        rows = list(page)
    people = Staff.objects.in_bulk({row["standing"].primary_id for row in rows})
    for row in rows:
        row["owner"] = people.get(row["standing"].primary_id)
    if request.GET.get("xlsx"):
        head = [
            _("Customer"),
            _("Customer number"),
            _("Grade"),
            "AUM",
            measure_name(book),
            _("Threshold"),
            _("Shortfall"),
            _("To add"),
            _("Days"),
            _("Primary"),
        ]
        lines = [
            [
                row["standing"].customer.name,
                row["standing"].customer_id,
                called(list(book.grades.values())[row["standing"].grade_rank]),
                row["standing"].aum,
                row["metric"],
                *_away_cells(row["away"]),
                row["owner"].name if row["owner"] else "",
            ]
            for row in rows
        ]
        title = _("On watch") if watched else _("Near the next grade")
        return download(request, Sheet(str(title), head, lines, [row["standing"].customer_id for row in rows]))
    averaged = timing(book) == "monthly_average"
    context = {"rows": rows, "page": page, "watched": watched, "averaged": averaged, "room": "near"}
    audit.record(request.user.staff_id, "grading.near")
    return render(request, "grading/near.html", context)


@transaction.non_atomic_requests
@needs_run
@require_http_methods(["GET", "POST"])
def whatif(request: WorkRequest) -> HttpResponse:
    """Change the rules and see what they would make of everybody within reach; nothing is written but a draft."""
    gate = require_reach(request)
    if not books.may_keep(gate):
        raise Http404
    form = forms.PolicyForm(request.POST if request.method == "POST" else None, book=request.book)
    context: dict[str, Any] = {"form": form, "room": "whatif"}
    if request.method == "POST" and not form.is_valid():
        return render(request, "grading/outcome.html" if request.htmx else "grading/whatif.html", context, status=422)
    try:
        proposed = form.proposed()
    except FaultyBook as faulty:
        context["faults"] = [fault.text(get_language() or "zh") for fault in faulty.faults]
        return render(request, "grading/outcome.html" if request.htmx else "grading/whatif.html", context, status=422)
    act = request.POST.get("act")
    if act == "keep":
        title = request.POST.get("title", "").strip()[:100] or proposed.version
        draft = books.keep(
            proposed, request.run.book, title, proposed.in_force_from, request.user.staff_id, request.run.work_date
        )
        toasts.say(request, _("Draft saved."))
        return redirect("book_draft", draft.pk)
    context |= _outcome(request, proposed)
    if act == "xlsx":
        names = ("customers", "aum", "contribution")
        head = [
            _("Grade"),
            *(
                f"{name} {when}"
                for name in (_("Customers"), "AUM", _("Contribution"))
                for when in (_("today"), _("then"))
            ),
            _("Risen"),
            _("Fallen"),
        ]
        lines = [
            [
                called(row["grade"]),
                *(row[f"{name}_{when}"] for name in names for when in ("now", "then")),
                row["risen"],
                row["fallen"],
            ]
            for row in context["rows"]
        ]
        return download(request, Sheet(str(_("What if")), head, lines))
    return render(request, "grading/outcome.html" if request.htmx else "grading/whatif.html", context)


@needs_run
@require_http_methods(["GET", "POST"])
def book_drafts(request: WorkRequest) -> HttpResponse:
    """The rule books that were proposed; a file may be proposed as a whole."""
    if not books.may_keep(require_reach(request)):
        raise Http404
    form = forms.BookFile(request.POST, request.FILES) if request.method == "POST" else forms.BookFile()
    faults: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            book = form.book()
        except FaultyBook as faulty:
            faults = [fault.text(get_language() or "zh") for fault in faulty.faults]
        else:
            title = f"{called(book)} {book.version}"[:100]
            draft = books.keep(
                book, request.run.book, title, book.in_force_from, request.user.staff_id, request.run.work_date
            )
            toasts.say(request, _("Draft saved."))
            return redirect("book_draft", draft.pk)
    every_draft = BookDraft.objects.select_related("book").order_by("-pk")
    if request.GET.get("xlsx"):
        head = [_("Rule book"), _("In force from"), _("By"), _("State")]
        lines = [
            [draft.title, draft.in_force_from, draft.made_by, draft.get_state_display()]
            for draft in every_draft[:LISTED]
        ]
        return download(request, Sheet(str(_("Rule books")), head, lines))
    used = Run.objects.filter(published=True).values("book_id", "book__key", "book__version").annotate(runs=Count("pk"))
    drafts = page_of(request, every_draft)
    context = {
        "drafts": drafts,
        "page": drafts,
        "people": Staff.objects.in_bulk({draft.made_by for draft in drafts} | {draft.decided_by for draft in drafts}),
        "used": used,
        "form": form,
        "faults": faults,
        "room": "books",
    }
    return render(request, "grading/books.html", context, status=422 if faults or form.errors else 200)


@needs_run
@require_http_methods(["GET", "POST"])
def book_draft(request: WorkRequest, number: int) -> HttpResponse:
    """One proposed book: what it changes, and the decision of a second person."""
    gate = require_reach(request)
    draft = BookDraft.objects.select_related("book", "base").filter(pk=number).first()
    if draft is None or not books.may_keep(gate):
        raise Http404
    refused = ""
    if request.method == "POST":
        act, note = request.POST.get("act"), request.POST.get("note", "").strip()[:500]
        try:
            if act == "submit":
                books.submit(draft, request.user.staff_id)
            elif act in ("approve", "refuse"):
                books.decide(draft, act == "approve", gate, request.run.work_date, note)
            else:
                return HttpResponseBadRequest()
            toasts.say(request, {"submit": _("Submitted."), "approve": _("Approved.")}.get(str(act), _("Refused.")))
            return redirect("book_draft", number)
        except books.NotAllowed as reason:
            refused = str(forms.REFUSALS[reason.reason])
    context = {
        "draft": draft,
        "differences": _differences(draft, request),
        "maker": Staff.objects.filter(staff_id=draft.made_by).first(),
        "decider": Staff.objects.filter(staff_id=draft.decided_by).first(),
        "own": draft.made_by == request.user.staff_id,
        "may_approve": books.may_approve(gate),
        "refused": refused,
        **_outcome(request, rulebook_of(draft.book_id)),
        "room": "books",
    }
    return render(request, "grading/book.html", context, status=403 if refused else 200)


@needs_run
@require_POST
def exception(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Propose that a customer keeps a grade until a day, with a reason; agree to what another has proposed; or end it."""
    standing = request.gate.standing(customer_id)
    if not request.gate.decides:
        raise Http404
    by, on = request.user.staff_id, request.run.work_date
    if number := request.POST.get("end", ""):
        open_ones = GradeException.objects.filter(customer_id=customer_id, ended_on__isnull=True)
        if number.isdecimal() and open_ones.filter(pk=int(number)).update(ended_on=on, ended_by=by):
            audit.record(by, "exception.end", customer_id, number)
            toasts.say(request, _("The exception is ended."))
        return redirect("customer", customer_id)
    if number := request.POST.get("agree", ""):
        waiting = exceptions_waiting(request.gate, customer_id)
        if not number.isdecimal() or not waiting.filter(pk=int(number)).update(agreed_by=by, from_on=on):
            return HttpResponseForbidden(str(_("Somebody else who decides has to agree.")))
        audit.record(by, "exception.agree", customer_id, number)
        toasts.say(request, _("Agreed; it holds from the next night on."))
        return redirect("customer", customer_id)
    grade, reason = request.POST.get("grade", ""), request.POST.get("reason", "").strip()[:500]
    until = read_day(request.POST.get("until", ""))
    last = on + timedelta(days=request.book.portfolios.exception_days)
    known = grade in request.book.grades and request.book.rank(grade) > standing.grade_rank
    if not (known and reason and until and on <= until <= last):
        return HttpResponseBadRequest(
            str(_("An exception needs a higher grade, a reason and an end within the limit."))
        )
    made = GradeException.objects.create(
        customer_id=customer_id, grade=grade, from_on=on, until_on=until, reason=reason, granted_by=by
    )
    audit.record(by, "exception.propose", customer_id, f"{made.pk} {grade} {until}")
    toasts.say(
        request,
        _("Proposed; somebody else who decides has to agree."),
        reverse("exception", args=[customer_id]),
        fields={"end": made.pk},
    )
    return redirect("customer", customer_id)


def exceptions_waiting(gate: Gate, customer_id: str) -> QuerySet[GradeException]:
    """The exceptions of a customer within reach that wait for the person's agreement."""
    rows = GradeException.objects.filter(customer_id=customer_id, agreed_by="", ended_on__isnull=True)
    return rows.exclude(granted_by=gate.staff.staff_id) if gate.decides else rows.none()


def exceptions_of(customer_id: str, on: date) -> list[GradeException]:
    """The exceptions of a customer that hold or wait for a second person."""
    rows = GradeException.objects.filter(customer_id=customer_id, until_on__gte=on, ended_on__isnull=True)
    return list(rows.order_by("until_on"))


def _outcome(request: WorkRequest, proposed: RuleBook) -> dict[str, Any]:
    """What a book would make of everybody within reach: the context of grading/outcome.html."""
    with _lock:
        cells = _loaded(request.run).moved(proposed, request.gate.scope)
    rows = side_by_side(cells, proposed)
    known = [cell for cell in cells if cell.before >= 0]
    people = list(request.gate.colleagues().values_list("branch_id", "post"))
    return {
        "proposed": proposed,
        "rows": rows,
        "risen": sum(cell.customers for cell in known if cell.after > cell.before),
        "fallen": sum(cell.customers for cell in known if cell.after < cell.before),
        "protected": bool(proposed.policy.downgrade_after_months),
        "work": work(cells, request.book, proposed, people),
        "posts": proposed.posts,
        "most": max((max(row["customers_now"], row["customers_then"]) for row in rows), default=1),
    }


@lru_cache(maxsize=1)
def _loaded(run: Run) -> State:
    """The columns of a run, for every reader."""
    folder = settings.HOME.run(run.number)
    settings.HOME.checksums.verify(folder)
    return State(folder, run.rulebook, run.month_days)


def _differences(draft: BookDraft, request: WorkRequest) -> list[tuple[str, str, str]]:
    """What a draft changes, in words."""
    before, after = books.compared_with(draft, request.run.book), rulebook_of(draft.book_id)
    old = rulebook_of(before.pk)
    return [
        (
            setting_words(path, after if _has(path, draft.book.content) else old),
            value_words(was, old),
            value_words(now, after),
        )
        for path, was, now in books.differences(before.content, draft.book.content)
    ]


def _has(path: books.Path, content: Any) -> bool:
    for step in path:
        if not isinstance(content, dict) or step not in content:
            return False
        content = content[step]
    return True


def _spent(request: WorkRequest) -> list[tuple[str, int]]:
    """Contacts of the last days per customer, by the people within reach."""
    after = request.run.business_date - timedelta(days=request.book.pages.spent_days)
    rows = Contact.objects.filter(on__gt=after)
    if request.gate.reach == "own":
        rows = rows.filter(staff_id=request.user.staff_id)
    elif request.gate.reach == "branch":
        rows = rows.filter(staff_id__in=request.gate.colleagues().values("staff_id"))
    return list(rows.values_list("customer_id").annotate(times=Count("pk")))


def _book_at(until: date) -> RuleBook | None:
    """The book of the last night up to a date."""
    run = Run.objects.filter(business_date__lte=until, published=True).order_by("-number").first()
    return run.rulebook if run else None


def _counts_at(request: WorkRequest, until: date, then: RuleBook) -> dict[int, int]:
    """Customers per rank of a book at a date: today's, less what moved since. Grades it does not have are left out."""
    keys = list(request.book.grades)
    counts = {keys[row["grade_rank"]]: row["count"] for row in _counted(request)}
    now = {then.rank(key): count for key, count in counts.items() if key in then.grades}
    if until < request.run.business_date:
        for move in moves(request.gate, until, request.run.business_date, then):
            now[move.after] = now.get(move.after, 0) - 1
            if move.before is not None:
                now[move.before] = now.get(move.before, 0) + 1
    return now


def _counted(request: WorkRequest) -> Any:
    rows, branch, staff = request.gate.standings().order_by(), request.GET.get("branch"), request.GET.get("staff")
    if branch:
        rows = rows.filter(branch_id__in=branches_below(branch))
    if staff:
        rows = rows.filter(primary_id=staff)
    return rows.values("grade_rank").annotate(count=Count("pk"))


def _chosen(moved: list[Move], ranks: int, request: WorkRequest) -> list[Move]:
    """The moves of one cell, of those who rose or fell; the largest first."""
    which, begin, end = (request.GET.get(name, "") for name in ("which", "from", "to"))
    if which == "up":
        moved = [move for move in moved if move.before is not None and move.after > move.before]
    if which == "down":
        moved = [move for move in moved if move.before is not None and move.after < move.before]
    if (above := request.GET.get("above", "")).isdecimal():
        moved = [
            move
            for move in moved
            if (move.before is not None and move.before >= int(above)) != (move.after >= int(above))
        ]
    if begin.isdecimal():
        number = int(begin)
        moved = [move for move in moved if (ranks if move.before is None else move.before) == number]
    if end.isdecimal():
        moved = [move for move in moved if move.after == int(end)]
    return sorted(moved, key=lambda move: (-max(move.before or 0, move.after), -move.last.aum, move.customer_id))


def _above(request: WorkRequest, then: RuleBook) -> str:
    """The grade across whose lower bound the listed customers moved; empty, if all are listed."""
    rank, grades = request.GET.get("above", ""), list(then.grades.values())
    return called(grades[int(rank)]) if rank.isdecimal() and int(rank) < len(grades) else ""


def _of_whom(moved: list[Move], request: WorkRequest) -> list[Move]:
    """The moves of customers of one branch (with those below it) or of one person, where the address asks for it."""
    branch, staff = request.GET.get("branch", ""), request.GET.get("staff", "")
    if branch:
        below = set(branches_below(branch))
        moved = [move for move in moved if move.last.branch_id in below]
    return [move for move in moved if move.last.primary_id == staff] if staff else moved


def _moves_sheet(request: WorkRequest, shown: list[Move], then: RuleBook) -> HttpResponse:
    standings = request.gate.reached({move.customer_id for move in shown[:SHEET_ROWS]})
    names = [called(grade) for grade in then.grades.values()]
    head = [_("Customer"), _("Customer number"), _("Before"), _("After"), _("Why"), _("On"), _("Metric"), "AUM"]
    kept = [move for move in shown[:SHEET_ROWS] if move.customer_id in standings]
    lines = [
        [
            standings[move.customer_id].customer.name,
            move.customer_id,
            _("New") if move.before is None else names[move.before],
            names[move.after],
            why_name(move.last.why),
            move.last.on,
            move.last.metric,
            move.last.aum,
        ]
        for move in kept
    ]
    return download(request, Sheet(str(_("Grade migration")), head, lines, [move.customer_id for move in kept]))


def _away_cells(away: Distance | None) -> list[Any]:
    """Threshold, lacking, to add, days."""
    return [away.threshold, away.lacking, away.add, away.days] if away else [None] * 4

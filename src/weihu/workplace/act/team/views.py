"""The team's day: the live board, the morning sheet (晨会), the evening review (夕会), the work log (工作日志)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_http_methods

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.reception.watching import unusual
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.signals.reasons import Names, open_signals, reasons_of
from weihu.workplace.act.team.day import PersonDay, day_of, followed_up, run_for
from weihu.workplace.act.team.models import Undone, WorkNote
from weihu.workplace.bank.models import Branch, Run, Staff, Standing
from weihu.workplace.bank.planned import Planned
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.days import read_day
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.pdf import PDF, Grid, Page, write_pdf
from weihu.workplace.base.whole import whole
from weihu.workplace.base.words import amount_text, called, day, per_cent, weekday
from weihu.workplace.contact.models import Outcome
from weihu.workplace.gate import limits, reveals
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download, mark_of, refused

MOST_MINUTES = 600
SHEET_TASKS = 40
COUNTS = {
    "planned": lazy("Planned"),
    "done": lazy("Done"),
    "contacts": lazy("Contacts"),
    "agreed": lazy("Arranged"),
    "visits": lazy("Visits in the next week"),
}
"""What is counted of a day, with its name."""


@needs_run
@require_GET
def board(request: WorkRequest) -> HttpResponse:
    """Everybody's progress today; the page refreshes itself."""
    people, branch, branches = _people(request)
    on = _day_of(branch, request)
    rows = day_of(people, request.run, on)
    rows = [row for row in rows if row.planned or row.contacts or row.absence]
    covers = Staff.objects.in_bulk({row.absence.cover_id for row in rows if row.absence and row.absence.cover_id})
    whole = {
        "planned": sum(len(row.planned) for row in rows),
        "done": sum(len(row.done) for row in rows),
        "contacts": sum(len(row.contacts) for row in rows),
    }
    page = page_of(request, rows)
    context = {
        "rows": page,
        "page": page,
        "whole": whole,
        "plan": sum((row.plan for row in rows), Planned()),
        "covers": covers,
        "unusual": unusual(people, request.book, request.run.work_date, timezone.now()) if request.gate.decides else [],
        "revealing": reveals.unusual(people, request.run.work_date, request.book) if request.gate.decides else [],
        "branch": branch,
        "branches": branches,
        "on": on,
        "now": timezone.localtime(),
        "room": "board",
    }
    return render(request, "team/board_rows.html" if request.htmx else "team/board.html", context)


@needs_run
@require_GET
def revealed(request: WorkRequest) -> HttpResponse:
    """Which values people of the branch had shown in full on a day, and why: of the reader's own reach."""
    people, branch, branches = _people(request)
    if not request.gate.decides:
        raise Http404
    on, chosen = read_day(request.GET.get("on")) or request.run.work_date, _chosen(request, people)
    page = page_of(request, reveals.of(chosen, on))
    customers = {row.customer_id for row in page}
    standings = {row.customer_id: row for row in request.gate.standings().filter(customer_id__in=customers)}
    names = {member.staff_id: member.name for member in people}
    audit.record(request.user.staff_id, "reveals.view", detail=f"{branch.branch_id if branch else ''} {on}")
    context = {
        "rows": [
            {
                "reveal": row,
                "name": names[row.staff_id],
                "standing": standings.get(row.customer_id),
                "field": request.book.fields.get(row.field),
                "late": reveals.is_late(row.at, request.book),
            }
            for row in page
        ],
        "page": page,
        "people": people,
        "chosen": request.GET.get("staff", ""),
        "on": on,
        "branch": branch,
        "branches": branches,
        "room": "revealed",
    }
    return render(request, "team/revealed.html", context)


@needs_run
@require_GET
def morning(request: WorkRequest) -> HttpResponse:
    """The morning sheet on the screen: the last working day's results, the next one's lists and visits."""
    people, branch, branches = _people(request)
    chosen = _chosen(request, people)
    on = _day_of(branch, request)
    today, yesterday = _two_days(request, chosen, branch)
    standings, reasons = _named(request, today)
    audit.record(request.user.staff_id, "morning.view", detail=branch.branch_id if branch else "")
    context = {
        "rows": [
            (
                row,
                yesterday.get(row.staff.staff_id),
                _tasks(row, standings, reasons),
                [(standings[visit.customer_id], visit) for visit in row.visits if visit.customer_id in standings],
                row.plan.top_share_of(row.staff.post, request.book),
            )
            for row in today
        ],
        "people": people,
        "on": on,
        "chosen": request.GET.get("staff", ""),
        "branch": branch,
        "branches": branches,
        "room": "morning",
    }
    return render(request, "team/morning.html", context)


@needs_run
@require_GET
def morning_pdf(request: WorkRequest) -> HttpResponse:
    """The morning sheet as PDF: a page for the branch, then a page for each person."""
    people, branch, _branches = _people(request)
    chosen = _chosen(request, people)
    on = _day_of(branch, request)
    today, yesterday = _two_days(request, chosen, branch)
    standings, reasons = _named(request, today)
    under = f"{weekday(on)} · {_('data of %(on)s') % {'on': day(request.run.business_date)}}"
    pages = [_branch_page(request, branch, under, today, yesterday)] if branch and len(chosen) > 1 else []
    pages += [_person_page(request, row, under, yesterday.get(row.staff.staff_id), standings, reasons) for row in today]
    if not pages:
        raise Http404
    with transaction.atomic():
        try:
            limits.take(limits.Kind.ROWS, request.gate, len(standings))
        except limits.LimitReached as reached:
            return refused(reached)
        by = request.user.staff_id
        audit.record_many(audit.Act(by, "customer.print", customer) for customer in standings)
    content = write_pdf(pages, mark_of(request.user, timezone.now()))
    name = f"weihu-morning-{on}.pdf"
    return HttpResponse(content, PDF, headers={"Content-Disposition": f'inline; filename="{name}"'})


@needs_run
@require_http_methods(["GET", "POST"])
def evening(request: WorkRequest) -> HttpResponse:
    """The evening review: done, undone with reasons, results, and what is agreed for the coming days."""
    people, branch, branches = _people(request)
    on, run = _evening_of(branch, request)
    if request.method == "POST":
        _keep_reasons(request, run, on)
        toasts.say(request, _("Recorded."))
        return redirect(reverse("evening") + (f"?branch={branch.branch_id}" if branch else ""))
    rows = [row for row in day_of(people, run, on) if row.planned or row.contacts]
    page = page_of(request, rows)
    standings = request.gate.reached({customer for row in rows for customer in row.open})
    mine = next((row for row in rows if row.staff.staff_id == request.user.staff_id), None)
    audit.record(request.user.staff_id, "evening.view", detail=branch.branch_id if branch else "")
    context = {
        "rows": [
            (
                row,
                [(standings.get(customer), row.undone.get(customer)) for customer in row.open if customer in standings],
            )
            for row in page
        ],
        "page": page,
        "mine": [(standings[customer], mine.undone.get(customer)) for customer in mine.open if customer in standings]
        if mine
        else [],
        "own": mine,
        "on": on,
        "whys": Undone.Why.choices,
        "agreed": followed_up(rows),
        "visits": _visits(people, on).count(),
        "branch": branch,
        "branches": branches,
        "room": "evening",
    }
    return render(request, "team/evening.html", context)


@needs_run
@require_GET
def day_counted(request: WorkRequest) -> HttpResponse:
    """The rows behind a count of a day: the tasks of people, those done, or their contacts, with a result or all."""
    people, branch, branches = _people(request)
    chosen, today = _chosen(request, people), _day_of(branch, request)
    on = read_day(request.GET.get("on", "")) or today
    of, only = request.GET.get("of", ""), request.GET.get("only", "")
    if of not in COUNTS or not chosen:
        raise Http404
    if of == "visits":
        found = [
            (visit.staff_id, visit.customer_id, f"{day(visit.on)} {visit.at:%H:%M}") for visit in _visits(chosen, on)
        ]
    else:
        rows = day_of(chosen, request.run if on == today else run_for(on), on)
        found = [(row.staff.staff_id, *pair) for row in rows for pair in _counted(row, of, only)]
    page = page_of(request, found)
    reached = request.gate.reached(customer for _staff, customer, _what in page)
    names = {member.staff_id: member for member in chosen}
    audit.record(request.user.staff_id, "team.day", detail=f"{of} {on} {request.GET.get('staff', '')}")
    context = {
        "of": COUNTS[of],
        "page": page,
        "rows": [({"what": what}, reached.get(customer), names[staff]) for staff, customer, what in page],
        "has": {"what": True},
        "on": on,
        "person": chosen[0] if request.GET.get("staff") else None,
        "branch": branch,
        "branches": branches,
        "room": "",
    }
    return render(request, "team/counted.html", context)


@needs_run
@require_http_methods(["GET", "POST"])
def work_log(request: WorkRequest) -> HttpResponse:
    """A person's last days: contacts, which are logged automatically, and notes of other work."""
    gate, on = require_reach(request), request.run.work_date
    if request.method == "POST":
        minutes, text = whole(request.POST.get("minutes", "")), request.POST.get("text", "").strip()[:500]
        if not text or minutes is None or not 0 < minutes <= MOST_MINUTES:
            return HttpResponseBadRequest(str(_("What was done, and how many minutes it took.")))
        WorkNote.objects.create(staff_id=request.user.staff_id, on=on, minutes=minutes, text=text)
        audit.record(request.user.staff_id, "work.note")
        toasts.say(request, _("Entered in the work log."))
        return redirect("work_log")
    wanted = request.GET.get("staff", request.user.staff_id)
    people = list(gate.colleagues()) if gate.decides else []
    staff = next((member for member in [request.user, *people] if member.staff_id == wanted), None)
    if staff is None:
        raise Http404
    until = read_day(request.GET.get("until", "")) or on
    days = [until - timedelta(days=back) for back in range(request.book.pages.log_days)]
    days_read = [(on_day, day_of([staff], run_for(on_day), on_day)[0]) for on_day in days]
    rows = [
        (on_day, row, _worked(row, request.book))
        for on_day, row in days_read
        if row.planned or row.contacts or row.notes
    ]
    if request.GET.get("xlsx"):
        head = [_("Day"), _("Planned"), _("Done"), _("Contacts"), _("Minutes"), _("Other work")]
        lines = [
            [
                on_day,
                len(row.planned),
                len(row.done),
                len(row.contacts),
                minutes,
                "; ".join(note.text for note in row.notes),
            ]
            for on_day, row, minutes in rows
        ]
        return download(request, Sheet(str(_("Work log")), head, lines))
    audit.record(request.user.staff_id, "work.log", detail=staff.staff_id)
    context = {"rows": rows, "staff": staff, "people": people, "until": until, "room": "log"}
    return render(request, "team/log.html", context)


def _people(request: WorkRequest) -> tuple[list[Staff], Branch | None, list[Branch]]:
    """The people whose day the reader may see, by their posts from the highest down, their branch, and the branches to choose
    from."""
    gate = require_reach(request)
    if not gate.decides:
        return [request.user], Branch.objects.filter(branch_id=request.user.branch_id).first(), []
    branches = list(Branch.objects.filter(branch_id__in=gate.branches).order_by("branch_id"))
    staffed = set(gate.colleagues().values_list("branch_id", flat=True))
    branches = [candidate for candidate in branches if candidate.branch_id in staffed]
    wanted = request.GET.get("branch") or request.POST.get("branch") or _first_branch(request)
    branch = next(
        (candidate for candidate in branches if candidate.branch_id == wanted), branches[0] if branches else None
    )
    if branch is None:
        return [], None, []
    places = {post: place for place, post in enumerate(request.book.posts)}
    people = gate.colleagues().filter(branch_id=branch.branch_id)
    ordered = sorted(people, key=lambda member: (-places.get(member.post, -1), member.staff_id))
    return ordered, branch, branches


def _first_branch(request: WorkRequest) -> str:
    """The reader's own branch, if anybody there answers for customers, else the first where somebody does."""
    posts = {post for grade in request.book.grades.values() for post in grade.posts}
    working = list(request.gate.colleagues().filter(post__in=posts).values_list("branch_id", flat=True))
    own = str(request.user.branch_id)
    return own if own in working or not working else str(working[0])


def _chosen(request: WorkRequest, people: list[Staff]) -> list[Staff]:
    wanted = request.GET.get("staff", "")
    return [member for member in people if member.staff_id == wanted] if wanted else people


def _day_of(branch: Branch | None, request: WorkRequest) -> date:
    """The day of the page: the next on which the branch is open, or on which a reader of own customers works."""
    gate = request.gate
    if branch is None or not gate.decides:
        return gate.list_day
    return gate.days_at(branch.branch_id).following(request.run.business_date, branch.branch_id)


def _evening_of(branch: Branch | None, request: WorkRequest) -> tuple[date, Run | None]:
    """The day to look back on, and the run of its lists: today, or on a closed day the last open one."""
    today = request.run.work_date
    if _day_of(branch, request) == today:
        return today, request.run
    where = branch.branch_id if branch else request.user.branch_id
    on = request.gate.days_at(where).last_open(today, where)
    return on, run_for(on)


def _two_days(
    request: WorkRequest, people: list[Staff], branch: Branch | None
) -> tuple[list[PersonDay], dict[str, PersonDay]]:
    """The next day of people with a list or a visit, and everybody's last working day by staff number."""
    on = _day_of(branch, request)
    today = [row for row in day_of(people, request.run, on) if row.planned or row.visits]
    where = branch.branch_id if branch else request.user.branch_id
    before = request.gate.days_at(where).last_open(request.run.work_date, where)
    return today, {row.staff.staff_id: row for row in day_of(people, run_for(before), before)}


def _named(request: WorkRequest, rows: list[PersonDay]) -> tuple[dict[str, Standing], dict[str, list[str]]]:
    """The customers on the lists within reach, and their reasons in words."""
    wanted = {customer for row in rows for customer in row.planned}
    wanted |= {visit.customer_id for row in rows for visit in row.visits}
    standings = request.gate.reached(wanted)
    signals = open_signals(request.gate, sorted(standings))
    words = Names(request.book)
    return standings, {
        customer: [reason.text for reason in reasons_of(words, open_ones)] for customer, open_ones in signals.items()
    }


def _tasks(
    row: PersonDay, standings: dict[str, Standing], reasons: dict[str, list[str]]
) -> list[tuple[Standing, list[str], int]]:
    """A person's list: customer, reasons, minutes."""
    return [
        (standings[customer], reasons.get(customer, []), task.minutes)
        for customer, task in row.planned.items()
        if customer in standings
    ]


def _counted(row: PersonDay, of: str, only: str) -> list[tuple[str, str]]:
    """The customers behind a count of a person's day, with what is said of each: the result, or whether the task is done.
    ``only``: contacts with this result, or agreed follow-ups of this day."""
    if of in ("contacts", "agreed"):
        wanted = [contact for contact in row.contacts if of == "contacts" or contact.follow_up_on]
        said = {contact.pk: contact.outcome if of == "contacts" else str(contact.follow_up_on) for contact in wanted}
        kept = [contact for contact in wanted if only in ("", said[contact.pk])]
        return [(contact.customer_id, contact.get_outcome_display()) for contact in kept]
    tasks = [(customer, customer in row.done) for customer in row.planned]
    return [(customer, _("Done") if done else _("Not done")) for customer, done in tasks if done or of == "planned"]


def _visits(people: list[Staff], on: date) -> QuerySet[Visit]:
    """The visits to come in the week after a day."""
    span = {"on__gt": on, "on__lte": on + timedelta(days=7)}
    rows = Visit.objects.filter(staff_id__in=[member.staff_id for member in people], cancelled=False, **span)
    return rows.order_by("on", "at", "pk")


def _worked(row: PersonDay, book: RuleBook) -> int:
    """Minutes worked on a day: planned minutes of done tasks, other contacts, other work."""
    tasks = sum(task.minutes for customer, task in row.planned.items() if customer in row.done)
    others = len({contact.customer_id for contact in row.contacts} - set(row.planned))
    return tasks + others * book.portfolios.contact_minutes + sum(note.minutes for note in row.notes)


def _keep_reasons(request: WorkRequest, run: Run | None, on: date) -> None:
    """Save the reasons for the reader's own undone tasks."""
    mine = day_of([request.user], run, on)[0]
    with transaction.atomic():
        for customer in mine.open:
            why = request.POST.get(f"why-{customer}", "")
            if why in Undone.Why.values:
                Undone.objects.update_or_create(
                    staff_id=request.user.staff_id, on=on, customer_id=customer, defaults={"why": why}
                )
        audit.record(request.user.staff_id, "evening.review", detail=str(on))


def _results(row: PersonDay | None) -> str:
    if row is None:
        return "—"
    outcomes = ", ".join(f"{label} {count}" for _key, label, count in row.outcomes)
    return f"{len(row.done)}/{len(row.planned)}" + (f" ({outcomes})" if outcomes else "")


def _branch_page(
    request: WorkRequest, branch: Branch, under: str, today: list[PersonDay], yesterday: dict[str, PersonDay]
) -> Page:
    posts = request.book.posts
    lines = [
        [
            row.staff.name,
            called(posts.get(row.staff.post)),
            _results(yesterday.get(row.staff.staff_id)),
            row.plan.tasks,
            row.plan.minutes,
            per_cent(row.plan.top_share_of(row.staff.post, request.book)),
            len(row.visits),
        ]
        for row in today
    ]
    head = [
        _("Name"),
        _("Post"),
        _("Yesterday"),
        _("Tasks"),
        _("Minutes"),
        _("Top %(share)s") % {"share": per_cent(request.book.top_share)},
        _("Visits"),
    ]
    done = sum(len(row.done) for row in yesterday.values())
    planned = sum(len(row.planned) for row in yesterday.values())
    interested = sum(contact.outcome == Outcome.INTERESTED for row in yesterday.values() for contact in row.contacts)
    summary = _("Yesterday %(done)s of %(planned)s done, %(interested)s interested. Today %(tasks)s tasks.") % {
        "done": done,
        "planned": planned,
        "interested": interested,
        "tasks": sum(len(row.planned) for row in today),
    }
    grid = Grid(_("Team"), head, lines, (3, 3, 7, 2, 2, 2, 2), frozenset({3, 4, 5, 6}))
    title = f"{_('Morning meeting')} · {branch.name}"
    return Page(title, under, [summary], [grid])


def _person_page(
    request: WorkRequest,
    row: PersonDay,
    under: str,
    yesterday: PersonDay | None,
    standings: dict[str, Standing],
    reasons: dict[str, list[str]],
) -> Page:
    book = request.book
    grades = list(book.grades.values())
    lines = [
        [
            place,
            standing.customer.name,
            called(grades[standing.grade_rank]),
            amount_text(standing.aum, book.currency),
            "; ".join(why),
            "",
        ]
        for place, (standing, why, _minutes) in enumerate(_tasks(row, standings, reasons)[:SHEET_TASKS], 1)
    ]
    head = ["", _("Customer"), _("Grade"), "AUM", _("Why today"), _("Result")]
    grids = [Grid(_("Today"), head, lines, (1, 3, 3, 4, 12, 4), frozenset({3}))]
    if row.visits:
        visits = [
            [f"{visit.at:%H:%M}", standings[visit.customer_id].customer.name, visit.place]
            for visit in row.visits
            if visit.customer_id in standings
        ]
        grids.insert(0, Grid(_("Visits"), [_("At"), _("Customer"), _("Place")], visits, (2, 4, 10)))
    summary = _("Yesterday: %(results)s. Today %(tasks)s tasks, %(minutes)s minutes.") % {
        "results": _results(yesterday),
        "tasks": row.plan.tasks,
        "minutes": row.plan.minutes,
    }
    top_share = row.plan.top_share_of(row.staff.post, book)
    if top_share is not None:
        summary += " " + _("Of them %(top)s for the top customers.") % {"top": per_cent(top_share)}
    return Page(f"{row.staff.name} · {called(book.posts.get(row.staff.post))}", under, [summary], grids)

"""The pages of runs: what was delivered and computed, how long each step took."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from weihu.workplace.bank.models import Run
from weihu.workplace.base.paging import page_of
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.see.health.alarms import alarms

STEP_NAMES = {
    "verify": _("Verify what the last nights left"),
    "land": _("Check and land the files"),
    "gather": _("Read what the day recorded"),
    "compile": _("Check and compile the rules"),
    "carry": _("Carry yesterday's state"),
    "value": _("Value customers"),
    "grade": _("Grade customers"),
    "assign": _("Assign customers"),
    "signals": _("Find reasons to act"),
    "lists": _("Write the lists"),
    "plan": _("Plan everybody's list"),
    "measure": _("Measure the effect"),
    "write": _("Write the state"),
    "publish": _("Publish to the workplace"),
}
FILE_NAMES = {
    "branches": _("Branches"),
    "staff": _("Staff"),
    "products": _("Products"),
    "customers": _("Customers"),
    "accounts": _("Accounts"),
    "balances": _("Balances"),
    "transactions": _("Transactions"),
    "holdings": _("Liabilities and services"),
    "authorised": _("Authorised persons"),
}


def _readable(request: WorkRequest) -> QuerySet[Run]:
    """The published runs; Http404 for posts that may not see them."""
    post = request.book.posts.get(request.user.post)
    if post is None or not post.sees_runs:
        raise Http404
    return Run.objects.filter(published=True, number__lte=request.run.number).order_by("-number")


@needs_run
def runs(request: WorkRequest) -> HttpResponse:
    """The runs, newest first."""
    page = page_of(request, _readable(request))
    wrong = alarms(settings.HOME, timezone.now())
    return render(request, "runs/list.html", {"runs": page, "page": page, "alarms": wrong})


@needs_run
def run(request: WorkRequest, number: int) -> HttpResponse:
    """One run's report."""
    published = get_object_or_404(_readable(request), number=number)
    report = published.report
    seconds = report["seconds"]
    total = sum(seconds.values()) or 1
    context: dict[str, Any] = {
        "shown": published,
        "report": report,
        "steps": [(STEP_NAMES[name], spent, round(100 * spent / total)) for name, spent in seconds.items()],
        "total_seconds": total,
        "landed": [(FILE_NAMES[file], rows) for file, rows in report["landed"].items()],
        "grades": [(grade, report["effective_grades"].get(key, 0)) for key, grade in request.book.grades.items()],
        "signals": [(rule, report["signals"].get(key, 0)) for key, rule in request.book.signals.items()],
    }
    return render(request, "runs/detail.html", context)

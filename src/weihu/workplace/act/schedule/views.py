"""The schedule (日程): upcoming occasions, visits agreed, and the calendar feed."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

import icalendar
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.act.schedule.models import Feed
from weihu.workplace.act.schedule.visits import event, visits_agreed
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.fields import seal
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.words import name_mask
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.life.upcoming import portfolio, upcoming_occasions


@needs_run
@require_GET
def upcoming(request: WorkRequest) -> HttpResponse:
    """Occasions of the reader's own customers in the coming weeks, and the address of the calendar feed."""
    if request.gate.reach == "none":
        raise Http404
    pages = request.book.pages
    days = pages.far_ahead_days if request.GET.get("days") == str(pages.far_ahead_days) else pages.ahead_days
    rows = upcoming_occasions(portfolio(request.gate), request.book, request.run.work_date, days)
    page = page_of(request, rows)
    feed = Feed.objects.filter(staff_id=request.user.staff_id).first()
    audit.record(request.user.staff_id, "occasions.view")
    context = {
        "rows": [
            (
                row,
                row.words(request.book),
                request.book.occasions[row.occasion.kind],
                not request.gate.works(row.occasion.on),
            )
            for row in page
        ],
        "page": page,
        "days": days,
        "windows": (pages.ahead_days, pages.far_ahead_days),
        "visits": visits_agreed(request.gate, request.run.work_date, request.run.work_date + timedelta(days=days)),
        "feed": request.build_absolute_uri(reverse("feed", args=[feed.secret])) if feed else "",
    }
    return render(request, "schedule/upcoming.html", context)


@needs_run
@require_POST
def feed_act(request: WorkRequest) -> HttpResponse:
    """Create a new feed address, replacing the old one, or revoke it."""
    if request.gate.reach == "none":
        raise Http404
    with transaction.atomic():
        Feed.objects.filter(staff_id=request.user.staff_id).delete()
        if request.POST.get("act") == "make":
            secret = secrets.token_urlsafe(32)
            index = seal().token(secret, "feed")
            Feed.objects.create(
                staff_id=request.user.staff_id, secret=secret, secret_index=index, made_on=request.run.work_date
            )
        audit.record(request.user.staff_id, "feed.make" if request.POST.get("act") == "make" else "feed.revoke")
    toasts.say(request, _("The address of the calendar is changed."))
    return redirect(f"{reverse('occasions')}?calendar=1")


@login_not_required
@require_GET
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar feed of the address's owner. Names are masked, because calendars are kept on private phones."""
    run = current()
    address = Feed.objects.filter(secret_index=seal().token(secret, "feed")).first()
    staff = Staff.objects.filter(staff_id=address.staff_id, is_active=True).first() if address else None
    if run is None or address is None or staff is None:
        raise Http404
    gate, book = Gate(staff, run), run.rulebook
    if gate.reach == "none":
        raise Http404
    with override("zh-hans"):
        calendar = icalendar.Calendar()
        for name, value in (("version", "2.0"), ("prodid", "-//Weihu//occasions//ZH"), ("x-wr-calname", "维护 Weihu")):
            calendar.add(name, value)
        for row in upcoming_occasions(portfolio(gate), book, run.work_date, book.pages.feed_days):
            calendar.add_component(_event(row, book, run.work_date, gate.works(row.occasion.on)))
        for visit, standing in visits_agreed(gate, run.work_date, run.work_date + timedelta(days=book.pages.feed_days)):
            calendar.add_component(event(visit, standing, run.work_date))
    audit.record(staff.staff_id, "feed.read")
    return HttpResponse(calendar.to_ical(), "text/calendar; charset=utf-8")


def _event(row: Any, book: Any, stamp: date, works: bool) -> icalendar.Event:
    """An all-day event with the same identity from day to day; relatives' names are left out. A day off
    is named as such."""
    occasion = row.occasion
    entry = book.occasions[occasion.kind]
    detail = f" {occasion.what.name('zh')}" if occasion.what else ""
    place = seal().token(f"{row.standing.customer_id} {occasion.kind} {occasion.on} {occasion.who}", "event")
    return icalendar.Event.new(
        summary=f"{name_mask(row.standing.customer.name)} {entry.name('zh')}{detail}",
        description=entry.talk("zh") if works else f"{entry.talk('zh')}\n{_('a day off: get in touch before')}",
        start=occasion.on,
        end=occasion.on + timedelta(days=1),
        uid=f"{place}@weihu",
        stamp=stamp,
    )

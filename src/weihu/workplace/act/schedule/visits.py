"""Visits agreed with customers (面谈)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import icalendar
from django import forms
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.fields import seal
from weihu.workplace.base.words import name_mask, weekday
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run


class VisitForm(forms.Form):
    """Day, time, length and place of a visit."""

    token = forms.UUIDField()
    on = forms.DateField()
    at = forms.TimeField()
    minutes = forms.IntegerField(min_value=5, max_value=480, required=False)
    place = forms.CharField(max_length=100, required=False)


@needs_run
@require_POST
def visit(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record a visit; it appears in the calendar at once and on the list of its day."""
    request.gate.standing(customer_id)
    form = VisitForm(request.POST)
    if not form.is_valid() or form.cleaned_data["on"] < request.run.work_date:
        return HttpResponseBadRequest(str(_("A visit needs a time and a day that is not in the past.")))
    values = form.cleaned_data
    agreed, created = Visit.objects.get_or_create(
        token=values["token"],
        defaults={
            "customer_id": customer_id,
            "staff_id": request.user.staff_id,
            "on": values["on"],
            "at": values["at"],
            "minutes": values["minutes"] or request.book.signals["visit"].minutes,
            "place": values["place"],
            "made_on": request.run.work_date,
        },
    )
    if created:
        audit.record(request.user.staff_id, "visit.agree", customer_id, str(agreed.pk))
    if request.htmx:
        closed = not request.gate.works(agreed.on)
        return render(request, "schedule/agreed.html", {"visit": agreed, "closed": closed})
    cancel = reverse("visit_cancel", args=[customer_id, agreed.pk])
    toasts.say(request, _("Visit arranged: %(on)s") % {"on": weekday(agreed.on)}, undo=cancel)
    return redirect("customer", customer_id)


@needs_run
@require_POST
def visit_cancel(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """Cancel a visit."""
    request.gate.standing(customer_id)
    if not Visit.objects.filter(pk=number, customer_id=customer_id).update(cancelled=True):
        raise Http404
    audit.record(request.user.staff_id, "visit.cancel", customer_id, str(number))
    return redirect("customer", customer_id)


def visits_of(customer_id: str, on: date) -> list[Visit]:
    """A customer's visits from a day on."""
    return list(Visit.objects.filter(customer_id=customer_id, on__gte=on, cancelled=False).order_by("on", "at"))


def visits_agreed(gate: Gate, first: date, last: date) -> list[tuple[Visit, Standing]]:
    """The reader's own visits from ``first`` to ``last`` with their customers, if these are still within reach."""
    rows = Visit.objects.filter(staff_id=gate.staff.staff_id, on__gte=first, on__lte=last, cancelled=False)
    visits = list(rows.order_by("on", "at"))
    standings = gate.standings().filter(customer_id__in={row.customer_id for row in visits})
    standing_by_id = {row.customer_id: row for row in standings}
    return [(row, standing_by_id[row.customer_id]) for row in visits if row.customer_id in standing_by_id]


def event(row: Visit, standing: Standing, stamp: date) -> icalendar.Event:
    """A visit as a calendar event. Names are masked, because calendars are kept on private phones."""
    start = datetime.combine(row.on, row.at, timezone.get_current_timezone())
    return icalendar.Event.new(
        summary=f"{_('Visit')} {name_mask(standing.customer.name)}",
        location=row.place or None,
        start=start,
        end=start + timedelta(minutes=row.minutes),
        uid=f"{seal().token(f'visit {row.pk}', 'event')}@weihu",
        stamp=stamp,
    )

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

from weihu.workplace.audit import log
from weihu.workplace.fields import seal
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.gate import Gate
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.team.models import Visit
from weihu.workplace.words import name_mask


class VisitForm(forms.Form):
    """Day, time, place; not in the past."""

    token = forms.UUIDField()
    on = forms.DateField()
    at = forms.TimeField()
    minutes = forms.IntegerField(min_value=5, max_value=480, required=False)
    place = forms.CharField(max_length=100, required=False)


@at_work
@require_POST
def visit(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Agree a visit; it is in the calendar at once and on the list of its day."""
    request.gate.standing(customer_id)
    form = VisitForm(request.POST)
    if not form.is_valid() or form.cleaned_data["on"] < request.run.work_date:
        return HttpResponseBadRequest(str(_("A visit needs a time and a day that is not in the past.")))
    said = form.cleaned_data
    made, created = Visit.objects.get_or_create(
        token=said["token"],
        defaults={
            "customer_id": customer_id,
            "staff_id": request.user.staff_id,
            "on": said["on"],
            "at": said["at"],
            "minutes": said["minutes"] or request.book.signals["visit"].minutes,
            "place": said["place"],
            "made_on": request.run.work_date,
        },
    )
    if created:
        log.record(request.user.staff_id, "visit.agree", customer_id, str(made.pk))
    if request.htmx:
        return render(request, "team/agreed.html", {"visit": made})
    return redirect(reverse("customer", args=[customer_id]) + "#visits")


@at_work
@require_POST
def visit_cancel(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """It does not take place."""
    request.gate.standing(customer_id)
    if not Visit.objects.filter(pk=number, customer_id=customer_id).update(cancelled=True):
        raise Http404
    log.record(request.user.staff_id, "visit.cancel", customer_id, str(number))
    return redirect(reverse("customer", args=[customer_id]) + "#visits")


def visits_of(customer_id: str, on: date) -> list[Visit]:
    """A customer's visits from a day on."""
    return list(Visit.objects.filter(customer_id=customer_id, on__gte=on, cancelled=False).order_by("on", "at"))


def agreed_by(gate: Gate, first: date, last: date) -> list[tuple[Visit, Standing]]:
    """The reader's own visits of some days with their customers, as far as they are still within reach."""
    rows = Visit.objects.filter(staff_id=gate.staff.staff_id, on__gte=first, on__lte=last, cancelled=False)
    found = list(rows.order_by("on", "at"))
    standings = gate.standings().filter(customer_id__in={row.customer_id for row in found})
    known = {row.customer_id: row for row in standings}
    return [(row, known[row.customer_id]) for row in found if row.customer_id in known]


def event(row: Visit, standing: Standing, made: date) -> icalendar.Event:
    """A visit as a calendar has it: the customer's name masked, as calendars are kept on private telephones."""
    start = datetime.combine(row.on, row.at, timezone.get_current_timezone())
    return icalendar.Event.new(
        summary=f"{_('Visit')} {name_mask(standing.customer.name)}",
        location=row.place or None,
        start=start,
        end=start + timedelta(minutes=row.minutes),
        uid=f"{seal().index(f'visit {row.pk}', 'event')}@weihu",
        stamp=made,
    )

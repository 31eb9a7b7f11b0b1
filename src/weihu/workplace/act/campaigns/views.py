"""The pages of campaigns (活动): created from a saved list, checked, started with a control group, measured."""

from __future__ import annotations

import hashlib
import secrets
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from weihu.workplace.act.campaigns.drawing import OF_SEGMENT, OwnCampaign, TooLarge, check, segment_of, start, stop
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.act.campaigns.response import response
from weihu.workplace.act.segments.definition import Definition
from weihu.workplace.act.segments.models import Segment
from weihu.workplace.act.segments.reading import visible
from weihu.workplace.act.segments.words import Words
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.words import called
from weihu.workplace.contact.models import Outcome
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.archive.lists import ListQuery, TooWide
from weihu.workplace.know.archive.models import SavedView

CONTROL = {"class": "form-control"}


class CampaignForm(forms.Form):
    """A new campaign."""

    title = forms.CharField(label=lazy("Title"), max_length=60, widget=forms.TextInput(attrs=CONTROL))
    view = forms.ChoiceField(label=lazy("List"), widget=forms.Select(attrs={"class": "form-select"}))
    offer = forms.ChoiceField(label=lazy("Offer"), required=False, widget=forms.Select(attrs={"class": "form-select"}))
    from_on = forms.DateField(label=lazy("From"), widget=forms.DateInput(attrs={**CONTROL, "type": "date"}))
    to_on = forms.DateField(label=lazy("Until"), widget=forms.DateInput(attrs={**CONTROL, "type": "date"}))
    control = forms.IntegerField(
        label=lazy("Control group, %"),
        min_value=0,
        max_value=90,
        widget=forms.NumberInput(attrs=CONTROL),
    )
    wave_size = forms.IntegerField(
        label=lazy("Calls per person per day"),
        min_value=1,
        max_value=200,
        widget=forms.NumberInput(attrs=CONTROL),
    )
    stop_share = forms.IntegerField(
        label=lazy("Stop when this percentage decline"),
        min_value=1,
        max_value=100,
        widget=forms.NumberInput(attrs=CONTROL),
    )

    def clean(self) -> dict[str, Any]:
        """The campaign must end after it starts."""
        values = super().clean() or {}
        if values.get("from_on") and values.get("to_on") and values["to_on"] <= values["from_on"]:
            self.add_error("to_on", _("The end must be after the start."))
        return values


@needs_run
@require_http_methods(["GET", "POST"])
def campaigns(request: WorkRequest) -> HttpResponse:
    """All campaigns of the reader's branches, and a form for a new one."""
    gate = _deciding(request)
    views = list(SavedView.objects.filter(staff_id=request.user.staff_id).order_by("name"))
    begins = request.book.campaigns
    form = CampaignForm(
        request.POST or None,
        initial={
            "control": round(begins.control_share * 100),
            "wave_size": begins.wave_size,
            "stop_share": round(begins.stop_share * 100),
            "view": f"{OF_SEGMENT}{request.GET.get('segment', '')}",
        },
    )
    form.fields["view"].choices = [  # type: ignore[attr-defined]
        *((f"{OF_SEGMENT}{segment.pk}", segment.name) for segment in visible(gate)),
        *((str(view.pk), view.name) for view in views),
        *((f"grade={rank}", called(grade)) for rank, grade in enumerate(request.book.grades.values())),
    ]
    offers = [(key, called(offer)) for key, offer in request.book.offers.items()]
    form.fields["offer"].choices = [("", "—"), *offers]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        queries = {str(view.pk): view.query for view in views}
        draft = Campaign.objects.create(
            title=values["title"],
            offer=values["offer"],
            query=queries.get(values["view"], values["view"]),
            seed=secrets.randbelow(2**31),
            branch_id=request.user.branch_id,
            from_on=values["from_on"],
            to_on=values["to_on"],
            control_share=Decimal(values["control"]) / 100,
            wave_size=values["wave_size"],
            stop_share=Decimal(values["stop_share"]) / 100,
            stop_after=begins.stop_after,
            made_by=request.user.staff_id,
            made_on=request.run.work_date,
        )
        audit.record(request.user.staff_id, "campaign.make", detail=str(draft.pk))
        toasts.say(request, _("Draft saved. Somebody else who decides starts it."))
        return redirect("campaign", draft.pk)
    page = page_of(request, Campaign.objects.filter(branch_id__in=gate.branches).order_by("-pk"))
    context = {
        "page": page,
        "rows": [(row, row.targets.count()) for row in page],
        "people": Staff.objects.in_bulk({row.made_by for row in page}),
        "form": form,
    }
    return render(request, "campaigns/campaigns.html", context, status=422 if form.errors else 200)


@needs_run
@require_http_methods(["GET", "POST"])
def campaign(request: WorkRequest, number: int) -> HttpResponse:
    """A draft with its size and overlaps, or a running campaign with its effect; start by a second person, and stop."""
    gate, on = _deciding(request), request.run.work_date
    current = Campaign.objects.filter(pk=number, branch_id__in=gate.branches).first()
    if current is None:
        raise Http404
    refused = ""
    makers = Gate(Staff.objects.get(staff_id=current.made_by), request.run)
    if request.method == "POST":
        try:
            if request.POST.get("act") == "start" and request.POST.get("seen", "") != _seen(current):
                refused = _("The segment has changed meanwhile. Please look at it again.")
            elif request.POST.get("act") == "start":
                start(current, makers, request.book, request.user.staff_id, on)
                count = {"count": current.targets.filter(control=False).count()}
                toasts.say(request, _("Started with %(count)s customers.") % count)
            else:
                stop(current, request.user.staff_id, on, request.POST.get("reason", ""))
                toasts.say(request, _("The campaign is stopped."))
            if not refused:
                return redirect("campaign", number)
        except OwnCampaign:
            refused = _("Somebody else who decides starts what you have prepared.")
        except (TooLarge, TooWide):
            refused = _("The list is empty or too large.")
    audit.record(request.user.staff_id, "campaign.view", detail=str(number))
    context: dict[str, Any] = {
        "campaign": current,
        "offer": request.book.offers.get(current.offer),
        "list_address": current.query,
        "conditions": _conditions(current, gate),
        "segment": segment_of(current.query),
        "seen": _seen(current),
        "refused": refused,
        "own": current.made_by == request.user.staff_id,
        "agreeing": others_who_decide(gate, current.branch_id, current.made_by),
        "confidence": request.book.effects.confidence,
    }
    if current.state == Campaign.State.DRAFT:
        try:
            context["check"] = check(current, makers, request.book, on)
        except (TooLarge, TooWide):
            context["refused"] = _("The list is empty or too large.")
    else:
        effect = response(current, request.run, request.book)
        context["response"] = effect
        context["outcomes"] = [(Outcome(key).label, count) for key, count in sorted(effect.outcomes.items())]
        context["progress"] = round(100 * effect.called / effect.acted.size) if effect.acted.size else 0
    return render(request, "campaigns/campaign.html", context)


def _seen(current: Campaign) -> str:
    """A mark of the segment's conditions as they are shown, so that nobody starts what he or she has not seen."""
    number = segment_of(current.query)
    segment = Segment.objects.filter(pk=number).first() if number else None
    return hashlib.sha256(segment.definition.encode()).hexdigest() if segment else ""


def _conditions(current: Campaign, gate: Gate) -> list[str]:
    """Whom a campaign is for, in words."""
    if number := segment_of(current.query):
        segment = Segment.objects.filter(pk=number).first()
        return [Words(gate).definition(Definition.kept(segment.definition))] if segment else []
    return [condition.words for condition in ListQuery.of(QueryDict(current.query), gate.run.rulebook).filters]


def _deciding(request: WorkRequest) -> Gate:
    if not request.gate.decides:
        raise Http404
    return request.gate

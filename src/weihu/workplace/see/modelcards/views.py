"""The page of the models of who leaves, of whom a contact helps and of what customers are worth, for who sees more than
own customers; their switches, for who keeps the rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from weihu.insight import files
from weihu.insight.kept import NAME, UPLIFT, WORTH, Model
from weihu.rules.kinds.leaving import KIND
from weihu.rules.sections.signals import Leaving
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.gate.figures import own_scope
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.judge.grading import books
from weihu.workplace.see.cockpit.reading import Period, SignalEffect, effects_of
from weihu.workplace.see.modelcards import switching
from weihu.workplace.see.modelcards.card import KINDS, MEASURES, Card
from weihu.workplace.see.modelcards.pays import picture
from weihu.workplace.see.modelcards.uplift import UpliftCard
from weihu.workplace.see.modelcards.worth import WorthCard


@needs_run
@require_GET
def models(request: WorkRequest) -> HttpResponse:
    """What warns, whether acting on it pays, and the card of the kept model."""
    gate = require_reach(request)
    if not gate.decides:
        raise Http404
    model, last = Model.load(settings.HOME.insight / NAME), switching.last_switch(NAME)
    rule, book = request.book.signal(Leaving), request.book
    effect = _effect(gate) if rule else None
    audit.record(request.user.staff_id, "attrition.view")
    context = {
        "card": Card(model) if model else None,
        "measures": MEASURES.values(),
        "on": switching.is_on(NAME),
        "last": last,
        "by": Staff.objects.filter(staff_id=last.staff_id).first() if last else None,
        "may_switch": books.may_keep(gate),
        "warned": request.run.report["signals"].get(KIND),
        "warned_by": KINDS[request.run.report["warned_by"]["kind"]],
        "rule": rule,
        "rules": book.attrition,
        "effect": effect,
        "picture": picture(effect.each, book.currency) if effect and effect.each else None,
        "period": book.pages.effect_days,
        "horizon": book.effects.horizon_days,
        "confidence": book.effects.confidence,
        "scope": own_scope(gate),
        **_uplift(request),
        **_worth(request),
    }
    return render(request, "modelcards/models.html", context)


@needs_run
@require_POST
def model_switch(request: WorkRequest) -> HttpResponse:
    """Switch a model off or on, with a reason; from the next night on."""
    if not books.may_keep(require_reach(request)):
        raise Http404
    act, reason = request.POST.get("act"), request.POST.get("reason", "").strip()[:200]
    model = request.POST.get("model", NAME)
    if act not in ("on", "off") or not reason or model not in (NAME, UPLIFT, WORTH):
        return HttpResponseBadRequest()
    switching.switch(model, act == "on", reason, request.user.staff_id)
    toasts.say(request, _("Switched on.") if act == "on" else _("Switched off."))
    return redirect("models")


def _uplift(request: WorkRequest) -> dict[str, Any]:
    """Of whom a contact helps: what is kept, and its switch."""
    content = files.load(settings.HOME.insight / UPLIFT)
    return {
        "uplift": UpliftCard(content["facts"], request.book) if content else None,
        "uplift_on": switching.is_on(UPLIFT),
        "uplift_last": switching.last_switch(UPLIFT),
    }


def _worth(request: WorkRequest) -> dict[str, Any]:
    """Of what customers are worth: what was learned, and its switch."""
    content = files.load(settings.HOME.insight / WORTH)
    return {
        "worth": WorthCard(content["facts"], request.book) if content else None,
        "worth_on": switching.is_on(WORTH),
        "worth_last": switching.last_switch(WORTH),
        "rules_of_worth": request.book.worth,
    }


def _effect(gate: Gate) -> SignalEffect | None:
    """Of acting on warnings, over the days of the book within the reader's scope."""
    on = gate.run.business_date
    period = Period.of(on - timedelta(days=gate.run.rulebook.pages.effect_days), on, gate.run)
    rows = effects_of(own_scope(gate), period, gate.run.rulebook) if period else []
    return next((row for row in rows if row.kind == KIND), None)

"""The archive at the counter: recording facts, showing where they came from, correcting them."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.words import fact_words
from weihu.workplace.consent.consents import agreed_purposes
from weihu.workplace.gate.requests import WorkRequest, customer_page, needs_run
from weihu.workplace.know.archive.facts import (
    FactContent,
    FieldState,
    archive_of,
    history_of,
    record_fact,
    restore_fact,
    withdraw_fact,
)
from weihu.workplace.know.archive.forms import SEEN, FactsForm, numbers
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.know.archive.portrait import alerts, missing

QUICK = "missing"
AUTO_ID = {False: "id_%s", True: "fact_%s"}
"""How inputs are named on the page of the form, and where a field stands among other forms."""


@needs_run
@require_http_methods(["GET", "POST"])
def facts(request: WorkRequest, customer_id: str) -> HttpResponse:
    """The form of a category's fields, of the missing ones, or of one field where it stands on the customer's page.

    Saves all of them or, if a field is wrong, none.
    """
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    part = request.GET.get("part", QUICK)
    asked = _fields_asked(request, standing, archive, part)
    known_keys = {key for key, state in archive.items() if state.known}
    consents = agreed_purposes([customer_id], request.book.consents)[customer_id]
    if request.method == "POST":
        # the fields that the page asked for, even if somebody else has recorded one of them meanwhile
        form = FactsForm(
            [state for state in archive.values() if SEEN + state.key in request.POST],
            known_keys,
            consents,
            request.POST,
            auto_id=AUTO_ID[bool(request.htmx)],
        )
        if form.is_valid():
            _save(request, customer_id, form)
            if request.htmx:
                return _told(request, standing, part, saved=True)
            toasts.say(request, _("Recorded in the archive."))
            return redirect(customer_page(customer_id, "archive"))
    elif request.GET.get("shown"):
        return _told(request, standing, part)
    else:
        audit.record(request.user.staff_id, "facts.form", customer_id)
        form = FactsForm(asked, known_keys, consents, initial=_initial(request), auto_id=AUTO_ID[bool(request.htmx)])
    context = {
        "form": form,
        "standing": standing,
        "customer": standing.customer,
        "alerts": alerts(archive),
        "part": part,
        "parts": _categories(archive),
        "lacking": len(missing(archive, standing, request.book)),
        "expected_count": len(request.book.expected(standing.grade_rank)),
    }
    template = "archive/fact_form.html" if request.htmx else "archive/facts.html"
    return render(request, template, context, status=422 if form.errors else 200)


@needs_run
@require_GET
def fact_history(request: WorkRequest, customer_id: str, key: str) -> HttpResponse:
    """Everything ever recorded of a field, with its provenance."""
    standing = request.gate.standing(customer_id)
    field = _field(request, key)
    state = archive_of(standing.customer, request.book, request.run.work_date)[key]
    history = page_of(request, history_of(customer_id, key))
    audit.record(request.user.staff_id, "facts.history", customer_id, key)
    context = {
        "customer": standing.customer,
        "known": state,
        "page": history,
        "facts": [(fact, fact_words(field, fact.value)) for fact in history],
        "people": Staff.objects.in_bulk({fact.staff_id for fact in history}),
        "core": fact_words(field, state.core) if state.core else "",
    }
    return render(request, "archive/fact_history.html", context)


@needs_run
@require_POST
def fact_act(request: WorkRequest, customer_id: str, key: str, number: int) -> HttpResponse:
    """Withdraw a fact, restore it, or choose it over the conflicting ones."""
    request.gate.standing(customer_id)
    _field(request, key)
    fact = Fact.objects.filter(pk=number, customer_id=customer_id, field=key).first()
    if fact is None:
        raise Http404
    by, on, act = request.user.staff_id, request.run.work_date, request.POST.get("act")
    if act == "withdraw":
        withdraw_fact(fact, by, on)
        back = reverse("fact_act", args=[customer_id, key, number])
        toasts.say(request, _("Withdrawn."), back, {"act": "restore"})
    elif act == "restore":
        restore_fact(fact, by, on)
        toasts.say(request, _("Restored."))
    elif act == "choose":
        _choose(request, fact)
        toasts.say(request, _("Chosen."))
    else:
        return HttpResponseBadRequest()
    return redirect("fact_history", customer_id, key)


def _initial(request: WorkRequest) -> dict[str, object]:
    """A new token; a link from a complaint also brings channel and source."""
    initial: dict[str, object] = {"token": uuid4()}
    if request.GET.get("channel") in Channel.values:
        initial |= {"channel": request.GET["channel"], "source": request.GET.get("source", "")[:200]}
    return initial


def _choose(request: WorkRequest, fact: Fact) -> None:
    """Record the chosen value anew, in place of all facts that were on the page."""
    content = FactContent(
        field=fact.field,
        value=fact.value,
        channel=Channel(fact.channel),
        confidence=Confidence(fact.confidence),
        source=fact.source,
        valid_from=fact.valid_from,
        valid_until=fact.valid_until,
    )
    seen = numbers(request.POST.get("seen", ""))
    record_fact(fact.customer_id, content, seen, request.user.staff_id, request.run.work_date, uuid4())


def _save(request: WorkRequest, customer_id: str, form: FactsForm) -> None:
    with transaction.atomic():
        for content, seen, token in form.contents():
            record_fact(customer_id, content, seen, request.user.staff_id, request.run.work_date, token)


def _told(request: WorkRequest, standing: Standing, part: str, saved: bool = False) -> HttpResponse:
    """A field as the customer's page shows it, once more."""
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    if part not in archive:
        raise Http404
    context = {"known": archive[part], "customer": standing.customer, "saved": saved, "again": True}
    return render(request, "archive/fact.html", context)


def _fields_asked(
    request: WorkRequest, standing: Standing, archive: dict[str, FieldState], part: str
) -> list[FieldState]:
    """The fields of a part of the form, without the name: that is the core system's alone."""
    if part == QUICK:
        return missing(archive, standing, request.book)
    if part in archive and part != "name":
        return [archive[part]]
    if part not in _categories(archive):
        raise Http404
    return [state for state in archive.values() if state.field.category == part and state.key != "name"]


def _categories(archive: dict[str, FieldState]) -> list[str]:
    return list(dict.fromkeys(state.field.category for state in archive.values()))


def _field(request: WorkRequest, key: str) -> CatalogueField:
    field = request.book.fields.get(key)
    if field is None:
        raise Http404
    return field

"""The archive at the counter: record facts, look at where they came from, put them right."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.archive.facts import Known, Written, archive_of, history_of, record, restore, withdraw
from weihu.workplace.archive.forms import SEEN, FactsForm, numbers
from weihu.workplace.archive.models import Channel, Confidence, Fact
from weihu.workplace.archive.portrait import alerts, missing
from weihu.workplace.audit import log
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.models import Staff
from weihu.workplace.requests import WorkRequest, at_work
from weihu.workplace.rights.consents import agreed
from weihu.workplace.words import fact_words

QUICK = "missing"


@at_work
@require_http_methods(["GET", "POST"])
def facts(request: WorkRequest, customer_id: str) -> HttpResponse:
    """The form: one category's fields, or first of all what is missing. Saves them all or, if one is wrong, none."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    part = request.GET.get("part", QUICK)
    asked = _asked(request, standing, archive, part)
    told = {key for key, known in archive.items() if known.known}
    consented = agreed([customer_id], request.book.consents)[customer_id]
    if request.method == "POST":
        # what the page had asked for, even if somebody else has told it meanwhile
        form = FactsForm(
            [known for known in archive.values() if SEEN + known.key in request.POST], told, consented, request.POST
        )
        if form.is_valid():
            _save(request, customer_id, form)
            return redirect("customer", customer_id)
    else:
        log.record(request.user.staff_id, "facts.form", customer_id)
        form = FactsForm(asked, told, consented, initial=_initial(request))
    context = {
        "form": form,
        "standing": standing,
        "customer": standing.customer,
        "alerts": alerts(archive),
        "part": part,
        "parts": _categories(archive),
        "here": "customers",
        "lacking": len(missing(archive, standing, request.book)),
        "expected_count": len(request.book.expected(standing.grade_rank)),
    }
    return render(request, "archive/facts.html", context, status=422 if form.errors else 200)


@at_work
@require_GET
def fact_history(request: WorkRequest, customer_id: str, key: str) -> HttpResponse:
    """Everything that was recorded of one field, with its provenance."""
    standing = request.gate.standing(customer_id)
    field = _field(request, key)
    known = archive_of(standing.customer, request.book, request.run.work_date)[key]
    history = history_of(customer_id, key)
    log.record(request.user.staff_id, "facts.history", customer_id, key)
    context = {
        "customer": standing.customer,
        "known": known,
        "here": "customers",
        "facts": [(fact, fact_words(field, fact.value)) for fact in history],
        "people": Staff.objects.in_bulk({fact.staff_id for fact in history}),
        "core": fact_words(field, known.core) if known.core else "",
    }
    return render(request, "archive/fact_history.html", context)


@at_work
@require_POST
def fact_act(request: WorkRequest, customer_id: str, key: str, number: int) -> HttpResponse:
    """Withdraw a fact, restore it, or choose it among those that stand side by side."""
    request.gate.standing(customer_id)
    _field(request, key)
    fact = Fact.objects.filter(pk=number, customer_id=customer_id, field=key).first()
    if fact is None:
        raise Http404
    by, on, act = request.user.staff_id, request.run.work_date, request.POST.get("act")
    if act == "withdraw":
        withdraw(fact, by, on)
    elif act == "restore":
        restore(fact, by, on)
    elif act == "choose":
        _choose(request, fact)
    else:
        return HttpResponseBadRequest()
    return redirect("fact_history", customer_id, key)


def _initial(request: WorkRequest) -> dict[str, object]:
    """A new token; from a complaint, the channel and the occasion come with the link."""
    initial: dict[str, object] = {"token": uuid4()}
    if request.GET.get("channel") in Channel.values:
        initial |= {"channel": request.GET["channel"], "source": request.GET.get("source", "")[:200]}
    return initial


def _choose(request: WorkRequest, fact: Fact) -> None:
    """Record the chosen value anew in place of all that the chooser has seen."""
    chosen = Written(
        field=fact.field,
        value=fact.value,
        channel=Channel(fact.channel),
        confidence=Confidence(fact.confidence),
        source=fact.source,
        valid_from=fact.valid_from,
        valid_until=fact.valid_until,
    )
    seen = numbers(request.POST.get("seen", ""))
    record(fact.customer_id, chosen, seen, request.user.staff_id, request.run.work_date, uuid4())


def _save(request: WorkRequest, customer_id: str, form: FactsForm) -> None:
    with transaction.atomic():
        for written, seen, token in form.written():
            record(customer_id, written, seen, request.user.staff_id, request.run.work_date, token)


def _asked(request: WorkRequest, standing: Standing, archive: dict[str, Known], part: str) -> list[Known]:
    """The fields of a part of the form; of the customer's name the core system alone decides."""
    if part == QUICK:
        return missing(archive, standing, request.book)
    if part not in _categories(archive):
        raise Http404
    return [known for known in archive.values() if known.field.category == part and known.key != "name"]


def _categories(archive: dict[str, Known]) -> list[str]:
    return list(dict.fromkeys(known.field.category for known in archive.values()))


def _field(request: WorkRequest, key: str) -> CatalogueField:
    field = request.book.fields.get(key)
    if field is None:
        raise Http404
    return field

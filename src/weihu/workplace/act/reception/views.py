"""Reception (接待): the search at the counter, the service card with its acts, and what the counter told."""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.rules.sections.entry import Entry
from weihu.workplace.act.reception import serving
from weihu.workplace.act.reception.finding import TooManyMisses, receive
from weihu.workplace.act.reception.serving import Service, answering
from weihu.workplace.act.signals.reasons import Names, Reason, open_signals, reasons_of
from weihu.workplace.bank.models import Run, Signal, Staff, Standing
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.whole import whole
from weihu.workplace.consent.consents import agreed_purposes
from weihu.workplace.gate import cards
from weihu.workplace.gate.models import ServiceCard
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.second import TwoStepLogin
from weihu.workplace.judge.benefits.using import UsedUp, due_to
from weihu.workplace.judge.portfolio.common import REFUSALS
from weihu.workplace.judge.portfolio.decisions import DecisionRefused, open_referral
from weihu.workplace.judge.portfolio.referrals import offer_of
from weihu.workplace.know.archive.facts import FieldState, archive_of
from weihu.workplace.know.archive.forms import SEEN, FactsForm
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.archive.portrait import alerts, flows, missing
from weihu.workplace.know.life.questions import questions_of

LISTED = 30
"""So many of the day's cards and so many memos a page shows."""
BASICS = ("sex", "birth_date", "phone", "identity_number")
"""What a card's head says of the customer, masked where the catalogue says so."""
REFUSED = {
    "nobody": _("Nobody of this branch has this number. Check it: searches that find nobody are counted."),
    "cards": _("You have opened as many service cards today as you may."),
    "misses": _("Too many of your searches found nobody today."),
    "used": _("This benefit is used up."),
    "words": _("Please write what it is about."),
}
DONE = {
    "facts": _("Recorded, and told to who answers."),
    "benefit": _("The benefit is used."),
    "referral": _("Referred."),
    "complaint": _("The complaint is open."),
    "told": _("Told."),
}


class SignIn(TwoStepLogin):
    """Signing in; who receives customers at the counter begins with the search, unless another page was asked for."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form, with the staff number that a step of the tour asks for, and the tour."""
        context = super().get_context_data(**kwargs)
        context["tour"] = json.loads(settings.HOME.tour.read_text("utf-8")) if settings.HOME.tour.is_file() else []
        context["asked_for"] = self.request.GET.get("as", "")
        return context

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        """The page that was asked for; the first page is nobody's wish."""
        asked = super().get_redirect_url(*args, **kwargs)
        return "" if asked == reverse("today") else asked

    def get_default_redirect_url(self) -> str:
        """The search or today's list, by the post."""
        run: Run | None = self.request.run  # type: ignore[attr-defined]
        receives = run is not None and Gate(cast(Staff, self.request.user), run).receives
        return reverse("reception" if receives else "today")


def _receiving(request: WorkRequest) -> Gate:
    if not request.gate.receives:
        raise Http404
    return request.gate


@needs_run
@require_http_methods(["GET", "POST"])
def reception(request: WorkRequest) -> HttpResponse:
    """The search, and the day's cards. The number comes in a POST, so that it is in no log of addresses."""
    gate, at = _receiving(request), timezone.now()
    refused, several, number, why = "", [], "", ServiceCard.Why.BUSINESS
    if request.method == "POST":
        number = request.POST.get("number", "").strip()[:40]
        if request.POST.get("why") not in ServiceCard.Why.values:
            return HttpResponseBadRequest()
        why = ServiceCard.Why(request.POST["why"])
        try:
            found = receive(gate, number, why, at, request.POST.get("customer", ""))
        except cards.DayIsFull:
            refused = "cards"
        except TooManyMisses:
            refused = "misses"
        else:
            if found.card:
                return redirect("service_card", found.card.customer_id)
            several = found.several
            refused = "" if several else "nobody"
    context = {
        **_day(gate),
        "refused": REFUSED.get(refused, ""),
        "several": several,
        "number": number if several else "",
        "why": why,
        "whys": ServiceCard.Why.choices,
        "left": cards.cards_left(gate),
    }
    return render(request, "reception/reception.html", context, status=422 if refused else 200)


@needs_run
@require_GET
def called(request: WorkRequest) -> HttpResponse:
    """The cards of the day, with those that the queue machine has opened since; the page asks again and again."""
    return render(request, "reception/day.html", _day(_receiving(request)))


@needs_run
@require_GET
def service_card(request: WorkRequest, customer_id: str) -> HttpResponse:
    """An open card; 404 before it is opened and after it has closed."""
    service = _service(request, customer_id)
    audit.record(request.user.staff_id, "card.view", customer_id)
    done = DONE.get(request.GET.get("done", ""), "")
    return render(request, "reception/card.html", {**_card(request, service), "done": done})


@needs_run
@require_POST
def card_facts(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record what was learned while serving."""
    service = _service(request, customer_id)
    form = _facts_form(request, service, archive_of(service.standing.customer, request.book, request.run.work_date))
    if not form.is_valid():
        context = {**_card(request, service), "form": form}
        return render(request, "reception/card.html", context, status=422)
    recorded = serving.learn(service, form.contents(), form.cleaned_data["token"])
    return _back(customer_id, "facts" if recorded else "")


@needs_run
@require_POST
def card_act(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Use a benefit, refer upward, open a complaint, tell who answers, or close the card."""
    service, act = _service(request, customer_id), request.POST.get("act", "")
    try:
        token = UUID(request.POST.get("token", ""))
    except ValueError:
        return HttpResponseBadRequest()
    text = request.POST.get("text", "").strip()[:500]
    refused = ""
    try:
        if act == "close":
            cards.close_card(service.card, timezone.now())
            return redirect("reception")
        if act == "benefit":
            serving.use_benefit(service, request.POST.get("benefit", ""), token)
        elif act == "referral":
            _refer(request, service, text)
        elif act in ("complaint", "told") and not text:
            refused = str(REFUSED["words"])
        elif act == "complaint":
            serving.complain(service, text[:100], text, token)
        elif act == "told":
            serving.tell(service, text, token)
        else:
            return HttpResponseBadRequest()
    except UsedUp:
        refused = str(REFUSED["used"])
    except DecisionRefused as wrong:
        refused = str(REFUSALS[wrong.reason])
    if refused:
        return render(request, "reception/card.html", {**_card(request, service), "refused": refused}, status=422)
    return _back(customer_id, act)


@needs_run
@require_http_methods(["GET", "POST"])
def memos(request: WorkRequest) -> HttpResponse:
    """What the counter told the reader, and those whom he or she covers; a POST marks one as read."""
    gate = require_reach(request)
    if request.method == "POST":
        number = whole(request.POST.get("number", ""))
        serving.memos_waiting(gate).filter(pk=number or 0).update(read_on=request.run.work_date)
        return redirect("memos")
    unread = list(serving.memos_waiting(gate).order_by("-pk")[:LISTED])
    read = serving.memos_to(gate).filter(read_on__isnull=False).order_by("-pk")
    listed = unread + list(read[: LISTED - len(unread)])
    standings = gate.reached([row.customer_id for row in listed])
    audit.record(request.user.staff_id, "memos.view")
    context = {
        "rows": [(row, standings.get(row.customer_id)) for row in listed if row.customer_id in standings],
        "people": Staff.objects.in_bulk({row.from_id for row in listed}),
    }
    return render(request, "reception/memos.html", context)


def _service(request: WorkRequest, customer_id: str) -> Service:
    gate, at = request.gate, timezone.now()
    standing = gate.served(at).filter(customer_id=customer_id).first()
    card = cards.card_of(gate, customer_id, at) if standing else None
    if standing is None or card is None:
        raise Http404
    return Service(gate, card, standing)


def _back(customer_id: str, done: str) -> HttpResponse:
    response = redirect("service_card", customer_id)
    if done:
        response.headers["Location"] += f"?done={done}"
    return response


def _day(gate: Gate) -> dict[str, Any]:
    """The day's cards: of open ones the customer, of closed ones only when and what for."""
    at = timezone.now()
    rows = list(cards.cards_of(gate)[:LISTED])
    served = {row.customer_id: row for row in gate.served(at)}
    return {"rows": [(row, served.get(row.customer_id) if row.until > at else None) for row in rows]}


def _card(request: WorkRequest, service: Service) -> dict[str, Any]:
    gate, standing, on = service.gate, service.standing, request.run.work_date
    archive = archive_of(standing.customer, request.book, on)
    lacking = missing(archive, standing, request.book)
    signals = open_signals(gate, [service.customer_id]).get(service.customer_id, [])
    referred = open_referral(service.customer_id)
    named = (standing.primary_id, standing.deputy_id, answering(service), referred.to_id if referred else "")
    people = [person for person in named if person]
    return {
        "card": service.card,
        "standing": standing,
        "customer": standing.customer,
        "basics": [archive[key] for key in BASICS if key in archive and archive[key].value],
        "money": _money(request, standing),
        "people": Staff.objects.in_bulk(people),
        "answering": answering(service),
        "alerts": alerts(archive),
        "reasons": _reasons(request, signals),
        "benefits": [(due, uuid4()) for due in due_to(standing, request.book, on) if due.left],
        "lacking": len(lacking),
        "expected_count": len(request.book.expected(standing.grade_rank)),
        "form": _facts_form(request, service, archive),
        "owed": standing.grade_rank in request.book.duty_ranks(request.user.post),
        "offer": offer_of(request, standing),
        "referred": referred,
        "token": uuid4(),
    }


def _reasons(request: WorkRequest, signals: list[Signal]) -> list[tuple[Reason, Entry, str]]:
    """The customer's open reasons with what to say; the heaviest first."""
    language = get_language() or "zh-hans"
    rows = reasons_of(Names(request.book), signals)
    rules = [request.book.signals[row.signal.kind] for row in rows]
    return [(row, rule, row.talk(request.book, language)) for row, rule in zip(rows, rules, strict=True)]


def _money(request: WorkRequest, standing: Standing) -> dict[str, Any] | None:
    """Balances, for posts in whose reach the customer is."""
    if not request.gate.standings().filter(customer_id=standing.customer_id).exists():
        return None
    history = request.gate.history(standing)
    return {"aum": standing.aum, "flows": flows(request.run, history)}


def _facts_form(request: WorkRequest, service: Service, archive: dict[str, FieldState]) -> FactsForm:
    """What payments let one ask, then what the customer's grade expects; of both what nobody has told, a few at once."""
    standing, book = service.standing, request.book
    known_keys = {key for key, state in archive.items() if state.known}
    consents = agreed_purposes([service.customer_id], book.consents)[service.customer_id]
    if request.method == "POST" and any(name.startswith(SEEN) for name in request.POST):
        # the fields that the card asked for, even if somebody else has recorded one of them meanwhile
        shown = [state for state in archive.values() if SEEN + state.key in request.POST and state.key != "name"]
        data = request.POST.copy()
        data.setlist("channel", [Channel.SERVICE])
        data.setlist("confidence", [str(int(Confidence.TOLD))])
        return FactsForm(shown, known_keys, consents, data)
    fields = [asked.event.field for asked in questions_of(request, service.customer_id, archive)]
    keys = [key for key in fields if key not in known_keys] + [state.key for state in missing(archive, standing, book)]
    asked = [archive[key] for key in list(dict.fromkeys(keys))[: book.ask_at_once]]
    return FactsForm(asked, known_keys, consents, initial={"token": uuid4()})


def _refer(request: WorkRequest, service: Service, text: str) -> None:
    """Refer to the chosen receiver; the evidence names amounts only where the reader may see them. Raises
    DecisionRefused."""
    offer = offer_of(request, service.standing)
    if offer is None:
        raise DecisionRefused("referred")
    receivers = {receiver.staff_id: receiver for receiver in offer["receivers"]}
    to = receivers.get(request.POST.get("to", ""), offer["receivers"][0])
    seen = _money(request, service.standing) is not None
    evidence = " · ".join(part for part in (offer["evidence"] if seen else str(_("Met at the counter")), text) if part)
    serving.refer(service, to, offer["target"], evidence)

"""Message templates and their approval; sending a message from the list."""

from __future__ import annotations

from uuid import UUID, uuid4

from django import forms
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from weihu.workplace.act.messaging.gateways import gateways
from weihu.workplace.act.messaging.models import Medium, Message, Template
from weihu.workplace.act.messaging.sending import PLACES, drafts, send, templates_waiting, wrong_places
from weihu.workplace.act.signals.reasons import open_signals
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.words import called
from weihu.workplace.consent.consents import missing_consents
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.know.archive.facts import archive_of, barred_customers


class TemplateForm(forms.Form):
    """A proposed template."""

    medium = forms.ChoiceField(
        label=_("Sent by"), choices=Medium.choices, widget=forms.Select(attrs={"class": "form-select"})
    )
    title = forms.CharField(label=_("Title"), max_length=60, widget=forms.TextInput(attrs={"class": "form-control"}))
    text = forms.CharField(
        label=_("Text"), max_length=500, widget=forms.Textarea(attrs={"class": "form-control", "rows": 3})
    )
    kinds = forms.MultipleChoiceField(
        label=_("For the reasons"), required=False, widget=forms.SelectMultiple(attrs={"class": "form-select"})
    )
    provider_code = forms.CharField(
        label=_("Number at the provider"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def clean_text(self) -> str:
        """Refuse unknown placeholders."""
        text = str(self.cleaned_data["text"])
        if wrong := wrong_places(text):
            named = {"wrong": ", ".join(wrong), "places": " ".join(f"{{{place}}}" for place in PLACES)}
            raise forms.ValidationError(_("%(wrong)s is not a placeholder; available: %(places)s") % named)
        return text


@needs_run
@require_http_methods(["GET", "POST"])
def templates(request: WorkRequest) -> HttpResponse:
    """All templates with their state. One supervisor proposes a template, another approves it."""
    require_reach(request)
    form = TemplateForm(request.POST or None)
    form.fields["kinds"].choices = [(key, called(rule)) for key, rule in request.book.signals.items()]  # type: ignore[attr-defined]
    if request.method == "POST":
        if not request.gate.decides:
            raise Http404
        if form.is_valid():
            values = {**form.cleaned_data, "kinds": ",".join(form.cleaned_data["kinds"])}
            template = Template.objects.create(**values, made_by=request.user.staff_id, made_on=request.run.work_date)
            audit.record(request.user.staff_id, "template.propose", detail=str(template.pk))
            toasts.say(request, _("Proposed; a second person decides."))
            return redirect("templates")
    page = page_of(request, Template.objects.order_by("-pk"))
    rows = list(page)
    waiting = set(templates_waiting(request.gate).values_list("pk", flat=True))
    people = Staff.objects.in_bulk({staff_id for row in rows for staff_id in (row.made_by, row.decided_by) if staff_id})
    context = {
        "page": page,
        "rows": [
            {
                "template": row,
                "kinds": [request.book.signals[kind] for kind in row.kinds.split(",") if kind in request.book.signals],
                "made_by": people.get(row.made_by),
                "decided_by": people.get(row.decided_by),
                "mine": row.pk in waiting,
            }
            for row in rows
        ],
        "form": form,
        "places": PLACES,
        "missing": [label for medium, label in Medium.choices if medium not in gateways()],
    }
    return render(request, "messaging/templates.html", context, status=422 if form.errors else 200)


@needs_run
@require_POST
def template_act(request: WorkRequest, number: int) -> HttpResponse:
    """Approve or refuse somebody else's template, or retire an approved one."""
    gate = require_reach(request)
    row = Template.objects.filter(pk=number).first()
    if row is None or not gate.decides:
        raise Http404
    state = {
        "approve": Template.State.APPROVED,
        "refuse": Template.State.REFUSED,
        "retire": Template.State.RETIRED,
    }.get(request.POST.get("act", ""))
    needed = Template.State.APPROVED if state == Template.State.RETIRED else Template.State.SUBMITTED
    own = state != Template.State.RETIRED and row.made_by == request.user.staff_id
    if state is None or own:
        return HttpResponseBadRequest(str(_("A text is approved by a second person.")))
    changed = Template.objects.filter(pk=number, state=needed).update(
        state=state,
        decided_by=request.user.staff_id,
        decided_on=request.run.work_date,
        note=request.POST.get("note", "")[:200],
    )
    if changed:
        toasts.say(request, f"{Template.State(state).label}: {row.title}")
        audit.record(request.user.staff_id, f"template.{request.POST['act']}", detail=str(number))
    return redirect("templates")


@transaction.non_atomic_requests
@needs_run
@require_http_methods(["GET", "POST"])
def send_message(request: WorkRequest, customer_id: str) -> HttpResponse:
    """The approved texts for a customer; a POST sends one. Refused without consent or if nobody must make contact."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    kinds = [signal.kind for signal in open_signals(request.gate, [customer_id]).get(customer_id, [])]
    offered = {str(draft.template.pk): draft for draft in drafts(request, standing, archive, kinds)}
    draft = offered.get(request.POST.get("template", ""))
    barred = barred_customers(request.book, request.run.work_date, [customer_id])
    if request.method == "GET":
        context = {
            "customer_id": customer_id,
            "drafts": [] if barred else offered.values(),
            "unasked": missing_consents(customer_id, "message", request.book),
            "message_token": uuid4(),
        }
        return render(request, "messaging/drafts.html", context)
    if draft is None or draft.hindrance or barred or missing_consents(customer_id, "message", request.book):
        hindrance = draft.hindrance if draft else ""
        return HttpResponseBadRequest(hindrance or str(_("Nothing may be sent to this customer.")))
    try:
        token = UUID(request.POST.get("token", ""))
    except ValueError:
        return HttpResponseBadRequest()
    message = send(request, standing, archive, draft.template, token)
    return render(request, "messaging/sent.html", {"message": message, "sent": message.state == Message.State.SENT})

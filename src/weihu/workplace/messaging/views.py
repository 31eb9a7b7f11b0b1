"""Message templates and their approval; sending one from the list."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from weihu.workplace.archive.facts import archive_of, barred_customers
from weihu.workplace.audit import log
from weihu.workplace.messaging.gateways import gateways
from weihu.workplace.messaging.models import Medium, Message, Template
from weihu.workplace.messaging.sending import PLACES, drafts, send, wrong_places
from weihu.workplace.people.models import Staff
from weihu.workplace.requests import WorkRequest, at_work, reaching
from weihu.workplace.rights.consents import lacking
from weihu.workplace.words import called
from weihu.workplace.worklist.list import open_signals

SHOWN = 100


class TemplateForm(forms.Form):
    """A text that somebody proposes."""

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
        """Nothing in braces but the places for words."""
        text = str(self.cleaned_data["text"])
        if wrong := wrong_places(text):
            named = {"wrong": ", ".join(wrong), "places": " ".join(f"{{{place}}}" for place in PLACES)}
            raise forms.ValidationError(_("%(wrong)s is not a placeholder; available: %(places)s") % named)
        return text


@at_work
@require_http_methods(["GET", "POST"])
def templates(request: WorkRequest) -> HttpResponse:
    """All texts with their state; a supervisor proposes one, a second one approves it."""
    reaching(request)
    form = TemplateForm(request.POST or None)
    form.fields["kinds"].choices = [(key, called(rule)) for key, rule in request.book.signals.items()]  # type: ignore[attr-defined]
    if request.method == "POST":
        if not request.gate.decides:
            raise Http404
        if form.is_valid():
            said = {**form.cleaned_data, "kinds": ",".join(form.cleaned_data["kinds"])}
            made = Template.objects.create(**said, made_by=request.user.staff_id, made_on=request.run.work_date)
            log.record(request.user.staff_id, "template.propose", detail=str(made.pk))
            return redirect("templates")
    rows = list(Template.objects.order_by("-pk")[:SHOWN])
    people = Staff.objects.in_bulk({one for row in rows for one in (row.made_by, row.decided_by) if one})
    context = {
        "rows": [
            {
                "template": row,
                "kinds": [request.book.signals[kind] for kind in row.kinds.split(",") if kind in request.book.signals],
                "made_by": people.get(row.made_by),
                "decided_by": people.get(row.decided_by),
                "mine": request.gate.decides
                and row.state == Template.State.SUBMITTED
                and row.made_by != request.user.staff_id,
            }
            for row in rows
        ],
        "form": form,
        "places": PLACES,
        "missing": [label for medium, label in Medium.choices if medium not in gateways()],
        "here": "templates",
    }
    return render(request, "messaging/templates.html", context, status=422 if form.errors else 200)


@at_work
@require_POST
def template_act(request: WorkRequest, number: int) -> HttpResponse:
    """Approve or refuse another's text, or retire an approved one."""
    gate = reaching(request)
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
        log.record(request.user.staff_id, f"template.{request.POST['act']}", detail=str(number))
    return redirect("templates")


@at_work
@require_POST
def send_message(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Send an approved text to a customer of the reader's; refused without consent, and to who is not to be contacted."""
    standing = request.gate.standing(customer_id)
    archive = archive_of(standing.customer, request.book, request.run.work_date)
    kinds = [signal.kind for signal in open_signals(request.gate, [customer_id]).get(customer_id, [])]
    offered = {str(draft.template.pk): draft for draft in drafts(request, standing, archive, kinds)}
    draft = offered.get(request.POST.get("template", ""))
    barred = barred_customers(request.book, request.run.work_date, [customer_id])
    if draft is None or draft.hindrance or barred or lacking(customer_id, "message", request.book):
        said = draft.hindrance if draft else ""
        return HttpResponseBadRequest(said or str(_("Nothing may be sent to this customer.")))
    try:
        token = UUID(request.POST.get("token", ""))
    except ValueError:
        return HttpResponseBadRequest()
    message = send(request, standing, archive, draft.template, token)
    return render(request, "messaging/sent.html", {"message": message, "sent": message.state == Message.State.SENT})

"""Public forms: creating them, their link and QR code, the replies (for staff), and the form itself (for everybody)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import segno
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Page
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.current import current
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.paging import page_of
from weihu.workplace.base.words import fact_words
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.intake.forms import InvitationForm, PublicForm
from weihu.workplace.know.intake.models import Invitation, Reply
from weihu.workplace.know.intake.replies import candidates, invitation_of, is_open, link_of, receive, settle

SENT = "sent"
"""With this behind its address a form thanks: whoever sends it twice, because the answer was lost, is led here as well."""


@needs_run
@require_http_methods(["GET", "POST"])
def invitations(request: WorkRequest) -> HttpResponse:
    """The forms of the reader's branch; a POST creates one."""
    if request.gate.reach == "none":
        raise Http404
    on = request.run.work_date
    form = InvitationForm(request.book, request.POST or None, initial={"opens_on": on})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        invitation = Invitation.objects.create(
            title=values["title"],
            text=values["text"],
            channel=values["channel"],
            fields=[key for key in request.book.fields if key in values["asked"]],
            purpose=values["purpose"],
            opens_on=values["opens_on"],
            closes_on=values["closes_on"],
            staff_id=request.user.staff_id,
            branch_id=request.user.branch_id,
        )
        audit.record(request.user.staff_id, "invitation.make", "", str(invitation.pk))
        toasts.say(request, _("The form is ready: print its code or send its link."))
        return redirect("invitation", invitation.pk)
    answered = Count("replies")
    open_ones = Count("replies", filter=Q(replies__customer_id="", replies__set_aside=False))
    rows = Invitation.objects.filter(branch_id=request.user.branch_id).annotate(answered=answered, unsettled=open_ones)
    page = page_of(request, rows.order_by("-pk"))
    context = {
        "form": form,
        "page": page,
        "invitations": [(row, is_open(row, on)) for row in page],
    }
    return render(request, "intake/invitations.html", context, status=422 if form.errors else 200)


@needs_run
@require_http_methods(["GET", "POST"])
def invitation(request: WorkRequest, number: int) -> HttpResponse:
    """A form with its link, QR code and replies, unidentified ones first. A POST closes or reopens it."""
    form = _own_form(request, number)
    if request.method == "POST":
        Invitation.objects.filter(pk=number).update(closed=not form.closed)
        toasts.say(request, _("Open again.") if form.closed else _("Closed."))
        return redirect("invitation", number)
    address = request.build_absolute_uri(link_of(form))
    page = page_of(request, form.replies.filter(set_aside=False).order_by("customer_id", "-pk"))
    context = {
        "invitation": form,
        "open": is_open(form, request.run.work_date),
        "fields": [request.book.fields[key] for key in form.fields if key in request.book.fields],
        "consent": request.book.consents.get(form.purpose),
        "address": address,
        "code": segno.make(address, error="m").svg_inline(scale=4, border=2, omitsize=True),
        "page": page,
        "replies": _replies(request, page),
        "counts": form.replies.aggregate(all=Count("pk"), known=Count("pk", filter=~Q(customer_id=""))),
    }
    audit.record(request.user.staff_id, "invitation.view", "", str(number))
    return render(request, "intake/invitation.html", context)


@needs_run
@require_POST
def reply_settle(request: WorkRequest, number: int, reply_number: int) -> HttpResponse:
    """Assign a reply to a customer, or set it aside as nobody's."""
    form = _own_form(request, number)
    reply = Reply.objects.filter(pk=reply_number, invitation=form).first()
    if reply is None:
        raise Http404
    if request.POST.get("customer"):
        standing = request.gate.standing(request.POST["customer"].strip())
        settle(reply, standing.customer_id, request.user.staff_id, request.book, request.run.work_date)
    else:
        Reply.objects.filter(pk=reply.pk, customer_id="").update(set_aside=True)
    toasts.say(request, _("Assigned.") if request.POST.get("customer") else _("Set aside."))
    return redirect("invitation", number)


@login_not_required
@require_http_methods(["GET", "POST"])
def public_form(request: HttpRequest, signed: str) -> HttpResponse:
    """The form that anybody with the link can fill in. It reveals nothing that the bank knows."""
    run, invitation = current(), invitation_of(signed)
    if run is None or invitation is None:
        raise Http404
    if request.method == "GET" and SENT in request.GET:
        return render(request, "public/thanks.html", {"invitation": invitation})
    book = run.rulebook
    if not is_open(invitation, run.work_date) or invitation.purpose not in book.consents:
        return render(request, "public/closed.html", {"invitation": invitation}, status=410)
    asked = {key: book.fields[key] for key in ("name", "phone", *invitation.fields) if key in book.fields}
    form = PublicForm(asked, request.POST or None, initial={"token": uuid4()})
    if request.method == "POST" and form.is_valid():
        if not form.cleaned_data["website"]:
            person = form.cleaned_data["name"], form.cleaned_data["phone"]
            receive(invitation, person, form.answers, book, run.work_date, form.cleaned_data["token"])
        return redirect(f"{request.path}?{SENT}")
    context = {"invitation": invitation, "form": form, "consent": _consent_text(book, invitation)}
    return render(request, "public/form.html", context, status=422 if form.errors else 200)


def _own_form(request: WorkRequest, number: int) -> Invitation:
    """A form of the reader's branch; Http404 for any other."""
    form = Invitation.objects.filter(pk=number, branch_id=request.user.branch_id).first()
    if form is None or request.gate.reach == "none":
        raise Http404
    return form


def _consent_text(book: RuleBook, invitation: Invitation) -> str:
    return book.consents[invitation.purpose].text(get_language() or "zh-hans")


def _replies(request: WorkRequest, page: Page[Reply]) -> list[dict[str, Any]]:
    """Replies with their customers. Of a customer out of reach, only the fact of a reply is shown."""
    rows = list(page)
    reached = {
        row.customer_id: row.customer
        for row in request.gate.standings().filter(
            customer_id__in=[reply.customer_id for reply in rows if reply.customer_id]
        )
    }
    entries = []
    for reply in rows:
        hidden = bool(reply.customer_id) and reply.customer_id not in reached
        entries.append(
            {
                "reply": reply,
                "customer": reached.get(reply.customer_id),
                "hidden": hidden,
                "candidates": [] if reply.customer_id else candidates(reply, request.gate),
                "said": [] if hidden else _in_words(request.book, reply),
            }
        )
    return entries


def _in_words(book: RuleBook, reply: Reply) -> list[tuple[Any, str]]:
    answers = json.loads(reply.said)
    return [
        (book.fields[key], fact_words(book.fields[key], value)) for key, value in answers.items() if key in book.fields
    ]

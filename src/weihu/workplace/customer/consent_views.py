"""Recording what a customer agrees to."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from weihu.workplace.base import toasts
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.gate.requests import WorkRequest, customer_page, needs_run


@needs_run
@require_POST
def consent(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record that the customer agreed to a purpose's text or withdrew."""
    request.gate.standing(customer_id)
    posted = request.POST
    purpose = request.book.consents.get(posted.get("purpose", ""))
    try:
        token = UUID(posted.get("token", ""))
    except ValueError:
        return HttpResponseBadRequest()
    if purpose is None or posted.get("given") not in ("yes", "no"):
        return HttpResponseBadRequest()
    answer = ConsentAnswer(
        posted["purpose"], purpose.version, posted["given"] == "yes", Channel.SERVICE, posted.get("evidence", "")[:200]
    )
    record_consent(customer_id, answer, request.user.staff_id, request.run.work_date, token)
    toasts.say(request, _("Consent recorded.") if answer.given else _("Withdrawal recorded."))
    return redirect(customer_page(customer_id, "compliance", "consents"))

"""Sent again, done once: a form that is sent a second time because its answer was lost is not carried out twice.

A page gives what it sends a number of its own. The number is kept by the transaction that carries the form out, so
there is no moment at which one is true and the other is not. What is refused is not kept: put right, it may come again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse

from weihu.workplace.base.answers import ANSWERED, GO_TO, signed_out
from weihu.workplace.base.models import Sending

HEADER = "X-Sending"
ALREADY = "X-Already"
STAFF = "X-Staff"
"""Whose page it is. Browsers share a sign-in among their pages: what one person typed is never sent as another's."""
REFUSALS = (Http404, PermissionDenied, SuspiciousOperation, BadRequest)
"""What a view raises on purpose: what it has noted before (a search that found nobody) stays noted."""

View = Callable[..., HttpResponse]


class Once:
    """Middleware around every view that is sent something with a number.

    A view that takes long or waits for another system is marked ``transaction.non_atomic_requests``, so that nobody waits
    for it: what it writes has a number of its own, and it is asked again if its answer was never noted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing before the view is known."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponse | None:
        """The view's answer, or the one that it gave the first time; none to a page that somebody else has left open."""
        if request.headers.get(STAFF, _sender(request)) != _sender(request):
            return signed_out()
        number = _number(request)
        if number is None:
            return None
        if hasattr(view, "_non_atomic_requests"):
            done = _done(request, number)
            if done is None and (response := view(request, *args, **kwargs)).status_code < 400:
                request.META[ANSWERED] = response.status_code  # done, whether or not its number can be kept
                _keep(request, number, response)
                return response
            return done or response
        refusal: Exception | None = None
        with transaction.atomic():
            # the second of two at once waits here for the first
            sending, is_new = Sending.objects.get_or_create(
                number=number, staff_id=_sender(request), defaults={"at": datetime.now().astimezone()}
            )
            if not is_new:
                return _again(sending)
            try:
                response = view(request, *args, **kwargs)
            except REFUSALS as raised:
                refusal = raised
            if refusal or response.status_code >= 400:
                sending.delete()
            else:
                sending.location = response.headers.get("Location", "")
                sending.save(update_fields=["location"])
        if refusal:
            raise refusal
        return response


def forget(before: datetime) -> None:
    """Forget what was sent before: no page keeps anything so long."""
    Sending.objects.filter(at__lt=before).delete()


def _done(request: HttpRequest, number: UUID) -> HttpResponse | None:
    sending = Sending.objects.filter(number=number, staff_id=_sender(request)).first()
    return _again(sending) if sending else None


def _keep(request: HttpRequest, number: UUID, response: HttpResponse) -> None:
    Sending.objects.get_or_create(
        number=number,
        staff_id=_sender(request),
        defaults={"at": datetime.now().astimezone(), "location": response.headers.get("Location", "")},
    )


def _again(sending: Sending) -> HttpResponse:
    """Where the first answer led to."""
    heads = {ALREADY: "1", **({GO_TO: sending.location} if sending.location else {})}
    return HttpResponse(status=204, headers=heads)


def _number(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.headers[HEADER]) if request.method == "POST" else None
    except (KeyError, ValueError):
        return None


def _sender(request: HttpRequest) -> str:
    return request.user.pk or ""

"""Answers that are not what was asked for: in the language and look of the pages, or in a sentence for their scripts.

A script is what a page's own code asks by (``sending/`` among the static files, and htmx). It never gets a page of
errors or of signing in, but the status, a sentence, and in the head where to go on.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from weihu.workplace.base import toasts
from weihu.workplace.base.logs import reference

log = logging.getLogger("weihu.workplace")

SCRIPT = "X-Weihu"
"""The head by which a page's own code says that it asks."""
GO_TO = "X-Location"
TOKEN = "X-CSRF-Token"  # noqa: S105 - the name of a head
FIELD = "X-Field"
"""The head that names the field which a refusal is about: the page says it there."""
PLAIN = "text/plain; charset=utf-8"
TITLES = {
    400: (lazy("This could not be understood"), lazy("Go back, check what you entered, and send it again.")),
    403: (lazy("Not allowed"), lazy("Your post does not have this right. Ask your supervisor.")),
    404: (lazy("Nothing here for you to see"), lazy("It does not exist, or it is not among your customers.")),
    405: (lazy("This page cannot be opened like this"), lazy("Go back and use the button on the page.")),
    409: (lazy("Somebody was faster"), lazy("This has changed meanwhile. Look at it again and decide then.")),
    410: (lazy("No longer there"), lazy("It has been closed or removed.")),
    413: (lazy("This is too large"), lazy("Split the file and upload it in parts.")),
    500: (
        lazy("Something went wrong on our side"),
        lazy("What you did was not saved. Try again; if it happens again, give IT this number."),
    ),
    503: (lazy("The system is busy"), lazy("What you did was not saved. Try again in a minute.")),
}
"""By status: what happened, and what to do."""
KEPT = (
    lazy("The system is busy"),
    lazy("What you did was saved, but not what comes after it. Load the page again in a minute."),
)
"""What is busy was only what comes after an act that is done."""
ANSWERED = "weihu.answered"
EXPIRED = (
    lazy("This page was open too long"),
    lazy("Nothing was saved. Go back, load the page again and send it once more."),
)


def answers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: what is refused is said in our words; scripts are told where to go on and what was done."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        request.META[ANSWERED] = response.status_code
        if response.status_code in TITLES and _is_bare(request, response):
            said = response.content.decode(errors="replace") if response.content else ""
            kept = {name: response.headers[name] for name in ("Allow", FIELD) if name in response.headers}
            response = answer(request, response.status_code, said)
            for name, value in kept.items():
                response.headers[name] = value
        elif 300 <= response.status_code < 400:
            response = _forwarded(request, response)
        if _is_script(request) and GO_TO not in response.headers and (said := toasts.header(request)):
            response.headers[toasts.HEADER] = said
        return response

    return respond


def answer(
    request: HttpRequest, status: int, said: str = "", words: tuple[object, object] | None = None
) -> HttpResponse:
    """Say that a request came to nothing: ``said`` is the view's own sentence, else what the status is known for."""
    title, advice = words or TITLES[status]
    if _is_call(request):
        return JsonResponse({"detail": said or str(title)}, status=status)
    if _is_script(request):
        sentence = said or f"{title}{_(': ')}{advice}"
        if status >= 500:
            sentence += f" {reference()}"
        return HttpResponse(sentence, PLAIN, status=status)
    context = {"title": said or title, "advice": "" if said else advice, "status": status, "reference": reference()}
    if status >= 500:  # whatever has failed, this page needs none of it
        return HttpResponse(render_to_string("failed.html", context), status=status)
    return HttpResponse(render_to_string("answer.html", context, request), status=status)


def refused(form: BaseForm) -> HttpResponse:
    """What is wrong with a form, as a sentence, and which field it is about."""
    said = " ".join(dict.fromkeys(str(error) for errors in form.errors.values() for error in errors))
    return HttpResponseBadRequest(said, headers={FIELD: next(iter(form.errors))})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of 400; what is larger than the settings allow is 413, and a session that the database could not
    take 503: Django says of it that somebody has signed out."""
    updating = exception.__context__ if isinstance(exception, SessionInterrupted) else None
    if updating and isinstance(updating.__context__, OperationalError):
        return _busy(request)
    return answer(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of 403."""
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of 404."""
    return answer(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler of 500, or 503 where only the database was: the log has what happened, under the page's number."""
    match = request.resolver_match
    where = match.route if match else NOWHERE
    staff = getattr(getattr(request, "user", None), "pk", None)
    log.error("%s /%s failed for %s", request.method, where, staff or "nobody", exc_info=sys.exc_info())
    if not isinstance(sys.exception(), OperationalError):
        return answer(request, 500)
    return _busy(request)


def _busy(request: HttpRequest) -> HttpResponse:
    """The database cannot be written, or not be reached."""
    done = request.method == "POST" and request.META.get(ANSWERED, 500) < 400
    response = answer(request, 503, words=KEPT if done else None)
    response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response


NOWHERE = "?"
BUSY_SECONDS = 30


def unproven(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the token of its session (CSRF): a deleted cookie, or a page from before signing in.

    A script gets the token that holds now, and can send the same again; no other site can read this answer.
    """
    response = answer(request, 403, words=EXPIRED)
    if _is_script(request):
        response.headers[TOKEN] = get_token(request)
    return response


def signed_out() -> HttpResponse:
    """What a script is told when its page's person is not signed in."""
    return HttpResponse(str(_("You have been signed out.")), PLAIN, status=401)


def _forwarded(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A script is not sent to another page behind its back: it is told where, or that nobody is signed in."""
    if not _is_script(request):
        return response
    to = response.headers["Location"]
    if to.split("?")[0] == resolve_url(settings.LOGIN_URL) and not request.user.is_authenticated:
        return signed_out()
    if request.headers.get(SCRIPT) != "form":
        return response  # htmx follows by itself, and shows what comes
    told = HttpResponse(status=204, headers={GO_TO: to})
    told.cookies = response.cookies
    return told


def _is_bare(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether an answer is no page of ours: empty, or a sentence."""
    if response.streaming or response.headers.get("Content-Type", "").startswith("application/"):
        return False
    return (
        not response.content.lstrip()[:15].lower().startswith(b"<!doctype")
        and GO_TO not in response.headers
        and (TOKEN not in response.headers)
    )


def _is_script(request: HttpRequest) -> bool:
    return SCRIPT in request.headers or "HX-Request" in request.headers


def _is_call(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")

"""Every access of somebody signed in has an entry: what a view enters itself, else that its page was opened or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from weihu.workplace.base import audit

QUIET = {"waiting", "filter_input", "session", "set_language", "login", "logout", "search"}
"""Views without anything of a customer, and the search, which enters whom it finds."""
REFUSED = {401, 403, 404, 409, 429}


def accesses(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: an entry for who listed, opened or was refused something, so that no new page can forget it.

    A customer's number is the one of the address; of what was asked for, the names of the parameters and no values.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        before = audit.noted()
        response = get_response(request)
        who, match = _who(request), request.resolver_match
        if not who or match is None:
            return response
        name, status = match.url_name or match.view_name, response.status_code
        customer_id = str(match.kwargs.get("customer_id", ""))[:60]
        if status in REFUSED:
            audit.record(who, "refused", customer_id, f"{status} {request.method} {name}"[:200])
        elif status < 400 and audit.noted() == before and name not in QUIET:
            asked = " ".join(sorted({*request.GET, *request.POST} - {"csrfmiddlewaretoken", "token"}))
            audit.record(who, f"{request.method}.{name}".lower()[:40], customer_id, asked[:200])
        return response

    return respond


def _who(request: HttpRequest) -> str:
    """The staff number, or the name of a calling system."""
    caller: Any = getattr(request, "auth", None)
    return str(getattr(caller, "name", "") or getattr(request.user, "staff_id", ""))

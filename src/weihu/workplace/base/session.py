"""Who is signed in here, and signing in again without leaving the page."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

WAITING = "weihu.waiting"


def share(staff_id: str) -> str:
    """The server's part of the key under which a browser keeps what one person has typed; told to that person alone.

    The other part never leaves the browser, and is thrown away when that person signs out.
    """
    return salted_hmac(WAITING, staff_id, algorithm="sha256").hexdigest()


@login_not_required
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Who is signed in, the token that forms need now, and the share of the key; a POST signs in first."""
    if request.method == "POST":
        form = AuthenticationForm(request, request.POST)
        if not form.is_valid():
            return JsonResponse({"fault": _("Staff number and password do not match.")}, status=422)
        login(request, form.get_user())
    staff = request.user.pk if request.user.is_authenticated else ""
    return JsonResponse({"staff": staff, "token": get_token(request), "share": share(staff) if staff else ""})

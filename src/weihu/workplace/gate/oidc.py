"""The bank's single sign-on (单点登录, OpenID Connect): who is signed in there is signed in here, by the staff number.

Set by ``WEIHU_OIDC_ISSUER``, ``WEIHU_OIDC_CLIENT``, ``WEIHU_OIDC_SECRET_FILE`` and ``WEIHU_OIDC_CLAIM`` (the claim that
holds the staff number, ``sub`` without it). Passwords stay as the fall-back. Authlib does the code flow with state, nonce
and PKCE (``provider``).
"""

from __future__ import annotations

import logging
import os
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from weihu.engine.seal import CannotOpen
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit
from weihu.workplace.base.fields import seal
from weihu.workplace.gate import factors, first_passwords
from weihu.workplace.gate.models import Barred

log = logging.getLogger("weihu.workplace")
THEN, TOKEN = "oidc_then", "oidc_token"


def is_set() -> bool:
    """Whether the bank has a single sign-on here."""
    return bool(os.environ.get("WEIHU_OIDC_ISSUER") and os.environ.get("WEIHU_OIDC_CLIENT"))


@login_not_required
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """On to the bank's single sign-on."""
    provider = _provider()
    request.session[THEN] = request.GET.get("next", "")
    try:
        response: HttpResponse = provider.client().authorize_redirect(request, _here(request, "oidc_back"))
    except provider.WRONG:
        log.warning("the single sign-on does not answer", exc_info=True)
        return _refused(request, _("The bank's single sign-on does not answer. Sign in with your password."), 503)
    return response


@login_not_required
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Back from it: signed in, on to the second step, or refused in words."""
    provider = _provider()
    try:
        token: dict[str, Any] = provider.client().authorize_access_token(
            request, claims_options={"iss": {"essential": True, "values": [os.environ["WEIHU_OIDC_ISSUER"]]}}
        )
        claims = token["userinfo"]
    except provider.WRONG:
        log.warning("the single sign-on let nobody in", exc_info=True)
        audit.record("", "login.failed", detail="single sign-on")
        return _refused(request, _("The bank's single sign-on did not let you in. Try again, or use your password."))
    number = str(claims.get(os.environ.get("WEIHU_OIDC_CLAIM") or "sub", ""))
    staff = Staff.objects.filter(staff_id=number, is_active=True).first()
    if staff is None or Barred.objects.filter(staff_id=number).exists():
        audit.record(number if staff else "", "login.failed", detail="single sign-on: no access")
        return _refused(request, _("The bank knows you, but you have no access here. Ask IT for it."))
    sealed, then = seal().close(token["id_token"], TOKEN), request.session.pop(THEN, "")
    is_strong = "mfa" in list(claims.get("amr") or [])
    if not is_strong and factors.of(number):
        request.session[TOKEN] = sealed
        return factors.begin(request, staff, then)
    login(request, staff, "django.contrib.auth.backends.ModelBackend")
    # not before: signing in forgets the session of whoever was signed in here
    request.session.update({TOKEN: sealed, factors.PROVEN: is_strong})
    first_passwords.by_other_ways(request)
    return redirect(f"{reverse('login')}?{urlencode({'next': then})}")


class SignOut(LogoutView):
    """Signing out here, and at the bank's single sign-on where that was used and can be ended."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Signed out; the next page is the provider's."""
        address = _end_of(request)
        response = super().post(request, *args, **kwargs)
        if not address:
            return response
        page = render(request, "signed_out.html", {"address": address})
        page.headers["Refresh"] = f"0; url={address}"  # the sign-out is a form, which may lead to no other host
        return page


def _end_of(request: HttpRequest) -> str:
    """Where the sign-in at the provider is ended; empty where there is none."""
    kept = request.session.get(TOKEN)
    if not (kept and is_set()):
        return ""
    provider = _provider()
    try:
        hint, landing = seal().open(kept, TOKEN), _here(request, "login")
        own = os.environ["WEIHU_OIDC_CLIENT"]
        address: str = provider.client().create_logout_url(landing, hint, client_id=own)["url"]
    except (*provider.WRONG, CannotOpen):
        return ""
    return address


def _here(request: HttpRequest, name: str) -> str:
    return request.build_absolute_uri(reverse(name))


def _refused(request: HttpRequest, why: str, status: int = 403) -> HttpResponse:
    """The sign-in, with why the single sign-on led to nothing."""
    context = {"form": AuthenticationForm(request), "asked_for": "", "why": why, "oidc": True}
    return render(request, "login.html", context, status=status)


def _provider() -> ModuleType:
    """What speaks to the provider; without settings there is none. Its libraries take a second to begin."""
    if not is_set():
        raise Http404
    from weihu.workplace.gate import provider  # noqa: PLC0415

    return provider

"""The bank's single sign-on (单点登录, OpenID Connect): who is signed in there is signed in here, by the staff number.

Set by ``WEIHU_OIDC_ISSUER``, ``WEIHU_OIDC_CLIENT``, ``WEIHU_OIDC_SECRET_FILE`` and ``WEIHU_OIDC_CLAIM`` (the claim that
holds the staff number, ``sub`` without it). Passwords stay as the fall-back. Authlib does the code flow with state, nonce
and PKCE; ID tokens are taken with signatures by keys of the issuer only, never with the client's secret or none.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from joserfc.errors import JoseError
from requests import RequestException

from weihu.engine.seal import CannotOpen
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit
from weihu.workplace.base.fields import seal
from weihu.workplace.gate import factors
from weihu.workplace.gate.models import Barred

log = logging.getLogger("weihu.workplace")
SECONDS = 10
SIGNED_BY = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
THEN, TOKEN = "oidc_then", "oidc_token"
WRONG = (OAuthError, JoseError, RequestException, ValueError, KeyError, RuntimeError)
"""What Authlib raises for a provider that does not answer, or answers what it should not."""


def is_set() -> bool:
    """Whether the bank has a single sign-on here."""
    return bool(os.environ.get("WEIHU_OIDC_ISSUER") and os.environ.get("WEIHU_OIDC_CLIENT"))


@login_not_required
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """On to the bank's single sign-on."""
    request.session[THEN] = request.GET.get("next", "")
    try:
        # Chrome follows no form to another host from our pages: this is a link
        response: HttpResponse = _client().authorize_redirect(request, _here(request, "oidc_back"))
    except WRONG:
        log.warning("the single sign-on does not answer", exc_info=True)
        return _refused(request, _("The bank's single sign-on does not answer. Sign in with your password."), 503)
    return response


@login_not_required
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Back from it: signed in, on to the second step, or refused in words."""
    try:
        token: dict[str, Any] = _client().authorize_access_token(
            request, claims_options={"iss": {"essential": True, "values": [os.environ["WEIHU_OIDC_ISSUER"]]}}
        )
        claims = token["userinfo"]
    except WRONG:
        log.warning("the single sign-on let nobody in", exc_info=True)
        audit.record("", "login.failed", detail="single sign-on")
        return _refused(request, _("The bank's single sign-on did not let you in. Try again, or use your password."))
    number = str(claims.get(os.environ.get("WEIHU_OIDC_CLAIM") or "sub", ""))
    staff = Staff.objects.filter(staff_id=number, is_active=True).first()
    if staff is None or Barred.objects.filter(staff_id=number).exists():
        audit.record(number if staff else "", "login.failed", detail="single sign-on: no access")
        return _refused(request, _("The bank knows you, but you have no access here. Ask IT for it."))
    request.session[TOKEN] = seal().close(token["id_token"], TOKEN)
    then = request.session.pop(THEN, "")
    if "mfa" in (claims.get("amr") or []):
        request.session[factors.PROVEN] = True
    elif factors.of(number):
        return factors.begin(request, staff, then)
    login(request, staff, "django.contrib.auth.backends.ModelBackend")
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
    try:
        if not (kept and is_set()):
            return ""
        hint, landing = seal().open(kept, TOKEN), _here(request, "login")
        made: dict[str, str] = _client().create_logout_url(landing, hint, client_id=os.environ["WEIHU_OIDC_CLIENT"])
    except (*WRONG, CannotOpen):
        return ""
    return made["url"]


def _here(request: HttpRequest, name: str) -> str:
    return request.build_absolute_uri(reverse(name))


def _refused(request: HttpRequest, why: str, status: int = 403) -> HttpResponse:
    """The sign-in, with why the single sign-on led to nothing."""
    context = {"form": AuthenticationForm(request), "asked_for": "", "why": why, "oidc": True}
    return render(request, "login.html", context, status=status)


def _client() -> Any:
    """The client; without settings there is none."""
    if not is_set():
        raise Http404
    secret_file = os.environ.get("WEIHU_OIDC_SECRET_FILE", "")
    client = _made(os.environ["WEIHU_OIDC_ISSUER"], os.environ["WEIHU_OIDC_CLIENT"], secret_file)
    told = client.load_server_metadata()
    told["id_token_signing_alg_values_supported"] = sorted(
        SIGNED_BY & set(told.get("id_token_signing_alg_values_supported", []))
    )
    return client


@lru_cache(maxsize=1)
def _made(issuer: str, client: str, secret_file: str) -> Any:
    return OAuth().register(
        "bank",
        client_id=client,
        client_secret=Path(secret_file).read_text("utf-8").strip() if secret_file else None,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "default_timeout": SECONDS},
    )

"""Signing in with a second step: the pages for it, for one's second factors, and the dialog on a page."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

import segno
from django.contrib.auth import authenticate, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from weihu.workplace.bank.models import Staff
from weihu.workplace.base import toasts
from weihu.workplace.base.session import share
from weihu.workplace.gate import factors, first_passwords, oidc
from weihu.workplace.gate.first_passwords import SignInForm


class TwoStepLogin(LoginView):
    """Signing in: who has a second factor is asked for it after the password."""

    authentication_form = SignInForm

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """With the way to the bank's single sign-on, if there is one."""
        return super().get_context_data(oidc=oidc.is_set(), **more)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """On to the second step, or signed in."""
        staff = form.get_user()
        if factors.of(staff.staff_id):
            return factors.begin(self.request, staff, self.get_redirect_url())
        return super().form_valid(form)


@login_not_required
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The code of an app, a recovery code, or a passkey, after the right password."""
    waiting = factors.pending(request)
    if not waiting:
        is_late = request.method == "POST"
        return render(request, "second_step.html", {"late": True}, status=422) if is_late else redirect("login")
    if request.method == "POST":
        given = {name: request.POST.get(name, "") for name in ("code", "passkey")}
        staff = authenticate(request, username=waiting["staff"], **given)
        if staff is not None:
            _sign_in(request, staff)
            # the sign-in knows where who is signed in begins
            return redirect(f"{reverse('login')}?{urlencode({'next': waiting['then']})}")
    context = {
        "wrong": request.method == "POST",
        "has_app": any(factor.kind == factor.Kind.APP for factor in factors.of(waiting["staff"])),
        "passkey": factors.passkey_asked(request, waiting["staff"]),
    }
    return render(request, "second_step.html", context, status=422 if context["wrong"] else 200)


@require_http_methods(["GET", "POST"])
def own_factors(request: HttpRequest) -> HttpResponse:
    """One's second factors: add and remove them, and new recovery codes, soon after the password only."""
    staff = cast(Staff, request.user)
    if request.method == "POST" and not factors.is_fresh(request, staff):
        toasts.say(
            request, _("Please sign out and in again first: second factors are changed soon after the password.")
        )
        return redirect("factors")
    codes = None
    if request.method == "POST":
        codes = _act(request, staff)
        if codes is None:
            return redirect("factors")
    app = factors.unconfirmed(staff.staff_id)
    own = factors.of(staff.staff_id)
    demanded = factors.is_demanded(staff)
    context = {
        "codes": codes,
        "own": own,
        "demanded": demanded,
        "may_remove": len(own) > 1 or not demanded,
        "left": factors.codes_left(staff.staff_id),
        "app": app,
        "picture": _picture(factors.app_address(app, staff)) if app else "",
        "passkey": factors.passkey_wanted(request, staff),
    }
    return render(request, "factors.html", context)


@login_not_required
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Who is signed in, the token that forms need now, and the share of the key; a POST signs in first.

    Who has a second factor gives a code with the password; ``second`` says that it is missing or wrong.
    """
    if request.method == "POST":
        form = SignInForm(request, request.POST)
        if not form.is_valid():
            return JsonResponse({"fault": _("Staff number and password do not match.")}, status=422)
        staff = form.get_user()
        if not factors.of(staff.staff_id):
            login(request, staff)
        elif not (code := request.POST.get("code", "")):
            return JsonResponse({"fault": "", "second": True}, status=422)
        elif authenticate(request, username=staff.staff_id, code=code) is None:
            return JsonResponse({"fault": _("This code is not right."), "second": True}, status=422)
        else:
            _sign_in(request, staff)
    pk = request.user.pk if request.user.is_authenticated else ""
    return JsonResponse({"staff": pk, "token": get_token(request), "share": share(pk) if pk else ""})


def _sign_in(request: HttpRequest, staff: Staff) -> None:
    """Sign somebody in who has given password and second factor."""
    login(request, staff, "django.contrib.auth.backends.ModelBackend")
    if oidc.TOKEN in request.session:
        first_passwords.by_other_ways(request)
    request.session.pop(factors.PENDING, None)
    request.session[factors.PROVEN] = True


def _act(request: HttpRequest, staff: Staff) -> list[str] | None:
    """Do what was asked for on the page of one's factors: recovery codes to show, or None."""
    said: dict[str, Any] = request.POST.dict()
    act, fault, codes = said.get("act"), "", None
    app = factors.unconfirmed(staff.staff_id)
    if act == "app":
        factors.begin_app(staff)
    elif act == "confirm" and app:
        codes = factors.confirm_app(request, app, said.get("code", ""))
        fault = _("This code is not right.") if codes is None else ""
    elif act == "passkey":
        codes = factors.add_passkey(request, staff, said.get("passkey", ""), said.get("label", ""))
        fault = _("The passkey was not taken. Please try again.") if codes is None else ""
    elif act == "codes" and factors.of(staff.staff_id):
        codes = factors.new_codes(staff.staff_id)
    elif act == "remove" and not factors.remove(request, staff, said.get("factor", "")):
        fault = _("Your post has to have a second factor: add another one before you remove this one.")
    if fault:
        toasts.say(request, fault)
    return codes or None


def _picture(address: str) -> str:
    return segno.make(address, error="m").svg_inline(scale=4, border=2, omitsize=True)

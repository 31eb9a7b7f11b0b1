"""Who signs in: what the audit log says of it, and the wait after wrong passwords.

Counting is django-axes's, per staff number: whoever guesses changes addresses, and a branch has one address for all
its people. After each LIMIT wrong passwords in a row the number has to wait, every time twice as long. Whoever tries
many numbers from one address has to wait there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from axes.models import AccessFailureLog
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.pace import FEED, FORM, SIGN_IN
from weihu.workplace.gate import factors, first_passwords, oidc, sessions

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
REMEMBERED = timedelta(days=1)
"""So long a wrong password makes the next wait longer, unless the right one came since."""


def wait(request: HttpRequest) -> timedelta:
    """How long the staff number of a sign-in waits once it has been locked."""
    name = request.POST.get("username") or factors.pending(request).get("staff", "")
    rows = AccessFailureLog.objects.filter(username=name, attempt_time__gt=timezone.now() - REMEMBERED)
    times = max(rows.count() // settings.AXES_FAILURE_LIMIT - 1, 0)
    longer: timedelta = FIRST_WAIT * 2 ** min(times, 10)
    return min(longer, LONGEST_WAIT)


class ChangePassword(PasswordChangeView):
    """A new password for who knows the old one; it ends the person's sessions everywhere else."""

    template_name = "password.html"
    success_url = reverse_lazy("login")

    def get_form(self, form_class: type[PasswordChangeForm] | None = None) -> PasswordChangeForm:
        """The form in the look of the pages."""
        form = super().get_form(form_class)
        for field in form.fields.values():
            field.widget.attrs["class"] = "form-control"
        return form

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """With the person's sign-ins on all devices."""
        signed_in = sessions.listed(cast(Staff, self.request.user))
        first = bool(self.request.session.get(first_passwords.IN_SESSION))
        return super().get_context_data(signed_in=signed_in, here=sessions.number_of(self.request), first=first, **more)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Without a password: sign out everywhere else."""
        if request.POST.get("act") != "elsewhere":
            return super().post(request, *args, **kwargs)
        staff = cast(Staff, request.user)
        with transaction.atomic():
            ended = sessions.end_all(staff.staff_id, but=sessions.number_of(request))
            audit.record(staff.staff_id, "login.elsewhere", detail=f"{ended} ended")
        toasts.say(request, _("You are signed out everywhere else."))
        return redirect("password")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Entered in the audit log with the change."""
        with transaction.atomic():
            staff = cast(Staff, self.request.user)
            sessions.end_all(staff.staff_id, but=sessions.number_of(self.request))
            first_passwords.chosen(self.request, staff)
            audit.record(staff.staff_id, "login.password", detail=_address(self.request))
            return super().form_valid(form)


def paced(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: who has guessed too many passwords from an address waits there; so does who sends too many replies to
    public forms, or asks for too many calendars."""

    def respond(request: HttpRequest) -> HttpResponse:
        address = _address(request)
        sent = request.method == "POST"
        if sent and request.path in map(reverse, ("login", "second_step", "session")) and SIGN_IN.is_over(address):
            return _too_often()
        pace = (
            FORM if sent and request.path.startswith("/f/") else FEED if request.path.startswith("/calendar/") else None
        )
        return get_response(request) if pace is None or pace.knock(address) else _too_often()

    return respond


def _too_often() -> HttpResponse:
    return HttpResponse(_("Too often from this address. Please try again in some minutes."), status=429)


def locked(request: HttpRequest, *__: Any) -> HttpResponse:
    """The answer to a sign-in that has to wait, the right password or not."""
    minutes = int(wait(request) / timedelta(minutes=1))
    if request.path == reverse("session"):
        words = _("Too many wrong passwords. This staff number can try again after a wait of %(minutes)s min.")
        return JsonResponse({"fault": words % {"minutes": minutes}}, status=429)
    context = {
        "form": AuthenticationForm(request),
        "minutes": minutes,
        "next": request.POST.get("next", ""),
        "oidc": oidc.is_set(),
        "asked_for": request.POST.get("username") or factors.pending(request).get("staff", ""),
    }
    return render(request, "login.html", context, status=429)


@receiver(user_logged_in, dispatch_uid="audit sign-in")
def _signed_in(sender: object, request: HttpRequest | None, user: Staff, **__: Any) -> None:
    AccessFailureLog.objects.filter(username=user.staff_id).delete()
    if request:
        sessions.begin(request, user)
        first_passwords.signed_in(request, user)
    audit.record(user.staff_id, "login.in", detail=_address(request))


@receiver(user_logged_out, dispatch_uid="audit sign-out")
def _signed_out(sender: object, request: HttpRequest | None, user: Staff | None, **__: Any) -> None:
    if request:
        sessions.end(request)
    if user:
        audit.record(user.staff_id, "login.out", detail=_address(request))


@receiver(user_login_failed, dispatch_uid="audit failed sign-in")
def _failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **__: Any) -> None:
    """A name that nobody has is not written down: it may be a password in the wrong field."""
    name = str(credentials.get("username", ""))[:40]
    known = Staff.objects.filter(staff_id=name).exists()
    SIGN_IN.knock(_address(request))
    audit.record(name if known else "", "login.failed", detail=_address(request))


def _address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""

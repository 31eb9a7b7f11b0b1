"""First passwords (初始密码), which IT sets: for one sign-in within a week, in which the person chooses another one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.models import FirstPassword

IN_SESSION = "first_password"
HOLDS = timedelta(days=7)
ALLOWED = ("password", "logout", "session", "set_language")


def give(staff: Staff) -> None:
    """The password of now is a first one."""
    FirstPassword.objects.update_or_create(staff_id=staff.staff_id, defaults={"at": timezone.now()})


def chosen(request: HttpRequest, staff: Staff) -> None:
    """The person has chosen a password."""
    FirstPassword.objects.filter(staff_id=staff.staff_id).delete()
    request.session.pop(IN_SESSION, None)


def signed_in(request: HttpRequest, staff: Staff) -> None:
    """Note in the session whether it began with a first password."""
    if FirstPassword.objects.filter(staff_id=staff.staff_id).exists():
        request.session[IN_SESSION] = True


def by_other_ways(request: HttpRequest) -> None:
    """The session did not begin with a password at all."""
    request.session.pop(IN_SESSION, None)


class SignInForm(AuthenticationForm):
    """Staff number and password; a first password that was not used in time lets nobody in."""

    def confirm_login_allowed(self, user: Staff) -> None:
        """Raises ValidationError in words."""
        super().confirm_login_allowed(user)
        late = FirstPassword.objects.filter(staff_id=user.staff_id, at__lt=timezone.now() - HOLDS)
        if late.exists():
            raise ValidationError(_("This first password is over a week old. Ask IT for another one."))


def replaced(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: who came in by a first password comes no further than to the page where another one is chosen."""

    def respond(request: HttpRequest) -> HttpResponse:
        must = request.user.is_authenticated and request.session.get(IN_SESSION)
        if must and request.path not in {reverse(name) for name in ALLOWED}:
            return redirect("password")
        return get_response(request)

    return respond

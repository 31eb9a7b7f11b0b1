"""Where somebody is signed in: each sign-in is listed, ends after its time, and can be ended from anywhere at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import logout
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.models import SignIn

IN_SESSION = "sign_in"
LONGEST = timedelta(seconds=settings.SESSION_COOKIE_AGE)
"""So long after the password a sign-in ends, whatever was done in it."""
IDLE = timedelta(minutes=settings.IDLE_MINUTES)
"""So long after the last page."""
SEEN_EVERY = timedelta(minutes=1)
"""So exactly is the last page known; finer, every page would write. No bank's rule is told in seconds, so it is no setting."""


def begin(request: HttpRequest, staff: Staff) -> None:
    """List a sign-in; those of the person that have ended are forgotten."""
    now = timezone.now()
    SignIn.objects.filter(staff_id=staff.staff_id, at__lt=now - LONGEST).delete()
    row = SignIn.objects.create(
        number=uuid4(),
        staff_id=staff.staff_id,
        at=now,
        seen_at=now,
        address=str(request.META.get("REMOTE_ADDR", ""))[:60],
        device=request.headers.get("User-Agent", "")[:200],
    )
    request.session[IN_SESSION] = str(row.number)


def listed(staff: Staff) -> QuerySet[SignIn]:
    """The person's sign-ins that hold, the one used last first."""
    now = timezone.now()
    rows = SignIn.objects.filter(staff_id=staff.staff_id, at__gt=now - LONGEST, seen_at__gt=now - IDLE)
    return rows.order_by("-seen_at")


NONE = UUID(int=0)
"""The number that no sign-in has."""


def number_of(request: HttpRequest) -> UUID:
    """The number of the sign-in that a request belongs to, or NONE."""
    return UUID(request.session.get(IN_SESSION, NONE.hex))


def end(request: HttpRequest) -> None:
    """The sign-in that a request belongs to is over."""
    SignIn.objects.filter(number=number_of(request)).delete()


def end_all(staff_id: str, but: UUID = NONE) -> int:
    """End the person's sign-ins everywhere, ``but`` one; how many there were."""
    ended, _ = SignIn.objects.filter(staff_id=staff_id).exclude(number=but).delete()
    return ended


def bounded(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a sign-in that was ended or has lasted its time is over at the next request."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            row = listed(request.user).filter(number=number_of(request)).first()
            if row is None:
                logout(request)
            elif row.seen_at < (now := timezone.now()) - SEEN_EVERY:
                SignIn.objects.filter(pk=row.pk).update(seen_at=now)
        return get_response(request)

    return respond

"""What the bank's monitoring asks. None of it needs a login, and none says anything of a customer."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST

from weihu.workplace.bank.current import current
from weihu.workplace.see.health import metrics
from weihu.workplace.see.health.alarms import alarms

HERE = ("127.0.0.1", "::1")


def live(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, the first of all: ``/livez`` says that the process answers, whatever the database does."""

    def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok", "text/plain") if request.path == "/livez" else get_response(request)

    return respond


@login_not_required
def health(request: HttpRequest) -> JsonResponse:
    """The business date of the published run, if any."""
    latest = current()
    return JsonResponse({"business_date": str(latest.business_date) if latest else None})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Whether pages can be served: 503 while the database does not answer or no night is published."""
    wrong = [alarm.code for alarm in alarms(settings.HOME, timezone.now())]
    published = "database" not in wrong and current() is not None
    return JsonResponse({"ready": published, "alarms": wrong}, status=200 if published else 503)


@login_not_required
def figures(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus: with the token of ``WEIHU_METRICS_TOKEN``; without one set, to this machine only."""
    token = os.environ.get("WEIHU_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    allowed = secrets.compare_digest(given.encode(), token.encode()) if token else request.META["REMOTE_ADDR"] in HERE
    if not allowed:
        raise PermissionDenied
    return HttpResponse(metrics.text(), CONTENT_TYPE_LATEST)

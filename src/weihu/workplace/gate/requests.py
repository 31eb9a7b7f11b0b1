"""What every view relies on: a signed-in member of staff and a published run."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Run, Staff
from weihu.workplace.gate.reach import Gate


class WorkRequest(HttpRequest):
    """A request of a signed-in member of staff, tied to one run."""

    user: Staff
    run: Run
    gate: Gate
    book: RuleBook
    htmx: Any


View = Callable[..., HttpResponse]


def require_reach(request: WorkRequest) -> Gate:
    """The reader's gate, for pages about customers; Http404 for posts that reach none."""
    if request.gate.reach == "none":
        raise Http404
    return request.gate


def customer_page(customer_id: str, tab: str, part: str = "") -> str:
    """The address of a tab of a customer's page, and of a part of the tab."""
    return f"{reverse('customer', args=[customer_id])}?tab={tab}" + (f"#{part}" if part else "")


def needs_run(view: View) -> View:
    """Give the view ``request.gate`` and ``request.book``; before the first night, say so instead."""

    @wraps(view)
    def prepared(request: WorkRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.run is None:
            return render(request, "empty.html", status=503)
        request.gate = Gate(request.user, request.run)
        request.book = request.run.rulebook
        return view(request, *args, **kwargs)

    return prepared

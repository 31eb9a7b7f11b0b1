"""What the rail asks for after the page has come: the search, and how much waits."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.navigation.finding import find
from weihu.workplace.navigation.waiting import waiting as counted

LONGEST = 60


@needs_run
@require_POST
def search(request: WorkRequest) -> HttpResponse:
    """Customers, pages and acts. The words come in a POST, so that no number is in a log of addresses."""
    query = request.POST.get("q", "").strip()[:LONGEST]
    parts = find(query, request.gate, request.htmx.current_url_abs_path or "")
    return render(request, "navigation/found.html", {"parts": parts, "query": query})


@needs_run
@require_GET
def waiting(request: WorkRequest) -> HttpResponse:
    """The counts beside the entries."""
    counts = counted(request.gate, request.book.posts.get(request.user.post))
    return render(request, "navigation/waiting.html", {"counts": counts})

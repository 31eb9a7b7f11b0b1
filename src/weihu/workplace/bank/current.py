"""The run that a request sees: fixed for the whole request, so that no page mixes two nights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from weihu.workplace.bank.models import CurrentRun, Run


def current() -> Run | None:
    """The published run, if any night was published."""
    # without the book's row, which takes longer to read than the rest of the request: rule books are kept in memory
    pointer = CurrentRun.objects.select_related("run").first()
    return pointer.run if pointer else None


def current_run(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: ``request.run``, fixed before the view begins."""

    def respond(request: HttpRequest) -> HttpResponse:
        request.run = current()  # type: ignore[attr-defined]
        return get_response(request)

    return respond


def for_templates(request: HttpRequest) -> dict[str, Any]:
    """``run``, ``book`` and the reader's own post for every template."""
    run = getattr(request, "run", None)
    if run is None:
        return {"run": None, "book": None}
    book = run.rulebook
    staff = request.user if request.user.is_authenticated else None
    return {"run": run, "book": book, "own_post": book.posts.get(staff.post) if staff else None}

"""The run that a request sees: one for the whole request, so that no page is a mix of two nights."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse

from weihu.rules.rulebook import RuleBook
from weihu.workplace.runs.models import CurrentRun, Run


def current() -> Run | None:
    """The published run, if any night was published."""
    pointer = CurrentRun.objects.select_related("run").first()
    return pointer.run if pointer else None


@lru_cache(maxsize=8)
def _book_of(number: int) -> RuleBook:
    return RuleBook.model_validate(Run.objects.get(number=number).book)


def book_of(run: Run) -> RuleBook:
    """The rule book that a run was made by."""
    return _book_of(run.number)


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
    book = book_of(run)
    staff = request.user if request.user.is_authenticated else None
    return {"run": run, "book": book, "own_post": book.posts.get(staff.post) if staff else None}

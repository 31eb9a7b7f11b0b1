"""Long lists page by page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

ROWS = 30
"""No list on a page is longer: with these it stays within two screens."""


def page_of(request: HttpRequest, rows: Any) -> Page[Any]:
    """The asked page of a list or a query set; the first, or the last, where it is none."""
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))

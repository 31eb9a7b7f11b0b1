"""The rail of a page, for every template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from weihu.rules.sections.posts import Post
from weihu.workplace.navigation import entries

FOLDED = "rail"
"""The cookie that says whether the reader has folded the rail to icons."""


@dataclass(frozen=True)
class Rail:
    """What a reader may open, and where the reader is."""

    post: Post | None
    page: str
    args: Mapping[str, object]
    folded: bool

    @cached_property
    def rows(self) -> list[entries.Entry | entries.Group]:
        """Entries and groups, from top to bottom."""
        return entries.table_of(self.post)

    @cached_property
    def bar(self) -> list[entries.Entry]:
        """The entries of the telephone's bar."""
        return entries.bar_of(self.post)

    @cached_property
    def current(self) -> entries.Entry | None:
        """The entry of the page."""
        return entries.current(self.post, self.page, self.args)


def rail(request: HttpRequest) -> dict[str, Rail | None]:
    """``rail`` for every template; None for who is not signed in."""
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {"rail": None}
    run = getattr(request, "run", None)
    post = run.rulebook.posts.get(request.user.post) if run else None
    match = request.resolver_match
    page, args = (match.url_name or "", match.kwargs) if match else ("", {})
    return {"rail": Rail(post, page, args, request.COOKIES.get(FOLDED) == "icons")}

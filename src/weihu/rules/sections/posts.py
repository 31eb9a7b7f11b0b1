"""``[posts.…]``: the posts of staff (岗位)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weihu.rules.sections.entry import Count, Entry


class Post(Entry):
    """A post (岗位): whose customers it may see, and its working capacity.

    ``reach``: ``own`` (customers it is primary or deputy of), ``branch`` (with the branches below it), ``bank`` or
    ``none``. ``customers_max``: so many customers one person answers for (管户上限); none: no limit. ``sees_runs``: may
    read the reports of the nights. ``receives``: serves whoever of the branch comes, and opens their service cards
    (接待). ``keeps_rules``: may propose rule books and approve those of others. ``reads_audit``: reads the audit log, and
    sees nothing else of a customer.
    """

    reach: Literal["own", "branch", "bank", "none"]
    minutes_per_day: Count = 0
    customers_max: Annotated[int, Field(ge=1)] | None = None
    sees_runs: bool = False
    receives: bool = False
    keeps_rules: bool = False
    reads_audit: bool = False

    @property
    def decides(self) -> bool:
        """Whether it sees more than its own customers: it merges duplicates and decides on customers' rights."""
        return self.reach in ("branch", "bank")

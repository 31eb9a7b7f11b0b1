"""What the pages of portfolios share: plain refusals, names."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as lazy

from weihu.workplace.people.models import Staff
from weihu.workplace.portfolio import deciding
from weihu.workplace.requests import WorkRequest

LISTED = 200
REFUSALS = {
    "handover": lazy("Choose customers of one person, a different receiver, and a day that is not in the past."),
    "not_yours": lazy("Somebody else must do this."),
    "receiver": lazy("The receiver must work in the customer's branch, in a post that has customers."),
    "supervisor": lazy("A supervisor of the branch who is neither giver nor receiver decides, with a reason."),
    "settled": lazy("This has already been decided."),
    "not_claimable": lazy(
        "This customer cannot be claimed: already claimed, contacted recently, or in a grade that cannot be claimed."
    ),
    "claimed": lazy("Already claimed by somebody else."),
    "claim_limit": lazy("You have claimed as many as you may."),
    "referred": lazy("This customer has already been referred and awaits an answer."),
    "reason": lazy("Please give a reason."),
}


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """Names by staff number."""
    return {one.staff_id: one.name for one in Staff.objects.filter(pk__in=[one for one in ids if one])}


def with_customers(people: list[Staff], request: WorkRequest) -> set[str]:
    """Those whose posts have customers."""
    named = {post for grade in request.book.grades.values() for post in (*grade.posts, *grade.deputy_posts)}
    named |= set(request.book.fallback_posts)
    return {staff_id for staff_id, posts in deciding.posts_of(people).items() if posts & named}

"""Shared by the portfolio pages: messages for refusals, names of staff."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as lazy

from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.judge.portfolio import decisions

LISTED = 200
REFUSALS = {
    "handover": lazy("Choose customers of one person, a different receiver, and a day that is not in the past."),
    "not_yours": lazy("Somebody else must do this."),
    "receiver": lazy("The receiver must work in the customer's branch, in a post that has customers."),
    "supervisor": lazy("A supervisor of the branch who has no part in it decides, with a reason."),
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
    """The names of members of staff by staff number."""
    return {staff.staff_id: staff.name for staff in Staff.objects.filter(pk__in=[staff for staff in ids if staff])}


def with_customers(people: list[Staff], request: WorkRequest) -> set[str]:
    """The staff numbers of those whose posts can have customers."""
    posts_with_customers = {
        post for grade in request.book.grades.values() for post in (*grade.posts, *grade.deputy_posts)
    }
    posts_with_customers |= set(request.book.fallback_posts)
    return {staff_id for staff_id, posts in decisions.posts_of(people).items() if posts & posts_with_customers}

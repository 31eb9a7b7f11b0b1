"""Who answers for a customer (管户): a primary (A角) and, where the grade has one, a deputy (B角).

Within the branch where the customer's assets concentrate, by the posts of the grade. Whoever may keep a customer
keeps it; the others are dealt to the people with the fewest customers of that grade. Nobody is left out as long as
the branch has any of the book's fallback posts.
"""

from __future__ import annotations

from typing import Literal

import ibis
from ibis.expr.types import Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.value import business_date

Role = Literal["primary", "deputy"]


def candidates(staff: Table, eligible_posts: Table, calendar: Table, role: Role) -> Table:
    """Who may be primary (or deputy) for which grade in which branch: branch_id, grade_rank, staff_id."""
    active = staff.filter(staff.left_on.isnull() | (staff.left_on > business_date(calendar)))
    eligible = active.join(eligible_posts.filter(eligible_posts.role == role), "post")
    eligible = eligible.mutate(best=eligible.tier.min().over(group_by=["branch_id", "grade_rank"]))
    named = eligible.filter(eligible.tier == eligible.best)
    return named.select("branch_id", "grade_rank", "staff_id")


def assign(graded: Table, previous: Table, pool: Table, role: Role) -> Table:
    """customer_id and the ``role``'s staff id, for every customer whose branch has a candidate."""
    column = f"{role}_id"
    asked = (
        graded.select("customer_id", "branch_id", "grade_rank", "aum")
        .left_join(previous.select("customer_id", holder=column), "customer_id")
        .drop("customer_id_right")
    )
    members = pool.rename(candidate="staff_id")
    kept = asked.join(
        members,
        (asked.branch_id == members.branch_id)
        & (asked.grade_rank == members.grade_rank)
        & (asked.holder == members.candidate),
    ).select("customer_id", "branch_id", "grade_rank", "holder")
    waiting = asked.anti_join(kept, "customer_id")
    by = ["branch_id", "grade_rank"]
    waiting = waiting.mutate(
        turn=ibis.row_number().over(group_by=by, order_by=[waiting.aum.desc(), waiting.customer_id.asc()])
    )
    slots = _slots(pool, kept, waiting)
    dealt = waiting.join(slots, [*by, "turn"]).select("customer_id", "staff_id")
    return kept.select("customer_id", staff_id="holder").union(dealt).select("customer_id", **{column: "staff_id"})


def with_owners(graded: Table, primaries: Table, deputies: Table, completeness: Table, contacts: Table) -> Table:
    """Standings (columns: tables.STANDINGS): the graded customers with people, archive and last contact."""
    joined = graded
    for part in (primaries, deputies, completeness, contacts):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    return joined.mutate(
        deputy_id=ibis.ifelse(joined.deputy_id == joined.primary_id, ibis.null("string"), joined.deputy_id)
    )


def _slots(pool: Table, kept: Table, waiting: Table) -> Table:
    """Places in the order in which they are filled: always the person with the fewest customers of the grade next."""
    by = ["branch_id", "grade_rank"]
    load = kept.group_by(*by, "holder").agg(load=kept.count())
    loaded = pool.left_join(load, [*by, pool.staff_id == load.holder]).select(
        "branch_id", "grade_rank", "staff_id", "load"
    )
    loaded = loaded.mutate(load=ibis.coalesce(loaded.load, 0))
    places = loaded.join(waiting.select(*by, nth="turn"), by)
    slots = places.mutate(
        turn=ibis.row_number().over(group_by=by, order_by=[(places.load + places.nth).asc(), places.staff_id.asc()])
    )
    return slots.select(*by, "staff_id", "turn")


def eligible_posts(book: RuleBook) -> list[dict[str, object]]:
    """Which post may take which grade in which role (columns: tables.ELIGIBLE_POSTS)."""
    rows: list[dict[str, object]] = []
    for rank, grade in enumerate(book.grades.values()):
        fallback = [post for post in book.fallback_posts if post not in grade.posts]
        tiers = [("primary", post, 0) for post in grade.posts]
        tiers += [("primary", post, tier) for tier, post in enumerate(fallback, 1)]
        tiers += [("deputy", post, 0) for post in grade.deputy_posts]
        rows += [{"role": role, "post": post, "grade_rank": rank, "tier": tier} for role, post, tier in tiers]
    return rows

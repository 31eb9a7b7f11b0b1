"""Who answers for a customer (管户): a primary (A角) and, where the grade has one, a deputy (B角).

Within the branch where the customer's assets concentrate, by the posts of the grade. Whoever may keep a customer keeps
it, whatever the loads: a relation is worth more than balance. The others are dealt so that loads within a grade are even
and nobody gets more than he or she may have while another has room: a minimum-cost flow over counts (``flow``), then
customers in order of assets, the largest going round. A branch without the grade's posts asks the book's fallback
posts, then the branch above it. Who still has nobody is listed with the reason and the person who has to settle it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Literal

import ibis
import numpy as np
from ibis.expr.types import Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import CONTACTS, STANDINGS, UNASSIGNED
from weihu.rules.value import business_date

Role = Literal["primary", "deputy"]
FINE = 8
"""So far above and below the even load each single customer has a price of its own."""
OVER = 10**9
"""The price of a customer beyond somebody's limit: more than any unevenness."""

Row = dict[str, Any]


def pool(staff: Iterable[Row], staffing: Iterable[Row], branches: Iterable[Row], book: RuleBook) -> list[Row]:
    """Who may have customers (columns: tables.POOL).

    ``staff``: active people with staff_id, branch_id, post; ``staffing``: tables.STAFFING; ``branches``: with parent_id.
    """
    above = {row["branch_id"]: row["parent_id"] for row in branches}
    posts: dict[tuple[str, str], dict[str, int | None]] = defaultdict(dict)
    people = {row["staff_id"]: row for row in staff}
    limits = {row["staff_id"]: row["customers_max"] for row in staffing if row["customers_max"] is not None}
    held = [(row["staff_id"], row["post"]) for row in people.values()]
    held += [(row["staff_id"], row["post"]) for row in staffing if row["post"] and row["staff_id"] in people]
    for staff_id, post in held:
        if post in book.posts:
            limit = limits.get(staff_id, book.posts[post].customers_max)
            posts[people[staff_id]["branch_id"], post][staff_id] = limit
    rows: list[Row] = []
    for branch in above:
        for rank, grade in enumerate(book.grades.values()):
            for role, asked in (("primary", grade.posts), ("deputy", grade.deputy_posts)):
                fallback = book.fallback_posts if role == "primary" else []
                found = _found(branch, asked, fallback, posts, above)
                rows += [
                    {"role": role, "branch_id": branch, "grade_rank": rank, "staff_id": one, "customers_max": limit}
                    for one, limit in sorted(found.items())
                ]
    return rows


def _found(
    branch: str,
    asked: list[str],
    fallback: list[str],
    posts: dict[tuple[str, str], dict[str, int | None]],
    above: dict[str, str | None],
) -> dict[str, int | None]:
    """The people of the first step that has any: the grade's posts here, each fallback here, then the branch above."""
    steps = [asked, *([post] for post in fallback if post not in asked)]
    place: str | None = branch
    seen: set[str] = set()
    while place is not None and place not in seen and asked:
        for step in steps:
            people: dict[str, int | None] = {}
            for post in step:
                people |= posts.get((place, post), {})
            if people:
                return people
        seen.add(place)
        place = above.get(place)
    return {}


def kept(
    graded: Table, standings_before: Table, placed: Table, pool: Table, staff: Table, calendar: Table, role: Role
) -> Table:
    """Customers who stay with somebody: customer_id, branch_id, grade_rank, holder, placed (whether people gave it).

    ``placed``: tables.PLACED, for the primary; it goes before who had the customer. Somebody whom people chose keeps the
    customer while at work in its branch, whatever the posts say.
    """
    active = staff.filter(staff.left_on.isnull() | (staff.left_on > business_date(calendar)))
    asked = _asked(graded, standings_before, placed, active, calendar, role)
    here = pool.filter(pool.role == role)
    fits = asked.semi_join(
        here,
        [
            asked.branch_id == here.branch_id,
            asked.grade_rank == here.grade_rank,
            asked.holder == here.staff_id,
        ],
    )
    chosen = asked.filter(asked.placed).semi_join(
        active, [asked.branch_id == active.branch_id, asked.holder == active.staff_id]
    )
    return fits.union(chosen, distinct=True)


def _asked(graded: Table, previous: Table, placed: Table, active: Table, calendar: Table, role: Role) -> Table:
    before = previous.select(
        "customer_id", before=f"{role}_id", given=ibis.coalesce(previous.primary_why == "placed", False)
    )
    columns = ("customer_id", "branch_id", "grade_rank")
    asked = graded.select(*columns).left_join(before, "customer_id").drop("customer_id_right")
    if role == "deputy":
        return asked.select(*columns, holder="before", placed=ibis.literal(False))
    due = placed.filter(placed.placed_on <= business_date(calendar) + ibis.interval(days=1))
    # a merge may bring two of one day together: then the first by number, whatever engine computes it
    order = [due.placed_on.desc(), due.staff_id.asc()]
    latest = due.mutate(turn=ibis.row_number().over(group_by="customer_id", order_by=order))
    latest = latest.filter(latest.turn == 0).select("customer_id", chosen="staff_id")
    latest = latest.join(active.select(chosen="staff_id", at="branch_id"), "chosen")
    joined = asked.left_join(latest, "customer_id").drop("customer_id_right")
    # somebody who has left, or works elsewhere than the customer is now, is nobody's choice any more
    joined = joined.mutate(chosen=ibis.ifelse(joined["at"] == joined.branch_id, joined.chosen, ibis.null("string")))
    # still given by people while it is with the one they gave it to
    given = joined.chosen.notnull() | ibis.coalesce(joined.given, False)
    return joined.select(*columns, holder=ibis.coalesce(joined.chosen, joined.before), placed=given)


def waiting(graded: Table, kept: Table) -> Table:
    """Customers who need somebody, in the order in which they are dealt: with turn, from 0 in branch and grade."""
    rest = graded.select("customer_id", "branch_id", "grade_rank", "aum").anti_join(kept, "customer_id")
    turn = ibis.row_number().over(
        group_by=["branch_id", "grade_rank"], order_by=[rest.aum.desc(), rest.customer_id.asc()]
    )
    return rest.mutate(turn=turn)


def latest_contacts(standings_before: Table, contacts_today: Table) -> Table:
    """The last contact of each customer, carried or new (columns: tables.CONTACTS)."""
    carried = standings_before.filter(standings_before.last_contact_on.notnull()).select(*CONTACTS)
    both = carried.union(contacts_today)
    latest = [both.last_contact_on.desc(), both.follow_up_on.desc(nulls_first=False)]
    ranked = both.mutate(place=ibis.row_number().over(group_by="customer_id", order_by=latest))
    return ranked.filter(ranked.place == 0).select(*CONTACTS)


def held(kept: Table) -> Table:
    """How many customers stay with each person, by branch and grade (columns: tables.HELD)."""
    return kept.group_by("branch_id", "grade_rank", "holder").agg(customers=kept.count().cast("int64"))


def asked(waiting: Table) -> Table:
    """How many customers need somebody, by branch and grade (columns: tables.ASKED)."""
    return waiting.group_by("branch_id", "grade_rank").agg(customers=waiting.count().cast("int64"))


def flow(members: list[Row], holding: list[Row], asking: list[Row]) -> list[Row]:
    """How many of the waiting customers each person gets (columns: tables.PLACES).

    ``members``: tables.POOL of one role; ``holding``: branch_id, grade_rank, holder, customers; ``asking``: branch_id,
    grade_rank, customers. A minimum-cost flow: from branch and grade to its people, dearer with each customer of the
    grade that a person has, and far dearer beyond the person's limit; of two with as many, the first by staff_id gets the
    next. Solved exactly, for the whole bank at once.
    """
    have = {(row["branch_id"], row["grade_rank"], row["holder"]): row["customers"] for row in holding}
    whole: dict[str, int] = defaultdict(int)
    for row in holding:
        whole[row["holder"]] += row["customers"]
    people: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in sorted(members, key=lambda row: str(row["staff_id"])):
        people[row["branch_id"], row["grade_rank"]].append(row)
    # of equal loads the first by name: less than any difference of loads, also round a circle of people
    apart = 2 * max(map(len, people.values()), default=1) ** 2
    arcs = _Arcs()
    places: list[tuple[tuple[str, int, str], list[int]]] = []
    limits: dict[str, int | None] = {}
    for row in sorted(asking, key=lambda row: (row["branch_id"], row["grade_rank"])):
        key, number = (row["branch_id"], row["grade_rank"]), row["customers"]
        if not people[key]:
            continue
        source = arcs.node(("grade", key), number)
        loads = [have.get((*key, member["staff_id"]), 0) for member in people[key]]
        even = _even(loads, number)
        for place, (member, load) in enumerate(zip(people[key], loads, strict=True)):
            limits[member["staff_id"]] = member["customers_max"]
            person = arcs.node(("person", member["staff_id"]))
            steps = _steps(load, even, number)
            used = [arcs.add(source, person, size, price * apart + place) for size, price in steps]
            places.append(((*key, member["staff_id"]), used))
    sink = arcs.node("sink", -arcs.supplied)
    for staff_id, limit in limits.items():
        person = arcs.node(("person", staff_id))
        room = arcs.supplied if limit is None else max(0, limit - whole[staff_id])
        arcs.add(person, sink, room, 0)
        arcs.add(person, sink, arcs.supplied, OVER * apart)
    flows = arcs.solved()
    dealt = [(place, sum(int(flows[arc]) for arc in used)) for place, used in places]
    return [
        {
            "branch_id": branch,
            "grade_rank": rank,
            "staff_id": one,
            "held": have.get((branch, rank, one), 0),
            "customers": n,
        }
        for (branch, rank, one), n in dealt
        if n
    ]


def deal(waiting: Table, places: Table) -> Table:
    """customer_id and staff_id: the waiting customers on the places, each time to who then has the fewest."""
    by = ["branch_id", "grade_rank"]
    numbers = waiting.select(*by, nth="turn")
    slots = places.join(numbers, by)
    slots = slots.filter(slots.nth < slots.customers)
    turn = ibis.row_number().over(group_by=by, order_by=[(slots.held + slots.nth).asc(), slots.staff_id.asc()])
    slots = slots.mutate(turn=turn).select(*by, "staff_id", "turn")
    return waiting.join(slots, [*by, "turn"]).select("customer_id", "staff_id")


def with_owners(
    graded: Table,
    primary_kept: Table,
    primary_dealt: Table,
    deputy_kept: Table,
    deputy_dealt: Table,
    standings_before: Table,
    completeness: Table,
    contacts: Table,
    calendar: Table,
) -> Table:
    """Standings (columns: tables.STANDINGS): the graded customers with people, archive and last contact."""
    primary = primary_kept.select(
        "customer_id", primary_id="holder", why=ibis.ifelse(primary_kept.placed, "placed", "dealt")
    ).union(primary_dealt.select("customer_id", primary_id="staff_id", why=ibis.literal("dealt")))
    deputy = deputy_kept.select("customer_id", deputy_id="holder").union(
        deputy_dealt.select("customer_id", deputy_id="staff_id")
    )
    before = standings_before.select("customer_id", had="primary_id", since="primary_since")
    joined = graded
    for part in (primary, deputy, before, completeness, contacts):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    same = ibis.coalesce(joined.primary_id == joined.had, False)
    return joined.mutate(
        primary_since=ibis.ifelse(
            joined.primary_id.isnull(), ibis.null("date"), ibis.ifelse(same, joined.since, business_date(calendar))
        ),
        primary_why=joined.why,
        deputy_id=ibis.ifelse(joined.deputy_id == joined.primary_id, ibis.null("string"), joined.deputy_id),
    ).select(*STANDINGS)


def unassigned(standings: Table, staff: Table, calendar: Table, book: RuleBook) -> Table:
    """Customers without a primary (columns: tables.UNASSIGNED), given to the first person of a post that sees the bank."""
    wide = [key for key, post in book.posts.items() if post.reach == "bank"]
    active = staff.filter(staff.left_on.isnull() | (staff.left_on > business_date(calendar)))
    owners = active.filter(active.post.isin(wide)).agg(owner_id=active.staff_id.min())
    without = standings.filter(standings.primary_id.isnull()).cross_join(owners)
    return without.select("customer_id", "owner_id", why=ibis.literal("no_staff")).select(*UNASSIGNED)


def _even(loads: list[int], number: int) -> int:
    """The load that all would have if the customers filled up who has least."""
    level, ordered = 0, sorted(loads)
    for count in range(1, len(ordered) + 1):
        level = (sum(ordered[:count]) + number) // count
        if count == len(ordered) or level <= ordered[count]:
            break
    return level


def _steps(load: int, even: int, number: int) -> list[tuple[int, int]]:
    """Sizes and prices of the arcs to a person: coarse far below the even load, one by one around it, coarse above."""
    steps: list[tuple[int, int]] = []
    at, left = load, number
    if at < even - FINE:
        size = min(left, even - FINE - at)
        steps.append((size, at))
        at, left = at + size, left - size
    while left and at < even + FINE:
        steps.append((1, at))
        at, left = at + 1, left - 1
    while left:
        size = min(left, max(1, at))
        steps.append((size, at + size))
        at, left = at + size, left - size
    return steps


class _Arcs:
    """A network under construction."""

    def __init__(self) -> None:
        self._nodes: dict[Any, int] = {}
        self._supplies: list[int] = []
        self._arcs: list[tuple[int, int, int, int]] = []
        self.supplied = 0

    def node(self, name: Any, supply: int = 0) -> int:
        if name not in self._nodes:
            self._nodes[name] = len(self._supplies)
            self._supplies.append(supply)
            self.supplied += max(0, supply)
        return self._nodes[name]

    def add(self, tail: int, head: int, capacity: int, price: int) -> int:
        self._arcs.append((tail, head, capacity, price))
        return len(self._arcs) - 1

    def solved(self) -> Any:
        """The flow on every arc."""
        if not self.supplied:
            return []
        from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - most nights have nobody to assign

        network = min_cost_flow.SimpleMinCostFlow()
        tails, heads, capacities, prices = np.array(self._arcs, dtype=np.int64).T
        arcs = network.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, prices)
        network.set_nodes_supplies(np.arange(len(self._supplies)), np.array(self._supplies, dtype=np.int64))
        if network.solve() != network.OPTIMAL:
            raise ArithmeticError("the flow of customers to people has no solution")
        return network.flows(arcs)

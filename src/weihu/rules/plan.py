"""A person's list for his or her next working day (今日工作), within the person's minutes (M10, M19).

Several signals of one customer are one task with several reasons. What acting is worth (yuan) grows with what is at
stake, with the chance to change it, with urgency and with the days that it has waited. What was promised is planned
first; of the rest the most valuable set that fits. What does not fit stays open and ages; nothing is dropped.

The best set is found exactly: among tasks of one length only the most valuable ones can be in it, so a person's day
is a choice of how many of each sort, a knapsack over a few counts. ``candidates`` makes the sorts, ``choose`` finds
the counts of everybody at once, ``plan_tasks`` takes the rows.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import gcd
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import DecimalValue, Table, Value

from weihu.rules.metric import kinds_without_money
from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import CANDIDATES, CHOICES, MONEY, PICKS, TASKS
from weihu.rules.value import FACTOR, WIDE, ZERO, business_date

Counts = np.ndarray[Any, np.dtype[np.int64]]
Sort = tuple[bool, bool, int]
"""Promised, top, minutes: what makes tasks alike."""

AT_ONCE = 2048
NOTHING = np.iinfo(np.int64).min // 4
"""Worth less than any day: what is not there to be taken."""


def top(standings: Table, book: RuleBook) -> Table:
    """The AUM from which an effective customer is among the book's top share (columns: tables.TOP)."""
    effective = standings.filter(standings.effective)
    share = int(book.top_share * 1_000_000)
    place = (ibis.row_number().over(order_by=effective.aum) + 1).cast("int64")
    many = effective.count().over().cast("int64")
    ranked = effective.select("aum", place=place, first=many - many * share // 1_000_000)
    return ranked.filter(ranked.place == ibis.greatest(ranked["first"], 1)).select("aum")


def workdays(branches: Table, staff: Table, own_workdays: Table, calendar: Table) -> Table:
    """Which day everybody's list is for (columns: tables.WORKDAYS): a person's own days, else the branch's, else the
    bank's."""
    own = own_workdays.filter(own_workdays.staff_id != "").select(
        "staff_id", own_works_on="works_on", own_through="through"
    )
    of_branch = own_workdays.filter(own_workdays.staff_id == "").select("branch_id", "works_on", "through")
    usual = calendar.select(usually="works_on", usually_through="through")
    there = branches.select("branch_id").left_join(of_branch, "branch_id").cross_join(usual)
    there = there.select(
        "branch_id",
        staff_id=ibis.literal(""),
        works_on=ibis.coalesce(there.works_on, there.usually),
        through=ibis.coalesce(there.through, there.usually_through),
    )
    here = there.select("branch_id", branch_works_on="works_on", branch_through="through")
    people = staff.select("staff_id", "branch_id").join(here, "branch_id").left_join(own, "staff_id")
    people = people.select(
        branch_id=ibis.literal(""),
        staff_id=people.staff_id,
        works_on=ibis.coalesce(people.own_works_on, people.branch_works_on),
        through=ibis.coalesce(people.own_through, people.branch_through),
    )
    return there.union(people)


def choices(candidates: Table) -> Table:
    """What ``choose`` looks at (columns: tables.CHOICES)."""
    return candidates.select(*CHOICES)


def candidates(
    signals: Table,
    standings: Table,
    staff: Table,
    staffing: Table,
    covers: Table,
    barred: Table,
    tired: Table,
    top: Table,
    workdays: Table,
    calendar: Table,
    book: RuleBook,
) -> Table:
    """What everybody could do (columns: tables.CANDIDATES), as far as a day could hold it.

    Who is not to be contacted is on nobody's list, what is held out neither; an event counts once, by the signal that
    leads it; who is ``tired`` of contacts hears only of
    what was promised. Work of who is away goes to who covers,
    else to the customer's deputy; a deputy's own work, if he or she is away, to the primary. ``top``: one row, the AUM from which a customer counts as one of the best.
    """
    promises = [kind for kind, rule in book.signals.items() if rule.promised]
    signals = signals.filter(~signals.held_out & (signals.led_by == "")).anti_join(barred, "customer_id")
    signals = signals.filter(signals.kind.isin(promises)).union(
        signals.filter(~signals.kind.isin(promises)).anti_join(tired, "customer_id")
    )
    workers = _at_work(standings, covers)
    joined = signals.join(workers, "customer_id")
    deputies = [kind for kind, rule in book.signals.items() if rule.to == "deputy"]
    own = ~joined.kind.isin(deputies) if deputies else ibis.literal(True)
    joined = joined.mutate(
        staff_id=ibis.ifelse(own, joined.worker_id, ibis.coalesce(joined.deputy_id, joined.worker_id))
    )
    joined = joined.join(workdays.select("staff_id", "works_on", "through"), "staff_id")
    fell, rose = ({kind: book.urgency_of([kind], fallen) for kind in book.signals} for fallen in (True, False))
    weighed = joined.mutate(
        value=_worth(joined, calendar, book),
        minutes=_of_kind(joined.kind, {kind: rule.minutes for kind, rule in book.signals.items()}, "int64"),
        promised=joined.kind.isin(promises),
        urgency=ibis.ifelse(
            joined.flow_30 < ZERO, _of_kind(joined.kind, fell, "int64"), _of_kind(joined.kind, rose, "int64")
        ),
    )
    tasks = weighed.group_by("staff_id", "customer_id", "grade_rank", "aum", "flow_30", "works_on").agg(
        value=weighed.value.sum().cast(MONEY),
        minutes=weighed.minutes.max(),
        promised=weighed.promised.any(),
        urgency=weighed.urgency.min(),
    )
    tasks = tasks.join(_capacities(staff, staffing, book), "staff_id")
    tasks = tasks.mutate(
        on=tasks.works_on,
        top=tasks.aum >= top.aum.as_scalar(),
        # whole cents over whole minutes, so that every engine finds the same number
        score=((tasks.value * 100).cast("int64") / (tasks.minutes * 100)).cast("float64"),
    )
    alike = ["staff_id", "promised", "top", "minutes"]
    order = [tasks.value.desc(), tasks.aum.desc(), tasks.customer_id.asc()]
    placed = tasks.mutate(place=(ibis.row_number().over(group_by=alike, order_by=order) + 1).cast("int64"))
    return placed.filter(placed.place * placed.minutes <= placed.capacity).select(*CANDIDATES)


def plan_tasks(candidates: Table, picks: Table, book: RuleBook) -> Table:
    """The tasks that were picked, in order (columns: tables.TASKS): by urgency, then the largest fall or the most worth."""
    picked = candidates.join(picks, ["staff_id", "promised", "top", "minutes"])
    picked = picked.filter(picked.place <= picked.picked)
    falls = [place for place, group in enumerate(book.urgency.values()) if group.largest_fall_first]
    fall = ibis.ifelse(picked.urgency.isin(falls), picked.flow_30, ZERO) if falls else picked.urgency
    order = [picked.urgency.asc(), fall.asc(), picked.score.desc(), picked.aum.desc(), picked.customer_id.asc()]
    position = (ibis.row_number().over(group_by="staff_id", order_by=order) + 1).cast("int64")
    return picked.mutate(position=position).select(*TASKS)


def choose(candidates: pa.Table, book: RuleBook) -> list[dict[str, Any]]:
    """How many candidates of each sort everybody's day takes (columns: tables.PICKS).

    First of what was promised, as much as fits and is worth most; then of the rest. Tasks of customers who are not
    among the best may take what ``top_time`` leaves, and what the best do not need.
    """
    columns = {name: candidates[name].to_numpy() for name in ("promised", "top", "minutes", "place", "capacity")}
    cents = pc.multiply(candidates["value"].cast(pa.decimal128(20, 2)), pa.scalar(Decimal(100)))
    values = cents.cast(pa.int64()).to_numpy()
    people, who = np.unique(candidates["staff_id"].to_numpy(zero_copy_only=False), return_inverse=True)
    sorts = sorted(set(zip(*(columns[name].tolist() for name in ("promised", "top", "minutes")), strict=True)))
    step = gcd(*(minutes for _, _, minutes in sorts)) if sorts else 1
    minutes_of = np.zeros(len(people), np.int64)
    minutes_of[who] = columns["capacity"]
    rest = 1 - Fraction(book.top_time)
    capacity, others = minutes_of // step, minutes_of * rest.numerator // rest.denominator // step
    picks: list[dict[str, Any]] = []
    for low in range(0, len(people), AT_ONCE):
        some = (who >= low) & (who < low + AT_ONCE)
        worth: dict[Sort, Counts] = {}
        for promised, top, minutes in sorts:
            of = some & (columns["promised"] == promised) & (columns["top"] == top) & (columns["minutes"] == minutes)
            rows, places = who[of] - low, columns["place"][of]
            table = np.full((min(AT_ONCE, len(people) - low), int(places.max(initial=0)) + 1), NOTHING)
            table[:, 0] = 0
            table[rows, places] = values[of]
            worth[promised, top, minutes // step] = np.where(
                (table == NOTHING).cumsum(axis=1) > 0, NOTHING, np.where(table == NOTHING, 0, table).cumsum(axis=1)
            )
        counts = _best_days(worth, capacity[low : low + AT_ONCE], others[low : low + AT_ONCE])
        for (promised, top, length), taken in counts.items():
            picks += [
                {
                    "staff_id": people[low + row],
                    "minutes": length * step,
                    "promised": promised,
                    "top": top,
                    "picked": int(taken[row]),
                }
                for row in np.flatnonzero(taken).tolist()
            ]
    return sorted(picks, key=lambda row: tuple(row[name] for name in PICKS))


def _best_days(worth: dict[Sort, Counts], capacity: Counts, for_others: Counts) -> dict[Sort, Counts]:
    """The counts per sort. ``worth``: of each sort, what its best 0, 1, 2 … tasks are worth, a row per person.

    ``for_others``: what customers who are not among the best may take of a day.
    """
    longest = int(capacity.max(initial=0))
    of = {
        part: {sort: table for sort, table in worth.items() if sort[:2] in kinds}
        for part, kinds in (
            ("promised", ((True, True), (True, False))),
            ("top", ((False, True),)),
            ("other", ((False, False),)),
        )
    }
    counts = _picked(of["promised"], _filled(of["promised"], longest, len(capacity)), capacity)
    used = sum((counts[sort] * sort[2] for sort in counts), np.zeros(len(capacity), np.int64))
    left = capacity - used
    for_the_top = sum((counts[sort] * sort[2] for sort in counts if not sort[1]), np.zeros(len(capacity), np.int64))
    wanted = sum(
        (((table > NOTHING).sum(axis=1) - 1) * sort[2] for sort, table in of["top"].items()),
        np.zeros(len(capacity), np.int64),
    )
    best = {part: _filled(of[part], longest, len(capacity)) for part in ("top", "other")}
    allowed = np.maximum(for_others - for_the_top, left - np.minimum(wanted, left))
    allowed = np.clip(allowed, 0, left)
    people = np.arange(len(capacity))
    chosen, most = np.zeros(len(capacity), np.int64), np.full(len(capacity), -1, np.int64)
    for others in range(longest + 1):
        rest = np.maximum(left - others, 0)
        total = best["other"][-1][:, others] + best["top"][-1][people, rest]
        better = (others <= allowed) & (total > most)
        chosen, most = np.where(better, others, chosen), np.where(better, total, most)
    counts |= _picked(of["other"], best["other"], chosen)
    counts |= _picked(of["top"], best["top"], left - chosen)
    return counts


def _filled(sorts: dict[Sort, Counts], longest: int, people: int) -> list[Counts]:
    """What a day of 0 … ``longest`` steps is worth at most, with the first 0, 1, 2 … sorts."""
    best = [np.zeros((people, longest + 1), np.int64)]
    for (_, _, length), table in sorts.items():
        more = best[-1].copy()
        for count in range(1, min(table.shape[1] - 1, longest // length) + 1):
            ahead = best[-1][:, : longest + 1 - count * length] + table[:, count, None]
            np.maximum(more[:, count * length :], ahead, out=more[:, count * length :])
        best.append(more)
    return best


def _picked(sorts: dict[Sort, Counts], best: list[Counts], room: Counts) -> dict[Sort, Counts]:
    """The counts that reach the best worth of each person's ``room``; of equals, the fewest."""
    counts: dict[Sort, Counts] = {}
    people, room = np.arange(len(room)), room.copy()
    for (sort, table), before, after in reversed(list(zip(sorts.items(), best, best[1:], strict=False))):
        wanted, taken = after[people, room], np.full(len(room), -1, np.int64)
        for count in range(table.shape[1]):
            rest = room - count * sort[2]
            reached = (rest >= 0) & (before[people, np.maximum(rest, 0)] + table[:, count] == wanted)
            taken = np.where((taken < 0) & reached, count, taken)
        counts[sort], room = taken, room - taken * sort[2]
    return counts


def _worth(joined: Table, calendar: Table, book: RuleBook) -> DecimalValue:
    """What acting on a signal is worth, yuan: (weight x grade's weight + chance x margin x amount) x urgency x age.

    The amount of a signal that tells of points is the customer's AUM.
    """
    rules, rule = book.signals.items(), book.planning
    pull = {rank: grade.weight for rank, grade in enumerate(book.grades.values())}
    own = _of_kind(joined.kind, {kind: entry.weight for kind, entry in rules}, WIDE)
    own = own * _of_kind(joined.grade_rank, pull, "decimal(6,2)")
    stakes = {kind: entry.chance * entry.margin for kind, entry in rules if entry.chance * entry.margin}
    money = joined.amount
    if points := kinds_without_money(book):
        money = ibis.ifelse(joined.kind.isin(points), joined.aum, joined.amount)
    at_stake = ibis.coalesce(money, ZERO).cast(WIDE) * _of_kind(joined.kind, stakes, WIDE, 0)
    near = joined.on_date.between(
        (joined.works_on - ibis.interval(days=rule.urgent_days)).cast("date"),
        (joined.through + ibis.interval(days=rule.urgent_days)).cast("date"),
    )
    urgency = ibis.ifelse(ibis.coalesce(near, False), ibis.literal(rule.urgency, WIDE), ibis.literal(1, WIDE))
    waited = ibis.least(business_date(calendar).delta(joined.raised_on, unit="day"), rule.ageing_days)
    age = ibis.literal(1, "decimal(8,6)") + waited.cast("decimal(6,0)") * ibis.literal(rule.ageing, "decimal(8,6)")
    worth = (own + at_stake).cast(MONEY)
    return (worth.cast(WIDE) * (urgency * age).cast(FACTOR)).cast(MONEY)


def _at_work(standings: Table, covers: Table) -> Table:
    """Who works for each customer on the day: customer_id, grade_rank, aum, flow_30, worker_id, deputy_id (none if away).

    For a primary who is away works who covers, else the deputy; if both are away, it waits for the primary."""
    owned = standings.filter(standings.primary_id.notnull())
    away = owned.left_join(covers, owned.primary_id == covers.staff_id)
    gone = covers.select(absent_id="staff_id")
    known = away.left_join(gone, away.deputy_id == gone.absent_id)
    known = known.mutate(present_id=ibis.ifelse(known.absent_id.isnull(), known.deputy_id, ibis.null("string")))
    cover = ibis.coalesce(known.cover_id, known.present_id, known.primary_id)
    worker = ibis.ifelse(known.staff_id.isnull(), known.primary_id, cover)
    return known.select("customer_id", "grade_rank", "aum", "flow_30", worker_id=worker, deputy_id=known.present_id)


def _capacities(staff: Table, staffing: Table, book: RuleBook) -> Table:
    """Everybody's minutes of the day: staff_id, capacity."""
    own = staffing.group_by("staff_id").agg(own_minutes=staffing.minutes_per_day.max())
    joined = staff.select("staff_id", "post").left_join(own, "staff_id").drop("staff_id_right")
    of_post = _of_kind(joined.post, {key: post.minutes_per_day for key, post in book.posts.items()}, "int64")
    return joined.select("staff_id", capacity=ibis.coalesce(joined.own_minutes, of_post, 0))


def _of_kind(key: Value, values: dict[Any, Any], kind: str, other: Any = None) -> Value:
    """The book's number for a key."""
    steps = [(key == name, ibis.literal(value, kind)) for name, value in values.items()]
    missing = ibis.null(kind) if other is None else ibis.literal(other, kind)
    return ibis.cases(*steps, else_=missing) if steps else missing

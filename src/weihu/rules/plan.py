"""A person's list for the next working day (今日工作), within the post's minutes.

Several signals of one customer are one task with several reasons. What does not fit stays open and is shown as not
planned; nothing is dropped.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import Table, Value

from weihu.rules.rulebook import RuleBook
from weihu.rules.tables import TASKS

WEIGHT = "decimal(6,2)"


def plan_tasks(
    signals: Table, standings: Table, staff: Table, staffing: Table, covers: Table, barred: Table, book: RuleBook
) -> Table:
    """Tasks that fit, in order (columns: tables.TASKS).

    A task's score is the sum of its signals' weights times the grade's weight; it takes the minutes of its longest
    signal. Who is not to be contacted is on nobody's list. Work of who is away goes to who covers, else to the
    customer's deputy. A list is filled in order of score until the person's minutes of the day are used.
    """
    rules = book.signals.items()
    signals = signals.anti_join(barred, "customer_id")
    weighed = signals.mutate(
        weight=_looked_up(signals.kind, {kind: rule.weight for kind, rule in rules}, WEIGHT),
        minutes=_looked_up(signals.kind, {kind: rule.minutes for kind, rule in rules}, "int64"),
    )
    per_customer = weighed.group_by("customer_id").agg(
        weight=weighed.weight.sum().cast("decimal(12,2)"), minutes=weighed.minutes.max()
    )
    owned = _at_work(standings, covers)
    tasks = per_customer.join(owned, "customer_id")
    pull = {rank: grade.weight for rank, grade in enumerate(book.grades.values())}
    # weights are exact decimals, so that every engine finds the same order
    tasks = tasks.mutate(score=(tasks.weight * _looked_up(tasks.grade_rank, pull, WEIGHT)).cast("float64"))
    order = [tasks.score.desc(), tasks.aum.desc(), tasks.customer_id.asc()]
    over = ibis.window(group_by="staff_id", order_by=order, rows=(None, 0))
    tasks = tasks.mutate(
        position=(ibis.row_number().over(group_by="staff_id", order_by=order) + 1).cast("int64"),
        used=tasks.minutes.sum().over(over).cast("int64"),
    )
    own = staffing.group_by("staff_id").agg(own_minutes=staffing.minutes_per_day.max())
    tasks = tasks.join(staff.select("staff_id", "post"), "staff_id")
    tasks = tasks.left_join(own, "staff_id").drop("staff_id_right")
    of_post = _looked_up(tasks.post, {key: post.minutes_per_day for key, post in book.posts.items()}, "int64")
    capacity = ibis.coalesce(tasks.own_minutes, of_post)
    fitting = tasks.filter(tasks.used <= capacity)
    return fitting.select(*TASKS)


def _at_work(standings: Table, covers: Table) -> Table:
    """Who works for each customer on the day: customer_id, grade_rank, aum, staff_id."""
    owned = standings.filter(standings.primary_id.notnull())
    away = owned.left_join(covers, owned.primary_id == covers.staff_id)
    worker = ibis.ifelse(
        away.staff_id.isnull(), away.primary_id, ibis.coalesce(away.cover_id, away.deputy_id, away.primary_id)
    )
    return away.select("customer_id", "grade_rank", "aum", staff_id=worker)


def _looked_up(key: Value, values: dict[Any, Any], kind: str) -> Value:
    """The book's number for a key."""
    return ibis.cases(*((key == name, ibis.literal(value, kind)) for name, value in values.items()))

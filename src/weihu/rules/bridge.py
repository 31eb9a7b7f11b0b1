"""What the change of a customer's AUM in a night is made of: so that a start, its parts and an end reconcile to the cent.

What moves between a customer's own accounts is no part. Of what came, new accounts come first; of what went, what
matured, then what was on accounts that were closed.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import DecimalValue, Table

from weihu.rules.tables import BRIDGE, MONEY
from weihu.rules.value import ZERO


def bridge(
    standings: Table, previous: Table, accounts: Table, accounts_before: Table, matured: Table, calendar: Table
) -> Table:
    """Of every customer, tonight's parts (columns: tables.BRIDGE), each at least 0; the first night has none."""
    before = previous.select("customer_id", before="aum")
    joined = standings.select("customer_id", "aum").left_join(before, "customer_id").drop("customer_id_right")
    for part in (
        _opened(accounts, accounts_before),
        _closed(accounts, accounts_before),
        _left(matured, accounts, standings, previous),
    ):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    change = joined.aum - ibis.coalesce(joined.before, ZERO)
    change = ibis.ifelse(calendar.is_first.as_scalar(), ZERO, change).cast(MONEY)
    joined = joined.mutate(up=ibis.greatest(change, ZERO), down=ibis.greatest(-change, ZERO))
    joined = joined.mutate(opened=_at_most(joined.up, joined.new), matured=_at_most(joined.down, joined.left))
    joined = joined.mutate(closed=_at_most(joined.down - joined.matured, joined.ended))
    return joined.select(
        "customer_id",
        inflow=(joined.up - joined.opened).cast(MONEY),
        opened=joined.opened,
        outflow=(joined.down - joined.matured - joined.closed).cast(MONEY),
        matured=joined.matured,
        closed=joined.closed,
    ).select(*BRIDGE)


def _at_most(limit: DecimalValue, amount: DecimalValue) -> DecimalValue:
    return ibis.greatest(ibis.least(limit, ibis.coalesce(amount, ZERO)), ZERO).cast(MONEY)


def _opened(accounts: Table, accounts_before: Table) -> Table:
    """What is on accounts that were not there the night before."""
    fresh = accounts.anti_join(accounts_before, "account_id")
    return fresh.group_by("customer_id").agg(new=fresh.balance.sum().cast(MONEY))


def _closed(accounts: Table, accounts_before: Table) -> Table:
    """What was on accounts that were closed since."""
    running = accounts_before.filter(accounts_before.closed_on.isnull()).select("account_id", had="balance")
    ended = accounts.filter(accounts.closed_on.notnull()).join(running, "account_id")
    return ended.group_by("customer_id").agg(ended=(ended.had - ended.balance).sum().cast(MONEY))


def _left(matured: Table, accounts: Table, standings: Table, previous: Table) -> Table:
    """By how much what has left the bank of lately matured products (``listed.became``) grew tonight."""
    owners = accounts.select("account_id", "customer_id")
    rows = matured.drop("customer_id").join(owners, "account_id")
    rows = rows.join(standings.select("customer_id", now="aum"), "customer_id")
    rows = rows.join(previous.select("customer_id", then="aum"), "customer_id")

    def left(aum: DecimalValue) -> DecimalValue:
        return ibis.greatest(ibis.least(rows.aum_before - aum, rows.balance), ZERO)

    return rows.group_by("customer_id").agg(left=(left(rows.now) - left(rows.then)).sum().cast(MONEY))

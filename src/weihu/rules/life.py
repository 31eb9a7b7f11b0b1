"""What payments let one ask about customers' lives: tables in, tables out.

Everything is counted over what was booked up to a date; the signs themselves are the book's (``[life_events]``).
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
from ibis.expr.types import BooleanValue, Table

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.life_events import Sign
from weihu.rules.tables import MONEY, TRANSACTIONS
from weihu.rules.value import ZERO

PAID = ibis.schema({**TRANSACTIONS, "counterparty": "string"})
"""Transactions as they were landed, with the party that the statement names."""

FOUND = ibis.schema(
    {
        "customer_id": "string",
        "kind": "string",
        "sign": "int64",
        "since": "date",
        "party": "string",
        "before": "string",
        "times": "int64",
        "amount": MONEY,
    }
)
"""By customer and event that may have happened: the place of the first sign that speaks for it, the first day of it, the
party, the one before it if there was one, how often, and the sum."""


def found(transactions: Table, owners: Table, on: date, book: RuleBook) -> Table:
    """What speaks for events on a date (columns: FOUND). ``transactions``: PAID, of the book's days up to it; ``owners``:
    whose each account is (wallet.OWNERS)."""
    rule = book.life_events
    paid = transactions.join(owners, "account_id")
    seen = paid.group_by("customer_id").agg(first=paid.booked_on.min())
    rows = []
    for kind, event in rule.kinds.items():
        for place, sign in enumerate(event.signs):
            begins = on - timedelta(days=sign.within)
            known = seen.filter(seen.first <= ibis.literal(begins - timedelta(days=rule.seen_days)))
            named = _named(paid, sign).semi_join(known, "customer_id")
            spoken = _begun(named, begins, sign) if sign.how == "begins" else _replaced(named, begins, sign)
            rows.append(spoken.mutate(kind=ibis.literal(kind), sign=ibis.literal(place, "int64")))
    every = ibis.union(*(row.select(*FOUND) for row in rows)) if len(rows) > 1 else rows[0].select(*FOUND)
    first = ibis.window(group_by=["customer_id", "kind"], order_by=every.sign)
    ranked = every.mutate(place=ibis.row_number().over(first))
    return ranked.filter(ranked.place == 0).select(*FOUND)


def _named(paid: Table, sign: Sign) -> Table:
    """The transactions that a sign is made of."""
    rows = paid.filter(paid.kind.isin(sign.of) & ((paid.amount > ZERO) if sign.comes else (paid.amount < ZERO)))
    rows = rows.filter(rows.counterparty.notnull())
    if sign.words:
        rows = rows.filter(_any(rows, sign.words))
    return rows.filter(~_any(rows, sign.without)) if sign.without else rows


def _any(rows: Table, words: list[str]) -> BooleanValue:
    """Whether the party's name has one of the words."""
    has = rows.counterparty.contains(words[0])
    for word in words[1:]:
        has = has | rows.counterparty.contains(word)
    return has


def _begun(named: Table, begins: date, sign: Sign) -> Table:
    """Often enough in the last days, hardly before."""
    late = named.booked_on > ibis.literal(begins)
    counted = named.group_by("customer_id").agg(
        since=named.booked_on.min(where=late),
        party=named.counterparty.argmin(ibis.struct({"on": named.booked_on, "id": named.transaction_id}), where=late),
        times=late.sum().cast("int64"),
        amount=ibis.coalesce(named.amount.sum(where=late), ZERO).abs().cast(MONEY),
        earlier=(~late).sum(),
    )
    enough = (counted.times >= sign.times) & (counted.earlier <= sign.earlier)
    return counted.filter(enough).mutate(before=ibis.literal(""))


def _replaced(named: Table, begins: date, sign: Sign) -> Table:
    """A party that began in the last days, in place of one that has ended; no third one runs beside it."""
    parties = named.group_by("customer_id", party="counterparty").agg(
        since=named.booked_on.min(),
        until=named.booked_on.max(),
        times=named.count(),
        amount=named.amount.sum().abs().cast(MONEY),
    )
    newest = ibis.window(group_by="customer_id", order_by=[parties.since.desc(), parties.party])
    ranked = parties.mutate(place=ibis.row_number().over(newest))
    new = ranked.filter((ranked.place == 0) & (ranked.times >= sign.times) & (ranked.since > ibis.literal(begins)))
    others = ranked.filter(ranked.place > 0)
    old = others.group_by("customer_id").agg(
        before=others.party.argmax(ibis.struct({"until": others.until, "party": others.party})),
        ended=others.until.max(),
        earlier=others.times.max(),
    )
    joined = new.join(old, "customer_id")
    over = joined.filter((joined.ended < joined.since) & (joined.earlier >= sign.times))
    alike = over.mutate(alike=over.count().over(ibis.window(group_by=["before", "party"])))
    return alike.filter(alike.alike <= sign.together).mutate(times=alike.times.cast("int64"))

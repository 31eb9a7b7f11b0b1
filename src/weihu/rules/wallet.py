"""What a bank sees of the money that customers have elsewhere (钱包份额): tables in, tables out.

The core system names the other bank of a transfer. ``features`` of a night reads its levels and what was booked up to
it, nothing later.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from weihu.rules.attrition import BETWEEN_BANKS, SPENDING
from weihu.rules.tables import MONEY
from weihu.rules.value import ZERO, full_years

NAMES = (
    "aum",
    "products",
    "age",  # -1 where the birthday is not known
    "income",  # a month, as it was told; 0 where nobody knows it
    "known_days",  # of the book's days, those on which the customer has been seen; what follows is of these
    "salary",
    "spent",
    "spendings",
    "went",  # to other banks
    "sendings",
    "came",  # from other banks
    "comings",
    "main_went",  # to the bank with which most money was exchanged
    "main_came",  # from it
)
"""What a model looks at, in yuan and counts. Age stands for the stage of life; sex and place are not among them."""

FEATURES = ibis.schema({"customer_id": "string", "on": "date", "bank": "string", **dict.fromkeys(NAMES, "int64")})
"""By customer on a night; ``bank``: the other bank with which most money was exchanged."""

INCOMES = ibis.schema({"customer_id": "string", "income": MONEY})
"""Income a month as it was told up to a date."""

OWNERS = ibis.schema({"account_id": "string", "customer_id": "string"})


def features(levels: Table, transactions: Table, owners: Table, profiles: Table, incomes: Table, days: int) -> Table:
    """What is known on the night of ``levels`` (columns: FEATURES). ``transactions``: of the ``days`` days up to it;
    ``owners``: whose each account is."""
    money = transactions.join(owners, "account_id")
    spent = money.kind.isin(SPENDING) & (money.amount < ZERO)
    paid = (money.kind == "salary") & (money.amount > ZERO)
    lived = money.group_by("customer_id").agg(
        salary=money.amount.sum(where=paid), spent=-money.amount.sum(where=spent), spendings=spent.sum()
    )
    elsewhere = _elsewhere(money)
    joined = levels.select("customer_id", "on", "aum", "products", "days")
    profile = profiles.select("customer_id", "birth_date")
    for part in (profile, incomes.select("customer_id", "income"), lived, elsewhere):
        joined = joined.left_join(part, "customer_id").drop("customer_id_right")
    made = joined.mutate(
        age=ibis.coalesce(full_years(joined.birth_date, joined.on), -1),
        known_days=ibis.greatest(ibis.least(joined.days, days), 1),
    )
    whole = {name: ibis.coalesce(made[name], 0).round().cast("int64") for name in NAMES}
    return made.select("customer_id", "on", "bank", **whole).select(*FEATURES)


def _elsewhere(money: Table) -> Table:
    """What was exchanged with other banks, altogether and with the main one."""
    other = money.filter(money.counterparty_bank.notnull() & money.kind.isin(BETWEEN_BANKS))
    sent, received = other.amount < ZERO, other.amount > ZERO
    banks = other.group_by("customer_id", bank=other.counterparty_bank).agg(
        went=ibis.coalesce(-other.amount.sum(where=sent), ZERO),
        came=ibis.coalesce(other.amount.sum(where=received), ZERO),
        sendings=sent.sum(),
        comings=received.sum(),
    )
    by_size = ibis.window(group_by="customer_id", order_by=[ibis.desc(banks.went + banks.came), banks.bank])
    ranked = banks.mutate(place=ibis.row_number().over(by_size))
    main = ranked.place == 0
    return ranked.group_by("customer_id").agg(
        bank=ranked.bank.max(where=main),
        main_went=ranked.went.sum(where=main),
        main_came=ranked.came.sum(where=main),
        went=ranked.went.sum(),
        came=ranked.came.sum(),
        sendings=ranked.sendings.sum(),
        comings=ranked.comings.sum(),
    )

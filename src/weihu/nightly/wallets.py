"""What customers told of their assets at other banks, and what the home has kept to estimate everybody's by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction

from weihu.engine.duck import DuckEngine
from weihu.engine.lake import Home
from weihu.engine.protocol import Engine, table_of
from weihu.insight import files, wallet
from weihu.nightly.gather import unscored_customers
from weihu.nightly.graph import rows_of
from weihu.nightly.landed import landed, owners, published
from weihu.nightly.learning import kept_weeks
from weihu.rules import attrition, tables
from weihu.rules import wallet as seen
from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Run, Standing, WalletEstimate
from weihu.workplace.gate.merged import merges_on
from weihu.workplace.know.archive.models import Fact

INCOME = "income"
BATCH = 2_000
BOUND = {
    "levels": tables.LEVELS,
    "transactions": tables.TRANSACTIONS,
    "owners": seen.OWNERS,
    "profiles": tables.PROFILES,
    "incomes": seen.INCOMES,
}
"""What the features of a night are made of."""


@dataclass(frozen=True)
class _Kept:
    """What a home has kept, as of its last night."""

    home: Home
    book: RuleBook
    last: Run
    runs: Mapping[date, Run]
    owners: pa.Table
    merges: pa.Table
    out: Collection[str]

    def night(self, engine: Engine, on: date, levels: Path) -> wallet.Night:
        """Customers as they stood on a night, without those who refused and those who died."""
        self._bind(engine, on, levels)
        inputs = {name: table_of(name, schema) for name, schema in BOUND.items()}
        engine.derive("features", seen.features, **inputs, days=self.book.wallet.days)
        found = engine.read("features").sort_by("customer_id")
        customers = found["customer_id"].to_pylist()
        ranks = dict(Standing.objects.at(self.runs[on]).values_list("customer_id", "grade_rank"))
        whole = wallet.Night(
            on,
            customers,
            np.column_stack([found[name].to_numpy() for name in seen.NAMES]).astype(np.int64),
            np.array([ranks.get(customer, 0) for customer in customers], np.int64),
            [bank or "" for bank in found["bank"].to_pylist()],
        )
        stay = [row for row, customer in enumerate(customers) if customer not in self.out]
        return whole.at(np.array(stay, np.int64))

    def _bind(self, engine: Engine, on: date, levels: Path) -> None:
        """What the features of a night read."""
        engine.bind("levels_stored", tables.LEVELS, [levels])
        engine.bind_arrow("merges", tables.MERGES, self.merges)
        engine.derive(
            "levels",
            attrition.levels_as_merged,
            table_of("levels_stored", tables.LEVELS),
            table_of("merges", tables.MERGES),
        )
        first = on - timedelta(days=self.book.wallet.days)
        engine.bind("transactions", tables.TRANSACTIONS, self._landed("transactions", on, first))
        engine.bind_arrow("owners", seen.OWNERS, self.owners)
        profiles = self.home.verified(self.home.run(self.last.number) / "profiles.parquet")
        engine.bind("profiles", tables.PROFILES, [profiles])
        engine.bind_arrow("incomes", seen.INCOMES, self._incomes(on))

    def _landed(self, table: str, until: date, since: date = date.min) -> list[Path]:
        """What was delivered on the nights of a time, oldest first."""
        nights = [self.runs[on] for on in sorted(self.runs) if since < on <= until]
        return landed(self.home, nights, table)

    def _incomes(self, until: date) -> pa.Table:
        """The income that was known on a date: the archive's, else the core system's."""
        known: dict[str, Decimal] = {}
        for path in self._landed("customers", until):
            told = pq.read_table(path, columns=["customer_id", INCOME])
            rows = zip(told["customer_id"].to_pylist(), told[INCOME].to_pylist(), strict=True)
            known.update({customer: income for customer, income in rows if income is not None})
        facts = Fact.objects.filter(field=INCOME, on__lte=until, refused=False, withdrawn_at__isnull=True)
        known.update({fact.customer_id: Decimal(fact.value) for fact in facts.order_by("on", "pk")})
        return rows_of(seen.INCOMES, [{"customer_id": customer, INCOME: income} for customer, income in known.items()])


def learn_wallet(home: Home, book: RuleBook, last: Run, said: Callable[[str], None]) -> wallet.Model:
    """Learn from what was told up to ``last``, keep the model in the home, and estimate everybody as of that night.

    Raises files.TooFew, and checksums.Damaged if what landed or a night left is not as it was.
    """
    told = told_up_to(last.work_date, book)
    weeks = kept_weeks(home, last)
    then = wallet.split(told, sorted(weeks))
    if then is None:
        raise wallet.too_few(len(told), 0)
    base = _base(home, book, last)
    engine = DuckEngine(home.spill)
    try:
        said(str(then))
        before = base.night(engine, then, weeks[then])
        said(str(last.business_date))
        levels = home.verified(home.run(last.number) / "levels.parquet")
        now = base.night(engine, last.business_date, levels)
    finally:
        engine.close()
    model = wallet.train(before, now, told, book)
    _keep(model, now, book)
    files.save(home.insight / wallet.NAME, model.content)
    return model


def told_up_to(on: date, book: RuleBook) -> list[wallet.Told]:
    """What customers told of assets elsewhere, whether or not something newer was told since."""
    facts = Fact.objects.filter(field=book.wallet.field, on__lte=on, refused=False)
    return [wallet.Told(fact.customer_id, fact.on, fact.value) for fact in facts.filter(withdrawn_at__isnull=True)]


def _base(home: Home, book: RuleBook, last: Run) -> _Kept:
    merges = list(merges_on(last.business_date))
    follows = {row["gone"]: row["kept"] for row in merges if row["active"]}
    out = unscored_customers(book, last.business_date) | set(follows)
    return _Kept(home, book, last, published(last), owners(home, last, follows), rows_of(tables.MERGES, merges), out)


def _keep(model: wallet.Model, now: wallet.Night, book: RuleBook) -> None:
    """The estimates, in place of the earlier ones."""
    aum = dict(zip(now.customers, (Decimal(int(value)) for value in now.column("aum")), strict=True))
    rows = [
        WalletEstimate(
            customer_id=row.customer_id,
            on=now.on,
            aum=aum[row.customer_id],
            amount=row.amount,
            low=row.low,
            high=row.high,
            reasons=row.reasons,
        )
        for row in model.estimates(now, book)
    ]
    with transaction.atomic():
        WalletEstimate.objects.all().delete()
        WalletEstimate.objects.bulk_create(rows, batch_size=BATCH)

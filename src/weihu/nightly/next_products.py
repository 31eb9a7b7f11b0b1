"""What the home has kept of holdings and weeks, for the model of the next product, and whom it ranks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction

from weihu.engine.duck import DuckEngine
from weihu.engine.lake import Home
from weihu.engine.protocol import Engine, table_of
from weihu.insight import files, next_product
from weihu.nightly.gather import unscored_customers
from weihu.nightly.graph import rows_of
from weihu.nightly.learning import kept_weeks
from weihu.rules import attrition, tables
from weihu.rules import next_product as seen
from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import NextProduct, Product, Run, Standing
from weihu.workplace.gate.merged import merges_on

BATCH = 2_000


def learn_next_product(home: Home, book: RuleBook, last: Run, said: Callable[[str], None]) -> next_product.Model:
    """Learn from the months that nights up to ``last`` have kept, keep the model, and rank everybody as of that night.

    Raises files.TooFew, and checksums.Damaged if what was kept is not as it was left.
    """
    weeks = kept_weeks(home, last)
    kinds = seen.categories(book)
    merges = list(merges_on(last.business_date))
    out = unscored_customers(book, last.business_date)
    out |= {row["gone"] for row in merges if row["active"]}
    engine = DuckEngine(home.spill)
    try:
        _bind(engine, home, last, merges)
        months = []
        for on in next_product.origins(weeks, last.business_date):
            said(str(on))
            months.append(_month(engine, weeks[on], on, kinds, out, last))
        model = next_product.train(months, kinds)
        levels = home.verified(home.run(last.number) / "levels.parquet")
        now = _month(engine, levels, last.business_date, kinds, out, last)
    finally:
        engine.close()
    _keep(model, now)
    files.save(home.insight / next_product.NAME, model.content)
    return model


def _bind(engine: Engine, home: Home, last: Run, merges: list[dict[str, object]]) -> None:
    """What all months read: profiles, and everything that was ever opened, by whom it is now."""
    folder = home.run(last.number)
    engine.bind("profiles", tables.PROFILES, [home.verified(folder / "profiles.parquet")])
    engine.bind_arrow("merges", tables.MERGES, rows_of(tables.MERGES, merges))
    follows = {row["gone"]: row["kept"] for row in merges if row["active"]}
    category = dict(Product.objects.values_list("product_id", "category"))
    parts = []
    for name in ("accounts", "holdings"):
        table = pq.read_table(
            home.verified(folder / f"{name}.parquet"), columns=["customer_id", "product_id", "opened_on", "closed_on"]
        )
        owners = [follows.get(customer, customer) for customer in table["customer_id"].to_pylist()]
        kinds = [category.get(product, "") for product in table["product_id"].to_pylist()]
        parts.append(pa.table([owners, kinds, table["opened_on"], table["closed_on"]], schema=seen.BOUGHT.to_pyarrow()))
    engine.bind_arrow("bought", seen.BOUGHT, pa.concat_tables(parts))


def _month(
    engine: Engine, levels: Path, on: date, kinds: list[str], out: Collection[str], last: Run
) -> next_product.Month:
    """Customers as they stood on a night, without those who refused and those who died."""
    stored = engine.bind("levels_stored", tables.LEVELS, [levels])
    engine.derive("levels", attrition.levels_as_merged, stored, table_of("merges", tables.MERGES))
    inputs = {
        "levels": table_of("levels", tables.LEVELS),
        "bought": table_of("bought", seen.BOUGHT),
        "profiles": table_of("profiles", tables.PROFILES),
    }
    engine.derive("features", seen.features, **inputs, kinds=tuple(kinds), days=next_product.DAYS)
    found = engine.read("features").sort_by("customer_id")
    customers = found["customer_id"].to_pylist()
    run = Run.objects.filter(business_date=on, published=True, number__lte=last.number).latest("number")
    ranks = dict(Standing.objects.at(run).values_list("customer_id", "grade_rank"))
    whole = next_product.Month(
        on,
        customers,
        np.column_stack([found[name].to_numpy() for name in seen.columns(kinds)]).astype(np.int64),
        np.array([ranks.get(customer, 0) for customer in customers], np.int64),
        np.column_stack([found[f"next_{kind}"].to_numpy() for kind in kinds]).astype(np.int64),
    )
    return whole.at(np.array([row for row, customer in enumerate(customers) if customer not in out], np.int64))


def _keep(model: next_product.Model, now: next_product.Month) -> None:
    """The rankings, in place of the earlier ones."""
    best = zip(now.customers, model.ranking.best(now), strict=True)
    rows = [NextProduct(customer_id=customer, on=now.on, categories=kinds) for customer, kinds in best]
    with transaction.atomic():
        NextProduct.objects.all().delete()
        NextProduct.objects.bulk_create(rows, batch_size=BATCH)

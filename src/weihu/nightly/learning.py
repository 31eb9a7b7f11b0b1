"""What a home has kept of its weeks, for models of its customers: never of those who refused it, nor of those who died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from weihu.engine.duck import DuckEngine
from weihu.engine.lake import Home
from weihu.insight import kept, leaving
from weihu.insight.measures import Groups
from weihu.nightly.gather import unscored_customers
from weihu.nightly.graph import rows_of
from weihu.rules import attrition, tables
from weihu.rules.ages import bands
from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Branch, Customer, Run
from weihu.workplace.gate.merged import merges_on


def learn_leaving(home: Home, book: RuleBook, last: Run, said: Callable[[str], None]) -> kept.Model:
    """The model of who leaves, learned from what nights up to ``last`` have kept, and kept in the home.

    Raises files.TooFew, and checksums.Damaged if what was kept is not as it was left.
    """
    weeks = kept_weeks(home, last)
    folder = home.insight / kept.NAME
    out = unscored_customers(book, last.business_date)
    merges: pa.Table = rows_of(tables.MERGES, merges_on(last.business_date))
    profiles = home.verified(home.run(last.number) / "profiles.parquet")
    engine = DuckEngine(home.spill)
    try:
        months = []
        for on in leaving.origins(weeks):
            said(str(on))
            months.append(leaving.month(engine, weeks, profiles, on, book, merges).without(out))
    finally:
        engine.close()
    model = leaving.train(months, book, kept.Model.load(folder), groups_of(profiles, last.business_date, book), said)
    model.save(folder)
    return model


def kept_weeks(home: Home, last: Run) -> dict[date, Path]:
    """The levels of past weeks by date, each as its night left it; of a day that was corrected, the last one."""
    found: dict[date, Path] = {}
    runs = Run.objects.filter(number__lte=last.number, published=True).order_by("-number")
    for number, on in runs.values_list("number", "business_date"):
        path = home.run(number) / "levels.parquet"
        if attrition.is_kept(on) and on not in found and path.is_file():
            found[on] = home.verified(path)
    return found


def groups_of(profiles: Path, on: date, book: RuleBook) -> Groups:
    """By what fairness is looked at; no model sees any of it."""
    names = dict(Branch.objects.values_list("branch_id", "name"))
    rows = pq.read_table(profiles, columns=["customer_id", "branch_id", "birth_date"]).to_pylist()
    return {
        "sex": {customer: sex or "" for customer, sex in Customer.objects.values_list("customer_id", "sex")},
        "age": {row["customer_id"]: _band(row["birth_date"], on, book) for row in rows},
        "branch": {row["customer_id"]: names.get(row["branch_id"], row["branch_id"]) for row in rows},
    }


def _band(born: date | None, on: date, book: RuleBook) -> str:
    """The band of an age; empty where it is not known."""
    if born is None:
        return ""
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    first, last = next(band for band in reversed(bands(book.groups.ages)) if years >= band[0])
    return f"{first}+" if last is None else f"{first}–{last}"

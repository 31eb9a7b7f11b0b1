"""What a home has kept of its customers' contribution at the ends of months, to tell what it will be."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds

from weihu.engine.lake import Home
from weihu.engine.parts import parts_of
from weihu.insight import files, kept, worth
from weihu.nightly.gather import unscored_customers
from weihu.nightly.landed import published
from weihu.nightly.learning import groups_of
from weihu.rules.nights import is_month_end
from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Run
from weihu.workplace.gate.merged import merges_on

COLUMNS = ["customer_id", "margin", "level", "aum", "effective", "grade_rank", "age_band", "product_band"]


def learn_worth(home: Home, book: RuleBook, last: Run, said: Callable[[str], None]) -> worth.Model:
    """Learn from the ends of months that nights up to ``last`` have kept, and keep the model; the next night goes by it.

    Only of nights whose book had the same grades and bands. Raises files.TooFew, and checksums.Damaged if what was kept
    is not as it was left.
    """
    out = unscored_customers(book, last.business_date)
    out |= {row["gone"] for row in merges_on(last.business_date) if row["active"]}
    ends = []
    for on, path in kept_ends(home, book, last).items():
        said(str(on))
        ends.append(end_of(on, path, out))
    profiles = home.verified(home.run(last.number) / "profiles.parquet")
    model = worth.train(ends, book, groups_of(profiles, last.business_date, book))
    files.save(home.insight / kept.WORTH, model.content)
    return model


def kept_ends(home: Home, book: RuleBook, last: Run) -> dict[date, Path]:
    """The worth of customers at the ends of the last months in a row that are kept, the oldest first."""
    found: dict[date, Path] = {}
    runs = published(last)
    for on in sorted(filter(is_month_end, runs), reverse=True):
        path = home.run(runs[on].number) / "worths.parquet"
        then = runs[on].rulebook
        same = list(then.grades) == list(book.grades) and (then.worth.ages, then.worth.products) == (
            book.worth.ages,
            book.worth.products,
        )
        following = min(found, default=None)
        in_a_row = following is None or (on + timedelta(days=32)).replace(day=1) == following.replace(day=1)
        if not (same and in_a_row and path.exists()):
            break
        found[on] = home.verified(path)
    return dict(sorted(found.items()))


def end_of(on: date, path: Path, out: Collection[str]) -> worth.End:
    """The customers of an end of a month, without those who refused, who died, and whose number was merged."""
    rows = ds.dataset([str(part) for part in parts_of(path)]).to_table(columns=COLUMNS)
    customers = rows["customer_id"].to_pylist()
    stay = np.array([customer not in out for customer in customers], np.bool_)

    def column(name: str, kind: str) -> Any:
        return pc.cast(rows[name], kind).to_numpy()[stay]

    return worth.End(
        on,
        [customer for customer, stays in zip(customers, stay, strict=True) if stays],
        column("margin", "float64"),
        column("level", "float64"),
        column("aum", "float64"),
        column("effective", "int8").astype(np.bool_),
        column("grade_rank", "int64"),
        column("age_band", "int64"),
        column("product_band", "int64"),
    )

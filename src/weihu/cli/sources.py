"""``weihu source``: other data as deliveries of the core contract."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from weihu.cli.base import (
    DAY,
    main,
    progress_bar,
)


@main.group()
def source() -> None:
    """Turn other data into deliveries of the core contract."""


@source.command()
@click.argument("ledger", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--from", "first", type=DAY, required=True)
@click.option("--to", "last", type=DAY, required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def czech(ledger: Path, first: datetime, last: datetime, out: Path) -> None:
    """The ledger of a Czech bank (PKDD'99), one delivery per day."""
    from weihu.sources import czech as ledgers  # noqa: PLC0415

    days = (last - first).days + 1
    try:
        with progress_bar() as progress:
            for folder in progress.track(ledgers.deliveries(ledger, first.date(), last.date(), out), total=days):
                progress.update(progress.task_ids[0], description=folder.name)
    except ledgers.NoLedger as error:
        raise click.ClickException(f"no such file of the ledger: {error}") from None


@source.command()
@click.option("--customers", type=click.IntRange(min=1), required=True)
@click.option("--days", type=click.IntRange(min=1), required=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--branches", type=click.IntRange(min=1), help="Default: one per 2,000 customers, at least 3.")
@click.option("--to", "last", type=DAY, default="2026-06-30", show_default=True, help="The last business date.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--report", "reported", is_flag=True, help="Check whether the bank written can be believed.")
def synthetic(
    customers: int, days: int, seed: int, branches: int | None, last: datetime, out: Path, reported: bool
) -> None:
    """A synthetic Chinese bank; the same seed gives the same bytes."""
    from weihu.sources.synthetic import SyntheticBank  # noqa: PLC0415

    bank = SyntheticBank(customers, branches or max(3, customers // 2000), days, last.date(), seed)
    with progress_bar() as progress:
        for folder in progress.track(bank.deliveries(out), total=days):
            progress.update(progress.task_ids[0], description=folder.name)
    if reported:
        _print_checks(out)


def _print_checks(out: Path) -> None:
    """Each check of a synthetic bank with its value, bounds and verdict; ends with 1 if one fails."""
    from weihu.sources.synthetic.report import report  # noqa: PLC0415

    checks = report(out)
    for number, check in enumerate(checks, 1):
        value = "—" if check.value is None else f"{check.value:,.{0 if check.value >= 1000 else 3}f}"
        verdict = "✓" if check.holds else "✗"
        click.echo(f"{verdict} {number:2} {value:>10} [{check.low:g}, {check.high:g}]  {check.zh} / {check.en}")
    failed = sum(not check.holds for check in checks)
    click.echo(f"{len(checks) - failed} / {len(checks)}")
    if failed:
        raise SystemExit(1)

"""``weihu run``, ``replay`` and ``night``: nights, and why one was refused."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from weihu.cli.base import (
    DAY,
    main,
    print_faults,
    progress_bar,
    with_workplace,
)
from weihu.engine.checksums import Damaged
from weihu.engine.lake import Busy, Home
from weihu.engine.landing.faults import DeliveryRefused, OutOfOrder
from weihu.rules import rulebook


@main.command()
@click.option("--date", "on", type=DAY, required=True, help="The business date.")
@click.option(
    "--delivery", type=click.Path(path_type=Path, file_okay=False), help="Its folder; default HOME/inbox/DATE."
)
@with_workplace
def run(home: Home, on: datetime, delivery: Path | None) -> None:
    """Run one night."""
    folder = delivery or home.inbox / f"{on:%Y-%m-%d}"
    _nights(home, [folder], on.date())


@main.command()
@click.argument("deliveries", type=click.Path(path_type=Path, exists=True, file_okay=False))
@with_workplace
def replay(home: Home, deliveries: Path) -> None:
    """Run the nights of all deliveries in a folder, by date; those already published are passed over."""
    folders = sorted(path for path in deliveries.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise click.ClickException(f"{deliveries}: 没有交付目录 / no deliveries")
    _nights(home, folders)


@main.command("night")
@click.option("--picture", is_flag=True, help="As a Mermaid flowchart.")
@click.pass_obj
def night_steps(home: Home, picture: bool) -> None:
    """The steps of a night by the home's rule book: what each makes, of which tables."""
    from weihu.nightly.steps import night  # noqa: PLC0415

    graph = night(rulebook.load(home.rulebook if home.exists else "brief"))
    if picture:
        click.echo(graph.picture())
        return
    for step in graph.steps:
        click.echo(f"{step.stage:8} {step.makes:24} {', '.join(step.inputs.values())}")


def _nights(home: Home, folders: list[Path], only: date | None = None) -> None:
    from weihu.engine.choice import NoSuchEngine  # noqa: PLC0415
    from weihu.engine.landing.manifest import read_manifest  # noqa: PLC0415
    from weihu.nightly.run import Nightly  # noqa: PLC0415
    from weihu.workplace.bank.current import current  # noqa: PLC0415

    published = 0
    folder = folders[0]
    try:
        with progress_bar() as progress:
            bar = progress.add_task("", total=len(folders))
            with Nightly(home, lambda step: progress.update(bar, description=f"{folder.name} {step}")) as nightly:
                last = current()
                if last and only == last.business_date and not folder.exists() and folder.parent == home.inbox:
                    folders = []  # taken, and removed
                for folder in folders:
                    on = read_manifest(folder).business_date
                    if only and on != only:
                        raise click.ClickException(f"{folder}: 营业日为 {on},不是 {only} / is of {on}, not {only}")
                    if only or last is None or on >= last.business_date:
                        published += nightly.run(folder) is not None
                    home.take(folder)
                    progress.advance(bar)
    except Busy as busy:
        raise click.ClickException(f"{busy}: 另一批次正在运行 / another run is working here") from None
    except NoSuchEngine as missing:
        raise click.ClickException(str(missing)) from None
    except Damaged as damaged:
        raise click.ClickException(f"{damaged.zh} / {damaged.en}") from None
    except (OutOfOrder, DeliveryRefused) as refused:
        _explain(home, folder, refused)
    latest = current()
    if latest and published:
        click.echo(_run_line(latest), err=True)
        for year in latest.report["unannounced"]:
            click.echo(f"  {UNANNOUNCED.format(year=year)}", err=True)
    elif latest:
        click.echo(f"{latest.business_date}: 已是最新 / nothing new", err=True)


UNANNOUNCED = (
    "{year} 年放假安排未知:只按周末和法定节假日休息;请在“管户 › 工作日历”上传"
    " / the holidays of {year} are not known: only weekends and the public holidays by law are closed;"
    " upload them on Portfolios › Working days"
)


def _explain(home: Home, folder: Path, refused: DeliveryRefused) -> None:
    """The faults in both languages, the report as a file, and a failing exit."""
    report = home.refused / f"{folder.name}.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps(refused.report(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    more = " …" if refused.more else ""
    click.echo(
        f"{folder}: 拒收,共 {len(refused.faults)}{more} 处错误 / refused, {len(refused.faults)}{more} faults", err=True
    )
    print_faults(refused.faults)
    click.echo(f"  → {report}", err=True)
    sys.exit(2)


def _run_line(run: Any) -> str:
    report = run.report
    return (
        f"{run.business_date}: {report['reconciliation']['customers']:,} 客户 customers, "
        f"AUM {report['reconciliation']['customer_aum']}, {report['tasks']:,} 任务 tasks, 已勾对 reconciled"
    )

"""``weihu init``, ``status``, ``check`` and ``alarms``: an installation and how it is."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from weihu.cli.base import (
    main,
    refuse_book,
    setup,
    with_workplace,
)
from weihu.engine.keys import KeysLost
from weihu.engine.lake import Home
from weihu.rules import rulebook


@main.command()
@click.option("--rulebook", "book", help="A built-in book's key or a TOML file; brief, or what the home has.")
@click.pass_obj
def init(home: Home, book: str | None) -> None:
    """Create a home: folders, secrets, rule book, database. Again, it brings the database up to date."""
    book = book or (str(home.rulebook) if home.rulebook.is_file() else "brief")
    try:
        loaded = rulebook.load(book)
    except rulebook.FaultyBook as faulty:
        refuse_book(faulty)
    source = rulebook.BOOKS / f"{book}.toml" if book in rulebook.builtin_books() else Path(book)
    content = source.read_bytes()
    if home.rulebook.is_file() and home.rulebook.read_bytes() != content:
        raise click.ClickException(
            f"{home.rulebook}: 已有另一份制度,不会被替换;请先移走该文件"
            " / another rule book is here and is not replaced; move the file away first"
        )
    try:
        home.create()
    except KeysLost as lost:
        raise click.ClickException(f"{lost.zh} / {lost.en}") from None
    home.rulebook.write_bytes(content)
    setup(home)
    from django.core.management import call_command  # noqa: PLC0415

    from weihu.nightly import landed  # noqa: PLC0415
    from weihu.workplace.base import rotation  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if unknown := rotation.sampled() - set(home.keys.keys().seal.keys):
        raise click.ClickException(
            f"数据库中的内容由本处没有的密钥加密:{', '.join(sorted(unknown))};请从备份恢复密钥"
            " / the database is sealed under keys that are not here; restore the keys from the backup"
        )
    if stated := landed.state(home):
        click.echo(
            f"以下已入库批次原无校验值,现按现状记下:{', '.join(stated)}"
            f" / deliveries that landed before there were checksums have them from now on: {', '.join(stated)}"
        )
    click.echo(f"{home.root}: {loaded.zh} / {loaded.en}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_workplace
def status(home: Home, as_json: bool) -> None:
    """What the last published night says."""
    from weihu.workplace.bank.current import current  # noqa: PLC0415

    latest = current()
    if latest is None:
        raise click.ClickException("还没有发布任何批次 / no night has been published")
    report, totals = latest.report, latest.report["reconciliation"]
    figures = {
        "business_date": str(latest.business_date),
        "run": latest.number,
        "customers": totals["customers"],
        "effective": totals["customers"] - report["not_effective"],
        "accounts": totals["accounts"],
        "aum": totals["customer_aum"],
        "grades": report["grades"],
        "signals": report["signals"],
        "tasks": report["tasks"],
        "on_watch": report["on_watch"],
        "unassigned": report["unassigned"],
        "rulebook": f"{latest.book.key} {latest.book.version}",
        "reconciled": totals["customer_aum"] == totals["account_aum"] == totals["control_total"],
        "unannounced": report["unannounced"],
    }
    click.echo(
        json.dumps(figures, ensure_ascii=False)
        if as_json
        else "\n".join(f"{key}: {value}" for key, value in figures.items())
    )


@main.command()
@with_workplace
def check(home: Home) -> None:
    """What is safe in this installation and what is not, with what to do. Ends with 1 if something is not."""
    from weihu.workplace.api import systems  # noqa: PLC0415
    from weihu.workplace.see.health import checks  # noqa: PLC0415

    found = [*checks.findings(home), *systems.findings()]
    for finding in found:
        click.echo(f"{'✓' if finding.safe else '✗'} {finding.zh}\n  {finding.en}")
    unsafe = sum(not finding.safe for finding in found)
    click.echo(f"{len(found) - unsafe} / {len(found)}")
    if unsafe:
        sys.exit(1)


@main.command("alarms")
@with_workplace
def alarms_now(home: Home) -> None:
    """What is wrong now (告警); new ones are sent by mail and webhook. Ends with 1 if something is."""
    from weihu.workplace.see.health import alarms, sending  # noqa: PLC0415

    now = datetime.now(UTC)
    alarms.verify_audit(home, now)
    found = alarms.alarms(home, now)
    for alarm in found:
        click.echo(f"{alarm.line('zh-hans')} / {alarm.line('en')}")
    try:
        alarms.send_new(home, found, now, sending.ways())
    except alarms.NobodyReached as nobody:
        raise click.ClickException(f"告警未能发出 / alarms could not be sent: {nobody}") from None
    if found:
        sys.exit(1)

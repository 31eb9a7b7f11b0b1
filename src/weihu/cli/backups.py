"""``weihu backup`` and ``weihu restore``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from weihu.cli.base import (
    BUSY,
    main,
    setup,
    with_keys,
    with_workplace,
)
from weihu.engine.checksums import Damaged
from weihu.engine.lake import Busy, Home
from weihu.engine.vault import BrokenBackup


@main.group()
def backup() -> None:
    """Backups of database and lake (备份), encrypted."""


VAULT = click.argument("vault", type=click.Path(path_type=Path, file_okay=False))


@backup.command("take")
@VAULT
@click.option("--keep", type=click.IntRange(min=1), default=30, show_default=True, help="How many to keep.")
@with_workplace
def backup_take(home: Home, vault: Path, keep: int) -> None:
    """Write a backup into the folder VAULT and verify it, while people work; only what has changed is added."""
    from weihu.nightly import backup  # noqa: PLC0415

    try:
        taken = backup.take(home, home.vault(vault), datetime.now(UTC), keep)
    except Busy:
        raise click.ClickException(BUSY) from None
    except BrokenBackup as broken:
        raise click.ClickException(f"{broken.zh} / {broken.en}") from None
    home.backed_up.touch(mode=0o600)
    click.echo(f"{taken.name}: {len(taken.files):,} 个文件,已校验 / files, verified")


@backup.command("list")
@VAULT
@with_keys
def backup_list(home: Home, vault: Path) -> None:
    """The backups in VAULT, oldest first."""
    store = home.vault(vault)
    for name in store.names():
        notes = store.read(name).notes
        click.echo(f"{name} {notes['vendor']} 批次 run {notes['run'] or '-'} 审计 audit {notes['audit'][:16]}")


@backup.command("verify")
@VAULT
@with_keys
def backup_verify(home: Home, vault: Path) -> None:
    """Read every backup in VAULT in full."""
    store = home.vault(vault)
    for name in store.names():
        store.verify(store.read(name))
        click.echo(f"{name}: 完好 whole")


@main.command()
@VAULT
@click.option("--backup", "name", help="Which one; the newest.")
@with_keys
def restore(home: Home, vault: Path, name: str | None) -> None:
    """Bring a backup into a new home, which has nothing but the keys; a PostgreSQL database has to be empty."""
    if home.used:
        raise click.ClickException(f"{home.root}: 此处已有数据 / there are data here already")
    store = home.vault(vault)
    names = store.names()
    if not names or name not in {None, *names}:
        raise click.ClickException(f"{vault}: 没有此备份 / no such backup")
    home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    setup(home)
    from weihu.nightly import backup, landed  # noqa: PLC0415

    broken = False
    found = store.read(name or names[-1])
    try:
        backup.restore(home, store, found)
    except Damaged as damaged:
        raise click.ClickException(f"{damaged.zh} / {damaged.en}") from None
    for damage in landed.damaged(home):
        click.echo(f"{damage.zh} / {damage.en}", err=True)
        broken = True
    if broken:
        raise click.ClickException(
            f"{found.name}: 已恢复,但以上内容备份前已损坏 / restored, but the above was damaged already"
        )
    click.echo(f"{found.name}: 已恢复,与备份一致 / restored, equal to the backup")
    click.echo(f"  审计日志末条 / last entry of the audit log: {found.notes['audit']}")

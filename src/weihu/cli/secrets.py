"""``weihu keys`` and ``weihu audit``: the keys that data are sealed under, and the log of who saw what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from weihu.cli.base import (
    BUSY,
    console,
    main,
    progress_bar,
    with_workplace,
)
from weihu.engine.checksums import Damaged
from weihu.engine.keys import PURPOSES, KeysLost
from weihu.engine.lake import Busy, Home


@main.group()
def keys() -> None:
    """The keys that data are sealed, found and verified under (密钥)."""


PURPOSE = click.option(
    "--purpose", type=click.Choice(PURPOSES), default="seal", show_default=True, help="What the key is for / 密钥用途"
)


@contextmanager
def _told() -> Iterator[None]:
    """What stands in the way, in words."""
    try:
        yield
    except Busy:
        raise click.ClickException(BUSY) from None
    except (KeysLost, Damaged) as error:
        raise click.ClickException(f"{error.zh} / {error.en}") from None


@keys.command("status")
@with_workplace
def keys_status(home: Home) -> None:
    """How much is under each key."""
    from weihu.nightly import rotation  # noqa: PLC0415

    with _told():
        known = home.keys.keys()
        for purpose, many in rotation.counted(home).items():
            ring = known.ring(purpose)
            for key in sorted({*ring.keys, *many}):
                note = "当前 current" if key == ring.current else "" if key in ring.keys else "不在此处 not here"
                click.echo(f"{purpose} {key}: {many[key]:,} {note}".rstrip())


@keys.command("rotate")
@PURPOSE
@with_workplace
def keys_rotate(home: Home, purpose: str) -> None:
    """Bring everything under a new key, while people work. Begun again, it goes on where it stopped."""
    from weihu.nightly import rotation  # noqa: PLC0415

    shut: list[str] = []
    with _told(), home.lock():
        rotation.begin(home, purpose, console())
        with progress_bar() as progress:
            bar = progress.add_task("", total=None)
            for changed in rotation.renew(home, shut):
                progress.advance(bar, changed)
        left, current = rotation.under_earlier(home, purpose), home.keys.keys().ring(purpose).current
    for place in shut:
        click.echo(f"{place}: 无法更换密钥,保持原样 / cannot be renewed, left as it is", err=True)
    if left:
        raise click.ClickException(
            f"除以上内容外均已使用密钥 {purpose} {current} / all but this is under key {purpose} {current}"
        )
    click.echo(f"全部使用密钥 {purpose} {current} / everything is under key {purpose} {current}")


@keys.command("forget")
@PURPOSE
@click.argument("key")
@with_workplace
def keys_forget(home: Home, purpose: str, key: str) -> None:
    """Throw an earlier key away, once nothing is under it. Backups that are under it no longer open then."""
    from weihu.nightly import rotation  # noqa: PLC0415
    from weihu.workplace.base import audit  # noqa: PLC0415

    with _told(), home.lock():
        ring = home.keys.keys().ring(purpose)
        if key not in ring.keys or key == ring.current:
            raise click.ClickException(f"{key}: 没有此密钥,或为当前密钥 / no such key, or the current one")
        if rotation.counted(home)[purpose][key]:
            raise click.ClickException(
                f"{key}: 仍有内容使用此密钥,请先运行 weihu keys rotate --purpose {purpose} / "
                f"something is under it; run weihu keys rotate --purpose {purpose} first"
            )
        home.keys.change(home.keys.keys().without(key, purpose))
        audit.record(console(), "keys.forget", detail=f"{purpose} {key}")


@main.group()
def audit() -> None:
    """The audit log (审计日志)."""


@audit.command("verify")
@click.option("--end", "kept", default="", help="an end that was kept elsewhere / 另存的末端")
@with_workplace
def audit_verify(home: Home, kept: str) -> None:
    """Check the chain of entries, and that nothing was cut off at its end."""
    from weihu.workplace.base import audit  # noqa: PLC0415

    end = audit.End.read(kept) if kept else None
    if kept and end is None:
        raise click.ClickException("--end: 不是本日志的末端 / not an end of this log")
    broken = audit.verify(end)
    if broken is not None:
        raise click.ClickException(
            f"审计日志在第 {broken.place} 条处被改动 / the log was changed at entry {broken.place}: {broken.why}"
        )
    click.echo(f"完好 / whole: {audit.tail()}")


@audit.command("end")
@with_workplace
def audit_end(home: Home) -> None:
    """Print the signed end of the log, to be kept elsewhere."""
    from weihu.workplace.base import audit  # noqa: PLC0415

    click.echo(str(audit.tail()))

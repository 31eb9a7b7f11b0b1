"""``weihu keys`` and ``weihu audit``: the keys that data are sealed under, and the log of who saw what."""

from __future__ import annotations

from itertools import chain

import click

from weihu.cli.base import (
    BUSY,
    console,
    main,
    progress_bar,
    with_workplace,
)
from weihu.engine.keys import KeysLost
from weihu.engine.lake import Busy, Home


@main.group()
def keys() -> None:
    """The keys that personal data are sealed under (密钥)."""


@keys.command("status")
@with_workplace
def keys_status(home: Home) -> None:
    """How many values are under each key."""
    from weihu.workplace.base import rotation  # noqa: PLC0415

    known, counted = home.keys.keys(), rotation.counted()
    for key in sorted({*known.sealing, *counted}):
        note = "当前 current" if key == known.current else "" if key in known.sealing else "不在此处 not here"
        click.echo(f"{key}: {counted[key]:,} {note}".rstrip())


@keys.command("rotate")
@with_workplace
def keys_rotate(home: Home) -> None:
    """Seal everything under a new key, while people work. Begun again, it goes on where it stopped."""
    from weihu.engine.landing import reseal  # noqa: PLC0415
    from weihu.workplace.base import audit, rotation  # noqa: PLC0415

    shut: list[str] = []
    try:
        with home.lock():
            known = home.keys.keys()
            if not (set(rotation.counted()) | reseal.keys_in(home.landed)) - {known.current}:
                home.keys.change(known.with_another())
                audit.record(console(), "keys.rotate", detail=home.keys.keys().current)
            with progress_bar() as progress:
                bar = progress.add_task("", total=None)
                for changed in chain(rotation.reseal(shut), reseal.reseal(home.landed, home.seal, shut)):
                    progress.advance(bar, changed)
            left = (set(rotation.counted()) | reseal.keys_in(home.landed)) - {home.seal.current}
    except Busy:
        raise click.ClickException(BUSY) from None
    except KeysLost as lost:
        raise click.ClickException(f"{lost.zh} / {lost.en}") from None
    for place in shut:
        click.echo(f"{place}: 无法解密,保持原样 / does not open, left as it is", err=True)
    if left:
        raise click.ClickException(
            f"除以上内容外均已由密钥 {home.seal.current} 加密 / all but this is under key {home.seal.current}"
        )
    click.echo(f"全部由密钥 {home.seal.current} 加密 / everything is under key {home.seal.current}")


@keys.command("forget")
@click.argument("key")
@with_workplace
def keys_forget(home: Home, key: str) -> None:
    """Throw an earlier key away, once nothing is under it. Backups that are under it no longer open then."""
    from weihu.engine.landing import reseal  # noqa: PLC0415
    from weihu.workplace.base import audit, rotation  # noqa: PLC0415

    try:
        with home.lock():
            known = home.keys.keys()
            if key not in known.sealing or key == known.current:
                raise click.ClickException(f"{key}: 没有此密钥,或为当前密钥 / no such key, or the current one")
            if rotation.counted()[key] or key in reseal.keys_in(home.landed):
                raise click.ClickException(
                    f"{key}: 仍有内容由此密钥加密,请先运行 weihu keys rotate / "
                    "something is under it; run weihu keys rotate first"
                )
            home.keys.change(known.without(key))
            audit.record(console(), "keys.forget", detail=key)
    except Busy:
        raise click.ClickException(BUSY) from None
    except KeysLost as lost:
        raise click.ClickException(f"{lost.zh} / {lost.en}") from None


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

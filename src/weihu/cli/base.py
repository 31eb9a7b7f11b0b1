"""What every command has: the home, the installation set up or refused in words, progress, faults in both languages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from functools import update_wrapper
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from weihu.engine.keys import KeysLost
from weihu.engine.lake import Home
from weihu.engine.landing.faults import DeliveryFault
from weihu.engine.vault import BrokenBackup
from weihu.rules import rulebook
from weihu.rules.sections.entry import Bilingual

DAY = click.DateTime(formats=["%Y-%m-%d"])
BUSY = "批次正在运行,请稍后再试 / a run is at work; try again later"
err = Console(stderr=True)


class Commands(click.Group):
    """Commands that end in words where the disk or the database fails them: none of them leaves anything half-done."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except Exception as error:
            if not _comes_of_the_machine(error):
                raise
            raise click.ClickException(
                f"{error}:未完成,已发布和已记录的内容保持不变。请检查磁盘空间、权限和数据库,再运行同一命令 / "
                "not finished; what was published and recorded is as it was. See to the disk's room, the rights and the "
                "database, then run the same command again"
            ) from error


def _comes_of_the_machine(error: Exception) -> bool:
    if isinstance(error, OSError):
        return not isinstance(error, BrokenPipeError)
    from django.db import OperationalError  # noqa: PLC0415
    from duckdb import IOException  # noqa: PLC0415

    return isinstance(error, OperationalError | IOException)


@click.group(cls=Commands)
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    envvar="WEIHU_HOME",
    default=Path("var/home"),
    show_default=True,
    help="The installation's home folder.",
)
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """Weihu 维护: customer maintenance for bank branches."""
    os.umask(0o077)  # whatever a command writes is its owner's alone
    context.obj = Home(home)


def with_workplace(command: Callable[..., Any]) -> Callable[..., Any]:
    """Set Django up for the home; fail clearly if there is none."""

    @click.pass_obj
    def prepared(home: Home, *args: Any, **kwargs: Any) -> Any:
        if home.rulebook.is_file() and not home.keys.exists:
            raise click.ClickException(
                f"{home.root}: 密钥不见了,请从备份恢复 / the keys are gone; restore them from the backup"
            )
        if not home.exists:
            raise click.ClickException(f"{home.root}: 尚未初始化,请先运行 weihu init / not set up yet: run weihu init")
        setup(home)
        return command(home, *args, **kwargs)

    return update_wrapper(prepared, command)


def with_keys(command: Callable[..., Any]) -> Callable[..., Any]:
    """Fail clearly where there are no keys, and on backups that do not open with them."""

    @click.pass_obj
    def prepared(home: Home, *args: Any, **kwargs: Any) -> Any:
        try:
            return command(home, *args, **kwargs)
        except (KeysLost, BrokenBackup) as error:
            raise click.ClickException(f"{error.zh} / {error.en}") from None

    return update_wrapper(prepared, command)


def setup(home: Home) -> None:
    """Begin the workplace on a home; a clear end where its keys cannot be had."""
    try:
        home.keys.keys()
    except KeysLost as lost:
        raise click.ClickException(f"{lost.zh} / {lost.en}") from None
    os.environ["WEIHU_HOME"] = str(home.root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weihu.workplace.settings")
    import django  # noqa: PLC0415
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    try:
        django.setup()
    except ImproperlyConfigured as wrong:
        raise click.ClickException(str(wrong)) from None


def progress_bar() -> Progress:
    """How far a command is, and how long it will take."""
    return Progress(
        TextColumn("{task.description:28}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err
    )


def print_faults(faults: Iterable[rulebook.BookFault | DeliveryFault]) -> None:
    """Each fault in both languages."""
    for fault in faults:
        click.echo(f"  {fault.text('zh')}\n    {fault.text('en')}", err=True)


def refuse_book(faulty: rulebook.FaultyBook) -> NoReturn:
    """The faults in both languages, and a failing exit."""
    count = len(faulty.faults)
    click.echo(f"制度有 {count} 处错误 / {count} {'faults' if count > 1 else 'fault'} in the rule book", err=True)
    print_faults(faulty.faults)
    sys.exit(2)


def refuse(refused: Bilingual) -> NoReturn:
    """Why something cannot be used, in both languages."""
    raise click.ClickException(f"{refused.zh} / {refused.en}") from None


def console() -> str:
    """Who acts at the command line, for the audit log."""
    return f"os:{os.environ.get('USER', '')}"

"""``weihu login`` and ``weihu token``: who and what gets in."""

from __future__ import annotations

from datetime import date, timedelta

import click

from weihu.cli.base import (
    console,
    main,
    refuse,
    with_workplace,
)
from weihu.engine.lake import Home
from weihu.rules import rulebook


@main.group()
def login() -> None:
    """Logins of staff."""


@login.command("set")
@click.argument("staff_id")
@click.password_option(envvar="WEIHU_PASSWORD")
@with_workplace
def login_set(home: Home, staff_id: str, password: str) -> None:
    """Give a member of staff a first password: for one sign-in within a week, in which another one is chosen."""
    from django.contrib.auth.password_validation import validate_password  # noqa: PLC0415
    from django.core.exceptions import ValidationError  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from weihu.workplace.bank.models import Staff  # noqa: PLC0415
    from weihu.workplace.base import audit  # noqa: PLC0415
    from weihu.workplace.gate import first_passwords  # noqa: PLC0415
    from weihu.workplace.gate.models import Barred  # noqa: PLC0415

    member = Staff.objects.filter(staff_id=staff_id).first()
    if member is None:
        raise click.ClickException(f"{staff_id}: 没有此员工 / no such member of staff")
    try:
        validate_password(password, member)
    except ValidationError as error:
        raise click.ClickException("; ".join(error.messages)) from None
    member.set_password(password)
    with transaction.atomic():
        member.save(update_fields=["password"])
        Barred.objects.filter(staff_id=staff_id).delete()
        first_passwords.give(member)
        audit.record(console(), "login.set", detail=staff_id)


@login.command("remove")
@click.argument("staff_id")
@with_workplace
def login_remove(home: Home, staff_id: str) -> None:
    """Cut a member of staff off: no password, no single sign-on; sessions and the calendar's address end at once."""
    from django.db import transaction  # noqa: PLC0415

    from weihu.workplace.act.schedule.models import Feed  # noqa: PLC0415
    from weihu.workplace.bank.models import Staff  # noqa: PLC0415
    from weihu.workplace.base import audit  # noqa: PLC0415
    from weihu.workplace.gate.models import Barred  # noqa: PLC0415
    from weihu.workplace.gate.sessions import end_all  # noqa: PLC0415

    member = Staff.objects.filter(staff_id=staff_id).first()
    if member is None:
        raise click.ClickException(f"{staff_id}: 没有此员工 / no such member of staff")
    member.set_unusable_password()
    with transaction.atomic():
        member.save(update_fields=["password"])
        Barred.objects.get_or_create(staff_id=staff_id)
        end_all(staff_id)
        Feed.objects.filter(staff_id=staff_id).delete()
        audit.record(console(), "login.remove", detail=staff_id)


@login.command("reset-factor")
@click.argument("staff_id")
@click.option("--agreed", required=True, help="Staff number of somebody else whose post decides, who is there.")
@with_workplace
def login_reset_factor(home: Home, staff_id: str, agreed: str) -> None:
    """Take a member of staff's second factors away, who has lost them all; every session ends. Somebody else agrees, with
    a code."""
    from weihu.workplace.gate import factors  # noqa: PLC0415

    said = click.prompt(f"{agreed}: 验证码(未设者为密码) / code (or password of who has none)", hide_input=True)
    try:
        gone = factors.reset(staff_id, console(), agreed, said)
    except factors.NotAgreed as refused:
        refuse(refused)
    if not gone:
        raise click.ClickException(f"{staff_id}: 未设二次验证 / has no second factor")


@login.command("unlock")
@click.argument("staff_id")
@with_workplace
def login_unlock(home: Home, staff_id: str) -> None:
    """Let a staff number that waits after wrong passwords sign in at once."""
    from axes.models import AccessFailureLog  # noqa: PLC0415
    from axes.utils import reset  # noqa: PLC0415

    from weihu.workplace.base import audit  # noqa: PLC0415

    reset(username=staff_id)
    AccessFailureLog.objects.filter(username=staff_id).delete()
    audit.record(console(), "login.unlock", detail=staff_id)


@main.group()
def token() -> None:
    """Tokens of other systems (call centre, website, terminals)."""


@token.command("add")
@click.argument("name")
@click.option("--post", required=True, help="The system reaches what this post of the rule book reaches.")
@click.option("--branch", default="", help="Its branch, if the post reaches one.")
@click.option("--channel", type=click.Choice(["terminal", "remote"]), default="remote", show_default=True)
@click.option("--scope", "scopes", multiple=True, help="What it is for; again for more. Everything.")
@click.option("--days", type=click.IntRange(1, 730), default=365, show_default=True, help="So long the token holds.")
@click.option("--calls", type=click.IntRange(min=1), help="At most so many calls a minute.")
@with_workplace
def token_add(
    home: Home,
    name: str,
    post: str,
    branch: str,
    channel: str,
    scopes: tuple[str, ...],
    days: int,
    calls: int | None,
) -> None:
    """Give a system a token; it is shown once. An earlier one of the same name no longer works."""
    from weihu.workplace.api import systems  # noqa: PLC0415
    from weihu.workplace.base.channels import Channel  # noqa: PLC0415

    posts = rulebook.load(home.rulebook).posts
    if post not in posts or not posts[post].decides:
        wide = ", ".join(key for key, entry in posts.items() if entry.decides)
        raise click.ClickException(f"{post}: 须为 / has to be one of: {wide}")
    if unknown := set(scopes) - set(systems.SCOPES):
        raise click.ClickException(f"{min(unknown)}: 须为 / has to be one of: {', '.join(systems.SCOPES)}")
    today = date.today()  # noqa: DTZ011 - the command line is where today comes from
    terms = systems.Terms(scopes or systems.SCOPES, today + timedelta(days=days), calls)
    click.echo(systems.add(name, post, branch, Channel(channel), today, terms))


@token.command("list")
@with_workplace
def token_list(home: Home) -> None:
    """The systems that have a token: what it is for, until when, and when it was last used."""
    from weihu.workplace.api.models import System  # noqa: PLC0415

    for system in System.objects.order_by("name"):
        reach = " ".join(filter(None, [system.post, system.branch_id]))
        used = f"{system.used_at:%Y-%m-%d %H:%M}" if system.used_at else "-"
        click.echo(
            f"{system.name}: {reach} {system.channel} [{system.scopes}]"
            f" 至 until {system.until or '-'} 每分钟 a minute {system.calls or '-'} 最近使用 last used {used}"
        )


@token.command("revoke")
@click.argument("name")
@with_workplace
def token_revoke(home: Home, name: str) -> None:
    """Forget a system's token."""
    from weihu.workplace.api import systems  # noqa: PLC0415

    if not systems.revoke(name):
        raise click.ClickException(f"{name}: 没有此系统 / no such system")

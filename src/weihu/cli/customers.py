"""``weihu customer`` and ``weihu duplicates``."""

from __future__ import annotations

import json

import click

from weihu.cli.base import (
    console,
    main,
    with_workplace,
)
from weihu.engine.lake import Home


@main.command()
@click.argument("customer_id")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_workplace
def customer(home: Home, customer_id: str, as_json: bool) -> None:
    """One customer's standing with its history. For the operator at the machine; the access is logged."""
    from weihu.workplace.base import audit  # noqa: PLC0415
    from weihu.workplace.judge.grading.explain import standing_with_history  # noqa: PLC0415

    standing = standing_with_history(customer_id)
    if standing is None:
        raise click.ClickException(f"{customer_id}: 没有此客户 / no such customer")
    audit.record(console(), "cli.customer", customer_id)
    click.echo(json.dumps(standing, ensure_ascii=False, indent=None if as_json else 1))


@main.command()
@with_workplace
def duplicates(home: Home) -> None:
    """Look for customers who may be one person; people decide on the page."""
    from weihu.workplace.bank.current import current  # noqa: PLC0415
    from weihu.workplace.customer.duplicates import find_duplicates  # noqa: PLC0415

    latest = current()
    if latest is None:
        raise click.ClickException("还没有发布任何批次 / no night has been published")
    pairs = find_duplicates(latest, latest.work_date, home.spill)
    click.echo(f"{pairs:,} 对疑似重复 / pairs that may be one person")

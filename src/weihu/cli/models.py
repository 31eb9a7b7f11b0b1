"""``weihu insight``: models of responses and of leaving."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from weihu.cli.base import err, main, refuse, with_workplace
from weihu.engine.checksums import Damaged
from weihu.engine.lake import Home


@main.group()
def insight() -> None:
    """Models of who responds, learned from past contacts (客户响应)."""


TABLE = click.Path(path_type=Path, exists=True, dir_okay=False)


@insight.command("fit")
@click.argument("name")
@click.option("--table", "path", type=TABLE, required=True, help="CSV, Excel or Parquet; one row a contact.")
@click.option("--target", required=True, help="The column with the outcome: yes/no, 1/0, or any two values.")
@click.option("--time", help="The column with the date of the contact.")
@click.option("--in-order", is_flag=True, help="The rows stand in time order.")
@click.option("--without", multiple=True, metavar="COL", help="Leave a column out; can be repeated.")
@click.option("--keep", multiple=True, metavar="COL", help="It is known before the contact, whatever it looks like.")
@click.option(
    "--positive", metavar="VALUE", help="The outcome that is looked for; by default yes, 1, or the rarer one."
)
@click.pass_obj
def insight_fit(
    home: Home,
    name: str,
    path: Path,
    target: str,
    time: str | None,
    in_order: bool,
    without: tuple[str, ...],
    keep: tuple[str, ...],
    positive: str | None,
) -> None:
    """Learn from past contacts whose outcome is known; prints the report."""
    response = _response()
    from weihu.insight.described import described  # noqa: PLC0415
    from weihu.sources import tables  # noqa: PLC0415
    from weihu.sources.workbook import Unreadable  # noqa: PLC0415

    if time and in_order:
        raise click.UsageError("--time 与 --in-order 只能选一 / --time and --in-order exclude each other")
    try:
        response.check_name(name)
        table = tables.read(path)
        with err.status("") as shown:
            model = response.fit(table, target, time, in_order, without, keep, positive, shown.update)
    except (Unreadable, response.Refused) as refused:
        refuse(refused)
    model.save(home.insight / name)
    for leak in model.facts["leaks"]:
        click.echo(f"拒用 / refused: {leak['zh']}\n    {leak['en']}", err=True)
    if model.facts["leaks"]:
        click.echo("  确知事前已有的列,可加 --keep 列名 / if it is known beforehand, add --keep COL", err=True)
    click.echo(described(name, model.facts))


@insight.command("score")
@click.argument("name")
@click.option("--table", "path", type=TABLE, required=True, help="CSV, Excel or Parquet; one row a contact to come.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV, Excel or Parquet.")
@click.pass_obj
def insight_score(home: Home, name: str, path: Path, out: Path) -> None:
    """Write a table's rows in their order with a column ``score``, the probability of the outcome."""
    response = _response()
    from weihu.sources import tables  # noqa: PLC0415
    from weihu.sources.workbook import Unreadable  # noqa: PLC0415

    try:
        response.check_name(name)
        model = response.Model.load(home.insight / name)
        table = tables.read(path)
        scored, drifted = response.scored(model, table)
        tables.write(scored, out, tables.delimiter(path))
    except (Unreadable, response.Refused) as refused:
        refuse(refused)
    except OSError as error:
        raise click.ClickException(f"{out}: 无法写入 / cannot be written: {error.strerror}") from None
    click.echo(f"{out}: {table.num_rows:,} 行 / rows", err=True)
    for column, psi in drifted.items():
        click.echo(f"  {column}: 与训练数据相比已变化 / has drifted from the training rows (PSI {psi:.2f})", err=True)


@insight.command("report")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def insight_report(home: Home, name: str, as_json: bool) -> None:
    """What a model was learned from, how good it was on later rows, and the rule beside it."""
    response = _response()
    from weihu.insight.described import described  # noqa: PLC0415

    try:
        response.check_name(name)
        facts = response.Model.load(home.insight / name).facts
    except response.Refused as refused:
        refuse(refused)
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else described(name, facts))


@insight.group("attrition")
def insight_attrition() -> None:
    """Who is about to leave (流失预警), learned from what the nights have kept."""


@insight_attrition.command("train")
@with_workplace
def attrition_train(home: Home) -> None:
    """Learn from past weeks; a kept model stays unless the new one does better on months that neither has seen."""
    _response()
    from weihu.insight.told import told  # noqa: PLC0415
    from weihu.nightly.learning import learn_leaving  # noqa: PLC0415

    click.echo(told(_learned(home, learn_leaving)))


@insight_attrition.command("report")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def attrition_report(home: Home, as_json: bool) -> None:
    """What the model was learned from and how good it was on later months, beside the rule."""
    _response()
    from weihu.insight.kept import NAME  # noqa: PLC0415
    from weihu.insight.told import told  # noqa: PLC0415

    _report(home, NAME, as_json, told)


@insight.group("wallet")
def insight_wallet() -> None:
    """What customers have at other banks (钱包份额), estimated from what some of them told."""


@insight_wallet.command("train")
@with_workplace
def wallet_train(home: Home) -> None:
    """Learn from what the archive says of assets elsewhere, and estimate those of everybody."""
    from weihu.insight.told_wallet import told  # noqa: PLC0415
    from weihu.nightly.wallets import learn_wallet  # noqa: PLC0415

    click.echo(told(_learned(home, learn_wallet)))


@insight_wallet.command("report")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def wallet_report(home: Home, as_json: bool) -> None:
    """What the estimates were learned from and how good they were on what was told later, beside the rule."""
    from weihu.insight.told_wallet import told  # noqa: PLC0415
    from weihu.insight.wallet import NAME  # noqa: PLC0415

    _report(home, NAME, as_json, told)


@insight.command("life-events")
@with_workplace
def life_events(home: Home) -> None:
    """Find what payments let staff ask customers (人生事件): a new job, retirement, a child, moving, a home."""
    from weihu.insight.told_life import told  # noqa: PLC0415
    from weihu.nightly.life_events import ask  # noqa: PLC0415

    click.echo(told(_learned(home, ask)))


@insight.group("next-product")
def insight_next_product() -> None:
    """What customers buy next (下一产品), learned from what others bought."""


@insight_next_product.command("train")
@with_workplace
def next_product_train(home: Home) -> None:
    """Learn from past months, and rank the kinds of product for everybody."""
    _response()
    from weihu.insight.told_next import told  # noqa: PLC0415
    from weihu.nightly.next_products import learn_next_product  # noqa: PLC0415

    click.echo(told(_learned(home, learn_next_product)))


@insight_next_product.command("report")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def next_product_report(home: Home, as_json: bool) -> None:
    """What the ranking was learned from and how good it was on later months, beside the rule."""
    _response()
    from weihu.insight.next_product import NAME  # noqa: PLC0415
    from weihu.insight.told_next import told  # noqa: PLC0415

    _report(home, NAME, as_json, told)


@insight.group("segments")
def insight_segments() -> None:
    """Segments found from data (数据发现的细分), few and stable."""


@insight_segments.command("fit")
@with_workplace
def segments_fit(home: Home) -> None:
    """Find segments among the customers of the last night; earlier ones go on in those that they overlap with."""
    from weihu.insight.told_found import told  # noqa: PLC0415
    from weihu.nightly.found_segments import find_segments  # noqa: PLC0415

    click.echo(told(_learned(home, find_segments)))


@insight_segments.command("found")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def segments_found(home: Home, as_json: bool) -> None:
    """The segments that were found: size, what makes each different, how stable they are, and their drift by month."""
    from weihu.insight.found import NAME  # noqa: PLC0415
    from weihu.insight.told_found import told  # noqa: PLC0415

    _report(home, NAME, as_json, told, "fit")


@insight.group("uplift")
def insight_uplift() -> None:
    """Whom a contact helps (联系成效), learned from customers who were kept back at random."""


@insight_uplift.command("train")
@with_workplace
def uplift_train(home: Home) -> None:
    """Learn from the trials that ended; of fewer than the rule book's number only averages are told."""
    _response()
    from weihu.insight.told_uplift import told  # noqa: PLC0415
    from weihu.nightly.uplifts import learn_uplift  # noqa: PLC0415

    click.echo(told(_learned(home, learn_uplift)))


@insight_uplift.command("report")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def uplift_report(home: Home, as_json: bool) -> None:
    """What acting changed by kind of signal, and how good the ranking was on later trials, beside simple ones."""
    _response()
    from weihu.insight.kept import UPLIFT  # noqa: PLC0415
    from weihu.insight.told_uplift import told  # noqa: PLC0415

    _report(home, UPLIFT, as_json, told)


@insight.group("worth")
def insight_worth() -> None:
    """What customers are worth over the years to come (客户价值), by what the nights have kept of their contribution."""


@insight_worth.command("train")
@with_workplace
def worth_train(home: Home) -> None:
    """Learn who is still here after a year and how contribution changes; the next night goes by it."""
    from weihu.insight.told_worth import told  # noqa: PLC0415
    from weihu.nightly.worths import learn_worth  # noqa: PLC0415

    click.echo(told(_learned(home, learn_worth)))


@insight_worth.command("report")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def worth_report(home: Home, as_json: bool) -> None:
    """What was foretold at an origin and what came since, beside the simple rules."""
    from weihu.insight.kept import WORTH  # noqa: PLC0415
    from weihu.insight.told_worth import told  # noqa: PLC0415

    _report(home, WORTH, as_json, told)


def _learned(home: Home, learn: Callable[..., Any]) -> dict[str, Any]:
    """What is known of a model that ``learn`` learned from what the nights of the home have kept."""
    from weihu.insight.files import TooFew  # noqa: PLC0415
    from weihu.workplace.bank.current import current  # noqa: PLC0415

    last = current()
    if last is None:
        raise click.ClickException("还没有批次 / no night has been published yet")
    try:
        with err.status("") as shown:
            facts: dict[str, Any] = learn(home, last.rulebook, last, shown.update).facts
    except (TooFew, Damaged) as refused:
        raise click.ClickException(f"{refused.zh} / {refused.en}") from None
    return facts


def _report(home: Home, name: str, as_json: bool, told: Callable[[dict[str, Any]], str], learn: str = "train") -> None:
    from weihu.insight import files  # noqa: PLC0415

    content = files.load(home.insight / name)
    if content is None:
        raise click.ClickException(f"还没有模型,请先运行 {learn} / there is no model yet: run {learn}")
    click.echo(json.dumps(content["facts"], ensure_ascii=False) if as_json else told(content["facts"]))


def _response() -> ModuleType:
    """The models; they need the system's OpenMP library, which slim images lack."""
    try:
        from weihu.insight import response  # noqa: PLC0415
    except OSError as error:
        raise click.ClickException(
            f"LightGBM 无法载入,请安装 libgomp1 / LightGBM cannot be loaded, install libgomp1: {error}"
        ) from None
    return response

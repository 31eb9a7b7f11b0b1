"""The command ``weihu``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import update_wrapper
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from weihu.engine.checksums import Damaged
from weihu.engine.keys import KeysLost
from weihu.engine.lake import Busy, Home
from weihu.engine.landing.faults import DeliveryFault, DeliveryRefused, OutOfOrder
from weihu.engine.vault import BrokenBackup
from weihu.rules import rulebook
from weihu.rules.sections.entry import Bilingual

DAY = click.DateTime(formats=["%Y-%m-%d"])
IN_MEMORY = 80 * 1024 * 1024
SERVER = {
    "threads": 8,
    # requests are never buffered on disk, where an uploaded workbook would lie open; larger ones are refused
    "inbuf_overflow": 2 * IN_MEMORY,
    "max_request_body_size": IN_MEMORY,
    # who opens connections and says nothing keeps nobody out: there are many, and a silent one is closed soon
    "connection_limit": 2000,
    "channel_timeout": 20,
    "cleanup_interval": 5,
    "asyncore_use_poll": True,
}
ANSWER_SECONDS = 5
"""So long a page waits for others to write the database before it says that the system is busy."""
err = Console(stderr=True)


@click.group()
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
        _setup(home)
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


def _setup(home: Home) -> None:
    try:
        home.keys.keys()
    except KeysLost as lost:
        raise click.ClickException(f"{lost.zh} / {lost.en}") from None
    os.environ["WEIHU_HOME"] = str(home.root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weihu.workplace.settings")
    import django  # noqa: PLC0415

    django.setup()


@main.command()
@click.option("--rulebook", "book", help="A built-in book's key or a TOML file; brief, or what the home has.")
@click.pass_obj
def init(home: Home, book: str | None) -> None:
    """Create a home: folders, secrets, rule book, database. Again, it brings the database up to date."""
    book = book or (str(home.rulebook) if home.rulebook.is_file() else "brief")
    try:
        loaded = rulebook.load(book)
    except rulebook.FaultyBook as faulty:
        _refuse_book(faulty)
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
    _setup(home)
    from django.core.management import call_command  # noqa: PLC0415

    from weihu.workplace.base import rotation  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if unknown := rotation.sampled() - set(home.keys.keys().sealing):
        raise click.ClickException(
            f"数据库中的内容由本处没有的密钥加密:{', '.join(sorted(unknown))};请从备份恢复密钥"
            " / the database is sealed under keys that are not here; restore the keys from the backup"
        )
    click.echo(f"{home.root}: {loaded.zh} / {loaded.en}")


@main.group("rulebook")
def rulebook_group() -> None:
    """Rule books (制度)."""


@rulebook_group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def rulebook_check(file: Path) -> None:
    """Check a rule book; every fault with its line, what was found and what was expected."""
    try:
        book = rulebook.load(file)
    except rulebook.FaultyBook as faulty:
        _refuse_book(faulty)
    click.echo(f"{file}: {book.zh} / {book.en}, {len(book.grades)} grades, {len(book.signals)} signals: ok")


@rulebook_group.command("schema")
def rulebook_schema() -> None:
    """The JSON Schema of rule books, for editors."""
    click.echo(rulebook.schema_text(), nl=False)


def _refuse_book(faulty: rulebook.FaultyBook) -> NoReturn:
    """The faults in both languages, and a failing exit."""
    count = len(faulty.faults)
    click.echo(f"制度有 {count} 处错误 / {count} {'faults' if count > 1 else 'fault'} in the rule book", err=True)
    _print_faults(faulty.faults)
    sys.exit(2)


def _print_faults(faults: Iterable[rulebook.BookFault | DeliveryFault]) -> None:
    for fault in faults:
        click.echo(f"  {fault.text('zh')}\n    {fault.text('en')}", err=True)


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
        with _progress() as progress:
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
    with _progress() as progress:
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
        with _progress() as progress:
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
    _print_faults(refused.faults)
    click.echo(f"  → {report}", err=True)
    sys.exit(2)


def _run_line(run: Any) -> str:
    report = run.report
    return (
        f"{run.business_date}: {report['reconciliation']['customers']:,} 客户 customers, "
        f"AUM {report['reconciliation']['customer_aum']}, {report['tasks']:,} 任务 tasks, 已勾对 reconciled"
    )


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
    audit.record(_console(), "cli.customer", customer_id)
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
        _refuse(refused)
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
        _refuse(refused)
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
        _refuse(refused)
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else described(name, facts))


@insight.group("attrition")
def insight_attrition() -> None:
    """Who is about to leave (流失预警), learned from what the nights have kept."""


@insight_attrition.command("train")
@with_workplace
def attrition_train(home: Home) -> None:
    """Learn from past weeks; a kept model stays unless the new one does better on months that neither has seen."""
    _response()
    from weihu.insight.leaving import TooFew  # noqa: PLC0415
    from weihu.insight.told import told  # noqa: PLC0415
    from weihu.nightly.learning import learn_leaving  # noqa: PLC0415
    from weihu.workplace.bank.current import current  # noqa: PLC0415

    last = current()
    if last is None:
        raise click.ClickException("还没有批次 / no night has been published yet")
    try:
        with err.status("") as shown:
            model = learn_leaving(home, last.rulebook, last, shown.update)
    except (TooFew, Damaged) as refused:
        raise click.ClickException(f"{refused.zh} / {refused.en}") from None
    click.echo(told(model.facts))


@insight_attrition.command("report")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def attrition_report(home: Home, as_json: bool) -> None:
    """What the model was learned from and how good it was on later months, beside the rule."""
    _response()
    from weihu.insight import leaving  # noqa: PLC0415
    from weihu.insight.told import told  # noqa: PLC0415

    model = leaving.Model.load(home.insight / leaving.NAME)
    if model is None:
        raise click.ClickException("还没有模型,请先运行 train / there is no model yet: run train")
    click.echo(json.dumps(model.facts, ensure_ascii=False) if as_json else told(model.facts))


def _response() -> ModuleType:
    """The models; they need the system's OpenMP library, which slim images lack."""
    try:
        from weihu.insight import response  # noqa: PLC0415
    except OSError as error:
        raise click.ClickException(
            f"LightGBM 无法载入,请安装 libgomp1 / LightGBM cannot be loaded, install libgomp1: {error}"
        ) from None
    return response


def _refuse(refused: Bilingual) -> NoReturn:
    """Why something cannot be used, in both languages."""
    raise click.ClickException(f"{refused.zh} / {refused.en}") from None


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
        audit.record(_console(), "login.set", detail=staff_id)


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
        audit.record(_console(), "login.remove", detail=staff_id)


@login.command("reset-factor")
@click.argument("staff_id")
@with_workplace
def login_reset_factor(home: Home, staff_id: str) -> None:
    """Take a member of staff's second factors away, who has lost them all; every session ends."""
    from weihu.workplace.gate import factors  # noqa: PLC0415

    if not factors.reset(staff_id, _console()):
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
    audit.record(_console(), "login.unlock", detail=staff_id)


def _console() -> str:
    """Who acts at the command line, for the audit log."""
    return f"os:{os.environ.get('USER', '')}"


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
        raise click.ClickException("批次正在运行,请稍后再试 / a run is at work; try again later") from None
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
    _setup(home)
    from weihu.nightly import backup  # noqa: PLC0415

    found = store.read(name or names[-1])
    try:
        backup.restore(home, store, found)
    except Damaged as damaged:
        raise click.ClickException(f"{damaged.zh} / {damaged.en}") from None
    click.echo(f"{found.name}: 已恢复,与备份一致 / restored, equal to the backup")
    click.echo(f"  审计日志末条 / last entry of the audit log: {found.notes['audit']}")


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
                audit.record(_console(), "keys.rotate", detail=home.keys.keys().current)
            with _progress() as progress:
                bar = progress.add_task("", total=None)
                for changed in chain(rotation.reseal(shut), reseal.reseal(home.landed, home.seal, shut)):
                    progress.advance(bar, changed)
            left = (set(rotation.counted()) | reseal.keys_in(home.landed)) - {home.seal.current}
    except Busy:
        raise click.ClickException("批次正在运行,请稍后再试 / a run is at work; try again later") from None
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
            audit.record(_console(), "keys.forget", detail=key)
    except Busy:
        raise click.ClickException("批次正在运行,请稍后再试 / a run is at work; try again later") from None
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


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@with_workplace
def serve(home: Home, host: str, port: int) -> None:
    """Serve the workplace; Ctrl-C stops it."""
    import waitress  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    migrations = MigrationExecutor(connection)
    if migrations.migration_plan(migrations.loader.graph.leaf_nodes()):
        raise click.ClickException(
            "数据库不是本版本的结构,请先运行 weihu init / the database is not of this version; run weihu init first"
        )
    if connection.vendor == "sqlite":
        settings.DATABASES["default"]["OPTIONS"]["timeout"] = ANSWER_SECONDS
    proxy = {"trusted_proxy": settings.PROXY, "trusted_proxy_headers": "x-forwarded-proto x-forwarded-for"}
    try:
        server = waitress.create_server(
            get_wsgi_application(), host=host, port=port, ident=None, **SERVER, **(proxy if settings.HTTPS else {})
        )
    except OSError as error:
        message = f"{host}:{port} 无法使用,请用 --port 另选端口 / cannot be used, choose another with --port"
        raise click.ClickException(f"{message}: {error.strerror}") from None
    click.echo(f"http://{host}:{port}/", err=True)
    server.run()


@main.command()
@click.option("--customers", default=5000, show_default=True)
@click.option("--days", default=120, show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--no-serve", is_flag=True, help="Only set up.")
@click.pass_obj
def demo(home: Home, customers: int, days: int, port: int, no_serve: bool) -> None:
    """A synthetic bank with logins for every post, served on this machine."""
    from weihu.demo import bank  # noqa: PLC0415

    bank.found(home)
    _setup(home)
    from weihu.demo import logins, outbox, start  # noqa: PLC0415

    start.prepare(home, customers, days, date.today())  # noqa: DTZ011 - the command line is where today comes from
    click.echo(logins.page(home, port))
    if not no_serve:
        messages = home.root / "messages"
        with outbox.caught(messages):
            click.echo(f"发出的消息 / messages that are sent: {messages}/", err=True)
            click.get_current_context().invoke(serve, port=port)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:28}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err
    )


if __name__ == "__main__":
    main()

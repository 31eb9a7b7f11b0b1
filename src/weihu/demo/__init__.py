"""The demo: a synthetic bank, replayed, with people who worked in it and a login for every post."""

from __future__ import annotations

import json
import secrets
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.cells import set_cell_size
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from weihu.engine.lake import Home
from weihu.rules import rulebook

BOOK = "state_bank"
BRANCHES = 3
SEED = 20
TWINS = 0.006
"""The share of customers who were opened a second time under another number."""
RESULTS = ("interested", "considering", "not_reached", "rescheduled", "declined")
CHANCES = (0.28, 0.34, 0.24, 0.09, 0.05)
DONE_SHARE, LATELY_SHARE = 0.45, 0.08
NOTES = (
    "客户表示下周来网点详谈。",
    "想了解两年期大额存单。",
    "孩子今年升学,近期有支出。",
    "对基金有兴趣,先做风险测评。",
    "",
    "",
    "",
)

SAID = {
    "employer": ["市第一中学", "恒通物流公司", "人民医院", "华新机械厂", "区税务局", "自营商店"],
    "occupation": ["教师", "医生", "企业主", "工程师", "公务员", "退休"],
    "income": ["8000", "1.2万", "2万", "3.5万"],
}
TOLD_SHARE, REFUSED_SHARE = 0.6, 0.08
LOGIN_COLUMNS = {"post_zh": 14, "staff_id": 10, "password": 14, "name": 10, "branch": 12}
"""The printed columns of a login, and how many cells wide they are."""


def prepare(home: Home, customers: int, days: int, today: date, setup: Callable[[Home], None]) -> None:
    """Build the demo bank in a home, unless it is there already; an interrupted start is gone on with."""
    deliveries = home.root / "deliveries"
    if not (home.root / "demo.json").is_file():
        home.create()
        home.rulebook.write_bytes((rulebook.BOOKS / f"{BOOK}.toml").read_bytes())
    setup(home)
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if (home.root / "demo.json").is_file():
        return
    _generate(deliveries, customers, days, today)
    _replay(home, deliveries)
    _give_lives(home)
    _give_logins(home)


def logins(home: Home, port: int) -> str:
    """The printed page of logins."""
    said = json.loads((home.root / "demo.json").read_text())
    lines = [
        "".join(set_cell_size(row[key], cells) for key, cells in LOGIN_COLUMNS.items()) + f"({row['post_en']})"
        for row in said
    ]
    return "\n".join(
        [
            f"\n维护 Weihu  http://127.0.0.1:{port}/",
            "岗位 / 工号 / 密码 — post / staff number / password",
            *lines,
            "Ctrl-C 停止 / stops\n",
        ]
    )


def _generate(deliveries: Path, customers: int, days: int, today: date) -> None:
    from weihu.sources.synthetic import SyntheticBank  # noqa: PLC0415

    done = deliveries / ".done"
    if done.is_file():
        return
    bank = SyntheticBank(customers, BRANCHES, days, today - timedelta(days=1), SEED, TWINS)
    with _progress() as progress:
        for _ in progress.track(bank.deliveries(deliveries), total=days, description="合成银行 bank"):
            pass
    done.touch()


def _replay(home: Home, deliveries: Path) -> None:
    """Night after night; in between, people work through a part of their lists."""
    from django.db import transaction  # noqa: PLC0415

    from weihu.nightly.land import read_manifest  # noqa: PLC0415
    from weihu.nightly.run import Nightly  # noqa: PLC0415
    from weihu.workplace.bank.current import current  # noqa: PLC0415

    folders = sorted(path for path in deliveries.iterdir() if path.is_dir() and not path.name.startswith("."))
    with _progress() as progress, Nightly(home) as nightly:
        for folder in progress.track(folders, description="批次 nights"):
            last = current()
            if last and read_manifest(folder).business_date < last.business_date:
                continue
            if nightly.run(folder) and folder != folders[-1]:
                with transaction.atomic():
                    _work(current(), LATELY_SHARE if folder in folders[-7:] else DONE_SHARE)


def _give_lives(home: Home) -> None:
    """Once: an interrupted start goes on behind it."""
    from weihu.demo.lives import live  # noqa: PLC0415

    done = home.root / ".lives"
    if not done.is_file():
        live(home)
        done.touch()


def _work(run: Any, share: float) -> None:
    """What people did with a day's lists: a share of the tasks, with mixed results."""
    from django.utils import timezone  # noqa: PLC0415

    from weihu.workplace.act.care.results import apply  # noqa: PLC0415
    from weihu.workplace.bank.models import Signal, Task  # noqa: PLC0415
    from weihu.workplace.contact.models import Answer, Contact  # noqa: PLC0415

    if run.work_date.weekday() >= 5:
        return
    rng = np.random.default_rng(run.number)
    tasks = [task for task in Task.objects.filter(run=run).order_by("staff_id", "position") if rng.random() < share]
    at = timezone.make_aware(datetime.combine(run.work_date, time(10)))
    contacts = []
    for task in tasks:
        outcome = str(rng.choice(RESULTS, p=CHANCES))
        later = run.work_date + timedelta(days=int(rng.integers(2, 9)))
        contacts.append(
            Contact(
                token=uuid.UUID(bytes=rng.bytes(16)),
                customer_id=task.customer_id,
                staff_id=task.staff_id,
                on=run.work_date,
                recorded_at=at,
                way="phone",
                outcome=outcome,
                note=str(rng.choice(NOTES)) if outcome in RESULTS[:2] else "",
                follow_up_on=later if outcome == "rescheduled" else None,
            )
        )
    saved = {contact.customer_id: contact for contact in Contact.objects.bulk_create(contacts, batch_size=500)}
    reached = [customer for customer, contact in saved.items() if contact.outcome != "not_reached"]
    signals = list(Signal.objects.listed_at(run).filter(customer_id__in=reached, held_out=False))
    _tell(run, signals, saved, rng)
    Answer.objects.bulk_create(
        (
            Answer(
                contact=saved[signal.customer_id],
                customer_id=signal.customer_id,
                kind=signal.kind,
                subject=signal.subject,
                on=run.work_date,
            )
            for signal in signals
        ),
        batch_size=500,
    )
    answered: dict[str, list[Signal]] = defaultdict(list)
    for signal in signals:
        answered[signal.customer_id].append(signal)
    for customer, given in answered.items():
        apply(saved[customer], given, run.rulebook)


def _tell(run: Any, signals: Any, saved: dict[str, Any], rng: np.random.Generator) -> None:
    """Of what was missing, customers told some and refused a little."""
    from weihu.rules.catalogue import read  # noqa: PLC0415
    from weihu.workplace.base.channels import Channel  # noqa: PLC0415
    from weihu.workplace.know.archive.facts import FactContent, record_fact  # noqa: PLC0415
    from weihu.workplace.know.archive.models import Confidence  # noqa: PLC0415

    for signal in signals:
        if signal.kind != "missing_facts":
            continue
        for key in signal.detail.split(","):
            field = run.rulebook.fields[key]
            said = [choice.key for choice in field.choices] or SAID.get(key, [])
            if not said or rng.random() > TOLD_SHARE:
                continue
            refused = bool(rng.random() < REFUSED_SHARE)
            value = "" if refused else read(field, str(rng.choice(said)))
            written = FactContent(key, value, Channel.SERVICE, Confidence.TOLD, refused, "电话回访")
            by, token = saved[signal.customer_id].staff_id, uuid.UUID(bytes=rng.bytes(16))
            record_fact(signal.customer_id, written, [], by, run.work_date, token)


def _give_logins(home: Home) -> None:
    """One member of staff per post gets a random password; the page is kept in the home."""
    from weihu.workplace.bank.models import Branch, Staff  # noqa: PLC0415

    book = rulebook.load(home.rulebook)
    rows = []
    for key, post in book.posts.items():
        member = Staff.objects.filter(post=key, is_active=True).order_by("staff_id").first()
        if member is None:
            continue
        password = f"weihu-{secrets.token_hex(3)}"
        member.set_password(password)
        member.save(update_fields=["password"])
        branch = Branch.objects.get(branch_id=member.branch_id)
        rows.append(
            {
                "post": key,
                "post_zh": post.zh,
                "post_en": post.en,
                "staff_id": member.staff_id,
                "password": password,
                "name": member.name,
                "branch": branch.name,
            }
        )
    (home.root / "demo.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    (home.root / "demo.json").chmod(0o600)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )

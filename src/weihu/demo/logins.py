"""Logins of the demo: for every post of its book, and for both people of what waits for a second one."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from django.contrib.auth.hashers import make_password
from rich.cells import set_cell_size

from weihu.demo import pairs, tour
from weihu.demo.stages import Stages
from weihu.engine.lake import Home
from weihu.rules import rulebook
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Branch, Staff, Task

COLUMNS = {"post_zh": 14, "staff_id": 10, "password": 14, "name": 10, "branch": 12}
"""The printed columns of a login, and how many cells wide they are."""


def given(home: Home) -> bool:
    """Whether the logins are there; they are the last thing that a start gives."""
    return _file(home).is_file()


def give(home: Home, stages: Stages) -> None:
    """The member of staff of each post with most to do, and who takes part in an act of two people, gets a random password;
    the pages are kept in the home, for its owner alone."""
    posts = rulebook.load(home.rulebook).posts
    first = _by_post(Staff.objects.filter(is_active=True, post__in=posts))
    acts = pairs.waiting()
    taking_part = Staff.objects.in_bulk({number for pair in acts for number in (pair.first, pair.second)})
    by_post = [first[post] for post in posts if post in first]
    members = list({member.staff_id: member for member in (*by_post, *taking_part.values())}.values())
    passwords = [f"weihu-{secrets.token_hex(3)}" for _ in members]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing is slow on purpose, and leaves the interpreter's lock
        hashed = pool.map(make_password, passwords)
        for member, digest in zip(members, stages.track("登录名 logins", hashed, len(members)), strict=True):
            member.password = digest
    Staff.objects.bulk_update(members, ["password"])
    branches = dict(Branch.objects.values_list("branch_id", "name"))
    rows = {
        member.staff_id: {
            "post": member.post,
            "post_zh": posts[member.post].zh,
            "post_en": posts[member.post].en,
            "staff_id": member.staff_id,
            "password": password,
            "name": member.name,
            "branch": branches[member.branch_id],
        }
        for member, password in zip(members, passwords, strict=True)
    }
    both = [asdict(pair) | {"first": rows[pair.first], "second": rows[pair.second]} for pair in acts]
    _keep(_pairs_file(home), json.dumps(both, ensure_ascii=False, indent=1))
    tour.write(home, by_post)
    _keep(_file(home), json.dumps([rows[member.staff_id] for member in by_post], ensure_ascii=False, indent=1))


def _by_post(staff: Iterable[Staff]) -> dict[str, Staff]:
    """Who has most to do in each post, in one branch where it has that post: what one passes on, another then sees."""
    tasks = Counter(Task.objects.filter(run=current()).values_list("staff_id", flat=True))
    members = sorted(staff, key=lambda member: (-tasks[member.staff_id], member.staff_id))
    of_branches: Counter[str] = Counter()
    for member in members:
        of_branches[member.branch_id] += tasks[member.staff_id]
    busiest = max(of_branches, key=lambda branch_id: (of_branches[branch_id], branch_id), default="")
    first: dict[str, Staff] = {}
    for member in sorted(members, key=lambda member: member.branch_id != busiest):
        first.setdefault(member.post, member)
    return first


def page(home: Home, port: int) -> str:
    """The printed pages of logins, and of what waits for a second person."""
    rows = json.loads(_file(home).read_text(encoding="utf-8"))
    both = json.loads(_pairs_file(home).read_text(encoding="utf-8"))
    acts = [
        f"{pair['zh']} / {pair['en']}\n  http://127.0.0.1:{port}{pair['page']}\n"
        f"  {_line(pair['first'])}\n  {_line(pair['second'])}"
        for pair in both
    ]
    return "\n".join(
        [
            f"\n维护 Weihu  http://127.0.0.1:{port}/",
            "岗位 / 工号 / 密码 — post / staff number / password",
            *map(_line, rows),
            "\n两人办理的事,各用一个登录名 — what takes two people, each with a login",
            *acts,
            "\nCtrl-C 停止 / stops\n",
        ]
    )


def _line(row: dict[str, str]) -> str:
    return "".join(set_cell_size(row[key], cells) for key, cells in COLUMNS.items()) + f"({row['post_en']})"


def _pairs_file(home: Home) -> Path:
    return home.root / "demo-pairs.json"


def _file(home: Home) -> Path:
    return home.root / "demo.json"


def _keep(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    staging = path.with_suffix(".new")
    staging.unlink(missing_ok=True)
    with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    staging.rename(path)

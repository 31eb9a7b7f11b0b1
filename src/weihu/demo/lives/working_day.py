"""What staff do beside their lists: message texts, introductions, visits, and other work."""

from __future__ import annotations

from datetime import time, timedelta

from weihu.demo.lives.scene import RICH, Scene, owner
from weihu.workplace.act.introductions.linking import link
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.team.models import WorkNote
from weihu.workplace.gate.workdays import days_of_branches

TEXTS = (
    (
        "sms",
        "到期提醒",
        "{salutation}您好,您在我行的产品即将到期,欢迎联系{branch}{manager}安排续存。",
        "maturity,matured",
    ),
    ("sms", "生日祝福", "{salutation},祝您生日快乐!{branch}{manager}敬上。", "birthday"),
    ("email", "节日问候", "{salutation}您好,{branch}全体员工祝您节日愉快。", "festival"),
)
WAITING = "节日问候"
"""The text that nobody has approved yet."""
INTRODUCED, VISITED, VISITING_DAYS = 14, 12, 5


def write_texts(scene: Scene) -> None:
    """A branch manager has written message texts; another approved them, all but one."""
    managers = scene.of_post("branch_manager")
    approved = {"state": Template.State.APPROVED, "decided_by": managers[-1].staff_id, "decided_on": scene.on}
    for medium, title, text, kinds in TEXTS:
        Template.objects.create(
            medium=medium,
            title=title,
            text=text,
            kinds=kinds,
            made_by=managers[0].staff_id,
            made_on=scene.on - timedelta(days=20),
            **({} if title == WAITING else approved),
        )


def introduce(scene: Scene) -> None:
    """Some customers have brought another of their branch, who has a first product since."""
    introductions = []
    for introducer in scene.some_of(scene.owned, INTRODUCED):
        others = [row for row in scene.owned if row.branch_id == introducer.branch_id and row is not introducer]
        on = scene.on - timedelta(days=int(scene.rng.integers(3, 80)))
        introductions.append(
            Introduction(
                token=scene.token(),
                introducer_id=introducer.customer_id,
                introduced_id=scene.one_of(others).customer_id,
                staff_id=owner(introducer),
                branch_id=introducer.branch_id,
                on=on,
                linked_on=on + timedelta(days=2),
            )
        )
    Introduction.objects.bulk_create(introductions)
    link(scene.run)


def visit(scene: Scene) -> None:
    """Rich customers come to the branch on the next open days; who receives them had a training on the last one."""
    rows = [row for row in scene.owned if row.grade_rank >= RICH][:VISITED]
    days = days_of_branches(scene.book, scene.on)
    week = [days.following(scene.on - timedelta(days=1))]
    while len(week) < VISITING_DAYS:
        week.append(days.following(week[-1]))
    trained_on = days.last_open(scene.on + timedelta(days=1))
    takes = scene.book.signals["visit"].minutes
    Visit.objects.bulk_create(
        Visit(
            token=scene.token(),
            customer_id=row.customer_id,
            staff_id=owner(row),
            on=week[place % VISITING_DAYS],
            at=time(9 + place % 7, 30),
            minutes=takes,
            place="网点贵宾室",
            made_on=scene.on,
        )
        for place, row in enumerate(rows)
    )
    WorkNote.objects.bulk_create(
        WorkNote(staff_id=staff_id, on=trained_on, minutes=30, text="晨会和产品培训")
        for staff_id in sorted({owner(row) for row in rows})
    )

"""Complaints, and an event with replies."""

from __future__ import annotations

from datetime import date, timedelta

from weihu.demo.lives.scene import Scene, owner
from weihu.demo.working.person import Person
from weihu.sources.synthetic.columns import day
from weihu.workplace.bank.models import Standing
from weihu.workplace.know.complaints import cases
from weihu.workplace.know.intake.models import Invitation
from weihu.workplace.know.intake.replies import receive, settle

COMPLAINTS = [
    ("排队时间太长", "周一上午等了一个多小时,只开了两个窗口。", "counter"),
    ("短信提醒没有收到", "工资到账没有短信,打电话才查到。", "phone"),
    ("自助机吞卡", "周末无人处理,来回跑了两趟。", "phone"),
    ("手续费不清楚", "跨行转账扣了费用,事先没有告知。", "online"),
    ("理财到期未通知", "产品到期后资金闲置了三周。", "letter"),
    ("营销电话太多", "一周接到四次推荐保险的电话。", "phone"),
]
ANSWERS = ("已电话致歉并说明原因,客户表示理解。", "已退还费用,并登记短信服务。", "已调整窗口安排,送上小礼品。")
COMPLAINED_WITHIN, CLOSED_AFTER = timedelta(days=60), timedelta(days=8)
COMPLAINING = 0.5
REPLIES = 20
"""So many replies come to a branch's event; one of STRANGER_EVERY is of somebody whom nobody knows."""
STRANGER_EVERY = 5
STRANGER_PHONE = "13900001234"


def complain(scene: Scene) -> None:
    """Complaints of who met a fault of service, and of a few more; older ones were closed, every other one asked about."""
    for place, (raised, row) in enumerate(_raised(scene)):
        subject, text, origin = COMPLAINTS[place % len(COMPLAINTS)]
        values = {"subject": subject, "text": text, "origin": origin}
        case = cases.open_case(row.customer_id, values, owner(row), raised, scene.book, scene.token())
        cases.assign(case, owner(row), owner(row), raised)
        if scene.on - raised > CLOSED_AFTER:
            closed = raised + timedelta(days=int(scene.rng.integers(1, 5)))
            cases.close(case, ANSWERS[place % len(ANSWERS)], owner(row), closed)
            if place % 2:
                asks = next(
                    key for key in scene.staff if key != owner(row) and scene.staff[key].branch_id == row.branch_id
                )
                cases.ask(case, int(scene.rng.integers(2, 6)), "", asks, closed + timedelta(days=4))


def _raised(scene: Scene) -> list[tuple[date, Standing]]:
    """Who complains when: of two faults one is complained of within days."""
    told = scene.customers.state.events
    faults = [
        (day(int(on)), int(place))
        for kind, days, who in zip(told.kind, told.on, told.who, strict=True)
        if kind == "incident"
        for on, place in zip(days, who, strict=True)
    ]
    by_place = dict(scene.places())
    raised = [
        (min(on + timedelta(days=int(scene.rng.integers(0, 4))), scene.on), by_place[place])
        for on, place in faults
        if place in by_place and scene.on - on < COMPLAINED_WITHIN and scene.happens(COMPLAINING)
    ]
    others = [row for row in scene.owned if Person(scene.customers, row.customer_id).grown]
    few = scene.some_of(others, max(0, 2 * len(COMPLAINTS) - len(raised)))
    spread = (scene.on - timedelta(days=int(days)) for days in scene.rng.integers(0, 40, len(few)))
    return sorted([*raised, *zip(spread, few, strict=True)], key=lambda case: (case[0], case[1].customer_id))


def invite(scene: Scene) -> None:
    """A tea party of each branch, with replies of customers and of some whom nobody knows."""
    for branch in scene.branches:
        customers = [row for row in scene.standings if row.branch_id == branch and row.customer.phone]
        invitation = _tea_party(scene, branch, owner(customers[0]))
        for place, row in enumerate(scene.some_of(customers, REPLIES)):
            values = {"hobbies": Person(scene.customers, row.customer_id).answer("hobbies") or ""}
            reply = receive(invitation, _person(row, place), values, scene.book, scene.on, scene.token())
            if place % STRANGER_EVERY:
                settle(reply, row.customer_id, owner(row), scene.book, scene.on)


def _tea_party(scene: Scene, branch: str, by: str) -> Invitation:
    return Invitation.objects.create(
        title="岁末客户茶会",
        text="诚邀您参加本网点的岁末茶会,品茗、书画、健康讲座。",
        channel="event",
        fields=["hobbies", "favourite_events", "email"],
        purpose="event",
        opens_on=scene.on - timedelta(days=7),
        closes_on=scene.on + timedelta(days=30),
        staff_id=by,
        branch_id=branch,
    )


def _person(row: Standing, place: int) -> tuple[str, str]:
    """Name and phone as the form has them."""
    if place % STRANGER_EVERY == 0:
        return row.customer.name[:1] + "女士", STRANGER_PHONE
    return row.customer.name, row.customer.phone

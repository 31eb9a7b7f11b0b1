"""The demo's people beyond their money: families, consents, complaints, goals, an event with replies, duplicates,
and what staff do in a day beside their lists."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from weihu.engine.lake import Home

COMPLAINTS = [
    ("排队时间太长", "周一上午等了一个多小时,只开了两个窗口。", "counter"),
    ("短信提醒没有收到", "工资到账没有短信,打电话才查到。", "phone"),
    ("自助机吞卡", "周末无人处理,来回跑了两趟。", "phone"),
    ("手续费不清楚", "跨行转账扣了费用,事先没有告知。", "online"),
    ("理财到期未通知", "产品到期后资金闲置了三周。", "letter"),
    ("营销电话太多", "一周接到四次推荐保险的电话。", "phone"),
]
ANSWERS = ("已电话致歉并说明原因,客户表示理解。", "已退还费用,并登记短信服务。", "已调整窗口安排,送上小礼品。")
GOALS = (("孩子留学", 600_000), ("换车", 250_000), ("养老储备", 1_000_000), ("房屋装修", 300_000))
CONSENTING, WITH_GOAL = 0.55, 0.12
WITH_BENEFIT, REFERRED = 0.25, 9
GROWN = 18
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
INTRODUCED, CAMPAIGN_DAYS = 14, 30
PLACES = 40
SEED = 7


def live(home: Home) -> None:
    """Give the bank's customers their lives, as staff would have recorded them."""
    from django.db import transaction  # noqa: PLC0415

    from weihu.workplace.bank.current import current  # noqa: PLC0415
    from weihu.workplace.bank.models import Standing  # noqa: PLC0415
    from weihu.workplace.customer.duplicates import find_duplicates  # noqa: PLC0415

    run = current()
    if run is None:
        return
    rng = np.random.default_rng(run.number)
    rows = list(Standing.objects.listed_at(run).select_related("customer").order_by("customer_id"))
    with transaction.atomic():
        for part in (_families, _consents, _special_days, _goals, _complaints, _event, _responsibility, _working_day):
            part(rows, run, rng)
    find_duplicates(run, run.work_date, home.spill)


def _families(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    """Those who share an address: couples of about one age, parents and children; most are put into a household."""
    from weihu.workplace.know.relations.network import NewRelation, join, relate  # noqa: PLC0415

    by_address: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.customer.address and row.customer.birth_date:
            by_address[row.customer.address].append(row)
    for family in by_address.values():
        family.sort(key=lambda row: row.customer.birth_date)
        head, *others = family
        married = False
        for other in others:
            years = (other.customer.birth_date - head.customer.birth_date).days // 365
            couple = years < GROWN and other.customer.sex != head.customer.sex and not married
            kind = "child" if years >= GROWN else "spouse" if couple else "sibling"
            married = married or couple
            relate(head.customer_id, NewRelation(kind, other.customer_id), _owner(head), run.work_date, _token(rng))
        if others and rng.random() < 0.7:
            join(head.customer_id, [other.customer_id for other in others], _owner(head), run.work_date)
    for one, other in zip(rows[::97], rows[50::97], strict=False):
        kind = str(rng.choice(["introduced_by", "works_with", "classmate", "friend"]))
        relate(one.customer_id, NewRelation(kind, other.customer_id), _owner(one), run.work_date, _token(rng))


def _consents(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    from weihu.workplace.base.channels import Channel  # noqa: PLC0415
    from weihu.workplace.consent.consents import ConsentAnswer, record_consent  # noqa: PLC0415

    version = run.rulebook.consents["marketing"].version
    for row in rows:
        if row.grade_rank >= 2 and rng.random() < CONSENTING:
            said = ConsentAnswer("marketing", version, bool(rng.random() < 0.9), Channel.SERVICE, "柜面签署")
            record_consent(row.customer_id, said, _owner(row), run.work_date, _token(rng))


def _special_days(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    from weihu.rules.catalogue import read  # noqa: PLC0415
    from weihu.workplace.base.channels import Channel  # noqa: PLC0415
    from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts  # noqa: PLC0415
    from weihu.workplace.know.archive.models import Confidence  # noqa: PLC0415

    fields = run.rulebook.fields
    given = []
    for row in rows:
        if row.grade_rank < 3 or rng.random() > 0.5:
            continue
        told = {
            "wedding_day": str(date(int(rng.integers(1985, 2015)), int(rng.integers(1, 13)), int(rng.integers(1, 28)))),
            "child_birth_date": str(date(int(rng.integers(2008, 2023)), int(rng.integers(1, 13)), 5)),
            "lunar_birthday": f"{int(rng.integers(1, 13))}-{int(rng.integers(1, 29))}",
        }
        for key in rng.choice(list(told), int(rng.integers(1, 3)), replace=False):
            value = read(fields[str(key)], told[str(key)])
            written = FactContent(str(key), value, Channel.SERVICE, Confidence.TOLD, source="客户拜访")
            given.append(NewFact(row.customer_id, written, _token(rng)))
    record_facts(given, "demo", run.work_date, "demo")


def _goals(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    from weihu.workplace.know.life.goals import note_progress, set_goal  # noqa: PLC0415
    from weihu.workplace.know.life.models import Goal  # noqa: PLC0415

    for row in rows:
        if row.grade_rank < 3 or rng.random() > WITH_GOAL:
            continue
        name, target = GOALS[int(rng.integers(len(GOALS)))]
        saved = int(target * rng.uniform(0.1, 0.6))
        due_on = run.work_date.replace(year=run.work_date.year + int(rng.integers(1, 6)), day=1)
        token = _token(rng)
        said = {"token": token, "name": name, "target": target, "saved": saved, "due_on": due_on}
        began = run.work_date - timedelta(days=60)
        set_goal(row.customer_id, said, _owner(row), began)
        note_progress(Goal.objects.get(token=token), Decimal(saved + target // 20), _owner(row), run.work_date)


def _complaints(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    """Two rounds: older ones that were closed, and recent ones, some of them late."""
    from weihu.workplace.know.complaints import cases  # noqa: PLC0415

    for place, row in enumerate(rng.choice(rows, 2 * len(COMPLAINTS), replace=False)):
        subject, text, origin = COMPLAINTS[place % len(COMPLAINTS)]
        said = {"subject": subject, "text": text, "origin": origin}
        older = place >= len(COMPLAINTS)
        raised = run.work_date - timedelta(days=int(rng.integers(10, 40) if older else rng.integers(0, 8)))
        case = cases.open_case(row.customer_id, said, _owner(row), raised, run.rulebook, _token(rng))
        cases.assign(case, _owner(row), _owner(row), raised)
        if older:
            closed = raised + timedelta(days=3)
            cases.close(case, ANSWERS[place % len(ANSWERS)], _owner(row), closed)
            if place % 2:
                cases.ask(case, int(rng.integers(2, 6)), "", _owner(row), closed + timedelta(days=4))


def _event(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    """A tea party of each branch, with replies of customers and of some whom nobody knows."""
    from weihu.workplace.know.intake.models import Invitation  # noqa: PLC0415
    from weihu.workplace.know.intake.replies import receive  # noqa: PLC0415

    with_phone = [row for row in rows if row.customer.phone]
    for branch in sorted({row.branch_id for row in rows}):
        own = [row for row in with_phone if row.branch_id == branch]
        invitation = Invitation.objects.create(
            title="岁末客户茶会",
            text="诚邀您参加本网点的岁末茶会,品茗、书画、健康讲座。",
            channel="event",
            fields=["hobbies", "favourite_events", "email"],
            purpose="event",
            opens_on=run.work_date - timedelta(days=7),
            closes_on=run.work_date + timedelta(days=30),
            staff_id=_owner(own[0]),
            branch_id=branch,
        )
        for place, row in enumerate(rng.choice(own, PLACES // 2, replace=False)):
            known = place % 5
            person = (
                (row.customer.name, row.customer.phone) if known else (row.customer.name[:1] + "女士", "13900001234")
            )
            said = {"hobbies": str(rng.choice(_offered(run, "hobbies")))}
            receive(invitation, person, said, run.rulebook, run.work_date, _token(rng))


def _offered(run: Any, key: str) -> list[str]:
    return [choice.key for choice in run.rulebook.fields[key].choices]


def _owner(row: Any) -> str:
    return row.primary_id or "demo"


def _token(rng: np.random.Generator) -> uuid.UUID:
    return uuid.UUID(bytes=rng.bytes(16))


def _responsibility(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    """A hand-over on its way, referrals with and without an answer, claims, benefits used, a book waiting for approval."""
    from weihu.rules.rulebook import changed  # noqa: PLC0415
    from weihu.workplace.bank.models import Staff  # noqa: PLC0415
    from weihu.workplace.gate.reach import Gate  # noqa: PLC0415
    from weihu.workplace.judge.benefits.using import use  # noqa: PLC0415
    from weihu.workplace.judge.grading import books  # noqa: PLC0415
    from weihu.workplace.judge.portfolio import decisions  # noqa: PLC0415

    book, on = run.rulebook, run.work_date
    staff = Staff.objects.in_bulk()
    for row in rows:
        if book.due_benefits(row.grade_rank) and rng.random() < WITH_BENEFIT:
            use(row, str(rng.choice(list(book.due_benefits(row.grade_rank)))), book, _owner(row), on, _token(rng))
    ordinary = [row for row in rows if row.grade_rank == 2 and row.primary_id]
    for place, row in enumerate(sorted(ordinary, key=lambda row: -row.aum)[:REFERRED]):
        receiver = decisions.receivers(row, row.grade_rank + 1, book)[0]
        made = decisions.refer(
            Gate(staff[row.primary_id], run), row, receiver, row.grade_rank + 1, "存款稳定,已接近潜力客户"
        )
        if place % 3:
            reason = "" if place % 3 == 1 else "客户近期要买房,资金将转出"
            decisions.answer_referral(made, place % 3 == 1, Gate(receiver, run), reason)
    for branch in sorted({row.branch_id for row in rows}):
        managers = [one for one in staff.values() if one.branch_id == branch and one.post == "relationship_manager"]
        owned = [row for row in rows if managers and row.primary_id == managers[0].staff_id][:4]
        if owned and len(managers) > 1:
            giver = Gate(managers[0], run)
            decisions.propose(giver, managers[1], owned, on + timedelta(days=1), "客户多在上午联系", _token(rng))
        teller = next((one for one in staff.values() if one.branch_id == branch and one.post == "high_counter"), None)
        if teller:
            for row in decisions.claimable(Gate(teller, run)).order_by("customer_id")[:2]:
                decisions.claim(Gate(teller, run), row.customer_id)
    manager = next(one for one in staff.values() if one.post == "branch_manager")
    title = "贵宾门槛调至60万元"
    proposed = changed(book, {"grades": {"valued": {"minimum": 600_000}}, "version": title})
    draft = books.keep(proposed, run.book, title, on + timedelta(days=7), manager.staff_id, on)
    books.submit(draft, manager.staff_id)


def _working_day(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    """Message texts, introductions, visits, other work, and a campaign that has been running for some weeks."""
    from weihu.workplace.act.messaging.models import Template  # noqa: PLC0415
    from weihu.workplace.act.schedule.models import Visit  # noqa: PLC0415
    from weihu.workplace.act.team.models import WorkNote  # noqa: PLC0415
    from weihu.workplace.bank.models import Staff  # noqa: PLC0415

    on = run.work_date
    managers = list(Staff.objects.filter(post="branch_manager").order_by("staff_id"))
    for medium, title, text, kinds in TEXTS:
        said = {"medium": medium, "title": title, "text": text, "kinds": kinds, "made_by": managers[0].staff_id}
        approved = (
            {"state": "approved", "decided_by": managers[-1].staff_id, "decided_on": on} if kinds != "festival" else {}
        )
        Template.objects.create(**said, made_on=on - timedelta(days=20), **approved)
    _introductions(rows, run, rng)
    owned = [row for row in rows if row.grade_rank >= 3 and row.primary_id]
    for place, row in enumerate(owned[:12]):
        at = time(9 + place % 7, 30)
        Visit.objects.create(
            token=_token(rng), customer_id=row.customer_id, staff_id=row.primary_id, on=on + timedelta(days=place % 5),
            at=at, place="网点贵宾室", made_on=on,
        )  # fmt: skip
        WorkNote.objects.create(staff_id=row.primary_id, on=on, minutes=30, text="晨会和产品培训")
    _campaign(managers[0], run)


def _introductions(rows: list[Any], run: Any, rng: np.random.Generator) -> None:
    from weihu.workplace.act.introductions.linking import link  # noqa: PLC0415
    from weihu.workplace.act.introductions.models import Introduction  # noqa: PLC0415

    owned = [row for row in rows if row.primary_id]
    for by in rng.choice(owned, INTRODUCED, replace=False):
        who = rng.choice([row for row in owned if row.branch_id == by.branch_id and row is not by])
        on = run.work_date - timedelta(days=int(rng.integers(3, 80)))
        Introduction.objects.create(
            token=_token(rng), introducer_id=by.customer_id, introduced_id=who.customer_id, staff_id=by.primary_id,
            branch_id=by.branch_id, on=on, linked_on=on + timedelta(days=2),
        )  # fmt: skip
    link(run)


def _campaign(manager: Any, run: Any) -> None:
    """Begun some weeks ago: its groups as drawn then, with what they had then."""
    from weihu.workplace.act.campaigns.drawing import start  # noqa: PLC0415
    from weihu.workplace.act.campaigns.models import Campaign, CampaignTarget  # noqa: PLC0415
    from weihu.workplace.bank.models import aum_on  # noqa: PLC0415
    from weihu.workplace.contact.models import Answer, Contact  # noqa: PLC0415
    from weihu.workplace.gate.reach import Gate  # noqa: PLC0415

    began, gate = run.work_date - timedelta(days=CAMPAIGN_DAYS), Gate(manager, run)
    campaign = Campaign.objects.create(
        title="开门红存款季", offer="term_deposit", query="grade=2", seed=SEED, branch_id=manager.branch_id, from_on=began,
        to_on=run.work_date + timedelta(days=CAMPAIGN_DAYS), made_by=manager.staff_id, made_on=began,
    )  # fmt: skip
    start(campaign, gate, run.rulebook, manager.staff_id, began)
    for target in CampaignTarget.objects.filter(campaign=campaign):
        before = aum_on(gate.history(gate.standing(target.customer_id)), began)
        CampaignTarget.objects.filter(pk=target.pk).update(aum_before=before or 0)
        called = target.wave_on and target.wave_on < run.work_date
        contact = Contact.objects.filter(customer_id=target.customer_id, on__gte=began).order_by("-pk").first()
        if called and contact:
            Answer.objects.create(
                contact=contact,
                customer_id=target.customer_id,
                kind="campaign",
                subject=str(campaign.pk),
                on=contact.on,
            )

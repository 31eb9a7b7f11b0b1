"""Who answers for whom, and what is due to customers: benefits, referrals, hand-overs, claims, and what waits for a second
person."""

from __future__ import annotations

from datetime import timedelta

from weihu.demo.lives.scene import Scene, owner
from weihu.rules.rulebook import changed
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.gate.models import Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.using import use
from weihu.workplace.judge.grading import books
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.judge.portfolio import decisions
from weihu.workplace.judge.portfolio.staffing import enter_absence

WITH_BENEFIT = 0.25
REFERRED = 9
"""So many customers are referred; of three in turn one waits for an answer, one is accepted, one is declined."""
REFERRED_RANK = 2
HANDED, CLAIMED = 4, 2
SEED, EXCEPTION_DAYS, AWAY_FROM, AWAY_DAYS = 11, 90, 10, 4


def use_benefits(scene: Scene) -> None:
    """A quarter of those to whom benefits are due have used one."""
    for row in scene.standings:
        due = list(scene.book.due_benefits(row.grade_rank))
        if due and scene.happens(WITH_BENEFIT):
            use(row, scene.one_of(due), scene.book, owner(row), scene.on, scene.token())


def refer(scene: Scene) -> None:
    """The largest of the ordinary customers are referred upward; of three in turn one waits for an answer."""
    ordinary = [row for row in scene.owned if row.grade_rank == REFERRED_RANK and row.effective]
    waiting = set(Referral.objects.exclude(open_key=None).values_list("customer_id", flat=True))
    free = sorted((row for row in ordinary if row.customer_id not in waiting), key=lambda row: -row.aum)
    for place, row in enumerate(free[:REFERRED]):
        target = row.grade_rank + 1
        people = decisions.receivers(row, target, scene.book)
        receiver = next(member for member in people if member.staff_id not in (owner(row), row.primary_id))
        giver = Gate(scene.staff[owner(row)], scene.run)
        referral = decisions.refer(giver, row, receiver, target, "存款稳定,已接近潜力客户")
        if place % 3:
            accepted = place % 3 == 1
            reason = "" if accepted else "客户近期要买房,资金将转出"
            decisions.answer_referral(referral, accepted, Gate(receiver, scene.run), reason)


def hand_over(scene: Scene) -> None:
    """In each branch a relationship manager hands some customers to another, and a teller claims two."""
    for branch in scene.branches:
        managers = scene.of_post("relationship_manager", branch)
        owned = [row for row in scene.owned if managers and row.primary_id == managers[0].staff_id][:HANDED]
        if owned and len(managers) > 1:
            tomorrow = scene.on + timedelta(days=1)
            giver = Gate(managers[0], scene.run)
            decisions.propose(giver, managers[1], owned, tomorrow, "客户多在上午联系", scene.token())
        for teller in scene.of_post("high_counter", branch)[:1]:
            gate = Gate(teller, scene.run)
            for row in decisions.claimable(gate).order_by("customer_id")[:CLAIMED]:
                decisions.claim(gate, row.customer_id)


def ask_for_agreement(scene: Scene) -> None:
    """The branch manager has proposed an exception, prepared a campaign and entered a cover; each waits for a second."""
    manager, on = scene.of_post("branch_manager")[0], scene.on
    rule = scene.book.campaigns
    Campaign.objects.create(
        title="理财节",
        offer="",
        query="grade=3",
        seed=SEED,
        branch_id=manager.branch_id,
        from_on=on,
        to_on=on + timedelta(days=30),
        control_share=rule.control_share,
        wave_size=rule.wave_size,
        stop_share=rule.stop_share,
        stop_after=rule.stop_after,
        made_by=manager.staff_id,
        made_on=on,
    )
    owned = [row for row in scene.owned if row.branch_id == manager.branch_id and row.grade_rank == REFERRED_RANK]
    for row in owned[:1]:
        grade = list(scene.book.grades)[REFERRED_RANK + 1]
        GradeException.objects.create(
            customer_id=row.customer_id,
            grade=grade,
            from_on=on,
            until_on=on + timedelta(days=EXCEPTION_DAYS),
            reason="家庭其他成员资产较大",
            granted_by=manager.staff_id,
        )
    colleagues = scene.of_post("relationship_manager", manager.branch_id)
    if len(colleagues) > 1:
        away, cover = colleagues[:2]
        first = on + timedelta(days=AWAY_FROM)
        enter_absence(away.staff_id, first, first + timedelta(days=AWAY_DAYS), cover.staff_id, manager.staff_id)


def propose_a_book(scene: Scene) -> None:
    """A branch manager has proposed a higher threshold; the draft waits for approval."""
    by = scene.of_post("branch_manager")[0].staff_id
    title = "贵宾门槛调至60万元"
    proposed = changed(scene.book, {"grades": {"valued": {"minimum": 600_000}}, "version": title})
    draft = books.keep(proposed, scene.run.book, title, scene.on + timedelta(days=7), by, scene.on)
    books.submit(draft, by)

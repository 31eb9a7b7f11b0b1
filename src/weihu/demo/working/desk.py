"""What staff do beside their lists: they refer customers upward, answer referrals, and begin a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from weihu.workplace.act.campaigns.drawing import start
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.bank.models import Run, Signal, Staff, Standing
from weihu.workplace.contact.models import Contact, Outcome
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.models import Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.portfolio import decisions

READY = ("near_grade", "grade_up", "large_inflow", "unusual_inflow", "idle_cash")
"""Kinds of signal after which a customer may be ready to move up."""
REFERS, ANSWERED_A_DAY, ACCEPTED = 0.35, 0.5, 0.75
EVIDENCE = (
    "近三个月存款稳定增长,已接近下一等级", "在他行有到期存款,愿意转来,希望有专人服务", "刚收到一笔房款,问过理财",
    "每月工资和租金都在我行,活期留存较多", "家人也是我行客户,合起来资产不小", "做生意,流水大,常问结算和理财",
)  # fmt: skip
DECLINED_FOR = ("客户近期要买房,资金将转出", "客户希望仍在柜面办理", "资金为短期周转,等稳定后再转")
CAMPAIGN_DAYS = 45
"""So long before the end of the demo's past the campaign begins, and so long it goes on after it."""
CAMPAIGN_QUERY = "grade=2"
SEED = 7


def refer(
    run: Run, answered: Mapping[str, Sequence[Signal]], contacts: Mapping[str, Contact], rng: np.random.Generator
) -> None:
    """Some of the interested whose money has grown are referred to who looks after the next grade."""
    ready = [
        key
        for key, signals in answered.items()
        if contacts[key].outcome == Outcome.INTERESTED and any(signal.kind in READY for signal in signals)
    ]
    chosen = [key for key in ready if rng.random() < REFERS]
    staff = Staff.objects.in_bulk([contacts[key].staff_id for key in chosen])
    highest = len(run.rulebook.grades) - 1
    rows = Standing.objects.listed_at(run).filter(customer_id__in=chosen, effective=True, grade_rank__lt=highest)
    for row in rows.select_related("customer").order_by("customer_id"):
        giver, target = staff[contacts[row.customer_id].staff_id], row.grade_rank + 1
        own = (giver.staff_id, row.primary_id)
        receivers = [to for to in decisions.receivers(row, target, run.rulebook) if to.staff_id not in own]
        waiting = Referral.objects.filter(open_key=row.customer_id).exists()
        if receivers and not waiting and decisions.may_answer(receivers[0], row, run.rulebook):
            decisions.refer(Gate(giver, run), row, receivers[0], target, EVIDENCE[int(rng.integers(len(EVIDENCE)))])


def answer_referrals(run: Run, rng: np.random.Generator) -> None:
    """Receivers answer within days, mostly with yes."""
    waiting = Referral.objects.filter(state=Referral.State.OPEN, on__lt=run.work_date).order_by("pk")
    for referral in [row for row in waiting if rng.random() < ANSWERED_A_DAY]:
        accepts = bool(rng.random() < ACCEPTED)
        reason = "" if accepts else DECLINED_FOR[int(rng.integers(len(DECLINED_FOR)))]
        receiver = Staff.objects.get(staff_id=referral.to_id)
        decisions.answer_referral(referral, accepts, Gate(receiver, run), reason)


def begin_campaign(run: Run) -> None:
    """The branch manager's campaign, which somebody else starts: its groups are drawn today, and its first wave is called
    tomorrow. Once only."""
    if Campaign.objects.exists():
        return
    manager = Staff.objects.filter(post="branch_manager", is_active=True).order_by("staff_id")[0]
    rule, on = run.rulebook.campaigns, run.work_date
    campaign = Campaign.objects.create(
        title="存款焕新季",
        offer="term_deposit",
        query=CAMPAIGN_QUERY,
        seed=SEED,
        branch_id=manager.branch_id,
        from_on=on,
        to_on=on + timedelta(days=2 * CAMPAIGN_DAYS),
        control_share=rule.control_share,
        wave_size=rule.wave_size,
        stop_share=rule.stop_share,
        stop_after=rule.stop_after,
        made_by=manager.staff_id,
        made_on=on,
    )
    gate = Gate(manager, run)
    second = others_who_decide(gate, manager.branch_id, manager.staff_id)[0]
    start(campaign, gate, run.rulebook, second.staff_id, on)

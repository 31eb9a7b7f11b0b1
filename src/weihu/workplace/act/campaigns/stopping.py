"""When a campaign stops itself; asked after every night, so it needs no more than the night has loaded."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from weihu.rules.effect import Group, interval
from weihu.workplace.act.campaigns.drawing import stop
from weihu.workplace.act.campaigns.models import Campaign, CampaignTarget
from weihu.workplace.bank.models import Run, Standing
from weihu.workplace.contact.models import Answer, Outcome


def stop_those_that_should(run: Run, on: date) -> None:
    """After a night: campaigns that too many would rather not hear of, or that do harm."""
    running = Campaign.objects.filter(state=Campaign.State.RUNNING)
    targets = CampaignTarget.objects.filter(campaign__in=running)
    standings = Standing.objects.listed_at(run).filter(customer_id__in=targets.values("customer_id"))
    now = dict(standings.values_list("customer_id", "aum"))
    changes: dict[tuple[int, bool], list[float]] = defaultdict(list)
    for campaign_id, control, customer_id, before in targets.order_by("pk").values_list(
        "campaign_id", "control", "customer_id", "aum_before"
    ):
        changes[campaign_id, control].append(float(now.get(customer_id, 0) - before))
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    subjects = [str(campaign.pk) for campaign in running]
    for subject, outcome in Answer.objects.filter(kind="campaign", subject__in=subjects).values_list(
        "subject", "contact__outcome"
    ):
        outcomes[subject][outcome] += 1
    rule = run.rulebook.effects
    for campaign in running:
        reached, declined = outcomes[str(campaign.pk)].total(), outcomes[str(campaign.pk)][Outcome.DECLINED]
        called, left_alone = (Group.of(changes[campaign.pk, alone]) for alone in (False, True))
        aum = interval(called, left_alone, float(rule.harm_confidence), rule.smallest_group)
        if reached >= campaign.stop_after and declined >= campaign.stop_share * reached:
            stop(campaign, "night", on, f"declined {declined}/{reached}")
        elif aum and aum.high < 0:
            stop(campaign, "night", on, f"harm {aum.difference:.2f}")

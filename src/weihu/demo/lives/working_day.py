"""What staff do beside their lists: message texts, introductions, visits, other work, and a campaign."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal

from weihu.demo.lives.scene import RICH, Scene, owner
from weihu.workplace.act.campaigns.drawing import start
from weihu.workplace.act.campaigns.models import Campaign, CampaignTarget
from weihu.workplace.act.introductions.linking import link
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.team.models import WorkNote
from weihu.workplace.bank.models import Run, Standing
from weihu.workplace.contact.models import Answer, Contact
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.workdays import working_days

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
CAMPAIGN_DAYS = 30
"""So many days the campaign has been running, and so many it goes on."""
CAMPAIGN_QUERY = "grade=2"
SEED = 7
AT_ONCE = 500


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
    days = working_days(scene.book, scene.on, [])
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
        WorkNote(staff_id=owner(row), on=trained_on, minutes=30, text="晨会和产品培训") for row in rows
    )


def run_a_campaign(scene: Scene) -> None:
    """A campaign begun some weeks ago: its groups as drawn then, with what they had then and the calls made since."""
    manager, began = scene.of_post("branch_manager")[0], scene.on - timedelta(days=CAMPAIGN_DAYS)
    begins = scene.book.campaigns
    campaign = Campaign.objects.create(
        title="开门红存款季",
        offer="term_deposit",
        query=CAMPAIGN_QUERY,
        seed=SEED,
        branch_id=manager.branch_id,
        from_on=began,
        to_on=scene.on + timedelta(days=CAMPAIGN_DAYS),
        control_share=begins.control_share,
        wave_size=begins.wave_size,
        stop_share=begins.stop_share,
        stop_after=begins.stop_after,
        made_by=manager.staff_id,
        made_on=began,
    )
    start(campaign, Gate(manager, scene.run), scene.book, manager.staff_id, began)
    targets = list(campaign.targets.order_by("customer_id"))
    _with_what_they_had(campaign, targets)
    _called(campaign, targets, scene)


def _with_what_they_had(campaign: Campaign, targets: list[CampaignTarget]) -> None:
    """AUM at the end of the first day; nothing for who was no customer yet."""
    aum: dict[str, Decimal] = {}
    then = Run.objects.filter(published=True, business_date=campaign.from_on).order_by("-revision").first()
    if then:
        standings = Standing.objects.at(then).filter(customer_id__in=[target.customer_id for target in targets])
        aum = {row.customer_id: row.aum for row in standings}
    for target in targets:
        target.aum_before = aum.get(target.customer_id, Decimal(0))
    CampaignTarget.objects.bulk_update(targets, ["aum_before"], batch_size=AT_ONCE)


def _called(campaign: Campaign, targets: list[CampaignTarget], scene: Scene) -> None:
    """The last contact since with each whose turn has come was a call of the campaign."""
    due = [target.customer_id for target in targets if target.wave_on and target.wave_on < scene.on]
    contacts = Contact.objects.filter(customer_id__in=due, on__gte=campaign.from_on).order_by("pk")
    last = {contact.customer_id: contact for contact in contacts}
    Answer.objects.bulk_create(
        (
            Answer(
                contact=contact,
                customer_id=contact.customer_id,
                kind="campaign",
                subject=str(campaign.pk),
                on=contact.on,
            )
            for contact in last.values()
        ),
        batch_size=AT_ONCE,
    )

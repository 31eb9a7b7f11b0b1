"""What customers have told and agreed to: consents, special days, financial goals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone
from lunardate import LunarDate

from weihu.demo.lives.scene import NOBODY, RICH, RICHER, Scene, owner
from weihu.demo.working.person import Person
from weihu.rules.catalogue import read
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.models import Consent
from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.life.goals import note_progress, set_goal
from weihu.workplace.know.life.models import Goal

PURPOSE = "marketing"
ASKED, AGREEING = 0.55, 0.9
WITH_SPECIAL_DAYS, WITH_GOAL = 0.5, 0.12
GOALS = (("孩子留学", 600_000), ("换车", 250_000), ("养老储备", 1_000_000), ("房屋装修", 300_000))
"""What people save for, and how many yuan it takes."""
GOAL_SET_DAYS_AGO = 60
AT_ONCE = 500


def consent(scene: Scene) -> None:
    """Many of the richer customers were asked at the counter, and most of them agreed to be offered things."""
    at, version = timezone.now(), scene.book.consents[PURPOSE].version
    asked = [row for row in scene.standings if row.grade_rank >= RICHER and scene.happens(ASKED)]
    consents = [
        Consent(
            token=scene.token(),
            customer_id=row.customer_id,
            purpose=PURPOSE,
            version=version,
            given=scene.happens(AGREEING),
            channel=Channel.SERVICE,
            evidence="柜面签署",
            staff_id=owner(row),
            on=scene.on,
            recorded_at=at,
        )
        for row in asked
    ]
    Consent.objects.bulk_create(consents, batch_size=AT_ONCE)
    audit.record_many(
        audit.Act(row.staff_id, "consent.given" if row.given else "consent.withdrawn", row.customer_id, row.purpose)
        for row in consents
    )


def tell_special_days(scene: Scene) -> None:
    """Half of the rich customers have told a wedding day, a child's birthday or their birthday by the moon."""
    fields, facts = scene.book.fields, []
    for row in scene.standings:
        if row.grade_rank < RICH or not scene.happens(WITH_SPECIAL_DAYS):
            continue
        days = _special_days(scene, Person(scene.customers, row.customer_id))
        for key in scene.some_of(list(days), int(scene.rng.integers(1, 3))):
            written = FactContent(
                key, read(fields[key], days[key]), Channel.SERVICE, Confidence.TOLD, source="客户拜访"
            )
            facts.append(NewFact(row.customer_id, written, scene.token()))
    record_facts(facts, NOBODY, scene.on, "demo")


def _special_days(scene: Scene, person: Person) -> dict[str, str]:
    """The days that somebody has, by field."""
    moon = LunarDate.from_solar_date(person.born.year, person.born.month, person.born.day)
    days = {"lunar_birthday": f"{moon.month}-{moon.day}"}
    if person.children:
        days["child_birth_date"] = str(person.children[0])
    if person.married:
        year = person.children[0].year - 1 if person.children else person.born.year + 26
        days["wedding_day"] = str(date(min(year, scene.on.year - 1), int(scene.rng.integers(1, 13)), 18))
    return days


def set_goals(scene: Scene) -> None:
    """Some rich customers save for something, and have come a step nearer since."""
    for row in scene.standings:
        if row.grade_rank < RICH or not scene.happens(WITH_GOAL):
            continue
        name, target = scene.one_of(GOALS)
        saved = int(target * scene.rng.uniform(0.1, 0.6))
        due_on = scene.on.replace(year=scene.on.year + int(scene.rng.integers(1, 6)), day=1)
        token = scene.token()
        values = {"token": token, "name": name, "target": target, "saved": saved, "due_on": due_on}
        set_goal(row.customer_id, values, owner(row), scene.on - timedelta(days=GOAL_SET_DAYS_AGO))
        note_progress(Goal.objects.get(token=token), Decimal(saved + target // 20), owner(row), scene.on)

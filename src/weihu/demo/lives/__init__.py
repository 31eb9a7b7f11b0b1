"""The demo's people beyond their money, as staff would have recorded them, and what staff do beside their lists."""

from __future__ import annotations

import numpy as np
from django.db import transaction

from weihu.demo.lives.archive import consent, set_goals, tell_special_days
from weihu.demo.lives.families import relate_families
from weihu.demo.lives.portfolios import ask_for_agreement, hand_over, propose_a_book, refer, use_benefits
from weihu.demo.lives.scene import Scene
from weihu.demo.lives.service import complain, invite
from weihu.demo.lives.working_day import introduce, visit, write_texts
from weihu.demo.stages import Stages
from weihu.engine.lake import Home
from weihu.sources.synthetic import SyntheticBank
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Standing
from weihu.workplace.customer.duplicates import find_duplicates

PARTS = (
    relate_families,
    consent,
    tell_special_days,
    set_goals,
    complain,
    invite,
    use_benefits,
    refer,
    hand_over,
    propose_a_book,
    ask_for_agreement,
    write_texts,
    introduce,
    visit,
)


def live(home: Home, customers: SyntheticBank, stages: Stages) -> None:
    """Give the bank's customers their lives, all of it or nothing, and look for duplicates. Twice is once."""
    run = current()
    if run is None:
        return
    if not Template.objects.exists():
        standings = Standing.objects.listed_at(run).select_related("customer").order_by("customer_id")
        scene = Scene(run, list(standings), np.random.default_rng(run.number), customers)
        with transaction.atomic():
            for part in stages.track("生活 lives", PARTS, len(PARTS)):
                part(scene)
    with stages.whole("疑似重复 duplicates"):
        find_duplicates(run, run.work_date, home.spill)

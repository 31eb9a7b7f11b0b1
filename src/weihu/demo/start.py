"""A start of the demo: its stages in their order. An interrupted start goes on where it was."""

from __future__ import annotations

from datetime import date

from django.core.management import call_command

from weihu.demo import bank, learning, lives, logins, nights
from weihu.demo.stages import Stages, on_screen
from weihu.engine.lake import Home


def prepare(home: Home, customers: int, days: int, today: date) -> None:
    """Build the demo bank in a home that is founded, unless it is there already."""
    with on_screen() as stages:
        with stages.whole("数据库 database"):
            call_command("migrate", verbosity=0)
        if not logins.given(home):
            _build(home, customers, days, today, stages)
        with stages.whole("就绪 ready"):
            pass


def _build(home: Home, customers: int, days: int, today: date, stages: Stages) -> None:
    with stages.whole("合成银行 synthetic bank"):
        living = bank.LivingBank(home, bank.size_of(home, customers, days, today))
    nights.replay(home, living, stages)
    lives.live(home, living.customers, stages)
    learning.learn(home, stages)
    logins.give(home, stages)

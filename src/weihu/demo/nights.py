"""The demo's past: a day passes, a night is run, people work; what they did is a part of the next day."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

from weihu.demo.bank import LivingBank
from weihu.demo.stages import Stages
from weihu.demo.working import work, worked_on
from weihu.demo.working.desk import CAMPAIGN_DAYS, begin_campaign
from weihu.engine.lake import Home
from weihu.nightly.run import Nightly
from weihu.sources.synthetic import Contact
from weihu.workplace.bank.current import current
from weihu.workplace.contact.models import Answer


def replay(home: Home, bank: LivingBank, stages: Stages) -> None:
    """Run the nights of all days; what an interrupted start has done stays, and the rest follows."""
    with Nightly(home) as nightly:
        for place in stages.track("批次 nights", range(bank.days), bank.days):
            delivery = bank.next_day(_contacts_of(bank.on))
            last = current()
            if last is None or bank.on >= last.business_date:
                run = nightly.run(delivery) or last
                if run and place < bank.days - 1 and not worked_on(run.work_date):
                    work(run, bank.customers)
                if run and place == max(0, bank.days - 1 - CAMPAIGN_DAYS):
                    begin_campaign(run)
            shutil.rmtree(delivery)  # in clear; it can be written again
    bank.close()


def _contacts_of(last: date) -> list[Contact]:
    """What staff did after the night of the ``last`` day, as customers felt it."""
    on = last + timedelta(days=1)
    answers = Answer.objects.filter(on=on).order_by("customer_id", "kind", "subject")
    rows = answers.values_list("customer_id", "kind", "contact__outcome")
    return [Contact(customer_id, on, kind, outcome) for customer_id, kind, outcome in rows]

"""The demo's past: the month's ends before the bank went live, each with a night; then a day passes, a night is run, people
work, and what they did is a part of the next day."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from itertools import pairwise

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
        ends = bank.dates[-1]
        begins = max(bank.dates[0], ends - timedelta(days=CAMPAIGN_DAYS))
        live = {on for on, following in pairwise(bank.dates) if following == on + timedelta(days=1)}
        for on in stages.track("批次 nights", bank.dates, len(bank.dates)):
            delivery = bank.deliver(on, _contacts_of(bank.on))
            last = current()
            if last is None or on >= last.business_date:
                run = nightly.run(delivery) or last
                if run and on in live and not worked_on(run.work_date):
                    work(run, bank.customers)
                if run and on == begins:
                    begin_campaign(run)
            shutil.rmtree(delivery)  # in clear; it can be written again
    bank.close()


def _contacts_of(last: date) -> list[Contact]:
    """What staff did after the night of the ``last`` day, as customers felt it."""
    on = last + timedelta(days=1)
    answers = Answer.objects.filter(on=on).order_by("customer_id", "kind", "subject")
    rows = answers.values_list("customer_id", "kind", "contact__outcome")
    return [Contact(customer_id, on, kind, outcome) for customer_id, kind, outcome in rows]

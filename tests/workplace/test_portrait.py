"""The money of a customer's page: what pages work out from the rows is what nights computed."""

from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from django.conf import settings

from weihu.rules.value import WINDOW_DAYS
from weihu.workplace.bank.models import Run, Standing
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.portrait import flows

pytestmark = pytest.mark.django_db


def test_the_change_over_each_window_is_the_night_s(run, member):
    gate = Gate(member("personal_banking"), run)
    names = [f"flow_{days}" for days in WINDOW_DAYS]
    file = settings.HOME.run(run.number) / "standings.parquet"
    computed = {row.pop("customer_id"): row for row in pq.read_table(file, columns=["customer_id", *names]).to_pylist()}
    for standing in gate.standings():
        shown = dict(flows(run, gate.history(standing)))
        assert {f"flow_{days}": shown[days] for days in WINDOW_DAYS} == computed[standing.customer_id]


def test_who_came_after_the_first_night_came_with_nothing(run):
    row = Standing(aum=Decimal(500), since=run.business_date, first_seen_on=run.business_date)
    assert [change for _, change in flows(run, [row])] == [500] * len(WINDOW_DAYS)
    there_before = Standing(aum=Decimal(500), since=run.begins_on, first_seen_on=run.begins_on)
    assert dict(flows(run, [there_before]))[365] == 0


def test_a_bank_begins_with_its_first_published_night(run):
    assert run.begins_on == min(night.business_date for night in Run.objects.filter(published=True))

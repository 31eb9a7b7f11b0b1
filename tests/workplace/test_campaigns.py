"""Campaigns: checked, drawn, called in waves, read beside the control group, stopped."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from weihu.nightly.noted import noted
from weihu.workplace.act.campaigns.drawing import check, start
from weihu.workplace.act.campaigns.models import Campaign, CampaignTarget
from weihu.workplace.act.campaigns.response import response
from weihu.workplace.act.campaigns.stopping import stop_those_that_should
from weihu.workplace.bank.models import Standing
from weihu.workplace.contact.models import Answer, Contact
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import SavedView

STOPS = {"stop_share": Decimal("0.20"), "stop_after": 20}


@pytest.fixture
def gate(run, member):
    return Gate(member("branch_manager"), run)


def made(gate, run, query="", **more):
    fields = {
        "title": "存款节",
        "query": query,
        "seed": 5,
        "branch_id": gate.staff.branch_id,
        "made_by": gate.staff.staff_id,
    }
    fields |= {"from_on": run.work_date, "to_on": run.work_date + timedelta(days=30), "made_on": run.work_date}
    return Campaign.objects.create(**{**fields, "control_share": Decimal("0.25"), "wave_size": 3, **STOPS, **more})


def test_what_a_campaigns_customers_were_searched_by_stands_sealed(gate, run):
    campaign = made(gate, run, query="q=王小明")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT query FROM {Campaign._meta.db_table} WHERE id = %s", [campaign.pk])
        (stored,) = cursor.fetchone()
    assert "王" not in stored
    assert "q=" not in stored
    assert Campaign.objects.get(pk=campaign.pk).query == "q=王小明"


def test_made_from_a_saved_view_checked_and_started_by_the_pages(signed_in, member, run):
    client, staff = signed_in("branch_manager"), member("branch_manager")
    view = SavedView.objects.create(staff_id=staff.staff_id, name="存款客户", query="grade=2")
    fields = {
        "title": "存款节",
        "view": view.pk,
        "offer": "term_deposit",
        "control": 25,
        "wave_size": 3,
        "stop_share": 20,
    }
    fields |= {"from_on": str(run.work_date), "to_on": str(run.work_date + timedelta(days=30))}
    assert client.post(reverse("campaigns"), {**fields, "to_on": str(run.work_date)}).status_code == 422
    client.post(reverse("campaigns"), fields)
    campaign = Campaign.objects.get()
    address = reverse("campaign", args=[campaign.pk])
    checked = client.get(address).context["check"]
    assert checked.customers == Gate(staff, run).standings().filter(grade_rank=2, effective=True).count()
    refused = client.post(address, {"act": "start"})
    assert refused.context["refused"] == "您策划的活动须由另一位有决定权的人启动。"
    assert Campaign.objects.get().state == Campaign.State.DRAFT
    assert "须由另一位有决定权的人同意" in refused.content.decode()
    client = signed_in("rm_supervisor")
    assert client.post(address, {"act": "start"}).status_code == 302
    page = client.get(address)
    assert page.context["response"].control.size == checked.control == round(checked.left / 4)
    client.post(address, {"act": "stop", "reason": "够了"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.stop_reason) == (Campaign.State.STOPPED, "够了")
    assert client.get(address).status_code == 200


def test_another_branchs_campaign_is_not_found(client, gate, run, member):
    from weihu.workplace.bank.models import Staff

    campaign = made(gate, run)
    other = Staff.objects.filter(post="branch_manager").exclude(branch_id=gate.staff.branch_id)[0]
    client.force_login(other)
    assert client.get(reverse("campaign", args=[campaign.pk])).status_code == 404
    client.force_login(member("relationship_manager"))
    assert client.get(reverse("campaigns")).status_code == 404


def test_the_draw_can_be_made_again_and_keeps_its_sizes(gate, run):
    first, again = made(gate, run), made(gate, run)
    start(first, gate, run.rulebook, "x", run.work_date)
    drawn = set(first.targets.filter(control=True).values_list("customer_id", flat=True))
    Campaign.objects.filter(pk=first.pk).delete()
    start(again, gate, run.rulebook, "x", run.work_date)
    assert set(again.targets.filter(control=True).values_list("customer_id", flat=True)) == drawn
    assert len(drawn) == round(again.targets.count() / 4)
    start(again, gate, run.rulebook, "x", run.work_date)
    assert again.targets.count() == len(set(again.targets.values_list("customer_id", flat=True)))


def test_waves_are_no_larger_than_said_and_on_working_days(gate, run):
    campaign = made(gate, run)
    start(campaign, gate, run.rulebook, "x", run.work_date)
    owners = dict(gate.standings().values_list("customer_id", "primary_id"))
    waves = {}
    for target in campaign.targets.filter(control=False):
        waves.setdefault((owners[target.customer_id], target.wave_on), []).append(target)
    assert max(len(rows) for rows in waves.values()) == 3
    assert all(on.weekday() < 5 or on == run.work_date for _, on in waves)
    assert not campaign.targets.filter(control=True, wave_on__isnull=False).exists()


def test_who_is_on_another_list_is_left_out_and_counted(gate, run):
    first, second = made(gate, run, query="grade=2"), made(gate, run, title="理财节")
    start(first, gate, run.rulebook, "x", run.work_date)
    result = check(second, gate, run.rulebook, run.work_date)
    assert [(other.pk, count) for other, count in result.overlaps] == [(first.pk, first.targets.count())]
    start(second, gate, run.rulebook, "x", run.work_date)
    both = set(first.targets.values_list("customer_id", flat=True)) & set(
        second.targets.values_list("customer_id", flat=True)
    )
    assert not both


def test_the_night_calls_the_wave_and_nobody_of_the_control_group(gate, run):
    campaign = made(gate, run)
    start(campaign, gate, run.rulebook, "x", run.work_date)
    rows = {
        row["customer_id"]
        for row in noted(run.business_date, run.rulebook, None, run.work_date)
        if row["kind"] == "campaign"
    }
    due = campaign.targets.filter(control=False, wave_on__lte=run.work_date)
    assert rows == set(due.values_list("customer_id", flat=True)) and rows
    Campaign.objects.update(state=Campaign.State.STOPPED)
    assert not [row for row in noted(run.business_date, run.rulebook, None, run.work_date) if row["kind"] == "campaign"]


def test_the_response_is_the_groups_difference(gate, run):
    campaign = made(gate, run)
    start(campaign, gate, run.rulebook, "x", run.work_date)
    targets = list(campaign.targets.all())
    for place, target in enumerate(targets):
        change = (0 if target.control else 500) + (place % 7) * 10
        now = Standing.objects.listed_at(run).get(customer_id=target.customer_id).aum
        CampaignTarget.objects.filter(pk=target.pk).update(aum_before=now - change)
    read = response(campaign, run, run.rulebook)
    assert read.aum.low < 500 < read.aum.high and read.aum.sure
    assert read.brought.difference == pytest.approx(read.aum.difference * read.acted.size)


def answer(campaign, customer, outcome, on: date):
    contact = Contact.objects.create(
        token=uuid.uuid4(), customer_id=customer, staff_id="x", on=on, recorded_at=timezone.now(), way="phone", outcome=outcome
    )  # fmt: skip
    Answer.objects.create(contact=contact, customer_id=customer, kind="campaign", subject=str(campaign.pk), on=on)


@pytest.mark.parametrize(("declines", "state"), [(1, Campaign.State.RUNNING), (2, Campaign.State.STOPPED)])
def test_too_many_who_decline_stop_it(gate, run, declines, state):
    campaign = made(gate, run, stop_after=10)
    start(campaign, gate, run.rulebook, "x", run.work_date)
    for place, target in enumerate(campaign.targets.filter(control=False)[:10]):
        answer(campaign, target.customer_id, "declined" if place < declines else "considering", run.work_date)
    stop_those_that_should(run, run.work_date)
    campaign.refresh_from_db()
    assert campaign.state == state


def test_harm_stops_it(gate, run):
    campaign = made(gate, run)
    start(campaign, gate, run.rulebook, "x", run.work_date)
    for place, target in enumerate(campaign.targets.all()):
        now = Standing.objects.listed_at(run).get(customer_id=target.customer_id).aum
        loss = (0 if target.control else 9000) + (place % 7) * 10
        CampaignTarget.objects.filter(pk=target.pk).update(aum_before=now + loss)
    stop_those_that_should(run, run.work_date)
    campaign.refresh_from_db()
    assert campaign.stop_reason.startswith("harm")

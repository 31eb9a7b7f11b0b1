"""Acts of two people: what one has begun another one settles; nobody agrees to his or her own."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from weihu.nightly.gather import gather
from weihu.rules.rulebook import changed
from weihu.workplace.act.campaigns.drawing import OwnCampaign, start
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.gate.agreeing import others_who_decide
from weihu.workplace.gate.cover import away
from weihu.workplace.gate.models import Absence, Handover, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.workdays import everybodys_days
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.judge.portfolio import decisions
from weihu.workplace.judge.portfolio.models import Claim


@pytest.fixture
def boss(member):
    return member("branch_manager")


@pytest.fixture
def second(boss):
    return Staff.objects.filter(branch_id=boss.branch_id, post="rm_supervisor").order_by("staff_id").first()


@pytest.fixture
def managers(boss):
    return list(Staff.objects.filter(branch_id=boss.branch_id, post="relationship_manager").order_by("staff_id")[:2])


@pytest.fixture
def act(client):
    def send(staff, page, form, *number):
        client.force_login(staff)
        return client.post(reverse(page, args=number), form)

    return send


def test_who_may_agree_decides_there_and_has_no_part_in_it(run, boss, second):
    people = others_who_decide(Gate(boss, run), boss.branch_id, boss.staff_id)
    assert second in people and boss not in people
    for member in people:
        gate = Gate(member, run)
        assert gate.decides and boss.branch_id in gate.branches
    everybody = {
        member for member in Staff.objects.filter(is_active=True) if boss.branch_id in Gate(member, run).branches
    }
    assert {*people, boss} == everybody
    assert [member.branch_id == boss.branch_id for member in people] == sorted(
        (member.branch_id == boss.branch_id for member in people), reverse=True
    )


def test_a_supervisor_does_not_approve_the_hand_over_that_he_proposed(run, boss, second, managers, act):
    giver, receiver = managers
    rows = list(Standing.objects.listed_at(run).filter(primary_id=giver.staff_id)[:2])
    made = decisions.propose(Gate(boss, run), receiver, rows, run.work_date, "", uuid4())

    def reached():
        return Gate(receiver, run).reached([row.customer_id for row in rows])

    assert act(receiver, "handover", {"act": "accept"}, made.pk).status_code == 302
    assert not reached()
    assert act(boss, "handover", {"act": "approve"}, made.pk).status_code == 403
    assert not decisions.handovers_waiting(Gate(boss, run)).exists()
    assert decisions.handovers_waiting(Gate(second, run)).exists()
    assert act(second, "handover", {"act": "approve"}, made.pk).status_code == 302
    assert Handover.objects.get().state == Handover.State.APPROVED
    assert len(reached()) == len(rows)


def test_the_receiver_sees_grades_and_no_customers_and_who_has_to_agree(run, boss, second, managers, client):
    giver, receiver = managers
    within = Gate(receiver, run).standings().values("customer_id")
    rows = list(Standing.objects.listed_at(run).filter(primary_id=giver.staff_id).exclude(customer_id__in=within)[:2])
    made = decisions.propose(Gate(giver, run), receiver, rows, run.work_date, "", uuid4())
    client.force_login(receiver)
    page = client.get(reverse("handover", args=[made.pk]))
    assert sum(count for _, count in page.context["unseen"]) == len(rows)
    text = page.content.decode()
    assert not any(row.customer_id in text or row.customer.name in text for row in rows)
    assert second.name in text and "须由另一位有决定权的人同意" in text


def test_an_exception_holds_once_a_second_person_has_agreed(run, boss, second, act):
    row = Gate(boss, run).standings().filter(grade_rank=2, effective=True).order_by("customer_id").first()
    form = {"grade": "valued", "reason": "家庭资产在他行", "until": str(run.work_date + timedelta(days=10))}
    days = everybodys_days(run.rulebook, run.business_date)

    def told():
        return gather(run.work_date, run.rulebook, days)["exceptions"].to_pylist()

    assert act(boss, "exception", form, row.customer_id).status_code == 302
    made = GradeException.objects.get()
    for staff, number in ((boss, made.pk), (second, made.pk + 1), (second, "x")):
        assert act(staff, "exception", {"agree": number}, row.customer_id).status_code == 403
    assert told() == []
    GradeException.objects.update(from_on=run.work_date - timedelta(days=3))
    assert act(second, "exception", {"agree": made.pk}, row.customer_id).status_code == 302
    agreed = GradeException.objects.get()
    assert (agreed.from_on, agreed.reason) == (run.work_date, form["reason"])
    made.refresh_from_db()
    assert (made.granted_by, made.agreed_by) == (boss.staff_id, second.staff_id)
    assert [line["customer_id"] for line in told()] == [row.customer_id]
    assert act(second, "exception", {"agree": made.pk}, row.customer_id).status_code == 403, "once"


def test_a_cover_opens_customers_once_a_second_person_has_agreed(run, boss, second, managers, act):
    absent, cover = managers
    day = run.work_date
    form = {"staff_id": absent.staff_id, "from_on": str(day), "to_on": str(day), "cover_id": cover.staff_id}
    assert act(boss, "staff_table", form).status_code == 302
    absence = Absence.objects.get()
    assert Gate(cover, run).covered == []
    assert away(run.business_date, run.rulebook) == {absent.staff_id: ""}, "the deputies cover"
    assert act(boss, "staff_table", {"agree": absence.pk}).status_code == 422
    assert act(cover, "staff_table", {"agree": absence.pk}).status_code == 404
    elsewhere = Staff.objects.filter(post="branch_manager").exclude(branch_id=boss.branch_id).first()
    for staff, number in ((elsewhere, absence.pk), (second, "x"), (second, absence.pk + 1)):
        assert act(staff, "staff_table", {"agree": number}).status_code == 422
    assert act(second, "staff_table", {"agree": absence.pk}).status_code == 302
    assert Gate(cover, run).covered == [absent.staff_id]
    assert away(run.business_date, run.rulebook) == {absent.staff_id: cover.staff_id}
    assert act(second, "staff_table", {"agree": absence.pk}).status_code == 422, "once"


def test_nobody_starts_a_campaign_of_his_own_and_it_is_of_the_makers_customers(run, boss, second):
    campaign = Campaign.objects.create(
        title="存款节", query="grade=2", seed=5, branch_id=boss.branch_id, from_on=run.work_date,
        to_on=run.work_date + timedelta(days=30), control_share="0.25", wave_size=3, stop_share="0.2", stop_after=20,
        made_by=boss.staff_id, made_on=run.work_date,
    )  # fmt: skip
    with pytest.raises(OwnCampaign):
        start(campaign, Gate(boss, run), run.rulebook, boss.staff_id, run.work_date)
    assert not campaign.targets.exists()


def test_the_bank_starts_a_branchs_campaign_for_that_branch_alone(run, boss, member, act):
    campaign = Campaign.objects.create(
        title="存款节", query="grade=2", seed=5, branch_id=boss.branch_id, from_on=run.work_date,
        to_on=run.work_date + timedelta(days=30), control_share="0.25", wave_size=3, stop_share="0.2", stop_after=20,
        made_by=boss.staff_id, made_on=run.work_date,
    )  # fmt: skip
    assert act(member("personal_banking"), "campaign", {"act": "start"}, campaign.pk).status_code == 302
    called = set(campaign.targets.values_list("customer_id", flat=True))
    assert called and called <= set(Gate(boss, run).standings().values_list("customer_id", flat=True))


def test_who_claimed_or_lost_the_customer_does_not_settle_the_dispute(run, boss, second):
    row = Gate(boss, run).standings().first()
    for by, before in ((boss, second), (second, boss)):
        Claim.objects.all().delete()
        claim = Claim.objects.create(
            customer_id=row.customer_id, open_key=row.customer_id, staff_id=by.staff_id, before_id=before.staff_id,
            branch_id=boss.branch_id, on=run.work_date, state=Claim.State.DISPUTED,
        )  # fmt: skip
        for staff in (boss, second):
            assert not decisions.disputed_claims(Gate(staff, run)).exists()
            with pytest.raises(decisions.DecisionRefused):
                decisions.settle(claim, True, Gate(staff, run), "因为")


def test_who_referred_does_not_accept_for_a_late_receiver(run, boss, second):
    row = Gate(boss, run).standings().first()
    late = run.work_date - timedelta(days=9)
    referral = Referral.objects.create(
        customer_id=row.customer_id, open_key=row.customer_id, branch_id=boss.branch_id, from_id=boss.staff_id,
        to_id="gone", grade="ordinary", target="potential", on=late, due_on=late,
    )  # fmt: skip
    assert not decisions.referrals_waiting(Gate(boss, run)).exists()
    with pytest.raises(decisions.DecisionRefused):
        decisions.answer_referral(referral, True, Gate(boss, run), "")
    decisions.answer_referral(referral, False, Gate(second, run), "晚了")


def test_how_long_an_absence_may_be_is_a_rule_of_the_book(run, boss, managers, act, monkeypatch):
    absent, _cover = managers
    longer = changed(run.rulebook, {"portfolios": {"absence_days": 400}})
    form = {"staff_id": absent.staff_id, "from_on": str(run.work_date), "cover_id": ""}
    form["to_on"] = str(run.work_date + timedelta(days=399))
    assert act(boss, "staff_table", form).status_code == 422
    monkeypatch.setattr(type(run), "rulebook", longer)
    assert act(boss, "staff_table", form).status_code == 302

"""The cockpit: figures against the standings, periods, scopes, effect, sheets."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db.models import Sum
from django.urls import reverse

from tests.workplace.test_team import text_of
from weihu.rules import rulebook
from weihu.workplace.bank.models import Effect, Figure, Run, Staff, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.gate.figures import scope_of
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.see.cockpit.reading import MEASURES, Period

DECIDES = [key for key, post in rulebook.load("brief").posts.items() if post.decides]


def test_the_figures_are_those_of_the_standings(run):
    """Every night's figures, added up, are the standings of that night."""
    for night in Run.objects.filter(published=True):
        rows = list(Standing.objects.at(night))
        sums = Figure.objects.filter(run_id=night.number).aggregate(
            customers=Sum("customers"), aum=Sum("aum"), known=Sum("facts_known"), products=Sum("products")
        )
        own = [row for row in rows if row.effective]
        assert sums["customers"] == len(own)
        assert sums["aum"] == sum(row.aum for row in rows)
        assert sums["known"] == sum(row.facts_known for row in own)
        assert sums["products"] == sum(row.product_count for row in own)


@pytest.mark.parametrize("post", DECIDES)
def test_a_scope_is_the_reach_of_the_post(post, signed_in, member, run):
    page = signed_in(post).get(reverse("cockpit"))
    gate = Gate(member(post), run)
    assert page.context["total"].now["customers"] == gate.standings().filter(effective=True).count()
    parts = page.context["parts"]
    assert sum(sums.now["customers"] for _part, sums in parts) == page.context["total"].now["customers"]


def test_a_person_sees_the_own_figures_only(signed_in, member, run):
    client, staff = signed_in("relationship_manager"), member("relationship_manager")
    page = client.get(reverse("cockpit"))
    own = Standing.objects.listed_at(run).filter(primary_id=staff.staff_id, effective=True)
    assert page.context["total"].now["customers"] == own.count()
    other = Staff.objects.filter(post="relationship_manager").exclude(pk=staff.pk)[0]
    assert client.get(reverse("cockpit"), {"staff": other.pk}).context["scope"].staff_id == staff.staff_id
    assert client.get(reverse("cockpit"), {"branch": staff.branch_id}).status_code == 404
    assert client.get(reverse("effects")).status_code == 404


def test_a_stranger_branch_is_not_found(signed_in, member):
    other = Staff.objects.exclude(branch_id=member("branch_manager").branch_id)[0]
    client = signed_in("branch_manager")
    assert client.get(reverse("cockpit"), {"branch": other.branch_id}).status_code == 404
    assert client.get(reverse("cockpit"), {"staff": other.staff_id}).status_code == 404


@pytest.mark.parametrize("post", ["branch_manager", "personal_banking", "high_counter"])
def test_facts_collected_are_counted_by_post_against_its_duty(post, signed_in, member, run):
    book, reader = run.rulebook, member(post)
    on = run.business_date
    everybody = list(Standing.objects.at(run).filter(effective=True))
    people = {row.pk: row for row in Staff.objects.filter(is_active=True)}
    for place, row in enumerate(everybody[:60]):
        by = sorted(people)[place % len(people)]
        for _ in range(1 + place % 2):
            content = FactContent("memo", "x", Channel.SERVICE, Confidence.TOLD)
            record_fact(row.customer_id, content, [], by, on if place % 3 else on - timedelta(days=99), uuid4())
    rank_of = {row.customer_id: row.grade_rank for row in Standing.objects.at(run)}
    page = signed_in(post).get(reverse("cockpit"))
    period, scope = page.context["period"], page.context["scope"]
    own = {row.pk for row in scope.people()}
    here = [row for row in everybody if scope.kind == "bank" or row.branch_id == reader.branch_id]
    assert page.context["collected"]
    for row, _opens in page.context["collected"]:
        ranks = book.duty_ranks(row.post)
        facts = {
            (fact.staff_id, fact.customer_id, fact.field)
            for fact in Fact.objects.filter(on__gt=period.after, on__lte=period.until)
            if fact.staff_id in own and people[fact.staff_id].post == row.post and rank_of[fact.customer_id] in ranks
        }
        lacking = sum(one.facts_expected - one.facts_known for one in here if one.grade_rank in ranks)
        assert (row.facts, row.lacking) == (len(facts), lacking)
    if post != "high_counter":
        assert sum(row.facts for row, _opens in page.context["collected"])


def test_net_change_is_between_two_nights(signed_in, member, run):
    first = Run.objects.filter(published=True).order_by("number")[0]
    page = signed_in("branch_manager").get(reverse("cockpit"), {"after": str(first.business_date)})
    branch = member("branch_manager").branch_id
    sums = [Standing.objects.at(night).filter(branch_id=branch).aggregate(s=Sum("aum"))["s"] for night in (first, run)]
    assert page.context["total"].net_aum == sums[1] - sums[0]


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_a_trend(measure, signed_in):
    page = signed_in("branch_manager").get(reverse("cockpit"), {"measure": measure})
    points = page.context["trend"]["points"]
    assert page.status_code == 200 and (points or measure == "done")
    assert [on for on, _ in points] == sorted({on for on, _ in points})


def test_dates_before_the_first_night_and_nonsense_are_answered(signed_in):
    client = signed_in("branch_manager")
    assert client.get(reverse("cockpit"), {"until": "2001-01-01"}).context["period"] is None
    assert client.get(reverse("cockpit"), {"until": "2001-77-01"}).status_code == 200


def test_the_effect_is_of_the_sums(signed_in, member, run):
    branch = member("branch_manager").branch_id
    for held, size, change, squares in ((False, 100, 20_000, 9e6), (True, 50, 1_000, 4e6)):
        Effect.objects.create(
            run_id=run.number, on=run.business_date, kind="idle_cash", branch_id=branch, held_out=held, customers=size,
            change=Decimal(change), squares=squares,
        )  # fmt: skip
    client = signed_in("branch_manager")
    rows = {row.kind: row for _rule, row in client.get(reverse("effects")).context["rows"]}
    result = rows["idle_cash"]
    assert result.each.difference == pytest.approx(200 - 20)
    assert result.each.low < 180 < result.each.high
    assert result.all.difference == pytest.approx(18_000)
    assert rows["festival"].each is None
    assert client.get(reverse("effects"), {"xlsx": 1}).status_code == 200


def test_sheets_for_the_meeting(signed_in):
    client = signed_in("branch_manager")
    first, *others = text_of(client.get(reverse("cockpit_pdf")).content)
    assert "驾驶舱" in first
    assert all(part.name in "".join(others) for part, _ in client.get(reverse("cockpit")).context["parts"])
    assert client.get(reverse("cockpit"), {"xlsx": 1}).headers["Content-Type"].endswith("sheet")


def test_a_period_counts_each_date_once(run):
    period = Period.of(run.business_date - timedelta(days=2), run.business_date, run)
    assert len(period.numbers) == 2 and period.last == run.number


def test_planned_work_counts_for_the_day_it_was_planned_for(run, member):
    """What a night plans is for the next day, so contacts up to ``until`` stand against the lists of the nights before."""
    period = Period.of(run.business_date - timedelta(days=2), run.business_date, run)
    dates = dict(Run.objects.values_list("number", "business_date"))
    assert [dates[number] + timedelta(days=1) for number in period.planned] == [
        dates[number] for number in period.numbers
    ]


def test_no_scope_beyond_the_post(run, member):
    assert scope_of(Gate(member("relationship_manager"), run), "B", "") is None


def test_a_headline_stands_beside_the_nearest_night_of_a_year_before(signed_in, member, run):
    client, own = signed_in("branch_manager"), member("branch_manager").branch_id
    page = client.get(reverse("cockpit"))
    assert [row.year for row in page.context["figures"].headlines] == [""] * 4
    assert "data-year-before" not in page.content.decode()
    then = Run.objects.get(pk=run.pk)
    then.pk, then.number, then.business_date = None, 0, run.business_date - timedelta(days=361)
    then.save(force_insert=True)
    held = Figure.objects.filter(run_id=run.number, branch_id=own).order_by("pk")[0]
    held.pk, held.run_id, held.aum, held.customers = None, 0, Decimal(250), 4
    held.save(force_insert=True)
    page = client.get(reverse("cockpit"))
    aum, customers = page.context["figures"].headlines[:2]
    now = page.context["total"].now
    assert customers.year == f"4 · +{100 * (now['customers'] - 4) / 4:.3g}%"
    assert aum.year.startswith("¥250.00 · +")
    assert f"({then.business_date})" in page.content.decode()

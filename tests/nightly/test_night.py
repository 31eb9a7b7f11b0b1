"""What a night computes, against sums made from the deliveries by hand, and how people are assigned."""

import json
from datetime import date, timedelta

import duckdb
import pytest

from tests.conftest import PUBLISHED_DAYS
from weihu.workplace.bank.models import Signal, Staff, Standing, Task


@pytest.fixture(scope="module")
def balances(deliveries):
    """Each customer's AUM at the end of each day, straight from the files."""
    database = duckdb.connect()
    days = [folder.name for folder in deliveries[:PUBLISHED_DAYS]]
    parts = " UNION ALL ".join(
        f"SELECT DATE '{day}' AS d, account_id, CAST(balance AS DECIMAL(18,2)) AS b FROM read_csv('{folder}/balances.csv', all_varchar=true)"
        for day, folder in zip(days, deliveries, strict=False)
    )
    accounts = " UNION ALL ".join(
        f"SELECT DATE '{folder.name}' AS d, account_id, customer_id FROM read_csv('{folder}/accounts.csv', all_varchar=true)"
        for folder in deliveries[:PUBLISHED_DAYS]
        if (folder / "accounts.csv").is_file()
    )
    database.execute(
        f"CREATE TABLE b AS {parts}; CREATE TABLE a AS SELECT account_id, arg_max(customer_id, d) AS customer_id FROM ({accounts}) GROUP BY 1"
    )
    return {
        day: dict(
            database.execute(
                f"SELECT customer_id, sum(x) FROM (SELECT account_id, arg_max(b, d) AS x FROM b WHERE d <= '{day}' GROUP BY 1) JOIN a USING (account_id) GROUP BY 1"
            ).fetchall()
        )
        for day in days
    }


def test_aum_and_monthly_average_equal_the_files(run, balances, deliveries):
    days = list(balances)
    for row in Standing.objects.at(run):
        known = [balances[day].get(row.customer_id, 0) for day in days]
        assert row.aum == known[-1]
        month = [amount for day, amount in zip(days, known, strict=True) if day[:7] == str(run.business_date)[:7]]
        assert abs(row.monthly_average(run) - sum(month) / run.month_days) <= 0.005 + 1e-9


def test_flows_equal_the_differences(run, balances, home):
    days = list(balances)
    rows = duckdb.execute(
        f"SELECT customer_id, flow_1, flow_7 FROM '{home.run(run.number)}/standings.parquet'"
    ).fetchall()
    for customer, row, seven in rows:
        known = [balances[day].get(customer, 0) for day in days]
        assert row == known[-1] - known[-2]
        assert seven == known[-1] - known[0]


def test_nobody_is_without_an_owner_and_loads_are_even(run):
    rows = list(Standing.objects.at(run))
    assert all(row.primary_id for row in rows)
    staff = Staff.objects.in_bulk()
    assert all(staff[row.primary_id].branch_id == row.branch_id for row in rows)
    per_grade: dict = {}
    for row in rows:
        counts = per_grade.setdefault((row.branch_id, row.grade_rank, staff[row.primary_id].post), {})
        counts[row.primary_id] = counts.get(row.primary_id, 0) + 1
    for counts in per_grade.values():
        assert max(counts.values()) - min(counts.values()) <= 3


def test_an_owner_stays_while_grade_and_branch_stay(run):
    for row in Standing.objects.at(run):
        past = Standing.objects.filter(customer_id=row.customer_id, grade_rank=row.grade_rank, branch_id=row.branch_id)
        if past.exclude(grade_since=row.grade_since).exists():
            continue
        assert {before.primary_id for before in past} == {row.primary_id}


def test_the_inter_branch_list_equals_the_delivery(run, deliveries):
    """Customers above 200,000 who moved at least 50,000 at a branch that is not their account's."""
    folder = deliveries[PUBLISHED_DAYS - 1]
    rows = set(
        Signal.objects.at(run)
        .filter(kind="inter_branch", raised_on=run.business_date)
        .values_list("customer_id", flat=True)
    )
    accounts = " UNION ALL ".join(
        f"SELECT * FROM read_csv('{day}/accounts.csv', all_varchar=true)"
        for day in deliveries[:PUBLISHED_DAYS]
        if (day / "accounts.csv").is_file()
    )
    listed = duckdb.execute(
        f"SELECT a.customer_id FROM read_csv('{folder}/transactions.csv', all_varchar=true) t"
        f" JOIN (SELECT DISTINCT account_id, customer_id, branch_id FROM ({accounts})) a USING (account_id)"
        " WHERE t.branch_id <> a.branch_id GROUP BY 1 HAVING sum(abs(CAST(t.amount AS DECIMAL(18,2)))) >= 50000"
    ).fetchall()
    before = {row.customer_id: row.grade_rank for row in Standing.objects.at(run.number - 1)}
    due = {
        row.customer_id for row in Standing.objects.at(run) if max(row.grade_rank, before.get(row.customer_id, 0)) >= 3
    }
    assert rows == {row[0] for row in listed} & due


def test_a_maturity_is_one_reason_however_near_it_comes(run):
    """At most one open signal of an account and its day, and of those within the lead days everyone."""
    result = Signal.objects.at(run).filter(kind="maturity").values_list("customer_id", "subject")
    named = [(customer, subject.rsplit(" ", 1)[0]) for customer, subject in result]
    assert named
    assert len(set(named)) == len(named)
    for _, subject in result:
        _, on, lead = subject.split(" ")
        days = (date.fromisoformat(on) - run.business_date).days
        nearest = [lead for lead in run.rulebook.signals["maturity"].leads if days <= lead]
        assert days < 0 or int(lead) == nearest[0]


def test_a_list_fits_into_the_posts_minutes(run):
    minutes = {key: post.minutes_per_day for key, post in run.rulebook.posts.items()}
    for member in Staff.objects.all():
        tasks = list(Task.objects.filter(run=run, staff_id=member.staff_id).order_by("position"))
        assert sum(task.minutes for task in tasks) <= minutes[member.post]
        assert [task.position for task in tasks] == list(range(1, len(tasks) + 1))
        assert [task.score for task in tasks] == sorted((task.score for task in tasks), reverse=True)


def test_the_report_reconciles(run, deliveries):
    stated = json.loads((deliveries[PUBLISHED_DAYS - 1] / "manifest.json").read_text())["totals"]
    assert run.report["reconciliation"]["control_total"] == stated["aum"]
    assert run.work_date == run.business_date + timedelta(days=1)


def test_what_the_day_tells_the_next_night_no_longer_asks_for(run, deliveries, home):
    """Missing facts are named, as many as the book asks at once; told and refused ones are gone a night later."""
    from uuid import uuid4

    from weihu.nightly.run import Nightly
    from weihu.workplace.base.channels import Channel
    from weihu.workplace.know.archive.facts import FactContent, record_fact
    from weihu.workplace.know.archive.models import Confidence

    signal = Signal.objects.at(run).filter(kind="missing_facts").order_by("-customer_id").first()
    asked = signal.detail.split(",")
    before = Standing.objects.at(run).get(customer_id=signal.customer_id)
    assert len(asked) == min(run.rulebook.ask_at_once, before.facts_expected - before.facts_known)
    assert asked == [key for key in run.rulebook.expected(before.grade_rank) if key in asked]
    for key in asked[:2]:
        written = FactContent(key, "", Channel.SERVICE, Confidence.TOLD, refused=True)
        record_fact(signal.customer_id, written, [], "a", run.work_date, uuid4())
    with Nightly(home) as nightly:
        following = nightly.run(deliveries[PUBLISHED_DAYS])
    after = Standing.objects.at(following).get(customer_id=signal.customer_id)
    assert (after.facts_expected, after.facts_known) == (before.facts_expected, before.facts_known + 2)
    still = Signal.objects.at(following).filter(kind="missing_facts", customer_id=signal.customer_id).first()
    assert not set(asked[:2]) & set(still.detail.split(",") if still else [])

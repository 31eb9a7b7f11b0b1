"""The night's own metric on pages, lists and referrals, whatever the book measures."""

import re
import shutil
from collections import Counter
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from tests import bank
from weihu.engine.lake import Home
from weihu.nightly.run import Nightly
from weihu.rules import metric, rulebook
from weihu.sources.synthetic import SyntheticBank
from weihu.workplace.act.signals.reasons import Names, reason
from weihu.workplace.bank.metric import distances
from weihu.workplace.bank.models import CurrentRun, Signal, Staff, Standing
from weihu.workplace.base.words import measure_text
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading import columns, views, whatif

pytestmark = pytest.mark.django_db
HEADER = {"en": "en", "zh": "zh-hans"}


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """A bank of 150 customers in 2 branches over a half-year's end."""
    return list(SyntheticBank(150, 2, 4, date(2026, 7, 2), 3).deliveries(tmp_path_factory.mktemp("days")))


@pytest.fixture
def nights(days, tmp_path, settings, db):
    """Runs nights by a book's text, in a home and a database where there is nothing yet."""
    for model in (CurrentRun, *apps.get_app_config("bank").get_models()):
        model._default_manager.all()._raw_delete(DEFAULT_DB_ALIAS)
    home = Home(tmp_path / "home")
    home.create()
    shutil.copy(settings.HOME.root / "keys.json", home.root / "keys.json")
    settings.HOME = home
    waiting = iter(days)
    columns._engine.cache_clear()
    views._loaded.cache_clear()

    def run(book: str, nights: int = 1):
        home.rulebook.write_text(book)
        bank.lend(home)
        with Nightly(home) as nightly:
            for _ in range(nights):
                yield nightly.run(next(waiting))

    yield run
    bank.keep(home)
    columns._engine.cache_clear()
    views._loaded.cache_clear()


def extended(key: str, more: str = "") -> str:
    """A book like a built-in one in the deliveries' currency, with more said."""
    return f'extends = "{key}"\ncurrency = "CNY"\n{more}'


def by_night(run, settings) -> dict[str, dict]:
    """The run's columns by customer."""
    path = settings.HOME.run(run.number) / "standings.parquet"
    rows = duckdb.sql(f"SELECT * FROM '{path}'").to_arrow_table().to_pylist()
    return {row["customer_id"]: row for row in rows}


def threshold(rows, book, rank, branch) -> Decimal | None:
    """What a rank takes in a branch, by trying: the least amount that somebody may have to be among the best."""
    if rank >= len(book.grades):
        return None
    grade = list(book.grades.values())[rank]
    bounds = [grade.minimum_in.get(branch, grade.minimum)] if grade.minimum is not None else []
    if grade.within_top is not None:
        everybody = [
            row["metric"] for row in rows.values() if book.policy.top_of == "bank" or row["branch_id"] == branch
        ]
        tried = {amount for amount in everybody if amount > 0} | {Decimal("0.01")}
        fits = [x for x in tried if sum(amount > x for amount in everybody) < len(everybody) * grade.within_top]
        bounds.append(min(fits))
    return max(bounds) if bounds else None


@pytest.mark.sqlite
@pytest.mark.parametrize("key", rulebook.builtin_books())
def test_pages_show_the_metric_and_the_gap_that_the_night_found(key, nights, settings):
    still = 0
    for run in nights(extended(key), 4):
        book, rows = run.rulebook, by_night(run, settings)
        fall = f"flow_{book.near_fall_days}"
        standings = {row.customer_id: row for row in Standing.objects.listed_at(run)}
        assert standings.keys() == rows.keys()
        assert {key: row.metric(run) for key, row in standings.items()} == {
            key: row["metric"] for key, row in rows.items()
        }
        still += sum(row.since < run.business_date for row in standings.values())
        asked = {row: row.grade_rank + 1 for row in standings.values()}
        away = {row.customer_id: distance for row, distance in distances(asked, run).items()}
        bounds = {
            customer: threshold(rows, book, row["grade_rank"] + 1, row["branch_id"]) for customer, row in rows.items()
        }
        assert {customer: bound for customer, bound in bounds.items() if bound is not None} == {
            customer: row.threshold for customer, row in away.items()
        }
        assert all(row.lacking == max(bounds[key] - rows[key]["metric"], 0) for key, row in away.items())
        near = {
            customer
            for customer, row in rows.items()
            if row["effective"]
            and (bound := bounds[customer]) is not None
            and bound * (1 - book.near_share) <= row["metric"] < bound
            and -row[fall] <= (row["aum"] - row[fall]) * book.near_fall
        }
        everybody = Gate(Staff.objects.filter(post="personal_banking").first(), run)
        listed = columns.near(everybody, 5000)
        assert {customer: (row.threshold, row.lacking) for customer, row in listed.items()} == {
            customer: (bounds[customer], bounds[customer] - rows[customer]["metric"]) for customer in near
        }
        result = Signal.objects.listed_at(run).filter(kind="near_grade", raised_on=run.business_date)
        assert set(result.values_list("customer_id", flat=True)) <= near
    assert still > 100


@pytest.mark.parametrize("key", ["points_bank", "rural_cooperative"])
def test_a_what_if_of_todays_book_leaves_everybody_where_the_night_did(key, nights, settings):
    run = list(nights(extended(key), 2))[-1]
    rows, book = by_night(run, settings), run.rulebook
    counted = Counter(row["grade_rank"] for row in rows.values() if row["effective"])
    cells = whatif.State(settings.HOME.run(run.number), book, run.month_days).moved(book)
    assert [cell for cell in cells if cell.before != cell.after] == []
    result: Counter[int] = Counter()
    for cell in cells:
        result[cell.after] += cell.customers
    assert result == counted


def test_a_measure_changed_within_the_month_is_what_pages_show(nights, settings):
    """The new measure's month begins with the change, also for customers of whom it measures what it did before."""
    deposits = """
[policy]
metric = "all"
upgrade = "nightly"
[measures.all]
zh = "资产"
en = "Assets"
timing = "monthly_average"
per_yuan = { demand = 1, term = 1, wealth = 1, fund = 1, insurance = 1 }
"""
    list(nights(extended("brief")))
    for run in nights(extended("brief", deposits), 3):
        rows = by_night(run, settings)
        result = {row.customer_id: row.metric(run) for row in Standing.objects.listed_at(run)}
        assert result == {customer: row["metric"] for customer, row in rows.items()}


def test_a_branch_with_its_own_threshold_has_its_own_gap(nights, settings):
    high = "[grades.major]\nminimum_in = { B001 = 90000000 }\n[grades.valued]\nminimum_in = { B001 = 80000000 }\n"
    (run,) = nights(extended("brief", high))
    branches = sorted(set(Standing.objects.listed_at(run).values_list("branch_id", flat=True)))
    assert "B001" in branches
    rows = Standing.objects.listed_at(run).filter(grade_rank=3)
    away = distances(dict.fromkeys(rows, 4), run)
    assert {entry.threshold for row, entry in away.items() if row.branch_id == "B001"} == {Decimal(80000000)}
    assert {entry.threshold for row, entry in away.items() if row.branch_id != "B001"} == {Decimal(500000)}
    boss = Staff.objects.filter(branch_id="B001", post="branch_manager").first()
    here = next(row for row in rows if row.branch_id == "B001")
    page = signed_in(boss).get(reverse("customer", args=[here.customer_id]))
    assert page.context["gap"] == 80000000 - here.aum
    assert [band["from"] for band in page.context["chart"]["bands"]][-2:] == [80000000.0, 90000000.0]


def signed_in(staff, language="zh") -> Client:
    client = Client(headers={"accept-language": HEADER[language]})
    client.force_login(staff)
    return client


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize(
    ("key", "name", "next_grade"),
    [
        ("points_bank", {"zh": "积分", "en": "Points"}, {"zh": "贵宾客户", "en": "Valued"}),
        ("weighted_bank", {"zh": "加权资产月日均", "en": "Weighted assets"}, {"zh": "贵宾客户", "en": "Valued"}),
        ("rural_cooperative", {"zh": "存款月日均", "en": "Average deposit"}, {"zh": "重点客户", "en": "Key"}),
    ],
)
def test_pages_name_the_measure_and_write_it_in_its_unit(key, name, next_grade, nights, settings):
    run = list(nights(extended(key), 2))[-1]
    book = run.rulebook
    unit = metric.unit(book, book.policy.metric)
    assert unit == ("number" if key == "points_bank" else "yuan")
    rank = next(place for place, grade in enumerate(book.grades.values()) if grade.zh == next_grade["zh"]) - 1
    boss = Staff.objects.filter(post="branch_manager").order_by("staff_id").first()
    head = Staff.objects.filter(post="personal_banking").first()
    below = Standing.objects.listed_at(run).filter(grade_rank=rank, branch_id=boss.branch_id)
    customer = next(
        row.customer_id for row, away in distances(dict.fromkeys(below, rank + 1), run).items() if away.lacking
    )
    amount = by_night(run, settings)[customer]["metric"]
    for language in ("zh", "en"):
        client = signed_in(boss, language)
        page = client.get(reverse("customer", args=[customer]))
        assert page.context["chart"]["bands"] == []
        words = text(page)
        assert f"{name[language]} {measured(amount, book, language)}" in words
        assert next_grade[language] in words
        assert measured(page.context["gap"], book, language) in words
        page = client.get(reverse("customer", args=[customer]), {"tab": "service"})
        evidence = page.context["offer"]["evidence"]
        assert f"{name[language]} {measured(amount, book, language)}" in evidence
        listed = signed_in(head, language).get(reverse("near"))
        words = text(listed)
        assert name[language] in words
        rows = listed.context["rows"]
        assert rows
        assert all(measured(row["away"].lacking, book, language) in words for row in rows)
        assert all(
            f"{measured(row['away'].add, book, language)} {name[language]}" in words for row in rows if row["away"].add
        )
    for signal in Signal.objects.listed_at(run).filter(kind="near_grade"):
        assert ("¥" in reason(signal, Names(book))) == (unit == "yuan")


def test_where_other_measures_lead_to_a_grade_pages_say_what_they_take(nights, settings):
    (run,) = nights(extended("weighted_bank"))
    row = Standing.objects.listed_at(run).filter(grade_rank=4).first()
    boss = Staff.objects.filter(branch_id=row.branch_id, post="branch_manager").first()
    assert "to Major Net assets ≥ ¥3,000,000.00" in text(
        signed_in(boss, "en").get(reverse("customer", args=[row.customer_id]))
    )


def measured(amount, book, language) -> str:
    with override(HEADER[language]):
        return measure_text(amount, book)

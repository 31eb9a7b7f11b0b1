"""A bank that goes live delivers its past by months: what is known after it is what daily deliveries would have told."""

from datetime import date, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from weihu.engine.duck import DuckEngine
from weihu.engine.keys import Keys
from weihu.engine.landing.land import land
from weihu.engine.landing.manifest import read_manifest
from weihu.engine.seal import Seal
from weihu.insight.kept import RULE_ALONE
from weihu.nightly import steps
from weihu.nightly.graph import rows_of
from weihu.nightly.night import Before, Night, Past, days_of
from weihu.nightly.steps import CORE_STATE, NOTED
from weihu.rules import rulebook, value
from weihu.rules.workdays import WorkingDays
from weihu.sources.synthetic import SyntheticBank

FIRST, LAST = date(2026, 5, 18), date(2026, 6, 2)
BY_MONTH = (FIRST, date(2026, 5, 31), date(2026, 6, 1), LAST)
BY_DAY = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
CUSTOMERS = 240


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """The last night's folder of a bank that delivered on some dates."""
    folder, keys = tmp_path_factory.mktemp("past"), Keys.fresh()

    def nights(dates):
        root = folder / str(len(dates))
        bank = SyntheticBank(CUSTOMERS, 2, len(BY_DAY), LAST, 3)
        engine, book, before, movements = DuckEngine.in_memory(), rulebook.load("state_bank"), None, {}
        graph = steps.night(book, RULE_ALONE)
        noted = {name: rows_of(schema, []) for name, schema in NOTED.items()}
        for on in dates:
            delivery = bank.through(root / "deliveries", on)
            manifest = read_manifest(delivery)
            known = {file: before.folder / f"{table}.parquet" for file, table in CORE_STATE.items()} if before else {}
            (root / f"landed-{on}").mkdir()
            landed = land(
                delivery, manifest, root / f"landed-{on}", known, list(book.posts), Seal(lambda: keys), root / "spill"
            )
            night = Night(engine, graph, book, on, before, WorkingDays(book.working_days))
            night.bind(manifest.files, Past(movements, {}), noted)
            night.bind_delivered(landed)
            night.run()
            assert night.totals()["customer_aum"] == Decimal(manifest.totals["aum"])
            (root / str(on)).mkdir()
            night.write(root / str(on))
            movements |= dict.fromkeys(
                days_of(before.business_date if before else on - timedelta(days=1), on),
                root / str(on) / "movements.parquet",
            )
            before = Before(root / str(on), on, night.month_days, list(book.grades))
        engine.close()
        return before

    return {"day": nights(BY_DAY), "month": nights(BY_MONTH)}


def rows(live, how, table):
    return {row["customer_id"]: row for row in pq.read_table(live[how].folder / f"{table}.parquet").to_pylist()}


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (
            "standings",
            ["aum", "balance_days", "monthly_average", "fees_365", "moved_on", "grade_rank", "flow_1", "flow_365"],
        ),
        ("levels", ["days", "aum_days", "came", "went", "salary", "spendings", "salary_on"]),
    ],
)
def test_what_is_known_is_the_same_to_the_cent_however_the_past_was_delivered(live, table, columns):
    by_day, by_month = (rows(live, how, table) for how in ("day", "month"))
    assert len(by_day) == len(by_month) > CUSTOMERS * 0.9
    for column in columns:
        differ = {key: (by_day[key][column], row[column]) for key, row in by_month.items()}
        assert {key: pair for key, pair in differ.items() if pair[0] != pair[1]} == {}, column
    assert live["day"].month_days == live["month"].month_days == 2


def test_flows_over_windows_are_of_their_own_days_but_for_what_no_transaction_tells(live):
    by_day, by_month = (rows(live, how, "standings") for how in ("day", "month"))
    accounts = pq.read_table(live["day"].folder / "accounts.parquet").to_pylist()
    funds = {row["customer_id"] for row in accounts if row["product_id"].startswith("F")}
    assert len(funds) < CUSTOMERS / 2
    for days in value.WINDOW_DAYS:
        moved = [key for key, row in by_day.items() if row[f"flow_{days}"]]
        differ = {key for key in by_day if by_day[key][f"flow_{days}"] != by_month[key][f"flow_{days}"]}
        assert len(moved) > 20
        assert differ <= funds, days

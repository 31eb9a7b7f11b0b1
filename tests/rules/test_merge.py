"""Merged customers are one for the rules, and two again after an undo; no money is gained or lost on the way."""

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from weihu.engine.duck import DuckEngine
from weihu.rules import merge, tables

FIRST = date(2026, 6, 1)
IDS = [f"c{number}" for number in range(6)]
MONTH_DAYS = 10
yuan = st.integers(0, 10**9).map(lambda cents: Decimal(cents).scaleb(-2))


def pairs(draw_from):
    """Merges as the workplace tells them: who is gone once, kept by somebody who is not gone."""
    return st.lists(
        st.tuples(st.sampled_from(draw_from[3:]), st.sampled_from(draw_from[:3])),
        max_size=3,
        unique_by=lambda pair: pair[0],
    )


def standing(customer_id, aum, number):
    flows = {f"flow_{days}": Decimal(number) for days in (1, 7, 30, 90, 365)}
    return {
        "customer_id": customer_id,
        "branch_id": "b",
        "aum": aum,
        "balance_days": aum * MONTH_DAYS,
        "fees_365": Decimal(number),
        "first_seen_on": FIRST + timedelta(days=number),
        "moved_on": FIRST + timedelta(days=number),
        "last_contact_on": FIRST + timedelta(days=number) if number % 2 else None,
        "grade_rank": number % 3,
        **flows,
    }


class Merging:
    """An engine with yesterday's standings and accounts, and merges."""

    def __init__(self, amounts, merges, active=True):
        self.engine = DuckEngine(None, threads=1)
        accounts = [
            {"account_id": f"a{number}", "customer_id": IDS[number], "balance": amount}
            for number, amount in enumerate(amounts)
        ]
        self.accounts = self.bound("accounts_before", tables.ACCOUNTS, accounts)
        rows = [
            standing(customer, amount, number)
            for number, (customer, amount) in enumerate(zip(IDS, amounts, strict=False))
        ]
        self.rows = rows
        rows = [{"gone": gone, "kept": kept, "active": active} for gone, kept in merges]
        self.merges = self.bound("merges", tables.MERGES, rows)
        day = {"business_date": FIRST + timedelta(days=MONTH_DAYS), "days": 1, "month_days": MONTH_DAYS + 1}
        day |= {"last_month_days": 1}
        flags = {"is_month_start": False, "is_month_end": False, "is_first": False}
        self.calendar = self.engine.bind_row("calendar", tables.CALENDAR, day | flags)

    def bound(self, name, schema, rows):
        return self.engine.bind_arrow(name, schema, pa.Table.from_pylist(rows, schema=schema.to_pyarrow()))

    def standings(self, rows):
        previous = self.bound("previous", tables.STANDINGS, rows)
        self.engine.derive("made", merge.standings_as_merged, previous, self.accounts, self.merges, self.calendar)
        made = self.engine.read("made").to_pylist()
        result = {row["customer_id"]: row for row in made}
        assert len(result) == len(made), "a customer stands twice"
        return result

    def follow(self, rule, schema, rows):
        self.engine.derive("followed", rule, self.bound("table", schema, rows), self.merges)
        return self.engine.read("followed").to_pylist()


amounts_of_all = st.lists(yuan, min_size=len(IDS), max_size=len(IDS))


@given(amounts_of_all, pairs(IDS))
@settings(max_examples=15, deadline=None)
def test_merged_customers_bring_everything_along(amounts, merges):
    merging = Merging(amounts, merges)
    made = merging.standings(merging.rows)
    gone = dict(merges)
    assert set(made) == set(IDS) - set(gone)
    for kept, row in made.items():
        group = [other for other in merging.rows if gone.get(other["customer_id"], other["customer_id"]) == kept]
        for column in ("aum", "balance_days", "fees_365", "flow_1", "flow_7", "flow_30", "flow_90", "flow_365"):
            assert row[column] == sum(other[column] for other in group)
        assert row["first_seen_on"] == min(other["first_seen_on"] for other in group)
        assert row["moved_on"] == max(other["moved_on"] for other in group)
        contacts = [other["last_contact_on"] for other in group if other["last_contact_on"]]
        assert row["last_contact_on"] == max(contacts, default=None)
        assert row["grade_rank"] == next(other["grade_rank"] for other in group if other["customer_id"] == kept)


@given(amounts_of_all, pairs(IDS))
@settings(max_examples=15, deadline=None)
def test_an_undo_gives_back_the_assets_and_their_share_of_the_month(amounts, merges):
    merged = Merging(amounts, merges)
    together = list(merged.standings(merged.rows).values())
    apart = Merging(amounts, merges, active=False).standings(together)
    assert set(apart) == set(IDS)
    assert {customer: row["aum"] for customer, row in apart.items()} == dict(zip(IDS, amounts, strict=True))
    assert {customer: row["balance_days"] for customer, row in apart.items()} == {
        customer: amount * MONTH_DAYS for customer, amount in zip(IDS, amounts, strict=True)
    }
    assert all(apart[gone]["grade_rank"] is None for gone, _ in merges)


def test_who_is_kept_and_has_no_account_has_nothing():
    merging = Merging([], [("c4", "c1")])
    previous = [standing(customer, Decimal(0), number) for number, customer in enumerate(IDS)]
    made = merging.standings(previous)
    assert {customer: row["aum"] for customer, row in made.items()} == dict.fromkeys(set(IDS) - {"c4"}, Decimal(0))


def test_without_merges_nothing_changes():
    merging = Merging([Decimal("1.00")] * len(IDS), [])
    made = merging.standings(merging.rows)
    assert {customer: row["aum"] for customer, row in made.items()} == dict.fromkeys(IDS, Decimal("1.00"))


@given(pairs(IDS), st.booleans())
@settings(max_examples=15, deadline=None)
def test_rows_go_to_who_is_kept_while_the_merge_holds(merges, active):
    merging = Merging([Decimal(0)] * len(IDS), merges, active)
    rows = [{"customer_id": customer, "grade_rank": number} for number, customer in enumerate(IDS)]
    gone = dict(merges) if active else {}
    followed = merging.follow(merge.as_kept, tables.GRANTED, rows)
    expected = sorted((gone.get(row["customer_id"], row["customer_id"]), row["grade_rank"]) for row in rows)
    assert sorted((row["customer_id"], row["grade_rank"]) for row in followed) == expected
    left = merging.follow(merge.without_merged, tables.GRANTED, rows)
    assert sorted(row["customer_id"] for row in left) == sorted(set(IDS) - set(gone))


@given(pairs(IDS), amounts_of_all)
@settings(max_examples=10, deadline=None)
def test_measures_of_merged_customers_are_added_up(merges, amounts):
    merging = Merging(amounts, merges)
    rows = [
        {"customer_id": customer, "measure": "points", "amount": amount, "amount_days": amount * 2}
        for customer, amount in zip(IDS, amounts, strict=True)
    ]
    made = merging.follow(merge.measures_as_merged, tables.MEASURES, rows)
    gone = dict(merges)
    for row in made:
        parts = [other for other in rows if gone.get(other["customer_id"], other["customer_id"]) == row["customer_id"]]
        assert (row["amount"], row["amount_days"]) == tuple(
            sum(part[name] for part in parts) for name in ("amount", "amount_days")
        )
    assert len(made) == len(IDS) - len(gone)

"""Assets elsewhere as they are learned from bands: the range holds, what tells wins, nobody is judged by what taught."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weihu.insight import files, wallet
from weihu.insight.files import TooFew
from weihu.insight.told_wallet import told as reported
from weihu.rules import rulebook
from weihu.rules.wallet import NAMES

BOOK = rulebook.load("brief")
ON = date(2026, 6, 28)
THEN = ON - timedelta(days=91)
SURELY = rulebook.changed(BOOK, {"wallet": {"mistold": "0"}})
BANDS = list(BOOK.wallet.bands)


def bank(customers: int = 1_500, seed: int = 4) -> tuple[wallet.Night, np.ndarray]:
    """Customers, and what they have elsewhere: the more they send there, and the more they earn, the more."""
    random = np.random.default_rng(seed)
    inputs = np.zeros((customers, len(NAMES)), np.int64)
    place = {name: at for at, name in enumerate(NAMES)}
    for name, middle in (("aum", 60_000), ("income", 9_000), ("went", 40_000)):
        inputs[:, place[name]] = middle * np.exp(random.normal(size=customers))
    inputs[:, place["main_went"]] = inputs[:, place["went"]]
    inputs[:, place["known_days"]] = 364
    inputs[:, place["age"]] = random.integers(20, 80, customers)
    scale = [wallet.log_of(inputs[:, place[name]].astype(float)) for name in ("went", "income")]
    middle = 0.5 + scale[0] + 0.6 * scale[1]
    away = wallet.amount_of(middle + 0.7 * random.normal(size=customers))
    names = [f"C{at:05}" for at in range(customers)]
    return wallet.Night(ON, names, inputs, random.integers(0, 3, customers), ["工商银行"] * customers), away


def band_of(amount: float) -> str:
    return next(key for key, band in BOOK.wallet.bands.items() if band.most is None or amount < band.most)


NIGHT, AWAY = bank()
TOLD = [
    wallet.Told(customer, ON - timedelta(days=(at * 7) % 280), band_of(away))
    for at, (customer, away) in enumerate(zip(NIGHT.customers[:600], AWAY[:600], strict=True))
]
BEFORE = wallet.Night(THEN, NIGHT.customers, NIGHT.inputs, NIGHT.grades, NIGHT.banks)


@pytest.fixture(scope="module")
def learned():
    return wallet.train(BEFORE, NIGHT, TOLD, BOOK)


def test_the_range_holds_as_often_as_the_book_says_for_those_who_told_nothing(learned):
    others = NIGHT.at(np.arange(600, 1_500))
    rows = {row.customer_id: row for row in learned.estimates(others, BOOK)}
    inside = [
        rows[customer].low - wallet.STEP <= away <= rows[customer].high + wallet.STEP
        for customer, away in zip(others.customers, AWAY[600:], strict=True)
    ]
    assert 0.74 < np.mean(inside) < 0.86
    assert all(row.low <= row.amount <= row.high for row in rows.values())


def test_what_tells_more_wins_over_what_peers_have(learned):
    errors = {kind: learned.facts["metrics"][kind]["error"][0] for kind in wallet.CANDIDATES}
    assert learned.facts["kind"] != "peers"
    assert errors[learned.facts["kind"]] < errors["peers"]


def test_reasons_have_the_customers_own_numbers(learned):
    row = int(np.argmax(NIGHT.column("went")))
    found = learned.estimates(NIGHT.at(np.array([row])), BOOK)[0]
    assert len(found.reasons) == wallet.REASONS
    assert {kind: (speaks, numbers) for kind, speaks, numbers in found.reasons}["transfers"] == (
        1,
        {"bank": "工商银行", "went": int(NIGHT.column("went")[row]), "came": 0, "days": 364},
    )
    assert found.amount == found.amount.quantize(Decimal(1)) and found.amount % wallet.STEP == 0


def test_who_told_before_is_not_judged_and_what_is_told_later_teaches_nothing_then():
    both = [*TOLD, *(wallet.Told(row.customer_id, ON, row.band) for row in TOLD if row.on <= THEN)]
    assert wallet.train(BEFORE, NIGHT, both, BOOK).facts["judged"] == sum(row.on > THEN for row in TOLD)
    wrong = [row if row.on <= THEN else wallet.Told(row.customer_id, row.on, BANDS[0]) for row in TOLD]
    early = [row for row in TOLD if row.on <= THEN]
    taught = wallet.learn(
        "both", BEFORE.at(BEFORE.rows([row.customer_id for row in early])), [row.band for row in early], BOOK
    )
    late = [row for row in wrong if row.on > THEN]
    judged = BEFORE.at(BEFORE.rows([row.customer_id for row in late]))
    expected = wallet.measured(taught, judged, [row.band for row in late], BOOK)["error"].mean()
    assert wallet.train(BEFORE, NIGHT, wrong, BOOK).facts["metrics"]["both"]["error"][0] == pytest.approx(
        expected, abs=0.02
    )


@pytest.mark.parametrize("told", [[], TOLD[:70], [row for row in TOLD if row.on <= THEN]])
def test_too_few_who_told_are_too_few(told):
    with pytest.raises(TooFew):
        wallet.train(BEFORE, NIGHT, told, BOOK)


def test_what_was_told_long_ago_or_is_no_band_teaches_nothing():
    old = [wallet.Told(row.customer_id, row.on - timedelta(days=800), row.band) for row in TOLD]
    strange = [wallet.Told(row.customer_id, row.on, "much") for row in TOLD]
    for told in (old, strange):
        with pytest.raises(TooFew):
            wallet.train(BEFORE, NIGHT, told, BOOK)


def test_a_kept_model_estimates_the_same(learned, tmp_path):
    assert files.load(tmp_path / "wallet") is None
    for _ in range(2):
        files.save(tmp_path / "wallet", learned.content)
    again = wallet.Model.of(files.load(tmp_path / "wallet"))
    some = NIGHT.at(np.arange(20))
    assert again.estimates(some, BOOK) == learned.estimates(some, BOOK)


def test_the_last_third_of_what_was_told_judges():
    told = [wallet.Told(f"C{day}", ON - timedelta(days=day), BANDS[0]) for day in range(90)]
    weeks = [ON - timedelta(days=7 * week) for week in range(20)]
    then = wallet.split(told, weeks)
    assert then in weeks
    assert 25 <= sum(row.on > then for row in told) <= 37
    assert wallet.split([], weeks) is None
    assert wallet.split(told, []) is None


shares = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=5, max_size=20)


@given(pairs=shares)
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_the_width_is_the_least_that_holds_the_share(pairs):
    own = np.array([sorted(pair) for pair in pairs]).T / 100
    found = wallet.width(own, np.full((4, len(pairs)), np.nan), SURELY)
    wanted = min(float(BOOK.wallet.range) * (1 + 1 / len(pairs)), 1.0)
    assert 0 < found < 1
    assert found > 0.9998 or wallet.inside(*own, found).mean() >= wanted - 1e-9
    assert wallet.inside(*own, max(found - 0.001, 0.0)).mean() <= wanted + 1e-9


def test_what_is_told_wrongly_does_not_widen_the_range():
    random = np.random.default_rng(5)
    at = random.random(4_000)
    wrong = random.random(4_000) < 0.1
    told, beside = np.where(wrong, 0.0, at), np.where(wrong, at, 0.0)
    own, near = np.array([told, told]), np.array([beside, beside, *[np.full(4_000, np.nan)] * 2])
    assert wallet.width(own, near, BOOK) == pytest.approx(0.81, abs=0.02)
    assert wallet.width(own, near, SURELY) > 0.86


def test_the_report_says_everything(learned):
    text = reported(learned.facts)
    for expected in ("95 %", str(THEN), "in the range", "peers", "ordinary", "transfers"):
        assert expected in text

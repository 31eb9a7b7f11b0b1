"""Nights over National Day 2026 and Spring Festival 2027, day by day, with a branch that has days of its own."""

import json
from datetime import date, timedelta

import pytest

from weihu.sources.synthetic import SyntheticBank

pytestmark = [pytest.mark.long, pytest.mark.sqlite]


def nights(weihu, tmp_path, first, last, own):
    """What each night planned, by its date."""
    folder = tmp_path / "deliveries"
    list(SyntheticBank(300, 3, (last - first).days + 1, last, 5).deliveries(folder))
    weihu("init")
    printed = weihu(folder, json.dumps(own), module="tests.nightly.holidays").stdout
    return {date.fromisoformat(row["night"]): row for row in map(json.loads, printed.splitlines())}


def days_of(night, branches):
    """The days of the branches' lists: one a branch."""
    days = {branch: {on for where, on, _ in night["lists"] if where == branch} for branch in branches}
    assert all(len(found) <= 1 for found in days.values()), days
    return {branch: date.fromisoformat(next(iter(found))) for branch, found in days.items() if found}


def test_national_day_2026(weihu, tmp_path):
    """Lists for 30 September, then for 8 October on every night of the holiday; one branch is open on the 3rd."""
    found = nights(weihu, tmp_path, date(2026, 9, 26), date(2026, 10, 11), [["B003", "2026-10-03", True]])
    expected = {26: 28, 27: 28, 28: 29, 29: 30, 30: 8, **dict.fromkeys(range(1, 8), 8), 8: 9, 9: 10, 10: 12, 11: 12}
    for on, night in found.items():
        days = days_of(night, ("B001", "B002", "B003"))
        assert days["B001"].day == days["B002"].day == expected[on.day], on
        assert days["B003"].day == (3 if on.day in (30, 1, 2) else expected[on.day]), on
    assert not found[date(2026, 10, 11)]["unannounced"]
    closed = {str(date(2026, 10, day)) for day in range(1, 8)}
    near = {on for on, night in found.items() if night["near"].keys() & closed}
    assert date(2026, 9, 29) in near, "what matures in the holiday is on the last list before it"
    assert max(near) <= date(2026, 10, 2), "and on that of the branch that opens once more"


def test_spring_festival_2027(weihu, tmp_path):
    """The bank has entered its arrangement: closed until the 12th, and Sunday the 14th is worked."""
    own = [["", f"2027-02-{day}", False] for day in (11, 12)] + [["", "2027-02-14", True]]
    found = nights(weihu, tmp_path, date(2027, 2, 2), date(2027, 2, 15), own)
    expected = {2: 3, 3: 4, **dict.fromkeys(range(4, 14), 14), 14: 15, 15: 16}
    for on, night in found.items():
        assert set(days_of(night, ("B001", "B002", "B003")).values()) == {date(2027, 2, expected[on.day])}, on
        assert not night["unannounced"]
    on_the_eve = found[date(2027, 2, 3)]["near"]
    assert {str(date(2027, 2, 5) + timedelta(days=ahead)) for ahead in range(9)} & on_the_eve.keys()

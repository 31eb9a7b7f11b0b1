"""A day at work in the demo: what is said fits the reason, and people get steadily through most of their lists."""

import re
from datetime import date, timedelta

import numpy as np
import pytest

from weihu.demo.bank import BOOK
from weihu.demo.working import talk as talking
from weihu.demo.working.contacts import _way
from weihu.demo.working.diligence import LEAST, MOST, done_of, usual_share
from weihu.demo.working.talk import talk
from weihu.rules import rulebook
from weihu.workplace.bank.models import Task
from weihu.workplace.contact.models import Outcome, Way

STATE = rulebook.load(BOOK)
ON = date(2026, 6, 3)
OPEN_DAYS = [ON + timedelta(days=ahead) for ahead in range(1, 30) if (ON + timedelta(days=ahead)).weekday() < 5]


def talks(kind, count=200, detail=""):
    rng = np.random.default_rng(5)
    return [talk(kind, detail, ON, OPEN_DAYS, rng) for _ in range(count)]


@pytest.mark.parametrize("kind", STATE.signals)
def test_every_kind_of_signal_has_its_talks(kind):
    results = talks(kind)
    assert {result.outcome for result in results} >= {Outcome.INTERESTED, Outcome.CONSIDERING, Outcome.RESCHEDULED}
    assert not [result.note for result in results if re.search(r"[{}|□]", result.note)]
    assert {result.offer for result in results if result.offer} <= set(STATE.offers)
    assert all(not result.offer or result.outcome == Outcome.INTERESTED for result in results)


def test_notes_are_many():
    notes = {result.note for kind in STATE.signals for result in talks(kind, 400)}
    assert len(notes) > 500


def test_what_was_agreed_on_is_on_an_open_day_and_said_in_the_note():
    agreed = [result for result in talks("maturity", 500) if result.again_on]
    assert agreed
    assert {result.again_on for result in agreed} <= set(OPEN_DAYS)
    spoken = [result for result in agreed if result.outcome == Outcome.INTERESTED]
    assert all(re.search("[周天]", result.note) for result in spoken)
    assert all(result.again_on for result in talks("maturity", 500) if result.outcome == Outcome.RESCHEDULED)


def test_the_other_bank_is_the_one_that_the_signal_names():
    named = [result.note for result in talks("to_other_bank", 400, "甲银行") if "银行" in result.note]
    assert any("甲银行" in note for note in named)
    assert not [note for note in named if any(bank in note for bank in talking.BANKS)]


def test_an_interest_is_in_what_the_note_names():
    notes = [result for result in talks("idle_cash", 600) if result.outcome == Outcome.INTERESTED]
    assert {result.offer for result in notes if "通知存款" in result.note and "理财" not in result.note} == {
        "notice_deposit"
    }


def test_nobody_is_missed_at_the_counter():
    rng = np.random.default_rng(5)
    results = [result for kind in STATE.signals for result in talks(kind, 50)]
    missed = [result for result in results if result.outcome == Outcome.NOT_REACHED]
    ways = {_way(post, "maturity", result, rng) for result in missed for post in STATE.posts}
    assert ways == {Way.PHONE}


def test_people_get_most_of_their_lists_done_and_promises_first():
    rng = np.random.default_rng(5)
    shares, promised = [], []
    for number in range(40):
        tasks = [
            Task(staff_id=f"{number:03d}kh1", position=place, promised=place % 5 == 0, customer_id=str(place))
            for place in range(20)
        ]
        done = done_of(tasks, rng)
        shares.append(len(done) / len(tasks))
        promised.append(sum(task.promised for task in done) / 4)
    assert LEAST <= min(usual_share(f"{n:03d}kh1") for n in range(40)) <= max(shares) <= 1
    assert 0.7 < np.mean(shares) < MOST
    assert np.mean(promised) > np.mean(shares)

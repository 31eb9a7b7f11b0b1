"""Keeping up the relationship: wishes, facts to ask, contacts owed."""

from datetime import date, timedelta

from tests.rules.kinds.bank import BOOK, ON, TOP, raised

NEXT = ON + timedelta(days=1)


def test_birthday_is_one_of_the_days_looked_ahead_to():
    days = [{"month_day": 625, "on": NEXT}]
    (row,) = raised("birthday", profiles=[{"birth_date": date(1970, 6, 25)}], occasions=days)
    assert (row["on_date"], row["subject"]) == (NEXT, str(NEXT))
    for born in (date(1970, 6, 24), date(1970, 6, 26), None):
        assert raised("birthday", profiles=[{"birth_date": born}], occasions=days) == []


def test_festival_is_for_the_kinds_grades():
    soon = [{"festival": "duanwu", "on": NEXT}]
    (row,) = raised("festival", festivals=soon)
    assert (row["detail"], row["subject"]) == ("duanwu", f"duanwu {NEXT}")
    low = BOOK.rank(BOOK.signals["festival"].from_grade) - 1
    assert raised("festival", compared=[{"grade_rank": low, "rank_before": low}], festivals=soon) == []
    assert raised("festival", festivals=[]) == []


def test_missing_facts_are_named_until_they_are_known():
    lacking = [{"facts_known": 3}]
    known = ",".join(["", *BOOK.expected(TOP - 1)[1:], ""])
    (row,) = raised("missing_facts", compared=lacking, profiles=[{"missing": "sex,"}], facts_known=[{"known": known}])
    assert row["detail"] == BOOK.expected(TOP - 1)[0]
    assert raised("missing_facts", profiles=[{}], facts_known=[{"known": known}]) == []


def test_cadence_due_is_raised_when_the_grades_time_ends_by_the_next_day():
    days = BOOK.grades[list(BOOK.grades)[TOP - 1]].cadence_days
    last = NEXT - timedelta(days=days)
    (row,) = raised("cadence_due", compared=[{"last_contact_on": last}])
    assert row["on_date"] == NEXT
    assert raised("cadence_due", compared=[{"last_contact_on": last + timedelta(days=1)}]) == []


def test_follow_up_is_due_on_the_day_agreed_unless_contacted_since():
    agreed = {"last_contact_on": ON - timedelta(days=9), "follow_up_on": NEXT}
    assert len(raised("follow_up", compared=[agreed])) == 1
    assert raised("follow_up", compared=[agreed | {"follow_up_on": NEXT + timedelta(days=1)}]) == []
    assert raised("follow_up", compared=[agreed | {"last_contact_on": NEXT}]) == []

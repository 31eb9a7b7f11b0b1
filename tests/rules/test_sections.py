"""Rules inside the sections of a book: each is told where it is broken, and what was expected."""

from datetime import date

import pytest

from weihu.rules import rulebook

ENTRY = 'zh = "新"\nen = "new"\n'
BROKEN = {
    # name: (what a book says after `extends`, line, field, expected)
    "a measure counts something": (f"[measures.x]\n{ENTRY}", 2, "measures.x", "at least one of per_yuan, per_holding"),
    "fees only of a sum": (
        f'[measures.x]\n{ENTRY}take = "largest"\nfees = 1',
        6,
        "measures.x.fees",
        'fees only with take = "sum"',
    ),
    "own measures stay": (f"[measures.aum]\n{ENTRY}fees = 1", 2, "measures.aum", "another name"),
    "the lowest grade is everybody's": ("[grades.ungraded]\nminimum = 1", 2, "grades.ungraded", "no minimum"),
    "every other grade is reached": (
        f'[grades.x]\n{ENTRY}posts = ["branch_manager"]',
        2,
        "grades.x",
        "a minimum, within_top or minimums",
    ),
    "minimums of other measures rise": (
        "[grades.valued]\nminimums = { contribution = 9 }\n[grades.major]\nminimums = { contribution = 9 }",
        5,
        "grades.major.minimums.contribution",
        "more than the 9 of valued",
    ),
    "better grades are rarer": (
        "[grades.valued]\nwithin_top = 0.05\n[grades.major]\nwithin_top = 0.1",
        5,
        "grades.major.within_top",
        "less than the 0.05 of valued",
    ),
    "a choice has choices": (
        f'[fields.x]\n{ENTRY}category = "basic"\nkind = "choice"',
        2,
        "fields.x.choices",
        "choices for the kinds choice and choices",
    ),
    "a text has none": (
        f'[fields.x]\n{ENTRY}category = "basic"\nchoices = [["a", "甲", "A"]]',
        6,
        "fields.x.choices",
        "choices for the kinds choice and choices",
    ),
    "a choice stands once": (
        f'[fields.x]\n{ENTRY}category = "basic"\nkind = "choice"\nchoices = [["a", "甲", "A"], ["a", "乙", "B"]]',
        7,
        "fields.x.choices",
        "every key once",
    ),
    "only what is offered bars": (
        f'[fields.x]\n{ENTRY}category = "basic"\nkind = "choice"\nchoices = [["a", "甲", "A"]]\nbars = ["b"]',
        8,
        "fields.x.bars",
        "only what is among the choices",
    ),
    "an occasion is found from something": (f"[occasions.x]\n{ENTRY}lead_days = 1", 2, "occasions.x", "fields, or as"),
    "an occasion's fields are dates": (
        f'[occasions.x]\n{ENTRY}lead_days = 1\nfields = ["phone"]',
        6,
        "occasions.x.fields.0",
        "one of birth_date",
    ),
    "a festival has one calendar": (
        f'[festivals.x]\n{ENTRY}solar = "01-02"\nlunar = "01-02"',
        2,
        "festivals.x",
        "either solar or lunar",
    ),
    "a festival has a day that exists": (
        f'[festivals.x]\n{ENTRY}solar = "13-02"',
        5,
        "festivals.x.solar",
        "text of the",
    ),
    "sizes of habits rise": (
        f"[habits]\nsizes = [{', '.join(['1'] * 13)}]",
        3,
        "habits.sizes",
        "positive amounts, from the smallest",
    ),
    "steps of a care plan follow each other": (
        f'[care_plans.x]\n{ENTRY}from_grade = "small"\nsteps = [{{ day = 2, zh = "", en = "" }}, {{ day = 2, zh = "", en = "" }}]',
        6,
        "care_plans.x.steps",
        "days that rise",
    ),
    "an offer answers kinds of signal": (
        '[offers.fund]\nanswers = ["rain"]',
        3,
        "offers.fund.answers.0",
        "one of large_inflow",
    ),
    "the ways of agreeing share out everybody": (
        "[duplicates.agreement]\nphone = [0.7, 0.1, 0.1]",
        3,
        "duplicates.agreement.phone",
        "chances that add up to 1",
    ),
    "losses are looked for over a window that is kept": (
        "[losses]\ndays = 91",
        3,
        "losses.days",
        "one of 7, 30, 90, 365",
    ),
    "a relation has an inverse": (f'[relations.x]\n{ENTRY}inverse = "y"', 5, "relations.x.inverse", "one of spouse"),
    "a field's consent is one of the book": (
        '[fields.health]\nconsent = "all"',
        3,
        "fields.health.consent",
        "one of marketing",
    ),
    "leaving begins before it ends to be looked for": (
        "[attrition]\nto_days = 20",
        3,
        "attrition.to_days",
        "from_days (42) or more",
    ),
    "who was warned of stays so for longer": (
        "[attrition]\nwarned_again = 0.01",
        3,
        "attrition.warned_again",
        "warned (0.02) or more",
    ),
    "a duty has a post": ('[duties.low_counter_collects]\npost = "x"', 3, "duties.low_counter_collects.post", "one of"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_told_where_it_is_broken(name, tmp_path):
    text, line, field, expected = BROKEN[name]
    path = tmp_path / "book.toml"
    path.write_text(f'extends = "brief"\n{text}\n', encoding="utf-8")
    with pytest.raises(rulebook.FaultyBook) as refused:
        rulebook.load(path)
    faults = [(fault.line, fault.field, fault.expected_en) for fault in refused.value.faults]
    assert any(fault[:2] == (line, field) and expected in fault[2] for fault in faults), faults


@pytest.mark.parametrize(
    ("period", "on", "first", "last"),
    [
        ("month", date(2026, 2, 3), date(2026, 2, 1), date(2026, 2, 28)),
        ("quarter", date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)),
        ("year", date(2028, 2, 29), date(2028, 1, 1), date(2028, 12, 31)),
    ],
)
def test_a_benefit_counts_over_its_period(period, on, first, last):
    book = rulebook.changed(rulebook.load("brief"), {"benefits": {"birthday_gift": {"period": period}}})
    assert book.benefits["birthday_gift"].period_of(on) == (first, last)

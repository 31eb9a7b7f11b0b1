"""A file changes, drops and takes the place of what it inherits; what it cannot mean is told and left out."""

from weihu.rules.inherit import inherit, understood, without

BASE = {
    "grades": {"low": {"weight": 1}, "small": {"weight": 2, "posts": ["a"]}, "large": {"weight": 3}},
    "signals": {"visit": {"from_grade": "small", "to_grade": "large"}, "birthday": {"from_grade": "low"}},
}


def test_tables_are_merged_and_arrays_replaced():
    merged = inherit([BASE, {"grades": {"small": {"posts": ["b"]}}}])
    assert merged["grades"]["small"] == {"weight": 2, "posts": ["b"]}
    assert list(merged["grades"]) == ["low", "small", "large"]


def test_what_is_dropped_is_gone_and_may_come_back_at_the_end():
    assert list(inherit([BASE, {"drop": ["grades.low"]}])["grades"]) == ["small", "large"]
    again = inherit([BASE, {"drop": ["grades.low"], "grades": {"low": {"weight": 9}}}])
    assert list(again["grades"]) == ["small", "large", "low"]
    assert again["grades"]["low"] == {"weight": 9}


def test_a_grade_that_stands_for_another_is_named_in_its_place():
    taking = {"drop": ["grades.low", "grades.small"], "grades": {"new": {"stands_for": ["low", "small"]}}}
    merged = inherit([BASE, taking])
    assert merged["signals"] == {
        "visit": {"from_grade": "new", "to_grade": "large"},
        "birthday": {"from_grade": "new"},
    }
    assert merged["grades"]["new"] == {}


def test_a_grade_is_replaced_where_a_setting_names_grades_and_nowhere_else():
    base = BASE | {"policy": {"valued_from": "low", "title": "low"}, "urgency": ["low"]}
    merged = inherit([base, {"drop": ["grades.low"], "grades": {"new": {"stands_for": ["low"]}}}])
    assert merged["policy"] == {"valued_from": "new", "title": "low"}
    assert merged["urgency"] == ["low"]


def test_what_extends_and_drops_is_no_setting_of_the_book():
    assert inherit([BASE, {"extends": "base", "drop": ["grades.low"], "key": "own"}]).keys() == {
        "grades", "signals", "key",
    }  # fmt: skip


def test_a_kind_up_to_a_grade_is_up_to_the_one_that_stands_for_it():
    merged = inherit([BASE, {"drop": ["grades.large"], "grades": {"new": {"stands_for": ["large"]}}}])
    assert merged["signals"]["visit"] == {"from_grade": "small", "to_grade": "new"}


def test_what_is_inherited_may_be_dropped_and_stood_for():
    changes = {"drop": ["grades.low", "signals.visit.to_grade"], "grades": {"new": {"stands_for": ["low"]}}}
    assert understood(changes, BASE) == (changes, [])
    assert understood({"grades": {"low": {"weight": 2}}}, BASE)[1] == []


def test_a_setting_has_no_entries_that_could_be_dropped():
    dropped = {"drop": ["grades.low.weight.much", "grades.low.weight.much.more"]}
    assert [finding.path for finding in understood(dropped, BASE)[1]] == [("drop", 0), ("drop", 1)]


def test_a_setting_of_an_entry_may_be_dropped():
    merged = inherit([BASE, {"drop": ["signals.visit.to_grade"]}])
    assert merged["signals"]["visit"] == {"from_grade": "small"}
    assert BASE["signals"]["visit"] == {"from_grade": "small", "to_grade": "large"}, "what is inherited stays"


def test_a_grade_that_is_still_there_is_not_replaced():
    merged = inherit([BASE, {"grades": {"new": {"stands_for": ["low"]}}}])
    assert merged["signals"]["birthday"]["from_grade"] == "low"


def test_nothing_that_is_inherited_is_changed_in_its_own_place():
    inherit([BASE, {"drop": ["grades.low"], "grades": {"small": {"weight": 7}, "large": {"stands_for": ["low"]}}}])
    assert BASE["grades"]["small"]["weight"] == 2
    assert "low" in BASE["grades"]


def test_what_a_file_cannot_mean_is_told_and_left_out():
    data = {
        "drop": ["grades.none", "nothing"],
        "grades": {"large": {"stands_for": ["none"], "weight": 5}, "small": {"stands_for": "low"}},
        "signals": {"visit": {"kind": "visit"}},
    }
    kept, findings = understood(data, BASE)
    assert [finding.path for finding in findings] == [
        ("drop", 0),
        ("drop", 1),
        ("grades", "large", "stands_for", 0),
        ("grades", "small", "stands_for"),
        ("signals", "visit", "kind"),
    ]
    assert kept == {"grades": {"large": {"weight": 5}, "small": {}}, "signals": {"visit": {}}}


def test_names_that_are_no_list_are_told_once():
    assert [finding.path for finding in understood({"drop": "grades.low"}, BASE)[1]] == [("drop",)]
    assert [finding.path for finding in understood({"drop": ["grades.low", 3]}, BASE)[1]] == [("drop",)]


def test_settings_are_taken_out_wherever_they_stand():
    data = {"a": {"b": 1, "c": [1, {"d": 2}]}, "e": 3}
    assert without(data, [("a", "b"), ("e",), ("x", "y"), ("a", "b", "z")]) == {"a": {"c": [1, {"d": 2}]}}
    assert without(data, [("a", "c", 1, "d")]) == {"a": {"b": 1}, "e": 3}
    assert data == {"a": {"b": 1, "c": [1, {"d": 2}]}, "e": 3}

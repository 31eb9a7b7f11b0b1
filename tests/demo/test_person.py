"""What the demo's customers tell of themselves: their own lives, in words that the archive takes."""

from datetime import date

import pytest

from weihu.demo.bank import BOOK
from weihu.demo.working.person import ANSWERS, Person
from weihu.rules import rulebook
from weihu.rules.catalogue import read
from weihu.sources.synthetic import SyntheticBank

STATE = rulebook.load(BOOK)
TODAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    bank = SyntheticBank(400, 2, 2, TODAY, 7)
    folder = tmp_path_factory.mktemp("people")
    for _ in range(2):
        bank.day(folder)
    return [Person(bank, f"P{place + 1:07d}") for place in range(400)]


@pytest.mark.parametrize("field", ANSWERS)
def test_every_answer_is_one_that_the_archive_takes(people, field):
    answers = [answer for person in people if (answer := person.answer(field))]
    assert answers, field
    for answer in answers:
        assert read(STATE.fields[field], answer)


@pytest.mark.parametrize("field", ANSWERS)
def test_the_same_question_gets_the_same_answer(people, field):
    assert [person.answer(field) for person in people] == [person.answer(field) for person in people]


def test_nobody_is_asked_in_passing_for_what_has_no_answer(people):
    assert people[0].answer("health") is None


def test_children_tell_nothing_of_a_life_they_do_not_lead(people):
    children = [person for person in people if not person.grown]
    assert children
    for field in ("marital_status", "works_since", "children", "household_size", "spending_level", "car", "employer"):
        assert [person.answer(field) for person in children if person.answer(field)] == [], field


def test_answers_of_a_person_fit_together(people):
    for person in people:
        if person.answer("children") in ("one", "two"):
            assert person.answer("child_birth_date"), person.customer_id
        if person.answer("employment") == "retired":
            assert person.answer("industry") == "retired"
            assert person.age >= 50
        if person.answer("marital_status") == "married":
            assert int(person.answer("household_size")) >= 2
            assert person.answer("decides") == "together"
        since = person.answer("works_since")
        assert since is None or int(since) >= person.born.year + 17


def test_archives_hold_many_kinds_of_people(people):
    for field, least in (("occupation", 12), ("industry", 7), ("education", 5), ("home", 3), ("hobbies", 6)):
        assert len({person.answer(field) for person in people}) > least, field

"""A night's graph is checked before its first step runs, and the architecture page shows it."""

import shutil
from pathlib import Path

import ibis
import pytest

from tests import bank
from weihu.engine.duck import DuckEngine
from weihu.engine.lake import Home
from weihu.nightly import steps
from weihu.nightly.graph import Graph, GraphFault, Source, Step
from weihu.rules import rulebook, tables

pytestmark = pytest.mark.sqlite
BRIEF = rulebook.load("brief")
NUMBERS = ibis.schema({"n": "int64"})
SOURCE = Source("numbers", NUMBERS, "noted")


def doubled(numbers):
    return numbers.mutate(n=numbers.n * 2)


def texts(numbers):
    return numbers.mutate(n=numbers.n.cast("string"))


def fault_of(*nodes: Step, sources=(SOURCE,)) -> str:
    with pytest.raises(GraphFault) as caught:
        Graph(sources, nodes).check(DuckEngine.in_memory(), BRIEF)
    return str(caught.value)


@pytest.mark.parametrize("book", rulebook.builtin_books())
def test_the_night_of_every_built_in_book_fits_together(book, tmp_path):
    """What is compiled here is what nights by these books run, in the tests that follow."""
    home = Home(tmp_path / "home")
    home.create()
    shutil.copy(rulebook.BOOKS / f"{book}.toml", home.rulebook)
    loaded = rulebook.load(home.rulebook)
    graph, engine = steps.night(loaded), DuckEngine(None, compiled=home.compiled)
    calendar = graph.schemas["calendar"]
    engine.bind_row("calendar", calendar, dict.fromkeys(calendar))
    graph.check(engine, loaded)
    engine.close()
    bank.keep(home)


def test_an_input_that_nothing_makes_is_refused():
    step = Step("doubles", doubled, NUMBERS, "carry", reads={"numbers": "counts"})
    assert fault_of(step) == "doubles: reads counts, which nothing makes before it"


def test_an_input_that_is_made_later_is_refused():
    first = Step("fours", doubled, NUMBERS, "carry", reads={"numbers": "doubles"})
    assert "fours: reads doubles" in fault_of(first, Step("doubles", doubled, NUMBERS, "carry"))


def test_a_rule_that_makes_other_columns_than_declared_is_refused():
    assert fault_of(Step("doubles", texts, NUMBERS, "carry")) == "doubles: n is string, not int64"
    more = ibis.schema({"n": "int64", "m": "int64"})
    assert fault_of(Step("doubles", doubled, more, "carry")) == "doubles: m is not made"


def test_what_reads_an_unchanged_table_reads_what_it_is_the_same_as():
    """So that a state that many steps read stays in memory, although only one of them names it."""
    nothing = Source("nothing", NUMBERS, "noted")
    carried = Step("carried", doubled, NUMBERS, "carry", same_without="nothing")
    readers = [Step(f"reader_{n}", doubled, NUMBERS, "value", reads={"numbers": "carried"}) for n in range(3)]
    graph = Graph((SOURCE, nothing), (carried, *readers))
    assert graph.readers({"nothing"})["numbers"] == 3
    assert graph.readers(())["numbers"] == 1
    assert graph.readers(())["carried"] == 3


def test_a_table_that_is_made_twice_is_refused():
    step = Step("doubles", doubled, NUMBERS, "carry")
    assert fault_of(step, step) == "doubles: made twice"
    assert fault_of(Step("numbers", doubled, NUMBERS, "carry")) == "numbers: made twice"


def test_a_state_that_no_step_writes_is_refused():
    stored = Source("before", NUMBERS, "stored", "numbers")
    step = Step("doubles", doubled, NUMBERS, "carry")
    assert fault_of(step, sources=(SOURCE, stored)) == "before: no step writes numbers"


def test_every_fault_is_told_at_once():
    step = Step("doubles", texts, NUMBERS, "carry")
    other = Step("fours", doubled, NUMBERS, "carry", reads={"numbers": "counts"}, order=("m",))
    assert len(fault_of(step, other).splitlines()) == 2


def test_merges_are_steps_of_every_night():
    followed = {step.makes for step in steps.night(BRIEF).steps if step.same_without == "merges"}
    assert {"profiles", "accounts", "holdings", "standings_before", "habits_before", "answers_before"} <= followed


def test_every_kind_of_the_book_is_a_step_of_its_own():
    night = steps.night(BRIEF)
    seen = {step.makes for step in night.steps if step.schema == tables.SEEN and step.makes != "seen"}
    assert seen == {f"seen_{kind}" for kind in BRIEF.signals if kind in steps.KINDS} | {"seen_noted"}


def test_the_architecture_page_shows_the_graph():
    page = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()
    block = page.split("<!-- night -->\n```mermaid\n")[1].split("\n```\n<!-- /night -->")[0]
    assert block == steps.night(BRIEF).picture()


READ_BY_THE_NIGHT_ITSELF = {
    # a row for each member of staff, branch and grade, however many customers there are
    *("staff", "staffing", "branches", "calendar", "pool"),
    *(f"{role}_{part}" for role in ("primary", "deputy") for part in ("held", "asked")),
    # the plan's candidates by the numbers that picks go by, and the book's share of customers who are warned of
    *("choices", "leavers"),
}
"""Rows that leave the engine, on a cluster for its driver; docs/scale.md says so."""


@pytest.mark.parametrize("book", rulebook.builtin_books())
def test_nothing_else_of_a_bank_leaves_its_engine(book):
    graph = steps.night(rulebook.load(book))
    assert {table for step in graph.steps if step.solves for table in step.inputs.values()} == READ_BY_THE_NIGHT_ITSELF

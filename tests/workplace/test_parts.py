"""Pages read a night whose tables are folders of parts, as a cluster writes them, like one of single files."""

import pyarrow.parquet as pq
import pytest

from tests.settings import HOME
from weihu.engine.parts import parts_of
from weihu.workplace.act.segments import state as segments
from weihu.workplace.act.segments.definition import Condition, Definition, Group
from weihu.workplace.act.segments.reading import EVERYBODY
from weihu.workplace.judge.grading import whatif

GROWN = Definition("all", (Group("all", (Condition("age", "from", "20"),)),))


@pytest.fixture
def in_parts(run, tmp_path):
    """The published night's folder, every table of it in three parts, the first of which is empty."""
    for file in HOME.run(run.number).glob("*.parquet"):
        table = pq.read_table(file)
        half = table.num_rows // 2
        (tmp_path / file.name).mkdir()
        for place, rows in enumerate((table.slice(0, 0), table.slice(0, half), table.slice(half))):
            pq.write_table(rows, tmp_path / file.name / f"part-{place:05d}.parquet")
    assert len(parts_of(tmp_path / "standings.parquet")) == 3
    return tmp_path


def test_a_segment_has_the_same_members(run, in_parts):
    whole, parts = (
        segments.State(folder, run.rulebook, run.work_date).page(GROWN, EVERYBODY)
        for folder in (HOME.run(run.number), in_parts)
    )
    assert whole
    assert parts == whole


def test_another_book_moves_the_same_customers(run, in_parts):
    whole, parts = (
        whatif.State(folder, run.rulebook, run.month_days).moved(run.rulebook)
        for folder in (HOME.run(run.number), in_parts)
    )
    assert whole
    assert parts == whole

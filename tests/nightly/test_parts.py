"""A night whose tables are folders of parts, as a cluster writes them, is published like one of single files."""

import pyarrow.parquet as pq

from tests import bank
from tests.conftest import PUBLISHED_DAYS
from tests.nightly.published import published
from weihu.engine.duck import DuckEngine
from weihu.engine.parts import parts_of
from weihu.nightly.run import Nightly


def in_parts(write):
    """What an engine writes, each table in a folder of three parts, the first of which is empty."""

    def written(engine, name, path, order_by):
        write(engine, name, path, order_by)
        table = pq.read_table(path)
        path.unlink()
        path.mkdir()
        half = table.num_rows // 2
        for place, rows in enumerate((table.slice(0, 0), table.slice(0, half), table.slice(half))):
            pq.write_table(rows, path / f"part-{place:05d}.parquet")

    return written


def test_parts_are_published_and_the_next_night_goes_on_from_them(own_bank, deliveries, home, monkeypatch):
    nights = deliveries[PUBLISHED_DAYS : PUBLISHED_DAYS + 2]
    rows = []
    for together in (True, False):
        if not together:
            bank.restore()
            monkeypatch.setattr(DuckEngine, "write", in_parts(DuckEngine.write))
        with Nightly(home, threads=1) as nightly:
            runs = [nightly.run(delivery) for delivery in nights]
        rows.append(published())
    assert len(parts_of(home.run(runs[0].number) / "standings.parquet")) == 3
    home.checksums.verify(home.run(runs[1].number))
    assert rows[1] == rows[0]
    assert all(rows[0].values())

"""Near the next grade means the same to the night, to the pages and to who reads the book."""

from decimal import Decimal

import ibis
import pyarrow as pa

from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook
from weihu.rules.near import near_of

BOOK = rulebook.changed(
    rulebook.load("brief"), {"near_share": "0.05", "grades": {"valued": {"minimum_in": {"B012": "400000.01"}}}}
)
SCHEMA = ibis.schema({"rank": "int64", "branch_id": "string"})


def test_near_is_the_books_share_under_the_threshold():
    assert BOOK.near_from(3, "B001") == Decimal("190000.00")
    assert BOOK.near_from(4, "B012") == Decimal("380000.01")
    assert BOOK.near_from(0, "B001") is None


def test_the_night_and_the_book_agree_on_every_grade_and_branch():
    rows = [{"rank": rank, "branch_id": branch} for rank in range(-1, 7) for branch in ("B001", "B012")]
    engine = DuckEngine.in_memory()
    table = engine.bind_arrow("ranks", SCHEMA, pa.Table.from_pylist(rows, schema=SCHEMA.to_pyarrow()))
    engine.derive("near", lambda ranks: ranks.mutate(near=near_of(ranks.rank, ranks.branch_id, BOOK)), table)
    answers = engine.read("near").to_pylist()
    assert [row["near"] for row in answers] == [BOOK.near_from(row["rank"], row["branch_id"]) for row in answers]

"""Tables and rules that the tests of engines share."""

import ibis
import pyarrow as pa

from weihu.engine.duck import DuckEngine

NUMBERS = ibis.schema({"n": "int64", "text": "string"})


def rows(*values):
    return pa.Table.from_pylist([{"n": n, "text": str(n)} for n in values], schema=NUMBERS.to_pyarrow())


def larger(numbers, least):
    return numbers.filter(numbers.n >= least)


def of_the_book(numbers, book):
    return numbers.filter(numbers.n < len(book.grades))


def both(spark, rule, *tables):
    """What a rule makes of tables by either engine, sorted by its first column."""
    made = []
    duck = DuckEngine.in_memory()
    for engine in (duck, spark):
        inputs = [engine.bind_arrow(f"given_{place}", schema, rows) for place, (schema, rows) in enumerate(tables)]
        engine.derive("made", rule, *inputs)
        rows = engine.read("made")
        made.append(rows.sort_by([(name, "ascending") for name in rows.column_names]))
    duck.close()
    return made

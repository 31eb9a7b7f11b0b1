"""Tables and rules that the tests of engines share."""

import ibis
import pyarrow as pa

NUMBERS = ibis.schema({"n": "int64", "text": "string"})


def rows(*values):
    return pa.Table.from_pylist([{"n": n, "text": str(n)} for n in values], schema=NUMBERS.to_pyarrow())


def larger(numbers, least):
    return numbers.filter(numbers.n >= least)


def of_the_book(numbers, book):
    return numbers.filter(numbers.n < len(book.grades))

"""What the archive has and lacks of a customer (brief, M1, M2, M13). Tables in, tables out."""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, StringValue, Table

from weihu.rules.rulebook import RuleBook


def completeness(graded: Table, profiles: Table, facts_known: Table, book: RuleBook) -> Table:
    """How many facts the customer's grade expects and how many of them are known or were refused.

    ``graded`` has customer_id and grade_rank; ``facts_known`` as tables.FACTS_KNOWN. Columns: customer_id,
    facts_expected, facts_known.
    """
    table = with_archive(graded.select("customer_id", "grade_rank"), profiles, facts_known)
    expected = ibis.cases(*((table.grade_rank == rank, len(book.expected(rank))) for rank in range(len(book.grades))))
    lacking = ibis.literal(0)
    for key in book.expected(len(book.grades) - 1):
        lacking = lacking + ibis.ifelse(lacks(table, key, book), 1, 0)
    return table.select(
        "customer_id", facts_expected=expected.cast("int64"), facts_known=(expected - lacking).cast("int64")
    )


def with_archive(customers: Table, profiles: Table, facts: Table) -> Table:
    """Customers with the columns that ``lacks`` looks at."""
    joined = customers.join(profiles.select("customer_id", "missing"), "customer_id")
    joined = joined.left_join(facts, "customer_id").drop("customer_id_right")
    return joined.mutate(known=ibis.coalesce(joined.known, ""))


def lacks(table: Table, key: str, book: RuleBook) -> BooleanValue:
    """Whether the grade expects the field, the core system does not have it, and nobody has told it or refused."""
    field = book.fields[key]
    recorded = table.known.contains(f",{key},")
    delivered = ~table.missing.contains(f"{key},") if field.core else ibis.literal(False)
    return (table.grade_rank >= book.rank(str(field.from_grade))) & ~(recorded | delivered)


def to_ask(table: Table, book: RuleBook) -> StringValue:
    """The keys of the first fields that are lacking, as many as are asked at once, with commas between."""
    named = ibis.literal("")
    for key in book.expected(len(book.grades) - 1):
        named = named + ibis.ifelse(lacks(table, key, book), f",{key}", "")
    return named.split(",")[1 : book.ask_at_once + 1].join(",")

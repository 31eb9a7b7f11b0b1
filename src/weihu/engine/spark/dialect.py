"""Rules in Spark's SQL: Ibis' own translation, with the same answers as DuckDB's where the two differ."""

from __future__ import annotations

from typing import Any

import ibis
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.expr import datatypes, operations
from ibis.expr.types import Table

from weihu.engine.texts import Text, with_parameters

# its options are there from its first use on
ibis.pyspark  # noqa: B018

PARAMETER = "weihu_parameter"


class Compiler(PySparkCompiler):  # type: ignore[misc]  # Ibis has no types
    """Ibis' compiler, and what it lacks or says otherwise than DuckDB."""

    __slots__ = ()

    def visit_ScalarUDF(self, op: Any, **arguments: Any) -> Any:  # noqa: N802 - Ibis' name
        """A parameter of the statement, in its own type."""
        if op.__func_name__ != PARAMETER:
            return super().visit_ScalarUDF(op, **arguments)
        return self.cast(sge.Placeholder(this=argument(op.args[0].value)), op.dtype)

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:  # noqa: N802
        """An amount as a whole number is rounded, not cut off."""
        kind = op.arg.dtype
        if to.is_integer() and kind.is_decimal() and kind.scale != 0:
            arg = self.f.round(arg, 0)
        elif to.is_integer() and kind.is_floating():
            arg = self.f.rint(arg)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_GroupConcat(self, op: Any, *, arg: Any, sep: Any, where: Any, order_by: Any) -> Any:  # noqa: N802
        """Texts in their own order; Ibis knows none for Spark."""
        if not order_by:
            return super().visit_GroupConcat(op, arg=arg, sep=sep, where=where, order_by=order_by)
        if [(key.arg, key.ascending) for key in op.order_by] != [(op.arg, True)]:
            raise NotImplementedError("texts in another order than their own")
        chosen = arg if where is None else self.if_(where, arg, sge.Null())
        texts = self.f.sort_array(self.f.collect_list(chosen))
        return self.if_(self.f.size(texts).eq(0), sge.Null(), self.f.array_join(texts, sep))

    def visit_Greatest(self, op: Any, *, arg: Any) -> Any:  # noqa: N802
        """The largest of one value is that value."""
        return self.f.greatest(*arg) if len(arg) > 1 else arg[0]

    def visit_Least(self, op: Any, *, arg: Any) -> Any:  # noqa: N802
        """The smallest of one value is that value."""
        return self.f.least(*arg) if len(arg) > 1 else arg[0]

    def visit_ArrayStringJoin(self, op: Any, *, arg: Any, sep: Any) -> Any:  # noqa: N802
        """No texts joined are an empty text."""
        return self.f.array_join(arg, sep)

    def visit_ArraySlice(self, op: Any, *, arg: Any, start: Any, stop: Any) -> Any:  # noqa: N802
        """A slice from the front, without repeating the list for each thing that Ibis asks of it."""
        bounds = [bound.value for bound in (op.start, op.stop) if isinstance(bound, operations.Literal)]
        if len(bounds) < 2 or min(bounds) < 0:
            return super().visit_ArraySlice(op, arg=arg, start=start, stop=stop)
        return self.f.slice(arg, bounds[0] + 1, max(0, bounds[1] - bounds[0]))


def compiled(expression: Table, parameters: set[str]) -> Text:
    """The statement that asks for an expression's rows, in exactly its schema's types; the schema."""
    schema = expression.schema()
    compiler = Compiler()
    rows = compiler.to_sqlglot(with_parameters(expression, parameters, _parameter))
    columns = [
        compiler.cast(sge.column(name, quoted=True), kind).as_(name, quoted=True) for name, kind in schema.items()
    ]
    statement = sge.select(*columns).from_(rows.subquery("made"))
    return statement.sql(dialect=compiler.dialect), schema


def argument(name: str) -> str:
    """The name of a parameter ``table.column`` within a statement."""
    return name.replace(".", "__")


def _parameter(kind: datatypes.DataType, name: str) -> operations.Node:
    reader = ibis.udf.scalar.builtin(_reads, name=PARAMETER, signature=((datatypes.string,), kind))
    node: operations.Node = reader(name).op()
    return node


def _reads(name: str) -> None:
    """The shape of a parameter for Ibis, which never calls it."""

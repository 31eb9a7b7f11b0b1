"""Coverage without a tracer: the code is compiled with a probe before each statement and in each branch.

    python -m tools.probes prepare      compile the code, with no probe reached yet
    PYTHONPATH=tools/probed COMMAND     each process of it notes the probes that it reaches
    python -m tools.probes combine      what was reached, as coverage's data for its reports

Where Python has no sys.monitoring, a tracer slows each line of every library, and libraries are where most of the time
passes; a probe costs one stored byte, in our code only. The processes share the bytes, so what a killed one had reached
counts too. What a statement, a branch or excluded is, and every figure, stays coverage's: `[tool.coverage]` says.
"""

from __future__ import annotations

import ast
import json
import marshal
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any, NamedTuple

from coverage import Coverage
from coverage.python import PythonFileReporter

from tools.probed.sitecustomize import FOLDER, NAME, REACHED, ROOT, kept

CODE = ROOT / "src" / "weihu"
TABLE = FOLDER / "table.json"
BEFORE = -1
"""Where an arc begins that says only that its line ran."""


class Way(NamedTuple):
    """From a line into the body between two lines, or past it."""

    line: int
    first: int
    last: int
    into: bool


class Probe(NamedTuple):
    """What reaching it says of a file: lines that ran, ways that were taken."""

    file: str
    lines: list[int]
    ways: list[Way]


def probed(file: str, source: str, probes: list[Probe]) -> ast.Module:
    """A file's tree with probes, which are added to those that there are."""

    def statement(lines: list[int], ways: list[Way] | None = None, at: int = 1) -> ast.stmt:
        probes.append(Probe(file, lines, ways or []))
        return _at(ast.parse(f"{NAME}[{len(probes) - 1}] = 1").body[0], at)

    def body_of(body: list[ast.stmt]) -> Iterator[ast.stmt]:
        waiting: list[int] = []
        for place, inner in enumerate(body):
            waiting += _lines(inner)
            if not (place == 0 and _is_text(inner)) and not _is_future(inner):  # these have to stay first
                yield statement(waiting, at=inner.lineno)
                waiting = []
            yield inner
        if waiting:
            yield statement(waiting)

    def put(node: ast.AST) -> None:
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.stmt | ast.ExceptHandler | ast.match_case):
                put(inner)
        for name in ("body", "orelse", "finalbody"):
            if getattr(node, name, None):
                setattr(node, name, list(body_of(getattr(node, name))))
        if isinstance(node, ast.If | ast.While | ast.For | ast.AsyncFor):
            into, past = (Way(node.lineno, *_span(node.body), way) for way in (True, False))
            node.body.insert(0, statement([], [into], node.lineno))
            node.orelse.insert(0, statement([], [past], node.lineno))
        elif isinstance(node, ast.Match):
            put_cases(node)
        elif isinstance(node, ast.ExceptHandler) and node.type:
            probes.append(Probe(file, [node.lineno], []))
            noted = ast.parse(f"{NAME}.__setitem__({len(probes) - 1}, 1)", mode="eval").body
            node.type = ast.copy_location(ast.BoolOp(ast.Or(), [_at(noted, node.lineno), node.type]), node.type)

    def put_cases(node: ast.Match) -> None:
        lines: list[int] = []
        past: list[Way] = []
        for case in node.cases:
            line, *_ = lines = [case.pattern.lineno, *lines]
            into, other = (Way(line, *_span(case.body), way) for way in (True, False))
            case.body.insert(0, statement(lines, [into, *past], line))
            past = [other, *past]
        last = node.cases[-1]
        if last.guard or not (isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None):
            node.cases.append(ast.match_case(ast.MatchAs(), None, [statement(lines, past, node.lineno)]))

    tree = ast.parse(source, file)
    put(tree)
    return ast.fix_missing_locations(tree)


def prepare(coverage: Coverage) -> None:
    """The code with probes, and a byte for each."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    probes: list[Probe] = []
    for file in sorted(CODE.rglob("*.py")):
        if not any(fnmatch(str(file), pattern) for pattern in coverage.get_option("run:omit")):
            kept(file).parent.mkdir(parents=True, exist_ok=True)
            kept(file).write_bytes(marshal.dumps(compile(probed(str(file), file.read_text(), probes), file, "exec")))
    TABLE.write_text(json.dumps(probes))
    REACHED.write_bytes(bytes(len(probes)))


def combine(coverage: Coverage) -> None:
    """Coverage's data of this run alone."""
    coverage.erase()
    note(coverage, [Probe(*probe) for probe in json.loads(TABLE.read_text())], REACHED.read_bytes())
    coverage.save()


def note(coverage: Coverage, probes: list[Probe], reached: bytes) -> None:
    """Tells coverage of each file what ran of it, of a file that nobody imported too."""
    arcs: dict[str, set[tuple[int, int]]] = {}
    possible: dict[str, dict[int, set[int]]] = {}
    for probe, was_reached in zip(probes, reached, strict=True):
        if probe.file not in arcs:
            arcs[probe.file], possible[probe.file] = set(), defaultdict(set)
            for start, end in PythonFileReporter(probe.file, coverage).arcs():
                possible[probe.file][start].add(end)
        if was_reached:
            arcs[probe.file].update(_arcs(probe, possible[probe.file]))
    coverage.get_data().add_arcs(arcs)
    coverage.get_data().touch_files(arcs)


def _arcs(probe: Probe, possible: dict[int, set[int]]) -> Iterator[tuple[int, int]]:
    yield from ((BEFORE, line) for line in probe.lines)
    for line, first, last, into in probe.ways:
        yield from ((line, end) for end in possible[line] if (first <= end <= last) is into)


def _lines(node: ast.stmt) -> list[int]:
    return [*(decorator.lineno for decorator in getattr(node, "decorator_list", ())), node.lineno]


def _span(body: list[ast.stmt]) -> tuple[int, int]:
    return min(line for inner in body for line in _lines(inner)), body[-1].end_lineno or body[-1].lineno


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _at(node: Any, line: int) -> Any:
    """Where a traceback would find it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.stmt | ast.expr):
            inner.lineno = inner.end_lineno = line
            inner.col_offset = inner.end_col_offset = 0
    return node


if __name__ == "__main__":
    {"prepare": prepare, "combine": combine}[sys.argv[1]](Coverage())

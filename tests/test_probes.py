"""What probes tell coverage of a file equals what coverage's own tracer saw."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage

from tools import probes
from tools.probed import sitecustomize

EVERYTHING = '''"""A module with every statement that can begin something."""

from __future__ import annotations

import contextlib


@contextlib.contextmanager
def around():
    """A docstring stays one."""
    yield


@contextlib.contextmanager
@contextlib.contextmanager
def never_called():
    yield from ()


class Thing:
    """Told."""

    size: int = 3

    @property
    def wide(self):
        return (
            self.size
            > 2
        )


def ways(number):
    global counted
    counted = number
    if number > 5:
        result = "many"
    elif (
        number > 2
        and number < 5
    ):
        result = "some"
    else:
        result = "few"
    for step in range(number):
        if step == 3:
            break
        if step == 1:
            continue
        result += "."
    else:
        result += "!"
    while number:
        number -= 1
        if number == 2:
            return result
    with around(), around():
        if result == "few":
            result += "?"
    while True:
        break
    return result


def tried(number):
    try:
        if number == 0:
            return 1 / number
        if number == 1:
            raise KeyError(number)
        if number == 2:
            raise ValueError(number)
    except ZeroDivisionError:
        return "zero"
    except (KeyError, IndexError) as error:
        found = str(error)
    except OSError:
        return "never"
    else:
        found = "nothing"
    finally:
        if number > 3:
            print(end="")
    return found


def matched(thing):
    match thing:
        case 1 | 2:
            return "small"
        case [first, *_] if first:
            result = first
        case {"name": name}:
            result = name
        case str():
            result = "text"
    if not thing:
        result = "nothing"
    return result


def last(thing):
    match thing:
        case int():
            pass
        case _:
            return [
                inner
                for inner in thing
                if inner
            ]


async def later(things):
    async with things:
        async for thing in things:
            print(thing)


assert Thing().wide
'''
CALLS = {
    "nothing": "",
    "some": "ways(0); tried(1); matched([7]); last('ab')",
    "most": "[ways(n) for n in (0, 1, 3, 4, 9)]; [tried(n) for n in (0, 1, 4)]; [matched(t) for t in (1, [2], 'a')]",
    "raised": "tried(1)\ntry: tried(2)\nexcept ValueError: last(3); matched({'name': 1})",
}


def reported(coverage: Coverage, file: Path, to: Path) -> dict:
    coverage.json_report(morfs=[str(file)], outfile=str(to))
    (entry,) = json.loads(to.read_text())["files"].values()
    return {name: entry[name] for name in ("summary", "executed_lines", "missing_lines")} | {
        name: sorted(entry[name]) for name in ("executed_branches", "missing_branches")
    }


def coverage_of(file: Path) -> Coverage:
    return Coverage(data_file=None, branch=True, config_file=False, include=[str(file)])


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_every_line_and_branch_is_told_as_coverage_would_trace_it(tmp_path, calls):
    file = tmp_path / "everything.py"
    file.write_text(EVERYTHING)
    traced = coverage_of(file)
    traced.start()
    exec(compile(EVERYTHING, file, "exec"), namespace := {"__name__": "everything"})
    exec(calls, namespace)
    traced.stop()

    put: list[probes.Probe] = []
    code = compile(probes.probed(str(file), EVERYTHING, put), file, "exec")
    reached = bytearray(len(put))
    exec(code, namespace := {"__name__": "everything", sitecustomize.NAME: reached})
    exec(calls, namespace)
    told = coverage_of(file)
    probes.note(told, put, bytes(reached))

    expected = reported(traced, file, tmp_path / "traced.json")
    assert reported(told, file, tmp_path / "told.json") == expected
    assert expected["executed_branches"] or not calls
    assert namespace["around"].__doc__ == "A docstring stays one."


def test_what_a_killed_process_reached_counts_and_what_nobody_imported_is_not_covered(tmp_path):
    shutil.copytree(Path(probes.__file__).parent, tmp_path / "tools")
    (tmp_path / "pyproject.toml").write_text('[tool.coverage.run]\nbranch = true\nomit = ["*/migrations/*"]\n')
    code = tmp_path / "src" / "weihu"
    (code / "migrations").mkdir(parents=True)
    (code / "__init__.py").write_text("")
    (code / "migrations" / "first.py").write_text("left = 'out'\n")
    (code / "killed.py").write_text("import os\n\nif os.getpid():\n    os.kill(os.getpid(), 9)\nprint('never')\n")
    (code / "alone.py").write_text("print('never')\n")

    def call(*arguments: str) -> int:
        environment = {**os.environ, "PYTHONPATH": f"{tmp_path}/tools/probed:{tmp_path}/src"}
        return subprocess.run([sys.executable, "-m", *arguments], cwd=tmp_path, env=environment, check=False).returncode

    assert call("tools.probes", "prepare") == 0
    assert call("weihu.killed") == -9
    assert call("tools.probes", "combine") == 0
    assert call("coverage", "json", "-q") == 0
    files = json.loads((tmp_path / "coverage.json").read_text())["files"]
    missing = {file: (entry["missing_lines"], entry["missing_branches"]) for file, entry in files.items()}
    assert missing == {
        "src/weihu/alone.py": ([1], []),
        "src/weihu/killed.py": ([5], [[3, 5]]),
    }

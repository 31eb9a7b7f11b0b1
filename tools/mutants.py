"""Change the rules one place at a time and see whether a test notices: the mutation score, and the changes that none did.

    python tools/mutants.py [MODULE...] [--sample N] [--seed N] [--workers N]

MODULE is one of src/weihu/rules, e.g. ``grade`` or ``kinds/money``; without any, it is all of them. N mutants are drawn
of all that these modules have, the same ones for the same seed. Works in a copy of the tracked files, removed afterwards.
Exits 0 whatever the score: it is read by people.

mutmut makes the mutants, all of a module in one file, and switches between them by a name. It would begin a process for
each: loading the program takes longer than most tests. So each worker here loads program and tests once, and tries mutant
after mutant until a test fails: first with the tests that mirror the module, then with the fast tests of those other
files of tests/rules that call the changed function. Tests of a file share what is dear to make (a night, what a rule
compiles to), so calls are noted by file.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import faulthandler
import functools
import itertools
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import get_mutant_name
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).parents[1]
SOURCE = Path("src")
RULES = SOURCE / "weihu" / "rules"
TESTS = "tests/rules"
UNCHANGED = "stats"
"""mutmut's name for no mutant: functions note that they are called."""
MISSED = {"unnoticed", "uncalled"}
PATIENCE = 60.0
"""Seconds that tests may take besides ten times what they took unchanged."""


@dataclass(frozen=True)
class Mutant:
    """A function changed in one place, by the name that mutmut switches by."""

    name: str
    module: str
    before: Sequence[str]
    after: Sequence[str]

    @property
    def function(self) -> str:
        """The changed function, by the name under which it notes its calls."""
        return self.name.partition("__mutmut_")[0]

    @property
    def mirror(self) -> str:
        """The tests that mirror the module."""
        module = Path(self.module)
        return f"{TESTS}/{module.parent / f'test_{module.name}.py'}"

    def change(self) -> str:
        """What was changed, as a diff."""
        path = str(RULES / f"{self.module}.py")
        return "\n".join(difflib.unified_diff(self.before, self.after, path, path, lineterm="", n=2))


@dataclass(frozen=True)
class Trial:
    """Tests to run with a mutant in place."""

    name: str
    tests: Sequence[str]
    limit: float


@dataclass
class Outcome:
    """What running tests told: the first that failed, which functions they called, and how long they took."""

    failed: str = ""
    report: str = ""
    functions: set[str] = field(default_factory=set)
    seconds: float = 0.0


def copy_of_the_tree(folder: Path) -> None:
    """The files under version control as they stand, changes included."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def mutants_of(copy: Path, module: str) -> list[Mutant]:
    """Writes all mutants of a module into its file in the copy."""
    path = RULES / f"{module}.py"
    mutated = mutate_file_contents(str(path), (copy / path).read_text())
    (copy / path).write_text(mutated.code)
    lines = mutated.code.splitlines()

    def source(function: str) -> list[str]:
        span = mutated.line_span_by_function_name[function]
        return [line.replace(function, function.partition("__mutmut_")[0]) for line in lines[span.start - 1 : span.end]]

    originals = {
        function.partition("__mutmut_")[0]: source(function)
        for function in mutated.line_span_by_function_name
        if function.endswith("__mutmut_orig")
    }
    return [
        Mutant(get_mutant_name(path, name), module, originals[name.partition("__mutmut_")[0]], source(name))
        for name in mutated.mutant_names
    ]


def work(copy: str, connection: Connection) -> None:
    """A worker's process: the tests of the copy, collected once."""
    os.environ |= {"PYTHONPATH": f"{copy}/{SOURCE}", "TMPDIR": f"{copy}/tmp"}
    sys.path[:0] = [f"{copy}/{SOURCE}", copy]
    tempfile.tempdir = None
    os.chdir(copy)
    set_mutant_under_test(UNCHANGED)
    # what tests print would run into the progress bar
    with Path(f"{copy}/tmp/{os.getpid()}.log").open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        arguments = ["-q", "-m", "not long", "-p", "no:cacheprovider", "-p", "no:faulthandler", TESTS]
        pytest.main(arguments, plugins=[Worker(connection)])


class Worker:
    """A pytest plugin that runs collected tests as it is told to, again and again."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def pytest_configure(self) -> None:
        """The same examples for every mutant, and none sought that is simpler than the one that failed."""
        quick = {"phases": [Phase.explicit, Phase.generate], "report_multiple_bugs": False, "deadline": None}
        settings.register_profile(
            "mutants", derandomize=True, database=None, suppress_health_check=list(HealthCheck), **quick
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Trials until there is none left, instead of each test once."""
        items = {item.nodeid: item for item in session.items}
        self.connection.send(list(items))
        while trial := self.connection.recv():
            faulthandler.dump_traceback_later(trial.limit, exit=True)
            outcome = self._outcome(trial.name, [items[name] for name in trial.tests])
            faulthandler.cancel_dump_traceback_later()
            self.connection.send(outcome)
        return True

    def _outcome(self, name: str, items: Sequence[pytest.Item]) -> Outcome:
        from _pytest.runner import runtestprotocol  # noqa: PLC0415

        _forget_results()
        state()._stats.clear()
        set_mutant_under_test(name)
        began = time.monotonic()
        outcome = Outcome()
        for item, following in itertools.zip_longest(items, items[1:]):
            reports = runtestprotocol(item, log=False, nextitem=following)
            if failed := [report for report in reports if report.failed]:
                outcome.failed, outcome.report = item.nodeid, failed[0].longreprtext
                break
        # with no item to follow all fixtures are torn down, so that the next trial makes its own
        with contextlib.suppress(Exception):
            items[0].session._setupstate.teardown_exact(None)
        outcome.seconds = time.monotonic() - began
        outcome.functions = set(state()._stats)
        return outcome


def _forget_results() -> None:
    """What functions have kept of an earlier trial."""
    from weihu.engine.duck import DuckEngine  # noqa: PLC0415

    DuckEngine._memory.clear()
    for name in [name for name in sys.modules if name.startswith(("weihu.", "tests.rules."))]:
        for value in vars(sys.modules[name]).values():
            if isinstance(value, functools._lru_cache_wrapper):
                value.cache_clear()


class Workers:
    """Processes that try mutants; one that a mutant ended or that took too long is replaced."""

    def __init__(self, copy: Path, number: int) -> None:
        self._copy = copy
        self._context = multiprocessing.get_context("spawn")
        self._idle = [self._start() for _ in range(number)]
        self.tests: list[str] = []
        for worker in self._idle:
            self.tests = self._hello(worker)

    def _start(self) -> Connection:
        ours, theirs = self._context.Pipe()
        self._context.Process(target=work, args=(str(self._copy), theirs), daemon=True).start()
        theirs.close()
        return ours

    def _hello(self, worker: Connection) -> list[str]:
        with contextlib.suppress(EOFError):
            return list(worker.recv())
        logs = (self._copy / "tmp").glob("*.log")
        sys.exit(f"{TESTS} cannot be collected:\n{''.join(log.read_text()[-4000:] for log in logs)}")

    def outcomes(self, trials: Sequence[Trial]) -> Iterator[tuple[Trial, Outcome | None]]:
        """Each trial with its outcome, as they end; None where the process did not survive it or took too long."""
        waiting = deque(trials)
        busy: dict[Connection, Trial] = {}
        while waiting or busy:
            while waiting and self._idle:
                worker = self._idle.pop()
                busy[worker] = waiting.popleft()
                worker.send(busy[worker])
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                trial, worker = busy.pop(ready), ready
                try:
                    outcome = worker.recv()
                except EOFError:
                    outcome, worker = None, self._start()
                    self._hello(worker)
                self._idle.append(worker)
                yield trial, outcome

    def end(self) -> None:
        """Let them finish."""
        for worker in self._idle:
            worker.send(None)
        for process in multiprocessing.active_children():
            process.join()


@dataclass(frozen=True)
class TestFile:
    """A file's tests, how long they take unchanged, in seconds, and the functions that they call."""

    name: str
    tests: tuple[str, ...]
    seconds: float
    functions: frozenset[str]


def unchanged(workers: Workers, names: Sequence[str], progress: Callable[..., Iterator]) -> Iterator[TestFile]:
    """Files of tests as they run with nothing changed. All of them must pass."""
    trials = [Trial(UNCHANGED, tuple(test for test in workers.tests if file_of(test) == name), 900) for name in names]
    for trial, outcome in progress(workers.outcomes(trials), total=len(trials), description="Nothing changed"):
        if outcome is None or outcome.failed:
            sys.exit(f"{trial.tests} fail without any change:\n{outcome.report if outcome else 'took too long'}")
        yield TestFile(file_of(trial.tests[0]), trial.tests, outcome.seconds, frozenset(outcome.functions))


def tried(
    workers: Workers,
    mutants: Sequence[Mutant],
    files: Sequence[TestFile],
    by_mirror: bool,
    progress: Callable[..., Iterator],
) -> Iterator[tuple[str, str]]:
    """What became of each mutant that any of the files calls, of those that mirror its module or of the others; the
    quickest file is asked first."""
    trials = []
    for mutant in mutants:
        calling = [file for file in files if (file.name == mutant.mirror) == by_mirror]
        calling = sorted((file for file in calling if mutant.function in file.functions), key=lambda file: file.seconds)
        tests = [test for file in calling for test in file.tests]
        limit = PATIENCE + 10 * sum(file.seconds for file in calling)
        trials += [Trial(mutant.name, tests, limit)] if tests else []
    for trial, outcome in progress(workers.outcomes(trials), total=len(trials), description="Rules changed"):
        yield trial.name, "ended" if outcome is None else "noticed" if outcome.failed else "unnoticed"


def file_of(test: str) -> str:
    """The file of a test, by the test's name."""
    return test.partition("::")[0]


def results_of(workers: Workers, mutants: Sequence[Mutant], progress: Callable[..., Iterator]) -> dict[str, str]:
    """What became of each mutant: first by the tests that mirror its module, then, if need be, by all others."""
    results = {mutant.name: "uncalled" for mutant in mutants}
    files = list(dict.fromkeys(map(file_of, workers.tests)))
    mirrors = [name for name in files if name in {mutant.mirror for mutant in mutants}]
    known = list(unchanged(workers, mirrors, progress))
    results |= tried(workers, mutants, known, True, progress)
    left = [mutant for mutant in mutants if results[mutant.name] in MISSED]
    if left:
        others = [name for name in files if name not in mirrors]
        known += unchanged(workers, others, progress)
        results |= tried(workers, left, known, False, progress)
    return results


def table(mutants: Sequence[Mutant], results: dict[str, str], made: Counter[str]) -> Iterator[str]:
    """How many were noticed, by module and together."""
    by_module = itertools.groupby(mutants, key=lambda mutant: mutant.module)
    groups = [(module, [results[mutant.name] for mutant in group]) for module, group in by_module]
    groups.append(("together", list(results.values())))
    yield f"{'module':24}{'mutants':>8}{'tried':>7}{'noticed':>9}{'score':>7}  of them unnoticed, uncalled by tests, ended"
    for module, outcomes in groups:
        counts = Counter(outcomes)
        noticed = counts["noticed"] + counts["ended"]
        number = made[module] if module in made else made.total()
        yield (
            f"{module:24}{number:>8,}{len(outcomes):>7,}{noticed:>9,}{100 * noticed / len(outcomes):>5.0f} %"
            f"  {counts['unnoticed']}, {counts['uncalled']}, {counts['ended']}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    every = sorted(str(path.relative_to(ROOT / RULES).with_suffix("")) for path in (ROOT / RULES).rglob("*.py"))
    if unknown := set(asked.modules) - set(every):
        sys.exit(f"no such module in {RULES}: {', '.join(sorted(unknown))}")
    console = Console(stderr=True)
    progress = functools.partial(track, console=console)
    with tempfile.TemporaryDirectory(prefix="weihu-mutants-") as folder:
        copy = Path(folder)
        copy_of_the_tree(copy)
        (copy / "tmp").mkdir()
        modules = sorted(asked.modules) or every
        with multiprocessing.get_context("spawn").Pool(asked.workers) as pool:
            by_module = pool.imap(functools.partial(mutants_of, copy), modules)
            made = list(itertools.chain(*progress(by_module, total=len(modules), description="Mutants")))
        places = sorted(random.Random(asked.seed).sample(range(len(made)), min(asked.sample, len(made))))
        drawn = [made[place] for place in places]
        workers = Workers(copy, asked.workers)
        results = results_of(workers, drawn, progress)
        workers.end()
    for mutant in drawn:
        if results[mutant.name] in MISSED:
            print(f"{results[mutant.name]}: {mutant.name}\n{mutant.change()}\n")
    if drawn:
        print("\n".join(table(drawn, results, Counter(mutant.module for mutant in made))))


if __name__ == "__main__":
    main()

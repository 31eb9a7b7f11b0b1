"""Change the rules one place at a time and see whether a test notices: the mutation score, and the changes that none did.

    python tools/mutants.py [MODULE...] [--sample N] [--seed N] [--workers N]

MODULE is one of src/weihu/rules, e.g. ``grade`` or ``kinds/money``; without any, it is all of them. N mutants are drawn
of all that these modules have, the same ones for the same seed. Works in a copy of the tracked files, removed afterwards.
Exits 0 whatever the score: it is read by people.

mutmut makes the mutants, all of a module in one file, and switches between them by a name. It would begin a process for
each: loading the program takes longer than most tests. So each worker here loads program and tests once, and tries mutant
after mutant with the fast tests of those files of tests/rules that call the changed function, until one fails. Tests of
a file share what is dear to make (a night, what a rule compiles to), so calls are noted by file.
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
from collections import Counter, defaultdict, deque
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
        head = lines[span.start - 1].replace(function, function.partition("__mutmut_")[0])
        return [head, *lines[span.start : span.end]]

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
    """A file's tests, and how long they take unchanged, in seconds."""

    name: str
    tests: tuple[str, ...]
    seconds: float


def callers(workers: Workers, progress: Callable[..., Iterator]) -> dict[str, list[TestFile]]:
    """The files whose tests call each function. All of them must pass."""
    files = itertools.groupby(workers.tests, key=lambda test: test.partition("::")[0])
    trials = [Trial(UNCHANGED, tuple(tests), 900) for _, tests in files]
    found = defaultdict(list)
    for trial, outcome in progress(workers.outcomes(trials), total=len(trials), description="Tests, nothing changed"):
        if outcome is None or outcome.failed:
            sys.exit(f"{trial.tests} fail without any change:\n{outcome.report if outcome else 'took too long'}")
        for function in outcome.functions:
            found[function].append(TestFile(trial.tests[0].partition("::")[0], trial.tests, outcome.seconds))
    return found


def trial_of(mutant: Mutant, files: Sequence[TestFile]) -> Trial:
    """First the tests that mirror the module, then others, the quickest first."""
    module = Path(mutant.module)
    mirror = f"{TESTS}/{module.parent / f'test_{module.name}.py'}"
    ordered = sorted(files, key=lambda file: (file.name != mirror, file.seconds))
    tests = [test for file in ordered for test in file.tests]
    return Trial(mutant.name, tests, PATIENCE + 10 * sum(file.seconds for file in ordered))


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
        workers = Workers(copy, asked.workers)
        tests = callers(workers, progress)
        order = {mutant: place for place, mutant in enumerate(made)}
        drawn = sorted(random.Random(asked.seed).sample(made, min(asked.sample, len(made))), key=order.__getitem__)
        by_name = {mutant.name: mutant for mutant in drawn}
        results = dict.fromkeys(by_name, "uncalled")
        for mutant in drawn:
            if mutant.function not in tests:
                print(f"called by no test: {mutant.change()}\n", flush=True)
        trials = [trial_of(mutant, tests[mutant.function]) for mutant in drawn if mutant.function in tests]
        for trial, outcome in progress(workers.outcomes(trials), total=len(trials), description="Rules changed"):
            results[trial.name] = "ended" if outcome is None else "noticed" if outcome.failed else "unnoticed"
            if results[trial.name] == "unnoticed":
                print(f"unnoticed: {by_name[trial.name].change()}\n", flush=True)
        workers.end()
    if drawn:
        print("\n".join(table(drawn, results, Counter(mutant.module for mutant in made))))


if __name__ == "__main__":
    main()

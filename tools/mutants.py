"""Change the rules one place at a time and see whether a test notices: the mutation score, and the changes that none did.

    python tools/mutants.py MODULE... [--at-most N] [--seed N]

MODULE is one of src/weihu/rules, e.g. ``grade`` or ``kinds/money``. Of each module at most N mutants are drawn, the
same ones for the same seed. mutmut works in a copy of the tracked files, which is removed afterwards; only the fast
tests of tests/rules run. Exits 0 whatever the score: it is read by people.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULES = Path("src/weihu/rules")
STATUS = {0: "survived", 33: "no test", 37: "mistyped", -24: "timeout", 24: "timeout", 36: "timeout"}
"""What mutmut's exit codes say; any other is a mutant that a test killed."""
NOTICED = ("killed", "timeout")


def copy_of_the_tree(folder: Path) -> Path:
    """The files under version control as they stand, changes included."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def results(copy: Path, module: str) -> dict[str, int | None]:
    """Exit code by mutant of a module, None for those that did not run."""
    meta = copy / "mutants" / RULES / f"{module}.py.meta"
    return dict(json.loads(meta.read_text())["exit_code_by_key"])


def mutmut(copy: Path, *arguments: str, quiet: bool = False) -> str:
    done = subprocess.run(["mutmut", *arguments], cwd=copy, capture_output=True, text=True, check=False)
    if done.returncode and not quiet:
        sys.exit(f"mutmut {arguments[0]} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--at-most", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for module in asked.modules:
        if not (ROOT / RULES / f"{module}.py").is_file():
            sys.exit(f"{RULES / module}.py: no such module")
    with tempfile.TemporaryDirectory(prefix="weihu-mutants-") as folder:
        copy = copy_of_the_tree(Path(folder))
        config = copy / "pyproject.toml"
        wanted = json.dumps([str(RULES / f"{module}.py") for module in asked.modules])
        config.write_text(config.read_text().replace(f'only_mutate = ["{RULES}/*.py"]', f"only_mutate = {wanted}"))
        mutmut(copy, "run", "none-yet*", quiet=True)  # makes the mutants and times the tests, runs none
        drawn = []
        for module in asked.modules:
            names = sorted(results(copy, module))
            drawn += random.Random(asked.seed).sample(names, min(asked.at_most, len(names)))
        if drawn:
            mutmut(copy, "run", *drawn)
        survivors = []
        for module in asked.modules:
            codes = results(copy, module)
            result = {
                name: STATUS.get(codes[name], "killed") for name in drawn if name in codes and codes[name] is not None
            }
            counts = Counter(result.values())
            noticed = sum(counts[status] for status in NOTICED)
            share = f"{100 * noticed / len(result):.0f} %" if result else "-"
            print(f"{module}: {noticed} of {len(result)} noticed ({share}), drawn from {len(codes)}: {dict(counts)}")
            survivors += [name for name, status in result.items() if status not in (*NOTICED, "mistyped")]
        for name in survivors:
            print(f"\n{mutmut(copy, 'show', name)}")


if __name__ == "__main__":
    main()

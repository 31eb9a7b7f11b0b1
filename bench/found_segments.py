"""How stable the segments found from data are, on the months' ends that a home has kept.

    uv run python bench/found_segments.py --home HOME

Finds segments among the customers of the last night, and among those of the month's end before it, and prints both
reports, how alike the two fits are on the customers of the last night (adjusted Rand index), and the seconds of a fit.
Reads the columns of the lake only, with the built-in book, so any home will do.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import date, timedelta
from pathlib import Path

import django
import numpy as np
from sklearn.metrics import adjusted_rand_score

from weihu.insight import found
from weihu.insight.told_found import told
from weihu.rules import rulebook

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weihu.workplace.settings")
django.setup()

from weihu.nightly.found_segments import night_of  # noqa: E402
from weihu.workplace.act.segments.state import State  # noqa: E402


def kept(home: Path) -> list[tuple[date, Path]]:
    """The nights whose columns are there: months' ends and the last one."""
    found_nights = []
    for folder in sorted((home / "lake" / "runs").iterdir()):
        if (folder / "standings.parquet").exists():
            on = date.fromisoformat((folder / "delivery.txt").read_text().strip()[:10])
            found_nights.append((on, folder))
    return [(on, folder) for on, folder in found_nights[:-1] if (on + timedelta(days=1)).day == 1] + found_nights[-1:]


def places(letters: list[str]) -> np.ndarray:
    return np.unique(letters, return_inverse=True)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    asked = parser.parse_args()
    book = rulebook.load("brief")
    nights = []
    for on, folder in kept(asked.home):
        state = State(folder, book, on + timedelta(days=1))
        nights.append(night_of(state, folder / "levels.parquet", on))
        state.close()
    before = found.fit(nights[:-1], book.groups.found, None, lambda step: None)
    print(told(before.facts))
    began = time.perf_counter()
    now = found.fit(nights, book.groups.found, before, lambda step: None)
    print(told(now.facts))
    print(f"a fit of {len(nights[-1].customers):,} customers: {time.perf_counter() - began:.1f} s")
    alike = adjusted_rand_score(places(before.assigned(nights[-1])), places(now.assigned(nights[-1])))
    print(f"two fits a month apart, on the same customers: adjusted Rand index {alike:.3f}")


if __name__ == "__main__":
    main()

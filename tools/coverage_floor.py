"""No file of the code may be covered less than a floor, whatever the whole is.

    python tools/coverage_floor.py COVERAGE.json [PERCENT]

Reads the report of `coverage json`; names each file below the floor with its figure and exits 1 if there is one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOOR = 85.0
"""Per cent of lines and branches."""


def below(report: dict, floor: float) -> list[tuple[float, str]]:
    """(per cent, file) of those below the floor, the least covered first; a file with nothing to run is not among them."""
    return sorted(
        (entry["summary"]["percent_covered"], file)
        for file, entry in report["files"].items()
        if entry["summary"]["num_statements"] and entry["summary"]["percent_covered"] < floor
    )


def main(report: str, floor: float = FLOOR) -> int:
    result = below(json.loads(Path(report).read_text()), floor)
    for percent, file in result:
        print(f"{percent:5.1f} % {file}")
    print(f"{len(result)} files covered less than {floor:g} %")
    return 1 if result else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(float, sys.argv[2:])))

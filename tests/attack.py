"""How many cases the tests that attack try: a few in the suite, many with `make attack`, which says what was tried."""

import os

SHARE = float(os.environ.get("WEIHU_ATTACK", "0"))
"""Of the large numbers: 1 is all of them, 0.1 a tenth. Never fewer than in the suite."""


def cases(few: int, many: int) -> int:
    """The number of cases: ``few`` in the suite, ``many`` in a whole attack."""
    return max(few, round(many * SHARE))

"""How much of their lists people get done: everybody works down the list, some further than others."""

from __future__ import annotations

import hashlib

import numpy as np

from weihu.workplace.bank.models import Task

LEAST, MOST = 0.62, 0.94
"""The shares of their lists that the least and the most diligent get done on an ordinary day."""
DAY_TO_DAY = 0.07
"""How much better or worse than usual a day goes, as a standard deviation."""
AHEAD = 0.3
"""By so much the first task of a list is likelier to be done than the last."""


def usual_share(staff_id: str) -> float:
    """The share of the list that a member of staff usually gets done."""
    stamp = int.from_bytes(hashlib.sha256(staff_id.encode()).digest()[:4])
    return LEAST + (MOST - LEAST) * stamp / 2**32


def done_of(tasks: list[Task], rng: np.random.Generator) -> list[Task]:
    """What one person gets done of a day's list; what was promised comes first."""
    share = np.clip(usual_share(tasks[0].staff_id) + rng.normal(0, DAY_TO_DAY), 0.1, 1.0)
    place = np.linspace(AHEAD / 2, -AHEAD / 2, len(tasks)) if len(tasks) > 1 else np.zeros(1)
    chances = np.clip(share + place + [AHEAD if task.promised else 0.0 for task in tasks], 0.0, 0.99)
    return [task for task, chance, draw in zip(tasks, chances, rng.random(len(tasks)), strict=True) if draw < chance]

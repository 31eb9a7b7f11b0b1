"""Contacts of a made-up campaign: half a year of working days, with all that tables have in reality."""

import random
from datetime import date, timedelta

import pyarrow as pa

JOBS = ("worker", "student", "retired", "clerk")
OUTCOME = "answer"


def made(days: int = 110, seed: int = 1, first: date = date(2026, 1, 5)) -> pa.Table:
    """Contacts in time order. ``talk`` (seconds) is known only afterwards; ``since`` 999 says never; ``rate`` is the
    day's; students and those asked before say yes more often; on quiet days more say yes."""
    chance = random.Random(seed)
    rows = []
    for number in range(days):
        day = first + timedelta(days=number * 7 // 5)
        quiet = chance.random() < 0.3
        for _ in range(chance.randint(4, 10) if quiet else chance.randint(25, 40)):
            job = chance.choice(JOBS)
            since = chance.choice((3, 6, 9, 12)) if chance.random() < 0.2 else 999
            likely = 0.06 + 0.25 * (job == "student") + 0.25 * (since < 999) + 0.15 * quiet
            answer = chance.random() < likely
            talk = max(0, round(chance.gauss(420 if answer else 220, 100)))
            rows.append((len(rows) + 1, day, chance.randint(18, 80), job, since, talk, 0.5 + number / 100, answer))
    names = ("number", "day", "age", "job", "since", "talk", "rate", OUTCOME)
    columns = dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
    columns["day"] = [str(day) for day in columns["day"]]
    columns[OUTCOME] = ["yes" if answer else "no" for answer in columns[OUTCOME]]
    return pa.table(columns)

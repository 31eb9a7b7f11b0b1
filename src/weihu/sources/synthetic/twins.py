"""Known duplicates for measuring (FEBRL's kinds of error, and those of Chinese records): a person, written down again.

Each twin differs from its original by one to three errors: a slip of the keyboard, two characters changed round, a
homophone, a missing value, another phone, another address, day and month exchanged.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Record = dict[str, str | None]
DIGITS = "0123456789"
HOMOPHONES = ["张章", "陈程", "王汪", "李黎", "刘留", "周邹", "吴伍", "徐许", "孙荪", "伟玮", "静婧", "丽莉", "明铭", "强蔷", "军君",
              "芳方", "洋阳", "艳燕", "勇永", "杰洁", "涛韬", "婷亭", "玲灵", "建健", "志智", "文闻", "晓小", "佳家", "思斯", "美镁"]  # fmt: skip
ROADS = ["中山路", "人民路", "解放路", "建设路", "和平路"]


def twin(original: Record, number: str, rng: random.Random) -> Record:
    """The person once more under another number, with one to three errors in different fields."""
    made: Record = {**original, "unique_id": number}
    for name in rng.sample(list(ERRORS), rng.choices([1, 2, 3], [0.5, 0.35, 0.15])[0]):
        if value := made[name]:
            made[name] = rng.choice(ERRORS[name])(value, rng)
    return made


def _slip(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    return text[:place] + rng.choice(DIGITS) + text[place + 1 :]


def _exchange(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text) - 1) if len(text) > 1 else 0
    return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def _missing(text: str, rng: random.Random) -> None:
    return None


def _homophone(text: str, rng: random.Random) -> str:
    for group in rng.sample(HOMOPHONES, len(HOMOPHONES)):
        for place, character in enumerate(text):
            if character in group:
                return text[:place] + next(other for other in group if other != character) + text[place + 1 :]
    return text[:-1] if len(text) > 2 else text


def _other_phone(text: str, rng: random.Random) -> str:
    return text[:3] + "".join(rng.choices(DIGITS, k=8))


def _moved(text: str, rng: random.Random) -> str:
    return f"{text[:6]}{rng.choice(ROADS)}{rng.randrange(1, 400)}号{rng.randrange(101, 2805)}室"


def _shortened(text: str, rng: random.Random) -> str:
    return text[3:] if len(text) > 8 else text


def _day_for_month(text: str, rng: random.Random) -> str:
    year, month, day = text.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{int(day) // 10}{(int(day) + 1) % 10}"


ERRORS: dict[str, list[Callable[[str, random.Random], str | None]]] = {
    "name": [_homophone, _homophone, _exchange],
    "identity_number": [_slip, _exchange, _missing, _missing],
    "phone": [_slip, _other_phone, _other_phone, _missing],
    "address": [_moved, _shortened, _missing],
    "birth_date": [_day_for_month, _missing],
}
"""What can go wrong with each field."""

"""Duplicates of known truth are found, strangers are left alone, and every score explains itself."""

import random
from decimal import Decimal

import pyarrow as pa
import pytest

from weihu.insight.duplicates import COMPARISONS, PEOPLE, find
from weihu.rules import rulebook
from weihu.sources.synthetic.twins import twin

pytestmark = pytest.mark.xdist_group("duplicates")  # one process loads Splink
RULE = rulebook.load("brief").duplicates
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英"


@pytest.fixture(scope="module")
def bank():
    """1,500 people with twins of a tenth of them; (records, true pairs)."""
    import pypinyin

    rng = random.Random(3)
    rows, truth = [], set()
    for number in range(1500):
        born = f"{rng.randrange(1940, 2006)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
        rows.append(
            {
                "unique_id": f"P{number:05d}",
                "name": rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=2)),
                "identity_number": f"320102{born.replace('-', '')}{rng.randrange(10000):04d}",
                "phone": f"139{rng.randrange(10**8):08d}" if rng.random() < 0.9 else None,
                "address": f"南京市玄武区中山路{rng.randrange(400)}号{rng.randrange(2000)}室"
                if rng.random() < 0.8
                else None,
                "birth_date": born,
                "sex": rng.choice("FM"),
            }
        )
    for original in rng.sample(rows, 150):
        made = twin(original, f"T{original['unique_id']}", rng)
        truth.add((original["unique_id"], made["unique_id"]))
        rows.append(made)
    for row in rows:
        row["pinyin"] = "".join(pypinyin.lazy_pinyin(row["name"]))
    return pa.Table.from_pylist(rows, schema=PEOPLE), truth


def test_duplicates_are_found_and_strangers_are_not(bank):
    people, truth = bank
    pairs = {tuple(sorted((pair.left_id, pair.right_id))) for pair in find(people, RULE)}
    right = pairs & truth
    assert len(right) / len(truth) > 0.95
    assert len(right) / len(pairs) > 0.97


def test_every_score_is_the_sum_of_its_reasons(bank):
    """The odds of two pairs differ by two to the power of their reasons' difference."""
    import math

    people, _ = bank
    listed = list(find(people, RULE.model_copy(update={"shown_from": Decimal("0.5")})))
    assert listed == sorted(listed, key=lambda pair: (-pair.probability, pair.left_id, pair.right_id))
    sure = [pair for pair in listed if 0.5 < pair.probability < 1 - 1e-9][:40]
    priors = [
        math.log2(pair.probability / (1 - pair.probability)) - sum(reason.weight for reason in pair.reasons)
        for pair in sure
    ]
    assert max(priors) - min(priors) < 1  # each weight is rounded to a tenth
    words = {(level.zh, level.en) for levels in COMPARISONS.values() for level in levels}
    assert all((reason.zh, reason.en) in words for pair in listed for reason in pair.reasons)


def test_the_book_says_of_every_way_of_agreeing_how_often_it_holds():
    assert {name: len(chances) for name, chances in RULE.agreement} == {
        name: len(levels) for name, levels in COMPARISONS.items()
    }


def test_nobody_is_a_bank_without_duplicates():
    fields = {"unique_id": "1", "name": "王小明", "pinyin": "wangxiaoming", "identity_number": "1"}
    other = {"unique_id": "2", "name": "李雷", "pinyin": "lilei", "identity_number": "2"}
    assert list(find(pa.Table.from_pylist([fields, other], schema=PEOPLE), RULE)) == []

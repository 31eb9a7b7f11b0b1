"""Customers who may be one person (疑似重复客户): Fellegi and Sunter's model by Splink, with its reasons in words.

How often two records of one person agree (m) stands in the rule book; how often two strangers do (u) is estimated from the
bank's own customers, and agreeing on a common name counts for less than on a rare one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from weihu.engine.scratch import scratch
from weihu.rules.sections.duplicates import Duplicates

PEOPLE = pa.schema(
    [
        ("unique_id", pa.string()),
        ("name", pa.string()),
        ("pinyin", pa.string()),
        ("identity_number", pa.string()),
        ("phone", pa.string()),
        ("address", pa.string()),
        ("birth_date", pa.string()),
        ("sex", pa.string()),
    ]
)
"""What is compared; empty values are null, dates YYYY-MM-DD. Two records without anything in common never meet."""

CERTAIN: list[Any] = ["l.identity_number = r.identity_number", "l.phone = r.phone AND l.name = r.name"]
"""Ways of agreeing that leave no doubt: from how many pairs agree so, and the book's share of such pairs among the
duplicates, follows how many duplicates there are. Without any, one in the bank is assumed."""
PAIRED = "SELECT 1 FROM people l JOIN people r ON l.unique_id < r.unique_id AND"
SAMPLED_PAIRS = 5e5
SEED = 7


@dataclass(frozen=True)
class Level:
    """A way in which two values agree: in words, and as SQL over ``{c}_l`` and ``{c}_r``."""

    zh: str
    en: str
    sql: str
    by_frequency: bool = False


DIFFERS = Level("不同", "differs", "ELSE")
EXACT = "{c}_l = {c}_r"
COMPARISONS: dict[str, list[Level]] = {
    "name": [
        Level("姓名相同", "same name", EXACT, by_frequency=True),
        Level("姓名同音", "sounds the same", "pinyin_l = pinyin_r"),
        Level("姓名相近", "similar name", "jaro_winkler_similarity(pinyin_l, pinyin_r) >= {similar_name}"),
        DIFFERS,
    ],
    "identity_number": [
        Level("证件号码相同", "same identity number", EXACT),
        # two valid numbers are never one digit apart: the check digit sees to that
        Level("证件号码差一位", "identity number differs by a digit", "damerau_levenshtein({c}_l, {c}_r) <= 1"),
        DIFFERS,
    ],
    "phone": [
        Level("电话相同", "same phone", EXACT),
        Level("电话差一位", "phone differs by a digit", "damerau_levenshtein({c}_l, {c}_r) <= 1"),
        Level("电话不同", "phone differs", "ELSE"),
    ],
    "address": [
        Level("地址相同", "same address", EXACT),
        Level("地址相近", "similar address", "jaro_winkler_similarity({c}_l, {c}_r) >= {similar_address}"),
        Level("地址不同", "address differs", "ELSE"),
    ],
    "birth_date": [
        Level("生日相同", "same birthday", EXACT),
        Level("生日差一位", "birthday differs by a digit", "damerau_levenshtein({c}_l, {c}_r) <= 1"),
        Level("同年", "same year", "left({c}_l, 4) = left({c}_r, 4)"),
        Level("生日不同", "birthday differs", "ELSE"),
    ],
    "sex": [
        Level("性别相同", "same sex", EXACT),
        Level("性别不同", "sex differs", "ELSE"),
    ],
}
"""What is compared, and how; the first level that holds counts. How often each holds for one person says the book."""

MEETING: list[Any] = [
    "l.identity_number = r.identity_number",
    "l.phone = r.phone",
    "l.name = r.name AND l.birth_date = r.birth_date",
    "l.name = r.name AND l.address = r.address",
    "l.pinyin = r.pinyin AND left(l.birth_date, 7) = left(r.birth_date, 7)",
    "l.birth_date = r.birth_date AND left(l.pinyin, 2) = left(r.pinyin, 2)",
    "l.birth_date = r.birth_date AND l.address = r.address",
    "left(l.identity_number, 14) = left(r.identity_number, 14) AND left(l.pinyin, 1) = left(r.pinyin, 1)",
]
"""Only records that agree in one of these ways are compared at all."""


@dataclass(frozen=True)
class Reason:
    """What speaks for or against two records being one person: in words, and its weight (log2 of the odds' factor)."""

    zh: str
    en: str
    weight: float

    def text(self, language: str) -> str:
        """The reason in ``language``."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class Pair:
    """Two records that may be one person: the probability, and the reasons in the order of COMPARISONS."""

    left_id: str
    right_id: str
    probability: float
    reasons: list[Reason]


def find(people: pa.Table, rule: Duplicates, spill: str = "", threads: int | None = None) -> Iterator[Pair]:
    """The pairs that the rule shows, the likeliest first. ``people`` as PEOPLE.

    ``spill`` is a folder for what does not fit into memory; it is encrypted there.
    """
    from splink import DuckDBAPI, Linker  # noqa: PLC0415 - it takes seconds to load

    logging.getLogger("splink").setLevel(logging.ERROR)
    connection = _connection(spill, threads)
    try:
        connection.register("arrow", people)
        connection.execute("CREATE TABLE people AS SELECT * FROM arrow")
        connection.unregister("arrow")
        api = DuckDBAPI(connection)
        linker = Linker(api.register("people"), _settings(people.num_rows, rule), log_level=logging.ERROR)
        if any(connection.execute(f"{PAIRED} {rule} LIMIT 1").fetchall() for rule in CERTAIN):
            linker.training.estimate_probability_two_random_records_match([*CERTAIN], recall=float(rule.certain_share))
        linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED)
        pairs = linker.inference.predict(threshold_match_probability=float(rule.shown_from))
        columns = ", ".join(f"gamma_{name}, {_weight(name)}" for name in COMPARISONS)
        rows = connection.execute(
            f"SELECT unique_id_l, unique_id_r, match_probability, {columns} FROM {pairs.physical_name}"
            " ORDER BY match_probability DESC, unique_id_l, unique_id_r"
        )
        while batch := rows.fetchmany(1000):
            yield from (_pair(row) for row in batch)
    finally:
        connection.close()


def _weight(name: str) -> str:
    frequency = f" + mw_tf_adj_{name}" if any(level.by_frequency for level in COMPARISONS[name]) else ""
    return f"mw_{name}{frequency}"


def _connection(spill: str, threads: int | None) -> duckdb.DuckDBPyConnection:
    if spill:
        return scratch(Path(spill) / "duplicates", threads)
    return duckdb.connect(config={"threads": threads} if threads else {})


def _settings(count: int, rule: Duplicates) -> Any:
    from splink import SettingsCreator  # noqa: PLC0415

    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(name, levels, rule) for name, levels in COMPARISONS.items()],
        blocking_rules_to_generate_predictions=[*MEETING],
        probability_two_random_records_match=2 / max(count, 2) ** 2,
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=True,
    )


def _comparison(name: str, levels: list[Level], rule: Duplicates) -> Any:
    import splink.comparison_level_library as library  # noqa: PLC0415
    from splink.comparison_library import CustomComparison  # noqa: PLC0415

    made: list[Any] = [library.NullLevel(name)]
    chances: list[Decimal] = getattr(rule.agreement, name)
    for level, chance in zip(levels, chances, strict=True):
        if level.sql == "ELSE":
            made.append(library.ElseLevel().configure(m_probability=float(chance), label_for_charts=level.en))
            continue
        sql = level.sql.format(c=name, similar_name=rule.similar_name, similar_address=rule.similar_address)
        condition: Any = library.CustomLevel(sql, label_for_charts=level.en)
        if level.by_frequency:
            condition = library.ExactMatchLevel(name)
            made.append(condition.configure(m_probability=float(chance), tf_adjustment_column=name))
        else:
            made.append(condition.configure(m_probability=float(chance)))
    return CustomComparison(output_column_name=name, comparison_levels=made)


def _pair(row: tuple[Any, ...]) -> Pair:
    left, right, probability, *rest = row
    reasons = []
    for place, levels in enumerate(COMPARISONS.values()):
        gamma, weight = rest[2 * place], rest[2 * place + 1]
        if gamma >= 0:
            level = levels[len(levels) - 1 - gamma]
            reasons.append(Reason(level.zh, level.en, round(weight, 1)))
    return Pair(left, right, probability, reasons)

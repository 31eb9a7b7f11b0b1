"""What is wrong with a value of a delivery: by its column's kind, by other files, by dates; each a condition in SQL.

In a condition ``f`` is the file that the faulty row stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from weihu.engine.contract import ASSET_CATEGORIES, FILE, Column, File

MONEY_TEXT = r"-?[0-9]{1,16}(\.[0-9]{1,2})?"
DATE_TEXT = r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}"
LONGEST_VALUE = 200
CONTROL_CHARACTERS = r"'[\x00-\x1f\x7f]'"

AllKeys = Callable[[str, str], str]
"""Of a file and some columns the rows that there are by now: those delivered, and earlier ones that stay."""


class Check(NamedTuple):
    """Rows of a file (or of ``source``, which has its rowid) for which ``condition`` holds are faults."""

    file: str
    column: str
    condition: str
    zh: str
    en: str
    source: str = ""

    @property
    def rows(self) -> str:
        """The faulty rows, as the part of a statement from FROM on."""
        return f"FROM {self.source or f'{self.file} f'} WHERE {self.condition}"


def iso(column: str) -> str:
    """A date's text with dashes."""
    return rf"regexp_replace({column}, '^(\d{{4}})(\d{{2}})(\d{{2}})$', '\1-\2-\3')"


def text_rules(column: Column) -> list[tuple[str, str, str]]:
    """Conditions under which a column's text is wrong, and what is expected instead."""
    name = f"f.{column.name}"
    return [
        (f"regexp_matches({name}, {CONTROL_CHARACTERS})", "不含换行或控制字符", "no line breaks or control characters"),
        (f"length({name}) > {LONGEST_VALUE}", f"不超过{LONGEST_VALUE}个字符", f"at most {LONGEST_VALUE} characters"),
    ]


def kind_rules(column: Column) -> list[tuple[str, str, str]]:
    """Conditions under which a value is wrong by its column's kind, and what is expected instead."""
    name = f"f.{column.name}"
    rules: list[tuple[str, str, str]] = []
    if column.required:
        rules.append((f"{name} IS NULL", "非空值", "a value"))
    if column.kind == "money":
        rules.append(
            (
                f"NOT regexp_full_match({name}, '{MONEY_TEXT}')",
                "金额,至多两位小数",
                "an amount with at most two decimals",
            )
        )
        if column.minimum is not None:
            rules.append(
                (
                    f"TRY_CAST({name} AS DECIMAL(18,2)) < {column.minimum}",
                    f"不小于 {column.minimum}",
                    f"at least {column.minimum}",
                )
            )
    elif column.kind == "date":
        valid = f"regexp_full_match({name}, '{DATE_TEXT}') AND TRY_CAST({iso(name)} AS DATE) BETWEEN '1880-01-01' AND '2999-12-31'"
        rules.append(
            (
                f"{name} IS NOT NULL AND NOT coalesce({valid}, false)",
                "存在的日期 YYYY-MM-DD 或 YYYYMMDD",
                "a date that exists, YYYY-MM-DD or YYYYMMDD",
            )
        )
    elif column.kind == "flag":
        rules.append(
            (f"lower({name}) NOT IN ('true', 'false', '1', '0')", "true、false、1 或 0", "true, false, 1 or 0")
        )
    elif column.kind == "choice":
        listed = ", ".join(f"'{choice}'" for choice in column.choices)
        rules.append((f"{name} NOT IN ({listed})", "、".join(column.choices), "one of " + ", ".join(column.choices)))
    return rules


def cast(column: Column) -> str:
    """A checked value in its column's type."""
    value = iso(column.name) if column.kind == "date" else column.name
    return f"CAST({value} AS {column.sql_type})"


def reference(file: File, column: Column, all_keys: AllKeys) -> Check:
    """That a value stands as a key in the file that the column refers to."""
    target = column.references or ""
    key = FILE[target].key
    return Check(
        file.name,
        column.name,
        f"f.{column.name} IS NOT NULL",
        f"{target} 中已有的 {key}",
        f"a {key} that {target} has",
        f"(SELECT rowid, {column.name} FROM {file.name}) f"
        f" ANTI JOIN ({all_keys(target, key)}) t ON t.{key} = f.{column.name}",
    )


def across_files(all_keys: AllKeys, posts: list[str]) -> Iterator[Check]:
    """Rules that need two files, or the ``posts`` of the rule book."""
    products = f"({all_keys('products', 'product_id, category, overdraft')}) p"
    accounts = f"({all_keys('accounts', 'account_id, product_id, closed_on')}) a"
    assets = ", ".join(f"'{category}'" for category in ASSET_CATEGORIES)
    for file, condition, zh, en in (
        ("accounts", f"p.category NOT IN ({assets})", "资产类产品", "an asset product"),
        ("holdings", f"p.category IN ({assets})", "负债或服务类产品", "a liability or service product"),
    ):
        source = f"(SELECT rowid, * FROM {file}) f JOIN {products} USING (product_id)"
        yield Check(file, "product_id", condition, zh, en, source)
    balances = (
        f"(SELECT rowid, * FROM balances) f JOIN {accounts} USING (account_id) JOIN {products} USING (product_id)"
    )
    for condition, zh, en in (
        (
            "CAST(f.balance AS DECIMAL(18,2)) < 0 AND NOT CAST(p.overdraft AS BOOLEAN)",
            "非负余额(该产品不可透支)",
            "no negative balance (the product has no overdraft)",
        ),
        (
            "CAST(f.balance AS DECIMAL(18,2)) <> 0 AND a.closed_on IS NOT NULL",
            "已销户账户余额为 0",
            "0 for a closed account",
        ),
    ):
        yield Check("balances", "balance", condition, zh, en, balances)
    listed = ", ".join(f"'{post}'" for post in posts)
    zh, en = "制度中的岗位:" + "、".join(posts), "a post of the rule book: " + ", ".join(posts)
    yield Check("staff", "post", f"f.post NOT IN ({listed})", zh, en)


def dates(first: date, day: date) -> Iterator[Check]:
    """Dates that have to lie before or behind others, or in the days from the ``first`` to the business ``day``."""
    on = f"DATE '{day}'"
    booked = f"CAST({iso('f.booked_on')} AS DATE) NOT BETWEEN DATE '{first}' AND {on}"
    several = first < day
    zh = f"{first} 至营业日 {day} 之间的日期" if several else f"营业日 {day}"
    en = f"a date from {first} to the business date {day}" if several else f"the business date {day}"
    yield Check("transactions", "booked_on", booked, zh, en)
    for file, column in (
        ("customers", "birth_date"),
        ("customers", "opened_on"),
        ("accounts", "opened_on"),
        ("holdings", "opened_on"),
        ("customers", "risk_rated_on"),
    ):
        late = f"CAST({iso(f'f.{column}')} AS DATE) > {on}"
        yield Check(file, column, late, f"不晚于营业日 {day} 的日期", f"a date not after {day}")
    for file, column in (("accounts", "closed_on"), ("accounts", "matures_on"), ("holdings", "closed_on")):
        early = f"CAST({iso(f'f.{column}')} AS DATE) < CAST({iso('f.opened_on')} AS DATE)"
        yield Check(file, column, early, "不早于 opened_on 的日期", "a date not before opened_on")

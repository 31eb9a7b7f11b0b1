"""Land a delivery: check everything before anything is used, then keep it as Parquet.

A wrong delivery is refused whole, with every fault's file, line, column, found and expected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from weihu.engine.contract import (
    ASSET_CATEGORIES,
    FILE,
    FILES,
    FORMAT,
    MANIFEST,
    Column,
    File,
)
from weihu.engine.scratch import scratch
from weihu.engine.seal import Seal
from weihu.nightly import textfile
from weihu.nightly.faults import LIMIT, DeliveryFault, DeliveryRefused, whole_file

MONEY_TEXT = r"-?[0-9]{1,16}(\.[0-9]{1,2})?"
DATE_TEXT = r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}"
LONGEST_VALUE = 200
CONTROL_CHARACTERS = r"'[\x00-\x1f\x7f]'"


@dataclass(frozen=True)
class Manifest:
    """What the delivery says of itself."""

    business_date: date
    currency: str
    files: dict[str, dict[str, Any]]
    totals: dict[str, str]
    digest: str


@dataclass(frozen=True)
class Landed:
    """A delivery that passed every check: Parquet per file in ``folder``, rows per file."""

    manifest: Manifest
    folder: Path
    rows: dict[str, int]

    def paths(self, file: str) -> list[Path]:
        """The Parquet of a file, if it was delivered."""
        path = self.folder / f"{file}.parquet"
        return [path] if path.is_file() else []


def read_manifest(folder: Path) -> Manifest:
    """Read and check a delivery's manifest; raises DeliveryRefused."""
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
        data = json.loads(raw.decode("utf-8-sig"))
        faults = _manifest_faults(folder, data)
    except FileNotFoundError:
        faults = [whole_file(path, "(none)", "交付清单文件", "the delivery's manifest")]
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        line = getattr(error, "lineno", 1)
        faults = [DeliveryFault(path.name, line, "", str(error), "UTF-8 编码的 JSON 对象", "a JSON object in UTF-8")]
    if faults:
        raise DeliveryRefused(faults)
    stamp = hashlib.sha256(raw)
    for entry in data["files"].values():
        stamp.update(textfile.digest(folder / entry["file"]).encode())
    return Manifest(
        date.fromisoformat(data["business_date"]), data["currency"], data["files"], data["totals"], stamp.hexdigest()
    )


def land(
    folder: Path,
    manifest: Manifest,
    staging: Path,
    earlier: dict[str, Path],
    posts: list[str],
    seal: Seal,
    spill: Path,
) -> Landed:
    """Check a delivery against its manifest, the contract and the keys of ``earlier`` nights.

    ``earlier`` maps a file's name to the Parquet of its state; ``posts`` are the rule book's; what does not fit into
    memory goes to ``spill``, encrypted. Raises DeliveryRefused.
    """
    with scratch_database(spill) as database:
        checks = _Checks(database, manifest, staging, earlier, posts)
        for file in FILES:
            if entry := manifest.files.get(file.name):
                checks.read(file, folder / entry["file"])
        if checks.comparable:
            checks.relations()
        if checks.faults:
            raise DeliveryRefused(checks.faults)
        return Landed(manifest, staging, checks.write(seal))


@contextmanager
def scratch_database(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory for a delivery, personal data in clear: what spills is encrypted."""
    # a folder of its own: two databases would write their spill under the same names
    folder = spill / "landing"
    folder.mkdir(parents=True, exist_ok=True)
    database = _engine(folder)
    database.execute("ATTACH ':memory:' AS delivery; USE delivery")
    try:
        yield database
    finally:
        database.execute("USE memory; DETACH delivery")


@cache
def _engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """Kept from one landing to the next: setting it up costs more than landing a small delivery."""
    return scratch(folder)


class _Check(NamedTuple):
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


class _Checks:
    """The tables of one delivery in a scratch database, and the faults found so far."""

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        manifest: Manifest,
        staging: Path,
        earlier: dict[str, Path],
        posts: list[str],
    ) -> None:
        self.database = database
        self.manifest = manifest
        self.staging = staging
        self.earlier = earlier
        self.posts = posts
        self.faults: list[DeliveryFault] = []
        self.rows: dict[str, int] = {}
        # every value is of its type, so that rows can be held against those of other files
        self.comparable = True
        self._names: dict[str, str] = {}
        self._lines: dict[str, tuple[list[int], list[tuple[int, int]]]] = {}

    def read(self, file: File, path: Path) -> None:
        """One file: its bytes, its columns, its values, its count and totals."""
        self._names[file.name] = path.name
        self._digest(file, path)
        before = len(self.faults)
        if self._load(file, path):
            totals = self._values(file)
            self.comparable &= len(self.faults) == before
            self._count_and_totals(file, totals)
        else:
            self.comparable = False

    def _digest(self, file: File, path: Path) -> None:
        stated = self.manifest.files[file.name].get("sha256")
        if stated and stated != (digest := textfile.digest(path)):
            zh, en = f"校验值 {stated[:16]}…", f"the stated sha256 {stated[:16]}…"
            self.faults.append(whole_file(path, f"{digest[:16]}…", zh, en, "sha256"))

    def _load(self, file: File, path: Path) -> bool:
        if textfile.is_parquet(path):
            return self._load_parquet(file, path)
        try:
            text = textfile.prepare(path, self.staging)
        except textfile.Broken as broken:
            self.faults.append(broken.fault)
            return False
        if not self._header(file, path, text.header):
            return False
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in text.header)
        self._typed(
            file,
            text.header,
            f"read_csv('{_quoted(text.path)}', delim = '{text.separator}', header = true, auto_detect = false, "
            f"columns = {{{columns}}}, quote = '\"', escape = '\"', strict_mode = true, store_rejects = true, "
            f"max_line_size = {2 * textfile.LONGEST_LINE})",
        )
        rejected = self.database.execute(
            "SELECT line, coalesce(column_name, ''), error_type, csv_line FROM reject_errors ORDER BY line"
        ).fetchall()
        self.database.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        self.faults += [_structure_fault(path.name, *row) for row in rejected]
        lines = sorted({int(row[0]) for row in rejected})
        whole = self.rows[file.name] + 1 == text.lines
        self._lines[file.name] = (lines, [] if whole else self._breaks(file, text.header))
        return True

    def _load_parquet(self, file: File, path: Path) -> bool:
        source = f"read_parquet('{_quoted(path)}')"
        try:
            header = [row[0] for row in self.database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        except duckdb.Error:
            self.faults.append(whole_file(path, "damaged", "完整的 Parquet 文件", "a whole Parquet file"))
            return False
        if not self._header(file, path, header):
            return False
        columns = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in header)
        self._typed(file, header, f"(SELECT {columns} FROM {source})")
        self._lines[file.name] = ([], [])
        return True

    def _header(self, file: File, path: Path, header: list[str]) -> bool:
        names = [column.name for column in file.columns]
        listed = "、".join(names), ", ".join(names)
        before = len(self.faults)
        for name in header:
            if name not in names:
                self.faults.append(
                    DeliveryFault(path.name, 1, name, name, f"合同规定的列:{listed[0]}", f"one of {listed[1]}")
                )
            elif header.count(name) > 1:
                self.faults.append(
                    DeliveryFault(path.name, 1, name, f"{name} × {header.count(name)}", "只出现一次", "the column once")
                )
        for column in file.columns:
            if (column.required or column.key) and column.name not in header:
                shown = ",".join(header)
                self.faults.append(
                    DeliveryFault(
                        path.name, 1, column.name, shown, f"必需的列 {column.name}", f"the column {column.name}"
                    )
                )
        return len(self.faults) == before

    def _typed(self, file: File, header: list[str], source: str) -> None:
        """The rows of ``source`` with every column of the contract, trimmed, empty as NULL."""
        columns = ", ".join(
            f"nullif(trim({column.name}), '') AS {column.name}"
            if column.name in header
            else f"CAST(NULL AS VARCHAR) AS {column.name}"
            for column in file.columns
        )
        made = self.database.execute(f"CREATE TABLE {file.name} AS SELECT {columns} FROM {source}")
        self.rows[file.name] = made.fetchall()[0][0]

    def _breaks(self, file: File, header: list[str]) -> list[tuple[int, int]]:
        joined = " || ".join(f"coalesce({name}, '')" for name in header)
        return self.database.execute(
            f"SELECT rowid, len({joined}) - len(replace({joined}, chr(10), '')) AS breaks FROM {file.name} "
            "WHERE breaks > 0 ORDER BY rowid"
        ).fetchall()

    def _line(self, file: str, row: int) -> int:
        """The line on which a row begins."""
        rejected, breaks = self._lines[file]
        line = row + 2 + sum(count for broken, count in breaks if broken < row)
        for reject in rejected:
            line += reject <= line
        return line

    def _report(self, check: _Check) -> None:
        """A fault for every row that fails a check."""
        rows = self.database.execute(
            f"SELECT f.rowid, CAST(f.{check.column} AS VARCHAR) {check.rows} ORDER BY f.rowid LIMIT {LIMIT + 1}"
        ).fetchall()
        sealed = any(item.name == check.column and item.sealed for item in FILE[check.file].columns)
        for row, value in rows:
            shown = "" if value is None else f"({len(value)} characters)" if sealed else value
            line = self._line(check.file, row)
            self.faults.append(DeliveryFault(self._names[check.file], line, check.column, shown, check.zh, check.en))

    def _run(self, checks: list[_Check]) -> None:
        """All checks in one statement; rows are looked at only where one fails."""
        by_source: dict[str, list[_Check]] = {}
        for check in checks:
            if self.rows[check.file]:
                by_source.setdefault(check.source or f"{check.file} f", []).append(check)
        if not by_source:
            return
        parts = [
            f"(SELECT {', '.join(f'count(*) FILTER (WHERE {check.condition})' for check in together)} FROM {source})"
            for source, together in by_source.items()
        ]
        counts = self.database.execute(f"SELECT * FROM {', '.join(parts)}").fetchall()[0]
        counted = [check for together in by_source.values() for check in together]
        failed = {check for check, count in zip(counted, counts, strict=True) if count}
        for check in checks:
            if check in failed:
                self._report(check)

    def _values(self, file: File) -> list[Decimal]:
        """Every value of a file by itself, and its key; returns the totals of the contract's columns."""
        texts = [_Check(file.name, column.name, *rule) for column in file.columns for rule in _text_rules(column)]
        kinds = [_Check(file.name, column.name, *rule) for column in file.columns for rule in _kind_rules(column)]
        every = [f"f.{column.name}" for column in file.columns]
        # a text that is wrong is rare, and looking at every column by itself costs most of the check
        suspicious = (
            f"regexp_matches(concat_ws('', {', '.join(every)}), {CONTROL_CHARACTERS}) OR "
            f"greatest({', '.join(f'length({name})' for name in every)}) > {LONGEST_VALUE}"
        )
        counted = [f"count(*) FILTER (WHERE {condition})" for condition in (*(c.condition for c in kinds), suspicious)]
        counted.append(f"count({file.key}) - count(DISTINCT {file.key})")
        counted += [f"coalesce(sum(TRY_CAST({name} AS DECIMAL(18,2))), 0.00)" for name in file.totals]
        answer = self.database.execute(f"SELECT {', '.join(counted)} FROM {file.name} f").fetchall()[0]
        wrong, (doubtful, repeated, *totals) = answer[: len(kinds)], answer[len(kinds) :]
        failed = [check for check, count in zip(kinds, wrong, strict=True) if count]
        order = [column.name for column in file.columns]
        self._run(sorted([*failed, *(texts if doubtful else [])], key=lambda check: order.index(check.column)))
        if repeated:
            zh, en = "不重复的主键", "a key that stands once"
            twice = f"SELECT {file.key} FROM {file.name} GROUP BY 1 HAVING count(*) > 1"
            source = f"(SELECT rowid, * FROM {file.name}) f SEMI JOIN ({twice}) d USING ({file.key})"
            self._report(_Check(file.name, file.key, "true", zh, en, source))
        return totals

    def _count_and_totals(self, file: File, totals: list[Decimal]) -> None:
        name, entry, rows = self._names[file.name], self.manifest.files[file.name], self.rows[file.name]
        if rows != entry["rows"]:
            self.faults.append(
                whole_file(name, f"{rows}", f"清单所述 {entry['rows']} 行", f"the manifest's {entry['rows']} rows")
            )
        for column, total in zip(file.totals, totals, strict=True):
            stated = Decimal(entry["totals"][column])
            if total != stated:
                self.faults.append(
                    whole_file(name, str(total), f"清单控制总数 {stated}", f"the manifest's total {stated}", column)
                )

    def relations(self) -> None:
        """References between files, and rules that need two of them."""
        before = len(self.faults)
        for file in FILES:
            self._ensure(file)
        delivered = [file for file in FILES if file.name in self._names]
        self._run([self._reference(file, column) for file in delivered for column in file.columns if column.references])
        if len(self.faults) == before:
            self._run([check for check in (*self._across_files(), *self._dates()) if check.file in self._names])

    def _ensure(self, file: File) -> None:
        if file.name not in self._names:
            columns = ", ".join(f"{column.name} VARCHAR" for column in file.columns)
            self.database.execute(f"CREATE TABLE {file.name} ({columns})")

    def _all_keys(self, file: str, columns: str) -> str:
        """Delivered rows and those of earlier nights that they do not replace."""
        key = FILE[file].key
        rows = f"SELECT {columns} FROM {file}"
        if file in self.earlier:
            state = f"'{_quoted(self.earlier[file])}'"
            rows += f" UNION ALL SELECT {columns} FROM {state} k ANTI JOIN {file} d ON d.{key} = k.{key}"
        return rows

    def _reference(self, file: File, column: Column) -> _Check:
        target = column.references or ""
        key = FILE[target].key
        return _Check(
            file.name,
            column.name,
            f"f.{column.name} IS NOT NULL",
            f"{target} 中已有的 {key}",
            f"a {key} that {target} has",
            f"(SELECT rowid, {column.name} FROM {file.name}) f"
            f" ANTI JOIN ({self._all_keys(target, key)}) t ON t.{key} = f.{column.name}",
        )

    def _across_files(self) -> list[_Check]:
        """Rules that need two files, or the rule book."""
        products = f"({self._all_keys('products', 'product_id, category, overdraft')}) p"
        accounts = f"({self._all_keys('accounts', 'account_id, product_id, closed_on')}) a"
        assets = ", ".join(f"'{category}'" for category in ASSET_CATEGORIES)
        balances = (
            f"(SELECT rowid, * FROM balances) f JOIN {accounts} USING (account_id) JOIN {products} USING (product_id)"
        )
        posts = ", ".join(f"'{post}'" for post in self.posts)
        return [
            _Check(
                "accounts",
                "product_id",
                f"p.category NOT IN ({assets})",
                "资产类产品",
                "an asset product",
                f"(SELECT rowid, * FROM accounts) f JOIN {products} USING (product_id)",
            ),
            _Check(
                "holdings",
                "product_id",
                f"p.category IN ({assets})",
                "负债或服务类产品",
                "a liability or service product",
                f"(SELECT rowid, * FROM holdings) f JOIN {products} USING (product_id)",
            ),
            _Check(
                "balances",
                "balance",
                "CAST(f.balance AS DECIMAL(18,2)) < 0 AND NOT CAST(p.overdraft AS BOOLEAN)",
                "非负余额(该产品不可透支)",
                "no negative balance (the product has no overdraft)",
                balances,
            ),
            _Check(
                "balances",
                "balance",
                "CAST(f.balance AS DECIMAL(18,2)) <> 0 AND a.closed_on IS NOT NULL",
                "已销户账户余额为 0",
                "0 for a closed account",
                balances,
            ),
            _Check(
                "staff",
                "post",
                f"f.post NOT IN ({posts})",
                "制度中的岗位:" + "、".join(self.posts),
                "a post of the rule book: " + ", ".join(self.posts),
            ),
        ]

    def _dates(self) -> list[_Check]:
        """Dates that have to lie before or behind others."""
        day = str(self.manifest.business_date)
        on = f"DATE '{day}'"
        checks = [
            _Check(
                "transactions",
                "booked_on",
                f"CAST({_iso('f.booked_on')} AS DATE) <> {on}",
                f"营业日 {day}",
                f"the business date {day}",
            )
        ]
        for file, column in (
            ("customers", "birth_date"),
            ("customers", "opened_on"),
            ("accounts", "opened_on"),
            ("holdings", "opened_on"),
            ("customers", "risk_rated_on"),
        ):
            late = f"CAST({_iso(f'f.{column}')} AS DATE) > {on}"
            checks.append(_Check(file, column, late, f"不晚于营业日 {day} 的日期", f"a date not after {day}"))
        for file, column in (("accounts", "closed_on"), ("accounts", "matures_on"), ("holdings", "closed_on")):
            early = f"CAST({_iso(f'f.{column}')} AS DATE) < CAST({_iso('f.opened_on')} AS DATE)"
            checks.append(_Check(file, column, early, "不早于 opened_on 的日期", "a date not before opened_on"))
        return checks

    def write(self, seal: Seal) -> dict[str, int]:
        """Write the checked files as Parquet, sealed columns sealed; rows per file."""
        for name in self._names:
            file = FILE[name]
            columns = ", ".join(f"{_cast(column)} AS {column.name}" for column in file.columns)
            rows = f"SELECT {columns} FROM {name} ORDER BY {file.key}"
            if any(column.sealed for column in file.columns):
                self.database.register("sealed", _sealed(self.database.sql(rows).to_arrow_table(), file, seal))
                rows = "FROM sealed"
            target = _quoted(self.staging / f"{name}.parquet")
            self.database.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        for copy in self.staging.glob("*.utf8"):
            copy.unlink()
        return self.rows


def _manifest_faults(folder: Path, data: Any) -> list[DeliveryFault]:
    faults: list[DeliveryFault] = []

    def wrong(column: str, found: object, zh: str, en: str) -> None:
        faults.append(DeliveryFault(MANIFEST, None, column, str(found), zh, en))

    if not isinstance(data, dict):
        return [DeliveryFault(MANIFEST, 1, "", type(data).__name__, "JSON 对象", "a JSON object")]
    if data.get("format") != FORMAT:
        wrong("format", data.get("format"), FORMAT, FORMAT)
    try:
        date.fromisoformat(str(data.get("business_date")))
    except ValueError:
        wrong("business_date", data.get("business_date"), "YYYY-MM-DD 日期", "a date YYYY-MM-DD")
    if not isinstance(data.get("currency"), str):
        wrong("currency", data.get("currency"), "币种代码", "a currency code")
    totals = data.get("totals")
    if not isinstance(totals, dict) or not _is_money(totals.get("aum")):
        wrong("totals.aum", totals, "全行资产合计(两位小数)", "the bank's total assets with two decimals")
    elif not all(_is_count(totals.get(name)) for name in ("accounts", "customers")):
        wrong("totals", totals, "accounts 与 customers 的户数", "the numbers of accounts and customers")
    files = data.get("files")
    if not isinstance(files, dict):
        wrong("files", files, "文件清单", "the list of files")
        return faults
    for file in FILES:
        if file.each_day and file.name not in files:
            wrong(f"files.{file.name}", "(none)", "每日必须交付的文件", "a file that every delivery has")
    for name, entry in files.items():
        faults += _entry_faults(folder, name, entry)
    return faults


def _entry_faults(folder: Path, name: str, entry: Any) -> list[DeliveryFault]:
    where = f"files.{name}"
    if name not in FILE:
        return [
            DeliveryFault(MANIFEST, None, where, name, "合同中的文件", "a file of the contract: " + ", ".join(FILE))
        ]
    if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
        return [
            DeliveryFault(MANIFEST, None, where, str(entry), "含 file 与 rows 的对象", "an object with file and rows")
        ]
    if Path(entry["file"]).name != entry["file"] or not (folder / entry["file"]).is_file():
        return [
            DeliveryFault(
                MANIFEST, None, f"{where}.file", entry["file"], "本目录中存在的文件", "a file that is in this folder"
            )
        ]
    if not _is_count(entry.get("rows")):
        return [DeliveryFault(MANIFEST, None, f"{where}.rows", str(entry.get("rows")), "行数", "the number of rows")]
    totals = entry.get("totals", {})
    return [
        DeliveryFault(
            MANIFEST,
            None,
            f"{where}.totals.{column}",
            str(totals.get(column)),
            "控制总数(小数)",
            "a control total (decimal)",
        )
        for column in FILE[name].totals
        if not isinstance(totals, dict) or not _is_money(totals.get(column))
    ]


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_money(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _structure_fault(file: str, line: int, column: str, kind: str, text: str) -> DeliveryFault:
    expected = {
        "MISSING COLUMNS": ("与表头相同的列数(本行缺列)", "as many columns as the header (too few here)"),
        "TOO MANY COLUMNS": ("与表头相同的列数(本行多列)", "as many columns as the header (too many here)"),
        "UNQUOTED VALUE": ("成对的引号", "a closing quote"),
    }.get(kind, ("合规的CSV行", "a well-formed CSV line"))
    shape = f"{kind.lower()}: {len(text or '')} characters"
    return DeliveryFault(file, int(line), column, shape, *expected)


def _iso(column: str) -> str:
    return rf"regexp_replace({column}, '^(\d{{4}})(\d{{2}})(\d{{2}})$', '\1-\2-\3')"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _text_rules(column: Column) -> list[tuple[str, str, str]]:
    """Conditions under which a column's text is wrong, and what is expected instead."""
    name = f"f.{column.name}"
    return [
        (f"regexp_matches({name}, {CONTROL_CHARACTERS})", "不含换行或控制字符", "no line breaks or control characters"),
        (f"length({name}) > {LONGEST_VALUE}", f"不超过{LONGEST_VALUE}个字符", f"at most {LONGEST_VALUE} characters"),
    ]


def _kind_rules(column: Column) -> list[tuple[str, str, str]]:
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
        valid = f"regexp_full_match({name}, '{DATE_TEXT}') AND TRY_CAST({_iso(name)} AS DATE) BETWEEN '1880-01-01' AND '2999-12-31'"
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


def _cast(column: Column) -> str:
    value = _iso(column.name) if column.kind == "date" else column.name
    return f"CAST({value} AS {column.sql_type})"


def _sealed(table: pa.Table, file: File, seal: Seal) -> pa.Table:
    """Sealed columns encrypted; ``*_index`` added for look-up, ``account_last4`` for showing."""
    for column in file.columns:
        if not column.sealed:
            continue
        texts = table[column.name].to_pylist()
        place = table.schema.get_field_index(column.name)
        closed = [None if text is None else seal.close(text, column.name) for text in texts]
        table = table.set_column(place, column.name, pa.array(closed, pa.string()))
        if column.name in ("identity_number", "phone"):
            index = [None if text is None else seal.index(text, column.name) for text in texts]
            table = table.append_column(f"{column.name}_index", pa.array(index, pa.string()))
        if column.name == "account_number":
            table = table.append_column("account_last4", pa.array([text and text[-4:] for text in texts], pa.string()))
    return table

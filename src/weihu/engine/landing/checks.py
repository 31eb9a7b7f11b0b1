"""The tables of one delivery in a scratch database, every check on them, and the faults found."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from weihu.engine.contract import FILE, FILES, File
from weihu.engine.duck import files, quoted
from weihu.engine.landing import textfile
from weihu.engine.landing.conditions import (
    CONTROL_CHARACTERS,
    LONGEST_VALUE,
    Check,
    across_files,
    cast,
    dates,
    kind_rules,
    reference,
    text_rules,
)
from weihu.engine.landing.faults import LIMIT, DeliveryFault, whole_file
from weihu.engine.landing.manifest import Manifest
from weihu.engine.seal import Seal, plain_number

INDEXED = ("identity_number", "phone", "account_number")
"""Sealed columns that are found by a whole number."""


class Checks:
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
            f"read_csv('{quoted(text.path)}', delim = '{text.separator}', header = true, auto_detect = false, "
            f"columns = {{{columns}}}, quote = '\"', escape = '\"', strict_mode = true, store_rejects = true, "
            f"max_line_size = {2 * textfile.LONGEST_LINE})",
        )
        rejected = self.database.execute(
            "SELECT line, coalesce(column_name, ''), error_type, csv_line FROM reject_errors ORDER BY line"
        ).fetchall()
        self.database.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        whole = self.rows[file.name] + 1 == text.lines
        breaks = [] if whole else self._breaks(file, text.header)
        line_of = _lines_of_records(sorted({int(row[0]) for row in rejected}), breaks)
        self.faults += [_structure_fault(path.name, line_of[int(record)], *row) for record, *row in rejected]
        self._lines[file.name] = (list(line_of.values()), breaks)
        return True

    def _load_parquet(self, file: File, path: Path) -> bool:
        source = f"read_parquet('{quoted(path)}')"
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

    def _report(self, check: Check) -> None:
        """A fault for every row that fails a check."""
        rows = self.database.execute(
            f"SELECT f.rowid, CAST(f.{check.column} AS VARCHAR) {check.rows} ORDER BY f.rowid LIMIT {LIMIT + 1}"
        ).fetchall()
        sealed = any(item.name == check.column and item.sealed for item in FILE[check.file].columns)
        for row, value in rows:
            shown = "" if value is None else f"({len(value)} characters)" if sealed else value
            line = self._line(check.file, row)
            self.faults.append(DeliveryFault(self._names[check.file], line, check.column, shown, check.zh, check.en))

    def _run(self, checks: list[Check]) -> None:
        """All checks in one statement; rows are looked at only where one fails."""
        by_source: dict[str, list[Check]] = {}
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
        texts = [Check(file.name, column.name, *rule) for column in file.columns for rule in text_rules(column)]
        kinds = [Check(file.name, column.name, *rule) for column in file.columns for rule in kind_rules(column)]
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
            self._report(Check(file.name, file.key, "true", zh, en, source))
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
        self._run(
            [
                reference(file, column, self._all_keys)
                for file in delivered
                for column in file.columns
                if column.references
            ]
        )
        if len(self.faults) == before:
            checks = (
                *across_files(self._all_keys, self.posts),
                *dates(self.manifest.first_date, self.manifest.business_date),
            )
            self._run([check for check in checks if check.file in self._names])

    def _ensure(self, file: File) -> None:
        if file.name not in self._names:
            columns = ", ".join(f"{column.name} VARCHAR" for column in file.columns)
            self.database.execute(f"CREATE TABLE {file.name} ({columns})")

    def _all_keys(self, file: str, columns: str) -> str:
        """Delivered rows and those of earlier nights that they do not replace."""
        key = FILE[file].key
        rows = f"SELECT {columns} FROM {file}"
        if file in self.earlier:
            state = f"read_parquet({files(self.earlier[file])})"
            rows += f" UNION ALL SELECT {columns} FROM {state} k ANTI JOIN {file} d ON d.{key} = k.{key}"
        return rows

    def write(self, seal: Seal) -> dict[str, int]:
        """Write the checked files as Parquet, sealed columns sealed; rows per file."""
        for name in self._names:
            file = FILE[name]
            columns = ", ".join(f"{cast(column)} AS {column.name}" for column in file.columns)
            rows = f"SELECT {columns} FROM {name} ORDER BY {file.key}"
            if any(column.sealed for column in file.columns):
                self.database.register("sealed", _sealed(self.database.sql(rows).to_arrow_table(), file, seal))
                rows = "FROM sealed"
            target = quoted(self.staging / f"{name}.parquet")
            self.database.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        for copy in self.staging.glob("*.utf8"):
            copy.unlink()
        return self.rows


def _lines_of_records(rejected: list[int], breaks: list[tuple[int, int]]) -> dict[int, int]:
    """The line on which each rejected record begins: records are counted from the header (1), and those before it may
    have line breaks in their values (``breaks``: place among the accepted rows, how many)."""
    lines = {}
    for place, record in enumerate(rejected):
        accepted = record - 2 - place
        lines[record] = record + sum(count for row, count in breaks if row < accepted)
    return lines


def _structure_fault(file: str, line: int, column: str, kind: str, text: str) -> DeliveryFault:
    expected = {
        "MISSING COLUMNS": ("与表头相同的列数(本行缺列)", "as many columns as the header (too few here)"),
        "TOO MANY COLUMNS": ("与表头相同的列数(本行多列)", "as many columns as the header (too many here)"),
        "UNQUOTED VALUE": ("成对的引号", "a closing quote"),
    }.get(kind, ("合规的CSV行", "a well-formed CSV line"))
    shape = f"{kind.lower()}: {len(text or '')} characters"
    return DeliveryFault(file, int(line), column, shape, *expected)


def _sealed(table: pa.Table, file: File, seal: Seal) -> pa.Table:
    """Sealed columns encrypted; ``*_index`` added for look-up, ``account_last4`` for showing."""
    rows, seal = table[file.key].to_pylist(), seal.held()
    for column in file.columns:
        if not column.sealed:
            continue
        scope = f"{file.name}.{column.name}"
        texts = table[column.name].to_pylist()
        place = table.schema.get_field_index(column.name)
        closed = [
            None if text is None else seal.close(text, scope, row, random=False)
            for row, text in zip(rows, texts, strict=True)
        ]
        table = table.set_column(place, column.name, pa.array(closed, pa.string()))
        if column.name in INDEXED:
            index = [None if text is None else seal.index(plain_number(text), column.name) for text in texts]
            table = table.append_column(f"{column.name}_index", pa.array(index, pa.string()))
        if column.name == "account_number":
            table = table.append_column("account_last4", pa.array([text and text[-4:] for text in texts], pa.string()))
    return table

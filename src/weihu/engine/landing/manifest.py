"""The manifest of a delivery: what the delivery says of itself, and what is wrong with that."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from weihu.engine.contract import FILE, FILES, FORMAT, MANIFEST
from weihu.engine.landing import textfile
from weihu.engine.landing.faults import DeliveryFault, DeliveryRefused, whole_file

LARGEST = 1 << 20
"""Bytes of a manifest; one of every file with all its totals has a few thousand."""


@dataclass(frozen=True)
class Manifest:
    """What the delivery says of itself; its transactions are of the days from ``first_date`` to ``business_date``."""

    business_date: date
    first_date: date
    currency: str
    files: dict[str, dict[str, Any]]
    totals: dict[str, str]
    digest: str


def read_manifest(folder: Path) -> Manifest:
    """Read and check a delivery's manifest; raises DeliveryRefused."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise DeliveryRefused(
                [whole_file(path, f"> {LARGEST:,}", f"至多 {LARGEST:,} 字节", f"at most {LARGEST:,} bytes")]
            )
        data = json.loads(raw.decode("utf-8-sig"))
        faults = _manifest_faults(folder, data)
    except FileNotFoundError:
        faults = [whole_file(path, "(none)", "交付清单文件", "the delivery's manifest")]
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, numbers or nesting without end
        line = getattr(error, "lineno", 1)
        faults = [DeliveryFault(path.name, line, "", str(error), "UTF-8 编码的 JSON 对象", "a JSON object in UTF-8")]
    if faults:
        raise DeliveryRefused(faults)
    stamp = hashlib.sha256(raw)
    for entry in data["files"].values():
        stamp.update(textfile.digest(folder / entry["file"]).encode())
    return Manifest(
        date.fromisoformat(data["business_date"]),
        date.fromisoformat(data.get("first_date", data["business_date"])),
        data["currency"],
        data["files"],
        data["totals"],
        stamp.hexdigest(),
    )


def _manifest_faults(folder: Path, data: Any) -> list[DeliveryFault]:
    faults: list[DeliveryFault] = []

    def wrong(column: str, found: object, zh: str, en: str) -> None:
        faults.append(DeliveryFault(MANIFEST, None, column, str(found), zh, en))

    if not isinstance(data, dict):
        return [DeliveryFault(MANIFEST, 1, "", type(data).__name__, "JSON 对象", "a JSON object")]
    if data.get("format") != FORMAT:
        wrong("format", data.get("format"), FORMAT, FORMAT)
    on = _date(data.get("business_date"))
    if on is None:
        wrong("business_date", data.get("business_date"), "YYYY-MM-DD 日期", "a date YYYY-MM-DD")
    elif "first_date" in data:
        first = _date(data["first_date"])
        if first is None or not on.replace(day=1) <= first <= on:
            zh = f"与营业日 {on} 同月、不晚于它的日期 YYYY-MM-DD"
            wrong("first_date", data["first_date"], zh, f"a date YYYY-MM-DD of the same month, not after {on}")
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
    if Path(entry["file"]).name != entry["file"] or not _is_there(folder / entry["file"]):
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
            str(totals.get(column) if isinstance(totals, dict) else totals),
            "控制总数(小数)",
            "a control total (decimal)",
        )
        for column in FILE[name].totals
        if not isinstance(totals, dict) or not _is_money(totals.get(column))
    ]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no file can have such a name
        return False


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_money(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False

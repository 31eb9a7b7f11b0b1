"""A wrong delivery is refused whole, with the right place, and leaves nothing behind."""

import gzip
import json
import os
import shutil
from pathlib import Path
from unittest.mock import ANY

import pytest

from tests.conftest import PUBLISHED_DAYS
from tests.damage import edit, manifest, put, raw, set_line
from weihu.engine.landing.faults import DeliveryRefused, OutOfOrder
from weihu.nightly.run import Nightly
from weihu.workplace.bank.models import Run


def cents_off(data):
    total = data["files"]["balances"]["totals"]
    total["balance"] = f"{float(total['balance']) + 0.01:.2f}"


def bank_cents_off(data):
    whole, cents = data["totals"]["aum"].split(".")
    data["totals"]["aum"] = f"{whole}.{(int(cents) + 1) % 100:02d}"


def repeat_line(data: bytes) -> bytes:
    parts = data.split(b"\n")
    return b"\n".join([*parts[:3], parts[1], *parts[3:]])


B, T = "balances", "transactions"
FAULTS = {
    # name: (what is done to the delivery, file, line, column); line None: of the file as a whole, ANY: not asked
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "manifest.json", None, ""),
    "manifest not JSON": (lambda f: (f / "manifest.json").write_text("{\n x"), "manifest.json", 2, ""),
    "manifest a list": (lambda f: (f / "manifest.json").write_text("[]"), "manifest.json", 1, ""),
    "manifest not UTF-8": (lambda f: (f / "manifest.json").write_bytes(b'{"a": "\xff"}'), "manifest.json", 1, ""),
    "other format": (lambda f: manifest(f, put("format", "v9")), "manifest.json", None, "format"),
    "date that is none": (
        lambda f: manifest(f, put("business_date", "2026-02-30")),
        "manifest.json",
        None,
        "business_date",
    ),
    "no date": (lambda f: manifest(f, put("business_date", None)), "manifest.json", None, "business_date"),
    "first day of another month": (
        lambda f: manifest(f, put("first_date", "1999-01-01")),
        "manifest.json",
        None,
        "first_date",
    ),
    "first day that is none": (lambda f: manifest(f, put("first_date", 1)), "manifest.json", None, "first_date"),
    "other currency": (lambda f: manifest(f, put("currency", "USD")), "manifest.json", None, "currency"),
    "no totals": (lambda f: manifest(f, put("totals", None)), "manifest.json", None, "totals.aum"),
    "count as text": (lambda f: manifest(f, put("totals.accounts", "7")), "manifest.json", None, "totals"),
    "no balances": (lambda f: manifest(f, put("files.balances", None)), "manifest.json", None, "files.balances"),
    "unknown file": (
        lambda f: manifest(f, put("files.loans", {"file": "x.csv", "rows": 0})),
        "manifest.json",
        None,
        "files.loans",
    ),
    "file not there": (lambda f: (f / "balances.csv").unlink(), "manifest.json", None, "files.balances.file"),
    "path out of the folder": (
        lambda f: manifest(f, put("files.balances.file", "../balances.csv")),
        "manifest.json",
        None,
        "files.balances.file",
    ),
    "name that no file can have": (
        lambda f: manifest(f, put("files.balances.file", "b" * 400)),
        "manifest.json",
        None,
        "files.balances.file",
    ),
    "rows negative": (
        lambda f: manifest(f, put("files.balances.rows", -1)),
        "manifest.json",
        None,
        "files.balances.rows",
    ),
    "no control total": (
        lambda f: manifest(f, put("files.balances.totals", {})),
        "manifest.json",
        None,
        "files.balances.totals.balance",
    ),
    "control total NaN": (
        lambda f: manifest(f, put("files.balances.totals.balance", "NaN")),
        "manifest.json",
        None,
        "files.balances.totals.balance",
    ),
    "total off by 0.01": (lambda f: manifest(f, cents_off), "balances.csv", None, "balance"),
    "bank's total off by 0.01": (lambda f: manifest(f, bank_cents_off), "manifest.json", None, "totals.aum"),
    "customers off by one": (
        lambda f: manifest(f, lambda d: d["totals"].update(customers=d["totals"]["customers"] + 1)),
        "manifest.json",
        None,
        "totals.customers",
    ),
    "row count off": (lambda f: manifest(f, lambda d: d["files"][B].update(rows=3)), "balances.csv", ANY, ""),
    "wrong checksum": (
        lambda f: manifest(f, lambda d: d["files"][B].update(sha256="0" * 64)),
        "balances.csv",
        None,
        "sha256",
    ),
    "empty file": (lambda f: raw(f, B, lambda d: b""), "balances.csv", ANY, ""),
    "missing column": (lambda f: raw(f, B, set_line(1, b"account_id")), "balances.csv", 1, "balance"),
    "unknown column": (lambda f: raw(f, B, set_line(1, b"account_id,saldo")), "balances.csv", 1, "saldo"),
    "column twice": (lambda f: raw(f, B, set_line(1, b"balance,balance")), "balances.csv", 1, "balance"),
    "too few values": (lambda f: raw(f, B, set_line(4, b"A00000003")), "balances.csv", 4, "balance"),
    "too many values": (lambda f: raw(f, B, set_line(4, b"A00000003,1.00,2")), "balances.csv", 4, ANY),
    "open quote": (lambda f: raw(f, B, set_line(3, b'"A00000003,1.00')), "balances.csv", 3, ANY),
    "text behind a quote": (lambda f: raw(f, B, set_line(3, b'"A00000003"x,1.00')), "balances.csv", 3, ANY),
    "line break in a value": (lambda f: raw(f, B, set_line(3, b'"A0000\n0003",1.00')), "balances.csv", 3, "account_id"),
    "blank line": (lambda f: raw(f, B, set_line(5, b"")), "balances.csv", 5, ""),
    "NUL": (lambda f: raw(f, B, set_line(5, b"A0\x0000003,1.00")), "balances.csv", 5, ""),
    "control character": (lambda f: raw(f, B, set_line(5, b"A0\x0700003,1.00")), "balances.csv", 5, "account_id"),
    "1 MB line": (lambda f: raw(f, B, set_line(2, b"9" * 1_000_000)), "balances.csv", 2, ""),
    "1 GB line": (lambda f: os.truncate(f / "balances.csv", 1 << 30), "balances.csv", ANY, ""),
    "damaged UTF-8": (
        lambda f: raw(f, T, lambda d: d + "工商银行\n".encode() * 3 + b"\xe5\xb7\n"),
        "transactions.csv",
        ANY,
        "",
    ),
    "UTF-16": (lambda f: raw(f, B, lambda d: d.decode().encode("utf-16")), "balances.csv", ANY, ""),
    "gzip cut off": (lambda f: raw(f, B, lambda d: gzip.compress(d)[:-20]), "balances.csv", ANY, ""),
    "Parquet cut off": (lambda f: raw(f, B, lambda d: b"PAR1" + d), "balances.csv", ANY, ""),
    "key twice": (lambda f: raw(f, B, repeat_line), "balances.csv", 2, "account_id"),
    "key empty": (lambda f: edit(f, B, 4, "account_id", ""), "balances.csv", 4, "account_id"),
    "amount empty": (lambda f: edit(f, B, 4, "balance", ""), "balances.csv", 4, "balance"),
    "three decimals": (lambda f: edit(f, B, 4, "balance", "1.005"), "balances.csv", 4, "balance"),
    "amount with comma": (lambda f: edit(f, B, 4, "balance", '"1,000.00"'), "balances.csv", 4, "balance"),
    "amount in exponent form": (lambda f: edit(f, B, 4, "balance", "1e5"), "balances.csv", 4, "balance"),
    "full-width digits": (lambda f: edit(f, B, 4, "balance", "１００"), "balances.csv", 4, "balance"),
    "negative term deposit": (lambda f: edit(f, B, 4, "balance", "-5.00"), "balances.csv", 4, "balance"),
    "unknown account": (lambda f: edit(f, B, 4, "account_id", "A99999999"), "balances.csv", 4, "account_id"),
    "unknown branch": (lambda f: edit(f, T, 2, "branch_id", "B999"), "transactions.csv", 2, "branch_id"),
    "unknown kind": (lambda f: edit(f, T, 2, "kind", "gift"), "transactions.csv", 2, "kind"),
    "date of another day": (lambda f: edit(f, T, 2, "booked_on", "2026-05-01"), "transactions.csv", 2, "booked_on"),
    "30 February": (lambda f: edit(f, T, 2, "booked_on", "2026-02-30"), "transactions.csv", 2, "booked_on"),
    "date in words": (lambda f: edit(f, T, 2, "booked_on", "yesterday"), "transactions.csv", 2, "booked_on"),
    "value too long": (
        lambda f: edit(f, T, 2, "counterparty_bank", "x" * 300),
        "transactions.csv",
        2,
        "counterparty_bank",
    ),
}


@pytest.fixture
def delivery(deliveries, tmp_path) -> Path:
    """A copy of the delivery that comes next; totals that an edit changes fail on their own line only."""
    return Path(shutil.copytree(deliveries[PUBLISHED_DAYS], tmp_path / "delivery"))


@pytest.fixture(scope="module")
def nightly(home, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), Nightly(home) as running:
        yield running


def left_behind(home) -> list[str]:
    return sorted(str(path.relative_to(home.root)) for part in (home.landed, home.runs) for path in part.rglob("*"))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_with_its_place(name, delivery, nightly, home, run):
    damage, file, line, column = FAULTS[name]
    before, number = left_behind(home), Run.objects.count()
    damage(delivery)
    with pytest.raises(DeliveryRefused) as refused:
        nightly.run(delivery)
    places = [(fault.file, fault.line, fault.column) for fault in refused.value.faults]
    assert (file, line, column) in places
    assert all(fault.text("zh") and fault.text("en") for fault in refused.value.faults)
    assert (left_behind(home), Run.objects.count()) == (before, number)


def test_all_faults_are_reported_not_only_the_first(delivery, nightly, run):
    for row in (3, 5, 7):
        edit(delivery, B, row, "balance", "x")
    with pytest.raises(DeliveryRefused) as refused:
        nightly.run(delivery)
    assert {fault.line for fault in refused.value.faults if fault.column == "balance" and fault.line} == {3, 5, 7}


@pytest.mark.parametrize("days", [-2, 2])
def test_a_gap_or_a_late_day_is_said_so(days, delivery, nightly, run):
    from datetime import timedelta

    manifest(delivery, put("business_date", str(run.business_date + timedelta(days=days))))
    with pytest.raises(OutOfOrder, match="last run"):
        nightly.run(delivery)


def test_a_delivery_of_several_days_that_leaves_one_out_is_refused(nightly, delivery, run):
    from datetime import timedelta

    first, on = (str(run.business_date + timedelta(days=days)) for days in (2, 4))
    manifest(delivery, put("first_date", first))
    manifest(delivery, put("business_date", on))
    with pytest.raises(OutOfOrder, match="missing in between") as refused:
        nightly.run(delivery)
    assert [(fault.column, fault.found) for fault in refused.value.faults] == [("first_date", first)]


DIALECTS = {
    "tab": lambda text: text.replace(",", "\t").encode(),
    "bar": lambda text: text.replace(",", "|").encode(),
    "byte-order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "GB18030": lambda text: text.encode("gb18030"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "Windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_lands_as_the_same_night(dialect, delivery, nightly, run):
    for path in delivery.glob("*.csv"):
        path.write_bytes(DIALECTS[dialect](path.read_text(encoding="utf-8")))
    expected = json.loads((delivery / "manifest.json").read_text())["totals"]["aum"]
    published = nightly.run(delivery)
    assert published.report["reconciliation"]["customer_aum"] == expected
    assert nightly.run(delivery) is None  # the same one again is a no-op


def test_a_corrected_last_delivery_replaces(deliveries, delivery, nightly, run):
    nightly.run(deliveries[PUBLISHED_DAYS])
    raw(delivery, T, lambda data: data.split(b"\n", 1)[0] + b"\n")
    manifest(delivery, lambda data: data["files"][T].update(rows=0, totals={"amount": "0.00"}))
    corrected = nightly.run(delivery)
    assert corrected.revision == 2
    assert corrected.business_date == run.work_date
    assert corrected.built_on == run.number

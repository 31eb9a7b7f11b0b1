"""What a delivery says of itself."""

import json
from datetime import date

import pytest

from tests.damage import manifest, put, raw
from weihu.engine.landing.faults import DeliveryRefused
from weihu.engine.landing.manifest import read_manifest


def test_the_manifest_says_of_which_day_and_files_the_delivery_is(delivery):
    data = json.loads((delivery / "manifest.json").read_text())
    read = read_manifest(delivery)
    assert read.business_date == date.fromisoformat(data["business_date"])
    assert (read.currency, read.files, read.totals) == (data["currency"], data["files"], data["totals"])


def test_the_digest_is_of_the_manifest_and_of_every_file(delivery):
    digests = {read_manifest(delivery).digest}
    raw(delivery, "branches", lambda content: content + b" ")
    digests.add(read_manifest(delivery).digest)
    manifest(delivery, put("note", "again"))
    digests.add(read_manifest(delivery).digest)
    assert len(digests) == 3


def test_a_missing_manifest_claims_no_line(tmp_path):
    with pytest.raises(DeliveryRefused) as refused:
        read_manifest(tmp_path)
    (fault,) = refused.value.faults
    assert fault.line is None
    assert fault.text("zh") == "manifest.json:实际为“(none)”,应为交付清单文件"
    assert fault.text("en") == "manifest.json: found '(none)', expected the delivery's manifest"
    assert refused.value.report()[0]["line"] is None


def test_all_entries_that_are_wrong_are_named(delivery):
    for key in ("format", "business_date", "currency", "totals.customers", "files.transactions"):
        manifest(delivery, put(key, None))
    manifest(delivery, put("files.balances.rows", True))
    with pytest.raises(DeliveryRefused) as refused:
        read_manifest(delivery)
    assert [fault.column for fault in refused.value.faults] == [
        "format",
        "business_date",
        "currency",
        "totals",
        "files.transactions",
        "files.balances.rows",
    ]


@pytest.mark.parametrize("totals", [[], "1.00", None, {"balance": 1.5}, {}])
def test_control_totals_of_the_wrong_shape_are_a_fault_and_no_error(totals, delivery):
    manifest(delivery, lambda content: content["files"]["balances"].update(totals=totals))
    with pytest.raises(DeliveryRefused) as refused:
        read_manifest(delivery)
    (fault,) = refused.value.faults
    assert fault.column == "files.balances.totals.balance"
    assert fault.expected_en == "a control total (decimal)"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"{" + b" " * (1 << 20) + b"}", "> 1,048,576"),
        (b"[" * 200_000, ""),
        (b'{"format": ' + b"9" * 100_000 + b"}", ""),
        (b"\xff\xfe{}", ""),
    ],
)
def test_a_manifest_without_end_is_refused_before_it_is_read_in_full(content, found, tmp_path):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(DeliveryRefused) as refused:
        read_manifest(tmp_path)
    (fault,) = refused.value.faults
    assert found in fault.found
    assert len(fault.text("en")) < 500

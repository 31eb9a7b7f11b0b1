"""Landing: what is checked lands as it says, what is wrong is refused, and nothing lies open meanwhile."""

import duckdb
import pyarrow.parquet as pq
import pytest

from weihu.engine import parts
from weihu.engine.landing.faults import DeliveryRefused
from weihu.engine.landing.land import scratch_database
from weihu.engine.landing.manifest import read_manifest


def test_what_does_not_fit_into_memory_goes_to_the_homes_spill_folder_encrypted(landing):
    with scratch_database(landing.home.spill) as database:
        settings = "SELECT current_setting('temp_directory'), current_setting('temp_file_encryption')"
        assert database.execute(settings).fetchall() == [(str(landing.home.spill / "landing"), True)]


def test_a_scratch_database_begins_empty_and_leaves_nothing(landing):
    for _ in range(2):
        with scratch_database(landing.home.spill) as database:
            assert database.execute("SHOW TABLES").fetchall() == []
            database.execute("CREATE TABLE customers (customer_id VARCHAR)")


def test_a_delivery_lands_with_as_many_rows_as_it_says(landing, deliveries):
    stated = {name: entry["rows"] for name, entry in read_manifest(deliveries[0]).files.items()}
    landed = landing.land(deliveries[0])
    assert landed.rows == stated
    for name, rows in stated.items():
        (path,) = landed.paths(name)
        assert duckdb.execute(f"SELECT count(*) FROM '{path}'").fetchall() == [(rows,)]


def test_a_file_that_was_not_delivered_has_no_parquet(landing, deliveries):
    assert landing.after(deliveries[0]).land(deliveries[1]).paths("branches") == []


def test_telephone_numbers_are_sealed_in_what_is_kept_and_found_by_their_index(landing, deliveries):
    (path,) = landing.land(deliveries[0]).paths("customers")
    file = f"read_csv('{deliveries[0]}/customers.csv', all_varchar = true)"
    delivered = duckdb.execute(f"SELECT phone FROM {file} ORDER BY customer_id").fetchall()
    kept = duckdb.execute(f"SELECT customer_id, phone, phone_index FROM '{path}' ORDER BY customer_id").fetchall()
    for (phone,), (customer, sealed, index) in zip(delivered, kept, strict=True):
        assert phone is None or (landing.seal.open(sealed, "customers.phone", customer), index) == (
            phone,
            landing.seal.index(phone, "phone"),
        )
    assert any(phone for (phone,) in delivered)


def test_a_delivery_lands_the_same_whether_small_or_large(landing, deliveries, monkeypatch):
    landed = []
    for light in (1 << 40, 0):
        monkeypatch.setattr(parts, "LIGHT", light)
        paths = landing.land(deliveries[0]).folder.glob("*.parquet")
        landed.append({path.name: pq.read_table(path).to_pylist() for path in paths})
    assert landed[0] == landed[1]
    assert landed[0]["customers.parquet"]


def test_rows_of_earlier_nights_are_known_to_later_ones(landing, deliveries):
    assert landing.after(deliveries[0]).land(deliveries[1]).rows["transactions"]
    with pytest.raises(DeliveryRefused) as refused:
        landing.land(deliveries[1])
    assert "a account_id that accounts has" in {fault.expected_en for fault in refused.value.faults}

"""Landing: where what does not fit into memory goes, and what a fault of a whole file says."""

import pytest

from weihu.engine.lake import Home
from weihu.engine.landing import land
from weihu.engine.landing.faults import DeliveryRefused, whole_file
from weihu.engine.landing.manifest import read_manifest
from weihu.engine.seal import Seal


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def landed(home: Home, delivery, posts) -> land.Landed:
    seal = Seal(home.key("seal"), home.key("index"))
    manifest = read_manifest(delivery)
    return land.land(delivery, manifest, home.staging("landing"), {}, posts, seal, home.spill)


def test_what_does_not_fit_into_memory_goes_to_the_homes_spill_folder_encrypted(home):
    with land.scratch_database(home.spill) as database:
        settings = "SELECT current_setting('temp_directory'), current_setting('temp_file_encryption')"
        assert database.execute(settings).fetchall() == [(str(home.spill / "landing"), True)]


def test_a_scratch_database_begins_empty_and_leaves_nothing(home):
    for _ in range(2):
        with land.scratch_database(home.spill) as database:
            assert database.execute("SHOW TABLES").fetchall() == []
            database.execute("CREATE TABLE customers (customer_id VARCHAR)")


def test_a_delivery_lands_with_as_many_rows_as_it_says(home, deliveries, book_posts):
    manifest = read_manifest(deliveries[0])
    assert landed(home, deliveries[0], book_posts).rows == {
        name: entry["rows"] for name, entry in manifest.files.items()
    }


def test_a_missing_file_claims_no_line(home, deliveries, tmp_path):
    with pytest.raises(DeliveryRefused) as refused:
        read_manifest(tmp_path)
    (fault,) = refused.value.faults
    assert fault.line is None
    assert fault.text("zh") == "manifest.json:实际为“(none)”,应为交付清单文件"
    assert fault.text("en") == "manifest.json: found '(none)', expected the delivery's manifest"
    assert refused.value.report()[0]["line"] is None


def test_a_fault_of_a_column_as_a_whole_names_the_column_and_no_line():
    fault = whole_file("balances.csv", "1.00", "清单控制总数 2.00", "the manifest's total 2.00", "balance")
    assert fault.text("en") == "balances.csv, column balance: found '1.00', expected the manifest's total 2.00"
    assert fault.text("zh") == "balances.csv balance 列:实际为“1.00”,应为清单控制总数 2.00"


@pytest.fixture
def book_posts() -> list[str]:
    from weihu.rules import rulebook

    return list(rulebook.load("brief").posts)

"""The command line with real ledgers and real kills."""

import json
import os
import shutil
import sqlite3
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from tests.conftest import LEDGER
from weihu.sources import czech

needs_ledger = pytest.mark.skipif(not LEDGER.is_dir(), reason=f"the Czech ledger is not at {LEDGER}")


@needs_ledger
@pytest.mark.sqlite
def test_the_ledgers_year_end_equals_an_independent_query(weihu, tmp_path):
    """Twelve nights, the first carrying what stood before; totals and grades are counted straight from the files."""
    list(czech.deliveries(LEDGER, date(1993, 12, 20), date(1993, 12, 31), tmp_path / "cz"))
    weihu("init", "--rulebook", "czech")
    weihu("replay", tmp_path / "cz")
    answer = json.loads(weihu("status", "--json").stdout)
    counted = duckdb.execute(
        f"""
        WITH t AS (SELECT * FROM read_csv('{LEDGER}/trans.asc', delim=';', header=true, all_varchar=true)),
        a AS (SELECT * FROM read_csv('{LEDGER}/account.asc', delim=';', header=true, all_varchar=true) WHERE date <= '931231'),
        d AS (SELECT * FROM read_csv('{LEDGER}/disp.asc', delim=';', header=true, all_varchar=true)),
        s AS (SELECT account_id, sum(IF(type='PRIJEM', 1, -1) * CAST(amount AS DECIMAL(18,2))) AS held FROM t GROUP BY 1),
        c AS (SELECT d.client_id, coalesce(sum(s.held) FILTER (WHERE d.type = 'OWNER'), 0) AS aum
              FROM d JOIN a USING (account_id) LEFT JOIN s USING (account_id) GROUP BY 1)
        SELECT count(*), sum(aum), count(*) FILTER (aum < 15000), count(*) FILTER (aum >= 15000 AND aum < 30000),
               count(*) FILTER (aum >= 30000 AND aum < 50000), count(*) FILTER (aum >= 50000 AND aum < 80000),
               count(*) FILTER (aum >= 80000), (SELECT count(*) FROM a) FROM c
        """
    ).fetchall()[0]
    assert (answer["customers"], Decimal(answer["aum"]), answer["accounts"]) == (counted[0], counted[1], counted[7])
    assert answer["aum"] == "36575946.10"
    assert answer["accounts"] == 1139
    assert tuple(answer["grades"].values()) == counted[2:7]
    assert answer["reconciled"] is True
    customer = json.loads(weihu("customer", "2873", "--json").stdout)
    assert customer["history"]


def said_of(weihu, home) -> tuple:
    """What an installation says: its status, its last run's tables, and some customers with their history."""
    last = sorted((home / "lake" / "runs").iterdir())[-1]
    tables = {
        name: duckdb.execute(f"SELECT * FROM '{last}/{name}.parquet'").fetchall()
        for name in ("standings", "signals", "tasks")
    }
    customers = sorted(row[0] for row in tables["standings"])[::130]
    asked = [["status", "--json"], *(["customer", customer, "--json"] for customer in customers)]
    printed = json.loads(weihu(json.dumps(asked), module="tests.nightly.said").stdout)
    return tables, [json.loads(answer) for answer in printed]


@pytest.mark.long
def test_a_killed_replay_is_finished_by_the_next(installation, tmp_path, deliveries, monkeypatch):
    """kill -9 at random moments: what is published is always whole, and the end is as if nothing had happened."""
    weihu = installation("disturbed")
    weihu("init", "--rulebook", "state_bank")
    with monkeypatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # who is killed cannot tell what was covered
        printed = weihu(deliveries[0].parent, 12, module="tests.nightly.kills").stdout.splitlines()
    published = [status for line in printed if (status := json.loads(line))]
    assert len(printed) == 12
    for status in published:
        manifest = json.loads((deliveries[0].parent / status["business_date"] / "manifest.json").read_text())
        totals = {name: status[name] for name in ("aum", "customers", "accounts")}
        assert totals == {name: manifest["totals"][name] for name in totals}
    runs = [status["run"] for status in published]
    assert runs == sorted(runs)
    assert len(set(runs)) > 2, "the kills came too early to say anything"
    weihu("replay", deliveries[0].parent)
    undisturbed = installation("undisturbed")
    undisturbed("init", "--rulebook", "state_bank")
    undisturbed("replay", deliveries[0].parent)
    assert said_of(weihu, tmp_path / "disturbed") == said_of(undisturbed, tmp_path / "undisturbed")


@pytest.mark.long
def test_contacts_are_recorded_while_nights_are_published(weihu, deliveries, tmp_path):
    """A person saves results without a pause through five nights; every one is taken, and none is lost."""
    weihu("init", "--rulebook", "state_bank")
    weihu("run", "--date", deliveries[0].name, "--delivery", deliveries[0])
    tasks = duckdb.execute(
        f"SELECT staff_id FROM '{tmp_path}/home/lake/runs/000001/tasks.parquet' GROUP BY 1 ORDER BY count(*) DESC"
    )
    person = weihu(tasks.fetchall()[0][0], start=True, module="tests.workplace.morning")
    weihu("replay", deliveries[0].parent)
    answer = json.loads(person.communicate("enough")[0])
    dates = [folder.name for folder in deliveries]
    assert list(answer["answers"]) == ["200"]
    assert answer["seen"] == [date for date in dates if date in answer["seen"]]
    assert len(answer["seen"]) > 1, "the person worked through one night only"
    counted = json.loads(weihu("contacts", module="tests.workplace.morning").stdout)
    assert counted == answer["answers"]["200"]


def test_a_second_run_at_once_is_refused(weihu, tmp_path, deliveries):
    import filelock

    weihu("init")
    with filelock.FileLock(tmp_path / "home" / "run.lock"):
        refused = weihu("replay", deliveries[0].parent, check=False)
    assert refused.returncode != 0
    assert "another run" in refused.stderr


def test_no_c2_value_stands_readable_in_any_file_and_every_file_is_its_owners(weihu, tmp_path, deliveries, monkeypatch):
    """A delivery that came by the inbox, database and its log, lake, logs, temporary files, backup; names in the lake."""
    os.umask(0o022)  # as most systems have it
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    weihu("init")
    home = tmp_path / "home"
    shutil.copytree(deliveries[0], home / "inbox" / deliveries[0].name)
    weihu("run", "--date", deliveries[0].name)
    assert "nothing new" in weihu("run", "--date", deliveries[0].name).stderr
    weihu("backup", "take", tmp_path / "vault")
    database = home / "weihu.sqlite3"

    def column(*names, file):
        rows = duckdb.execute(f"SELECT {', '.join(names)} FROM read_csv('{deliveries[0]}/{file}', all_varchar=true)")
        return {value.encode() for row in rows.fetchall() for value in row if value}

    secret = column("identity_number", "phone", "address", file="customers.csv")
    secret |= column("account_number", file="accounts.csv")
    names = {name for name in column("name", file="customers.csv") if len(name) > 6}
    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    stored = {path: path.read_bytes() for path in paths}
    lake = b"".join(content for path, content in stored.items() if path.is_relative_to(home / "lake"))
    # Parquet packs its columns: what a reader of the files sees
    for path in (home / "lake").rglob("*.parquet"):
        lake += repr(duckdb.execute(f"SELECT * FROM '{path}'").fetchall()).encode()
    everything = b"".join([*stored.values(), lake])
    assert len(secret) > 1000
    assert len(names) > 100
    assert not [value for value in secret if value in everything]
    assert not [name for name in names if name in lake]
    assert not {path for path in paths if path.stat().st_mode & 0o077}
    assert home.stat().st_mode & 0o777 == 0o700
    if database.is_file():
        assert sqlite3.connect(database).execute("SELECT count(*) FROM bank_customer").fetchone()[0] > 300


@pytest.mark.sqlite
def test_the_same_seed_gives_the_same_bytes(deliveries, tmp_path):
    from weihu.sources.synthetic import SyntheticBank

    for folder in SyntheticBank(400, 3, 6, date(2026, 6, 2), 7).deliveries(tmp_path / "again"):
        for path in folder.iterdir():
            assert path.read_bytes() == (deliveries[0].parent / folder.name / path.name).read_bytes()


def test_an_engine_that_is_none_stops_the_night_with_its_name(weihu, tmp_path, deliveries, monkeypatch):
    """In both languages, before anything is made."""
    weihu("init")
    monkeypatch.setenv("WEIHU_ENGINE", "pandas")
    ended = weihu("run", "--date", deliveries[0].name, "--delivery", deliveries[0], check=False)
    assert ended.returncode == 1
    assert "WEIHU_ENGINE=pandas" in ended.stderr
    assert not list((tmp_path / "home" / "lake" / "runs").iterdir())

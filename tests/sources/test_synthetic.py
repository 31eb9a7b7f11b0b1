"""The synthetic bank can be believed, is the same for the same seed, and its truth is true."""

import hashlib
import json
from datetime import date

import duckdb
import numpy as np
import pytest

from weihu.sources.synthetic import Contact, SyntheticBank
from weihu.sources.synthetic.report import report

LAST = date(2026, 6, 30)
one_year = pytest.mark.xdist_group("year")  # one process makes it


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("customers", "days"), [(2500, 70), (8000, 35)])
def test_every_check_of_plausibility_holds(customers, days, seed, tmp_path):
    list(SyntheticBank(customers, 4, days, LAST, seed, 0.01).deliveries(tmp_path))
    checks = report(tmp_path)
    assert len(checks) == 60
    assert [check for check in checks if check.value is None] == []
    assert [check for check in checks if not check.holds] == []


def test_a_check_that_finds_a_pair_that_cannot_be_fails(tmp_path):
    list(SyntheticBank(300, 3, 1, LAST, 1).deliveries(tmp_path))
    path = tmp_path / ".truth" / "people.parquet"
    duckdb.execute(f"CREATE OR REPLACE TEMP TABLE people AS FROM '{path}'")
    duckdb.execute("UPDATE people SET birth_date = DATE '2025-01-01' WHERE occupation = '企业主'")
    duckdb.execute(f"COPY people TO '{path}'")
    failed = {check.key for check in report(tmp_path) if not check.holds}
    assert {"young_owners", "unborn"} <= failed


def digests(folder) -> dict[str, str]:
    """Every file under a folder, the truth as well, by its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def lived(out, customers, days, contacts, seed=5):
    """A bank that has lived its days, with what staff did before each."""
    bank = SyntheticBank(customers, 3, days, LAST, seed)
    for number in range(days):
        bank.day(out, contacts(bank.first, number))
    bank.write_truth(out)
    return digests(out)


def every_third(outcome):
    """On each day somebody contacts every third customer."""
    return lambda first, number: [
        Contact(f"P{place + 1:07d}", first, "idle_cash", outcome) for place in range(number % 3, 300, 3)
    ]


def test_the_same_seed_and_the_same_contacts_give_the_same_bytes(tmp_path):
    again = [lived(tmp_path / name, 300, 12, every_third("interested")) for name in ("one", "two")]
    assert again[0] == again[1]
    alone = lived(tmp_path / "alone", 300, 12, lambda first, number: [])
    assert alone != again[0]
    assert lived(tmp_path / "unreached", 300, 12, every_third("not_reached")) == alone
    list(SyntheticBank(300, 3, 12, LAST, 5).deliveries(tmp_path / "whole"))
    assert digests(tmp_path / "whole") == alone
    assert lived(tmp_path / "other", 300, 12, lambda first, number: [], seed=6) != alone


def test_a_bank_of_richer_customers_has_the_same_people_and_the_managers_asked_for(tmp_path):
    for name, more in (("plain", {}), ("rich", {"richer": 3.0, "managers": 2})):
        list(SyntheticBank(400, 2, 1, LAST, 1, **more).deliveries(tmp_path / name))

    def answer(name, file, asked):
        path = next((tmp_path / name).glob(f"[!.]*/{file}.*"))
        return duckdb.sql(f"SELECT {asked} FROM read_csv('{path}', all_varchar = true)").fetchall()[0][0]

    assert answer("plain", "customers", "string_agg(name, '')") == answer("rich", "customers", "string_agg(name, '')")
    managers = "count(*) FILTER (post = 'relationship_manager')"
    assert (answer("plain", "staff", managers), answer("rich", "staff", managers)) == (6, 4)
    money = "sum(CAST(balance AS DECIMAL(18, 2)))"
    assert 2 < answer("rich", "balances", money) / answer("plain", "balances", money) < 4


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """A bank of 5,000 over most of a year, its truth as tables."""
    out = tmp_path_factory.mktemp("year")
    list(SyntheticBank(5000, 3, 300, LAST, 4).deliveries(out))
    database = duckdb.connect()
    for path in (out / ".truth").glob("*.parquet"):
        database.execute(f"CREATE TABLE {path.stem} AS FROM '{path}'")
    return database


@one_year
def test_minds_change_before_money_goes(year):
    begun, earliest = year.execute(
        "SELECT count(*), min(going - onset) FROM leaving WHERE cause <> 'unforeseen'"
    ).fetchall()[0]
    assert begun > 150
    assert earliest >= 9
    without = year.execute(
        "SELECT count(*) FROM events e WHERE kind = 'drift' AND NOT EXISTS"
        " (FROM leaving l WHERE l.customer_id = e.customer_id AND l.going <= e.date)"
    ).fetchall()[0][0]
    assert without == 0
    assert (
        year.execute(
            "SELECT count(DISTINCT kind) FROM events WHERE kind IN ('drift', 'maturity_lost', 'large')"
        ).fetchall()[0][0]
        == 3
    )
    assert year.execute("SELECT count(DISTINCT cause), count(DISTINCT way) FROM leaving").fetchall()[0] == (6, 3)


def area(scores, labels) -> float:
    """The chance that somebody of the labelled scores higher than somebody else."""
    order = np.argsort(np.argsort(scores))
    own = order[labels]
    return (own.sum() - len(own) * (len(own) - 1) / 2) / len(own) / (len(scores) - len(own))


@one_year
@pytest.mark.parametrize(("which", "low", "high"), [("<>", 0.70, 0.95), ("=", 0.25, 0.70)])
def test_the_kept_hazard_ranks_those_who_will_leave_and_nobody_foresees_the_others(which, low, high, year):
    rows = year.execute(
        f"""
        SELECT hazard_30, EXISTS (FROM leaving l WHERE l.customer_id = m.customer_id AND cause {which} 'unforeseen'
            AND onset > m.month AND onset <= m.month + 30) FROM minds m
        WHERE stage = 'staying' AND hazard_30 > 0
        """
    ).fetchnumpy()
    scores, leaves = (np.asarray(column) for column in rows.values())
    assert leaves.sum() > 10
    assert low < area(scores, leaves) < high


@one_year
def test_what_is_bought_suits_and_comes_as_often_as_its_chance_says(year):
    for category in ("wealth", "fund", "insurance"):
        unsuitable, most = year.execute(
            f"SELECT count(*) FILTER ({category}_bought), max({category}_without) FROM purchases"
            " JOIN people USING (customer_id) WHERE risk_class < 2"
        ).fetchall()[0]
        assert (unsuitable, most) == (0, 0)
    for category in ("term", "wealth", "fund", "card"):
        bought, expected, variance = year.execute(
            f"SELECT sum({category}_bought::INT), sum(p), sum(p * (1 - p)) FROM"
            f" (SELECT *, {category}_without AS p FROM purchases)"
        ).fetchall()[0]
        assert bought > 30
        assert abs(bought - expected) < 4 * variance**0.5


@one_year
def test_a_wallet_lasts_and_one_bank_is_home(year):
    share, lasting = year.execute(
        "SELECT median(share) FILTER (home_bank = '本行') - median(share) FILTER (home_bank <> '本行'),"
        " corr(share, later) FROM (SELECT *, lead(share, 3) OVER (PARTITION BY customer_id ORDER BY month) AS later FROM wallet)"
    ).fetchall()[0]
    assert share > 0.4
    assert lasting > 0.9


def test_a_statement_names_the_employer_the_pension_fund_and_the_estate(tmp_path):
    """Nobody has two employers without another job, but a few whose employer takes another name."""
    list(SyntheticBank(1200, 3, 65, LAST, 2).deliveries(tmp_path))
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE paid AS SELECT t.*, a.customer_id, p.occupation"
        f" FROM read_csv('{tmp_path}/20*/transactions.csv', all_varchar=true) t"
        f" JOIN (SELECT DISTINCT account_id, customer_id FROM read_csv('{tmp_path}/20*/accounts.csv', all_varchar=true)) a"
        f" USING (account_id) JOIN '{tmp_path}/.truth/people.parquet' p USING (customer_id)"
    )
    pensions, salaries, unnamed = database.execute(
        "SELECT count(*) FILTER (counterparty LIKE '%保险%'), count(*) FILTER (counterparty LIKE '%有限公司'),"
        " count(*) FILTER (counterparty IS NULL) FROM paid WHERE kind = 'salary'"
    ).fetchall()[0]
    assert pensions > 50
    assert salaries > 200
    assert unnamed == 0
    working = database.execute("SELECT count(*) FROM paid WHERE counterparty LIKE '%保险%' AND occupation <> '退休'")
    assert working.fetchall() == [(0,)]
    payers, other = database.execute(
        "SELECT count(*), count(*) FILTER (payers > 1) FROM (SELECT customer_id, count(DISTINCT counterparty) AS payers"
        " FROM paid WHERE kind = 'salary' AND customer_id NOT IN (SELECT customer_id FROM"
        f" '{tmp_path}/.truth/events.parquet' WHERE kind IN ('job', 'retirement')) GROUP BY 1)"
    ).fetchall()[0]
    assert other <= payers // 50
    assert database.execute("SELECT count(*) FROM paid WHERE counterparty LIKE '%物业%'").fetchall()[0][0] > 20


def test_what_contacts_do_can_be_learned_from_the_files(tmp_path):
    """Half of the customers, drawn by lot, are contacted each week: they buy more, most of all those who respond most."""
    treated = np.random.default_rng(8).random(4000) < 0.5
    named = [f"P{place + 1:07d}" for place in np.flatnonzero(treated)]

    def weekly(first, number):
        return [Contact(customer, first, "idle_cash", "considering") for customer in named] if number % 7 == 0 else []

    lived(tmp_path, 4000, 100, weekly)
    rows = duckdb.execute(
        f"""
        SELECT contacted, "with" - without > 0.02 AS responds, avg((term_bought OR wealth_bought OR fund_bought)::INT) AS share,
            avg(term_without + wealth_without + fund_without) AS usual, count(*) AS people
        FROM '{tmp_path}/.truth/purchases.parquet' JOIN '{tmp_path}/.truth/response.parquet' USING (customer_id)
        WHERE purpose = 'sell' AND date >= DATE '{LAST}' - 98 GROUP BY ALL
        """
    ).fetchall()
    cells = {(contacted, responds): share / usual for contacted, responds, share, usual, _ in rows}
    assert min(people for *_, people in rows) > 1000
    assert cells[True, True] / cells[False, True] > 1.6
    assert 0.6 < cells[True, False] / cells[False, False] < 1.4
    worse = duckdb.execute(
        f"""SELECT avg(("with" < without)::INT) FROM '{tmp_path}/.truth/response.parquet' WHERE purpose = 'sell'"""
    ).fetchall()[0][0]
    assert 0.05 < worse < 0.4


def test_duplicates_and_wrong_facts_are_kept(tmp_path):
    list(SyntheticBank(3000, 3, 1, LAST, 2, 0.02).deliveries(tmp_path))
    read = f"read_csv('{tmp_path}/{LAST}/customers.csv', all_varchar = true)"
    pairs, named = duckdb.execute(
        f"SELECT count(*), count(*) FILTER (a.name = b.name) FROM '{tmp_path}/.truth/duplicates.parquet' d"
        f" JOIN {read} a USING (customer_id) JOIN {read} b ON b.customer_id = d.same_as"
    ).fetchall()[0]
    assert pairs == named > 40
    wrong = duckdb.execute(
        f"""
        SELECT count(*) FILTER (c.education = p.education OR c.education IS NULL), count(*)
        FROM '{tmp_path}/.truth/wrong_facts.parquet' JOIN {read} c USING (customer_id)
        JOIN '{tmp_path}/.truth/people.parquet' p USING (customer_id) WHERE field = 'education'
        """
    ).fetchall()[0]
    assert wrong[0] == 0 < wrong[1]


def test_a_delivery_of_several_days_has_the_rows_and_the_balance_days_of_theirs(tmp_path):
    """Of 34 days, the last 30 at once."""
    by_day, at_once = SyntheticBank(300, 3, 34, LAST, 5), SyntheticBank(300, 3, 34, LAST, 5)
    days = [by_day.day(tmp_path / "days") for _ in range(34)]
    for _ in range(4):
        at_once.day(tmp_path / "once")
    month = at_once.through(tmp_path / "once", LAST)
    assert json.loads((month / "manifest.json").read_text())["first_date"] == "2026-06-01"
    later = ", ".join(f"'{day}/transactions.csv'" for day in days[4:])
    asked = "SELECT * FROM read_csv({}, all_varchar = true) ORDER BY transaction_id"
    one = duckdb.sql(asked.format(f"'{month}/transactions.csv'")).fetchall()
    assert one == duckdb.sql(asked.format(f"[{later}]")).fetchall()
    assert len(one) > 500
    held, sums = {}, {}
    for place, day in enumerate(days):
        rows = duckdb.sql(f"SELECT account_id, balance FROM read_csv('{day}/balances.csv')").fetchall()
        held |= {account: round(balance * 100) for account, balance in rows}
        if place >= 4:
            sums = {account: sums.get(account, 0) + cents for account, cents in held.items()}
    told = duckdb.sql(f"SELECT account_id, balance, balance_days FROM read_csv('{month}/balances.csv')").fetchall()
    assert {account: (round(b * 100), round(d * 100)) for account, b, d in told} == {
        account: (held[account], sums[account]) for account, _, _ in told
    }

"""Months of deliveries graded again from their whole history equal, night by night, the state carried through them."""

import calendar
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import ibis
import pytest

from tests.conftest import LEDGER
from tests.rules.test_grade import Reference
from weihu.engine.duck import DuckEngine
from weihu.rules import grade, rulebook, tables, value
from weihu.sources import czech
from weihu.sources.synthetic import SyntheticBank


class Carried:
    """The night's rules of value and grade, night after night over the files of deliveries; ``told`` keeps what they say."""

    def __init__(self, book):
        self.engine, self.book = DuckEngine(None, threads=1), book
        self.sql = self.engine.connection.execute
        self.sql("PRAGMA disable_optimizer")  # a year of small queries: planning them is most of the work
        self.seen, self.month_days, self.last_month_days = 0, 0, 1
        self.sql('CREATE TABLE told ("on" DATE, customer_id VARCHAR, aum DECIMAL(18,2), rank BIGINT, watched BOOLEAN)')
        for name, schema in (
            ("accounts", tables.ACCOUNTS),
            ("profiles", tables.PROFILES),
            ("standings", tables.STANDINGS),
            ("products", tables.PRODUCTS),
            ("holdings", tables.HOLDINGS),
        ):
            self.engine.bind(f"{name}_before", schema, [])

    def table(self, name, schema):
        return ibis.table(schema, name=name)

    def file(self, folder, name, schema):
        """A file of a delivery as the night would land it; an empty table if there is none."""
        path = folder / f"{name}.csv"
        if not path.is_file():
            return self.engine.bind(f"{name}_today", schema, [])
        with path.open(encoding="utf-8") as file:  # nothing of a generated file has to be guessed
            result = file.readline().strip().split(",")
        chosen = dict.fromkeys(result, "VARCHAR")
        read = f"read_csv('{path}', header = true, auto_detect = false, columns = {chosen})"
        kinds = {
            "date": "DATE",
            "boolean": "BOOLEAN",
            "string": "VARCHAR",
            str(ibis.dtype(tables.MONEY)): "DECIMAL(18,2)",
        }
        columns = ", ".join(
            f"CAST({key if key in result else 'NULL'} AS {kinds[str(kind)]}) AS {key}" for key, kind in schema.items()
        )
        self.sql(f"CREATE OR REPLACE TABLE {name}_today AS SELECT {columns} FROM {read}")
        return self.table(f"{name}_today", schema)

    def night(self, folder):
        on = date.fromisoformat(folder.name)
        starts = self.seen > 0 and on.day == 1
        if starts:
            self.last_month_days, self.month_days = self.month_days, 0
        self.month_days += 1
        day = {
            "business_date": on,
            "days": 1,
            "month_days": self.month_days,
            "last_month_days": self.last_month_days,
            "is_month_start": starts,
            "is_month_end": on.day == calendar.monthrange(on.year, on.month)[1],
            "is_first": self.seen == 0,
        }
        clock = self.engine.bind_row("clock", tables.CALENDAR, day)
        self.compute(folder, clock)
        known = (*tables.VALUES.names, *tables.GRADES.names, *grade.METRIC)
        columns = ", ".join(name if name in known else f"NULL AS {name}" for name in tables.STANDINGS.names)
        self.sql(f"CREATE OR REPLACE TABLE standings_before AS SELECT {columns} FROM graded")
        for name in ("accounts", "profiles", "products", "holdings"):
            self.sql(f"CREATE OR REPLACE TABLE {name}_before AS FROM {name}")
        self.sql(
            f"INSERT INTO told SELECT DATE '{on}', customer_id, aum, grade_rank, watch_since IS NOT NULL FROM graded"
        )
        self.seen += 1

    def compute(self, folder, clock):
        derive, before = self.engine.derive, {}
        for name, schema in (
            ("accounts", tables.ACCOUNTS),
            ("profiles", tables.PROFILES),
            ("standings", tables.STANDINGS),
            ("products", tables.PRODUCTS),
            ("holdings", tables.HOLDINGS),
        ):
            before[name] = self.table(f"{name}_before", schema)
        today = {
            "accounts": self.file(
                folder,
                "accounts",
                ibis.schema({key: kind for key, kind in tables.ACCOUNTS.items() if key != "balance"}),
            ),
            "profiles": self.file(folder, "customers", tables.PROFILES),
            "products": self.file(folder, "products", tables.PRODUCTS),
            "holdings": self.file(folder, "holdings", tables.HOLDINGS),
        }
        balances = self.file(folder, "balances", tables.BALANCES)
        transactions = self.file(folder, "transactions", tables.TRANSACTIONS)
        accounts = derive("accounts", value.carry_accounts, before["accounts"], today["accounts"], balances)
        keys = {"profiles": "customer_id", "products": "product_id", "holdings": "holding_id"}
        now = {name: derive(name, value.replace_rows, before[name], today[name], key) for name, key in keys.items()}
        running = derive("running", value.holdings_open, now["holdings"], now["products"], clock)
        everything = derive("everything", value.held, accounts, running, now["products"])
        margins = derive("margins", value.contributions, everything, self.book)
        nothing = [
            self.engine.bind(name, schema, [])
            for name, schema in (("movements", tables.MOVEMENTS), ("windows", tables.WINDOWS))
        ]
        inputs = (
            now["profiles"],
            accounts,
            running,
            transactions,
            before["standings"],
            *nothing,
            margins,
            balances,
            clock,
            self.book,
        )
        values = derive("values_now", value.customer_values, *inputs)
        none = [self.engine.bind(name, tables.MEASURES, []) for name in ("measures", "measures_before")]
        granted = self.engine.bind("granted", tables.GRANTED, [])
        derive(
            "graded", grade.grade_customers, values, none[0], granted, before["standings"], none[1], clock, self.book
        )

    def told(self):
        """customer -> [(date, aum, rank, watched), …]"""
        fields: dict = {}
        for on, customer, *row in self.sql('SELECT * FROM told ORDER BY customer_id, "on"').fetchall():
            fields.setdefault(customer, []).append((on, *row))
        return fields


def history(carried, folders):
    """customer -> [(date, aum), …] straight from all the files: every account's last balance on every day."""
    files = ", ".join(f"'{folder}/balances.csv'" for folder in folders)
    owners = ", ".join(f"'{folder}/accounts.csv'" for folder in folders if (folder / "accounts.csv").is_file())
    people = ", ".join(f"'{folder}/customers.csv'" for folder in folders if (folder / "customers.csv").is_file())
    when = "CAST(regexp_extract(filename, '(\\d{4}-\\d\\d-\\d\\d)', 1) AS DATE)"
    options = "all_varchar = true, filename = true, union_by_name = true"
    rows = carried.sql(
        f"""
        WITH b AS (SELECT account_id, {when} AS since, CAST(balance AS DECIMAL(18,2)) AS balance FROM read_csv([{files}], {options})),
        a AS (SELECT account_id, {when} AS since, customer_id, TRY_CAST(closed_on AS DATE) AS closed_on FROM read_csv([{owners}], {options})),
        d AS (SELECT unnest(generate_series(DATE '{folders[0].name}', DATE '{folders[-1].name}', INTERVAL 1 DAY))::DATE AS "on"),
        c AS (SELECT customer_id, min({when}) AS first FROM read_csv([{people}], {options}) GROUP BY 1),
        ad AS (SELECT d."on", x.account_id FROM d, (SELECT DISTINCT account_id FROM a) x),
        told AS (SELECT ad.*, a.customer_id, a.closed_on FROM ad ASOF JOIN a ON ad.account_id = a.account_id AND ad."on" >= a.since),
        held AS (SELECT told.*, b.balance FROM told ASOF JOIN b ON told.account_id = b.account_id AND told."on" >= b.since)
        SELECT c.customer_id, d."on", coalesce(sum(held.balance) FILTER (held.closed_on IS NULL), 0)
        FROM c JOIN d ON d."on" >= c.first LEFT JOIN held ON held.customer_id = c.customer_id AND held."on" = d."on"
        GROUP BY ALL ORDER BY 1, 2
        """
    ).fetchall()
    fields: dict = {}
    for customer, on, aum in rows:
        fields.setdefault(customer, []).append((on, aum))
    return fields


def level(metric, book):
    return max(
        rank for rank, entry in enumerate(book.grades.values()) if entry.minimum is None or metric >= entry.minimum
    )


def by_clerk(days, first, book):
    """(date, aum, grade, watched) of one customer on each day, by the text of a monthly policy."""
    clerk, result, total, month_average = None, [], Decimal(0), Decimal(0)
    for on, aum in days:
        month_first = max(first, on.replace(day=1))
        if on.day == 1:
            total = Decimal(0)
        total += aum
        average = (total / ((on - month_first).days + 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if clerk is None:
            clerk = Reference(level(aum, book), book)
        else:
            if on.day == 1:
                clerk.review(level(month_average, book))
            clerk.tonight(level(average, book), (on + timedelta(days=1)).day == 1)
        month_average = average
        result.append((on, aum, clerk.rank, clerk.on_watch))
    return result


@pytest.mark.long
@pytest.mark.skipif(not LEDGER.is_dir(), reason=f"the Czech ledger is not at {LEDGER}")
def test_every_night_of_the_czech_half_year_equals_its_history(tmp_path):
    book = rulebook.load("czech")
    folders = list(czech.deliveries(LEDGER, date(1993, 7, 1), date(1993, 12, 31), tmp_path))
    carried = Carried(book)
    for folder in folders:
        carried.night(folder)
    result, past = carried.told(), history(carried, folders)
    assert len(result) > 1000
    expected = {customer: [(on, aum, level(aum, book), False) for on, aum in days] for customer, days in past.items()}
    assert result == expected


@pytest.mark.long
def test_every_night_of_a_synthetic_year_equals_its_history(tmp_path):
    book = rulebook.load("state_bank")
    folders = list(SyntheticBank(200, 3, 365, date(2026, 6, 30), 5).deliveries(tmp_path))
    carried = Carried(book)
    for folder in folders:
        carried.night(folder)
    result, past = carried.told(), history(carried, folders)
    first = date.fromisoformat(folders[0].name)
    assert result == {customer: by_clerk(days, first, book) for customer, days in past.items()}
    assert any(row[3] for rows in result.values() for row in rows), "nobody was ever on watch"

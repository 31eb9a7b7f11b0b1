"""How good each kind of signal is: precision, recall and lead time on a synthetic bank whose events are known.

    uv run python bench/signals.py --customers 1000 --days 200

Replays the bank night by night and holds what the nights raised against the truth: the events that the generator
planted (money that comes, goes or stops for a reason), dates in the delivered files, and sums over the delivered
transactions and balances, all queried without the rules' code. An alert is right if it lies within the kind's window
around an event, and what looks ahead looks over closed days to the day before the list after its own; lead is in days,
negative behind the event. The first ``HISTORY`` days teach habits and are not counted.
A second table says what the kinds tell of those who leave: an alert is right if it lies between the day on which
somebody's mind began to change and the end of the money's going; ahead are days before the money began to go.

Kinds that the workplace notes (follow-ups, complaints, care steps, campaigns, visits, introductions, referrals,
occasions of the archive) and those that only restate the archive (missing facts, cadence) have no truth in a bank without staff; tests hold them.
The book has no watch, so nobody comes on it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb

LAST, BRANCHES, SEED, HISTORY = date(2026, 6, 24), 3, 11, 95
GOING_DAYS = 110
TELLING = (
    "large_outflow", "unusual_outflow", "to_other_bank", "salary_stopped", "matured", "grade_down", "dormant",
)  # fmt: skip
"""The kinds that may tell of somebody who leaves."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--days", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report(asked.customers, asked.days, Path(folder))


def report(customers: int, days: int, folder: Path) -> None:
    database = duckdb.connect()
    deliveries = replay(customers, days, folder, database)
    first = LAST - timedelta(days=days - 1)
    read_files(deliveries, first, database)
    closed_days(days, database)
    book = load()
    print(f"{customers} customers, {days} days, counted from day {HISTORY}")
    print(f"{'kind':18}{'events':>8}{'alerts':>8}{'precision':>11}{'recall':>8}{'lead, days (median)':>21}")
    for kind, (events, before, after) in truths(book).items():
        rule = book.signals[kind]
        database.execute(f"""
            CREATE OR REPLACE TABLE events AS
            SELECT DISTINCT e.customer_id, e.d FROM ({events}) e
            JOIN ranks r ON r.customer_id = e.customer_id AND r.d = greatest(DATE '{first}', least(e.d, DATE '{LAST}'))
            WHERE greatest(r.rank, r.rank_before) >= {book.rank(rule.from_grade)}
              AND e.d BETWEEN DATE '{first}' + {HISTORY} AND DATE '{LAST}' - {after};
            CREATE OR REPLACE TABLE alerts AS
            SELECT DISTINCT customer_id, raised_on AS d FROM raised WHERE kind = '{kind}' AND raised_on >= DATE '{first}' + {HISTORY};
        """)
        until = f"a.d + {before}" + (" + (SELECT c.days FROM closed c WHERE c.d = a.d)" if before else "")
        right = f"a.customer_id = e.customer_id AND e.d BETWEEN a.d - {after} AND {until}"
        count = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM alerts)"
        events_count, alerts = database.execute(count).fetchone()
        # an alert whose event lies beyond the last day cannot be told yet
        result = f"{until} <= DATE '{LAST}'"
        hits, judged = database.execute(
            f"SELECT count(*) FILTER (EXISTS (SELECT 1 FROM events e WHERE {right})), count(*) FROM alerts a WHERE {result}"
        ).fetchone()
        every = f"SELECT customer_id, raised_on AS d FROM raised WHERE kind = '{kind}'"
        outcome, lead = database.execute(
            f"SELECT count(*), median(lead) FROM (SELECT e.customer_id, e.d, max(e.d - a.d) AS lead FROM events e"
            f" JOIN ({every}) a ON {right} GROUP BY ALL)"
        ).fetchone()
        share = [f"{hits / judged:.2f}" if judged else "—", f"{outcome / events_count:.2f}" if events_count else "—"]
        print(
            f"{kind:18}{events_count:>8}{alerts:>8}{share[0]:>11}{share[1]:>8}{lead if lead is not None else '—':>21}"
        )
    tell_of_leaving(first, database)


def closed_days(days: int, database: duckdb.DuckDBPyConnection) -> None:
    """How many closed days stand between a night and the day before the list after its own: what looks ahead reaches so
    much further."""
    from chinese_calendar import is_workday

    database.execute("CREATE TABLE closed (d DATE, days INT)")
    for night in (LAST - timedelta(days=back) for back in range(days)):
        listed = _opening(night, is_workday)
        database.execute("INSERT INTO closed VALUES (?, ?)", [night, (_opening(listed, is_workday) - night).days - 2])


def _opening(day: date, is_workday) -> date:
    """The next day on which the bank is open."""
    day += timedelta(days=1)
    return day if is_workday(day) else _opening(day, is_workday)


def tell_of_leaving(first: date, database: duckdb.DuckDBPyConnection) -> None:
    """What the kinds that tell of money going tell of those who leave."""
    database.execute(f"""
        CREATE TABLE leavers AS SELECT customer_id, onset, going FROM leaving
        WHERE onset BETWEEN DATE '{first}' + {HISTORY} AND DATE '{LAST}' - {GOING_DAYS // 2}
    """)
    within = f"a.customer_id = l.customer_id AND a.raised_on BETWEEN l.onset AND l.going + {GOING_DAYS}"
    everybody = database.execute("SELECT count(*) FROM leavers").fetchone()[0]
    print(
        f"\n{everybody} began to leave\n{'kind':18}{'alerts':>8}{'precision':>11}{'recall':>8}{'ahead, days (median)':>21}"
    )
    for kind in TELLING:
        told = f"(SELECT * FROM raised WHERE kind = '{kind}' AND raised_on >= DATE '{first}' + {HISTORY})"
        alerts, right = database.execute(
            f"SELECT count(*), count(*) FILTER (EXISTS (SELECT 1 FROM leaving l WHERE {within})) FROM {told} a"
        ).fetchone()
        found, ahead = database.execute(
            f"SELECT count(*), median(going - seen) FROM (SELECT l.customer_id, going, min(a.raised_on) AS seen"
            f" FROM leavers l JOIN {told} a ON {within} GROUP BY ALL)"
        ).fetchone()
        share = [f"{right / alerts:.2f}" if alerts else "—", f"{found / everybody:.2f}" if everybody else "—"]
        print(f"{kind:18}{alerts:>8}{share[0]:>11}{share[1]:>8}{ahead if ahead is not None else '—':>21}")


def load():
    from weihu.rules import rulebook

    return rulebook.load("brief")


def truths(book) -> dict[str, tuple[str, int, int]]:
    """Per kind: a query of its events (customer_id, d), and how many days before and behind one an alert is right."""
    from weihu.rules.sections.signals import Ahead

    rule = book.signals
    planted = "SELECT customer_id, date AS d FROM planted WHERE kind"

    def amount(kind: str) -> int:
        return int(rule[kind].amount)

    bounds = [grade.minimum or 0 for grade in book.grades.values()]
    rank = " + ".join(f"(aum >= {bound})::INT" for bound in bounds if bound)
    share = 1 - float(book.near_share)
    near = " OR ".join(f"(aum < {bound} AND aum >= {float(bound) * share})" for bound in bounds if bound)
    before = f"coalesce(lag(aum, {book.near_fall_days}) OVER w, 0)"
    fallen = f"{before} - aum > {before} * {float(book.near_fall)}"
    near = f"({near}) AND NOT {fallen}"
    came = "<> 'maturity_lost' AND cents >="
    went = "<> 'salary_stopped' AND (kind = 'maturity_lost' OR cents < 0) AND abs(cents) >="
    graded = f"(SELECT customer_id, d, {rank} AS rank, lag({rank}) OVER w AS rank_before, ({near}) AS near FROM aum WINDOW w AS (PARTITION BY customer_id ORDER BY d))"
    idle = rule["idle_cash"]
    lying = f"(SELECT customer_id, d, demand >= {amount('idle_cash')} AS much FROM demand)"
    # idle days count from the first night
    moved = (
        "(SELECT customer_id, d, d - lag(d) OVER (PARTITION BY customer_id ORDER BY d) AS gap FROM"
        " (SELECT customer_id, booked_on AS d FROM money WHERE kind NOT IN ('interest', 'fee')"
        " UNION SELECT customer_id, greatest(opened_on, (SELECT min(d) FROM days)) FROM people))"
    )
    leads = {kind: entry.lead_days + 1 if isinstance(entry, Ahead) else 1 for kind, entry in rule.items()}
    return {
        "large_inflow": (f"{planted} {came} {100 * amount('large_inflow')}", 0, 0),
        "large_outflow": (f"{planted} {went} {100 * amount('large_outflow')}", 0, 0),
        "unusual_inflow": (f"{planted} {came} {100 * amount('unusual_inflow')}", 0, 0),
        "unusual_outflow": (f"{planted} {went} {100 * amount('unusual_outflow')}", 0, 0),
        "salary_stopped": (
            "SELECT customer_id, min(date) AS d FROM planted WHERE kind = 'salary_stopped' GROUP BY 1", 0, 45,
        ),
        "inter_branch": (
            "SELECT customer_id, booked_on AS d FROM money WHERE branch_id <> account_branch GROUP BY ALL"
            f" HAVING sum(abs(amount)) >= {amount('inter_branch')}", 0, 0,
        ),
        "to_other_bank": (
            "SELECT customer_id, booked_on AS d FROM money WHERE counterparty_bank IS NOT NULL AND amount < 0"
            f" AND kind IN ('transfer', 'other') GROUP BY ALL HAVING -sum(amount) >= {amount('to_other_bank')}", 0, 0,
        ),
        "idle_cash": (
            f"SELECT customer_id, d FROM (SELECT *, min(much::INT) OVER (PARTITION BY customer_id ORDER BY d ROWS {idle.idle_days} PRECEDING) = 1"
            f" AND count(*) OVER (PARTITION BY customer_id ORDER BY d ROWS {idle.idle_days} PRECEDING) = {idle.idle_days + 1} AS long FROM {lying})"
            " QUALIFY long AND NOT coalesce(lag(long) OVER (PARTITION BY customer_id ORDER BY d), false)", 0, 0,
        ),
        "dormant": (
            f"SELECT customer_id, d + {rule['dormant'].idle_days} AS d FROM (SELECT *, lead(d) OVER (PARTITION BY customer_id ORDER BY d) AS next"
            f" FROM {moved}) WHERE next IS NULL OR next > d + {rule['dormant'].idle_days}", 0, 0,
        ),
        "festival": (
            f"SELECT customer_id, CAST(f.d AS DATE) AS d FROM people, (VALUES {holidays(book)}) f(d)", leads["festival"], 0,
        ),
        "waking": (f"SELECT customer_id, d FROM {moved} WHERE gap >= {rule['waking'].idle_days}", 0, 0),
        "maturity": ("SELECT customer_id, matures_on AS d FROM terms", leads["maturity"], 0),
        "matured": ("SELECT customer_id, matures_on AS d FROM terms WHERE closed_on = matures_on", 0, 0),
        "loan_ending": ("SELECT customer_id, matures_on AS d FROM held WHERE category = 'loan'", leads["loan_ending"], 0),
        "card_expiring": (
            "SELECT customer_id, matures_on AS d FROM held WHERE category = 'card'", leads["card_expiring"], 0,
        ),
        "risk_expiring": (
            f"SELECT customer_id, risk_rated_on + {book.suitability.rating_days} AS d FROM ratings",
            leads["risk_expiring"], 0,
        ),
        "birthday": (
            "SELECT customer_id, make_date(y, month(birth_date), day(birth_date)) AS d FROM people, (VALUES (2025), (2026)) v(y)"
            " WHERE NOT (month(birth_date) = 2 AND day(birth_date) = 29)", leads["birthday"], 0,
        ),
        "new_customer": (f"SELECT customer_id, opened_on AS d FROM people WHERE opened_on > DATE '{LAST}' - 400", 0, 7),
        "grade_up": (f"SELECT customer_id, d FROM {graded} WHERE rank > rank_before", 0, 0),
        "grade_down": (f"SELECT customer_id, d FROM {graded} WHERE rank < rank_before", 0, 0),
        "near_grade": (
            f"SELECT customer_id, d FROM {graded} QUALIFY near"
            " AND NOT lag(near) OVER (PARTITION BY customer_id ORDER BY d)", 0, 0,
        ),
    }  # fmt: skip


def holidays(book) -> str:
    """The book's festivals of the time, as SQL values."""
    from weihu.rules.occasions import festivals

    return ", ".join(f"('{on}')" for _, on in festivals(book, LAST - timedelta(days=400), LAST))


def replay(customers: int, days: int, folder: Path, database: duckdb.DuckDBPyConnection) -> Path:
    """The nights; keeps what each raised and everybody's grade of each day."""
    os.environ |= {"WEIHU_HOME": str(folder / "home"), "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}
    from weihu.engine.lake import Home
    from weihu.rules import rulebook
    from weihu.sources.synthetic import SyntheticBank

    home = Home(folder / "home")
    home.create()
    home.rulebook.write_bytes((rulebook.BOOKS / "brief.toml").read_bytes())
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from weihu.nightly.run import Nightly

    database.execute("CREATE TABLE raised (customer_id VARCHAR, kind VARCHAR, raised_on DATE)")
    database.execute("CREATE TABLE ranks (customer_id VARCHAR, d DATE, rank INT, rank_before INT)")
    bank = SyntheticBank(customers, BRANCHES, days, LAST, SEED)
    with Nightly(home) as nightly:
        for delivery in bank.deliveries(folder / "deliveries"):
            run = nightly.run(delivery)
            state, on = home.run(run.number), run.business_date
            database.execute(
                f"INSERT INTO raised SELECT customer_id, kind, raised_on FROM '{state}/signals.parquet' WHERE raised_on = DATE '{on}'"
            )
            database.execute(
                f"INSERT INTO ranks SELECT s.customer_id, DATE '{on}', s.grade_rank, coalesce(b.rank, s.grade_rank)"
                f" FROM '{state}/standings.parquet' s LEFT JOIN ranks b ON b.customer_id = s.customer_id AND b.d = DATE '{on}' - 1"
            )
    return folder / "deliveries"


def read_files(deliveries: Path, first: date, database: duckdb.DuckDBPyConnection) -> None:
    """The delivered files as tables: people, terms, held, money, aum and demand by day; and what was planted."""

    def read(file: str) -> str:
        return (
            f"SELECT *, CAST(regexp_extract(filename, '([0-9-]+)/{file}', 1) AS DATE) AS d FROM"
            f" read_csv('{deliveries}/*/{file}.csv', all_varchar=true, union_by_name=true, filename=true)"
        )

    span = f"range(DATE '{first}', DATE '{LAST}' + 1, INTERVAL 1 DAY)"
    database.execute(f"""
        CREATE TABLE planted AS FROM '{deliveries}/.truth/events.parquet';
        CREATE TABLE leaving AS FROM '{deliveries}/.truth/leaving.parquet';
        CREATE TABLE ratings AS SELECT DISTINCT customer_id, CAST(risk_rated_on AS DATE) AS risk_rated_on FROM ({read("customers")})
            WHERE risk_rated_on IS NOT NULL;
        CREATE TABLE people AS SELECT DISTINCT ON (customer_id) customer_id, CAST(birth_date AS DATE) AS birth_date,
            CAST(opened_on AS DATE) AS opened_on FROM ({read("customers")}) ORDER BY customer_id, d DESC;
        CREATE TABLE accounts AS SELECT account_id, customer_id, branch_id, product_id, CAST(matures_on AS DATE) AS matures_on,
            CAST(closed_on AS DATE) AS closed_on, d FROM ({read("accounts")});
        CREATE TABLE products AS SELECT DISTINCT product_id, category FROM ({read("products")});
        CREATE TABLE owners AS SELECT account_id, arg_max(customer_id, d) AS customer_id, arg_max(branch_id, d) AS account_branch,
            arg_max(product_id, d) AS product_id FROM accounts GROUP BY 1;
        CREATE TABLE changes AS SELECT account_id, d, CAST(balance AS DECIMAL(18, 2)) AS balance FROM ({read("balances")});
        CREATE TABLE days AS SELECT CAST(range AS DATE) AS d FROM {span};
        CREATE TABLE balances AS SELECT o.customer_id, o.product_id, d.d, c.balance FROM (FROM days, owners o) d
            ASOF JOIN changes c ON c.account_id = d.account_id AND c.d <= d.d JOIN owners o ON o.account_id = d.account_id;
        CREATE TABLE aum AS SELECT customer_id, d, sum(balance) AS aum FROM balances GROUP BY ALL;
        CREATE TABLE demand AS SELECT customer_id, d, sum(balance) AS demand FROM balances JOIN products USING (product_id)
            WHERE category = 'demand' GROUP BY ALL;
        CREATE TABLE terms AS SELECT DISTINCT a.customer_id, a.matures_on,
            (SELECT min(l.closed_on) FROM accounts l WHERE l.account_id = a.account_id) AS closed_on FROM accounts a
            WHERE matures_on IS NOT NULL AND a.closed_on IS NULL;
        DELETE FROM terms WHERE closed_on < matures_on;
        CREATE TABLE held AS SELECT DISTINCT customer_id, category, CAST(matures_on AS DATE) AS matures_on FROM ({read("holdings")})
            JOIN products USING (product_id) WHERE matures_on IS NOT NULL AND closed_on IS NULL;
        CREATE TABLE money AS SELECT o.customer_id, o.account_branch, CAST(booked_on AS DATE) AS booked_on, CAST(amount AS DECIMAL(18, 2)) AS amount,
            kind, t.branch_id, counterparty_bank FROM ({read("transactions")}) t JOIN owners o USING (account_id);
    """)


if __name__ == "__main__":
    main()

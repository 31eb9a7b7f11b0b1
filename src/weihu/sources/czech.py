"""The ledger of a Czech bank (PKDD'99 Discovery Challenge) as daily deliveries.

A branch is a district; a customer is a client with a disposition on an account opened by the date; an account's
customer is its OWNER, DISPONENTs are authorised persons; loans are liabilities; cards and standing orders (which
bear no date: from the account's opening) are services. End-of-day balances are sums of signed amounts, because
rows of one day are not in the order in which the reported balance ran. The ledger names no staff: each district
gets one person per post.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb

from weihu.sources import delivery

STAFF_POSTS = (
    "high_counter",
    "low_counter",
    "vip_counter",
    "lobby_manager",
    "relationship_manager",
    "rm_supervisor",
    "branch_manager",
)

LEDGER = ("account", "card", "client", "disp", "district", "loan", "order", "trans")


class NoLedger(FileNotFoundError):
    """A file of the ledger is missing."""


def deliveries(ledger: Path, first: date, last: date, out: Path) -> Iterator[Path]:
    """Write one delivery per day from ``first`` to ``last``; yields each folder. Raises NoLedger.

    The first delivery carries what stood before it.
    """
    database = duckdb.connect()
    for name in LEDGER:
        path = ledger / f"{name}.asc"
        if not path.is_file():
            raise NoLedger(str(path))
        database.execute(
            f"CREATE TABLE {name}_asc AS SELECT * FROM read_csv(?, delim = ';', header = true, all_varchar = true)",
            [str(path)],
        )
    database.execute(_PREPARE)
    on = first
    while on <= last:
        since = date(1900, 1, 1) if on == first else on
        window = {"since": str(since), "on": str(on)}
        queries = {name: sql.format(**window) for name, sql in _QUERIES.items()}
        aum, accounts, customers = database.execute(_TOTALS.format(**window)).fetchall()[0]
        totals: dict[str, str | int] = {"aum": f"{aum:.2f}", "accounts": accounts, "customers": customers}
        yield delivery.write(database, out, on, "CZK", totals, queries)
        on += timedelta(days=1)


_DATE = "CAST('19' || {0}[1:2] || '-' || {0}[3:4] || '-' || {0}[5:6] AS DATE)"

_PREPARE = f"""
CREATE TABLE client AS
SELECT client_id,
       IF(CAST(birth_number[3:4] AS INT) > 50, 'F', 'M') AS sex,
       make_date(1900 + CAST(birth_number[1:2] AS INT), CAST(birth_number[3:4] AS INT) % 50, CAST(birth_number[5:6] AS INT)) AS birth_date
FROM client_asc;
CREATE TABLE account AS
SELECT a.account_id, a.district_id AS branch_id, {_DATE.format("a.date")} AS opened_on, d.client_id AS customer_id
FROM account_asc a JOIN disp_asc d ON d.account_id = a.account_id AND d.type = 'OWNER';
CREATE TABLE disposition AS
SELECT d.disp_id, d.client_id, d.account_id, d.type, a.opened_on, a.branch_id
FROM disp_asc d JOIN account a USING (account_id);
CREATE TABLE customer AS
SELECT client_id AS customer_id, min(opened_on) AS opened_on, arg_min(branch_id, (opened_on, CAST(disp_id AS INT))) AS branch_id
FROM disposition GROUP BY client_id;
CREATE TABLE trans AS
SELECT trans_id, account_id, {_DATE.format("date")} AS booked_on,
       CAST(amount AS DECIMAL(18,2)) * IF(type = 'PRIJEM', 1, -1) AS amount,
       trim(coalesce(k_symbol, '')) AS symbol, operation, nullif(trim(coalesce(bank, '')), '') AS bank
FROM trans_asc;
CREATE TABLE loan AS
SELECT l.loan_id, l.account_id, a.customer_id, {_DATE.format("l.date")} AS opened_on, CAST(l.amount AS DECIMAL(18,2)) AS amount,
       {_DATE.format("l.date")} + to_months(CAST(l.duration AS INT)) AS matures_on
FROM loan_asc l JOIN account a USING (account_id);
"""

_QUERIES = {
    "branches": "SELECT A1 AS branch_id, A2 AS name, NULL AS parent_id FROM district_asc WHERE '{since}' < '{on}'",
    "staff": "SELECT A1 || '-' || post AS staff_id, A2 || ' ' || replace(post, '_', ' ') AS name, A1 AS branch_id, post,"
    " NULL AS left_on FROM district_asc, (SELECT unnest(["
    + ", ".join(f"'{post}'" for post in STAFF_POSTS)
    + "]) AS post)"
    " WHERE '{since}' < '{on}'",
    "products": "SELECT * FROM (VALUES ('current', '活期账户', 'Current account', 'demand', NULL, true),"
    " ('loan', '贷款', 'Loan', 'loan', NULL, false), ('junior', '青少年卡', 'Junior card', 'card', NULL, false),"
    " ('classic', '普通卡', 'Classic card', 'card', NULL, false), ('gold', '金卡', 'Gold card', 'card', NULL, false),"
    " ('standing_order', '定期扣款', 'Standing order', 'standing_order', NULL, false))"
    " AS t(product_id, name, name_en, category, risk, overdraft) WHERE '{since}' < '{on}'",
    "customers": "SELECT customer_id, 'Client ' || customer_id AS name, c.sex, IF(c.birth_date > '{on}', NULL, c.birth_date) AS birth_date,"
    " NULL AS identity_number, NULL AS phone, NULL AS address, NULL AS income, NULL AS occupation, NULL AS education,"
    " NULL AS marital_status, NULL AS risk_rating, NULL AS risk_rated_on, branch_id, opened_on"
    " FROM customer JOIN client c ON c.client_id = customer_id WHERE opened_on BETWEEN '{since}' AND '{on}'",
    "accounts": "SELECT account_id, account_id AS account_number, customer_id, branch_id, 'current' AS product_id, opened_on,"
    " NULL AS closed_on, NULL AS matures_on FROM account WHERE opened_on BETWEEN '{since}' AND '{on}'",
    "authorised": "SELECT disp_id AS authorised_id, account_id, client_id AS customer_id, NULL AS until FROM disposition"
    " WHERE type = 'DISPONENT' AND opened_on BETWEEN '{since}' AND '{on}'",
    "holdings": """
SELECT 'loan-' || loan_id AS holding_id, customer_id, 'loan' AS product_id, account_id,
       greatest(l.amount + coalesce((SELECT sum(t.amount) FROM trans t WHERE t.account_id = l.account_id AND t.symbol = 'UVER'
                 AND t.booked_on BETWEEN l.opened_on AND '{on}'), 0), 0) AS amount,
       NULL AS credit_line, opened_on, NULL AS closed_on, matures_on
FROM loan l
WHERE opened_on <= '{on}' AND (opened_on >= '{since}' OR account_id IN
      (SELECT account_id FROM trans WHERE symbol = 'UVER' AND booked_on BETWEEN '{since}' AND '{on}'))
UNION ALL
SELECT 'card-' || card_id, d.client_id, c.type, d.account_id, 0, NULL, """
    + _DATE.format("c.issued")
    + """ AS issued_on, NULL, NULL
FROM card_asc c JOIN disposition d USING (disp_id) WHERE issued_on BETWEEN '{since}' AND '{on}'
UNION ALL
SELECT 'order-' || order_id, a.customer_id, 'standing_order', a.account_id, CAST(o.amount AS DECIMAL(18,2)), NULL,
       a.opened_on, NULL, NULL
FROM order_asc o JOIN account a USING (account_id) WHERE a.opened_on BETWEEN '{since}' AND '{on}'
""",
    "balances": "SELECT account_id, sum(amount) AS balance FROM trans WHERE booked_on <= '{on}' AND account_id IN"
    " (SELECT account_id FROM trans WHERE booked_on BETWEEN '{since}' AND '{on}') GROUP BY account_id",
    "transactions": """
SELECT trans_id AS transaction_id, account_id, booked_on, amount,
       CASE WHEN symbol = 'UROK' THEN 'interest' WHEN symbol IN ('SLUZBY', 'SANKC. UROK') THEN 'fee'
            WHEN symbol = 'DUCHOD' THEN 'salary' WHEN symbol IN ('SIPO', 'POJISTNE') THEN 'payment'
            WHEN symbol = 'UVER' THEN 'loan' WHEN operation IN ('PREVOD Z UCTU', 'PREVOD NA UCET') THEN 'transfer'
            WHEN operation IN ('VKLAD', 'VYBER', 'VYBER KARTOU') THEN 'cash' ELSE 'other' END AS kind,
       NULL AS branch_id, bank AS counterparty_bank, NULL AS counterparty
FROM trans WHERE booked_on = '{on}'
""",
}

_TOTALS = """
SELECT coalesce((SELECT sum(amount) FROM trans WHERE booked_on <= '{on}'), 0),
       (SELECT count(*) FROM account WHERE opened_on <= '{on}'),
       (SELECT count(*) FROM customer WHERE opened_on <= '{on}')
"""

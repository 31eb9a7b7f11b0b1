"""A night of the ``state_bank`` book written by hand as one set of DuckDB queries: what ``nightly.py`` is held against.

Reads the state a run left and the next landed delivery, writes the new state, and nothing else: no checks, no
explanations, no other book. Every number of the book stands in the text. What only the
workplace notes is not in it, and lists are filled greedily, promises first, instead of by the best set.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

CORE = {
    "branches": "branch_id",
    "staff": "staff_id",
    "products": "product_id",
    "holdings": "holding_id",
}
STATE = {
    "branches": "branch_id",
    "staff": "staff_id",
    "products": "product_id",
    "profiles": "customer_id",
    "accounts": "account_id",
    "holdings": "holding_id",
    "standings": "customer_id",
    "signals": "customer_id, kind, subject",
    "tasks": "staff_id, position",
    "movements": "customer_id",
    "facts_known": "customer_id",
    "habits": "customer_id",
}

# kind: weight, chance x margin, minutes, open days, promised, kept back
KINDS = {
    "large_inflow": (6, "0.002", 15, 5, False, 0),
    "large_outflow": (9, "0.0012", 15, 5, False, 0),
    "inter_branch": (3, "0.0004", 10, 3, False, 0),
    "to_other_bank": (8, "0.0012", 15, 5, False, 0),
    "grade_up": (5, "0", 10, 7, False, 0),
    "grade_down": (7, "0", 10, 7, False, 0),
    "watch_begun": (7, "0.0008", 10, 10, False, 0),
    "near_grade": (4, "0", 10, 1, False, 0.05),
    "maturity": (8, "0.0015", 10, 3, False, 0),
    "birthday": (4, "0", 5, 1, False, 0),
    "missing_facts": (1, "0", 5, 1, False, 0),
    "dormant": (2, "0", 10, 1, False, 0),
    "cadence_due": (3, "0", 10, 1, True, 0),
    "follow_up": (10, "0", 10, 5, True, 0),
    "handed_over": (7, "0", 10, 7, False, 0),
    "benefit_expiring": (3, "0", 5, 1, False, 0),
    "unusual_inflow": (5, "0.002", 15, 5, False, 0.05),
    "unusual_outflow": (7, "0.0012", 15, 5, False, 0.05),
    "salary_stopped": (6, "0", 10, 10, False, 0),
    "idle_cash": (4, "0.0008", 10, 1, False, 0.05),
    "matured": (8, "0.0018", 10, 5, False, 0.05),
    "festival": (2, "0", 2, 1, False, 0.05),
    "waking": (4, "0", 10, 5, False, 0),
    "loan_ending": (4, "0", 10, 1, False, 0),
    "card_expiring": (3, "0", 5, 1, False, 0),
    "risk_expiring": (2, "0", 5, 1, False, 0),
    "new_customer": (6, "0", 10, 7, False, 0),
}
SIZES = [base * 10**power for power in range(3, 8) for base in (1, 2, 5)][:13]

ACCOUNTS = """
CREATE TABLE accounts AS
SELECT a.account_id, a.customer_id, a.branch_id, a.product_id, a.opened_on, a.closed_on, a.matures_on, a.account_last4, a.account_number_index,
       coalesce(b.balance, a.balance, 0)::DECIMAL(18,2) AS balance
FROM (SELECT * FROM s_accounts ANTI JOIN l_accounts USING (account_id)
      UNION ALL BY NAME
      SELECT l.account_id, l.customer_id, l.branch_id, l.product_id, l.opened_on, l.closed_on, l.matures_on,
             l.account_last4, l.account_number_index, p.balance
      FROM l_accounts l LEFT JOIN s_accounts p USING (account_id)) a
LEFT JOIN l_balances b USING (account_id)
"""

PROFILES = """
CREATE TABLE profiles AS
SELECT customer_id, branch_id, opened_on, birth_date, risk_rating, risk_rated_on, missing FROM s_profiles ANTI JOIN l_customers USING (customer_id)
UNION ALL
SELECT customer_id, branch_id, opened_on, birth_date, risk_rating, risk_rated_on,
       IF(name IS NULL, 'name,', '')
       || IF(sex IS NULL, 'sex,', '')
       || IF(phone IS NULL, 'phone,', '')
       || IF(address IS NULL, 'address,', '')
       || IF(birth_date IS NULL, 'birth_date,', '')
       || IF(identity_number IS NULL, 'identity_number,', '')
       || IF(education IS NULL, 'education,', '')
       || IF(occupation IS NULL, 'occupation,', '')
       || IF(marital_status IS NULL, 'marital_status,', '')
       || IF(income IS NULL, 'income,', '')
       || IF(risk_rating IS NULL, 'risk_rating,', '')
FROM l_customers
"""

STANDINGS = """
CREATE TABLE valued AS
WITH running AS (SELECT customer_id, branch_id, product_id, balance FROM accounts WHERE closed_on IS NULL),
rate(category, per_yuan, per_holding) AS (VALUES ('demand', 0.018, 0), ('term', 0.006, 0), ('wealth', 0.008, 0), ('fund', 0.012, 0),
  ('insurance', 0.015, 0), ('loan', 0.02, 0), ('card', 0, 60)),
own AS (SELECT h.customer_id, h.product_id, h.amount, p.category FROM holdings h JOIN products p USING (product_id)
        WHERE closed_on IS NULL OR closed_on > DATE '{on}'),
part AS (SELECT customer_id, branch_id, sum(balance)::DECIMAL(18,2) AS part, count(*) AS n FROM running GROUP BY ALL),
assets AS (SELECT part.customer_id, sum(part)::DECIMAL(18,2) AS total, sum(n)::BIGINT AS account_count,
                  arg_min(part.branch_id, (-part, part.branch_id IS DISTINCT FROM s.branch_id, part.branch_id)) AS branch_id
           FROM part LEFT JOIN s_standings s USING (customer_id) GROUP BY ALL),
margin AS (SELECT customer_id, sum((amount * coalesce(per_yuan, 0))::DECIMAL(18,2) + coalesce(per_holding, 0))::DECIMAL(18,2) AS margin
           FROM (SELECT customer_id, balance AS amount, category FROM running JOIN products USING (product_id)
                 UNION ALL SELECT customer_id, amount, category FROM own) LEFT JOIN rate USING (category) GROUP BY ALL),
paid AS (SELECT a.customer_id, (-sum(t.amount))::DECIMAL(18,2) AS fees FROM l_transactions t JOIN accounts a USING (account_id)
         WHERE t.kind = 'fee' GROUP BY ALL),
owed AS (SELECT customer_id, sum(amount)::DECIMAL(18,2) AS owed FROM own WHERE category = 'loan' GROUP BY ALL),
held AS (SELECT customer_id, count(*) AS product_count
         FROM (SELECT customer_id, product_id FROM running UNION SELECT customer_id, product_id FROM own) GROUP BY ALL),
moved AS (SELECT DISTINCT a.customer_id FROM l_transactions t JOIN accounts a USING (account_id)
          WHERE t.kind NOT IN ('interest', 'fee')),
leaving AS (SELECT customer_id,
                   sum(IF(business_date = DATE '{on}' - 1, change, 0)) AS l1, sum(IF(business_date = DATE '{on}' - 7, change, 0)) AS l7,
                   sum(IF(business_date = DATE '{on}' - 30, change, 0)) AS l30, sum(IF(business_date = DATE '{on}' - 90, change, 0)) AS l90,
                   sum(IF(business_date = DATE '{on}' - 365, change, 0)) AS l365, sum(IF(business_date = DATE '{on}' - 365, fees, 0)) AS lfees
            FROM s_movements GROUP BY ALL)
SELECT p.customer_id, coalesce(a.branch_id, s.branch_id, p.branch_id) AS branch_id, p.opened_on,
       coalesce(s.first_seen_on, DATE '{on}') AS first_seen_on, coalesce(a.total, 0)::DECIMAL(18,2) AS aum,
       coalesce(o.owed, 0)::DECIMAL(18,2) AS liabilities,
       (IF({day} = 1, 0, coalesce(s.balance_days, 0)) + coalesce(a.total, 0))::DECIMAL(24,2) AS balance_days,
       coalesce(a.account_count, 0) AS account_count, coalesce(h.product_count, 0) AS product_count,
       coalesce(a.total, 0) - coalesce(s.aum, 0) AS change,
       coalesce(l.l1, 0) AS l1, coalesce(l.l7, 0) AS l7, coalesce(l.l30, 0) AS l30, coalesce(l.l90, 0) AS l90, coalesce(l.l365, 0) AS l365,
       (coalesce(s.fees_365, 0) + coalesce(paid.fees, 0) - coalesce(l.lfees, 0))::DECIMAL(18,2) AS fees_365, coalesce(margin.margin, 0) AS margin,
       coalesce(paid.fees, 0)::DECIMAL(18,2) AS fees_today,
       IF(m.customer_id IS NOT NULL, DATE '{on}', coalesce(s.moved_on, DATE '{on}')) AS moved_on, s.moved_on AS s_moved,
       s.aum AS s_aum, s.balance_days AS s_days, s.flow_1 AS f1, s.flow_7 AS f7, s.flow_30 AS f30, s.flow_90 AS f90, s.flow_365 AS f365,
       s.grade_rank AS s_rank, s.grade_since AS s_since, s.months_below AS s_below, s.watch_since AS s_watch,
       s.review_1, s.level_1, s.level_2, s.level_3, s.level_4, s.level_5, s.level_6, s.grade_why AS s_why, s.primary_since AS s_with, s.primary_id AS s_primary,
       s.deputy_id AS s_deputy, s.last_contact_on, s.follow_up_on
FROM profiles p LEFT JOIN s_standings s USING (customer_id) LEFT JOIN assets a USING (customer_id)
LEFT JOIN owed o USING (customer_id) LEFT JOIN held h USING (customer_id) LEFT JOIN moved m USING (customer_id)
LEFT JOIN leaving l USING (customer_id) LEFT JOIN margin USING (customer_id) LEFT JOIN paid USING (customer_id);

CREATE MACRO level(x) AS CASE WHEN x >= 3000000 THEN 5 WHEN x >= 500000 THEN 4 WHEN x >= 200000 THEN 3
    WHEN x >= 50000 THEN 2 WHEN x >= 1000 THEN 1 ELSE 0 END;
CREATE MACRO mean(total, days) AS
    ((CAST(total * 100 AS BIGINT) * 2 + IF(total < 0, -days, days)) // (days * 2))::DECIMAL(18,2) * 0.01::DECIMAL(18,2);

CREATE TABLE graded AS
WITH m AS (SELECT *, mean(balance_days, {month_days})::DECIMAL(18,2) AS metric FROM valued),
r AS (SELECT *, {starts} AND s_rank IS NOT NULL AS reviewing, mean(s_days, {last_month_days})::DECIMAL(18,2) AS reviewed FROM m),
b AS (SELECT *, IF(reviewing, IF(level(reviewed) < s_rank, s_below + 1, 0), coalesce(s_below, 0)) AS below,
             IF(reviewing, reviewed, review_1) AS r1, IF(reviewing, level(reviewed), level_1) AS l_1, IF(reviewing, level_1, level_2) AS l_2,
             IF(reviewing, level_2, level_3) AS l_3, IF(reviewing, level_3, level_4) AS l_4,
             IF(reviewing, level_4, level_5) AS l_5, IF(reviewing, level_5, level_6) AS l_6 FROM r),
g AS (SELECT *, CASE WHEN s_rank IS NULL THEN level(aum) WHEN {ends} AND level(metric) > s_rank THEN level(metric)
                     WHEN reviewing AND below >= 6 THEN greatest(l_1, l_2, l_3, l_4, l_5, l_6) ELSE s_rank END AS rank FROM b)
SELECT customer_id, branch_id, opened_on, first_seen_on, aum, liabilities, balance_days, metric AS monthly_average,
       account_count, product_count, change AS flow_1, (coalesce(f7, 0) + change - l7)::DECIMAL(18,2) AS flow_7,
       (coalesce(f30, 0) + change - l30)::DECIMAL(18,2) AS flow_30, (coalesce(f90, 0) + change - l90)::DECIMAL(18,2) AS flow_90,
       (coalesce(f365, 0) + change - l365)::DECIMAL(18,2) AS flow_365, fees_365, (margin + fees_365)::DECIMAL(18,2) AS contribution,
       moved_on, NOT (aum < 100 AND liabilities = 0 AND moved_on <= DATE '{on}' - 90) AS effective, aum AS measured, balance_days AS measured_days, metric, rank::BIGINT AS grade_rank, rank::BIGINT AS earned_rank,
       CASE WHEN rank IS NOT DISTINCT FROM s_rank THEN s_why WHEN s_rank IS NULL THEN 'new' WHEN rank > s_rank THEN 'risen' ELSE 'fallen' END AS grade_why, IF(rank IS NOT DISTINCT FROM s_rank, s_since, DATE '{on}') AS grade_since,
       IF(rank IS NOT DISTINCT FROM s_rank, below, 0)::BIGINT AS months_below,
       IF(rank IS NOT DISTINCT FROM s_rank AND below >= 3, coalesce(s_watch, DATE '{on}'), NULL) AS watch_since,
       r1 AS review_1, l_1::BIGINT AS level_1, l_2::BIGINT AS level_2, l_3::BIGINT AS level_3, l_4::BIGINT AS level_4, l_5::BIGINT AS level_5, l_6::BIGINT AS level_6,
       fees_today, s_with,
       s_primary, s_deputy, last_contact_on, follow_up_on, s_rank, s_watch, s_moved
FROM g;
DROP TABLE valued;
"""

ASSIGN = """
CREATE TABLE pool_{role} AS
WITH posts(grade_rank, post, tier) AS (VALUES {posts}),
named AS (SELECT s.branch_id, p.grade_rank, s.staff_id, p.tier, min(p.tier) OVER (PARTITION BY s.branch_id, p.grade_rank) AS best
          FROM staff s JOIN posts p USING (post) WHERE left_on IS NULL OR left_on > DATE '{on}')
SELECT branch_id, grade_rank, staff_id FROM named WHERE tier = best;
CREATE TABLE {role}_of AS
WITH kept AS (SELECT g.customer_id, g.branch_id, g.grade_rank, g.s_{role} AS staff_id
              FROM graded g JOIN pool_{role} p ON p.branch_id = g.branch_id AND p.grade_rank = g.grade_rank AND p.staff_id = g.s_{role}),
waiting AS (SELECT customer_id, branch_id, grade_rank,
                   row_number() OVER (PARTITION BY branch_id, grade_rank ORDER BY aum DESC, customer_id) AS turn
            FROM graded ANTI JOIN kept USING (customer_id)),
load AS (SELECT branch_id, grade_rank, staff_id, count(*) AS load FROM kept GROUP BY ALL),
slots AS (SELECT p.branch_id, p.grade_rank, p.staff_id,
                 row_number() OVER (PARTITION BY p.branch_id, p.grade_rank ORDER BY coalesce(l.load, 0) + w.turn, p.staff_id) AS turn
          FROM pool_{role} p LEFT JOIN load l USING (branch_id, grade_rank, staff_id) JOIN waiting w USING (branch_id, grade_rank))
SELECT customer_id, staff_id AS {role}_id FROM kept
UNION ALL
SELECT w.customer_id, s.staff_id FROM waiting w JOIN slots s USING (branch_id, grade_rank, turn)
"""

# field, lowest grade that is expected to have it, whether the core system delivers it
EXPECTED = [
    ("sex", 1, True),
    ("phone", 1, True),
    ("address", 1, True),
    ("birth_date", 2, True),
    ("income", 2, True),
    ("preferred_channel", 3, False),
    ("preferred_time", 3, False),
    ("spending_level", 4, False),
    ("spending_habits", 4, False),
    ("education", 4, True),
    ("occupation", 4, True),
    ("employer", 4, False),
    ("marital_status", 4, True),
    ("children", 4, False),
    ("other_assets", 4, False),
    ("home", 4, False),
    ("financial_goals", 4, False),
    ("hobbies", 4, False),
]


def lacks(key: str, rank: int, core: bool) -> str:
    delivered = f" AND contains(p.missing, '{key},')" if core else ""
    return f"(g.grade_rank >= {rank}{delivered} AND NOT contains(coalesce(f.known, ''), ',{key},'))"


WITH_OWNERS = f"""
CREATE TABLE facts_known AS FROM s_facts_known;
CREATE TABLE standings AS
SELECT g.* EXCLUDE (fees_today, s_with, s_primary, s_deputy, s_rank, s_watch, s_moved, last_contact_on, follow_up_on), primary_id, IF(primary_id IS NOT DISTINCT FROM s_primary, s_with, DATE '{{on}}') AS primary_since, 'dealt' AS primary_why,
       IF(deputy_id = primary_id, NULL, deputy_id) AS deputy_id,
       ({" + ".join(f"(g.grade_rank >= {rank})::BIGINT" for _, rank, _ in EXPECTED)}) AS facts_expected,
       (facts_expected - ({" + ".join(f"{lacks(*field)}::BIGINT" for field in EXPECTED)})) AS facts_known, last_contact_on, follow_up_on
FROM graded g JOIN profiles p USING (customer_id) LEFT JOIN facts_known f USING (customer_id)
LEFT JOIN primary_of USING (customer_id) LEFT JOIN deputy_of USING (customer_id);
CREATE TABLE movements AS SELECT DATE '{{on}}' AS business_date, customer_id, flow_1 AS change, fees_today AS fees FROM graded WHERE flow_1 <> 0 OR fees_today <> 0
"""


def counted(side: str, place: int, size: int) -> str:
    own = "own" if side == "in" else "-own"
    return f"(coalesce(h.{side}_{place}, 0) + ({own} >= {size})::BIGINT) >> half AS {side}_{place}"


HABITS = f"""
CREATE TABLE moves AS
WITH paid AS (SELECT customer_id, sum(amount)::DECIMAL(18,2) AS paid FROM l_transactions JOIN accounts USING (account_id)
              WHERE kind = 'salary' AND amount > 0 GROUP BY 1),
lying AS (SELECT customer_id, sum(balance)::DECIMAL(18,2) AS demand FROM accounts JOIN products USING (product_id)
          WHERE closed_on IS NULL AND category = 'demand' GROUP BY 1)
SELECT customer_id, flow_1 - least(coalesce(paid, 0), coalesce(h.salary, 0) * 2) AS own, aum - flow_1 AS before,
       coalesce(paid, 0) AS paid, coalesce(demand, 0) AS demand
FROM standings LEFT JOIN paid USING (customer_id) LEFT JOIN lying USING (customer_id) LEFT JOIN s_habits h USING (customer_id);
CREATE TABLE habits AS
SELECT customer_id, (coalesce(h.habit_days, 0) + 1 >= 360)::INT AS half, (coalesce(h.habit_days, 0) + 1) >> half AS habit_days,
       {", ".join(counted(side, place, size) for side in ("in", "out") for place, size in enumerate(SIZES, 1))},
       coalesce(h.salary_since, IF(paid > 0, DATE '{{on}}', NULL)) AS salary_since, IF(paid > 0, DATE '{{on}}', h.salary_on) AS salary_on,
       IF(paid > 0, paid, h.salary)::DECIMAL(18,2) AS salary, IF(demand >= 50000, coalesce(h.idle_since, DATE '{{on}}'), NULL) AS idle_since
FROM moves LEFT JOIN s_habits h USING (customer_id);
ALTER TABLE habits DROP half
"""


def unusual(side: str) -> str:
    own = "own" if side == "in" else "-own"
    ends = " ".join(f"WHEN {side}_{place} * 365 <= habit_days * 3 THEN {place}" for place in range(1, len(SIZES) + 1))
    beyond = ", ".join(f"count(*) FILTER (size >= bound(place + {step})) AS b{step}" for step in range(3))
    calm = "(SELECT count(*) FROM s_habits WHERE habit_days >= 60) * 3 / 365 * 2 + 10"
    return f"""
ranged_{side} AS (SELECT customer_id, {own} AS size, before, CASE {ends} ELSE {len(SIZES) + 1} END AS place
                  FROM moves JOIN s_habits USING (customer_id) WHERE habit_days >= 60 AND {own} >= {SIZES[0]}),
tide_{side} AS (SELECT CASE WHEN b0 <= {calm} THEN 0 WHEN b1 <= {calm} THEN 1 WHEN b2 <= {calm} THEN 2 ELSE 3 END AS tide
                FROM (SELECT {beyond} FROM ranged_{side})),
beyond_{side} AS (SELECT customer_id, size, bound(place + tide) AS usual FROM ranged_{side}, tide_{side}
                  WHERE size >= greatest(10000, usual * 2, (before * 0.05)::DECIMAL(18,2))),"""


def by_kind(column: int, kind: str = "s.kind") -> str:
    return "CASE " + kind + " " + " ".join(f"WHEN '{name}' THEN {row[column]}" for name, row in KINDS.items()) + " END"


KEPT_BACK = " OR ".join(
    f"(s.kind = '{kind}' AND md5(s.customer_id || ' {kind}')[:8] < '{int(row[5] * 16**8):08x}')"
    for kind, row in KINDS.items()
    if row[5]
)

SIGNALS = f"""
CREATE MACRO bound(place) AS coalesce({SIZES}[place], 1000000000000000)::DECIMAL(18,2);
CREATE MACRO key_of(rank) AS ['ungraded', 'small', 'ordinary', 'potential', 'valued', 'major'][rank + 1];
CREATE MACRO bound_of(rank) AS CASE rank WHEN 1 THEN 1000 WHEN 2 THEN 50000 WHEN 3 THEN 200000 WHEN 4 THEN 500000 WHEN 5 THEN 3000000 END;
CREATE TABLE seen AS
WITH c AS (SELECT s.*, g.s_rank, g.s_watch, g.s_moved, greatest(s.grade_rank, coalesce(g.s_rank, s.grade_rank)) AS best
           FROM standings s JOIN graded g USING (customer_id) WHERE s.effective),
money AS (SELECT a.customer_id, a.branch_id AS home, t.branch_id, t.counterparty_bank, t.amount, t.kind, t.transaction_id
          FROM l_transactions t JOIN accounts a USING (account_id)),
away AS (SELECT customer_id, sum(abs(amount))::DECIMAL(18,2) AS moved, arg_min(branch_id, (-abs(amount), transaction_id)) AS place
         FROM money WHERE branch_id <> home GROUP BY ALL HAVING moved >= 50000),
{unusual("in")}{unusual("out")}
again AS (SELECT b.customer_id, a.customer_id AS owner, b.account_id, b.product_id, b.matures_on, b.balance, a.closed_on, a.matures_on AS later
          FROM s_accounts b JOIN accounts a USING (account_id)
          WHERE b.closed_on IS NULL AND b.balance > 0 AND b.matures_on = DATE '{{on}}' AND (a.closed_on IS NOT NULL OR a.matures_on <= DATE '{{on}}')),
own AS (SELECT h.customer_id, h.holding_id, h.product_id, h.amount, h.matures_on, p.category FROM holdings h JOIN products p USING (product_id)
        WHERE closed_on IS NULL OR closed_on > DATE '{{on}}'),
sent AS (SELECT customer_id, sum(abs(amount))::DECIMAL(18,2) AS moved, arg_min(counterparty_bank, (-abs(amount), transaction_id)) AS place
         FROM money WHERE counterparty_bank IS NOT NULL AND amount < 0 AND kind IN ('transfer', 'other') GROUP BY ALL HAVING moved >= 50000),
born AS (SELECT customer_id, o.d FROM profiles p JOIN (VALUES {{birthdays}}) o(md, d)
         ON month(birth_date) * 100 + day(birth_date) = o.md),
lacks AS (SELECT customer_id, array_to_string(list_filter([{{lacking}}], lambda x: x IS NOT NULL)[:5], ',') AS what
          FROM c g JOIN profiles p USING (customer_id) LEFT JOIN facts_known f USING (customer_id)
          WHERE best >= 2 AND g.grade_rank >= 2 AND g.facts_known < g.facts_expected)
SELECT customer_id, 'large_inflow' AS kind, '{{on}}' AS subject, flow_1 AS amount, aum AS base, NULL::DECIMAL(18,2) AS "limit", DATE '{{on}}' AS on_date, '' AS detail
FROM c WHERE best >= 3 AND flow_1 >= 50000
UNION ALL SELECT customer_id, 'large_outflow', '{{on}}', -flow_1, aum, NULL, DATE '{{on}}', '' FROM c WHERE best >= 3 AND flow_1 <= -50000
UNION ALL SELECT customer_id, 'inter_branch', '{{on}}', moved, aum, NULL, DATE '{{on}}', place FROM c JOIN away USING (customer_id) WHERE best >= 3
UNION ALL SELECT customer_id, 'to_other_bank', '{{on}}', moved, aum, NULL, DATE '{{on}}', place FROM c JOIN sent USING (customer_id) WHERE best >= 3
UNION ALL SELECT customer_id, 'grade_up', '{{on}}', metric, aum, bound_of(grade_rank), DATE '{{on}}', key_of(s_rank) || '>' || key_of(grade_rank) FROM c WHERE best >= 2 AND grade_rank > s_rank
UNION ALL SELECT customer_id, 'grade_down', '{{on}}', metric, aum, bound_of(grade_rank), DATE '{{on}}', key_of(s_rank) || '>' || key_of(grade_rank) FROM c WHERE best >= 1 AND grade_rank < s_rank
UNION ALL SELECT customer_id, 'watch_begun', '{{on}}', review_1, aum, bound_of(grade_rank), DATE '{{on}}', '' FROM c WHERE best >= 1 AND watch_since IS NOT NULL AND s_watch IS NULL
UNION ALL SELECT customer_id, 'near_grade', key_of(grade_rank + 1), metric, bound_of(grade_rank + 1) - metric, bound_of(grade_rank + 1), NULL, key_of(grade_rank + 1)
    FROM c WHERE best >= 1 AND metric < bound_of(grade_rank + 1) AND metric >= bound_of(grade_rank + 1) * 0.9 AND flow_30 >= 0
UNION ALL SELECT customer_id, 'maturity', account_id || ' ' || matures_on || CASE WHEN matures_on <= DATE '{{on}}' + 1 THEN ' 1' WHEN matures_on <= DATE '{{on}}' + 7 THEN ' 7' ELSE ' 30' END, balance, aum, NULL, matures_on, product_id FROM c
    JOIN (SELECT customer_id, account_id, balance, matures_on, product_id FROM accounts
          WHERE closed_on IS NULL AND balance > 0 AND matures_on BETWEEN DATE '{{on}}' AND DATE '{{on}}' + 30) USING (customer_id) WHERE best >= 1
UNION ALL SELECT customer_id, 'birthday', d::VARCHAR, NULL, NULL, NULL, d, '' FROM c JOIN born USING (customer_id) WHERE best >= 2
UNION ALL SELECT customer_id, 'missing_facts', '', NULL, NULL, NULL, NULL, what FROM lacks
UNION ALL SELECT customer_id, 'dormant', '', aum, NULL, NULL, moved_on, '' FROM c WHERE best >= 1 AND moved_on <= DATE '{{on}}' - 90 AND aum > 0
UNION ALL SELECT customer_id, 'cadence_due', '', NULL, NULL, NULL, due, ''
    FROM (SELECT *, (coalesce(last_contact_on, first_seen_on) + (CASE grade_rank WHEN 2 THEN 180 WHEN 3 THEN 30 WHEN 4 THEN 30 WHEN 5 THEN 14 END)::INT)::DATE AS due FROM c)
    WHERE best >= 2 AND due <= DATE '{{on}}' + 1
UNION ALL SELECT customer_id, 'follow_up', follow_up_on::VARCHAR, NULL, NULL, NULL, follow_up_on, ''
    FROM c WHERE follow_up_on > last_contact_on AND follow_up_on <= DATE '{{on}}' + 1
UNION ALL SELECT customer_id, 'unusual_inflow', '{{on}}', size, aum, usual, DATE '{{on}}', '' FROM c JOIN beyond_in USING (customer_id) WHERE best >= 2
UNION ALL SELECT customer_id, 'unusual_outflow', '{{on}}', size, aum, usual, DATE '{{on}}', '' FROM c JOIN beyond_out USING (customer_id) WHERE best >= 2
UNION ALL SELECT customer_id, 'salary_stopped', salary_on::VARCHAR, salary, aum, NULL, salary_on, '' FROM c JOIN habits USING (customer_id)
    WHERE best >= 1 AND salary_on = DATE '{{on}}' - 40 AND salary_since + 60 <= salary_on
UNION ALL SELECT customer_id, 'idle_cash', '', demand, aum, 50000, idle_since, '' FROM c JOIN habits USING (customer_id) JOIN moves USING (customer_id)
    WHERE best >= 2 AND idle_since <= DATE '{{on}}' - 30
UNION ALL SELECT c.customer_id, 'matured', account_id || ' ' || matures_on, balance, aum, NULL, matures_on, product_id FROM c JOIN again ON again.owner = c.customer_id WHERE best >= 1
UNION ALL SELECT customer_id, 'festival', festival || ' ' || d, NULL, NULL, NULL, d, festival FROM c, (VALUES {{festivals}}) f(festival, d) WHERE best >= 4 AND d IS NOT NULL
UNION ALL SELECT customer_id, 'waking', '{{on}}', aum, NULL, NULL, s_moved, '' FROM c WHERE best >= 1 AND moved_on = DATE '{{on}}' AND s_moved <= DATE '{{on}}' - 90
UNION ALL SELECT customer_id, 'loan_ending', holding_id || ' ' || matures_on, amount, aum, NULL, matures_on, product_id FROM c JOIN own USING (customer_id)
    WHERE best >= 1 AND category = 'loan' AND matures_on BETWEEN DATE '{{on}}' AND DATE '{{on}}' + 60
UNION ALL SELECT customer_id, 'card_expiring', holding_id || ' ' || matures_on, amount, aum, NULL, matures_on, product_id FROM c JOIN own USING (customer_id)
    WHERE best >= 1 AND category = 'card' AND matures_on BETWEEN DATE '{{on}}' AND DATE '{{on}}' + 45
UNION ALL SELECT customer_id, 'risk_expiring', (risk_rated_on + 365)::VARCHAR, NULL, NULL, NULL, risk_rated_on + 365, coalesce(risk_rating, '') FROM c JOIN profiles USING (customer_id)
    WHERE best >= 3 AND risk_rated_on + 365 BETWEEN DATE '{{on}}' AND DATE '{{on}}' + 30
UNION ALL SELECT customer_id, 'new_customer', c.opened_on::VARCHAR, aum, NULL, NULL, c.opened_on, '' FROM c
    WHERE best >= 1 AND first_seen_on = DATE '{{on}}' AND c.opened_on >= DATE '{{on}}' - 7
UNION ALL SELECT customer_id, 'benefit_expiring', benefit || ' {{quarter_end}}', NULL, quota, NULL, DATE '{{quarter_end}}', benefit
    FROM c JOIN (VALUES ('airport_lounge', 4, 2), ('private_salon', 5, 1)) b(benefit, from_rank, quota) ON grade_rank >= from_rank
    WHERE best >= 3 AND DATE '{{quarter_end}}' > DATE '{{on}}' AND DATE '{{quarter_end}}' <= DATE '{{on}}' + 16;

CREATE TABLE signals AS
WITH lasting AS (SELECT * FROM s_signals WHERE expires_on >= DATE '{{on}}' AND kind IN {{kinds}}),
nearer AS (SELECT customer_id, regexp_replace(subject, ' [0-9]+$', '') AS stem FROM seen WHERE kind = 'maturity')
SELECT s.customer_id, s.kind, s.subject, coalesce(l.raised_on, DATE '{{on}}') AS raised_on, DATE '{{on}}' AS seen_on,
       DATE '{{on}}' + {by_kind(3)} AS expires_on,
       s.amount::DECIMAL(18,2) AS amount, s.base::DECIMAL(18,2) AS base, s."limit"::DECIMAL(18,2) AS "limit", s.on_date, s.detail,
       {KEPT_BACK} AS held_out
FROM seen s LEFT JOIN lasting l USING (customer_id, kind, subject)
UNION ALL BY NAME
SELECT * EXCLUDE (led_by) FROM lasting ANTI JOIN seen USING (customer_id, kind, subject)
WHERE kind <> 'maturity' OR (customer_id, regexp_replace(subject, ' [0-9]+$', '')) NOT IN (SELECT (customer_id, stem) FROM nearer)
"""

TASKS = f"""
CREATE TABLE tasks AS
WITH owned AS (SELECT customer_id, grade_rank, aum, primary_id AS staff_id FROM standings WHERE primary_id IS NOT NULL),
worth AS (SELECT o.*, {by_kind(2)} AS minutes, {by_kind(4)} AS promised,
                 (({by_kind(0)} * [0.5, 0.6, 1, 2, 4, 8][grade_rank + 1] + coalesce(amount, 0) * {by_kind(1)})::DECIMAL(18,2)
                  * IF(on_date BETWEEN DATE '{{on}}' - 2 AND DATE '{{on}}' + 4, 2, 1) * (1 + least(DATE '{{on}}' - raised_on, 20) * 0.05))::DECIMAL(18,2) AS value
          FROM signals s JOIN owned o USING (customer_id) WHERE NOT held_out),
t AS (SELECT staff_id, customer_id, grade_rank, aum, sum(value) AS value, max(minutes)::BIGINT AS minutes, bool_or(promised) AS promised FROM worth GROUP BY ALL),
placed AS (SELECT *, row_number() OVER w AS position, sum(minutes) OVER (w ROWS UNBOUNDED PRECEDING) AS used FROM t
           WINDOW w AS (PARTITION BY staff_id ORDER BY promised DESC, value / minutes DESC, aum DESC, customer_id))
SELECT staff_id, customer_id, position, minutes, value, promised, grade_rank FROM placed JOIN staff USING (staff_id)
WHERE used <= CASE post WHEN 'high_counter' THEN 30 WHEN 'low_counter' THEN 60 WHEN 'vip_counter' THEN 90 WHEN 'lobby_manager' THEN 120
  WHEN 'relationship_manager' THEN 240 WHEN 'rm_supervisor' THEN 120 WHEN 'branch_manager' THEN 90 ELSE 0 END
"""

OWN_POSTS = {
    "primary": [["high_counter"], ["high_counter"], ["low_counter", "vip_counter"], ["relationship_manager", "lobby_manager"], ["relationship_manager"], ["branch_manager"]],
    "deputy": [[], [], [], [], ["rm_supervisor", "branch_manager"], ["rm_supervisor"]],
}  # fmt: skip
FALLBACK = ("relationship_manager", "rm_supervisor", "branch_manager")


def night(
    state: Path,
    landed: Path,
    movements: list[Path],
    on: date,
    month_days: int,
    last_month_days: int,
    out: Path,
    festivals: list[list[str]],
) -> float:
    """Compute a night from ``state`` and ``landed`` into ``out``; the seconds it took."""
    out.mkdir(parents=True)
    began = time.perf_counter()
    database = duckdb.connect()
    for name in ("standings", "profiles", "accounts", "signals", "facts_known", "habits"):
        database.execute(f"CREATE VIEW s_{name} AS SELECT * FROM '{state / name}.parquet'")
    chosen = ", ".join(f"'{path}'" for path in movements)
    source = f"read_parquet([{chosen}])" if movements else f"'{state}/movements.parquet' LIMIT 0"
    database.execute(f"CREATE VIEW s_movements AS SELECT * FROM {source}")
    for name in ("customers", "accounts", "balances", "transactions"):
        database.execute(f"CREATE VIEW l_{name} AS SELECT * FROM '{landed / name}.parquet'")
    for name, key in CORE.items():
        delivered = landed / f"{name}.parquet"
        rows = f"SELECT * FROM '{state / name}.parquet'"
        if delivered.is_file():
            left = f"SELECT * FROM '{state / name}.parquet' WHERE {key} NOT IN (SELECT {key} FROM '{delivered}')"
            rows = f"{left} UNION ALL BY NAME SELECT * FROM '{delivered}'"
        database.execute(f"CREATE TABLE {name} AS {rows}")
    days = [on + timedelta(days=1 + ahead) for ahead in range(4)]
    words = {
        "on": on,
        "kinds": tuple(KINDS),
        "festivals": ", ".join(f"('{name}', DATE '{day}')" for name, day in festivals) or "(NULL, NULL::DATE)",
        "day": on.day,
        "month_days": month_days,
        "last_month_days": last_month_days,
        "starts": str(on.day == 1),
        "quarter_end": date(on.year + (on.month + 2) // 3 // 4, (on.month + 2) // 3 % 4 * 3 + 1, 1) - timedelta(days=1),
        "ends": str((on + timedelta(days=1)).day == 1),
        "lacking": ", ".join(f"IF({lacks(*field)}, '{field[0]}', NULL)" for field in EXPECTED),
        "birthdays": ", ".join(f"({day.month * 100 + day.day}, DATE '{day}')" for day in days),
    }
    for sql in (ACCOUNTS, PROFILES, STANDINGS):
        database.execute(sql.format(**words))
    for role, grades in OWN_POSTS.items():
        rows = [(rank, post, 0) for rank, posts in enumerate(grades) for post in posts]
        if role == "primary":
            rows += [
                (rank, post, tier)
                for rank, posts in enumerate(grades)
                for tier, post in enumerate((post for post in FALLBACK if post not in posts), 1)
            ]
        posts = ", ".join(f"({rank}, '{post}', {tier})" for rank, post, tier in rows)
        database.execute(ASSIGN.format(role=role, posts=posts, on=on))
    for sql in (WITH_OWNERS, HABITS, SIGNALS, TASKS):
        database.execute(sql.format(**words))
    for name, order in STATE.items():
        database.execute(
            f"COPY (FROM {name} ORDER BY {order}) TO '{out / name}.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    return time.perf_counter() - began


def differences(one: Path, other: Path) -> dict[str, int]:
    """Rows that only one of two states has, per table."""
    fields = {}
    for name in ("accounts", "profiles", "standings", "habits", "signals", "movements"):
        columns = ", ".join(f'"{row[0]}"' for row in duckdb.execute(f"DESCRIBE FROM '{one / name}.parquet'").fetchall())
        first, second = (
            f"SELECT {columns} FROM '{path / name}.parquet'"
            + (f" WHERE kind IN {tuple(KINDS)}" if name == "signals" else "")
            for path in (one, other)
        )
        fields[name] = duckdb.execute(
            f"SELECT (SELECT count(*) FROM ({first} EXCEPT ALL {second})) + (SELECT count(*) FROM ({second} EXCEPT ALL {first}))"
        ).fetchall()[0][0]
    return fields


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    seconds = night(
        Path(asked["state"]),
        Path(asked["landed"]),
        [Path(path) for path in asked["movements"]],
        date.fromisoformat(asked["on"]),
        asked["month_days"],
        asked["last_month_days"],
        Path(asked["out"]),
        asked["festivals"],
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))

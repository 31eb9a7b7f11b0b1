"""Columns of the tables that the rules read and make. Money in yuan (the book's currency), DECIMAL; dates are dates.

Tables that are carried from night to night: accounts, profiles, holdings, staff, branches, products, standings,
signals, answers.
"""

from __future__ import annotations

import ibis

from weihu.rules.sections.habits import HABIT_SIZES

MONEY = "decimal(18,2)"
BALANCE_DAYS = "decimal(24,2)"

CALENDAR = ibis.schema(
    {
        "business_date": "date",
        "before": "date",  # the day before the first one that the delivery tells of: the last night's
        "days": "int64",  # the days that the delivery tells of
        "month_days": "int64",  # days of the month to date that have been seen
        "last_month_days": "int64",  # the same of the month before, once it has ended
        "is_month_start": "boolean",  # first night of a month, with a night of the month before behind it
        "is_month_end": "boolean",
        "is_first": "boolean",  # nothing is known of the day before
        "works_on": "date",  # the day that lists are for where nothing else is said (WORKDAYS)
        "through": "date",  # the last day before the next list
        "latest": "date",  # the latest ``through`` of anybody
    }
)
"""One row: the night's date."""

OWN_WORKDAYS = ibis.schema({"branch_id": "string", "staff_id": "string", "works_on": "date", "through": "date"})
"""The branches (without a member of staff) and the members of staff (without a branch) whose days are their own."""

WORKDAYS = OWN_WORKDAYS
"""Of every branch and of every member of staff: the day that tonight's list is for (``works_on``), and the last day
before the next one (``through``). What is due by then is on the list, so nothing falls on a closed day."""

WINDOWS = ibis.schema({"days": "int64", "after": "date", "on": "date"})
"""The windows over which flows are kept, and the dates that leave each of them tonight: those after one date up to another."""

DAYS_BETWEEN = ibis.schema({"on": "date"})
"""The days since the last night that have none of their own: a delivery of a bank's past may tell of several."""

OCCASIONS = ibis.schema({"month_day": "int64", "on": "date"})
"""The birthdays to look ahead to: month * 100 + day, and the date on which it is kept."""

CADENCES = ibis.schema({"days": "int64", "since": "date", "due_on": "date"})
"""Where the book counts cadences in working days: by cadence and last contact, when the next one is due."""

ACCOUNTS = ibis.schema(
    {
        "account_id": "string",
        "customer_id": "string",
        "branch_id": "string",
        "product_id": "string",
        "opened_on": "date",
        "closed_on": "date",
        "matures_on": "date",
        "account_last4": "string",
        "account_number_index": "string",  # keyed, for exact look-up
        "balance": MONEY,
    }
)
ACCOUNTS_DELIVERED = ibis.schema({name: kind for name, kind in ACCOUNTS.items() if name != "balance"})
BALANCES = ibis.schema({"account_id": "string", "balance": MONEY, "balance_days": MONEY})
PROFILES = ibis.schema(
    {
        "customer_id": "string",
        "branch_id": "string",
        "opened_on": "date",
        "birth_date": "date",
        "risk_rating": "string",
        "risk_rated_on": "date",
        "missing": "string",  # keys of the core system's own fields that it does not have, comma after each
    }
)
CUSTOMERS = ibis.schema(
    {
        "customer_id": "string",
        "name": "string",
        "sex": "string",
        "birth_date": "date",
        "identity_number": "string",
        "phone": "string",
        "address": "string",
        "income": MONEY,
        "occupation": "string",
        "education": "string",
        "marital_status": "string",
        "risk_rating": "string",
        "risk_rated_on": "date",
        "branch_id": "string",
        "opened_on": "date",
    }
)
"""Delivered customers; name, identity number, telephone and address are sealed."""

FACTS_KNOWN = ibis.schema({"customer_id": "string", "known": "string"})
"""The keys of the fields that somebody told of a customer or that the customer refused to tell: ``,a,b,``."""

BARRED = ibis.schema({"customer_id": "string"})
"""Customers who are not to be contacted on the day after the business date (M7)."""

UNSCORED = ibis.schema({"customer_id": "string"})
"""Customers who are not to be scored: who refused personal analysis (PIPL art. 24), and who has died."""

MERGES = ibis.schema({"gone": "string", "kept": "string", "active": "boolean"})
"""Customers who are or were one person with another. ``kept``: the last of a chain of active merges."""

HOLDINGS = ibis.schema(
    {
        "holding_id": "string",
        "customer_id": "string",
        "product_id": "string",
        "amount": MONEY,  # what is owed on a loan, what is used on a card
        "credit_line": MONEY,  # up to which a card may be used
        "opened_on": "date",
        "closed_on": "date",
        "matures_on": "date",
    }
)
HOLDINGS_OPEN = ibis.schema({**HOLDINGS, "category": "string"})
"""Liabilities and services that run on the date."""

EVERYTHING = ibis.schema({"customer_id": "string", "product_id": "string", "category": "string", "amount": MONEY})
"""Everything that customers hold; a loan's amount is what is owed."""

CONTRIBUTIONS = ibis.schema({"customer_id": "string", "margin": MONEY})
"""The margin of what each customer holds, yuan a year."""

AUTHORISED = ibis.schema({"authorised_id": "string", "account_id": "string", "customer_id": "string", "until": "date"})
TRANSACTIONS = ibis.schema(
    {
        "transaction_id": "string",
        "account_id": "string",
        "booked_on": "date",
        "amount": MONEY,
        "kind": "string",
        "branch_id": "string",
        "counterparty_bank": "string",
    }
)
STAFF = ibis.schema(
    {
        "staff_id": "string",
        "name": "string",
        "branch_id": "string",
        "post": "string",
        "left_on": "date",
    }
)
BRANCHES = ibis.schema({"branch_id": "string", "name": "string", "parent_id": "string"})
PRODUCTS = ibis.schema(
    {
        "product_id": "string",
        "name": "string",
        "name_en": "string",
        "category": "string",
        "risk": "string",
        "overdraft": "boolean",
    }
)
POOL = ibis.schema(
    {
        "role": "string",
        "branch_id": "string",
        "grade_rank": "int64",
        "staff_id": "string",
        "customers_max": "int64",
    }
)
"""Who may be primary or deputy for which grade in which branch, and of how many customers; NULL: of any number."""

KEPT = ibis.schema(
    {"customer_id": "string", "branch_id": "string", "grade_rank": "int64", "holder": "string", "placed": "boolean"}
)
"""Customers who stay with somebody; ``placed``: people chose the holder."""

WAITING = ibis.schema(
    {"customer_id": "string", "branch_id": "string", "grade_rank": "int64", "aum": MONEY, "turn": "int64"}
)
"""Customers who need somebody, in the order in which they are dealt: ``turn`` from 0 in branch and grade."""

HELD = ibis.schema({"branch_id": "string", "grade_rank": "int64", "holder": "string", "customers": "int64"})
ASKED = ibis.schema({"branch_id": "string", "grade_rank": "int64", "customers": "int64"})
DEALT = ibis.schema({"customer_id": "string", "staff_id": "string"})

PLACES = ibis.schema(
    {"branch_id": "string", "grade_rank": "int64", "staff_id": "string", "held": "int64", "customers": "int64"}
)
"""How many customers somebody gets tonight, beside those he or she has."""

UNASSIGNED = ibis.schema({"customer_id": "string", "why": "string", "owner_id": "string"})
"""Customers without a primary: the reason, and who has to settle it."""

MOVEMENTS = ibis.schema({"business_date": "date", "customer_id": "string", "change": MONEY, "fees": MONEY})
"""Customers whose AUM changed on a date or who paid fees, and how much."""

MEASURES = ibis.schema({"customer_id": "string", "measure": "string", "amount": MONEY, "amount_days": BALANCE_DAYS})
"""The book's measures that grade a customer (policy.Measure): as it stands, and summed over the month to date."""

GRANTED = ibis.schema({"customer_id": "string", "grade_rank": "int64"})
"""Exceptions to the policy that hold on the date: at least this grade."""

STAFFING = ibis.schema({"staff_id": "string", "post": "string", "customers_max": "int64", "minutes_per_day": "int64"})
"""What the staffing table says beyond the core system: posts that a person has besides, and limits of his or her own."""

COVERS = ibis.schema({"staff_id": "string", "cover_id": "string"})
"""Who is away on the day that his or her list would be for, and who stands in; NULL: the customer's deputy."""

PLACED = ibis.schema({"customer_id": "string", "staff_id": "string", "placed_on": "date", "origin": "string"})
"""Customers whom people gave to somebody: by hand-over, claim or referral, as ``origin`` says."""

BENEFITS_USED = ibis.schema({"customer_id": "string", "benefit": "string", "used": "int64"})
"""Uses of benefits in the period that runs on the date."""

BENEFITS = ibis.schema(
    {"benefit": "string", "from_rank": "int64", "to_rank": "int64", "quota": "int64", "ends_on": "date"}
)
"""The book's benefits whose period ends soon, with the grades they are due to."""

MOVES = ibis.schema({"customer_id": "string", "own": MONEY, "before": MONEY, "salary": MONEY, "demand": MONEY})
"""A customer's day: the net change of AUM without the usual salary and loans, the AUM before, the salary, and what lies on demand."""

HABITS = ibis.schema(
    {
        "customer_id": "string",
        "habit_days": "int64",
        **{f"in_{place}": "int64" for place in range(1, HABIT_SIZES + 1)},
        **{f"out_{place}": "int64" for place in range(1, HABIT_SIZES + 1)},
        "salary_since": "date",
        "salary_on": "date",
        "salary": MONEY,  # the last one
        "idle_since": "date",  # since when the book's amount of idle cash has been on demand
    }
)
"""What is usual of a customer: of ``habit_days`` days, those on which so much or more came (``in_*``) or went
(``out_*``); the place counts the book's habits.sizes from 1."""

LEVELS = ibis.schema(
    {
        "customer_id": "string",
        "on": "date",
        "days": "int64",  # nights that have seen the customer
        "aum": MONEY,
        "demand": MONEY,
        "aum_days": BALANCE_DAYS,
        "maturing": MONEY,  # within the 30 days to come
        "products": "int64",
        "came": MONEY,  # from other banks
        "went": MONEY,  # to other banks
        "sendings": "int64",  # to other banks
        "salary": MONEY,
        "spent": MONEY,
        "spendings": "int64",
        "own": "int64",  # movements of the customer's own
        "salary_on": "date",
        "contact_on": "date",
        "complaint_on": "date",
    }
)
"""How a customer stands on a night, as it is kept for every week (周末留存). ``days``, ``aum_days``, ``came`` to ``own``
are sums since the first night, so what was in between two nights is their difference; the dates are the last ones."""

SPANS = ibis.schema({"days": "int64", "on": "date"})
"""The kept nights to look back to: how many days were asked for, and the last kept night so many days or more ago."""

NOTED = ibis.schema(
    {
        "customer_id": "string",
        "kind": "string",
        "subject": "string",
        "on_date": "date",
        "due_on": "date",  # on the last list that begins before the day after it; NULL: on the next one
        "detail": "string",
    }
)
"""Reasons to act that the workplace noted (sections.signals.NOTED_KINDS)."""

FESTIVALS = ibis.schema({"festival": "string", "on": "date"})
"""The book's festivals to look ahead to."""

CONTACTS = ibis.schema({"customer_id": "string", "last_contact_on": "date", "follow_up_on": "date"})
"""What the day recorded: the last contact of a customer and the date agreed in it, if any."""

ANSWERS = ibis.schema({"customer_id": "string", "kind": "string", "subject": "string", "answered_on": "date"})
"""Signals that a contact has answered."""

VALUES = ibis.schema(
    {
        "customer_id": "string",
        "branch_id": "string",
        "opened_on": "date",
        "first_seen_on": "date",
        "aum": MONEY,
        "liabilities": MONEY,
        "balance_days": BALANCE_DAYS,
        "monthly_average": MONEY,
        "account_count": "int64",
        "product_count": "int64",
        "flow_1": MONEY,
        "flow_7": MONEY,
        "flow_30": MONEY,
        "flow_90": MONEY,
        "flow_365": MONEY,
        "fees_365": MONEY,
        "contribution": MONEY,  # yuan a year
        "moved_on": "date",
        "effective": "boolean",
    }
)
GRADES = ibis.schema(
    {
        "grade_rank": "int64",
        "grade_since": "date",
        "grade_why": "string",  # why since then: new, book (other grades), risen, fallen, granted, ended (an exception)
        "earned_rank": "int64",  # by the policy alone, without an exception
        "months_below": "int64",
        "watch_since": "date",
        "review_1": MONEY,  # the metric as it was reviewed last
        # the grade that was reached at each of the last six reviews, the latest first
        "level_1": "int64",
        "level_2": "int64",
        "level_3": "int64",
        "level_4": "int64",
        "level_5": "int64",
        "level_6": "int64",
    }
)
GRADED = ibis.schema({**VALUES, "measured": MONEY, "measured_days": BALANCE_DAYS, "metric": MONEY, **GRADES})
RANKS = ibis.schema({"rank": "int64", "now": "int64"})
"""What the ranks of the night before are in tonight's book, if its grades are others; NULL: that grade is gone."""

COMPLETENESS = ibis.schema({"customer_id": "string", "facts_expected": "int64", "facts_known": "int64"})
STANDINGS = ibis.schema(
    {
        **VALUES,
        "measured": MONEY,  # the policy's leading measure as it stands
        "measured_days": BALANCE_DAYS,  # the same, summed over the month to date
        "metric": MONEY,  # what grades: measured, or its average over the month to date
        **GRADES,
        "primary_id": "string",
        "primary_since": "date",
        "primary_why": "string",  # how the primary came to the customer: placed (by people) or dealt
        "deputy_id": "string",
        "facts_expected": "int64",
        "facts_known": "int64",
        "last_contact_on": "date",
        "follow_up_on": "date",
    }
)
"""What is known of a customer at the end of a night: one row each."""

YEARS = ibis.schema(
    {
        "grade_rank": "int64",
        "age_band": "int64",  # the place of the book's band; -1: the age is not known
        "product_band": "int64",
        "chance": "int64",  # thousandths, that the customer leaves; -1: the early warning does not say
        "stays": "int64",  # thousandths, that the customer is here a year later
        "years": "decimal(18,6)",
        "gain": MONEY,  # yuan, of whom brings little now
    }
)
"""How many years of the own level of contribution count (rules.worth), by cell of customers, and what those who bring
little now are expected to bring besides."""

WORTHS = ibis.schema(
    {
        "customer_id": "string",
        "margin": MONEY,  # the contribution, yuan a year
        "carried": "int64",  # its own level, in ten-thousandths of a yuan
        "level": MONEY,  # the same in yuan a year
        "aum": MONEY,
        "effective": "boolean",
        **YEARS,
        "worth": MONEY,  # yuan: the level times the years, and the gain of who brings little
    }
)
"""What a customer is worth: the margin expected over the book's months. None of who refused personal analysis or died."""

THRESHOLDS = ibis.schema({"branch_id": "string", "grade_rank": "int64", "threshold": MONEY})
"""The metric that a grade takes tonight in each branch; no row where the leading measure does not lead to it."""

COMPARED = ibis.schema(
    {
        "customer_id": "string",
        "branch_id": "string",
        "opened_on": "date",
        "first_seen_on": "date",
        "aum": MONEY,
        "metric": MONEY,
        "flow_1": MONEY,
        "flow_7": MONEY,
        "flow_30": MONEY,
        "flow_90": MONEY,
        "flow_365": MONEY,
        "moved_on": "date",
        "grade_rank": "int64",
        "watch_since": "date",
        "review_1": MONEY,
        "primary_id": "string",
        "facts_expected": "int64",
        "facts_known": "int64",
        "last_contact_on": "date",
        "follow_up_on": "date",
        "rank_before": "int64",
        "watch_before": "date",
        "moved_before": "date",
        "today": "date",
        "works_on": "date",
        "through": "date",
    }
)
"""Effective customers' standings beside those of the night before; ``today``: the business date; ``works_on`` and
``through``: of the primary, or of the branch where there is none (WORKDAYS)."""

GRADE_CHANGES = ibis.schema(
    {
        "customer_id": "string",
        "branch_id": "string",
        "primary_id": "string",
        "rank_before": "int64",
        "rank_after": "int64",
        "why": "string",
        "metric": MONEY,
        "aum": MONEY,
    }
)
"""Customers whose grade changed tonight; ``rank_before`` is NULL for who had none."""

SEEN = ibis.schema(
    {
        "customer_id": "string",
        "kind": "string",
        "subject": "string",
        "amount": MONEY,
        "base": MONEY,
        "limit": MONEY,
        "on_date": "date",
        "detail": "string",
        "works_on": "date",
    }
)
"""What a kind of signal saw tonight. ``subject`` tells two of one kind apart; the evidence is in yuan; ``works_on``:
the first day on which somebody can act."""

SIGNALS = ibis.schema(
    {
        "customer_id": "string",
        "kind": "string",
        "subject": "string",
        "raised_on": "date",
        "seen_on": "date",
        "expires_on": "date",
        "amount": MONEY,
        "base": MONEY,
        "limit": MONEY,
        "on_date": "date",
        "detail": "string",
        "held_out": "boolean",
        "led_by": "string",
    }
)
"""Open signals. ``subject`` tells two of one kind apart; ``seen_on`` is the last night on which it held. ``held_out``:
kept back from everybody, so that the effect of acting can be told (M15-M18). ``led_by``: kind and subject of
the signal that leads what is known of the same money; empty: the signal is a reason of its own."""

TASKS = ibis.schema(
    {
        "staff_id": "string",
        "customer_id": "string",
        "on": "date",
        "position": "int64",
        "minutes": "int64",
        "value": MONEY,
        "promised": "boolean",
        "top": "boolean",
        "score": "float64",
        "grade_rank": "int64",
        "urgency": "int64",
        "flow_30": MONEY,
    }
)
"""A person's list for his or her next working day ``on``, in order from 1. ``value``: what acting is worth, yuan;
``score``: the same per minute; ``top``: among the customers who count as the best (the book's top_share); ``urgency``:
the place of the group among the book's; ``flow_30``: the change of AUM over 30 days."""

TIRED = ibis.schema({"customer_id": "string"})
"""Customers who were contacted as often as the book allows: they hear only of what was promised."""

EFFECTS = ibis.schema(
    {
        "kind": "string",
        "branch_id": "string",
        "held_out": "boolean",
        "customers": "int64",
        "change": MONEY,
        "squares": "float64",
    }
)
"""What became of the trials that end tonight: the sum of the changes of AUM, yuan, and of their squares."""

LOSSES = ibis.schema(
    {"customer_id": "string", "lost": "boolean", "won_back": "boolean", "lost_aum": MONEY, "won_aum": MONEY}
)
"""Who was lost or won back since the night before: what they had losses.days ago and have no more, what came back."""

BRIDGE = ibis.schema(
    {
        "customer_id": "string",
        "inflow": MONEY,  # money that came, but for new accounts
        "opened": MONEY,  # with new accounts
        "outflow": MONEY,  # money that went, but for
        "matured": MONEY,  # what left after products had matured,
        "closed": MONEY,  # and what was on accounts that were closed
    }
)
"""What the change of a customer's AUM since the night before is made of; none is negative."""

FIGURES = ibis.schema(
    {
        "branch_id": "string",
        "staff_id": "string",  # the primary; empty for customers without one
        "grade_rank": "int64",
        "customers": "int64",  # effective ones, as in watched, products, facts and contacts
        "everybody": "int64",  # with those who are not effective
        "watched": "int64",  # on watch
        "aum": MONEY,  # of everybody
        "effective_aum": MONEY,  # of the effective ones
        "contribution": MONEY,  # of everybody, a year
        "products": "int64",
        "facts_expected": "int64",
        "facts_known": "int64",
        "owed": "int64",  # of grades with a cadence
        "kept": "int64",  # of these, contacted in time
        "lost": "int64",  # since the night before
        "lost_aum": MONEY,  # what they had losses.days ago and have no more
        "won_back": "int64",  # since the night before
        "won_aum": MONEY,
        **{name: MONEY for name in BRIDGE if name != "customer_id"},  # since the night before
        "moved": MONEY,  # brought by customers of another branch, person or grade the night before, less what others took
        "tasks": "int64",  # planned for the next day, where it is a working day
        "minutes": "int64",
        "top_minutes": "int64",  # of these, for the best customers
        "listed": "int64",  # on the lists of the night, whichever day they are for
        "listed_minutes": "int64",
        "listed_top_minutes": "int64",
    }
)
"""What a night says of a person's customers of a grade in a branch: every page's customers, AUM, watch and minutes.

AUM of the night before + inflow + opened - outflow - matured - closed + moved = AUM.
"""

TOP = ibis.schema({"aum": MONEY})
"""The AUM from which a customer counts as one of the best; one row."""

CANDIDATES = ibis.schema(
    {
        **{name: kind for name, kind in TASKS.items() if name != "position"},
        "aum": MONEY,
        "place": "int64",
        "capacity": "int64",
    }
)
"""What a person could do: ``place`` among those as long, promised and top alike, the most valuable first."""

PICKS = ibis.schema(
    {"staff_id": "string", "minutes": "int64", "promised": "boolean", "top": "boolean", "picked": "int64"}
)
"""How many candidates of each sort a person's day takes."""

CHOICES = ibis.schema(
    {name: CANDIDATES[name] for name in ("staff_id", "promised", "top", "minutes", "place", "capacity", "value")}
)
"""The columns of the candidates by which the counts are found."""

SUMMARY = ibis.schema(
    {
        "branch_id": "string",
        "grade_rank": "int64",
        "effective": "boolean",
        "customers": "int64",
        "aum": BALANCE_DAYS,
        "facts_expected": "int64",
        "facts_known": "int64",
        "on_watch": "int64",
        "unassigned": "int64",
    }
)
"""What the run's report says of customers."""

ACCOUNT_TOTALS = ibis.schema({"accounts": "int64", "aum": BALANCE_DAYS})
"""The accounts that run, and their balances; one row."""

SIGNAL_COUNTS = ibis.schema({"kind": "string", "customers": "int64"})
"""How many signals of a kind hold tonight."""

EVIDENCE = ibis.schema(
    {
        "customer_id": "string",
        "subject": "string",  # a transaction or an account
        "on_date": "date",
        "amount": MONEY,
        "base": MONEY,
        "limit": MONEY,
        "detail": "string",
        "reason": "string",
    }
)
"""One fixed list's rows: rules.listed says what each list's evidence is."""

LISTED = ibis.schema(
    {
        "list": "string",
        **EVIDENCE,
        "branch_id": "string",
        "grade_rank": "int64",
        "aum": MONEY,
        "last_contact_on": "date",
        "matures_on": "date",  # the customer's next maturity
    }
)
"""What a night put on the fixed lists, with the customer as of that night."""

MATURED = ibis.schema(
    {
        "account_id": "string",
        "customer_id": "string",
        "product_id": "string",
        "matures_on": "date",
        "balance": MONEY,
        "aum_before": MONEY,
    }
)
"""Products that matured lately, with their balance and the customer's AUM on the night before."""

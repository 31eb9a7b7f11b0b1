"""Products, services and benefits with a date (M6, M17, M21)."""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from weihu.rules.kinds.common import ahead, due, signals_of, within
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import Ahead, BenefitExpiring, CardExpiring, LoanEnding, Maturity, RiskExpiring
from weihu.rules.value import ZERO, business_date


def maturity(compared: Table, accounts: Table, calendar: Table, book: RuleBook) -> Table:
    """A product with a balance matures after today within the lead days; once more at each nearer one."""
    leads, today = book.rule(Maturity).leads, business_date(calendar)
    ending = accounts.filter(accounts.closed_on.isnull() & (accounts.balance > ZERO) & (accounts.matures_on > today))
    ending = ending.filter(within(ending.matures_on, calendar, leads[-1]))
    ending = ending.select("customer_id", "account_id", "product_id", "balance", "matures_on")
    customers = due("maturity", compared, book).join(ending, "customer_id")
    customers = customers.filter(customers.matures_on <= ahead(customers, leads[-1]))
    nearest = ibis.cases(
        *((customers.matures_on <= ahead(customers, days), str(days)) for days in leads),
        else_=str(leads[-1]),
    )
    return signals_of(
        customers,
        "maturity",
        subject=customers.account_id + " " + customers.matures_on.cast("string") + " " + nearest,
        amount=customers.balance,
        base=customers.aum,
        on_date=customers.matures_on,
        detail=customers.product_id,
    )


def matured(compared: Table, accounts: Table, accounts_before: Table, calendar: Table, book: RuleBook) -> Table:
    """A product matured today and was closed or left as it is: nothing was renewed."""
    before, today = accounts_before, business_date(calendar)
    ended = before.filter(before.closed_on.isnull() & (before.balance > ZERO))
    ended = ended.filter((ended.matures_on > calendar.before.as_scalar()) & (ended.matures_on <= today))
    ended = ended.select("account_id", "product_id", "matures_on", ended="balance")
    now = accounts.select("account_id", "customer_id", "closed_on", again="matures_on")
    ended = ended.join(now, "account_id")
    ended = ended.filter(ended.closed_on.notnull() | (ended.again <= today))
    ended = ended.select("customer_id", "account_id", "product_id", "matures_on", "ended")
    customers = due("matured", compared, book).join(ended, "customer_id")
    return signals_of(
        customers,
        "matured",
        subject=customers.account_id + " " + customers.matures_on.cast("string"),
        amount=customers.ended,
        base=customers.aum,
        on_date=customers.matures_on,
        detail=customers.product_id,
    )


def loan_ending(compared: Table, holdings_open: Table, calendar: Table, book: RuleBook) -> Table:
    """A loan ends within the lead days."""
    return _ending(LoanEnding, "loan", compared, holdings_open, calendar, book)


def card_expiring(compared: Table, holdings_open: Table, calendar: Table, book: RuleBook) -> Table:
    """A card expires within the lead days."""
    return _ending(CardExpiring, "card", compared, holdings_open, calendar, book)


def _ending(
    kind: type[Ahead], category: str, compared: Table, holdings_open: Table, calendar: Table, book: RuleBook
) -> Table:
    rule = book.rule(kind)
    ending = holdings_open.filter(holdings_open.category == category)
    ending = ending.filter(within(ending.matures_on, calendar, rule.lead_days))
    ending = ending.select("customer_id", "holding_id", "product_id", "amount", ends_on="matures_on")
    customers = due(rule.kind, compared, book).join(ending, "customer_id")
    customers = customers.filter(customers.ends_on <= ahead(customers, rule.lead_days))
    return signals_of(
        customers,
        rule.kind,
        subject=customers.holding_id + " " + customers.ends_on.cast("string"),
        amount=customers.amount,
        base=customers.aum,
        on_date=customers.ends_on,
        detail=customers.product_id,
    )


def risk_expiring(compared: Table, profiles: Table, calendar: Table, book: RuleBook) -> Table:
    """The risk rating runs out within the lead days: then it counts as none (domain, section 5)."""
    rated = profiles.filter(profiles.risk_rated_on.notnull())
    rated = rated.select(
        "customer_id",
        "risk_rating",
        expires=(rated.risk_rated_on + ibis.interval(days=book.suitability.rating_days)).cast("date"),
    )
    lead_days = book.rule(RiskExpiring).lead_days
    rated = rated.filter(within(rated.expires, calendar, lead_days))
    customers = due("risk_expiring", compared, book).join(rated, "customer_id")
    customers = customers.filter(customers.expires <= ahead(customers, lead_days))
    return signals_of(
        customers,
        "risk_expiring",
        # DuckDB's date plus days is a timestamp, and would be written as one
        subject=customers.expires.strftime("%Y-%m-%d"),
        on_date=customers.expires,
        detail=ibis.coalesce(customers.risk_rating, ""),
    )


def benefit_expiring(compared: Table, benefits: Table, benefits_used: Table, book: RuleBook) -> Table:
    """A benefit of the grade is not used up and its period ends within the lead days."""
    customers = due("benefit_expiring", compared, book).cross_join(benefits)
    customers = customers.filter(customers.ends_on <= ahead(customers, book.rule(BenefitExpiring).lead_days + 1))
    customers = customers.filter(customers.grade_rank.between(customers.from_rank, customers.to_rank))
    customers = customers.left_join(benefits_used, ["customer_id", "benefit"])
    left = customers.quota - ibis.coalesce(customers.used, 0)
    customers = customers.mutate(left=left)
    customers = customers.filter(customers.left > 0)
    return signals_of(
        customers,
        "benefit_expiring",
        subject=customers.benefit + " " + customers.ends_on.cast("string"),
        base=customers.left,
        on_date=customers.ends_on,
        detail=customers.benefit,
    )

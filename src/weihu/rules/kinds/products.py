"""Products, services and benefits with a date (M6, M17, M21)."""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from weihu.rules.kinds.night import Night, signals_of
from weihu.rules.value import ZERO


def maturity(night: Night) -> Table:
    """A product with a balance matures within the lead days; once more at each nearer one."""
    leads = night.rule("maturity").leads
    due = night.accounts.filter(night.accounts.closed_on.isnull() & (night.accounts.balance > ZERO))
    due = due.filter(due.matures_on.between(night.today, night.today + ibis.interval(days=leads[-1])))
    nearest = ibis.cases(
        *((due.matures_on <= night.today + ibis.interval(days=days), str(days)) for days in leads),
        else_=str(leads[-1]),
    )
    subject = due.account_id + " " + due.matures_on.cast("string") + " " + nearest
    due = due.select("customer_id", "product_id", "balance", "matures_on", subject=subject)
    found = night.due("maturity").join(due, "customer_id")
    return signals_of(
        found,
        "maturity",
        subject=found.subject,
        amount=found.balance,
        base=found.aum,
        on_date=found.matures_on,
        detail=found.product_id,
    )


def matured(night: Night) -> Table:
    """A product matured today and was closed or left as it is: nothing was renewed."""
    before = night.accounts_before
    due = before.filter(before.closed_on.isnull() & (before.balance > ZERO) & (before.matures_on == night.today))
    due = due.select("account_id", "product_id", "matures_on", ended="balance")
    now = night.accounts.select("account_id", "customer_id", "closed_on", again="matures_on")
    due = due.join(now, "account_id")
    due = due.filter(due.closed_on.notnull() | (due.again <= night.today))
    due = due.select("customer_id", "account_id", "product_id", "matures_on", "ended")
    found = night.due("matured").join(due, "customer_id")
    return signals_of(
        found,
        "matured",
        subject=found.account_id + " " + found.matures_on.cast("string"),
        amount=found.ended,
        base=found.aum,
        on_date=found.matures_on,
        detail=found.product_id,
    )


def loan_ending(night: Night) -> Table:
    """A loan ends within the lead days."""
    return _ending(night, "loan_ending", "loan")


def card_expiring(night: Night) -> Table:
    """A card expires within the lead days."""
    return _ending(night, "card_expiring", "card")


def _ending(night: Night, kind: str, category: str) -> Table:
    last = night.today + ibis.interval(days=night.rule(kind).lead_days or 0)
    ending = night.holdings.filter(night.holdings.category == category)
    ending = ending.filter(ending.matures_on.between(night.today, last))
    ending = ending.select("customer_id", "holding_id", "product_id", "amount", ends_on="matures_on")
    found = night.due(kind).join(ending, "customer_id")
    return signals_of(
        found,
        kind,
        subject=found.holding_id + " " + found.ends_on.cast("string"),
        amount=found.amount,
        base=found.aum,
        on_date=found.ends_on,
        detail=found.product_id,
    )


def risk_expiring(night: Night) -> Table:
    """The risk rating runs out within the lead days: then it counts as none (domain, section 5)."""
    last = night.today + ibis.interval(days=night.rule("risk_expiring").lead_days or 0)
    rated = night.profiles.filter(night.profiles.risk_rated_on.notnull())
    rated = rated.select(
        "customer_id",
        "risk_rating",
        expires=(rated.risk_rated_on + ibis.interval(days=night.book.suitability.rating_days)).cast("date"),
    )
    rated = rated.filter(rated.expires.between(night.today, last))
    found = night.due("risk_expiring").join(rated, "customer_id")
    return signals_of(
        found,
        "risk_expiring",
        # DuckDB's date plus days is a timestamp, and would be written as one
        subject=found.expires.strftime("%Y-%m-%d"),
        on_date=found.expires,
        detail=ibis.coalesce(found.risk_rating, ""),
    )


def benefit_expiring(night: Night) -> Table:
    """A benefit of the grade is not used up and its period ends within the lead days."""
    found = night.due("benefit_expiring").cross_join(night.benefits)
    found = found.filter(found.grade_rank.between(found.from_rank, found.to_rank))
    found = found.left_join(night.benefits_used, ["customer_id", "benefit"])
    left = found.quota - ibis.coalesce(found.used, 0)
    found = found.mutate(left=left)
    found = found.filter(found.left > 0)
    return signals_of(
        found,
        "benefit_expiring",
        subject=found.benefit + " " + found.ends_on.cast("string"),
        base=found.left,
        on_date=found.ends_on,
        detail=found.benefit,
    )

"""A customer's standing with its inputs, rule book and history, as data for operators and programs."""

from __future__ import annotations

from typing import Any

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Signal, Standing, rulebooks_of


def standing_with_history(customer_id: str) -> dict[str, Any] | None:
    """The published standing of a customer with its open signals and history; None if there is none.

    Only for the operator's command line: pages go through the gate.
    """
    run = current()
    standing = Standing.objects.listed_at(run).filter(customer_id=customer_id).first() if run else None
    if run is None or standing is None:
        return None
    book = run.rulebook
    rows = Standing.objects.filter(month__in=standing.months, customer_id=customer_id, since_run__lte=run.number)
    signals = Signal.objects.listed_at(run).filter(customer_id=customer_id).order_by("kind", "subject")
    history = list(rows.order_by("since_run"))
    books = rulebooks_of(row.since_run for row in history)
    return {
        "customer_id": customer_id,
        "business_date": str(run.business_date),
        "rulebook": f"{book.key} {book.version}",
        **_standing_values(standing, book),
        "monthly_average": str(standing.monthly_average(run)),
        "measure": book.policy.metric,
        "metric": str(standing.metric(run)),
        "primary": standing.primary_id,
        "deputy": standing.deputy_id,
        "branch": standing.branch_id,
        "signals": [{"kind": row.kind, "raised_on": str(row.raised_on), "subject": row.subject} for row in signals],
        "history": [{"since": str(row.since), **_standing_values(row, books[row.since_run])} for row in history],
    }


def _standing_values(row: Standing, book: RuleBook) -> dict[str, Any]:
    return {
        "aum": f"{row.aum:.2f}",
        "liabilities": f"{row.liabilities:.2f}",
        "grade": list(book.grades)[row.grade_rank],
        "grade_since": str(row.grade_since),
        "watch_since": str(row.watch_since) if row.watch_since else None,
        "months_below": row.months_below,
    }

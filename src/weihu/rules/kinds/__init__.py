"""The kinds of signal (商机). Each is one function, named like the kind: the tables that it reads (and the book) in,
what was seen tonight out (columns: tables.SEEN).

Events (a large outflow) are named by their date in ``subject``, conditions (near the next grade) by nothing: they go
on while they hold.
"""

from __future__ import annotations

from collections.abc import Callable

from ibis.expr.types import Table

from weihu.rules.kinds import care, grades, leaving, money, products

KINDS: dict[str, Callable[..., Table]] = {
    function.__name__: function
    for function in (
        money.large_inflow,
        money.large_outflow,
        money.unusual_inflow,
        money.unusual_outflow,
        money.inter_branch,
        money.to_other_bank,
        money.salary_stopped,
        money.idle_cash,
        money.dormant,
        money.waking,
        leaving.leaving,
        products.maturity,
        products.matured,
        products.loan_ending,
        products.card_expiring,
        products.risk_expiring,
        products.benefit_expiring,
        grades.grade_up,
        grades.grade_down,
        grades.watch_begun,
        grades.near_grade,
        grades.handed_over,
        grades.new_customer,
        care.birthday,
        care.festival,
        care.missing_facts,
        care.cadence_due,
        care.follow_up,
    )
}
"""The kinds that the files tell of; those that the workplace noted are ``care.noted_kinds``."""

"""Segments to begin with: ready to be changed."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.workplace.act.segments.definition import Condition, Definition, Group


def _all(*conditions: Condition) -> Definition:
    return Definition("all", (Group("all", conditions),))


BLANK = _all(Condition("aum", "least"))
EXAMPLES: dict[str, tuple[Promise, Definition]] = {
    "maturing": (
        _("Deposit matures, no wealth product"),
        _all(
            Condition("term_matures", "within", "30"),
            Condition("aum", "least", "500000"),
            Condition("holds", "has_not", "wealth"),
            Condition("last_contact", "not_this_month"),
        ),
    ),
    "idle": (
        _("Much on demand, nothing invested"),
        _all(
            Condition("in_demand", "least", "100000"),
            Condition("in_wealth", "most", "0"),
            Condition("in_fund", "most", "0"),
        ),
    ),
    "leaving": (
        _("Money leaves, no contact for a month"),
        _all(Condition("flow_30", "most", "-50000"), Condition("last_contact", "not_within", "30")),
    ),
}
"""By the key that an address names."""

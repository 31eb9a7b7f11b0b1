"""Questions to begin with: ready to be changed."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.workplace.act.questions.asking import LATEST, MONTHS_OF, Asked
from weihu.workplace.act.segments.definition import Definition

EVERYBODY = Definition("all", ())
BLANK = Asked(EVERYBODY, "grade", "", ("customers", "aum", "aum_each"), "customers", LATEST)
EXAMPLES: dict[str, tuple[Promise, Asked]] = {
    "grades": (
        _("AUM by grade and branch"),
        Asked(EVERYBODY, "grade", "branch", ("aum", "customers"), "aum", LATEST),
    ),
    "ages": (
        _("Products held by age"),
        Asked(EVERYBODY, "age", "holds", ("customers",), "customers", LATEST),
    ),
    "losses": (
        _("Early losses by primary"),
        Asked(EVERYBODY, "primary", "", ("customers", "aum", "flow_30", "losing", "losing_share"), "losing", LATEST),
    ),
    "months": (
        _("AUM by grade, month by month"),
        Asked(EVERYBODY, "grade", "", ("aum", "customers"), "aum", f"{MONTHS_OF}6"),
    ),
}
"""By the key that an address names."""

"""``[complaints]``: when complaints are due (投诉)."""

from __future__ import annotations

from weihu.rules.sections.entry import Count, Days, Section


class Complaints(Section):
    """How complaints (投诉) are kept (M20): days until one is due, and days after closing to ask how it was."""

    due_days: Days
    ask_after_days: Count

"""``[duties.…]``: who collects whose missing facts (职责)."""

from __future__ import annotations

from weihu.rules.sections.entry import Entry, GradeName, PostName


class Duty(Entry):
    """A duty (职责): the grades whose missing facts a post collects (brief, M13)."""

    post: PostName
    from_grade: GradeName
    to_grade: GradeName | None = None

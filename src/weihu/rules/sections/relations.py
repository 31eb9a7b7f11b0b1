"""``[relations.…]``: kinds of relation between people (关系)."""

from __future__ import annotations

from weihu.rules.sections.entry import Entry, RelationName


class Relation(Entry):
    """A kind of relation (关系) between two people (M3), read from the first: the second is his or her ``zh``.

    ``inverse``: the same seen from the second. ``family``: counts towards a household. ``core``: comes from the core
    system and is not written by hand.
    """

    inverse: RelationName
    family: bool = False
    core: bool = False

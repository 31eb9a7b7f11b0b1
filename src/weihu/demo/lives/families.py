"""Who belongs together: relations and households."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.utils import timezone

from weihu.demo.lives.scene import Scene, owner
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.know.relations.models import Household, Member, Relation

KNOWN, IN_A_HOUSEHOLD = 0.8, 0.7
"""Of the ties in families, and of the families, so many were recorded."""
OUTSIDE_THE_FAMILY = ("introduced_by", "works_with", "classmate", "friend")
EVERY, APART = 97, 50
"""Every so-many-th customer knows the one so many places behind him."""
AT_ONCE = 500
Pair = tuple[Standing, str, Standing]


def relate_families(scene: Scene) -> None:
    """Staff know of most families, and have put many in a household; a few people know somebody outside theirs."""
    ties = [pair for pair in _ties(scene) if scene.happens(KNOWN)]
    _record_relations(scene, [*ties, *_acquainted(scene)])
    _record_households(scene, [family for family in _families(scene) if scene.happens(IN_A_HOUSEHOLD)])


def _families(scene: Scene) -> list[list[Standing]]:
    """Two or more customers of a household, the head first."""
    people = scene.customers.state.people
    together: dict[int, list[tuple[int, str, Standing]]] = defaultdict(list)
    for place, row in scene.places():
        if people.again[place] < 0:  # a number given twice is no second person
            together[int(people.household[place])].append((int(people.role[place]), row.customer_id, row))
    return [[row for *_, row in sorted(rows)] for rows in together.values() if len(rows) > 1]


def _ties(scene: Scene) -> Iterator[Pair]:
    """Husbands to their wives, parents to their children."""
    people, by_place = scene.customers.state.people, dict(scene.places())
    for place, row in by_place.items():
        spouse = by_place.get(int(people.spouse[place]))
        if spouse and people.again[place] < 0 and not people.female[place]:
            yield row, "spouse", spouse
        parents = (by_place.get(int(column[place])) for column in (people.father, people.mother))
        yield from ((parent, "child", row) for parent in parents if parent)


def _acquainted(scene: Scene) -> Iterator[Pair]:
    for row, other in zip(scene.standings[::EVERY], scene.standings[APART::EVERY], strict=False):
        yield row, scene.one_of(OUTSIDE_THE_FAMILY), other


def _record_relations(scene: Scene, pairs: list[Pair]) -> None:
    at = timezone.now()
    Relation.objects.bulk_create(
        (
            Relation(
                token=scene.token(),
                customer_id=row.customer_id,
                kind=kind,
                other_id=other.customer_id,
                channel=Channel.SERVICE,
                staff_id=owner(row),
                on=scene.on,
                recorded_at=at,
            )
            for row, kind, other in pairs
        ),
        batch_size=AT_ONCE,
    )
    audit.record_many(audit.Act(owner(row), "relation.record", row.customer_id, kind) for row, kind, _ in pairs)


def _record_households(scene: Scene, families: list[list[Standing]]) -> None:
    heads = [family[0] for family in families]
    homes = Household.objects.bulk_create(
        (Household(head_id=head.customer_id, staff_id=owner(head), on=scene.on) for head in heads), batch_size=AT_ONCE
    )
    members = [(home, owner(family[0]), row) for home, family in zip(homes, families, strict=True) for row in family]
    Member.objects.bulk_create(
        (Member(household=home, customer_id=row.customer_id, joined_on=scene.on) for home, _, row in members),
        batch_size=AT_ONCE,
    )
    audit.record_many(audit.Act(by, "household.join", row.customer_id, str(home.pk)) for home, by, row in members)

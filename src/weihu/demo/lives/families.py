"""Who belongs together: relations and households."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import chain

from django.utils import timezone

from weihu.demo.lives.scene import Scene, owner
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.know.relations.models import Household, Member, Relation

GROWN = 18
"""So many years apart are parent and child."""
IN_A_HOUSEHOLD = 0.7
OUTSIDE_THE_FAMILY = ("introduced_by", "works_with", "classmate", "friend")
EVERY, APART = 97, 50
"""Every so-many-th customer knows the one so many places behind him."""
AT_ONCE = 500
Pair = tuple[Standing, str, Standing]


def relate_families(scene: Scene) -> None:
    """Those who share an address are related, most of them in a household; a few people know somebody outside it."""
    families = _families(scene)
    _record_relations(scene, [*chain.from_iterable(map(_ties, families)), *_acquainted(scene)])
    _record_households(scene, [family for family in families if scene.happens(IN_A_HOUSEHOLD)])


def _families(scene: Scene) -> list[list[Standing]]:
    """Two or more who share an address, the eldest first."""
    by_address: dict[str, list[Standing]] = defaultdict(list)
    for row in scene.standings:
        if row.customer.address and row.customer.birth_date:
            by_address[row.customer.address].append(row)
    families = (sorted(rows, key=_born) for rows in by_address.values())
    return [family for family in families if len(family) > 1]


def _ties(family: list[Standing]) -> Iterator[Pair]:
    """What the others are to the eldest: one spouse of about his age, children, brothers and sisters."""
    head, *others = family
    married = False
    for other in others:
        years = (_born(other) - _born(head)).days // 365
        couple = years < GROWN and other.customer.sex != head.customer.sex and not married
        yield head, "child" if years >= GROWN else "spouse" if couple else "sibling", other
        married = married or couple


def _born(standing: Standing) -> date:
    return standing.customer.birth_date or date.min


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

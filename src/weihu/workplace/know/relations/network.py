"""A customer's relations: those recorded, persons authorised in the core system, the household, and the chart.

Whoever is outside the reader's reach is shown as another customer, without a name. What was recorded at that customer
(a note, a date of birth) is that customer's: it is neither shown nor withdrawn from this side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.occasions import stage_on
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.relations import Relation as RelationKind
from weihu.rules.sections.stages import Stage
from weihu.workplace.bank.models import Account, Authorised, Standing
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.relations.models import Household, Member, Relation

MOST = 40
"""At most this many people are drawn in the chart."""


@dataclass(frozen=True)
class Link:
    """A person who is ``kind`` to the customer. ``other`` is None for those out of reach or not customers at all.

    ``number``: of the recorded relation, where the reader may withdraw it.
    """

    key: str
    kind: RelationKind
    other_id: str
    other: Standing | None
    name: str
    born: date | None
    note: str
    number: int | None
    stage: Stage | None = None

    @property
    def hidden(self) -> bool:
        """Whether it is a customer outside the reader's reach."""
        return bool(self.other_id) and self.other is None

    @property
    def called(self) -> str:
        """The person's name, as far as the reader may see it."""
        if self.other:
            return self.other.customer.name
        return _("Another customer") if self.hidden else self.name


@dataclass(frozen=True)
class NewRelation:
    """A relation to record: the kind, the other customer or a name, the date of birth, a note."""

    kind: str
    other_id: str = ""
    name: str = ""
    born: date | None = None
    note: str = ""


def relate(customer_id: str, relation: NewRelation, by: str, on: date, token: UUID) -> None:
    """Record a relation, unless it is known already; repeating the same ``token`` changes nothing."""
    with transaction.atomic():
        existing = _open_relations(Q(customer_id=customer_id, kind=relation.kind, other_id=relation.other_id))
        if relation.other_id and existing.exists():
            return
        _, created = Relation.objects.get_or_create(
            token=token,
            defaults={
                "customer_id": customer_id,
                "kind": relation.kind,
                "other_id": relation.other_id,
                "name": relation.name,
                "born": relation.born.isoformat() if relation.born else "",
                "note": relation.note,
                "channel": Channel.SERVICE,
                "staff_id": by,
                "on": on,
                "recorded_at": timezone.now(),
            },
        )
        if created:
            audit.record(by, "relation.record", customer_id, relation.kind)


def unrelate(relation: Relation, by: str) -> None:
    """Withdraw a relation; its row is kept as history."""
    with transaction.atomic():
        open_row = Relation.objects.filter(pk=relation.pk, withdrawn_at__isnull=True)
        if open_row.update(withdrawn_at=timezone.now(), withdrawn_by=by):
            audit.record(by, "relation.withdraw", relation.customer_id, relation.kind)


def withdrawable(customer_id: str, number: int, gate: Gate) -> Relation | None:
    """A relation that may be withdrawn at a customer within reach: one recorded there, or at another within reach."""
    sides = Q(customer_id=customer_id) | Q(other_id=customer_id)
    relation = Relation.objects.filter(sides, pk=number).first()
    return (
        relation if relation and relation.customer_id in {customer_id, *gate.reached([relation.customer_id])} else None
    )


def links_of(customer_id: str, gate: Gate, book: RuleBook) -> list[Link]:
    """Everybody related to a customer, family first."""
    rows = list(_open_relations(Q(customer_id=customer_id) | Q(other_id=customer_id)).order_by("pk"))
    pairs = [*_from_side_of(customer_id, rows, book), *_authorised(customer_id, gate)]
    reached = gate.reached({other for _, other, _ in pairs})
    links = {}
    for key, other, row in pairs:
        name = row.name if row and not other else ""
        if key not in book.relations or other == customer_id or (key, other, name) in links:
            continue
        here = row if row and row.customer_id == customer_id else None
        mine = here or (row if other in reached else None)
        links[key, other, name] = Link(
            key,
            book.relations[key],
            other,
            reached.get(other),
            name,
            date.fromisoformat(here.born) if here and here.born else None,
            mine.note if mine else "",
            mine.pk if mine else None,
            _stage(key, here, gate.run.work_date, book),
        )
    order = list(book.relations)
    return sorted(links.values(), key=lambda link: order.index(link.key))


def picture(standing: Standing, links: list[Link], gate: Gate, book: RuleBook) -> dict[str, Any]:
    """Nodes and edges of the chart: the customer, the people related to them, and relations among those."""
    links = links[:MOST]
    names = {standing.customer_id: standing.customer.name}
    nodes = [{"id": standing.customer_id, "name": standing.customer.name, "role": "self"}]
    edges = []
    for place, link in enumerate(links):
        ident = link.other_id if link.other else f"someone-{place}"
        if ident not in names:
            role = "customer" if link.other else "hidden" if link.hidden else "person"
            nodes.append({"id": ident, "name": link.called, "role": role})
            names[ident] = link.called
        edges.append({"from": standing.customer_id, "to": ident, "name": _name(link.kind)})
    if len(names) < 3:
        return {"nodes": nodes, "edges": edges}
    between = _open_relations(Q(customer_id__in=list(names), other_id__in=list(names)))
    for row in between.exclude(customer_id=standing.customer_id).exclude(other_id=standing.customer_id)[:MOST]:
        if row.kind in book.relations:
            edges.append({"from": row.customer_id, "to": row.other_id, "name": _name(book.relations[row.kind])})
    return {"nodes": nodes, "edges": edges}


@dataclass(frozen=True)
class HouseholdView:
    """A household as the reader may see it; ``others`` counts members out of reach, whose assets are left out."""

    household: Household
    members: list[Standing]
    others: int

    @property
    def aum(self) -> Decimal:
        """The total assets of the members within reach, yuan."""
        return sum((row.aum for row in self.members), Decimal(0))

    @property
    def head(self) -> Standing | None:
        """The head, if within reach."""
        return next((row for row in self.members if row.customer_id == self.household.head_id), None)


def household_of(customer_id: str, gate: Gate) -> HouseholdView | None:
    """The household that a customer belongs to."""
    member = Member.objects.filter(customer_id=customer_id, left_on__isnull=True).select_related("household").first()
    return household_views([member.household], gate)[0] if member else None


def household_views(households: list[Household], gate: Gate) -> list[HouseholdView]:
    """Households as the gate lets the reader see them; members with the head first, then by assets."""
    member_ids: dict[int, list[str]] = {household.pk: [] for household in households}
    for row in Member.objects.filter(household__in=households, left_on__isnull=True).order_by("pk"):
        member_ids[row.household_id].append(row.customer_id)
    reached = gate.reached({customer_id for ids in member_ids.values() for customer_id in ids})
    views = []
    for household in households:
        members = [reached[member] for member in member_ids[household.pk] if member in reached]
        members.sort(key=lambda row: (row.customer_id != household.head_id, -row.aum))
        views.append(HouseholdView(household, members, len(member_ids[household.pk]) - len(members)))
    return views


def join(customer_id: str, others: Iterable[str], by: str, on: date) -> Household:
    """Put a customer and others into one household: the customer's, else one of theirs, else a new one."""
    with transaction.atomic():
        ids = list(dict.fromkeys([customer_id, *others]))
        memberships = Member.objects.filter(customer_id__in=ids, left_on__isnull=True).select_related("household")
        homes = {row.customer_id: row.household for row in memberships}
        home = homes.get(customer_id) or next(iter(homes.values()), None)
        home = home or Household.objects.create(head_id=customer_id, staff_id=by, on=on)
        for member_id in ids:
            if member_id not in homes:
                Member.objects.create(household=home, customer_id=member_id, joined_on=on)
                audit.record(by, "household.join", member_id, str(home.pk))
    return home


def leave(household: Household, customer_id: str, by: str, on: date) -> None:
    """Remove a member. The longest-standing member succeeds the head; a household of one is dissolved."""
    with transaction.atomic():
        left = household.members.filter(customer_id=customer_id, left_on__isnull=True).update(left_on=on)
        remaining = list(household.members.filter(left_on__isnull=True).order_by("pk"))
        if left and len(remaining) == 1:
            household.members.filter(left_on__isnull=True).update(left_on=on)
        elif left and household.head_id == customer_id and remaining:
            Household.objects.filter(pk=household.pk).update(head_id=remaining[0].customer_id)
        if left:
            audit.record(by, "household.leave", customer_id, str(household.pk))


def _open_relations(condition: Q) -> Any:
    return Relation.objects.filter(condition, withdrawn_at__isnull=True)


def _from_side_of(customer_id: str, rows: list[Relation], book: RuleBook) -> list[tuple[str, str, Relation | None]]:
    """Relations seen from the customer's side: the kind and the other's id."""
    pairs: list[tuple[str, str, Relation | None]] = []
    for row in rows:
        if row.customer_id == customer_id:
            pairs.append((row.kind, row.other_id, row))
        elif row.kind in book.relations:
            pairs.append((book.relations[row.kind].inverse, row.customer_id, row))
    return pairs


def _authorised(customer_id: str, gate: Gate) -> list[tuple[str, str, Relation | None]]:
    """From the core system: who is authorised on the customer's accounts, and on whose accounts the customer is."""
    numbers = gate.numbers(customer_id)
    own = Account.objects.filter(customer_id__in=numbers).values("account_id")
    others = Authorised.objects.filter(account_id__in=own, until__isnull=True).values_list("customer_id", flat=True)
    accounts = Authorised.objects.filter(customer_id__in=numbers, until__isnull=True).values("account_id")
    owners = Account.objects.filter(account_id__in=accounts).values_list("customer_id", flat=True)
    both = (("authorised", others), ("authorised_for", owners))
    return [(kind, other, None) for kind, ids in both for other in dict.fromkeys(ids) if other not in numbers]


def _stage(key: str, row: Relation | None, on: date, book: RuleBook) -> Stage | None:
    """The school stage of a child whose date of birth is known."""
    if row is None or not row.born or key != "child":
        return None
    return stage_on(date.fromisoformat(row.born), on, book)


def _name(kind: RelationKind) -> str:
    return kind.name(get_language() or "zh-hans")

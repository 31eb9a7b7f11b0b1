"""A customer's people: recorded relations, authorised persons of the core system, the household, the picture of both.

Whoever is outside the reader's reach is shown as another customer, without a name.
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
from weihu.workplace.archive.models import Account, Authorised, Channel
from weihu.workplace.audit import log
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.gate import Gate
from weihu.workplace.relations.models import Household, Member, Relation

MOST = 40
"""So many people stand in the picture at most."""


@dataclass(frozen=True)
class Link:
    """Somebody (``other``) who is ``kind`` to the customer. ``other`` is None for who is no customer or out of reach."""

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
        """Who it is, as far as the reader may know."""
        if self.other:
            return self.other.customer.name
        return _("Another customer") if self.hidden else self.name


@dataclass(frozen=True)
class Tie:
    """What a customer tells of somebody: the kind, the other customer or the name, the date of birth, a note."""

    kind: str
    other_id: str = ""
    name: str = ""
    born: date | None = None
    note: str = ""


def relate(customer_id: str, tie: Tie, by: str, on: date, token: UUID) -> None:
    """Record a relation; the same ``token`` again is the same, and one that is known already is not written twice."""
    with transaction.atomic():
        known = _open(Q(customer_id=customer_id, kind=tie.kind, other_id=tie.other_id))
        if tie.other_id and known.exists():
            return
        _, created = Relation.objects.get_or_create(
            token=token,
            defaults={
                "customer_id": customer_id,
                "kind": tie.kind,
                "other_id": tie.other_id,
                "name": tie.name,
                "born": tie.born.isoformat() if tie.born else "",
                "note": tie.note,
                "channel": Channel.SERVICE,
                "staff_id": by,
                "on": on,
                "recorded_at": timezone.now(),
            },
        )
        if created:
            log.record(by, "relation.record", customer_id, tie.kind)


def unrelate(relation: Relation, by: str) -> None:
    """Take a relation back; it stays in the history."""
    with transaction.atomic():
        taken = Relation.objects.filter(pk=relation.pk, withdrawn_at__isnull=True)
        if taken.update(withdrawn_at=timezone.now(), withdrawn_by=by):
            log.record(by, "relation.withdraw", relation.customer_id, relation.kind)


def links_of(customer_id: str, gate: Gate, book: RuleBook) -> list[Link]:
    """Everybody related to a customer, family first."""
    rows = list(_open(Q(customer_id=customer_id) | Q(other_id=customer_id)).order_by("pk"))
    pairs = [*_seen_from(customer_id, rows, book), *_authorised(customer_id, gate)]
    reached = reach(gate, {other for _, other, _ in pairs})
    made = {}
    for key, other, row in pairs:
        if (
            key in book.relations
            and other != customer_id
            and (key, other, "" if other else row and row.name) not in made
        ):
            made[key, other, "" if other else row and row.name] = Link(
                key,
                book.relations[key],
                other,
                reached.get(other),
                row.name if row and not other else "",
                date.fromisoformat(row.born) if row and row.born and row.kind == key else None,
                row.note if row else "",
                row.pk if row else None,
                _stage(key, row, gate.run.work_date, book),
            )
    order = list(book.relations)
    return sorted(made.values(), key=lambda link: order.index(link.key))


def reach(gate: Gate, customer_ids: Iterable[str]) -> dict[str, Standing]:
    """Those of some customers whom the reader reaches."""
    ids = sorted(one for one in set(customer_ids) if one)
    return {row.customer_id: row for row in gate.standings().filter(customer_id__in=ids)} if ids else {}


def picture(standing: Standing, links: list[Link], gate: Gate, book: RuleBook) -> dict[str, Any]:
    """The network for the chart: the customer, who is related to him, and how they are related to one another."""
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
    between = _open(Q(customer_id__in=list(names), other_id__in=list(names)))
    for row in between.exclude(customer_id=standing.customer_id).exclude(other_id=standing.customer_id)[:MOST]:
        if row.kind in book.relations:
            edges.append({"from": row.customer_id, "to": row.other_id, "name": _name(book.relations[row.kind])})
    return {"nodes": nodes, "edges": edges}


@dataclass(frozen=True)
class HouseholdView:
    """A household as a reader may see it; ``others`` counts the members outside his reach, whose assets are left out."""

    household: Household
    members: list[Standing]
    others: int

    @property
    def aum(self) -> Decimal:
        """The members' assets together, of those within reach."""
        return sum((row.aum for row in self.members), Decimal(0))

    @property
    def head(self) -> Standing | None:
        """The head, if within reach."""
        return next((row for row in self.members if row.customer_id == self.household.head_id), None)


def household_of(customer_id: str, gate: Gate) -> HouseholdView | None:
    """The household that a customer belongs to."""
    member = Member.objects.filter(customer_id=customer_id, left_on__isnull=True).select_related("household").first()
    return seen([member.household], gate)[0] if member else None


def seen(households: list[Household], gate: Gate) -> list[HouseholdView]:
    """Households as the gate lets them be seen; the head first, then by assets."""
    members: dict[int, list[str]] = {one.pk: [] for one in households}
    for row in Member.objects.filter(household__in=households, left_on__isnull=True).order_by("pk"):
        members[row.household_id].append(row.customer_id)
    reached = reach(gate, {one for ids in members.values() for one in ids})
    views = []
    for one in households:
        found = [reached[member] for member in members[one.pk] if member in reached]
        found.sort(key=lambda row: (row.customer_id != one.head_id, -row.aum))
        views.append(HouseholdView(one, found, len(members[one.pk]) - len(found)))
    return views


def join(customer_id: str, others: Iterable[str], by: str, on: date) -> Household:
    """Put a customer and others into one household: his, or else one of theirs, or a new one with him as its head."""
    with transaction.atomic():
        ids = list(dict.fromkeys([customer_id, *others]))
        taken = Member.objects.filter(customer_id__in=ids, left_on__isnull=True).select_related("household")
        homes = {row.customer_id: row.household for row in taken}
        home = homes.get(customer_id) or next(iter(homes.values()), None)
        home = home or Household.objects.create(head_id=customer_id, staff_id=by, on=on)
        for one in ids:
            if one not in homes:
                Member.objects.create(household=home, customer_id=one, joined_on=on)
                log.record(by, "household.join", one, str(home.pk))
    return home


def leave(household: Household, customer_id: str, by: str, on: date) -> None:
    """A member leaves; if it was the head, the longest member follows; of one who is left alone there is no household."""
    with transaction.atomic():
        gone = household.members.filter(customer_id=customer_id, left_on__isnull=True).update(left_on=on)
        left = list(household.members.filter(left_on__isnull=True).order_by("pk"))
        if gone and len(left) == 1:
            household.members.filter(left_on__isnull=True).update(left_on=on)
        elif gone and household.head_id == customer_id and left:
            Household.objects.filter(pk=household.pk).update(head_id=left[0].customer_id)
        if gone:
            log.record(by, "household.leave", customer_id, str(household.pk))


def _open(meant: Q) -> Any:
    return Relation.objects.filter(meant, withdrawn_at__isnull=True)


def _seen_from(customer_id: str, rows: list[Relation], book: RuleBook) -> list[tuple[str, str, Relation | None]]:
    """Rows from the customer's side: the kind, the other's number."""
    pairs: list[tuple[str, str, Relation | None]] = []
    for row in rows:
        if row.customer_id == customer_id:
            pairs.append((row.kind, row.other_id, row))
        elif row.kind in book.relations:
            pairs.append((book.relations[row.kind].inverse, row.customer_id, row))
    return pairs


def _authorised(customer_id: str, gate: Gate) -> list[tuple[str, str, Relation | None]]:
    """From the core system: who may dispose of the customer's accounts, and of whose he may."""
    person = gate.numbers(customer_id)
    own = Account.objects.filter(customer_id__in=person).values("account_id")
    others = Authorised.objects.filter(account_id__in=own, until__isnull=True).values_list("customer_id", flat=True)
    accounts = Authorised.objects.filter(customer_id__in=person, until__isnull=True).values("account_id")
    owners = Account.objects.filter(account_id__in=accounts).values_list("customer_id", flat=True)
    both = (("authorised", others), ("authorised_for", owners))
    return [(kind, one, None) for kind, ids in both for one in dict.fromkeys(ids) if one not in person]


def _stage(key: str, row: Relation | None, on: date, book: RuleBook) -> Stage | None:
    """The stage of school of a child whose date of birth is known."""
    if row is None or not row.born or key != "child" or row.kind != key:
        return None
    return stage_on(date.fromisoformat(row.born), on, book)


def _name(kind: RelationKind) -> str:
    return kind.name(get_language() or "zh-hans")

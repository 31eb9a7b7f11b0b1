"""Finding whoever comes to the counter: by a whole telephone, identity, card or account number, within the branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.reception.models import Miss
from weihu.workplace.bank.models import Account, Customer, Standing
from weihu.workplace.base import audit
from weihu.workplace.gate import cards, limits
from weihu.workplace.gate.merged import kept_for
from weihu.workplace.gate.models import ServiceCard
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import OPEN, known_look_up_keys, valid_on
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.archive.search import indexes_of

FoundBy = ServiceCard.FoundBy
SHORTEST = 6
"""A shorter text is no whole number."""
FIELDS = {FoundBy.PHONE: "phone", FoundBy.IDENTITY: "identity_number"}


class TooManyMisses(ValueError):
    """As many of the person's searches found nobody today as the book allows."""


@dataclass(frozen=True)
class Found:
    """What a search found: nobody, one customer whose card is open now, or several of one number to choose from."""

    card: ServiceCard | None = None
    several: list[Standing] = field(default_factory=list)


def receive(gate: Gate, number: str, why: ServiceCard.Why, at: datetime, chosen: str = "") -> Found:
    """Find a customer of the branch and open the card. Each search is taken of those that may find nobody and given back
    if it finds somebody, so that as many at once find no more.

    Several customers may have one telephone: then ``chosen`` says which. Raises DayIsFull and TooManyMisses.
    """
    on, by = gate.run.work_date, gate.staff.staff_id
    with transaction.atomic():
        try:
            limits.take(limits.Kind.MISSES, gate)
        except limits.LimitReached:
            raise TooManyMisses from None
        found_by, standings = customers_of(gate, number)
        if chosen:
            standings = [row for row in standings if row.customer_id == chosen]
        if standings:
            limits.give_back(limits.Kind.MISSES, gate)
        if len(standings) > 1:
            audit.record(by, "card.several", detail=f"{found_by} {len(standings)}")
            return Found(several=standings)
        if not standings or found_by is None:
            Miss.objects.create(staff_id=by, on=on, at=at)
            audit.record(by, "card.miss")
            return Found()
        return Found(cards.open_card(gate, standings[0], cards.Occasion(found_by, why), at))


def call_up(gate: Gate, number: str, ticket: str, reach: Gate, at: datetime) -> ServiceCard | None:
    """Open the card of a customer whose number the queue machine calls, for the person at the counter.

    None where not exactly one customer of the branch, within the machine's own ``reach``, has it. Raises DayIsFull.
    """
    with transaction.atomic():
        _found_by, standings = customers_of(gate, number)
        reached = reach.reached(row.customer_id for row in standings)
        if len(standings) != 1 or not reached:
            return None
        occasion = cards.Occasion(FoundBy.QUEUE, ServiceCard.Why.BUSINESS, ticket)
        return cards.open_card(gate, standings[0], occasion, at)


def customers_of(gate: Gate, number: str) -> tuple[FoundBy | None, list[Standing]]:
    """The customers of the branch who have a number, and what kind of number it is."""
    if len(number.strip()) < SHORTEST:
        return None, []
    for found_by, ids in _numbers(number, gate):
        kept = {kept_for(customer_id) or customer_id for customer_id in ids}
        if rows := list(gate.of_branch().filter(customer_id__in=kept).order_by("customer_id")):
            return found_by, rows
    return None, []


def _numbers(number: str, gate: Gate) -> Iterator[tuple[FoundBy, set[str]]]:
    """By kind of number, the customers who have it by the core system or by what they told."""
    for found_by, key in FIELDS.items():
        core = Customer.objects.filter(**{f"{key}_index__in": indexes_of(number, key)}).values_list(
            "customer_id", flat=True
        )
        yield found_by, {*core, *_told(key, number, gate.run.rulebook, gate)}
    accounts = Account.objects.filter(
        account_number_index__in=indexes_of(number, "account_number"),
        since_run__lte=gate.run.number,
        closed_on__isnull=True,
    )
    yield FoundBy.ACCOUNT, set(accounts.values_list("customer_id", flat=True))


def _told(key: str, number: str, book: RuleBook, gate: Gate) -> set[str]:
    """Customers of whom somebody recorded the number."""
    if key not in book.fields:
        return set()
    try:
        value = read(book.fields[key], number)
    except Unfit:
        return set()
    facts = Fact.objects.filter(
        OPEN, valid_on(gate.run.work_date), field=key, keys__key__in=known_look_up_keys(key, value)
    )
    return set(facts.values_list("customer_id", flat=True))

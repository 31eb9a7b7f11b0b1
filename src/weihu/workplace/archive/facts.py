"""The archive of one customer (客户信息档案): what is known, from whom, and how it is put right.

Facts are added and never changed. Who records a value names the facts that he had before him; only those are
replaced. So of two people who change a field at once neither loses anything: both values stand side by side until
somebody chooses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import CatalogueField, RuleBook
from weihu.workplace.archive.models import Channel, Confidence, Customer, Fact
from weihu.workplace.audit import log

OPEN = Q(replaced_by__isnull=True, withdrawn_at__isnull=True)
"""Facts that nothing has replaced and nobody has withdrawn."""


@dataclass(frozen=True)
class Known:
    """One field of a customer: its open facts, the leading one first, and the core system's value if it has one."""

    key: str
    field: CatalogueField
    facts: list[Fact]
    core: str

    @property
    def leading(self) -> Fact | None:
        """The surest and, of those, the newest fact that has a value."""
        return next((fact for fact in self.facts if not fact.refused), None)

    @property
    def value(self) -> str:
        """The value that pages show: the leading fact's, else the core system's."""
        return self.leading.value if self.leading else self.core

    @property
    def conflict(self) -> bool:
        """Whether open facts disagree with one another."""
        return len({fact.value for fact in self.facts if not fact.refused}) > 1

    @property
    def differs(self) -> bool:
        """Whether the archive knows better than the core system, which should be told."""
        return bool(self.core and self.leading and self.leading.value != self.core)

    @property
    def refused(self) -> bool:
        """Whether the customer did not want to tell and nobody has heard since."""
        return not self.value and any(fact.refused for fact in self.facts)

    @property
    def known(self) -> bool:
        """Whether nobody has to ask any more."""
        return bool(self.value) or self.refused

    @property
    def seen(self) -> str:
        """The open facts' ids, for a form to name what its writer had before him."""
        return ",".join(str(fact.pk) for fact in self.facts)


@dataclass(frozen=True)
class Written:
    """What someone records: a value in its kept form, or that the customer refused to tell."""

    field: str
    value: str
    channel: Channel
    confidence: Confidence
    refused: bool = False
    source: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


def archive_of(customer: Customer, book: RuleBook, on: date) -> dict[str, Known]:
    """Every field of the catalogue with what is known of it on a date."""
    open_facts: dict[str, list[Fact]] = defaultdict(list)
    for fact in _open(customer.customer_id).filter(_valid_on(on)).order_by("-confidence", "-recorded_at", "-id"):
        open_facts[fact.field].append(fact)
    return {
        key: Known(key, field, open_facts[key], core_value(customer, key, field) if field.core else "")
        for key, field in book.fields.items()
    }


def core_value(customer: Customer, key: str, field: CatalogueField) -> str:
    """What the core system says of a field, in the kept form where the field can hold it; empty if nothing."""
    value = getattr(customer, key, None)
    if value is None:
        return ""
    try:
        return read(field, str(value))
    except Unfit:
        return str(value)


def history_of(customer_id: str, key: str) -> list[Fact]:
    """Everything that was ever recorded of a field, the newest first."""
    return list(Fact.objects.filter(customer_id=customer_id, field=key).order_by("-recorded_at", "-id"))


def record(customer_id: str, written: Written, seen: Iterable[int], by: str, on: date, token: UUID) -> Fact:
    """Add a fact. It replaces those of ``seen`` that are still open; the same ``token`` again is the same fact.

    ``by`` is the member of staff, ``on`` the working day.
    """
    with transaction.atomic():
        fact, created = Fact.objects.get_or_create(
            token=token,
            defaults={
                "customer_id": customer_id,
                "field": written.field,
                "value": written.value,
                "refused": written.refused,
                "channel": written.channel,
                "confidence": written.confidence,
                "source": written.source,
                "staff_id": by,
                "on": on,
                "recorded_at": timezone.now(),
                "valid_from": written.valid_from,
                "valid_until": written.valid_until,
                "changed_on": on,
            },
        )
        if created:
            had = _open(customer_id).filter(field=written.field, pk__in=list(seen)).exclude(pk=fact.pk)
            had.update(replaced_by=fact, changed_on=on)
            log.record(by, "fact.record", customer_id, written.field)
    return fact


def withdraw(fact: Fact, by: str, on: date) -> None:
    """Take back a fact that was recorded wrongly; twice is once.

    Those it had replaced are open again, or are replaced by what has replaced it since.
    """
    with transaction.atomic():
        taken = Fact.objects.filter(pk=fact.pk, withdrawn_at__isnull=True).update(
            withdrawn_at=timezone.now(), withdrawn_by=by, changed_on=on
        )
        if taken:
            heir = Fact.objects.get(pk=fact.pk).replaced_by_id
            Fact.objects.filter(replaced_by=fact).update(replaced_by=heir, changed_on=on)
            log.record(by, "fact.withdraw", fact.customer_id, fact.field)


def restore(fact: Fact, by: str, on: date) -> None:
    """Undo a withdrawal: the fact is open again beside whatever was recorded since."""
    with transaction.atomic():
        taken = Fact.objects.filter(pk=fact.pk, withdrawn_at__isnull=False).update(
            withdrawn_at=None, withdrawn_by="", changed_on=on
        )
        if taken:
            log.record(by, "fact.restore", fact.customer_id, fact.field)


def barred_customers(book: RuleBook, on: date, among: Iterable[str] | None = None) -> set[str]:
    """The customers (``among`` some, or all) who are not to be contacted on a date."""
    bars = {key: set(field.bars) for key, field in book.fields.items() if field.bars}
    facts = Fact.objects.filter(OPEN, _valid_on(on), field__in=bars)
    if among is not None:
        facts = facts.filter(customer_id__in=list(among))
    return {fact.customer_id for fact in facts if bars[fact.field] & set(fact.value.split(","))}


def known_keys(customer_ids: Iterable[str], on: date) -> dict[str, list[str]]:
    """The fields that nobody has to ask these customers for any more, as of the end of a date."""
    found: dict[str, set[str]] = {customer: set() for customer in customer_ids}
    rows: list[tuple[Any, ...]] = []
    ids = list(found)
    for start in range(0, len(ids), 500):
        told = Fact.objects.filter(OPEN, _valid_on(on), on__lte=on, customer_id__in=ids[start : start + 500])
        rows += told.values_list("customer_id", "field")
    for customer, key in rows:
        found[customer].add(key)
    return {customer: sorted(keys) for customer, keys in found.items()}


def _valid_on(on: date) -> Q:
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    return begun & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))


def _open(customer_id: str) -> Any:
    return Fact.objects.filter(OPEN, customer_id=customer_id)

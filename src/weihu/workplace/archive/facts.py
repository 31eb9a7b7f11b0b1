"""The archive of one customer (客户信息档案): what is known, from whom, and how it is put right.

Facts are added and never changed. Who records a value names the facts that he had before him; only those are
replaced. So of two people who change a field at once neither loses anything: both values stand side by side until
somebody chooses.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from stdnum.cn import ric

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.archive.models import Channel, Confidence, Customer, Fact, FactKey
from weihu.workplace.audit import log
from weihu.workplace.fields import seal

OPEN = Q(replaced_by__isnull=True, withdrawn_at__isnull=True)
"""Facts that nothing has replaced and nobody has withdrawn."""


DERIVED = ("birth_date", "sex")
"""What an identity number tells besides."""


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

    def compared(self, value: str) -> Literal["new", "known", "differs"]:
        """What a value would be beside what is known."""
        if value == self.core or any(fact.value == value for fact in self.facts if not fact.refused):
            return "known"
        return "differs" if self.value else "new"

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


def with_derived(written: Written, known: Iterable[str]) -> list[Written]:
    """A written fact with what it says besides: an identity number tells birthday and sex, unless they are ``known``."""
    if written.field != "identity_number" or not written.value:
        return [written]
    said = ric.get_birth_date(written.value).isoformat(), "F" if int(written.value[16]) % 2 == 0 else "M"
    derived = zip(DERIVED, said, strict=True)
    return [written, *(replace(written, field=key, value=value) for key, value in derived if key not in known)]


def archive_of(customer: Customer, book: RuleBook, on: date) -> dict[str, Known]:
    """Every field of the catalogue with what is known of it on a date."""
    return archives_of([customer], book.fields, on)[customer.customer_id]


def archives_of(
    customers: Collection[Customer], fields: Mapping[str, CatalogueField], on: date
) -> dict[str, dict[str, Known]]:
    """Some fields of some customers, by customer and field."""
    rows = Fact.objects.filter(OPEN, valid_on(on), customer_id__in=[one.customer_id for one in customers])
    if len(customers) > 1:
        rows = rows.filter(field__in=list(fields))
    open_facts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in rows.order_by("-confidence", "-recorded_at", "-id"):
        open_facts[fact.customer_id, fact.field].append(fact)
    return {
        one.customer_id: {
            key: Known(key, field, open_facts[one.customer_id, key], core_value(one, key, field) if field.core else "")
            for key, field in fields.items()
        }
        for one in customers
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
        given = Given(customer_id, written, token)
        columns = _columns(given, by, on, timezone.now())
        fact, created = Fact.objects.get_or_create(token=token, defaults=columns)
        if created:
            _index([given])
            had = _open(customer_id).filter(field=written.field, pk__in=list(seen)).exclude(pk=fact.pk)
            had.update(replaced_by=fact, changed_on=on)
            log.record(by, "fact.record", customer_id, written.field)
    return fact


@dataclass(frozen=True)
class Given:
    """A fact to be recorded among many: whose it is, what is written, and the token that tells it from its repetition."""

    customer_id: str
    written: Written
    token: UUID


def record_many(given: list[Given], by: str, on: date, detail: str) -> None:
    """Add many facts beside what is known, replacing nothing; those recorded before are passed over.

    One entry of the audit log says where they came from (``detail``).
    """
    at = timezone.now()
    with transaction.atomic():
        facts = [Fact(token=one.token, **_columns(one, by, on, at)) for one in given]
        Fact.objects.bulk_create(facts, batch_size=500, ignore_conflicts=True)
        _index(given)
        log.record(by, "fact.record_many", "", f"{detail}: {len(facts)}"[:200])


def _columns(given: Given, by: str, on: date, at: datetime) -> dict[str, Any]:
    written = given.written
    return {
        "customer_id": given.customer_id,
        "field": written.field,
        "value": written.value,
        "refused": written.refused,
        "channel": written.channel,
        "confidence": written.confidence,
        "source": written.source,
        "staff_id": by,
        "on": on,
        "recorded_at": at,
        "valid_from": written.valid_from,
        "valid_until": written.valid_until,
        "changed_on": on,
    }


def _index(given: Iterable[Given]) -> None:
    """By what the facts can be found later."""
    keys = [
        FactKey(fact_id=one.token, key=key)
        for one in given
        for key in sorted(look_up_keys(one.written.field, one.written.value))
    ]
    FactKey.objects.bulk_create(keys, batch_size=1000, ignore_conflicts=True)


def look_up_keys(field: str, value: str) -> set[str]:
    """The keyed fingerprints of a kept value: of the whole, of each choice, of a date's year and of its month."""
    if not value:
        return set()
    parts = {value.casefold(), *value.split(",")}
    if found := re.fullmatch(r"(\d{4}-|L?)(\d\d)-\d\d", value):
        parts |= {f"month {found[2]}", f"year {found[1][:-1]}"}
    return {seal().index(f"{field}:{part}", "fact") for part in parts}


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
    facts = Fact.objects.filter(OPEN, valid_on(on), field__in=bars)
    if among is not None:
        facts = facts.filter(customer_id__in=list(among))
    return {fact.customer_id for fact in facts if bars[fact.field] & set(fact.value.split(","))}


def known_keys(customer_ids: Iterable[str], on: date) -> dict[str, list[str]]:
    """The fields that nobody has to ask these customers for any more, as of the end of a date."""
    found: dict[str, set[str]] = {customer: set() for customer in customer_ids}
    rows: list[tuple[Any, ...]] = []
    ids = list(found)
    for start in range(0, len(ids), 500):
        told = Fact.objects.filter(OPEN, valid_on(on), on__lte=on, customer_id__in=ids[start : start + 500])
        rows += told.values_list("customer_id", "field")
    for customer, key in rows:
        found[customer].add(key)
    return {customer: sorted(keys) for customer, keys in found.items()}


def valid_on(on: date) -> Q:
    """Facts that hold on a date."""
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    return begun & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))


def _open(customer_id: str) -> Any:
    return Fact.objects.filter(OPEN, customer_id=customer_id)

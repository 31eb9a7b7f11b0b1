"""A customer's archive (客户信息档案): what is known, where it came from, and how it is corrected.

Facts are added and never changed. Whoever records a value names the facts that the page showed; only those are
replaced. If two people change a field at the same time, neither value is lost: both stay open until somebody
chooses one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from stdnum.cn import ric

from weihu.engine.seal import CannotOpen
from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.bank.models import Customer
from weihu.workplace.base import audit, rotation
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import seal
from weihu.workplace.know.archive.models import Confidence, Fact, FactKey

OPEN = Q(replaced_by__isnull=True, withdrawn_at__isnull=True)
"""Facts that nothing has replaced and nobody has withdrawn."""


RATING = "risk_rating"
DERIVED = ("birth_date", "sex")
"""Fields that follow from an identity number."""


@dataclass(frozen=True)
class FieldState:
    """What is known of a customer's field: its open facts, the leading one first, and the core system's value or "".
    ``ends_on``: the last day on which the core system's value holds, where it does not hold for ever; ``ended``, if that
    day is over."""

    key: str
    field: CatalogueField
    facts: list[Fact]
    core: str
    ends_on: date | None = None
    ended: bool = False

    @property
    def leading(self) -> Fact | None:
        """The newest of the surest facts that have a value."""
        return next((fact for fact in self.facts if not fact.refused), None)

    @property
    def value(self) -> str:
        """The value that pages show: the leading fact's, or else the core system's."""
        return self.leading.value if self.leading else self.core

    @property
    def conflict(self) -> bool:
        """Whether open facts disagree with one another."""
        return len({fact.value for fact in self.facts if not fact.refused}) > 1

    @property
    def differs(self) -> bool:
        """Whether the archive contradicts the core system, which should then be corrected."""
        return bool(self.core and self.leading and self.leading.value != self.core)

    @property
    def refused(self) -> bool:
        """Whether the customer refused to answer and no value is known."""
        return not self.value and any(fact.refused for fact in self.facts)

    @property
    def known(self) -> bool:
        """Whether there is nothing left to ask: a value is known, or the customer refused."""
        return bool(self.value) or self.refused

    def compared(self, value: str) -> Literal["new", "known", "differs"]:
        """Whether a value would be new, is known already, or differs from the value shown."""
        if value == self.core or any(fact.value == value for fact in self.facts if not fact.refused):
            return "known"
        return "differs" if self.value else "new"

    @property
    def seen(self) -> str:
        """The ids of the open facts, for a form to say which facts its page showed."""
        return ",".join(str(fact.pk) for fact in self.facts)


@dataclass(frozen=True)
class FactContent:
    """What a fact says and where it comes from: a value in its stored form, or that the customer refused to answer."""

    field: str
    value: str
    channel: Channel
    confidence: Confidence
    refused: bool = False
    source: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


def with_derived(content: FactContent, known: Iterable[str]) -> list[FactContent]:
    """A fact and those that follow from it: an identity number gives birthday and sex, unless they are ``known``."""
    if content.field != "identity_number" or not content.value:
        return [content]
    values = ric.get_birth_date(content.value).isoformat(), "F" if int(content.value[16]) % 2 == 0 else "M"
    derived = zip(DERIVED, values, strict=True)
    return [content, *(replace(content, field=key, value=value) for key, value in derived if key not in known)]


def archive_of(customer: Customer, book: RuleBook, on: date) -> dict[str, FieldState]:
    """Every field of the catalogue as known on a date; a risk rating with its end."""
    states = archives_of([customer], book.fields, on)[customer.customer_id]
    rating = states.get(RATING)
    if rating and rating.core and rating.value == rating.core and customer.risk_rated_on:
        last = customer.risk_rated_on + timedelta(days=book.suitability.rating_days)
        states[RATING] = replace(rating, ends_on=last, ended=last < on)
    return states


def archives_of(
    customers: Collection[Customer], fields: Mapping[str, CatalogueField], on: date
) -> dict[str, dict[str, FieldState]]:
    """The given fields of the given customers, by customer and field."""
    rows = Fact.objects.filter(OPEN, valid_on(on), customer_id__in=[customer.customer_id for customer in customers])
    if len(customers) > 1:
        rows = rows.filter(field__in=list(fields))
    open_facts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in rows.order_by("-confidence", "-recorded_at", "-id"):
        open_facts[fact.customer_id, fact.field].append(fact)
    return {
        customer.customer_id: {
            key: FieldState(
                key,
                field,
                open_facts[customer.customer_id, key],
                core_value(customer, key, field) if field.core else "",
            )
            for key, field in fields.items()
        }
        for customer in customers
    }


def core_value(customer: Customer, key: str, field: CatalogueField) -> str:
    """The core system's value of a field, in the stored form if the catalogue accepts it; empty if there is none."""
    value = getattr(customer, key, None)
    if value is None:
        return ""
    try:
        return read(field, str(value))
    except Unfit:
        return str(value)


def history_of(customer_id: str, key: str) -> list[Fact]:
    """Everything ever recorded of a field, newest first."""
    return list(Fact.objects.filter(customer_id=customer_id, field=key).order_by("-recorded_at", "-id"))


def record_fact(customer_id: str, content: FactContent, seen: Iterable[int], by: str, on: date, token: UUID) -> Fact:
    """Record a fact. It replaces those of ``seen`` that are still open; repeating the same ``token`` changes nothing.

    ``by`` is the member of staff, ``on`` the working day.
    """
    with transaction.atomic():
        new = NewFact(customer_id, content, token)
        columns = _columns(new, by, on, timezone.now())
        fact, created = Fact.objects.get_or_create(token=token, defaults=columns)
        if created:
            _index_facts([new])
            replaced = _open_facts(customer_id).filter(field=content.field, pk__in=list(seen)).exclude(pk=fact.pk)
            replaced.update(replaced_by=fact, changed_on=on)
            audit.record(by, "fact.record", customer_id, content.field)
    return fact


@dataclass(frozen=True)
class NewFact:
    """A fact to record in bulk; the token makes recording it twice harmless."""

    customer_id: str
    content: FactContent
    token: UUID


def record_facts(facts: list[NewFact], by: str, on: date, detail: str) -> None:
    """Record many facts without replacing any; facts whose token was recorded before are skipped.

    A single entry of the audit log says where they came from (``detail``).
    """
    at = timezone.now()
    with transaction.atomic():
        rows = [Fact(token=fact.token, **_columns(fact, by, on, at)) for fact in facts]
        Fact.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        _index_facts(facts)
        audit.record(by, "fact.record_many", "", f"{detail}: {len(rows)}"[:200])


def _columns(fact: NewFact, by: str, on: date, at: datetime) -> dict[str, Any]:
    content = fact.content
    return {
        "customer_id": fact.customer_id,
        "field": content.field,
        "value": content.value,
        "refused": content.refused,
        "channel": content.channel,
        "confidence": content.confidence,
        "source": content.source,
        "staff_id": by,
        "on": on,
        "recorded_at": at,
        "valid_from": content.valid_from,
        "valid_until": content.valid_until,
        "changed_on": on,
    }


def _index_facts(facts: Iterable[NewFact]) -> None:
    """Write the keys by which the facts can be searched."""
    keys = [
        FactKey(fact_id=fact.token, key=key)
        for fact in facts
        for key in sorted(look_up_keys(fact.content.field, fact.content.value))
    ]
    FactKey.objects.bulk_create(keys, batch_size=1000, ignore_conflicts=True)


def look_up_keys(field: str, value: str) -> set[str]:
    """Keyed fingerprints of a stored value, as they are stored now."""
    return {seal().index(f"{field}:{part}", "fact") for part in _parts(value)}


def known_look_up_keys(field: str, value: str) -> set[str]:
    """Every form in which such a fingerprint may be stored while the key of the index is renewed."""
    return {index for part in _parts(value) for index in seal().indexes(f"{field}:{part}", "fact")}


def _parts(value: str) -> set[str]:
    """By what a stored value is found: the whole, each choice, a date's year and its month."""
    if not value:
        return set()
    parts = {value.casefold(), *value.split(",")}
    if match := re.fullmatch(r"(\d{4}-|L?)(\d\d)-\d\d", value):
        parts |= {f"month {match[2]}", f"year {match[1][:-1]}"}
    return parts


def renew_look_up_keys(shut: list[str]) -> Iterator[int]:
    """Bring the keys of all facts under the index's current key, some facts at a time; says after each step how many.

    Whoever searches meanwhile finds a fact under one key or the other. The keys of a fact that does not open stay, and
    ``shut`` gets its table, column and row.
    """
    field: Any = FactKey._meta.get_field("key")
    rows = rotation.keyed_rows(FactKey, [field]).filter(rotation.earlier([field]))
    last: UUID | None = None
    while some := list(
        (rows if last is None else rows.filter(fact_id__gt=last))
        .order_by("fact_id")
        .values_list("fact_id", flat=True)
        .distinct()[: rotation.AT_ONCE]
    ):
        last = some[-1]
        with transaction.atomic():
            made: list[FactKey] = []
            gone: list[UUID] = []
            for fact in Fact.objects.filter(token__in=some).select_for_update():
                try:
                    keys = look_up_keys(fact.field, fact.value)
                except CannotOpen:
                    shut.append(f"{Fact._meta.db_table}.value {fact.pk}")
                    continue
                gone.append(fact.token)
                made += [FactKey(fact_id=fact.token, key=key) for key in sorted(keys)]
            FactKey.objects.filter(pk__in=rows.filter(fact_id__in=gone).values("pk")).delete()
            FactKey.objects.bulk_create(made, batch_size=1000, ignore_conflicts=True)
        yield len(some)


def withdraw_fact(fact: Fact, by: str, on: date) -> None:
    """Withdraw a fact that was recorded wrongly; withdrawing it twice changes nothing.

    The facts it had replaced are open again, or replaced by whatever replaced it since.
    """
    with transaction.atomic():
        withdrawn = Fact.objects.filter(pk=fact.pk, withdrawn_at__isnull=True).update(
            withdrawn_at=timezone.now(), withdrawn_by=by, changed_on=on
        )
        if withdrawn:
            heir = Fact.objects.get(pk=fact.pk).replaced_by_id
            Fact.objects.filter(replaced_by=fact).update(replaced_by=heir, changed_on=on)
            audit.record(by, "fact.withdraw", fact.customer_id, fact.field)


def restore_fact(fact: Fact, by: str, on: date) -> None:
    """Undo a withdrawal: the fact is open again, alongside whatever was recorded since."""
    with transaction.atomic():
        restored = Fact.objects.filter(pk=fact.pk, withdrawn_at__isnull=False).update(
            withdrawn_at=None, withdrawn_by="", changed_on=on
        )
        if restored:
            audit.record(by, "fact.restore", fact.customer_id, fact.field)


def is_barred(archive: Mapping[str, FieldState]) -> bool:
    """Whether the customer is not to be contacted, by an archive that is read already."""
    return any(set(state.field.bars) & set(fact.value.split(",")) for state in archive.values() for fact in state.facts)


def barred_customers(book: RuleBook, on: date, among: Iterable[str] | None = None) -> set[str]:
    """The customers who are not to be contacted on a date; ``among`` limits the search to some."""
    return _barred(book, on, None, among)


def dead_customers(book: RuleBook, on: date) -> set[str]:
    """The customers of whom somebody noted by a date that they have died."""
    return _barred(book, on, {"deceased"}, None)


def _barred(book: RuleBook, on: date, values: set[str] | None, among: Iterable[str] | None) -> set[str]:
    """Whom one of the values bars that the book names, or one of some ``values`` among them."""
    bars = {key: set(field.bars) & (values or set(field.bars)) for key, field in book.fields.items() if field.bars}
    facts = Fact.objects.filter(OPEN, valid_on(on), field__in=bars)
    if among is not None:
        facts = facts.filter(customer_id__in=list(among))
    return {fact.customer_id for fact in facts if bars[fact.field] & set(fact.value.split(","))}


def known_keys(customer_ids: Iterable[str], on: date) -> dict[str, list[str]]:
    """The fields for which these customers have a fact or a refusal at the end of a date, by customer."""
    keys_by_customer: dict[str, set[str]] = {customer: set() for customer in customer_ids}
    rows: list[tuple[Any, ...]] = []
    ids = list(keys_by_customer)
    for start in range(0, len(ids), 500):
        facts = Fact.objects.filter(OPEN, valid_on(on), on__lte=on, customer_id__in=ids[start : start + 500])
        rows += facts.values_list("customer_id", "field")
    for customer, key in rows:
        keys_by_customer[customer].add(key)
    return {customer: sorted(keys) for customer, keys in keys_by_customer.items()}


def valid_on(on: date) -> Q:
    """The condition for facts valid on a date."""
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    return begun & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))


def _open_facts(customer_id: str) -> Any:
    return Fact.objects.filter(OPEN, customer_id=customer_id)

"""Lists of customers (客户名单): filters on any field, columns chosen, neighbours in the list, views kept under a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from weihu.rules.catalogue import Unfit, read, shown
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.archive.facts import OPEN, archives_of, valid_on
from weihu.workplace.archive.models import Fact, FactKey
from weihu.workplace.archive.search import FEW, index_of, matching
from weihu.workplace.fields import seal
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.gate import Gate
from weihu.workplace.people.models import Staff
from weihu.workplace.words import amount_text, called, day, fact_words

OWN_COLUMNS = {
    "grade_since": lazy("Grade since"),
    "product_count": lazy("Products"),
    "moved_on": lazy("Last moved"),
    "primary": lazy("Primary"),
    "known": lazy("Archive known"),
}
DEFAULT_COLUMNS = ("grade_since", "product_count", "moved_on")
MOST_OPENED = 50_000
"""So many values of a field are opened and compared at most, for a range of numbers."""
INDEXED = ("phone", "identity_number")
MONTH = re.compile(r"(\d{1,2})\s*月?")
YEAR = re.compile(r"(\d{4})\s*年?")
SPAN = re.compile(r"(?P<low>[\d.,万]*)\s*(?:-|~|—|至|到|\.\.)\s*(?P<high>[\d.,万]*)")


class TooWide(ValueError):
    """A range of numbers over more customers than can be looked through."""


@dataclass(frozen=True)
class Filter:
    """One condition: a field of the catalogue and what it must be, as written; ``wrong`` if it cannot be."""

    key: str
    written: str
    entry: CatalogueField
    wrong: str = ""

    @property
    def text(self) -> str:
        """For addresses and views."""
        return f"{self.key}:{self.written}"

    @property
    def words(self) -> str:
        """The condition in the reader's language."""
        language = get_language() or "zh-hans"
        if self.entry.kind in ("date", "lunar_date") and (found := MONTH.fullmatch(self.written.strip())):
            return f"{self.entry.name(language)}: {_('month %(month)s') % {'month': int(found[1])}}"
        try:
            value = shown(self.entry, read(self.entry, self.written), language)
        except Unfit:
            value = self.written
        return f"{self.entry.name(language)}: {value}"


@dataclass(frozen=True)
class ListQuery:
    """What a list shows: the words searched for, grade, watch, conditions, columns."""

    q: str = ""
    grade: str = ""
    watch: str = ""
    filters: list[Filter] = field(default_factory=list)
    columns: list[str] = field(default_factory=lambda: list(DEFAULT_COLUMNS))

    @classmethod
    def of(cls, said: QueryDict, book: RuleBook) -> ListQuery:
        """From an address; what the book does not know is left out."""
        filters = [_filter(text, book) for text in said.getlist("f")]
        if value := str(said.get("value", "")).strip():
            filters.append(_filter(f"{said.get('field')}:{value}", book))
        columns = [name for name in said.getlist("c") if name in OWN_COLUMNS or name in book.fields]
        unique = {one.text: one for one in filters if one}
        return cls(
            str(said.get("q", "")).strip(),
            grade if (grade := str(said.get("grade", ""))).isdecimal() else "",
            "1" if said.get("watch") else "",
            list(unique.values()),
            columns or list(DEFAULT_COLUMNS),
        )

    def address(self, **more: str) -> str:
        """The query as the end of an address."""
        pairs = [
            (name, value) for name, value in (("q", self.q), ("grade", self.grade), ("watch", self.watch)) if value
        ]
        pairs += [("f", one.text) for one in self.filters]
        pairs += [("c", name) for name in self.columns] if self.columns != list(DEFAULT_COLUMNS) else []
        return urlencode([*pairs, *more.items()])

    def without(self, one: Filter) -> ListQuery:
        """The query without a condition."""
        return replace(self, filters=[other for other in self.filters if other is not one])

    def standings(self, gate: Gate, on: date) -> QuerySet[Standing]:
        """The customers within reach that it means, in no order. Raises TooWide."""
        found = gate.standings()
        if not self.q:  # who holds nothing and does not move is on no list, and found by a search
            found = found.filter(effective=True)
        if self.q:
            found = found.filter(matching(self.q, gate))
        if self.grade:
            found = found.filter(grade_rank=int(self.grade))
        if self.watch:
            found = found.filter(watch_since__isnull=False)
        for one in self.filters:
            if not one.wrong:
                found = found.filter(_meant(one, gate, on))
        return found


def ordered(found: QuerySet[Standing]) -> QuerySet[Standing]:
    """By grade, then assets; the order in which lists are read and turned over."""
    return found.order_by("-grade_rank", "-aum", "customer_id")


def place_of(row: Standing) -> str:
    """Where a row stands in the list's order."""
    return f"{row.grade_rank} {row.aum} {row.customer_id}"


def following(found: QuerySet[Standing], place: str) -> QuerySet[Standing]:
    """The rows after a place; all of them if it names none."""
    read_place = _place(place)
    if read_place is None:
        return found
    rank, amount, customer_id = read_place
    same = Q(grade_rank=rank, aum=amount, customer_id__gt=customer_id)
    less = Q(grade_rank__lt=rank) | Q(grade_rank=rank, aum__lt=amount)
    # the first condition follows from the others; an index serves it
    return found.filter(grade_rank__lte=rank).filter(less | same)


def neighbours(found: QuerySet[Standing], row: Standing) -> tuple[Standing | None, Standing | None]:
    """Who stands before and after a customer in a list."""
    rank, amount, customer_id = row.grade_rank, row.aum, row.customer_id
    same = Q(grade_rank=rank, aum=amount, customer_id__lt=customer_id)
    more = Q(grade_rank__gt=rank) | Q(grade_rank=rank, aum__gt=amount)
    before = found.filter(grade_rank__gte=rank).filter(more | same)
    before = before.order_by("grade_rank", "aum", "-customer_id")
    return before.first(), ordered(following(found, place_of(row))).first()


def cells(rows: Sequence[Standing], query: ListQuery, book: RuleBook, on: date) -> list[list[str]]:
    """The chosen columns of some rows, in words, masked as everywhere."""
    fields = {name: book.fields[name] for name in query.columns if name in book.fields}
    archives = archives_of([row.customer for row in rows], fields, on) if fields else {}
    people = Staff.objects.in_bulk({row.primary_id for row in rows if row.primary_id})
    made = []
    for row in rows:
        own = {
            "grade_since": day(row.grade_since),
            "product_count": str(row.product_count),
            "moved_on": day(row.moved_on),
            "primary": people[row.primary_id].name if row.primary_id in people else "—",
            "known": f"{row.facts_known}/{row.facts_expected}",
        }
        made.append(
            [
                own[name] if name in own else fact_words(fields[name], archives[row.customer_id][name].value)
                for name in query.columns
            ]
        )
    return made


def titles(columns: list[str], book: RuleBook) -> list[str]:
    """The columns' titles in the reader's language."""
    return [str(OWN_COLUMNS[name]) if name in OWN_COLUMNS else called(book.fields[name]) for name in columns]


def money_of(row: Standing, book: RuleBook) -> str:
    """A row's assets as pages write them."""
    return amount_text(row.aum, book.currency)


def _place(place: str) -> tuple[int, Decimal, str] | None:
    rank, _, rest = place.partition(" ")
    amount, _, customer_id = rest.partition(" ")
    if not (rank.isdecimal() and re.fullmatch(r"-?\d{1,16}\.\d\d", amount)):
        return None
    return int(rank), Decimal(amount), customer_id


def _filter(text: str, book: RuleBook) -> Filter | None:
    key, _colon, written = text.partition(":")
    entry = book.fields.get(key)
    if entry is None or not written.strip():
        return None
    try:
        _keys(entry, key, written)
    except Unfit as unfit:
        return Filter(key, written, entry, unfit.text(get_language() or "zh-hans"))
    return Filter(key, written, entry)


def _keys(entry: CatalogueField, key: str, written: str) -> list[str]:
    """The fingerprints that a value has to have one of; none for a range. Raises Unfit."""
    plain = written.strip()
    if entry.kind in ("number", "year", "money") and SPAN.fullmatch(plain):
        _span(entry, plain)
        return []
    if entry.kind in ("date", "lunar_date") and (part := _part_of_date(plain)):
        return [seal().index(f"{key}:{part[0]} {part[1]:02d}", "fact")]
    return [seal().index(f"{key}:{part}", "fact") for part in _values(entry, plain)]


def _part_of_date(plain: str) -> tuple[str, int] | None:
    """("month", 5) or ("year", 1980), where no more is written."""
    if found := MONTH.fullmatch(plain):
        return "month", int(found[1])
    found = YEAR.fullmatch(plain)
    return ("year", int(found[1])) if found else None


def _values(entry: CatalogueField, written: str) -> list[str]:
    value = read(entry, written)
    return value.split(",") if entry.kind == "choices" else [value.casefold()]


def _span(entry: CatalogueField, written: str) -> tuple[Decimal, Decimal]:
    """Both ends of a range, the open end far away. Raises Unfit."""
    found = SPAN.fullmatch(written.strip())
    try:
        low, high = (found["low"], found["high"]) if found else (written, written)
        return _number(low, Decimal(0)), _number(high, Decimal(10) ** 16)
    except InvalidOperation:
        raise Unfit("数或范围,例如 5000-20000", "a number or a range, such as 5000-20000") from None


def _number(text: str, otherwise: Decimal) -> Decimal:
    plain = text.replace(",", "")
    if not plain:
        return otherwise
    return Decimal(plain.removesuffix("万")) * (10_000 if plain.endswith("万") else 1)


def _meant(one: Filter, gate: Gate, on: date) -> Q:
    """The condition on standings: what somebody told, or, where nobody did, what the core system says."""
    open_facts = Fact.objects.filter(OPEN, valid_on(on), field=one.key, refused=False)
    keys = _keys(one.entry, one.key, one.written)
    told = _having(open_facts, keys, on) if keys else Q(customer_id__in=_in_span(open_facts, one, gate))
    core = _core(one)
    if core is None:
        return told
    said = open_facts.filter(customer_id=OuterRef("customer_id"))
    return told | (core & Q(~Exists(said)))


def _having(facts: QuerySet[Fact], keys: list[str], on: date) -> Q:
    """Few customers are named one by one; of many each row of the list is asked."""
    tokens: list[Any] = list(FactKey.objects.filter(key__in=keys).values_list("fact_id", flat=True)[: FEW + 1])
    if len(tokens) <= FEW:
        # the fingerprint is of this field alone: by its name a database would look through everybody who has one
        few = Fact.objects.filter(OPEN, valid_on(on), token__in=tokens).values_list("customer_id", flat=True)
        return Q(customer_id__in=sorted(set(few)))
    return Q(Exists(facts.filter(customer_id=OuterRef("customer_id"), keys__key__in=keys)))


def _in_span(facts: QuerySet[Fact], one: Filter, gate: Gate) -> list[str]:
    low, high = _span(one.entry, one.written)
    if gate.reach != "bank":
        facts = facts.filter(customer_id__in=gate.standings().order_by().values("customer_id"))
    rows = list(facts.values_list("customer_id", "value")[: MOST_OPENED + 1])
    if len(rows) > MOST_OPENED:
        raise TooWide
    return sorted({customer for customer, value in rows if low <= Decimal(value) <= high})


def _core(one: Filter) -> Q | None:
    """The same condition on what the core system delivers; None where it delivers nothing that can be searched."""
    if not one.entry.core or one.key == "address":
        return None
    column = f"customer__{one.key}"
    plain = one.written.strip()
    if one.key in INDEXED:
        return Q(**{f"{column}_index": index_of(plain, one.key)})
    if one.entry.kind == "date" and (part := _part_of_date(plain)):
        return Q(**{f"{column}__{part[0]}": part[1]})
    if one.entry.kind == "money" and SPAN.fullmatch(plain):
        low, high = _span(one.entry, plain)
        return Q(**{f"{column}__gte": low, f"{column}__lte": high})
    if one.entry.kind in ("date", "money"):
        return Q(**{column: read(one.entry, plain)})
    return Q(**{f"{column}__in": sorted({read(one.entry, plain), plain, *_spellings(one)})})


def _spellings(one: Filter) -> list[str]:
    """The core system may write a choice by its key or by its name."""
    chosen = read(one.entry, one.written)
    return [name for choice in one.entry.choices if choice.key == chosen for name in (choice.key, choice.zh, choice.en)]


def example_of(entry: CatalogueField) -> dict[str, Any]:
    """What to write for a field's condition, for the page."""
    if entry.kind in ("number", "year", "money"):
        return {"placeholder": "5000-20000" if entry.kind == "money" else "1-3"}
    if entry.kind in ("date", "lunar_date"):
        return {"placeholder": _("month (5), year (1980) or day")}
    return {"placeholder": ""}

"""Lists of customers (客户名单): filters on any field, chosen columns, the order of lists and neighbours in it."""

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
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.base.fields import seal
from weihu.workplace.base.whole import whole
from weihu.workplace.base.words import amount_text, called, day, fact_words
from weihu.workplace.gate.figures import scope_of
from weihu.workplace.gate.reach import Gate, branches_below
from weihu.workplace.know.archive.facts import OPEN, archives_of, valid_on
from weihu.workplace.know.archive.models import Fact, FactKey, opened_value
from weihu.workplace.know.archive.search import FEW, indexes_of, search_condition

OWN_COLUMNS = {
    "grade_since": lazy("Grade since"),
    "product_count": lazy("Products"),
    "moved_on": lazy("Last moved"),
    "primary": lazy("Primary"),
    "known": lazy("Archive complete"),
}
DEFAULT_COLUMNS = ("grade_since", "product_count", "moved_on")
MOST_OPENED = 50_000
"""At most this many values of a field are decrypted and compared for a range of numbers."""
INDEXED = ("phone", "identity_number")
MONTH = re.compile(r"(\d{1,2})\s*月?")
YEAR = re.compile(r"(\d{4})\s*年?")
SPAN = re.compile(r"(?P<low>[\d.,万]*)\s*(?:-|~|—|至|到|\.\.)\s*(?P<high>[\d.,万]*)")


class TooWide(ValueError):
    """A range of numbers over more customers than can be compared."""


@dataclass(frozen=True)
class Filter:
    """A condition on a field of the catalogue: the value ``wanted``, as entered; ``wrong`` says why it cannot be used."""

    key: str
    wanted: str
    entry: CatalogueField
    wrong: str = ""

    @property
    def text(self) -> str:
        """The condition as a parameter of an address."""
        return f"{self.key}:{self.wanted}"

    @property
    def words(self) -> str:
        """The condition in the reader's language."""
        language = get_language() or "zh-hans"
        if self.entry.kind in ("date", "lunar_date") and (match := MONTH.fullmatch(self.wanted.strip())):
            return f"{self.entry.name(language)}: {_('month %(month)s') % {'month': int(match[1])}}"
        try:
            value = shown(self.entry, read(self.entry, self.wanted), language)
        except Unfit:
            value = self.wanted
        return f"{self.entry.name(language)}: {value}"


@dataclass(frozen=True)
class ListQuery:
    """What a list shows: search text, grade, watch, branch (with those below it), primary (``staff``), conditions,
    columns."""

    q: str = ""
    grade: str = ""
    watch: str = ""
    branch: str = ""
    staff: str = ""
    filters: list[Filter] = field(default_factory=list)
    columns: list[str] = field(default_factory=lambda: list(DEFAULT_COLUMNS))

    @classmethod
    def of(cls, parameters: QueryDict, book: RuleBook) -> ListQuery:
        """Read from the parameters of an address; fields that the rule book does not know are left out."""
        filters = [_filter(text, book) for text in parameters.getlist("f")]
        if value := str(parameters.get("value", "")).strip():
            filters.append(_filter(f"{parameters.get('field')}:{value}", book))
        columns = [name for name in parameters.getlist("c") if name in OWN_COLUMNS or name in book.fields]
        unique = {condition.text: condition for condition in filters if condition}
        return cls(
            str(parameters.get("q", "")).strip(),
            "" if (grade := whole(str(parameters.get("grade", "")))) is None else str(grade),
            "1" if parameters.get("watch") else "",
            str(parameters.get("branch", ""))[:40],
            str(parameters.get("staff", ""))[:60],
            list(unique.values()),
            columns or list(DEFAULT_COLUMNS),
        )

    def address(self, **more: str) -> str:
        """The query as the query string of an address."""
        plain = {name: getattr(self, name) for name in ("q", "grade", "watch", "branch", "staff")}
        pairs = [(name, value) for name, value in plain.items() if value]
        pairs += [("f", condition.text) for condition in self.filters]
        pairs += [("c", name) for name in self.columns] if self.columns != list(DEFAULT_COLUMNS) else []
        return urlencode([*pairs, *more.items()])

    def without(self, condition: Filter) -> ListQuery:
        """The query without one of its conditions."""
        return replace(self, filters=[other for other in self.filters if other is not condition])

    def total(self, gate: Gate) -> int | None:
        """How many customers a list of a scope has, by the night's figures; None where these do not say it."""
        if self.q or self.filters or not (self.branch or self.staff or gate.decides):
            return None
        scope = scope_of(gate, self.branch, self.staff)
        rows = scope.by_grade(gate.run) if scope else []
        counted = "watched" if self.watch else "customers"
        return sum(int(row[counted]) for row in rows if not self.grade or row["grade_rank"] == int(self.grade))

    def standings(self, gate: Gate, on: date) -> QuerySet[Standing]:
        """The matching customers within reach, unordered. Raises TooWide."""
        rows = gate.standings()
        if not self.q:  # customers with no assets and no activity appear on no list, but a search finds them
            rows = rows.filter(effective=True)
        if self.q:
            rows = rows.filter(search_condition(self.q, gate))
        if self.grade:
            rows = rows.filter(grade_rank=int(self.grade))
        if self.watch:
            rows = rows.filter(watch_since__isnull=False)
        if self.branch:
            rows = rows.filter(branch_id__in=branches_below(self.branch))
        if self.staff:
            rows = rows.filter(primary_id=self.staff)
        for condition in self.filters:
            if not condition.wrong:
                within = None if gate.reach == "bank" else gate.standings()
                rows = rows.filter(condition_on_standings(condition, within, on))
        return rows


def ordered(rows: QuerySet[Standing]) -> QuerySet[Standing]:
    """In the order of lists: by grade, then by assets, highest first."""
    return rows.order_by("-grade_rank", "-aum", "customer_id")


def place_of(row: Standing) -> str:
    """A row's place in the order of lists, for ``following``."""
    return f"{row.grade_rank} {row.aum} {row.customer_id}"


def following(rows: QuerySet[Standing], place: str) -> QuerySet[Standing]:
    """The rows after a place in the order of lists; all of them if the place is not valid."""
    read_place = _place(place)
    if read_place is None:
        return rows
    rank, amount, customer_id = read_place
    same = Q(grade_rank=rank, aum=amount, customer_id__gt=customer_id)
    less = Q(grade_rank__lt=rank) | Q(grade_rank=rank, aum__lt=amount)
    # the first condition is implied by the second, but can use an index
    return rows.filter(grade_rank__lte=rank).filter(less | same)


def neighbours(rows: QuerySet[Standing], row: Standing) -> tuple[Standing | None, Standing | None]:
    """The customers before and after a customer in a list."""
    rank, amount, customer_id = row.grade_rank, row.aum, row.customer_id
    same = Q(grade_rank=rank, aum=amount, customer_id__lt=customer_id)
    more = Q(grade_rank__gt=rank) | Q(grade_rank=rank, aum__gt=amount)
    before = rows.filter(grade_rank__gte=rank).filter(more | same)
    before = before.order_by("grade_rank", "aum", "-customer_id")
    return before.first(), ordered(following(rows, place_of(row))).first()


def cells(rows: Sequence[Standing], query: ListQuery, book: RuleBook, on: date) -> list[list[str]]:
    """The chosen columns of the rows, as displayed: masked where the catalogue says so."""
    fields = {name: book.fields[name] for name in query.columns if name in book.fields}
    archives = archives_of([row.customer for row in rows], fields, on) if fields else {}
    people = Staff.objects.in_bulk({row.primary_id for row in rows if row.primary_id})
    lines = []
    for row in rows:
        own = {
            "grade_since": day(row.grade_since),
            "product_count": str(row.product_count),
            "moved_on": day(row.moved_on),
            "primary": people[row.primary_id].name if row.primary_id in people else "—",
            "known": f"{row.facts_known}/{row.facts_expected}",
        }
        lines.append(
            [
                own[name] if name in own else fact_words(fields[name], archives[row.customer_id][name].value)
                for name in query.columns
            ]
        )
    return lines


def titles(columns: list[str], book: RuleBook) -> list[str]:
    """The columns' titles in the reader's language."""
    return [str(OWN_COLUMNS[name]) if name in OWN_COLUMNS else called(book.fields[name]) for name in columns]


def money_of(row: Standing, book: RuleBook) -> str:
    """A row's assets as displayed."""
    return amount_text(row.aum, book.currency)


def _place(place: str) -> tuple[int, Decimal, str] | None:
    rank, _, rest = place.partition(" ")
    amount, _, customer_id = rest.partition(" ")
    number = whole(rank)
    if number is None or not re.fullmatch(r"-?\d{1,16}\.\d\d", amount):
        return None
    return number, Decimal(amount), customer_id


def _filter(text: str, book: RuleBook) -> Filter | None:
    key, _colon, wanted = text.partition(":")
    entry = book.fields.get(key)
    if entry is None or not wanted.strip():
        return None
    try:
        _keys(entry, key, wanted)
    except Unfit as unfit:
        return Filter(key, wanted, entry, unfit.text(get_language() or "zh-hans"))
    return Filter(key, wanted, entry)


def _keys(entry: CatalogueField, key: str, wanted: str) -> list[str]:
    """The fingerprints of which a fact must have one; none for a range. Raises Unfit."""
    plain = wanted.strip()
    if entry.kind in ("number", "year", "money") and SPAN.fullmatch(plain):
        _bounds(entry, plain)
        return []
    if entry.kind in ("date", "lunar_date") and (part := _month_or_year(plain)):
        return seal().indexes(f"{key}:{part[0]} {part[1]:02d}", "fact")
    return [index for part in _values(entry, plain) for index in seal().indexes(f"{key}:{part}", "fact")]


def _month_or_year(plain: str) -> tuple[str, int] | None:
    """("month", 5) or ("year", 1980) if the text is only a month or a year."""
    if match := MONTH.fullmatch(plain):
        return "month", int(match[1])
    match = YEAR.fullmatch(plain)
    return ("year", int(match[1])) if match else None


def _values(entry: CatalogueField, wanted: str) -> list[str]:
    value = read(entry, wanted)
    return value.split(",") if entry.kind == "choices" else [value.casefold()]


def _bounds(entry: CatalogueField, wanted: str) -> tuple[Decimal, Decimal]:
    """Both bounds of a range; an open one is 0 or 10**16. Raises Unfit."""
    match = SPAN.fullmatch(wanted.strip())
    try:
        low, high = (match["low"], match["high"]) if match else (wanted, wanted)
        return plain_number(low or "0"), plain_number(high or str(10**16))
    except InvalidOperation:
        raise Unfit("数或范围,例如 5000-20000", "a number or a range, such as 5000-20000") from None


def plain_number(text: str) -> Decimal:
    """A number as people write it: 500000, 500,000, 50万. Raises decimal.InvalidOperation."""
    plain = text.replace(",", "")
    return Decimal(plain.removesuffix("万")) * (10_000 if plain.endswith("万") else 1)


def condition_on_standings(condition: Filter, within: QuerySet[Standing] | None, on: date) -> Q:
    """The condition on standings: by recorded facts or, for customers without one, by the core system's value. Values that
    have to be opened one by one are those of the customers ``within``; without it, everybody's. Raises TooWide."""
    open_facts = Fact.objects.filter(OPEN, valid_on(on), field=condition.key, refused=False)
    keys = _keys(condition.entry, condition.key, condition.wanted)
    recorded = (
        _with_any_key(open_facts, keys, on) if keys else Q(customer_id__in=_in_span(open_facts, condition, within))
    )
    core = _core_condition(condition)
    if core is None:
        return recorded
    any_fact = open_facts.filter(customer_id=OuterRef("customer_id"))
    return recorded | (core & Q(~Exists(any_fact)))


def _with_any_key(facts: QuerySet[Fact], keys: list[str], on: date) -> Q:
    """Customers with a fact under one of the keys: listed if they are few, otherwise tested row by row."""
    tokens: list[Any] = list(FactKey.objects.filter(key__in=keys).values_list("fact_id", flat=True)[: FEW + 1])
    if len(tokens) <= FEW:
        # no condition on the field: the fingerprint implies it, and a database would read every fact of the field
        few = Fact.objects.filter(OPEN, valid_on(on), token__in=tokens).values_list("customer_id", flat=True)
        return Q(customer_id__in=sorted(set(few)))
    return Q(Exists(facts.filter(customer_id=OuterRef("customer_id"), keys__key__in=keys)))


def _in_span(facts: QuerySet[Fact], condition: Filter, within: QuerySet[Standing] | None) -> list[str]:
    low, high = _bounds(condition.entry, condition.wanted)
    if within is not None:
        facts = facts.filter(customer_id__in=within.order_by().values("customer_id"))
    rows = list(facts.values_list("customer_id", "token", "value")[: MOST_OPENED + 1])
    if len(rows) > MOST_OPENED:
        raise TooWide
    opened = ((customer, opened_value(token, value)) for customer, token, value in rows)
    return sorted({customer for customer, value in opened if low <= Decimal(value) <= high})


def _core_condition(condition: Filter) -> Q | None:
    """The same condition on the core system's column; None if there is none that can be searched."""
    if not condition.entry.core or condition.key == "address":
        return None
    column = f"customer__{condition.key}"
    plain = condition.wanted.strip()
    if condition.key in INDEXED:
        return Q(**{f"{column}_index__in": indexes_of(plain, condition.key)})
    if condition.entry.kind == "date" and (part := _month_or_year(plain)):
        return Q(**{f"{column}__{part[0]}": part[1]})
    if condition.entry.kind == "money" and SPAN.fullmatch(plain):
        low, high = _bounds(condition.entry, plain)
        return Q(**{f"{column}__gte": low, f"{column}__lte": high})
    if condition.entry.kind in ("date", "money"):
        return Q(**{column: read(condition.entry, plain)})
    return Q(**{f"{column}__in": sorted({read(condition.entry, plain), plain, *_spellings(condition)})})


def _spellings(condition: Filter) -> list[str]:
    """The ways in which the core system may write a choice: its key or its name in either language."""
    chosen = read(condition.entry, condition.wanted)
    return [
        name
        for choice in condition.entry.choices
        if choice.key == chosen
        for name in (choice.key, choice.zh, choice.en)
    ]


def example_of(entry: CatalogueField) -> dict[str, Any]:
    """The placeholder for a condition's input."""
    if entry.kind in ("number", "year", "money"):
        return {"placeholder": "5000-20000" if entry.kind == "money" else "1-3"}
    if entry.kind in ("date", "lunar_date"):
        return {"placeholder": _("month (5), year (1980) or day")}
    return {"placeholder": ""}

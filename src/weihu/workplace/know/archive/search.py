"""Finding customers (查找): by part of the name, pinyin, initials, a full phone or identity number, or customer number.

Every ending of a name is a search key of its own, so that a search reads only its matches and not the whole bank.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Q, QuerySet

from weihu.engine.seal import plain_number
from weihu.workplace.bank.models import Customer, SearchKey
from weihu.workplace.bank.names import plain
from weihu.workplace.base.fields import seal
from weihu.workplace.gate.reach import Gate

FEW = 2000
"""Up to this many customers are looked up individually."""

LAST = "\U0010ffff"


def search_condition(query: str, gate: Gate) -> Q:
    """The condition on standings for a search.

    In the whole bank, the few customers with a rare name are looked up by their keys. Otherwise the list itself is
    read: a person's or a branch's list is short, and a common name soon fills a page.
    """
    exact = Q(
        customer_id__in=list(Customer.objects.filter(_exact_match(query.strip())).values_list("customer_id", flat=True))
    )
    text = plain(query)
    if gate.reach == "bank":
        by_key = list(_keys_beginning_with(text).values_list("customer_id", flat=True)[: FEW + 1])
        if len(by_key) <= FEW:
            return exact | Q(customer_id__in=by_key)
    names = Q(customer__name__icontains=text) | Q(customer__pinyin__startswith=text)
    return exact | names | Q(customer__initials__startswith=text)


def customers_named(names: Collection[str], gate: Gate) -> dict[str, set[str]]:
    """The customers within reach whose name is exactly one of ``names``, by name."""
    wanted = {plain(name): name for name in names}
    if gate.reach == "bank":
        keys = SearchKey.objects.filter(text__in=list(wanted)).values("customer_id")
        rows: Iterable[tuple[str, str]] = Customer.objects.filter(customer_id__in=keys).values_list(
            "name", "customer_id"
        )
    else:
        rows = gate.standings().order_by().values_list("customer__name", "customer_id")
    customers: dict[str, set[str]] = defaultdict(set)
    for name, customer in rows:
        if plain(name) in wanted:
            customers[wanted[plain(name)]].add(customer)
    return customers


def index_of(number: str, scope: str) -> str:
    """The blind index of a phone or identity number, however it is written, as it is stored."""
    return seal().index(plain_number(number), scope)


def indexes_of(number: str, scope: str) -> list[str]:
    """Every form in which the blind index of a number may be stored while its key is renewed."""
    return seal().indexes(plain_number(number), scope)


def numbered(column: str, numbers: Iterable[str]) -> dict[str, set[str]]:
    """The customers who have each of some numbers in a column, by the number as it is given; the whole bank's."""
    indexes = {number: indexes_of(number, column) for number in numbers}
    stored = sorted({index for forms in indexes.values() for index in forms})
    customers: dict[str, set[str]] = defaultdict(set)
    rows = Customer.objects.filter(**{f"{column}_index__in": stored})
    for index, customer in rows.values_list(f"{column}_index", "customer_id"):
        customers[index].add(customer)
    found = {number: set().union(*(customers.get(index, ()) for index in forms)) for number, forms in indexes.items()}
    return {number: ids for number, ids in found.items() if ids}


def _exact_match(query: str) -> Q:
    condition = Q(customer_id=query)
    if len(query) >= 6:
        condition |= Q(phone_index__in=indexes_of(query, "phone"))
        condition |= Q(identity_number_index__in=indexes_of(query, "identity_number"))
    return condition


def _keys_beginning_with(text: str) -> QuerySet[SearchKey]:
    """Search keys with a prefix, phrased so that each database uses its index."""
    if connection.vendor == "sqlite":
        return SearchKey.objects.filter(text__gte=text, text__lt=text + LAST)
    return SearchKey.objects.filter(text__startswith=text)

"""Finding customers (查找): by part of the name, pinyin, initials, a whole phone or identity number, or their number.

Each part of a name is a key of its own, so that a search reads what it finds and not the whole bank.
"""

from __future__ import annotations

import re
import unicodedata

from django.db import connection
from django.db.models import Q, QuerySet

from weihu.workplace.archive.models import Customer, SearchKey
from weihu.workplace.fields import seal
from weihu.workplace.people.gate import Gate

FEW = 2000
"""Up to so many customers are looked up one by one."""

LAST = "\U0010ffff"


def keys_of(name: str, pinyin: str, initials: str) -> set[str]:
    """What a customer is found by: ``明`` and ``小明`` and ``王小明``; words of other scripts from their first letter."""
    plain = _plain(name)
    starts = [at for at in range(len(plain)) if not plain[at].isascii() or at == 0 or plain[at - 1] == " "]
    return {key for key in ({plain[at:] for at in starts} | {_plain(pinyin), _plain(initials)}) if key}


def matching(query: str, gate: Gate) -> Q:
    """The condition on standings that a query states.

    In the whole bank, the few customers whom a rare name means are looked up by their keys. Otherwise the list itself
    is read: a person's or a branch's is short, and a common name soon fills a page.
    """
    exact = Q(
        customer_id__in=list(Customer.objects.filter(_exact(query.strip())).values_list("customer_id", flat=True))
    )
    text = _plain(query)
    if gate.reach == "bank":
        named = list(_beginning(text).values_list("customer_id", flat=True)[: FEW + 1])
        if len(named) <= FEW:
            return exact | Q(customer_id__in=named)
    names = Q(customer__name__icontains=text) | Q(customer__pinyin__startswith=text)
    return exact | names | Q(customer__initials__startswith=text)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def _exact(query: str) -> Q:
    found = Q(customer_id=query)
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", query)).upper()
    if len(number) >= 6:
        found |= Q(phone_index=seal().index(number, "phone"))
        found |= Q(identity_number_index=seal().index(number, "identity_number"))
    return found


def _beginning(text: str) -> QuerySet[SearchKey]:
    """Keys that begin with a text, in the form for which each database uses its index."""
    if connection.vendor == "sqlite":
        return SearchKey.objects.filter(text__gte=text, text__lt=text + LAST)
    return SearchKey.objects.filter(text__startswith=text)

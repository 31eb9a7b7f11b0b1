"""One search (查找) for customers, pages and acts. Customers are found as on their own page: within reach, and logged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pypinyin
from django.http import Http404
from django.urls import Resolver404, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from weihu.rules.sections.posts import Post
from weihu.workplace.act.lists.columns import OPEN
from weihu.workplace.bank.models import Standing
from weihu.workplace.bank.names import plain
from weihu.workplace.base import audit
from weihu.workplace.base.words import phone_mask
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.lists import ListQuery, ordered
from weihu.workplace.navigation.entries import ACTS, Act, entries_of, reaches

MOST = 6
"""So many customers, pages and acts are shown."""
SHORTEST = 2
"""Customers are looked for from so many letters or digits on, or from one Chinese character."""


@dataclass(frozen=True)
class Found:
    """Something that was found: its name, what is said beside it, and where it leads; of a customer the standing."""

    name: str
    icon: str
    address: str
    about: str = ""
    standing: Standing | None = None


Part = tuple[str, list[Found]]


def find(query: str, gate: Gate, page: str) -> list[Part]:
    """What a query means to the reader, the likeliest part first; ``page`` is the address where it was asked.

    Without a query: what can be done with the customer of the page, and all pages.
    """
    post = gate.run.rulebook.posts.get(gate.staff.post)
    if post is None:
        return []
    pages = _pages(query, post)
    people = (_("Customers"), _customers(query, gate))
    parts = [(_("Acts"), _acts(query, post, _customer_of(page, gate))), (_("Pages"), pages)]
    if any(plain(row.name).startswith(plain(query)) for row in pages):
        parts = [*reversed(parts), people] if query else parts
    else:
        parts = [people, *parts]
    return [part for part in parts if part[1]]


def matches(name: Promise, query: str) -> bool:
    """Whether a name is meant: by a part of it in either language, or by the beginning of its pinyin or its initials."""
    wanted = plain(query)
    if any(wanted in text for text in _in_both_languages(name)):
        return True
    return any(key.startswith(wanted.replace(" ", "")) for key in _pinyin(_in_both_languages(name)[0]))


def _in_both_languages(name: Promise) -> tuple[str, str]:
    with override("zh-hans"):
        chinese = plain(str(name))
    with override("en"):
        return chinese, plain(str(name))


@cache
def _pinyin(chinese: str) -> tuple[str, str]:
    syllables = pypinyin.lazy_pinyin(chinese)
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)


def _customers(query: str, gate: Gate) -> list[Found]:
    if len(query) < (SHORTEST if query.isascii() else 1) or gate.reach == "none":
        return []
    rows = list(ordered(ListQuery(q=query).standings(gate, gate.run.work_date))[:MOST])
    audit.found(gate.staff.staff_id, "customers.search", [row.customer_id for row in rows])
    return [_customer(row) for row in rows]


def _customer(standing: Standing) -> Found:
    customer = standing.customer
    about = [customer.customer_id, *([phone_mask(customer.phone)] if customer.phone else [])]
    address = reverse("customer", args=[customer.customer_id])
    return Found(customer.name, "user", address, " · ".join(about), standing)


def _customer_of(page: str, gate: Gate) -> Standing | None:
    """The customer whose page the reader is on."""
    try:
        customer_id = resolve(page.split("?", maxsplit=1)[0]).kwargs.get("customer_id")
        return gate.standing(customer_id) if customer_id else None
    except (Resolver404, Http404):
        return None


def _pages(query: str, post: Post) -> list[Found]:
    entries = [entry for entry in entries_of(post) if matches(entry.name, query)]
    found = [Found(str(entry.name), entry.icon, entry.address) for entry in entries]
    if not query:
        return found
    if reaches(post):
        lists = {reverse("fixed_list", args=[name]): listed.title for name, listed in OPEN.items()}
        found += [
            Found(str(title), "list-details", address)
            for address, title in lists.items()
            if matches(title, query) and address not in {entry.address for entry in entries}
        ]
    return found[:MOST]


def _acts(query: str, post: Post, customer: Standing | None) -> list[Found]:
    """The acts that are meant; without a query those that the customer of the page lets one do."""
    meant = [
        act
        for act in ACTS
        if act.right(post) and (matches(act.name, query) if query else act.of_customer and customer is not None)
    ]
    return [_act(act, customer) for act in meant[:MOST]]


def _act(act: Act, customer: Standing | None) -> Found:
    """An act with the customer of the page; else its customer is still to be chosen."""
    if not act.of_customer:
        return Found(str(act.name), act.icon, act.address())
    if customer is None:
        return Found(str(act.name), act.icon, reverse("customers"), _("choose the customer first"))
    return Found(str(act.name), act.icon, act.address(customer.customer_id), customer.customer.name)

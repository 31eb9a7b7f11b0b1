"""How amounts, dates, names and reasons are written, in the reader's language. Template tags and filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import template
from django.template.defaultfilters import date as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weihu.rules.catalogue import shown
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.archive.facts import Known
from weihu.workplace.archive.models import Product
from weihu.workplace.people.models import Branch
from weihu.workplace.worklist.models import Signal

register = template.Library()

SYMBOLS = {"CNY": "¥", "CZK": "Kč "}
WAN = Decimal(10_000)
YI = Decimal(100_000_000)


def _english() -> bool:
    return (get_language() or "zh-hans").startswith("en")


def amount_text(amount: Decimal | None, currency: str = "CNY") -> str:
    """An amount as a branch writes it: in 万 and 亿 when large in Chinese, in full in English."""
    if amount is None:
        return "—"
    symbol = SYMBOLS.get(currency, f"{currency} ")
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if _english() or size < WAN:
        return f"{sign}{symbol}{size:,.2f}"
    unit, name = (YI, "亿") if size >= YI else (WAN, "万")
    return f"{sign}{symbol}{size / unit:,.2f}{name}"


@register.simple_tag(takes_context=True)
def money(context: template.Context, amount: Decimal | None) -> str:
    """``{% money amount %}`` in the book's currency."""
    book = context.get("book")
    return amount_text(amount, book.currency if book else "CNY")


@register.simple_tag(takes_context=True)
def yuan(context: template.Context, amount: float) -> str:
    """``{% yuan average %}``: a worked-out amount, not a booked one, to the whole cent."""
    return money(context, Decimal(amount).quantize(Decimal("0.01")))


@register.filter
def exact(value: int | str) -> str:
    """A count or a control total in full, with separators."""
    return f"{Decimal(value):,}"


@register.filter
def called(entry: Any) -> str:
    """The name of a book's entry, a product or a branch in the reader's language."""
    if entry is None:
        return ""
    if isinstance(entry, Product):
        return (entry.name_en if _english() else None) or entry.name
    return str(entry.name(get_language() or "zh-hans")) if hasattr(entry, "zh") else str(entry)


@register.filter
def in_language(said: Any) -> str:
    """What is said in both languages (an object with ``text``), in the reader's."""
    return str(said.text(get_language() or "zh-hans"))


@register.filter
def day(value: date | None) -> str:
    """A date as branches write it."""
    return format_date(value, "j M Y" if _english() else "Y年n月j日") if value else "—"


@register.filter
def weekday(value: date) -> str:
    """A working day with its weekday, without the year."""
    return format_date(value, "D j M" if _english() else "n月j日 l")


@register.simple_tag
def grade_badge(book: RuleBook, rank: int) -> SafeString:
    """A grade as a coloured badge; the rank decides the colour, so that every book has some."""
    grade = list(book.grades.values())[rank]
    step = round(5 * rank / max(1, len(book.grades) - 1))
    return format_html('<span class="badge grade grade-{}">{}</span>', step, called(grade))


@register.filter
def item(mapping: dict[Any, Any], key: Any) -> Any:
    """A mapping's value for a key."""
    return mapping.get(key)


@register.filter
def at(values: Any, place: int) -> Any:
    """A list's value at a place."""
    return values[place]


@register.filter
def per_cent(share: Decimal | float) -> str:
    """A share of one as a percentage."""
    return f"{100 * float(share):.3g}%"


@register.filter
def unlocalized(number: Decimal) -> str:
    """A number for the page's program."""
    return f"{number:f}"


WHY_NAMES = {
    "new": _("New customer"),
    "book": _("Another rule book"),
    "risen": _("Reached the grade"),
    "fallen": _("Below the grade for too long"),
    "granted": _("Exception granted"),
    "ended": _("Exception ended"),
}


@register.filter
def why_name(why: str) -> str:
    """Why a grade changed, in the reader's language."""
    return str(WHY_NAMES[why])


ORIGIN_NAMES = {
    "handover": _("Hand-over"),
    "claim": _("Claim"),
    "referral": _("Referral"),
    "dispute": _("Decision of a dispute"),
}


CATEGORY_NAMES = {
    "basic": _("Basic information"),
    "consumption": _("Consumption"),
    "education": _("Education history"),
    "career": _("Career"),
    "family": _("Family"),
    "life": _("Way of life"),
    "interests": _("Interests"),
    "network": _("Personal network"),
}
"""The brief's eight kinds of information (M3)."""


@register.filter
def category_name(category: str) -> str:
    """A category of the archive in the reader's language."""
    return str(CATEGORY_NAMES[category])


@register.filter
def in_words(known: Known) -> str:
    """What is known of a field, in the reader's language, masked where the catalogue says so."""
    return fact_words(known.field, known.value)


def fact_words(field: CatalogueField, value: str) -> str:
    """A kept value in words: masked, a date as branches write it, a choice by its name."""
    if not value:
        return "—"
    if field.masked:
        return mask(field, value)
    if field.kind == "date":
        return day(date.fromisoformat(value))
    return shown(field, value, get_language() or "zh-hans")


@register.filter
def phone_mask(number: str) -> str:
    """138****1234."""
    return f"{number[:3]}****{number[-4:]}"


def name_mask(name: str) -> str:
    """张*明, 李*: the first and, of three and more, the last character."""
    return name[:1] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > 2 else "")


EVENT_ICONS = {
    "contact": "phone",
    "signal": "bell",
    "fact": "clipboard-text",
    "grade": "stairs",
    "flow": "transfer",
    "complaint": "message-exclamation",
    "consent": "signature",
    "relation": "users-group",
    "message": "message",
    "care": "heart-handshake",
    "visit": "calendar",
}


MOVE_NAMES = {
    "facts": _("Facts"),
    "contacts": _("Contacts"),
    "answers": _("Answered reasons"),
    "consents": _("Consents"),
    "relations": _("Relations"),
    "relations back": _("Relations of others"),
    "members": _("Household"),
    "heads": _("Head"),
    "goals": _("Goals"),
    "complaints": _("Complaints"),
    "replies": _("Replies"),
    "holds": _("Legal hold"),
    "erasures": _("Erasure"),
    "exceptions": _("Exception"),
    "handed over": _("Hand-over"),
    "claims": _("Claims"),
    "referrals": _("Referrals"),
    "care plans": _("Care plans"),
    "introductions": _("Introductions"),
    "introduced": _("Introduced by"),
    "messages": _("Messages"),
    "visits": _("Visits"),
}


@register.filter
def moves_name(name: str) -> str:
    """What a merge moves, in the reader's language."""
    return str(MOVE_NAMES[name])


@register.filter
def event_icon(kind: str) -> str:
    """The icon of a kind of event."""
    return EVENT_ICONS[kind]


@register.filter
def talk_of(entry: Any) -> str:
    """What may be said on an occasion, in the reader's language."""
    return str(entry.talk(get_language() or "zh-hans"))


def mask(field: CatalogueField, value: str) -> str:
    """138****1234, 110***********123X; of anything else the first third (an address: six characters)."""
    if field.kind == "mobile" and len(value) >= 7:
        return phone_mask(value)
    if field.kind == "identity" and len(value) > 7:
        return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"
    return f"{value[: min(6, len(value) // 3)]}****"


class Names:
    """A book's entries, and the products and branches by id, which are read once for all the reasons of a page."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    @cached_property
    def products(self) -> dict[str, Product]:
        """Every product."""
        return Product.objects.in_bulk()

    @cached_property
    def branches(self) -> dict[str, Branch]:
        """Every branch."""
        return Branch.objects.in_bulk()


def reason(signal: Signal, names: Names) -> str:
    """Why the customer is on the list, in words with the evidence filled in."""
    book = names.book
    rule = book.signals[signal.kind]
    language = get_language() or "zh-hans"

    def worth(amount: Decimal | None) -> str:
        return amount_text(amount, book.currency)

    return rule.text("reason", language).format(
        amount=worth(signal.amount),
        base=f"{signal.base:.0f}"
        if signal.kind == "benefit_expiring" and signal.base is not None
        else worth(signal.base),
        limit=worth(signal.limit),
        date=day(signal.on_date),
        detail=_detail(signal, names),
    )


def _detail(signal: Signal, names: Names) -> str:
    """The evidence's names: grades, fields, branches and products by the reader's language."""
    said = DETAILS.get(signal.kind)
    return said(signal.detail, names) if said else signal.detail


def _regraded(detail: str, names: Names) -> str:
    before, _arrow, after = detail.partition(">")
    return f"{called(names.book.grades.get(before))} → {called(names.book.grades.get(after))}"


def _fields(detail: str, names: Names) -> str:
    comma = ", " if _english() else "、"
    return comma.join(called(names.book.fields[key]) for key in detail.split(",") if key in names.book.fields)


def _branch(detail: str, names: Names) -> str:
    branch = names.branches.get(detail)
    return branch.name if branch else detail


def _product(detail: str, names: Names) -> str:
    product = names.products.get(detail)
    return called(product) if product else detail


def _occasion(detail: str, names: Names) -> str:
    kind, _colon, what = detail.partition(":")
    parts = (names.book.occasions.get(kind), names.book.stages.get(what) or names.book.relations.get(what))
    return " ".join(called(part) for part in parts if part)


def _step(detail: str, names: Names) -> str:
    key, _colon, place = detail.partition(":")
    plan = names.book.care_plans.get(key)
    if plan is None or int(place) >= len(plan.steps):
        return key
    return f"{called(plan)} · {called(plan.steps[int(place)])}"


DETAILS: dict[str, Callable[[str, Names], str]] = {
    "grade_up": _regraded,
    "grade_down": _regraded,
    "near_grade": lambda detail, names: called(names.book.grades.get(detail)),
    "handed_over": lambda detail, names: str(ORIGIN_NAMES[detail]),
    "benefit_expiring": lambda detail, names: called(names.book.benefits.get(detail)),
    "missing_facts": _fields,
    "inter_branch": _branch,
    "maturity": _product,
    "matured": _product,
    "loan_ending": _product,
    "card_expiring": _product,
    "festival": lambda detail, names: called(names.book.festivals.get(detail)),
    "life_occasion": _occasion,
    "care_step": _step,
    "care_deputy": _step,
}
"""How a signal's detail is written, by its kind."""

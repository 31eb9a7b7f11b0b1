"""Template tags and filters that write amounts, dates, names and reasons in the reader's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.template.defaultfilters import date as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.catalogue import shown
from weihu.rules.metric import unit
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.rules.sections.grades import Grade

register = template.Library()

SYMBOLS = {"CNY": "¥", "CZK": "Kč "}
WAN = Decimal(10_000)
YI = Decimal(100_000_000)


def english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "zh-hans").startswith("en")


def amount_text(amount: Decimal | None, currency: str = "CNY") -> str:
    """An amount as a branch writes it: in 万 and 亿 when large in Chinese, in full in English."""
    if amount is None:
        return "—"
    symbol = SYMBOLS.get(currency, f"{currency} ")
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if english() or size < WAN:
        return f"{sign}{symbol}{size:,.2f}"
    unit, name = (YI, "亿") if size >= YI else (WAN, "万")
    return f"{sign}{symbol}{size / unit:,.2f}{name}"


def about_text(amount: Decimal, currency: str = "CNY") -> str:
    """An estimated amount, with no more digits than an estimate has."""
    size = Decimal(f"{amount:.2g}")
    if english() or abs(size) < WAN:
        return f"{SYMBOLS.get(currency, f'{currency} ')}{size:,.0f}"
    unit, name = (YI, "亿") if abs(size) >= YI else (WAN, "万")
    return f"{SYMBOLS.get(currency, f'{currency} ')}{(size / unit).normalize():,f}{name}"


@register.simple_tag(takes_context=True)
def money(context: template.Context, amount: Decimal | None) -> str:
    """``{% money amount %}`` in the book's currency."""
    book = context.get("book")
    return amount_text(amount, book.currency if book else "CNY")


def measure_text(amount: Decimal | None, book: RuleBook, measure: str = "") -> str:
    """So much of a measure (else of the policy's leading one): money in the book's currency, points as a number."""
    if amount is None or unit(book, measure or book.policy.metric) == "yuan":
        return amount_text(amount, book.currency)
    return f"{amount:,f}".rstrip("0").rstrip(".") if amount % 1 else f"{amount:,.0f}"


@register.simple_tag
def measured(amount: Decimal | None, book: RuleBook, named: bool = False) -> str:
    """``{% measured amount book %}``: so much of the measure by which the book grades; ``named``, if it is not assets."""
    text = measure_text(amount, book)
    return f"{text} {measure_name(book)}" if named and book.policy.metric in book.measures else text


@register.filter
def measure_name(book: RuleBook, measure: str = "") -> str:
    """What a measure is called, else the policy's leading one."""
    key = measure or book.policy.metric
    if key in book.measures:
        return called(book.measures[key])
    return "AUM" if key == "aum" else str(_("Monthly average"))


def grade_words(grade: Grade, book: RuleBook) -> str:
    """A grade's name, with the share of customers that it is for."""
    if grade.within_top is None:
        return called(grade)
    words = {"grade": called(grade), "share": per_cent(grade.within_top)}
    if book.policy.top_of == "branch":
        return _("%(grade)s (best %(share)s of the branch)") % words
    return _("%(grade)s (best %(share)s of the bank)") % words


def other_ways(grade: Grade, book: RuleBook) -> str:
    """What the policy's other measures have to reach for a grade, in words; empty where none leads to it."""
    ways = [f"{measure_name(book, key)} ≥ {measure_text(bound, book, key)}" for key, bound in grade.minimums.items()]
    return " / ".join(ways)


@register.simple_tag(takes_context=True)
def yuan(context: template.Context, amount: float) -> str:
    """``{% yuan average %}``: a computed amount (not a booked one), rounded to the cent."""
    return money(context, Decimal(amount).quantize(Decimal("0.01")))


@register.filter
def exact(value: int | str) -> str:
    """A count or a control total in full, with thousands separators."""
    return f"{Decimal(value):,}"


@register.filter
def called(entry: Any) -> str:
    """The name of a rule book's entry, a product or a branch in the reader's language."""
    if entry is None:
        return ""
    language = get_language() or "zh-hans"
    if hasattr(entry, "title"):
        return str(entry.title(language))
    return str(entry.name(language)) if hasattr(entry, "zh") else str(entry)


@register.filter
def in_language(bilingual: Any) -> str:
    """The reader's language of a text that exists in both (an object with ``text(language)``)."""
    return str(bilingual.text(get_language() or "zh-hans"))


@register.filter
def day(value: date | None) -> str:
    """A date as branches write it: 2026年3月5日, 5 Mar 2026."""
    return format_date(value, "j M Y" if english() else "Y年n月j日") if value else "—"


@register.filter
def month(value: date) -> str:
    """A month as branches write it: 2026年3月, Mar 2026."""
    return format_date(value, "M Y" if english() else "Y年n月")


@register.filter
def weekday(value: date) -> str:
    """A working day with its weekday, without the year."""
    return format_date(value, "D j M" if english() else "n月j日 l")


@register.simple_tag
def grade_badge(book: RuleBook, rank: int) -> SafeString:
    """A grade as a coloured badge. The colour follows the rank, so it works with the grades of any rule book."""
    grade = list(book.grades.values())[rank]
    step = round(5 * rank / max(1, len(book.grades) - 1))
    return format_html('<span class="badge grade grade-{}">{}</span>', step, called(grade))


@register.filter
def item(mapping: dict[Any, Any], key: Any) -> Any:
    """``{{ mapping|item:key }}``."""
    return mapping.get(key)


@register.filter
def at(values: Any, place: int) -> Any:
    """``{{ values|at:index }}``."""
    return values[place]


@register.filter
def per_cent(share: Decimal | float | None) -> str:
    """A fraction as a percentage: 0.125 is 12.5%; "—" where there is none."""
    return "—" if share is None else f"{100 * float(share):.3g}%"


@register.filter
def whole_per_cent(share: Decimal) -> str:
    """An estimated fraction as a percentage without decimals."""
    return f"{100 * share:.0f}%"


@register.filter
def unlocalized(number: Decimal) -> str:
    """A number as JavaScript reads it: without separators or exponent."""
    return f"{number:f}"


def fact_words(field: CatalogueField, value: str) -> str:
    """A stored value for display: masked if the catalogue says so, a date as branches write it, a choice by its name."""
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


@register.filter
def name_mask(name: str) -> str:
    """张*明, 李*: keeps the first character and, of three or more, the last."""
    return name[:1] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > 2 else "")


@register.filter
def talk_of(entry: Any) -> str:
    """The talk track of a rule book's entry in the reader's language."""
    return str(entry.talk(get_language() or "zh-hans"))


def mask(field: CatalogueField, value: str) -> str:
    """138****1234, 110***********123X; anything else keeps its first third, at most six characters."""
    if field.kind == "mobile" and len(value) >= 7:
        return phone_mask(value)
    if field.kind == "identity" and len(value) > 7:
        return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"
    return f"{value[: min(6, len(value) // 3)]}****"

"""The one catalogue of what segments ask: each field with its kind, its comparisons and where its values are.

The archive's fields are those of the rule book's catalogue, under ``fact:KEY``; everything else stands in FIELDS. No
condition is ever written as SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.engine.contract import CATEGORIES
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import DATE_KINDS, CatalogueField
from weihu.workplace.act.segments import found
from weihu.workplace.bank.models import Branch, Product, Staff
from weihu.workplace.base.words import called
from weihu.workplace.contact.models import Outcome
from weihu.workplace.gate.reach import Gate

Takes = Literal["amount", "number", "choice", "text", "nothing"]
Choices = list[tuple[str, str]]
FACT = "fact:"
"""Begins the key of a field of the archive."""


@dataclass(frozen=True)
class Comparison:
    """How a value is compared: what the reader enters besides, and the words with ``%(value)s`` for it."""

    takes: Takes
    name: Promise
    words: Promise


COMPARISONS: dict[str, Comparison] = {
    "least": Comparison("amount", _("at least"), _("at least %(value)s")),
    "most": Comparison("amount", _("no more than"), _("at most %(value)s")),
    "from": Comparison("number", _("at least"), _("at least %(value)s")),
    "to": Comparison("number", _("no more than"), _("at most %(value)s")),
    "equal": Comparison("number", _("exactly"), _("exactly %(value)s")),
    "is": Comparison("choice", _("is"), _("is %(value)s")),
    "is_not": Comparison("choice", _("is not"), _("is not %(value)s")),
    "or_higher": Comparison("choice", _("is or is above"), _("%(value)s or above")),
    "or_lower": Comparison("choice", _("is or is below"), _("%(value)s or below")),
    "has": Comparison("choice", _("include"), _("include %(value)s")),
    "has_not": Comparison("choice", _("do not include"), _("do not include %(value)s")),
    "within": Comparison("number", _("within so many days"), _("within %(value)s days")),
    "not_within": Comparison("number", _("not within so many days"), _("not within %(value)s days")),
    "this_month": Comparison("nothing", _("this month"), _("this month")),
    "not_this_month": Comparison("nothing", _("not this month"), _("not this month")),
    "never": Comparison("nothing", _("never"), _("never")),
    "yes": Comparison("nothing", _("Yes"), _("(yes)")),
    "no": Comparison("nothing", _("No"), _("(no)")),
    "known": Comparison("nothing", _("is known"), _("is known")),
    "unknown": Comparison("nothing", _("is not known"), _("is not known")),
    "says": Comparison("text", _("is"), _("is %(value)s")),
    "month": Comparison("number", _("falls in month"), _("falls in month %(value)s")),
}
KINDS: dict[str, tuple[str, ...]] = {
    "amount": ("least", "most"),
    "count": ("from", "to", "equal"),
    "grade": ("or_higher", "is", "or_lower", "is_not"),
    "choice": ("is", "is_not"),
    "set": ("has", "has_not"),
    "past": ("within", "not_within", "this_month", "not_this_month", "never"),
    "ahead": ("within", "not_within"),
    "answer": ("yes", "no"),
    "fact_choice": ("is", "known", "unknown"),
    "fact_amount": ("least", "most", "known", "unknown"),
    "fact_number": ("from", "to", "known", "unknown"),
    "fact_date": ("month", "known", "unknown"),
    "fact_text": ("says", "known", "unknown"),
}
"""The comparisons of each kind of field, the usual one first."""
FACT_KINDS = {
    **dict.fromkeys(("choice", "choices", "boolean"), "fact_choice"),
    **dict.fromkeys(("number", "year"), "fact_number"),
    **dict.fromkeys(DATE_KINDS, "fact_date"),
    "money": "fact_amount",
}


@dataclass(frozen=True)
class SegmentField:
    """A field that a condition can be on. ``column``: of the night's state (``state.STATE``); without one the day's tables
    or the night's other tables answer (``day``, ``state``). ``choices``: what there is to choose from."""

    title: Promise | str
    group: str
    kind: str
    column: str = ""
    choices: Callable[[Gate], Choices] = lambda gate: []
    entry: CatalogueField | None = None

    @property
    def comparisons(self) -> tuple[str, ...]:
        """Keys of COMPARISONS."""
        return KINDS[self.kind]


GROUPS: dict[str, Promise] = {
    "grade": _("Grade and who answers"),
    "money": _("Assets and flows"),
    "products": _("Products and maturities"),
    "contact": _("Contacts and consent"),
    "reasons": _("Signals and occasions"),
    "archive": _("Archive"),
}
CATEGORY_NAMES: dict[str, Promise] = {
    "demand": _("Demand deposit"),
    "term": _("Term deposit"),
    "wealth": _("Wealth product"),
    "fund": _("Fund"),
    "insurance": _("Insurance"),
    "loan": _("Loan"),
    "card": _("Card"),
    "standing_order": _("Standing order"),
}
MATURING = ("term", "wealth")


def _grades(gate: Gate) -> Choices:
    return [(key, called(grade)) for key, grade in gate.run.rulebook.grades.items()]


def _branches(gate: Gate) -> Choices:
    wanted = gate.branches or [gate.staff.branch_id]
    return [(row.pk, row.name) for row in Branch.objects.filter(pk__in=wanted).order_by("pk")]


def _people(gate: Gate) -> Choices:
    return [(row.staff_id, row.name) for row in _colleagues(gate)]


def _colleagues(gate: Gate) -> list[Staff]:
    posts = {post for grade in gate.run.rulebook.grades.values() for post in grade.posts}
    return list(gate.colleagues().filter(post__in=posts))


def _categories(gate: Gate) -> Choices:
    return [(key, str(CATEGORY_NAMES[key])) for key in CATEGORIES]


def _products(gate: Gate) -> Choices:
    return [(row.pk, called(row)) for row in Product.objects.order_by("category", "pk")]


def _signals(gate: Gate) -> Choices:
    return [(key, called(entry)) for key, entry in gate.run.rulebook.signals.items()]


def _purposes(gate: Gate) -> Choices:
    return [(key, called(entry)) for key, entry in gate.run.rulebook.consents.items()]


def _outcomes(gate: Gate) -> Choices:
    return [(key, str(label)) for key, label in Outcome.choices]


def _found(gate: Gate) -> Choices:
    return list(found.names().items())


FIELDS: dict[str, SegmentField] = {
    "grade": SegmentField(_("Grade"), "grade", "grade", "grade_rank", _grades),
    "grade_since": SegmentField(_("Grade since"), "grade", "past", "grade_since"),
    "watch": SegmentField(_("On watch"), "grade", "answer", "watched"),
    "branch": SegmentField(_("Branch"), "grade", "choice", "branch_id", _branches),
    "primary": SegmentField(_("Primary"), "grade", "choice", "primary_id", _people),
    "unassigned": SegmentField(_("Without a primary"), "grade", "answer", "unassigned"),
    "aum": SegmentField("AUM", "money", "amount", "aum"),
    "average": SegmentField(_("Monthly average"), "money", "amount", "monthly_average"),
    "flow_7": SegmentField(_("Change of AUM in 7 days"), "money", "amount", "flow_7"),
    "flow_30": SegmentField(_("Change of AUM in 30 days"), "money", "amount", "flow_30"),
    "flow_90": SegmentField(_("Change of AUM in 90 days"), "money", "amount", "flow_90"),
    "flow_365": SegmentField(_("Change of AUM in 365 days"), "money", "amount", "flow_365"),
    "contribution": SegmentField(_("Contribution a year"), "money", "amount", "contribution"),
    "worth": SegmentField(_("Expected worth"), "money", "amount", "worth"),
    "elsewhere": SegmentField(_("Probably at other banks (estimate)"), "money", "amount"),
    "liabilities": SegmentField(_("Loans owed"), "money", "amount", "liabilities"),
    "moved": SegmentField(_("Last moved"), "money", "past", "moved_on"),
    "holds": SegmentField(_("Products held"), "products", "set", "held", _categories),
    "product": SegmentField(_("Single products held"), "products", "set", choices=_products),
    "products": SegmentField(_("Number of products"), "products", "count", "product_count"),
    **{
        f"in_{key}": SegmentField(title, "products", "amount", f"in_{key}")
        for key, title in {
            "demand": _("Amount in demand deposits"),
            "term": _("Amount in term deposits"),
            "wealth": _("Amount in wealth products"),
            "fund": _("Amount in funds"),
            "insurance": _("Amount in insurance"),
        }.items()
    },
    "term_matures": SegmentField(_("A term deposit matures"), "products", "ahead", "matures_term"),
    "wealth_matures": SegmentField(_("A wealth product matures"), "products", "ahead", "matures_wealth"),
    "customer_since": SegmentField(_("Customer since"), "products", "past", "opened_on"),
    "last_contact": SegmentField(_("Last contact"), "contact", "past", "last_contact"),
    "last_outcome": SegmentField(_("Result of the last contact"), "contact", "choice", choices=_outcomes),
    "follow_up": SegmentField(_("Agreed next contact"), "contact", "ahead", "follow_up_on"),
    "consent": SegmentField(_("Consents given"), "contact", "set", choices=_purposes),
    "signal": SegmentField(_("Open signals"), "reasons", "set", choices=_signals),
    "losing": SegmentField(_("On the early loss list"), "reasons", "answer", "losing"),
    "birthday": SegmentField(_("Birthday"), "reasons", "ahead", "birth_month_day"),
    "found": SegmentField(_("Segment found from data"), "reasons", "choice", choices=_found),
    "age": SegmentField(_("Age"), "archive", "count", "age"),
    "complete": SegmentField(_("Missing facts of the archive"), "archive", "count", "missing_facts"),
}
"""What is not of the archive's catalogue. A score has its row here once a night writes it."""


def fields_of(book: RuleBook) -> Mapping[str, SegmentField]:
    """All fields that a book offers, by key, in the order of pages."""
    facts = {
        f"{FACT}{key}": SegmentField(
            called(entry), "archive", FACT_KINDS.get(entry.kind, "fact_text"), choices=_offered(entry), entry=entry
        )
        for key, entry in book.fields.items()
        if key != "name"
    }
    return {**FIELDS, **facts}


def _offered(entry: CatalogueField) -> Callable[[Gate], Choices]:
    if entry.kind == "boolean":
        return lambda gate: [("yes", str(COMPARISONS["yes"].name)), ("no", str(COMPARISONS["no"].name))]
    return lambda gate: [(choice.key, called(choice)) for choice in entry.choices]

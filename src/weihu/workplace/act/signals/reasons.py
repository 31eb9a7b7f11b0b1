"""Open signals of customers, and their words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils.translation import get_language

from weihu.rules.advice import Matter, most_urgent_first
from weihu.rules.events import Speaker, Told, grouped, sentence
from weihu.rules.metric import EVIDENCE
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.signals import leaving
from weihu.workplace.bank.models import Branch, Product, Signal
from weihu.workplace.base.words import amount_text, called, day, english, measure_text
from weihu.workplace.contact.models import Answer
from weihu.workplace.gate.models import Origin
from weihu.workplace.gate.reach import Gate


@dataclass(frozen=True)
class Reason(Matter[Signal]):
    """One reason of a task, and its words once somebody reads them (a list shows the first of each task)."""

    names: Names

    @cached_property
    def text(self) -> str:
        """Why the customer is on the list: what the signal says, or with others the sentence of the whole event."""
        return sentence(self.signal, self.others, self.names.book, speaker(self.names)) or self.evidence[0][1]

    @cached_property
    def evidence(self) -> list[tuple[Signal, str]]:
        """The signals with what each of them says by itself."""
        return [(signal, reason(signal, self.names)) for signal in self.signals]

    @property
    def suggested(self) -> str:
        """What to do."""
        return self.suggestion(self.names.book, _language())


def open_signals(gate: Gate, customer_ids: list[str]) -> dict[str, list[Signal]]:
    """Open signals per customer, the most urgent first, less those answered since the night read the day's contacts."""
    book = gate.run.rulebook
    answered = set(
        Answer.objects.filter(customer_id__in=customer_ids, on__gte=gate.run.business_date).values_list(
            "customer_id", "kind", "subject"
        )
    )
    by_customer: dict[str, list[Signal]] = defaultdict(list)
    for signal in gate.signals(customer_ids):
        if (signal.customer_id, signal.kind, signal.subject) not in answered:
            by_customer[signal.customer_id].append(signal)
    return {customer: most_urgent_first(signals, book) for customer, signals in by_customer.items()}


def reasons_of(names: Names, signals: list[Signal]) -> list[Reason]:
    """A customer's signals as reasons, each event once: by the signal that leads it, if that is still open."""
    return [Reason(signal, others, names) for signal, others in grouped(signals)]


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


def speaker(names: Names) -> Speaker:
    """How the reader's language writes what an event's sentence is made of."""
    return Speaker(
        _language(),
        lambda amount: amount_text(amount, names.book.currency),
        day,
        lambda signal: _detail(signal, names),
    )


def _language() -> str:
    return get_language() or "zh-hans"


def reason(signal: Signal, names: Names) -> str:
    """Why the customer is on the list, in words with the evidence filled in."""
    book = names.book
    rule = book.signals[signal.kind]

    def worth(part: str) -> str:
        amount: Decimal | None = getattr(signal, part)
        if part in EVIDENCE.get(signal.kind, ()):
            return measure_text(amount, book)
        return amount_text(amount, book.currency)

    return rule.text("reason", _language()).format(
        amount=worth("amount"),
        base=f"{signal.base:.0f}" if signal.kind == "benefit_expiring" and signal.base is not None else worth("base"),
        limit=worth("limit"),
        date=day(signal.on_date),
        detail=_detail(signal, names),
    )


def _detail(signal: Told, names: Names) -> str:
    """The evidence's names: grades, fields, branches and products by the reader's language."""
    in_words = DETAILS.get(signal.kind)
    return in_words(signal.detail, names) if in_words else signal.detail


def _regraded(detail: str, names: Names) -> str:
    before, _arrow, after = detail.partition(">")
    return f"{called(names.book.grades.get(before))} → {called(names.book.grades.get(after))}"


def _fields(detail: str, names: Names) -> str:
    comma = ", " if english() else "、"
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
    "handed_over": lambda detail, names: str(Origin(detail).label),
    "benefit_expiring": lambda detail, names: called(names.book.benefits.get(detail)),
    "missing_facts": _fields,
    "inter_branch": _branch,
    "maturity": _product,
    "matured": _product,
    "loan_ending": _product,
    "card_expiring": _product,
    "leaving": lambda detail, names: leaving.in_words(detail, names.book.currency),
    "festival": lambda detail, names: called(names.book.festivals.get(detail)),
    "life_occasion": _occasion,
    "care_step": _step,
    "care_deputy": _step,
}
"""How a signal's detail is written, by its kind."""

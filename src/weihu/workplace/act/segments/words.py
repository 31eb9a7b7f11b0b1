"""A segment in words, in the reader's language; what is wrong with a row; the rows of the builder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from weihu.rules.catalogue import read, shown
from weihu.workplace.act.segments.definition import Condition, Definition, Group, Join, fault
from weihu.workplace.act.segments.fields import COMPARISONS, GROUPS, SegmentField, fields_of
from weihu.workplace.base.words import amount_text
from weihu.workplace.gate.reach import Gate

FAULTS: dict[str, Promise] = {
    "gone": lazy("This field is not in the rule book any more."),
    "empty": lazy("Not counted until it has a value."),
    "amount": lazy("Expected: an amount, such as 500,000 or 50万."),
    "number": lazy("Expected: a whole number."),
    "month": lazy("Expected: a month from 1 to 12."),
    "text": lazy("Expected: a value that the field can have."),
    "choice": lazy("Expected: one of the choices."),
}
JOIN_NAMES: dict[Join, Promise] = {"all": lazy("all of"), "any": lazy("any of"), "none": lazy("none of")}


class Words:
    """The fields of a book as a person may use them, read once for a page."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._choices: dict[str, dict[str, str]] = {}

    @cached_property
    def fields(self) -> Mapping[str, SegmentField]:
        """All fields by key."""
        return fields_of(self._gate.run.rulebook)

    @cached_property
    def grouped(self) -> list[tuple[Promise, list[tuple[str, SegmentField]]]]:
        """The fields as the builder offers them."""
        return [
            (title, [(key, field) for key, field in self.fields.items() if field.group == group])
            for group, title in GROUPS.items()
        ]

    def choices(self, key: str) -> dict[str, str]:
        """What a field offers, by key."""
        if key not in self._choices:
            self._choices[key] = dict(self.fields[key].choices(self._gate))
        return self._choices[key]

    def fault(self, row: Condition) -> str:
        """What is wrong with a row, "" if nothing is."""
        key = fault(row, self.fields)
        if not key and COMPARISONS[row.comparison].takes == "choice" and row.value not in self._offered(row):
            key = "choice"
        return str(FAULTS[key]) if key else ""

    def condition(self, row: Condition) -> str:
        """A row: "AUM at least 50万"."""
        field = self.fields.get(row.field)
        if field is None or row.comparison not in field.comparisons:
            return str(FAULTS["gone"])
        comparison = COMPARISONS[row.comparison]
        words = (
            str(comparison.words) % {"value": self._value(row)} if comparison.takes != "nothing" else comparison.words
        )
        return _("%(field)s %(words)s") % {"field": str(field.title), "words": words}

    def definition(self, definition: Definition) -> str:
        """A whole segment in a sentence."""
        if not definition.groups:
            return _("Every customer")
        parts = [self._group(group, len(definition.groups) > 1) for group in definition.groups]
        return _joined(definition.join, parts)

    def row(self, place: str, row: Condition, asked: bool, focus: str) -> dict[str, Any]:
        """What the builder shows of a row. ``asked``: whether to say that it has no value yet; ``focus``: the id of what has
        the focus on the page; ``changes``: whether another comparison may take another value."""
        field = self.fields[row.field]
        comparison = COMPARISONS[row.comparison]
        return {
            "place": place,
            "field": row.field,
            "comparison": row.comparison,
            "value": row.value,
            "takes": comparison.takes,
            "comparisons": [(key, COMPARISONS[key].name) for key in field.comparisons],
            "choices": self.choices(row.field).items() if comparison.takes in ("choice", "text") else (),
            "changes": len({COMPARISONS[key].takes for key in field.comparisons}) > 1,
            "focus": focus.removeprefix(f"segment-{place}-"),
            "fault": self.fault(row) if row.value or asked else "",
        }

    def _group(self, group: Group, several: bool) -> str:
        words = _joined(group.join, [self.condition(row) for row in group.conditions])
        return _("(%(words)s)") % {"words": words} if several and len(group.conditions) > 1 else words

    def _offered(self, row: Condition) -> dict[str, str]:
        """A branch or a person out of the reader's reach is offered to nobody, and meant all the same where it stands in a
        segment that was shared."""
        offered = self.choices(row.field)
        return {**offered, row.value: row.value} if row.field in ("branch", "primary") else offered

    def _value(self, row: Condition) -> str:
        takes, field = COMPARISONS[row.comparison].takes, self.fields[row.field]
        if fault(row, self.fields):
            return row.value or "…"
        if takes == "amount":
            return amount_text(row.amount, self._gate.run.rulebook.currency)
        if takes == "text" and field.entry:
            return shown(field.entry, read(field.entry, row.value), get_language() or "zh-hans")
        return self.choices(row.field).get(row.value, row.value) if takes == "choice" else row.value


def _joined(join: Join, parts: list[str]) -> str:
    if join == "none":
        return _("none of: %(parts)s") % {"parts": _("; ").join(parts)}
    return (_(" and ") if join == "all" else _(" or ")).join(parts)

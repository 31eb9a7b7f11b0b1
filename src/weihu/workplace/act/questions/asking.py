"""A question: which customers, grouped by what, told of by which measures, as of when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from django.http import QueryDict

from weihu.workplace.act.questions.dimensions import DIMENSIONS
from weihu.workplace.act.questions.measures import MEASURES
from weihu.workplace.act.segments.definition import Definition
from weihu.workplace.act.segments.fields import SegmentField

LATEST = ""
MONTHS = (3, 6, 12)
MONTHS_OF = "months:"
"""Begins a ``when`` of so many months."""


@dataclass(frozen=True)
class Asked:
    """``rows`` and ``columns``: keys of DIMENSIONS, "" for none; ``measures``: keys of MEASURES, the one that is ``shown``
    where a table and a chart have room for one; ``when``: LATEST, a date, or the last so many months' ends."""

    definition: Definition
    rows: str
    columns: str
    measures: tuple[str, ...]
    shown: str
    when: str

    @property
    def axes(self) -> tuple[str, ...]:
        """The dimensions that customers are grouped by, the rows' first."""
        return tuple(dict.fromkeys(key for key in (self.rows, self.columns) if key))

    @property
    def months(self) -> int:
        """So many months are told side by side; 0: one night is."""
        return int(self.when.removeprefix(MONTHS_OF)) if self.when.startswith(MONTHS_OF) else 0

    @property
    def on(self) -> date | None:
        """The date that is asked for; None: the latest night, or months."""
        return date.fromisoformat(self.when) if self.when and not self.months else None

    def written(self) -> str:
        """As it is kept."""
        parts = [self.definition.written(), self.rows, self.columns, [*self.measures], self.shown, self.when]
        return json.dumps(parts, ensure_ascii=False)

    @classmethod
    def kept(cls, written: str) -> Self:
        """As ``written`` left it, without what is not offered any more."""
        definition, rows, columns, measures, shown, when = json.loads(written)
        return cls._known(Definition.kept(definition), rows, columns, measures, shown, when)

    @classmethod
    def of(cls, sent: QueryDict, fields: Mapping[str, SegmentField]) -> Self:
        """As a form sends it: the conditions of a segment, then ``rows``, ``columns``, ``measure``s, ``shown``, ``when``."""
        chosen: Mapping[str, Any] = {name: sent.get(name, "") for name in ("rows", "columns", "shown", "when")}
        return cls._known(Definition.of(sent, fields), measures=sent.getlist("measure"), **chosen)

    @classmethod
    def _known(
        cls, definition: Definition, rows: str, columns: str, measures: list[str], shown: str, when: str
    ) -> Self:
        chosen = tuple(key for key in MEASURES if key in measures) or ("customers",)
        return cls(
            definition,
            rows if rows in DIMENSIONS else "",
            columns if columns in DIMENSIONS else "",
            chosen,
            shown if shown in chosen else chosen[0],
            when if _is_when(when) else LATEST,
        )


def _is_when(when: str) -> bool:
    if when in {f"{MONTHS_OF}{months}" for months in MONTHS}:
        return True
    try:
        return date.fromisoformat(when).isoformat() == when
    except ValueError:
        return False

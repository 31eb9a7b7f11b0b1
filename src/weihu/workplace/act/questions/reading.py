"""Questions behind the gate: whose they are, the nights that they are of, and the sums within the reader's reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weihu.workplace.act.questions.asking import Asked
from weihu.workplace.act.questions.dimensions import DIMENSIONS, Value
from weihu.workplace.act.questions.measures import Sums
from weihu.workplace.act.questions.models import Question
from weihu.workplace.act.questions.state import Axis, Keys, sums
from weihu.workplace.act.segments.definition import Definition
from weihu.workplace.act.segments.reading import answered, answered_of, kept_nights, usable
from weihu.workplace.act.segments.state import State
from weihu.workplace.bank.models import Run
from weihu.workplace.gate.reach import Gate


@dataclass(frozen=True)
class Answer:
    """What was found: of each night that was asked (the oldest first) its sums by group, None where its rule book does not
    know a condition; and the values of each axis, those that somebody has."""

    nights: Sequence[tuple[Run, dict[Keys, Sums] | None]]
    values: Sequence[Sequence[Value]]


def visible(gate: Gate) -> list[Question]:
    """The reader's own questions, then those that are shared with the reader's post, by name."""
    return usable(gate, Question.objects.order_by("name", "pk"))


def chosen(asked: Asked, run: Run) -> list[Run]:
    """The nights that a question is of, the oldest first; of a date whose columns are not kept, the latest before it."""
    kept = kept_nights(run)
    if asked.months:
        return list(reversed(kept[: asked.months]))
    on = asked.on or run.business_date
    return [next((night for night in kept if night.business_date <= on), kept[-1])]


def ask(gate: Gate, asked: Asked) -> Answer:
    """The answer to a question within reach. Raises archive's TooWide."""
    definition, axes = asked.definition.complete(gate.run.rulebook), _axes(gate, asked)
    every = [definition, *(meets for axis in axes for _key, meets in axis.values)]

    def told(state: State) -> dict[Keys, Sums]:
        return sums(state, definition, axes, gate.scope)

    found: list[tuple[Run, dict[Keys, Sums] | None]] = []
    for night in chosen(asked, gate.run):
        if night == gate.run:
            found.append((night, answered(gate, every, told)))
        else:
            known = all(each.complete(night.rulebook) == each for each in every)
            found.append((night, answered_of(night, gate, every, told) if known else None))
    return Answer(found, [_values(gate, key, place, found) for place, key in enumerate(asked.axes)])


def narrowed(gate: Gate, asked: Asked, keys: Sequence[str | None]) -> Definition | None:
    """The customers of a group as a segment; None where groups of rows cannot say it."""
    parts = []
    for axis, key in zip(asked.axes, keys, strict=True):
        if key is not None:
            values = DIMENSIONS[axis].values(gate, {key})
            parts += [value.meets for value in values if value.key == key]
    return asked.definition.complete(gate.run.rulebook).narrowed(*parts)


def _axes(gate: Gate, asked: Asked) -> tuple[Axis, ...]:
    axes = []
    for key in asked.axes:
        dimension = DIMENSIONS[key]
        values = () if dimension.column else dimension.values(gate, ())
        axes.append(Axis(key, tuple((value.key, value.meets) for value in values)))
    return tuple(axes)


def _values(gate: Gate, key: str, place: int, found: Sequence[tuple[Run, dict[Keys, Sums] | None]]) -> list[Value]:
    """The values of an axis that somebody has, in their order."""
    sizes: dict[str, int] = {}
    for _night, groups in found:  # the latest night decides the order
        for keys, group in (groups or {}).items():
            value = keys[place]
            if value is not None and all(other is None for at, other in enumerate(keys) if at != place):
                sizes[value] = group["customers"]
    values = [value for value in DIMENSIONS[key].values(gate, sizes) if value.key in sizes]
    return sorted(values, key=lambda value: -sizes[value.key]) if DIMENSIONS[key].by_size else values

"""One night's tables in an engine: bound, computed step by step, written. No web server, no clock."""

from __future__ import annotations

import calendar as months
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from weihu.engine.landing.land import Landed
from weihu.engine.parts import link_parts, parts_of
from weihu.engine.protocol import Engine, table_of
from weihu.nightly.graph import Graph, Source, Step, rows_of
from weihu.nightly.steps import PAST_LEVELS, PAST_MOVEMENTS
from weihu.nightly.together import carry_out
from weihu.rules import attrition, value
from weihu.rules.nights import nearest
from weihu.rules.occasions import festivals
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import BenefitExpiring, Birthday, FestivalGreeting
from weihu.rules.workdays import WorkingDays

OFTEN = 2
"""From so many readers on, a table is worth keeping in memory."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Before:
    """The run that the night builds on: its folder and calendar facts; none before the first night."""

    folder: Path
    business_date: date
    month_days: int
    grades: list[str]

    def follows(self, on: date) -> bool:
        """Whether the night is of the month of a date."""
        return self.business_date.replace(day=1) == on.replace(day=1)


@dataclass(frozen=True)
class Past:
    """Files of nights further back: movements that leave the windows, by the days that they tell of, and levels that
    features look back to, by their dates."""

    movements: Mapping[date, Path]
    levels: Mapping[date, Path]


class Night:
    """One night. ``bind`` everything it starts from and ``bind_delivered``, then ``run`` its steps, then ``write`` what it leaves behind.

    ``report``: rows and seconds of every step, by what it makes; a step that an engine computes when it is read has no
    rows here, and its seconds stand with its reader.
    """

    def __init__(
        self, engine: Engine, graph: Graph, book: RuleBook, on: date, before: Before | None, days: WorkingDays
    ) -> None:
        self.engine = engine
        self.graph = graph
        self.book = book
        self.on = on
        self.days = days
        self.before = before
        self._last = before.business_date if before else on - timedelta(days=1)
        self._days = (on - self._last).days
        self._goes_on = before is not None and before.follows(on)
        self.month_days = 1 if before is None else on.day if not self._goes_on else before.month_days + self._days
        self.report: dict[str, dict[str, float]] = {}
        self._unchanged: dict[str, str] = {}

    def bind(self, delivered: Collection[str], past: Past, noted: Mapping[str, pa.Table]) -> None:
        """Put everything that is there before the delivery has landed under its name.

        ``delivered``: the files that the delivery has; ``past``: what earlier nights left; ``noted``: what the workplace
        recorded (steps.NOTED).
        """
        # a night that was refused may have left its tables
        self.engine.clear()
        self._list_day = self.days.list_day(self.on)
        self._latest = max([self._list_day.through, *noted["own_workdays"]["through"].to_pylist()])
        leaving = leaving_windows(self._last, self.on)
        spans = attrition.spans(self.on, self.book.attrition.level_days)
        looking_back = {days: nearest(on, past.levels) or on for days, on in spans.items()}
        gone = sorted({day for ranges in leaving.values() for day in days_of(*ranges)} & past.movements.keys())
        several = {
            PAST_MOVEMENTS: list(dict.fromkeys(past.movements[on] for on in gone)),
            PAST_LEVELS: [past.levels[on] for on in sorted(set(looking_back.values())) if on in past.levels],
        }
        own: dict[str, list[Row]] = {
            "days_between": [{"on": on} for on in days_of(self._last, self.on)[:-1]],
            "windows": [{"days": days, "after": after, "on": on} for days, (after, on) in leaving.items()],
            "spans": [{"days": days, "on": on} for days, on in looking_back.items()],
            "ranks": self._ranks(),
            "occasions": self._birthdays(),
            "week": self._month_days(1, self.book.lists.week_days),
            "festivals": self._festivals(),
            "benefits": self._benefits(),
            "cadences": self._cadences(),
        }
        self._merged = sum(noted["merges"]["active"].to_pylist())
        files: dict[str, list[Path]] = {}
        empty: set[str] = set()
        for source in self.graph.sources:
            there = True
            if source.name == "calendar":
                self.engine.bind_row(source.name, source.schema, self._calendar())
            elif source.origin == "stored":
                files[source.name] = several[source.name] if source.name in several else self._stored(source)
                there = bool(files[source.name])
            elif source.origin == "delivered":
                there = source.file in delivered
            else:
                rows = noted[source.name] if source.origin == "noted" else rows_of(source.schema, own[source.name])
                self.engine.bind_arrow(source.name, source.schema, rows)
                there = bool(rows.num_rows)
            if not there:
                empty.add(source.name)
        self._readers = self.graph.readers(empty)
        written = {step.makes for step in self.graph.steps if step.file}
        self.engine.expect({name: count + (name in written) for name, count in self._readers.items()})
        self._bind_files(files)

    def bind_delivered(self, landed: Landed) -> None:
        """Put the tables of the delivery under their names."""
        self._bind_files(
            {source.name: landed.paths(source.file) for source in self.graph.sources if source.origin == "delivered"}
        )

    def _bind_files(self, files: Mapping[str, list[Path]]) -> None:
        """Put tables of files under their names; those that tonight's steps read often are kept in memory."""
        for name, paths in files.items():
            self.engine.bind(name, self.graph.schemas[name], paths, often=self._readers[name] >= OFTEN)

    def run(self, watcher: Callable[[str], None] = lambda stage: None) -> dict[str, float]:
        """Every step, after those whose tables it reads; the seconds of each stage. ``watcher`` hears of each stage that
        begins, in their order.

        Of steps that run at the same time, each has its share of that time in the seconds of its stage.
        """
        steps = {step.makes: step for step in self.graph.steps}
        stages = list(dict.fromkeys(step.stage for step in self.graph.steps))
        taken: dict[str, float] = {}

        def begins(makes: str) -> None:
            while steps[makes].stage in stages:
                watcher(stages.pop(0))

        def make(makes: str) -> None:
            began = time.perf_counter()
            self._make(steps[makes])
            taken[makes] = time.perf_counter() - began

        began = time.perf_counter()
        waiting = {name: [table for table in step.needs if table in steps] for name, step in steps.items()}
        carry_out(waiting, make, self.engine.at_once(), begins)
        share = (time.perf_counter() - began) / sum(taken.values())
        seconds: dict[str, float] = {}
        for makes, step in steps.items():
            seconds[step.stage] = seconds.get(step.stage, 0.0) + taken[makes] * share
            self.report[makes] = {"seconds": round(taken[makes], 4)}
            if self.engine.computed(makes):
                self.report[makes]["rows"] = self.engine.rows(makes)
        return {stage: round(spent, 3) for stage, spent in seconds.items()}

    def _make(self, step: Step) -> None:
        constants = step.values(self.book)
        if step.same_without and not self.engine.rows(step.same_without):
            self.engine.alias(step.makes, step.origin)
            self._unchanged[step.makes] = step.origin
        elif step.solves:
            rows = step.rule(**{name: self.engine.read(table) for name, table in step.inputs.items()}, **constants)
            self.engine.bind_arrow(step.makes, step.schema, rows_of(step.schema, rows))
        else:
            schemas = self.graph.schemas
            inputs = {name: table_of(table, schemas[table]) for name, table in step.inputs.items()}
            self.engine.derive(step.makes, step.rule, **inputs, **constants)

    def write(self, folder: Path) -> None:
        """The new state as Parquet; a file whose table did not change is the same file as the night before."""
        stored = {source.name: source for source in self.graph.sources if source.origin == "stored"}
        written = {step.file: step for step in self.graph.steps if step.file}

        def write(file: str) -> None:
            step, target = written[file], folder / f"{file}.parquet"
            origin = stored.get(self._unchanged.get(step.makes, ""))
            kept = self._stored(origin) if origin else []
            if kept and pq.read_schema(parts_of(kept[0])[0]).names == list(step.schema):
                link_parts(kept[0], target)
            else:
                self.engine.write(step.makes, target, step.order)

        carry_out(dict.fromkeys(written, ()), write, self.engine.at_once())

    def totals(self) -> dict[str, Any]:
        """Both sides of the night's reconciliation: sums over customers and over accounts."""
        customers = self.engine.read("summary").to_pylist()
        accounts = self.engine.read("account_totals").to_pylist()[0]
        return {
            "customers": sum(row["customers"] for row in customers) + self._merged,
            "customer_aum": sum((row["aum"] for row in customers), Decimal("0.00")),
            "accounts": accounts["accounts"],
            "account_aum": accounts["aum"],
        }

    def counts(self) -> dict[str, Any]:
        """What the run report says of the new state."""
        rows = self.engine.read("summary").to_pylist()
        grades = dict.fromkeys(self.book.grades, 0)
        effective = dict.fromkeys(self.book.grades, 0)
        complete: dict[str, list[int]] = {}
        for row in rows:
            grade = list(self.book.grades)[row["grade_rank"]]
            grades[grade] += row["customers"]
            if row["effective"]:
                effective[grade] += row["customers"]
                sums = complete.setdefault(row["branch_id"], [0, 0, 0])
                for place, name in enumerate(("customers", "facts_expected", "facts_known")):
                    sums[place] += row[name]
        raised = {row["kind"]: row["customers"] for row in self.engine.read("signal_counts").to_pylist()}
        top = self.engine.read("top")["aum"].to_pylist()
        return {
            "grades": grades,
            "effective_grades": effective,
            "signals": dict.fromkeys(self.book.signals, 0) | raised,
            "tasks": self.engine.rows("tasks"),
            "on_watch": sum(row["on_watch"] for row in rows if row["effective"]),
            "unassigned": sum(row["unassigned"] for row in rows),
            "not_effective": sum(row["customers"] for row in rows if not row["effective"]),
            "completeness": dict(sorted(complete.items())),
            "top_from": f"{top[0] if top else Decimal(0):.2f}",
        }

    def _stored(self, source: Source) -> list[Path]:
        """The table that the night before left; a state that earlier versions did not keep begins empty."""
        path = self.before.folder / f"{source.file}.parquet" if self.before else None
        return [path] if path and path.exists() else []

    def _calendar(self) -> Row:
        starts = self.before is not None and not self._goes_on
        last_day = months.monthrange(self.on.year, self.on.month)[1]
        return {
            "business_date": self.on,
            "before": self._last,
            "days": self._days,
            "month_days": self.month_days,
            "is_month_start": starts,
            "last_month_days": self.before.month_days if self.before and starts else 1,
            "is_month_end": self.on.day == last_day,
            "is_first": self.before is None,
            "works_on": self._list_day.on,
            "through": self._list_day.through,
            "latest": self._latest,
        }

    def _ranks(self) -> list[Row]:
        """What the old ranks are in a book with other grades; none if the grades are the same."""
        if self.before is None or self.before.grades == list(self.book.grades):
            return []
        kept = {key: rank for rank, key in enumerate(self.book.grades)}
        return [{"rank": rank, "now": kept.get(key)} for rank, key in enumerate(self.before.grades)]

    def _birthdays(self) -> list[Row]:
        """Birthdays from tomorrow on."""
        rule = self.book.signal(Birthday)
        last = self._latest + timedelta(days=rule.lead_days if rule else 0)
        return self._month_days(1, (last - self.on).days)

    def _month_days(self, first: int, last: int) -> list[Row]:
        """The days from the first to the last ahead; a birthday of 29 February is kept on the 28th in other years."""
        days = [self.on + timedelta(days=ahead) for ahead in range(first, last + 1)]
        rows = [{"month_day": day.month * 100 + day.day, "on": day} for day in days]
        leapless = [day for day in days if (day.month, day.day) == (2, 28) and not months.isleap(day.year)]
        return rows + [{"month_day": 229, "on": day} for day in leapless]

    def _festivals(self) -> list[Row]:
        """The festivals within the lead days of anybody's next list."""
        rule = self.book.signal(FestivalGreeting)
        if rule is None:
            return []
        last = self._latest + timedelta(days=rule.lead_days)
        return [{"festival": key, "on": on} for key, on in festivals(self.book, self.on + timedelta(days=1), last)]

    def _benefits(self) -> list[Row]:
        """The benefits whose period ends within the lead days of anybody's next list."""
        rule = self.book.signal(BenefitExpiring)
        last = self._latest + timedelta(days=rule.lead_days) if rule else date.min
        ends = {key: benefit.period_of(self.on)[1] for key, benefit in self.book.benefits.items()}
        return [
            {
                "benefit": key,
                "from_rank": self.book.rank(benefit.from_grade),
                "to_rank": self.book.rank(benefit.to_grade) if benefit.to_grade else len(self.book.grades) - 1,
                "quota": benefit.quota,
                "ends_on": ends[key],
            }
            for key, benefit in self.book.benefits.items()
            if self.on < ends[key] <= last
        ]

    def _cadences(self) -> list[Row]:
        """When contacts of late are to be followed by another, if the book counts working days."""
        if "cadences" not in self.book.working_days.counted_in:
            return []
        every = {grade.cadence_days for grade in self.book.grades.values() if grade.cadence_days}
        return [
            {"days": days, "since": since, "due_on": due_on}
            for days in sorted(every)
            for since, due_on in self.days.due_dates(self.on, days)
        ]


def leaving_windows(before: date, on: date) -> dict[int, tuple[date, date]]:
    """By the days of each window, the days whose movements leave it on a business date: those after the first up to the
    second. ``before``: the last night's date."""
    return {days: (before - timedelta(days=days), on - timedelta(days=days)) for days in value.WINDOW_DAYS}


def days_of(after: date, on: date) -> list[date]:
    """The days after a date up to another."""
    return [after + timedelta(days=number) for number in range(1, (on - after).days + 1)]

"""The night, in the order in which it happens.

verify -> land -> gather -> compile -> carry -> value -> grade -> assign -> signals -> lists -> plan -> measure -> write -> publish -> follow-ups
"""

from __future__ import annotations

import json
import shutil
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from weihu.engine.choice import opened
from weihu.engine.lake import Home
from weihu.engine.landing.faults import DeliveryFault, DeliveryRefused, OutOfOrder
from weihu.engine.landing.land import Landed, is_small, land
from weihu.engine.landing.manifest import Manifest, read_manifest
from weihu.engine.parts import remove_parts
from weihu.engine.protocol import Engine
from weihu.insight.kept import RULE_ALONE, Model
from weihu.nightly import followups, gather, publish, steps
from weihu.nightly.graph import Graph
from weihu.nightly.night import Before, Night, Past, days_of, leaving_windows
from weihu.nightly.steps import CORE_STATE
from weihu.rules import attrition, rulebook
from weihu.rules.nights import is_month_end, nearest
from weihu.rules.rulebook import RuleBook
from weihu.rules.worth import UNLEARNED, Outlook
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Book, Run
from weihu.workplace.gate.workdays import everybodys_days
from weihu.workplace.judge.grading.books import in_force
from weihu.workplace.see.modelcards.switching import looking_ahead, scoring

Watcher = Callable[[str], None]


@dataclass
class Nightly:
    """Runs nights in one home, one after the other; keeps the engine and its compiled rules between them."""

    home: Home
    watcher: Watcher = lambda step: None
    threads: int | None = None
    book: RuleBook = field(init=False)
    engine: Engine = field(init=False)
    _installed: RuleBook = field(init=False)
    _graph: Graph | None = field(init=False, default=None)
    _checked: Graph | None = field(init=False, default=None)
    _model: Model = field(init=False, default=RULE_ALONE)
    _outlook: Outlook = field(init=False, default=UNLEARNED)

    def __enter__(self) -> Nightly:
        """Take the home's lock (raises lake.Busy) and undo what a killed run left."""
        self._installed = self.book = rulebook.load(self.home.rulebook)
        self._lock = self.home.lock()
        try:
            self.home.tidy()
            publish.withdraw()
            self._forget_unpublished()
            self._finish()
            self.engine = opened(self.home, self.threads)
            self._publication = publish.Publication(self.home.seal)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()
        self._publication.close()
        self._lock.release()

    def run(self, delivery: Path) -> Run | None:
        """One night from one delivery; None if it is published already.

        Raises DeliveryRefused, OutOfOrder, and checksums.Damaged if what it builds on is not as it was left.
        """
        durations: dict[str, float] = {}
        manifest = read_manifest(delivery)
        last = current()
        if last and last.digest == manifest.digest and last.business_date == manifest.business_date:
            return None
        replaced = self._place(manifest, last)
        self._take_the_book_of(manifest.business_date)
        before = self._before(last.built_on if replaced and last else last.number if last else None)
        if manifest.currency != self.book.currency:
            text = f"the rule book's currency {self.book.currency}"
            raise DeliveryRefused(
                [
                    DeliveryFault(
                        "manifest.json", None, "currency", manifest.currency, f"制度的币种 {self.book.currency}", text
                    )
                ]
            )
        with self._step("verify", durations):
            past = self._verified(manifest.business_date, before, last)
        model = scoring(self.home)
        graph = self._graph_of(model, looking_ahead(self.home))
        days = everybodys_days(self.book, manifest.business_date)
        night = Night(self.engine, graph, self.book, manifest.business_date, before, days)
        landed = self._landed(night, delivery, manifest, past, durations)
        with self._step("compile", durations):
            if graph is not self._checked:
                graph.check(self.engine, self.book)
                self._checked = graph
        durations |= night.run(self.watcher)
        reconciliation = _reconcile(night.totals(), manifest)
        run = Run(
            number=(last.number if last else 0) + 1,
            business_date=manifest.business_date,
            digest=manifest.digest,
            revision=last.revision + 1 if replaced and last else 1,
            month_days=night.month_days,
            book=Book.of(self.book),
            built_on=self._number_of(before),
        )
        with self._step("write", durations):
            staging = self.home.staging("run")
            night.write(staging)
            folder = self._keep(staging, run, landed, before)
        counts = night.counts()
        self.engine.clear()
        with self._step("publish", durations):
            published = self.home.run(last.number) if last else None
            self._publication.open(run, folder, published, landed)
            written = self._publication.stage(last)
        run.report = {
            **counts,
            "warned_by": {"kind": model.scorer.kind, "learned_on": model.learned_on},
            "unannounced": days.unannounced(manifest.business_date),
            "reconciliation": reconciliation,
            "landed": landed.rows,
            "rows_written": written,
            "seconds": durations,
            "steps": night.report,
        }
        (folder / "report.json").write_text(
            json.dumps({"run": run.number, "date": str(run.business_date), **run.report}, indent=1)
        )
        self._publication.commit()
        followups.finish(run, folder)
        self._forget_old(run)
        return run

    def _landed(
        self, night: Night, delivery: Path, manifest: Manifest, past: Past, durations: dict[str, float]
    ) -> Landed:
        """The delivery, landed; everything that a night starts from is bound.

        What needs no delivery is gathered and bound while a small one lands; many rows have all memory for themselves.
        """
        folder = night.before.folder if night.before else None
        known = {file: folder / f"{state}.parquet" for file, state in CORE_STATE.items()} if folder else {}
        staging, posts = self.home.staging("landing"), list(self.book.posts)
        meanwhile = is_small(delivery, manifest, known)

        def gather_and_bind() -> None:
            night.bind(manifest.files, past, gather.gather(night.on, self.book, night.days))

        with ThreadPoolExecutor(1) as beside, self._step("land", durations):
            landing = beside.submit(land, delivery, manifest, staging, known, posts, self.home.seal, self.home.spill)
            if meanwhile:
                gather_and_bind()
            landed = landing.result()
        with self._step("gather", durations):
            if not meanwhile:
                gather_and_bind()
            night.bind_delivered(landed)
        return landed

    def _take_the_book_of(self, on: date) -> None:
        """The rule book in force on the date."""
        book = in_force(on, self._installed)
        if book is not self.book and book != self.book:
            self.book, self._graph = book, None

    def _graph_of(self, model: Model, outlook: Outlook) -> Graph:
        """The graph of a night by the book, a model and an outlook."""
        if self._graph is None or (model, outlook) != (self._model, self._outlook):
            self._graph = steps.night(self.book, model, outlook)
            self._model, self._outlook = model, outlook
        return self._graph

    @contextmanager
    def _step(self, name: str, durations: dict[str, float]) -> Iterator[None]:
        self.watcher(name)
        began = time.perf_counter()
        yield
        durations[name] = round(time.perf_counter() - began, 3)

    def _place(self, manifest: Manifest, last: Run | None) -> bool:
        """Whether the delivery corrects the last one; raises OutOfOrder unless it does or begins on the next day, and
        for a first one that tells of several days."""
        on, first = manifest.business_date, manifest.first_date
        if last is None:
            if first < on:
                text = f"{on} (the first delivery is of one day)"
                fault = DeliveryFault("manifest.json", None, "first_date", str(first), f"{on}(首次交付只含一天)", text)
                raise OutOfOrder([fault])
            return False
        if first == last.business_date + timedelta(days=1):
            return False
        before = _date_of(last.built_on)
        if on == last.business_date and first == (before + timedelta(days=1) if before else on):
            return True
        following = last.business_date + timedelta(days=1)
        late = on <= last.business_date
        zh = f"{following}(上一批次为 {last.business_date},{'更早的日期不再接收' if late else '中间缺少日期'})"
        en = f"{following} (the last run is of {last.business_date}; {'late days are not taken' if late else 'days are missing in between'})"
        column = "business_date" if first == on else "first_date"
        raise OutOfOrder([DeliveryFault("manifest.json", None, column, str(first), zh, en)])

    def _before(self, number: int | None) -> Before | None:
        if not number:
            return None
        run = Run.objects.get(number=number)
        return Before(self.home.run(number), run.business_date, run.month_days, list(run.rulebook.grades))

    def _number_of(self, before: Before | None) -> int | None:
        return int(before.folder.name) if before else None

    def _verified(self, on: date, before: Before | None, last: Run | None) -> Past:
        """The files of past nights that a night reads; they and the folders that it builds on and publishes after are as
        they were left, or checksums.Damaged is raised."""
        folders = {before.folder} if before else set()
        if last:
            folders.add(self.home.run(last.number))
        for folder in folders:
            self.home.checksums.verify(folder)
        rule = self.book.attrition
        if before is None:
            return Past({}, {})
        kept_from = on - timedelta(days=rule.kept_days)
        windows = leaving_windows(before.business_date, on).values()
        spans = attrition.spans(on, rule.level_days).values()
        leaving = {day for window in windows for day in days_of(*window)}
        nights = self._nights(before, min([*leaving, *spans]))
        dates = sorted(nights)
        # a night tells of the days since the one before it
        tells = {day: dates[bisect_left(dates, day)] for day in leaving if dates[0] <= day <= before.business_date}
        kept = [day for day, last in zip(dates, [None, *dates], strict=False) if _keeps_levels(day, last)]
        looking_back = {near for day in spans if day >= dates[0] and (near := nearest(day, kept))}
        looking_back = {day for day in looking_back if day > kept_from}
        moved = {night: self._left(nights[night], "movements.parquet") for night in set(tells.values())}
        return Past(
            {day: moved[night] for day, night in tells.items()},
            {day: self._left(nights[day], "levels.parquet") for day in looking_back},
        )

    def _nights(self, before: Before, since: date) -> dict[date, int]:
        """The runs that a night builds on, by their dates: from the last one before a date on."""
        runs = Run.objects.filter(number__lte=self._number_of(before), published=True)
        earlier = (
            runs.filter(business_date__lt=since).order_by("-business_date").values_list("business_date", flat=True)
        )
        first = earlier.first() or since
        rows = runs.filter(business_date__gte=first).order_by("number").values_list("business_date", "number")
        return dict(rows)

    def _left(self, number: int, file: str) -> Path:
        """What a run left under a name, as it was left."""
        path = self.home.run(number) / file
        self.home.checksums.verify(path.parent, [file])
        return path

    def _keep(self, staging: Path, run: Run, landed: Landed, before: Before | None) -> Path:
        """Move the state and the landed delivery, with their checksums, to their places, where nothing points to them yet."""
        folder = self.home.run(run.number)
        target = self.home.delivery(run.business_date, run.revision)
        for left in (folder, target):  # by a run that was never published
            shutil.rmtree(left, ignore_errors=True)
        self.home.checksums.write(staging, folder.name, before.folder if before else None)
        self.home.checksums.write(landed.folder, target.name, None)
        staging.rename(folder)
        landed.folder.rename(target)
        object.__setattr__(landed, "folder", target)
        (folder / "delivery.txt").write_text(f"{target.name}\n")
        return folder

    def _finish(self) -> None:
        """Do what a run that was killed after its publication left undone."""
        last = current()
        if last is None:
            return
        if followups.DONE not in last.report:
            self.home.checksums.verify(self.home.run(last.number))
            followups.finish(last, self.home.run(last.number))
        self._forget_old(last)

    def _forget_unpublished(self) -> None:
        """Remove folders of runs that never became current, with their landed deliveries."""
        last = current()
        for folder in self.home.runs.iterdir():
            if int(folder.name) > (last.number if last else 0):
                note = folder / "delivery.txt"
                if note.is_file():
                    shutil.rmtree(self.home.landed / note.read_text().strip(), ignore_errors=True)
                shutil.rmtree(folder)
        kept = {note.read_text().strip() for note in self.home.runs.glob("*/delivery.txt")}
        newest = last.business_date if last else date.min
        for landed in self.home.landed.iterdir():
            if landed.name not in kept and date.fromisoformat(landed.name[:10]) >= newest:
                shutil.rmtree(landed)

    def _forget_old(self, run: Run) -> None:
        """Keep the state of the last runs, the month's ends, every night's movements, every week's levels, every night's
        lists and the trials that ended for the book's days; drop the rest."""
        recent = {run.number, run.built_on}
        for past in Run.objects.filter(number__lt=run.number, number__gte=run.number - 4):
            month_end = is_month_end(past.business_date)
            if past.number in recent or past.number >= run.number - 1 or month_end:
                continue
            last = _date_of(past.built_on)
            for file in self.home.run(past.number).glob("*.parquet"):
                weekly = file.name == "levels.parquet" and _keeps_levels(past.business_date, last)
                if not weekly and file.name not in (
                    "movements.parquet",
                    "listed.parquet",
                    "begun.parquet",
                    "ended.parquet",
                ):
                    remove_parts(file)
        book = run.rulebook
        since = _date_of(run.built_on) or run.business_date - timedelta(days=1)
        for name, days in (
            ("listed.parquet", book.lists.kept_days),
            ("levels.parquet", book.attrition.kept_days),
            ("begun.parquet", book.effects.kept_days),
            ("ended.parquet", book.effects.kept_days),
        ):
            ends = run.business_date - timedelta(days=days)
            for old in Run.objects.filter(business_date__gt=since - timedelta(days=days), business_date__lte=ends):
                remove_parts(self.home.run(old.number) / name)


def _date_of(number: int | None) -> date | None:
    """The date of a run, if there is one."""
    return Run.objects.get(number=number).business_date if number else None


def _keeps_levels(on: date, last: date | None) -> bool:
    """Whether the levels of a night stay: a week's, and those of one that tells of several days. ``last``: the night before."""
    return attrition.is_kept(on) or (last is not None and on - last > timedelta(days=1))


def _reconcile(totals: dict[str, Any], manifest: Manifest) -> dict[str, str | int]:
    """Customers' AUM = accounts' balances = the control total, and the counts; raises DeliveryRefused otherwise."""
    stated = {
        "aum": Decimal(manifest.totals["aum"]),
        "accounts": int(manifest.totals["accounts"]),
        "customers": int(manifest.totals["customers"]),
    }
    found = {
        "customer_aum": totals["customer_aum"],
        "account_aum": totals["account_aum"],
        "accounts": totals["accounts"],
        "customers": totals["customers"],
    }
    pairs = (("customer_aum", "aum"), ("account_aum", "aum"), ("accounts", "accounts"), ("customers", "customers"))
    faults = [
        DeliveryFault(
            "manifest.json",
            None,
            f"totals.{name}",
            str(stated[name]),
            f"与入库后合计一致:{found[side]}",
            f"the sum of what has landed: {found[side]}",
        )
        for side, name in pairs
        if found[side] != stated[name]
    ]
    if faults:
        raise DeliveryRefused(faults)
    return {
        "customer_aum": f"{found['customer_aum']:.2f}",
        "account_aum": f"{found['account_aum']:.2f}",
        "control_total": f"{stated['aum']:.2f}",
        "customers": found["customers"],
        "accounts": found["accounts"],
    }

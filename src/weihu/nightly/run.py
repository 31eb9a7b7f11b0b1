"""The night, in the order in which it happens.

verify -> land -> gather -> compile -> carry -> value -> grade -> assign -> signals -> lists -> plan -> measure -> write -> publish -> follow-ups
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Collection, Iterator
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
from weihu.nightly.night import Before, Night, Past, leaving_windows
from weihu.nightly.steps import CORE_STATE
from weihu.rules import attrition, rulebook
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
        replaced = self._place(manifest.business_date, last)
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

    def _place(self, on: date, last: Run | None) -> bool:
        """Whether the delivery corrects the last one; raises OutOfOrder unless it does or is the next day's."""
        if last is None or on == last.business_date + timedelta(days=1):
            return False
        if on == last.business_date:
            return True
        following = last.business_date + timedelta(days=1)
        late = on < last.business_date
        zh = f"{following}(上一批次为 {last.business_date},{'更早的日期不再接收' if late else '中间缺少日期'})"
        en = f"{following} (the last run is of {last.business_date}; {'late days are not taken' if late else 'days are missing in between'})"
        raise OutOfOrder([DeliveryFault("manifest.json", None, "business_date", str(on), zh, en)])

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
        kept_from = on - timedelta(days=rule.kept_days)
        looking_back = [day for day in attrition.spans(on, rule.level_days).values() if day > kept_from]
        return Past(
            self._left("movements.parquet", before, leaving_windows(on).values()),
            self._left("levels.parquet", before, looking_back),
        )

    def _left(self, file: str, before: Before | None, days: Collection[date]) -> dict[date, Path]:
        """What nights of some dates left under a name, along the runs that the night builds on."""
        paths: dict[date, Path] = {}
        if before:
            wanted = [day for day in days if day <= before.business_date]
            runs = Run.objects.filter(number__lte=self._number_of(before), published=True, business_date__in=wanted)
            for number, day in runs.order_by("-number").values_list("number", "business_date"):
                if day not in paths:
                    paths[day] = self.home.run(number) / file
                    self.home.checksums.verify(paths[day].parent, [file])
        return paths

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
            month_end = (past.business_date + timedelta(days=1)).day == 1
            if past.number in recent or past.number >= run.number - 1 or month_end:
                continue
            for file in self.home.run(past.number).glob("*.parquet"):
                weekly = file.name == "levels.parquet" and attrition.is_kept(past.business_date)
                if not weekly and file.name not in (
                    "movements.parquet",
                    "listed.parquet",
                    "begun.parquet",
                    "ended.parquet",
                ):
                    remove_parts(file)
        book = run.rulebook
        for name, days in (
            ("listed.parquet", book.lists.kept_days),
            ("levels.parquet", book.attrition.kept_days),
            ("begun.parquet", book.effects.kept_days),
            ("ended.parquet", book.effects.kept_days),
        ):
            for old in Run.objects.filter(business_date=run.business_date - timedelta(days=days)):
                remove_parts(self.home.run(old.number) / name)


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

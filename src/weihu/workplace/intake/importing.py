"""An import, phase by phase: stage -> check -> record. Small steps, each whole; stopped anywhere, it goes on from there."""

from __future__ import annotations

import io
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

import xlsxwriter
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.rulebook import RuleBook
from weihu.sources.workbook import Sheet, Unreadable, cell_text
from weihu.workplace.archive.facts import record_many
from weihu.workplace.archive.models import Channel, Confidence
from weihu.workplace.audit import log
from weihu.workplace.intake.columns import CUSTOMER, find_head
from weihu.workplace.intake.models import Import, ImportRow, Phase, RowState
from weihu.workplace.intake.rows import CellFault, Checker, Row
from weihu.workplace.people.gate import Gate

MOST_ROWS = 300_000
CHUNK = 1000
SECONDS_PER_STEP = 1.5
COLOURS = {RowState.WRONG: "#F8CBCB", RowState.DOUBTFUL: "#FFE9A8"}
NEXT = {Phase.CHECKING: Phase.READY, Phase.RECORDING: Phase.DONE}


def stage(sheet: Sheet, name: str, how: tuple[Channel, Confidence], gate: Gate, book: RuleBook, token: UUID) -> Import:
    """Keep a sheet's rows, sealed, with what its titles seem to mean; raises Unreadable. The same token is the same import."""
    if found := Import.objects.filter(token=token, staff_id=gate.staff.staff_id).first():
        return found
    head = find_head(sheet, book.fields)
    if not head.titles:
        raise Unreadable(
            "前 10 行里没有认得的标题(如 客户号、姓名、电话号码)", "no title is recognised in the first 10 rows"
        )
    width = len(head.titles)
    rows = [
        (number, [*map(cell_text, row), *[""] * (width - len(row))])
        for number, row in enumerate(sheet.rows[head.data_from :], head.data_from + 1)
        if any(cell not in (None, "") for cell in row)
    ]
    if len(rows) > MOST_ROWS:
        raise Unreadable(f"最多 {MOST_ROWS:,} 行,此表有 {len(rows):,} 行", f"{len(rows):,} rows, at most {MOST_ROWS:,}")
    with transaction.atomic():
        made = Import.objects.create(
            token=token,
            staff_id=gate.staff.staff_id,
            name=name[:200],
            channel=how[0],
            confidence=how[1],
            on=gate.run.work_date,
            uploaded_at=timezone.now(),
            columns=head.titles,
            mapping=head.mapping,
            row_count=len(rows),
        )
        kept = (
            ImportRow(origin=made, position=place, number=number, cells=json.dumps(cells, ensure_ascii=False))
            for place, (number, cells) in enumerate(rows, 1)
        )
        while batch := list(islice(kept, CHUNK * 5)):
            ImportRow.objects.bulk_create(batch)
        log.record(made.staff_id, "import.upload", "", f"{made.pk}: {len(rows)} rows")
    return made


def begin(given: Import, phase: Phase, mapping: list[str] | None = None) -> None:
    """Start checking (by a mapping, which is kept) or recording."""
    counts = {"rows": {}, "fields": {}} if phase == Phase.CHECKING else {**given.counts, "recorded": 0}
    Import.objects.filter(pk=given.pk, phase=given.phase).update(
        phase=phase, position=0, mapping=mapping if mapping is not None else given.mapping, counts=counts
    )
    given.refresh_from_db()


def step(given: Import, gate: Gate, book: RuleBook) -> None:
    """Work for a moment; the rest is left to the next step. Two at once do not do a row twice."""
    until = time.perf_counter() + SECONDS_PER_STEP
    while given.working and time.perf_counter() < until:
        with transaction.atomic():
            rows = _next_rows(given)
            taken = Import.objects.filter(pk=given.pk, phase=given.phase, position=given.position).update(
                position=rows[-1].position if rows else given.row_count
            )
            if taken and rows:
                _work(given, rows, gate, book)
        given.refresh_from_db()
        if given.working and given.position >= given.row_count:
            _finish(given)


def _finish(given: Import) -> None:
    """The phase that follows. After recording, the archive has what the rows say that it knew already."""
    with transaction.atomic():
        if given.phase == Phase.RECORDING:
            given.rows.filter(state=RowState.KNOWN).update(cells="")
        Import.objects.filter(pk=given.pk, phase=given.phase).update(phase=NEXT[Phase(given.phase)])
    given.refresh_from_db()


def _next_rows(given: Import) -> list[ImportRow]:
    rows = given.rows.filter(position__gt=given.position).order_by("position")
    if given.phase == Phase.RECORDING:
        rows = rows.filter(state=RowState.RIGHT)
    return list(rows[:CHUNK])


def _work(given: Import, rows: list[ImportRow], gate: Gate, book: RuleBook) -> None:
    how = Channel(given.channel), Confidence(given.confidence), given.name
    checker = Checker(gate, book, given.mapping, how, given.token)
    found = checker.check([(row.position, json.loads(row.cells)) for row in rows])
    counts = given.counts
    if given.phase == Phase.RECORDING:
        facts = [one for row in found for one in row.given if row.state == RowState.RIGHT]
        record_many(facts, given.staff_id, gate.run.work_date, f"import {given.pk}")
        counts = {**counts, "recorded": counts["recorded"] + len(facts)}
    _keep(rows, found, recorded=given.phase == Phase.RECORDING)
    Import.objects.filter(pk=given.pk).update(counts=counts if given.phase == Phase.RECORDING else _more(counts, found))


def _keep(rows: list[ImportRow], found: list[Row], recorded: bool) -> None:
    """What was found of each row. Of one that is recorded the archive has what it says; its cells are not kept twice."""
    alike: dict[RowState, list[int]] = defaultdict(list)
    changed = []
    for row, finding in zip(rows, found, strict=True):
        if finding.faults:
            row.state, row.customer_id = finding.state, finding.customer_id
            faults = [(fault.column, fault.found, fault.zh, fault.en) for fault in finding.faults]
            row.faults = json.dumps(faults, ensure_ascii=False)
            changed.append(row)
        else:
            alike[finding.state].append(row.pk)
    ImportRow.objects.bulk_update(changed, ["state", "customer_id", "faults"], batch_size=200)
    for state, ids in alike.items():
        said = {"cells": ""} if recorded else {"state": state, "faults": ""}
        ImportRow.objects.filter(pk__in=ids).update(**said)


def _more(counts: dict[str, Any], found: list[Row]) -> dict[str, Any]:
    rows = Counter(counts["rows"]) + Counter(str(row.state) for row in found)
    fields = {key: Counter(value) for key, value in counts["fields"].items()}
    for row in found:
        for key, kind in row.kinds.items():
            fields.setdefault(key, Counter())[kind] += 1
    return {"rows": rows, "fields": fields}


def problems(given: Import) -> Iterator[tuple[ImportRow, list[str], list[CellFault]]]:
    """The wrong and doubtful rows with their cells and faults, in the file's order."""
    rows = given.rows.filter(state__in=list(COLOURS)).order_by("position")
    for row in rows.iterator(chunk_size=2000):
        yield row, json.loads(row.cells), [CellFault(*fault) for fault in json.loads(row.faults or "[]")]


def problems_workbook(given: Import) -> bytes:
    """The wrong and doubtful rows as a workbook to be mended and uploaded again: marked cells, and what was expected.

    Of a doubtful row the customer number that may be meant stands in its own column.
    """
    language = get_language() or "zh-hans"
    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    page = book.add_worksheet(str(_("To correct")))
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    marks = {str(state): book.add_format({"bg_color": colour, "num_format": "@"}) for state, colour in COLOURS.items()}
    suggests = CUSTOMER not in given.mapping
    titles = [str(_("Row")), str(_("Finding")), str(_("Expected"))] + (["客户号"] if suggests else []) + given.columns
    for place, title in enumerate(titles):
        page.write_string(0, place, title, bold)
    page.set_column(0, len(titles), 16)
    page.set_column(2, 2, 44)
    page.freeze_panes(1, 0)
    before = len(titles) - len(given.columns)
    for line, (row, cells, faults) in enumerate(problems(given), 1):
        said = "; ".join(f"{given.columns[fault.column]}: {fault.text(language)}" for fault in faults)
        front = [str(row.number), str(RowState(row.state).label), said] + ([row.customer_id] if suggests else [])
        wrong = {before + fault.column for fault in faults}
        for place, value in enumerate([*front, *cells]):
            page.write_string(line, place, value, marks[row.state] if place in wrong or place == 1 else text)
    book.close()
    return content.getvalue()


def first_cells(given: Import, count: int) -> list[list[str]]:
    """The cells of the first rows that are still kept."""
    rows = given.rows.filter(position__lte=count).exclude(cells="").order_by("position")
    return [json.loads(row.cells) for row in rows]

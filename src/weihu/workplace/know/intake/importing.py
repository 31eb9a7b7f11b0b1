"""An import in phases: stage -> check -> record. It runs in small transactions and resumes wherever it was stopped."""

from __future__ import annotations

import io
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from weihu.rules.rulebook import RuleBook
from weihu.sources.workbook import Sheet, Unreadable, cell_text
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.workbooks import Workbook, put_mark
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import record_facts
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.intake.columns import CUSTOMER, find_head
from weihu.workplace.know.intake.models import Import, ImportRow, Phase, RowState
from weihu.workplace.know.intake.rows import CellFault, Checker, Row

MOST_ROWS = 300_000
CHUNK = 1000
SECONDS_PER_STEP = 1.5
COLOURS = {RowState.WRONG: "#F8CBCB", RowState.DOUBTFUL: "#FFE9A8"}
NEXT = {Phase.CHECKING: Phase.READY, Phase.RECORDING: Phase.DONE}


def stage(sheet: Sheet, name: str, how: tuple[Channel, Confidence], gate: Gate, book: RuleBook, token: UUID) -> Import:
    """Store a sheet's rows, encrypted, with a guess at its columns. A repeated token returns the same import.

    Raises Unreadable.
    """
    if existing := Import.objects.filter(token=token, staff_id=gate.staff.staff_id).first():
        return existing
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
        upload = Import.objects.create(
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
        rows_to_store = (
            ImportRow(origin=upload, position=place, number=number, cells=json.dumps(cells, ensure_ascii=False))
            for place, (number, cells) in enumerate(rows, 1)
        )
        while batch := list(islice(rows_to_store, CHUNK * 5)):
            ImportRow.objects.bulk_create(batch)
        audit.record(upload.staff_id, "import.upload", "", f"{upload.pk}: {len(rows)} rows")
    return upload


def delete(upload: Import) -> None:
    """Delete an import with its rows. What it has recorded stays in the archive."""
    with transaction.atomic():
        audit.record(upload.staff_id, "import.delete", "", str(upload.pk))
        upload.delete()


def begin(upload: Import, phase: Phase, mapping: list[str] | None = None) -> None:
    """Start checking (with a new mapping, if given) or recording."""
    counts = {"rows": {}, "fields": {}} if phase == Phase.CHECKING else {**upload.counts, "recorded": 0}
    Import.objects.filter(pk=upload.pk, phase=upload.phase).update(
        phase=phase, position=0, mapping=mapping if mapping is not None else upload.mapping, counts=counts
    )
    upload.refresh_from_db()


def step(upload: Import, gate: Gate, book: RuleBook) -> None:
    """Work for SECONDS_PER_STEP and leave the rest to the next step. Concurrent steps never process a row twice."""
    until = time.perf_counter() + SECONDS_PER_STEP
    while upload.working and time.perf_counter() < until:
        with transaction.atomic():
            rows = _next_rows(upload)
            claimed = Import.objects.filter(pk=upload.pk, phase=upload.phase, position=upload.position).update(
                position=rows[-1].position if rows else upload.row_count
            )
            if claimed and rows:
                _process(upload, rows, gate, book)
        upload.refresh_from_db()
        if upload.working and upload.position >= upload.row_count:
            _finish(upload)


def _finish(upload: Import) -> None:
    """Enter the next phase. After recording, the cells of rows that the archive knew already are dropped."""
    with transaction.atomic():
        if upload.phase == Phase.RECORDING:
            upload.rows.filter(state=RowState.KNOWN).update(cells="")
        Import.objects.filter(pk=upload.pk, phase=upload.phase).update(phase=NEXT[Phase(upload.phase)])
    upload.refresh_from_db()


def _next_rows(upload: Import) -> list[ImportRow]:
    rows = upload.rows.filter(position__gt=upload.position).order_by("position")
    if upload.phase == Phase.RECORDING:
        rows = rows.filter(state=RowState.RIGHT)
    return list(rows[:CHUNK])


def _process(upload: Import, rows: list[ImportRow], gate: Gate, book: RuleBook) -> None:
    how = Channel(upload.channel), Confidence(upload.confidence), upload.name
    checker = Checker(gate, book, upload.mapping, how, upload.token)
    checked = checker.check([(row.position, json.loads(row.cells)) for row in rows])
    counts = upload.counts
    if upload.phase == Phase.RECORDING:
        facts = [fact for row in checked for fact in row.new_facts if row.state == RowState.RIGHT]
        record_facts(facts, upload.staff_id, gate.run.work_date, f"import {upload.pk}")
        counts = {**counts, "recorded": counts["recorded"] + len(facts)}
    _save_results(rows, checked, recorded=upload.phase == Phase.RECORDING)
    Import.objects.filter(pk=upload.pk).update(
        counts=counts if upload.phase == Phase.RECORDING else _add_counts(counts, checked)
    )


def _save_results(rows: list[ImportRow], checked: list[Row], recorded: bool) -> None:
    """Save the result of each row. The cells of a recorded row are dropped, since the archive has them now."""
    alike: dict[RowState, list[int]] = defaultdict(list)
    changed = []
    for row, result in zip(rows, checked, strict=True):
        if result.faults:
            row.state, row.customer_id = result.state, result.customer_id
            faults = [(fault.column, fault.found, fault.zh, fault.en) for fault in result.faults]
            row.faults = json.dumps(faults, ensure_ascii=False)
            changed.append(row)
        else:
            alike[result.state].append(row.pk)
    ImportRow.objects.bulk_update(changed, ["state", "customer_id", "faults"], batch_size=200)
    for state, ids in alike.items():
        changes = {"cells": ""} if recorded else {"state": state, "faults": ""}
        ImportRow.objects.filter(pk__in=ids).update(**changes)


def _add_counts(counts: dict[str, Any], checked: list[Row]) -> dict[str, Any]:
    rows = Counter(counts["rows"]) + Counter(str(row.state) for row in checked)
    fields = {key: Counter(value) for key, value in counts["fields"].items()}
    for row in checked:
        for key, kind in row.kinds.items():
            fields.setdefault(key, Counter())[kind] += 1
    return {"rows": rows, "fields": fields}


def problems(upload: Import) -> Iterator[tuple[ImportRow, list[str], list[CellFault]]]:
    """The wrong and doubtful rows with their cells and faults, in the file's order."""
    rows = upload.rows.filter(state__in=list(COLOURS)).order_by("position")
    for row in rows.iterator(chunk_size=2000):
        yield row, json.loads(row.cells), [CellFault(*fault) for fault in json.loads(row.faults or "[]")]


def problems_workbook(upload: Import, mark: str) -> bytes:
    """The wrong and doubtful rows as a workbook to correct and upload again: faulty cells marked, with what was expected.

    The likely customer number of a doubtful row stands in a column of its own.
    """
    language = get_language() or "zh-hans"
    content = io.BytesIO()
    book = Workbook(content, constant_memory=True)
    page = book.add_worksheet(str(_("To correct")))
    bold, text = {"bold": True}, {"num_format": "@"}
    marks = {str(state): {"bg_color": colour, "num_format": "@"} for state, colour in COLOURS.items()}
    suggests = CUSTOMER not in upload.mapping
    titles = [str(_("Row")), str(_("Finding")), str(_("Expected"))] + (["客户号"] if suggests else []) + upload.columns
    for place, title in enumerate(titles):
        book.write_text(page, 0, place, title, bold)
    page.set_column(0, len(titles), 16)
    page.set_column(2, 2, 44)
    page.freeze_panes(1, 0)
    before = len(titles) - len(upload.columns)
    for line, (row, cells, faults) in enumerate(problems(upload), 1):
        expected = "; ".join(f"{upload.columns[fault.column]}: {fault.text(language)}" for fault in faults)
        front = [str(row.number), str(RowState(row.state).label), expected] + ([row.customer_id] if suggests else [])
        wrong = {before + fault.column for fault in faults}
        for place, value in enumerate([*front, *cells]):
            marked = marks[row.state] if place in wrong or place == 1 else text
            book.write_text(page, line, place, value, marked)
    put_mark(page, mark, 1, upload.rows.filter(state__in=list(COLOURS)).count())
    book.close()
    return content.getvalue()


def first_cells(upload: Import, count: int) -> list[list[str]]:
    """The cells of the first rows that are still kept."""
    rows = upload.rows.filter(position__lte=count).exclude(cells="").order_by("position")
    return [json.loads(row.cells) for row in rows]

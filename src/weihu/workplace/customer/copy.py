"""A customer's copy of his data (个人信息副本, PIPL, article 45): one workbook with every sheet of the record
that has something of the customer."""

from __future__ import annotations

import io

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Standing
from weihu.workplace.base.workbooks import Workbook, put_mark
from weihu.workplace.customer.events import Subject
from weihu.workplace.customer.record import sheets
from weihu.workplace.gate.reach import Gate


def copy_of(standing: Standing, gate: Gate, book: RuleBook, mark: str) -> bytes:
    """The workbook, unmasked: it is for the customer himself. ``mark`` says who made it and when."""
    subject = Subject(standing, gate, book)
    content = io.BytesIO()
    file = Workbook(content)
    for sheet in sheets():
        rows = list(sheet.rows(subject))
        if not rows:
            continue
        page = file.add_worksheet(str(sheet.title))
        page.set_column(0, len(sheet.head), 20)
        page.freeze_panes(1, 0)
        for line, values in enumerate([sheet.head, *rows]):
            for place, value in enumerate(values):
                file.write_text(
                    page, line, place, "" if value is None else str(value), None if line else {"bold": True}
                )
        put_mark(page, mark, 1, len(rows))
    file.close()
    return content.getvalue()

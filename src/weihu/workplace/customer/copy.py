"""A customer's copy of his data (个人信息副本, PIPL, article 45): one workbook with every sheet of the record
that has something of the customer."""

from __future__ import annotations

import io

import xlsxwriter

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Standing
from weihu.workplace.customer.events import Subject
from weihu.workplace.customer.record import sheets
from weihu.workplace.gate.reach import Gate


def copy_of(standing: Standing, gate: Gate, book: RuleBook) -> bytes:
    """The workbook, unmasked: it is for the customer himself."""
    subject = Subject(standing, gate, book)
    content = io.BytesIO()
    file = xlsxwriter.Workbook(content, {"strings_to_formulas": False, "strings_to_urls": False})
    bold = file.add_format({"bold": True})
    for sheet in sheets():
        rows = list(sheet.rows(subject))
        if not rows:
            continue
        page = file.add_worksheet(str(sheet.title))
        page.set_column(0, len(sheet.head), 20)
        page.freeze_panes(1, 0)
        for line, values in enumerate([sheet.head, *rows]):
            for place, value in enumerate(values):
                page.write_string(line, place, "" if value is None else str(value), None if line else bold)
    file.close()
    return content.getvalue()

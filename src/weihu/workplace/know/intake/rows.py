"""Checking rows of a workbook: which customer a row is about, what it says, what is wrong. Nothing is saved here."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import UUID, uuid5

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.bank.models import Customer
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.whole import whole
from weihu.workplace.consent.consents import agreed_purposes
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import DERIVED, FactContent, FieldState, NewFact, archives_of, with_derived
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.archive.search import customers_named, numbered
from weihu.workplace.know.intake.columns import CUSTOMER
from weihu.workplace.know.intake.models import RowState

EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(1, 110_000)
EXACT_DIGITS = 15
"""The digits of a number that Excel keeps; the rest of a longer number is lost."""


@dataclass(frozen=True)
class CellFault:
    """What is wrong or doubtful in a cell: its column (from 0), the text found, what was expected in both languages."""

    column: int
    found: str
    zh: str
    en: str

    def text(self, language: str) -> str:
        """What was expected, in ``language``."""
        return self.en if language.startswith("en") else self.zh


@dataclass
class Row:
    """The result of checking a row. ``customer_id``: the row's customer, or for a doubtful row the likely one.

    ``contents`` is what its cells say, ``new_facts`` what of it is new, ``kinds`` how each field compares with the
    archive.
    """

    position: int
    state: RowState = RowState.RIGHT
    customer_id: str = ""
    faults: list[CellFault] = dataclasses.field(default_factory=list)
    contents: list[FactContent] = dataclasses.field(default_factory=list)
    new_facts: list[NewFact] = dataclasses.field(default_factory=list)
    kinds: dict[str, str] = dataclasses.field(default_factory=dict)

    def fault(self, state: RowState, column: int, text: str, zh: str, en: str) -> None:
        """Add a fault; a wrong row stays wrong."""
        self.faults.append(CellFault(column, text, zh, en))
        if self.state != RowState.WRONG:
            self.state = state


class Checker:
    """Checks the rows of an import for the person of ``gate``; ``mapping`` has each column's field key, or ""."""

    def __init__(
        self, gate: Gate, book: RuleBook, mapping: list[str], how: tuple[Channel, Confidence, str], token: UUID
    ) -> None:
        self.gate, self.book, self.token = gate, book, token
        self.channel, self.confidence, self.source = how
        self.places = {key: place for place, key in enumerate(mapping) if key}
        self.looked_at = {key: book.fields[key] for key in (*self.places, *DERIVED) if key in book.fields}
        self.consents = {field.consent for field in self.looked_at.values() if field.consent}
        self.fields = {key: book.fields[key] for key in self.places if key not in (CUSTOMER, "name")}

    def check(self, rows: list[tuple[int, list[str]]]) -> list[Row]:
        """Check rows (position and cells each) and compare them with the archives of their customers."""
        people = People(self.gate, [self._identifiers(cells) for _, cells in rows])
        checked = [self._read(position, cells, people) for position, cells in rows]
        ids = {row.customer_id for row in checked if row.customer_id}
        archives = archives_of(
            [people.customers[customer] for customer in ids], self.looked_at, self.gate.run.work_date
        )
        consents = agreed_purposes(ids, self.consents)
        for row in checked:
            if row.state == RowState.RIGHT:
                self._check_consents(row, consents[row.customer_id])
            if row.state == RowState.RIGHT:
                self._compare(row, archives[row.customer_id])
        return checked

    def _identifiers(self, cells: list[str]) -> dict[str, str]:
        identifying = (CUSTOMER, "identity_number", "phone", "name")
        return {
            key: unicodedata.normalize("NFKC", cells[self.places[key]]).strip()
            for key in identifying
            if key in self.places
        }

    def _read(self, position: int, cells: list[str], people: People) -> Row:
        row = Row(position)
        people.identify(row, self._identifiers(cells), self.places)
        for key, field in self.fields.items():
            place = self.places[key]
            if not cells[place].strip():
                continue
            try:
                value = read(field, _typed(field, cells[place]))
            except Unfit as unfit:
                row.fault(RowState.WRONG, place, cells[place], unfit.zh, unfit.en)
                continue
            row.contents.append(FactContent(key, value, self.channel, self.confidence, source=self.source))
        return row

    def _check_consents(self, row: Row, agreed_to: set[str]) -> None:
        """Mark values of fields that need a consent which the customer has not given."""
        for content in row.contents:
            consent = self.fields[content.field].consent
            if consent and consent not in agreed_to:
                purpose, place = self.book.consents[consent], self.places[content.field]
                zh, en = f"客户已同意“{purpose.zh}”", f"the customer's consent: {purpose.en}"
                row.fault(RowState.WRONG, place, content.value, zh, en)

    def _compare(self, row: Row, archive: dict[str, FieldState]) -> None:
        """Collect the new facts; a value that is known already is not recorded again."""
        keys = {content.field for content in row.contents}
        for content in row.contents:
            state = archive[content.field]
            row.kinds[content.field] = kind = state.compared(content.value)
            if kind != "known":
                known_keys = keys | {key for key in DERIVED if key in archive and archive[key].known}
                for new in with_derived(content, known_keys):
                    token = uuid5(self.token, f"{row.position} {new.field}")
                    row.new_facts.append(NewFact(row.customer_id, new, token))
        if not row.new_facts:
            row.state = RowState.KNOWN


class People:
    """The customers within reach that the rows may be about, looked up together."""

    def __init__(self, gate: Gate, rows: list[dict[str, str]]) -> None:
        self._ids = {
            key: look_up({identifiers[key] for identifiers in rows if identifiers.get(key)})
            for key, look_up in LOOK_UPS.items()
        }
        ids = {customer for by_value in self._ids.values() for matches in by_value.values() for customer in matches}
        self.customers: dict[str, Customer] = {}
        self._load(gate, ids)
        left = {
            identifiers["name"]
            for identifiers in rows
            if identifiers.get("name") and not any(self._matches(key, identifiers) for key in LOOK_UPS)
        }
        if left:
            self._ids["name"] = customers_named(left, gate)
            self._load(gate, {customer for matches in self._ids["name"].values() for customer in matches})

    def _load(self, gate: Gate, ids: set[str]) -> None:
        for row in gate.standings().filter(customer_id__in=sorted(ids - set(self.customers))).order_by():
            self.customers[row.customer_id] = row.customer

    def identify(self, row: Row, identifiers: dict[str, str], places: dict[str, int]) -> None:
        """Find a row's customer by number, identity number, or phone and name; a match by name alone is doubtful."""
        for key in (CUSTOMER, "identity_number", "phone"):
            ids = self._matches(key, identifiers)
            if len(ids) == 1:
                row.customer_id = ids[0]
                if key != "identity_number":
                    self._check_name(row, identifiers, places)
                return None
            if ids:
                zh, en = f"只属于一位客户(此项有 {len(ids)} 位)", f"one customer's only ({len(ids)} have it)"
                return row.fault(RowState.DOUBTFUL, places[key], identifiers[key], zh, en)
            if key == CUSTOMER and identifiers.get(key):
                return _nobody(row, places[key], identifiers[key])
        ids = self._matches("name", identifiers)
        if len(ids) == 1:
            row.customer_id = ids[0]
            zh, en = "客户号(仅姓名相符,请核对)", "the customer number too: only the name agrees"
            return row.fault(RowState.DOUBTFUL, places["name"], identifiers["name"], zh, en)
        if ids:
            zh, en = f"客户号(有 {len(ids)} 位同名)", f"the customer number too: {len(ids)} have this name"
            return row.fault(RowState.DOUBTFUL, places["name"], identifiers["name"], zh, en)
        first = next((key for key in (*LOOK_UPS, "name") if identifiers.get(key)), None)
        return _nobody(row, places[first] if first else 0, identifiers[first] if first else "")

    def _matches(self, key: str, identifiers: dict[str, str]) -> list[str]:
        return sorted(
            customer
            for customer in self._ids.get(key, {}).get(identifiers.get(key, ""), ())
            if customer in self.customers
        )

    def _check_name(self, row: Row, identifiers: dict[str, str], places: dict[str, int]) -> None:
        name, expected = identifiers.get("name", ""), self.customers[row.customer_id].name
        if name and name.casefold().replace(" ", "") != expected.casefold().replace(" ", ""):
            zh, en = "与客户号或电话相符的姓名", "the name that goes with the number or phone"
            row.fault(RowState.DOUBTFUL, places["name"], name, zh, en)


def _nobody(row: Row, place: int, text: str) -> None:
    zh, en = (
        "你负责的客户(客户号、证件号、电话或姓名)",
        "a customer of yours (by number, identity number, phone or name)",
    )
    row.fault(RowState.WRONG, place, text, zh, en)


def _by_number(values: Collection[str]) -> dict[str, set[str]]:
    return {value: {value} for value in values}


LOOK_UPS: dict[str, Callable[[Collection[str]], dict[str, set[str]]]] = {
    CUSTOMER: _by_number,
    "identity_number": partial(numbered, "identity_number"),
    "phone": partial(numbered, "phone"),
}
"""How customers are looked up by each identifier of a row."""


def _typed(field: CatalogueField, text: str) -> str:
    """A cell's text with Excel's serial dates converted. Raises Unfit for an identity number that Excel truncated."""
    plain = text.strip()
    if field.kind == "date" and (whole(plain) or 0) in EXCEL_DAYS:
        return (EXCEL_EPOCH + timedelta(days=int(plain))).isoformat()
    if field.kind == "identity" and plain.isdecimal() and len(plain) > EXACT_DIGITS and plain.endswith("000"):
        raise Unfit(
            "证件号码被 Excel 存成数字,末位已丢失;请设为文本后重填",
            "kept as a number by Excel, its last digits are lost; enter it as text",
        )
    return text

"""One row of a workbook: whose it is, what it says, what is wrong with it. Nothing is written here."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid5

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.fields import CatalogueField
from weihu.workplace.archive.facts import DERIVED, Given, Known, Written, archives_of, with_derived
from weihu.workplace.archive.models import Channel, Confidence, Customer
from weihu.workplace.archive.search import index_of, named
from weihu.workplace.intake.columns import CUSTOMER
from weihu.workplace.intake.models import RowState
from weihu.workplace.people.gate import Gate
from weihu.workplace.rights.consents import agreed

EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(1, 110_000)
EXACT_DIGITS = 15
"""Excel keeps so many digits of a number; of a longer one the last are lost."""


@dataclass(frozen=True)
class CellFault:
    """What is wrong or doubtful in a cell: its column (from 0), what was found, what was expected in both languages."""

    column: int
    found: str
    zh: str
    en: str

    def text(self, language: str) -> str:
        """What was expected, in ``language``."""
        return self.en if language.startswith("en") else self.zh


@dataclass
class Row:
    """A row's finding. ``customer_id``: whose it is, or for a doubtful one whose it may be.

    ``said`` is what its cells say, ``given`` what of it is new, ``kinds`` how each field compares with what is known.
    """

    position: int
    state: RowState = RowState.RIGHT
    customer_id: str = ""
    faults: list[CellFault] = dataclasses.field(default_factory=list)
    said: list[Written] = dataclasses.field(default_factory=list)
    given: list[Given] = dataclasses.field(default_factory=list)
    kinds: dict[str, str] = dataclasses.field(default_factory=dict)

    def fault(self, state: RowState, column: int, found: str, zh: str, en: str) -> None:
        """Note a fault; a wrong row stays wrong."""
        self.faults.append(CellFault(column, found, zh, en))
        if self.state != RowState.WRONG:
            self.state = state


class Checker:
    """Checks rows of one import for the person of ``gate``; ``mapping`` is the field's key of each column, or ""."""

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
        """What each row (its position and cells) says, compared with what is known of its customer."""
        people = People(self.gate, [self._identifiers(cells) for _, cells in rows])
        found = [self._read(position, cells, people) for position, cells in rows]
        ids = {row.customer_id for row in found if row.customer_id}
        archives = archives_of([people.customers[one] for one in ids], self.looked_at, self.gate.run.work_date)
        consents = agreed(ids, self.consents)
        for row in found:
            if row.state == RowState.RIGHT:
                self._consented(row, consents[row.customer_id])
            if row.state == RowState.RIGHT:
                self._compare(row, archives[row.customer_id])
        return found

    def _identifiers(self, cells: list[str]) -> dict[str, str]:
        known = (CUSTOMER, "identity_number", "phone", "name")
        return {
            key: unicodedata.normalize("NFKC", cells[self.places[key]]).strip() for key in known if key in self.places
        }

    def _read(self, position: int, cells: list[str], people: People) -> Row:
        row = Row(position)
        people.place(row, self._identifiers(cells), self.places)
        for key, field in self.fields.items():
            place = self.places[key]
            if not cells[place].strip():
                continue
            try:
                value = read(field, _typed(field, cells[place]))
            except Unfit as unfit:
                row.fault(RowState.WRONG, place, cells[place], unfit.zh, unfit.en)
                continue
            row.said.append(Written(key, value, self.channel, self.confidence, source=self.source))
        return row

    def _consented(self, row: Row, has: set[str]) -> None:
        """Some fields may be kept only with the customer's consent."""
        for written in row.said:
            consent = self.fields[written.field].consent
            if consent and consent not in has:
                purpose, place = self.book.consents[consent], self.places[written.field]
                zh, en = f"客户已同意“{purpose.zh}”", f"the customer's consent: {purpose.en}"
                row.fault(RowState.WRONG, place, written.value, zh, en)

    def _compare(self, row: Row, archive: dict[str, Known]) -> None:
        """Keep what is new; a value that is known already is not recorded again."""
        keys = {written.field for written in row.said}
        for written in row.said:
            known = archive[written.field]
            row.kinds[written.field] = kind = known.compared(written.value)
            if kind != "known":
                told = keys | {key for key in DERIVED if key in archive and archive[key].known}
                for one in with_derived(written, told):
                    token = uuid5(self.token, f"{row.position} {one.field}")
                    row.given.append(Given(row.customer_id, one, token))
        if not row.given:
            row.state = RowState.KNOWN


class People:
    """The customers within reach whom some rows can mean, looked up together."""

    def __init__(self, gate: Gate, rows: list[dict[str, str]]) -> None:
        self._by = {key: look_up({said[key] for said in rows if said.get(key)}) for key, look_up in LOOK_UPS.items()}
        ids = {one for by_value in self._by.values() for found in by_value.values() for one in found}
        self.customers: dict[str, Customer] = {}
        self._reach(gate, ids)
        left = {
            said["name"] for said in rows if said.get("name") and not any(self._found(key, said) for key in LOOK_UPS)
        }
        if left:
            self._by["name"] = named(left, gate)
            self._reach(gate, {one for found in self._by["name"].values() for one in found})

    def _reach(self, gate: Gate, ids: set[str]) -> None:
        for row in gate.standings().filter(customer_id__in=sorted(ids - set(self.customers))).order_by():
            self.customers[row.customer_id] = row.customer

    def place(self, row: Row, said: dict[str, str], places: dict[str, int]) -> None:
        """Whose a row is: by number, identity number, phone and name together; by name alone is doubtful."""
        for key in (CUSTOMER, "identity_number", "phone"):
            found = self._found(key, said)
            if len(found) == 1:
                row.customer_id = found[0]
                if key != "identity_number":
                    self._same_name(row, said, places)
                return None
            if found:
                zh, en = f"只属于一位客户(此项有 {len(found)} 位)", f"one customer's only ({len(found)} have it)"
                return row.fault(RowState.DOUBTFUL, places[key], said[key], zh, en)
            if key == CUSTOMER and said.get(key):
                return _nobody(row, places[key], said[key])
        found = self._found("name", said)
        if len(found) == 1:
            row.customer_id = found[0]
            zh, en = "客户号(仅姓名相符,请核对)", "the customer number too: only the name agrees"
            return row.fault(RowState.DOUBTFUL, places["name"], said["name"], zh, en)
        if found:
            zh, en = f"客户号(有 {len(found)} 位同名)", f"the customer number too: {len(found)} have this name"
            return row.fault(RowState.DOUBTFUL, places["name"], said["name"], zh, en)
        first = next((key for key in (*LOOK_UPS, "name") if said.get(key)), None)
        return _nobody(row, places[first] if first else 0, said[first] if first else "")

    def _found(self, key: str, said: dict[str, str]) -> list[str]:
        return sorted(one for one in self._by.get(key, {}).get(said.get(key, ""), ()) if one in self.customers)

    def _same_name(self, row: Row, said: dict[str, str], places: dict[str, int]) -> None:
        name, known = said.get("name", ""), self.customers[row.customer_id].name
        if name and name.casefold().replace(" ", "") != known.casefold().replace(" ", ""):
            zh, en = "与客户号或电话相符的姓名", "the name that goes with the number or phone"
            row.fault(RowState.DOUBTFUL, places["name"], name, zh, en)


def _nobody(row: Row, place: int, found: str) -> None:
    zh, en = (
        "你负责的客户(客户号、证件号、电话或姓名)",
        "a customer of yours (by number, identity number, phone or name)",
    )
    row.fault(RowState.WRONG, place, found, zh, en)


def _by_number(values: Collection[str]) -> dict[str, set[str]]:
    return {value: {value} for value in values}


def _by_index(column: str) -> Callable[[Collection[str]], dict[str, set[str]]]:
    def look_up(values: Collection[str]) -> dict[str, set[str]]:
        indexes = {value: index_of(value, column) for value in values}
        found: dict[str, set[str]] = defaultdict(set)
        rows = Customer.objects.filter(**{f"{column}_index__in": sorted(set(indexes.values()))})
        for index, customer in rows.values_list(f"{column}_index", "customer_id"):
            found[index].add(customer)
        return {value: found[index] for value, index in indexes.items() if index in found}

    return look_up


LOOK_UPS: dict[str, Callable[[Collection[str]], dict[str, set[str]]]] = {
    CUSTOMER: _by_number,
    "identity_number": _by_index("identity_number"),
    "phone": _by_index("phone"),
}
"""How customers are found by what a row says of them."""


def _typed(field: CatalogueField, text: str) -> str:
    """What the cell means: Excel keeps a date as a number of days, and of a long number the first digits only."""
    plain = text.strip()
    if field.kind == "date" and plain.isdecimal() and int(plain) in EXCEL_DAYS:
        return (EXCEL_EPOCH + timedelta(days=int(plain))).isoformat()
    if field.kind == "identity" and plain.isdecimal() and len(plain) > EXACT_DIGITS and plain.endswith("000"):
        raise Unfit(
            "证件号码被 Excel 存成数字,末位已丢失;请设为文本后重填",
            "kept as a number by Excel, its last digits are lost; enter it as text",
        )
    return text

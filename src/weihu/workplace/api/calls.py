"""The API's calls (OpenAPI: /api/v1/openapi.json). Every system has a token; every change has an idempotency key.

A call is carried out completely or not at all. A customer out of the system's reach is not found (404).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Header, NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.reception.finding import call_up
from weihu.workplace.api.models import Answered
from weihu.workplace.api.systems import Caller, Scope, caller_of
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Standing
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.pace import CALLS, STRANGERS, Pace
from weihu.workplace.base.words import fact_words, name_mask
from weihu.workplace.consent.consents import ConsentAnswer, agreed_purposes, record_consent
from weihu.workplace.gate.cards import DayIsFull
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, archive_of, record_fact, with_derived
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.archive.portrait import missing
from weihu.workplace.know.archive.search import indexes_of
from weihu.workplace.know.complaints.cases import open_case

KEYS = UUID("6f2f0a0e-6c0d-4a55-9a4e-2c7d3a9f5b11")
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=100)]


class Token(HttpBearer):
    """``Authorization: Bearer TOKEN``."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """The calling system; None refuses with 401. Who calls too often, or guesses, is refused with 429."""
        run, address = current(), str(request.META.get("REMOTE_ADDR", ""))
        caller = caller_of(token, run) if run else None
        if not (_pace(caller).knock(caller.name) if caller else STRANGERS.knock(address)):
            raise HttpError(429, "too many calls: try again in a minute")
        return caller


api = NinjaAPI(
    title="Weihu 维护",
    version="1",
    description="客户档案接口 / the customer archive for the bank's other systems",
    auth=Token(),
    docs_url=None,
    urls_namespace="api",
)


class FieldOut(Schema):
    """A field of the catalogue."""

    key: str
    zh: str
    en: str
    category: str
    kind: str
    choices: list[tuple[str, str, str]] = Field(description="key, Chinese, English")
    consent: str | None = Field(description="the consent that has to be there first")


class FindIn(Schema):
    """What to find a customer by: one of the three."""

    customer_id: str = ""
    phone: str = ""
    identity_number: str = ""


class FoundOut(Schema):
    """A matching customer; the name is masked."""

    customer_id: str
    name: str
    grade: str
    missing: list[str] = Field(description="keys of the fields to ask for, the first ones first")


class KnownOut(Schema):
    """A known field: its value (masked where the catalogue says so), its source, whether values differ."""

    field: str
    value: str
    refused: bool
    source: Literal["core", "told"]
    differs: bool


class FactIn(Schema):
    """A fact to record."""

    field: str
    value: str = ""
    refused: bool = False
    confidence: Literal[1, 2, 3] = 2
    valid_until: date | None = None


class FactsIn(Schema):
    """Facts of a customer; all of them are recorded or none."""

    facts: list[FactIn] = Field(min_length=1, max_length=100)
    source: str = Field("", max_length=200, description="document, call or visit that they come from")


class RecordedOut(Schema):
    """How many facts were recorded."""

    recorded: int


class WrongOut(Schema):
    """What is wrong with a fact: its index in the list (from 0), what was found, what was expected in both languages."""

    place: int
    field: str
    found: str
    expected_zh: str
    expected_en: str


class ConsentIn(Schema):
    """A customer's answer to a purpose's text."""

    purpose: str
    version: str = Field(description="of the text that was shown")
    given: bool
    evidence: str = Field("", max_length=200)


class ComplaintIn(Schema):
    """A complaint."""

    subject: str = Field(min_length=1, max_length=100)
    text: str = Field("", max_length=2000)
    origin: Literal["counter", "phone", "online", "letter", "authority"] = "online"


class ComplaintOut(Schema):
    """The number of a case."""

    number: int
    due_on: date


class QueueCallIn(Schema):
    """A number that the queue machine calls: to whose counter, and the number by which the customer drew it."""

    staff_id: str = Field(description="who serves at the counter to which it is called")
    ticket: str = Field(min_length=1, max_length=20)
    number: str = Field(min_length=6, max_length=40, description="whole telephone, identity, card or account number")


class QueueCallOut(Schema):
    """Until when the service card is open; it says nothing of the customer."""

    until: datetime


class ConsentOut(Schema):
    """Confirms that an answer was recorded."""

    recorded: bool


class RefusedOut(Schema):
    """Why a call is refused: in words, or what is wrong where."""

    detail: str | list[dict[str, Any]]


REFUSED: dict[Any, Any] = {frozenset((400, 401, 403, 404, 409, 422, 429)): RefusedOut}


@api.get("/catalogue", response={200: list[FieldOut], **REFUSED})
def catalogue(request: HttpRequest) -> list[FieldOut]:
    """Every field of the archive."""
    book = _caller(request).gate.run.rulebook
    return [
        FieldOut(
            key=key,
            zh=entry.zh,
            en=entry.en,
            category=entry.category,
            kind=entry.kind,
            choices=[(choice.key, choice.zh, choice.en) for choice in entry.choices],
            consent=entry.consent,
        )
        for key, entry in book.fields.items()
    ]


@api.post("/customers/find", response={200: list[FoundOut], **REFUSED})
def find(request: HttpRequest, query: FindIn) -> list[FoundOut]:
    """Customers within reach by number, phone or identity number. A POST, so that these appear in no log of addresses."""
    caller = _caller(request, "find")
    condition = Q(pk__in=[])
    if query.customer_id:
        condition |= Q(customer_id=query.customer_id)
    if query.phone:
        condition |= Q(customer__phone_index__in=indexes_of(query.phone, "phone"))
    if query.identity_number:
        condition |= Q(customer__identity_number_index__in=indexes_of(query.identity_number, "identity_number"))
    rows = list(caller.gate.standings().filter(condition)[:20])
    book = caller.gate.run.rulebook
    audit.found(caller.name, "api.find", [row.customer_id for row in rows])
    grades = list(book.grades)
    return [
        FoundOut(
            customer_id=row.customer_id,
            name=name_mask(row.customer.name),
            grade=grades[row.grade_rank],
            missing=[known.key for known in missing(_archive(row, caller), row, book)],
        )
        for row in rows
    ]


@api.get("/customers/{customer_id}/archive", response={200: list[KnownOut], **REFUSED})
def archive(request: HttpRequest, customer_id: str) -> list[KnownOut]:
    """What is known of a customer."""
    caller = _caller(request, "archive")
    row = caller.gate.standing(customer_id)
    audit.record(caller.name, "api.archive", customer_id)
    return [
        KnownOut(
            field=key,
            value=fact_words(state.field, state.value) if state.field.masked else state.value,
            refused=state.refused,
            source="told" if state.leading or state.refused else "core",
            differs=state.conflict or state.differs,
        )
        for key, state in _archive(row, caller).items()
        if state.known
    ]


@api.post("/customers/{customer_id}/facts", response={**REFUSED, 200: RecordedOut, 422: list[WrongOut] | RefusedOut})
def facts(request: HttpRequest, customer_id: str, payload: FactsIn, key: Key) -> HttpResponse:
    """Record all facts, or none and say what is wrong."""
    caller = _caller(request, "facts")
    row = caller.gate.standing(customer_id)

    def act() -> tuple[int, Any]:
        contents, faults = _read_facts(payload, row, caller)
        if faults:
            return 422, [fault.dict() for fault in faults]
        on = caller.gate.run.work_date
        for content in contents:
            record_fact(customer_id, content, [], caller.name, on, uuid5(KEYS, f"{caller.name} {key} {content.field}"))
        return 200, {"recorded": len(contents)}

    return _once(request, caller, key, act)


@api.post("/customers/{customer_id}/consents", response={200: ConsentOut, **REFUSED})
def consents(request: HttpRequest, customer_id: str, payload: ConsentIn, key: Key) -> HttpResponse:
    """Record a customer's consent to a purpose, or its withdrawal."""
    caller = _caller(request, "consents")
    caller.gate.standing(customer_id)
    if payload.purpose not in caller.gate.run.rulebook.consents:
        raise HttpError(422, f"no such purpose: {payload.purpose}")

    def act() -> tuple[int, Any]:
        answer = ConsentAnswer(
            payload.purpose, payload.version, payload.given, Channel(caller.system.channel), payload.evidence
        )
        token = uuid5(KEYS, f"{caller.name} {key}")
        record_consent(customer_id, answer, caller.name, caller.gate.run.work_date, token)
        return 200, {"recorded": True}

    return _once(request, caller, key, act)


@api.post("/customers/{customer_id}/complaints", response={200: ComplaintOut, **REFUSED})
def complaints(request: HttpRequest, customer_id: str, payload: ComplaintIn, key: Key) -> HttpResponse:
    """Open a complaint."""
    caller = _caller(request, "complaints")
    caller.gate.standing(customer_id)

    def act() -> tuple[int, Any]:
        run = caller.gate.run
        token = uuid5(KEYS, f"{caller.name} {key}")
        case = open_case(customer_id, payload.dict(), caller.name, run.work_date, run.rulebook, token)
        return 200, {"number": case.pk, "due_on": case.due_on.isoformat()}

    return _once(request, caller, key, act)


@api.post("/queue/calls", response={200: QueueCallOut, **REFUSED})
def queue_call(request: HttpRequest, payload: QueueCallIn, key: Key) -> HttpResponse:
    """Open the service card of the customer whose number is called, for who serves at the counter.

    404 where nobody serves there or not exactly one customer of the branch has the number; 429 where the person has
    opened as many cards today as the rule book allows.
    """
    caller = _caller(request, "queue")

    def act() -> tuple[int, Any]:
        member = caller.gate.colleagues().filter(staff_id=payload.staff_id).first()
        gate = Gate(member, caller.gate.run) if member else None
        if gate is None or not gate.receives:
            raise HttpError(404, "nobody serves there")
        try:
            card = call_up(gate, payload.number, payload.ticket, caller.gate, timezone.now())
        except DayIsFull:
            raise HttpError(429, "no more service cards today") from None
        if card is None:
            raise HttpError(404, "no such customer")
        audit.record(caller.name, "api.queue", card.customer_id, member.staff_id if member else "")
        return 200, {"until": card.until.isoformat()}

    return _once(request, caller, key, act)


def _pace(caller: Caller) -> Pace:
    """As often as any system may call, or less often by the token's terms."""
    return replace(CALLS, most=min(CALLS.most, caller.system.calls or CALLS.most))


def _caller(request: HttpRequest, scope: Scope | None = None) -> Caller:
    """The calling system; 403 if its token is not for this."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    if scope and not caller.may(scope):
        raise HttpError(403, f"this token is not for {scope}")
    return caller


def _archive(standing: Standing, caller: Caller) -> dict[str, Any]:
    return archive_of(standing.customer, caller.gate.run.rulebook, caller.gate.run.work_date)


def _read_facts(payload: FactsIn, row: Standing, caller: Caller) -> tuple[list[FactContent], list[WrongOut]]:
    book: RuleBook = caller.gate.run.rulebook
    known_keys = {key for key, fact in _archive(row, caller).items() if fact.known} | {
        fact.field for fact in payload.facts
    }
    consented = agreed_purposes([row.customer_id], book.consents)[row.customer_id]
    contents: list[FactContent] = []
    faults: list[WrongOut] = []
    for place, fact in enumerate(payload.facts):
        try:
            value = _value(fact, book, consented)
        except Unfit as unfit:
            expected = {"found": fact.value, "expected_zh": unfit.zh, "expected_en": unfit.en}
            faults.append(WrongOut(place=place, field=fact.field, **expected))
            continue
        content = FactContent(
            fact.field,
            value,
            Channel(caller.system.channel),
            Confidence(fact.confidence),
            fact.refused,
            payload.source,
            valid_until=fact.valid_until,
        )
        contents += with_derived(content, known_keys)
    return contents, faults


def _value(fact: FactIn, book: RuleBook, consented: set[str]) -> str:
    """The value in its stored form; raises Unfit."""
    entry = book.fields.get(fact.field)
    if entry is None or fact.field == "name":
        raise Unfit("目录中的字段", "a field of the catalogue")
    if bool(fact.value.strip()) == fact.refused:
        raise Unfit("内容,或客户不愿提供", "a value, or that the customer refused")
    if fact.refused:
        return ""
    if entry.consent and entry.consent not in consented:
        purpose = book.consents[entry.consent]
        raise Unfit(f"客户先同意“{purpose.zh}”", f"the customer's consent first: {purpose.en}")
    return read(entry, fact.value)


def _once(request: HttpRequest, caller: Caller, key: str, act: Callable[[], tuple[int, Any]]) -> HttpResponse:
    """Carry out a call once per idempotency key; the same key with a different call is refused with 409."""
    asked = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
    try:
        with transaction.atomic():
            answer = _earlier_answer(caller, key)
            if answer is None:
                status, body = act()
                values = {"asked": asked, "status": status, "body": json.dumps(body, ensure_ascii=False)}
                answer = Answered.objects.create(system=caller.system, key=key, at=timezone.now(), **values)
    except IntegrityError:  # the same call is being answered elsewhere
        answer = _earlier_answer(caller, key)
    if answer is None or answer.asked != asked:
        raise HttpError(409, "this idempotency key was used for another call")
    return HttpResponse(answer.body, "application/json", status=answer.status)


def _earlier_answer(caller: Caller, key: str) -> Answered | None:
    return Answered.objects.filter(system=caller.system, key=key).first()

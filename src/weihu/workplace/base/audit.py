"""Write and verify the audit log (审计日志).

An entry is written with the transaction of what it tells of. In a transaction of its own it is chained at once, together
with those of other threads; in a longer one it waits, under a code of its own, and is chained right after the commit, so
that nobody who reads a page waits for what somebody else is still doing. The end of the chain is one signed row (Head), and its copy is kept beside
the key, so that an end that was cut off is missed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from weihu.workplace.base.audit_key import audit_key, head_file
from weihu.workplace.base.models import Entry, Head

log = logging.getLogger("weihu.workplace")
ORIGIN = "0" * 64
AT_ONCE = 500
"""So many entries are chained in one transaction."""
KEPT_EVERY = 1.0
"""Seconds between two copies of the end of the chain by one process."""


@dataclass(frozen=True)
class Act:
    """One access or act that is to be entered: who, what, and of which customer."""

    staff_id: str
    action: str
    customer_id: str = ""
    detail: str = ""


@dataclass(frozen=True)
class End:
    """The end of the chain: the place of the last entry, counted from 1, and its digest, signed."""

    place: int
    digest: str
    signature: str

    @classmethod
    def of(cls, place: int, digest: str) -> End:
        """An end, signed."""
        return cls(place, digest, _code("end", place, digest))

    @classmethod
    def read(cls, text: str) -> End | None:
        """An end as ``str`` gives it; None if it is none of this log."""
        try:
            place, digest, signature = text.split()
            end = cls(int(place), digest, signature)
        except ValueError:
            return None
        return end if end.is_genuine else None

    @property
    def is_genuine(self) -> bool:
        """Whether it was signed with the key of the log."""
        return _same(self.signature, _code("end", self.place, self.digest))

    def __str__(self) -> str:
        return f"{self.place} {self.digest} {self.signature}"


@dataclass(frozen=True)
class Broken:
    """Where the log was changed: the place of the first entry that is not as it was written, and how it shows."""

    place: int
    why: str


@dataclass
class _Ticket:
    """Acts of one thread that are to be entered, and what came of it."""

    acts: list[Act]
    is_written: bool = False
    error: BaseException | None = None


_queue, _writing = threading.Lock(), threading.Lock()
_tickets: list[_Ticket] = []
_noted = threading.local()
_kept = {"at": 0.0}


def record(staff_id: str, action: str, customer_id: str = "", detail: str = "") -> None:
    """Append an entry. It is written with the request's transaction or not at all."""
    record_many([Act(staff_id, action, customer_id, detail)])


def record_many(acts: Iterable[Act]) -> None:
    """Append an entry per act, in their order, all or none."""
    _noted.count = noted() + 1
    if connection.in_atomic_block:
        entries = [_entry(act) for act in acts]
        for entry in entries:
            entry.digest = _waiting(entry)
        Entry.objects.bulk_create(entries, batch_size=AT_ONCE)
        # what it tells of is done: should the chain be busy, the next entry brings this one along
        transaction.on_commit(chain, robust=True)
        return
    ticket = _Ticket(list(acts))
    with _queue:
        _tickets.append(ticket)
    with _writing:  # whoever comes first writes for all that came meanwhile
        if not ticket.is_written:
            with _queue:
                together = list(_tickets)
                _tickets.clear()
            _write(together)
    if ticket.error:
        raise ticket.error


def found(staff_id: str, action: str, customer_ids: Sequence[str], shown: int | None = None) -> None:
    """Append an entry for a search or a list with how many it showed, and one for each customer that was found."""
    count = len(customer_ids) if shown is None else shown
    each = (Act(staff_id, "customer.found", customer_id, action) for customer_id in customer_ids)
    record_many([Act(staff_id, action, "", str(count)), *each])


def noted() -> int:
    """How often this thread has entered something: a request that enters nothing is told by it."""
    return getattr(_noted, "count", 0)


def chain() -> End:
    """Chain the entries that wait, in short transactions; the end of the chain."""
    while True:
        with transaction.atomic():
            before = _end()
            end = _chained(before)
        if end.place - before.place < AT_ONCE:
            _keep(end)
            return end


def tail() -> End:
    """The end of the chain, with all that waited, to be kept elsewhere."""
    end = chain()
    _keep(end, at_once=True)
    return end


def verify(kept: End | None = None) -> Broken | None:
    """The first entry that is not as it was written; None if the log is whole.

    It is held against its signed end, against the copy beside the key and against one that was ``kept`` elsewhere: what
    was cut off after that one is missed, even if all else was put back to an earlier state.
    """
    with contextlib.suppress(Head.DoesNotExist):
        chain()
    head = Head.objects.first()
    signed = End(head.place, head.digest, head.signature) if head else None
    ends = [end for end in (signed, _kept_end(), kept) if end]
    known = {end.place: end.digest for end in ends}
    place, last = 0, ORIGIN
    for entry in Entry.objects.filter(place__isnull=False).order_by("place").iterator():
        place += 1
        if entry.place != place:
            return Broken(place, "missing")
        if entry.digest != _digest(last, place, entry) or known.get(place, entry.digest) != entry.digest:
            return Broken(place, "changed")
        last = entry.digest
    missing = [end.place for end in ends if end.place > place]
    if missing or (signed is None and place):
        return Broken(place + 1, "cut off")
    if any(not end.is_genuine for end in ends):
        return Broken(place, "end not genuine")
    waiting = Entry.objects.filter(place__isnull=True).iterator()
    strange = any(not _same(entry.digest, _waiting(entry)) for entry in waiting)
    return Broken(place + 1, "not written by the workplace") if strange else None


def _write(tickets: list[_Ticket]) -> None:
    """Write and chain the entries of several threads in one short transaction; what cannot be written fails alone."""
    try:
        with transaction.atomic():
            end = _end()
            entries = [_entry(act) for ticket in tickets for act in ticket.acts]
            Entry.objects.bulk_create(list(_linked(entries, end)), batch_size=AT_ONCE)
            end = _moved(end, entries)
        _keep(end)
    except BaseException as error:
        if len(tickets) > 1:
            for ticket in tickets:
                _write([ticket])
            return
        tickets[0].error = error
    for ticket in tickets:
        ticket.is_written = True


def _end() -> End:
    """The end of the chain, locked until the transaction ends. The first entry makes it."""
    head = Head.objects.select_for_update().first()
    if head is None:
        start = End.of(0, ORIGIN)
        Head.objects.bulk_create([Head(pk=1, **asdict(start))], ignore_conflicts=True)
        head = Head.objects.select_for_update().get(pk=1)
    return End(head.place, head.digest, head.signature)


def _chained(end: End) -> End:
    """Chain so many of the entries that wait; one that the workplace did not write stays where it is."""
    waiting = list(Entry.objects.filter(place__isnull=True).order_by("id")[:AT_ONCE])
    written = [entry for entry in waiting if _same(entry.digest, _waiting(entry))]
    if not written:
        return end
    rows = [(entry.place, entry.digest, entry.pk) for entry in _linked(written, end)]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE base_entry SET place = %s, digest = %s WHERE id = %s", rows)
    return _moved(end, written)


def _linked(entries: Sequence[Entry], end: End) -> Iterator[Entry]:
    """The entries with their places and digests behind an end."""
    last = end.digest
    for place, entry in enumerate(entries, end.place + 1):
        entry.place = place
        entry.digest = last = _digest(last, place, entry)
        yield entry


def _moved(end: End, entries: Sequence[Entry]) -> End:
    """The end behind some entries, kept as the signed row."""
    if not entries:
        return end
    moved = End.of(end.place + len(entries), entries[-1].digest)
    Head.objects.filter(pk=1).update(**asdict(moved))
    return moved


def _keep(end: End, at_once: bool = False) -> None:
    """Copy the end beside the key, now and then, unless it may yet be undone."""
    now = time.monotonic()
    if connection.in_atomic_block or (not at_once and now - _kept["at"] < KEPT_EVERY):
        return
    _kept["at"] = now
    file = head_file()
    staged = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        staged.write_text(f"{end}\n", encoding="ascii")
        staged.replace(file)
    except OSError:
        log.exception("the end of the audit log cannot be copied to %s", file)


def _kept_end() -> End | None:
    """The copy beside the key; one that is not genuine counts as one that no log can meet."""
    with contextlib.suppress(FileNotFoundError):
        text = head_file().read_text(encoding="ascii", errors="replace")
        return End.read(text) or End(2**62, ORIGIN, "")
    return None


def _entry(act: Act) -> Entry:
    """An act as an entry; no database keeps a character of number 0."""
    texts = {name: text.replace("\0", "") for name, text in asdict(act).items()}
    return Entry(at=datetime.now(UTC), **texts)


def _waiting(entry: Entry) -> str:
    """The code of an entry that waits to be chained."""
    return _code("waits", *_content(entry))


def _content(entry: Entry) -> list[str]:
    return [entry.at.isoformat(), entry.staff_id, entry.action, entry.customer_id, entry.detail]


def _digest(last: str, place: int, entry: Entry) -> str:
    return _code(last, place, *_content(entry))


def _code(*content: Any) -> str:
    return hmac.digest(audit_key(), json.dumps(content).encode(), hashlib.sha256).hex()


def _same(written: str, code: str) -> bool:
    """Whether a code is as it was written, of which nothing is known: characters that codes do not have stand in none."""
    return hmac.compare_digest(written.encode("utf-8", "surrogatepass"), code.encode())

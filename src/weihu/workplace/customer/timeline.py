"""Everything that happened with a customer (时间线), the latest first; its sources stand in the record."""

from __future__ import annotations

from itertools import islice

from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.customer.events import Event, Subject
from weihu.workplace.customer.record import RECORD
from weihu.workplace.gate.requests import WorkRequest

PAGE = 12


def timeline(
    request: WorkRequest, standing: Standing, start: int = 0, size: int = PAGE
) -> tuple[list[tuple[Event, Staff | None]], int]:
    """``size`` events from the ``start``-th on with who did them, and where the next page starts (0: nowhere).

    Each source gives no more than could be shown, so a page costs the same however long the history is.
    """
    subject = Subject(standing, request.gate, request.book)
    most = start + size + 1
    events = [event for kept in RECORD if kept.events for event in islice(kept.events(subject, most), most)]
    events.sort(key=lambda event: event.on, reverse=True)
    page = events[start : start + size]
    people = Staff.objects.in_bulk({event.staff_id for event in page if event.staff_id})
    following = start + size if len(events) > start + size else 0
    return [(event, people.get(event.staff_id)) for event in page], following

"""Write and verify the audit log (审计日志)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection, transaction

from weihu.workplace.base.models import Entry

ORIGIN = "0" * 64
CHAIN_LOCK = 7_203_001
"""PostgreSQL advisory lock on the end of the chain; SQLite has a single writer anyway."""
AT_ONCE = 500


@dataclass(frozen=True)
class Act:
    """One access or act that is to be entered: who, what, and of which customer."""

    staff_id: str
    action: str
    customer_id: str = ""
    detail: str = ""


def record(staff_id: str, action: str, customer_id: str = "", detail: str = "") -> None:
    """Append an entry. It is written with the request's transaction or not at all."""
    record_many([Act(staff_id, action, customer_id, detail)])


def record_many(acts: Iterable[Act]) -> None:
    """Append an entry per act, in their order, all or none; the chain is locked and its end read once."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
        digest, entries = tail(), []
        for act in acts:
            entry = Entry(at=datetime.now(UTC), **asdict(act))
            entry.digest = digest = _digest(digest, entry)
            entries.append(entry)
        Entry.objects.bulk_create(entries, batch_size=AT_ONCE)


def verify() -> int | None:
    """The id of the first entry that does not match the one before it; None if the chain is intact.

    Entries deleted from the end leave no trace in the chain itself: compare ``tail()`` with a copy kept elsewhere.
    """
    last = ORIGIN
    for entry in Entry.objects.order_by("id").iterator():
        if entry.digest != _digest(last, entry):
            return entry.pk
        last = entry.digest
    return None


def tail() -> str:
    """The digest of the last entry, to be kept elsewhere."""
    return Entry.objects.order_by("-id").values_list("digest", flat=True).first() or ORIGIN


def _digest(last: str, entry: Entry) -> str:
    content = [last, entry.at.isoformat(), entry.staff_id, entry.action, entry.customer_id, entry.detail]
    return hmac.digest(settings.HOME.key("index"), json.dumps(content).encode(), hashlib.sha256).hex()

"""What payments let staff ask customers: found in what was delivered, kept as questions, closed by the archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from weihu.engine.duck import DuckEngine
from weihu.engine.lake import Home
from weihu.engine.protocol import table_of
from weihu.nightly.gather import unscored_customers
from weihu.nightly.landed import landed, owners, published
from weihu.rules import life
from weihu.rules.rulebook import RuleBook
from weihu.rules.wallet import OWNERS
from weihu.workplace.bank.models import Run
from weihu.workplace.gate.merged import merges_on
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.life.models import LifeQuestion
from weihu.workplace.know.life.questions import NO, YES

BATCH = 1_000


@dataclass(frozen=True)
class Asked:
    """What is known of the questions, by event of the book: new ones, open ones, and how the others were answered."""

    on: date
    counts: dict[str, dict[str, int]]

    @property
    def facts(self) -> dict[str, Any]:
        """As the command tells it."""
        return {"on": str(self.on), "counts": self.counts}


def ask(home: Home, book: RuleBook, last: Run, said: Callable[[str], None]) -> Asked:
    """Look for the book's signs in what was delivered up to ``last``; what speaks for an event becomes a question.

    Not asked: who refuses personal analysis, who has died, what the archive was told of since, and what was answered
    within the book's time. A question that was never answered ends with the payments that it came from.
    Raises checksums.Damaged if what landed or the night left is not as it was.
    """
    said(str(last.business_date))
    rows = _found(home, book, last)
    rule, on = book.life_events, last.work_date
    out = unscored_customers(book, on)
    with transaction.atomic():
        told = _told(book)
        _close(told, book, on)
        LifeQuestion.objects.filter(answer="", on__lte=last.business_date - timedelta(days=rule.days)).delete()
        rested = on - timedelta(days=rule.rest_days)
        kept = LifeQuestion.objects.exclude(answered_on__lte=rested).values_list("customer_id", "kind")
        asked = set(kept)
        fresh = [
            LifeQuestion(on=last.business_date, comes=rule.kinds[row["kind"]].signs[row.pop("sign")].comes, **row)
            for row in rows
            if row["customer_id"] not in out
            and (row["customer_id"], row["kind"]) not in asked
            and told.get((row["customer_id"], rule.kinds[row["kind"]].field), date.min) < row["since"]
        ]
        LifeQuestion.objects.bulk_create(fresh, batch_size=BATCH)
    return Asked(last.business_date, _counts(book, Counter(row.kind for row in fresh)))


def _found(home: Home, book: RuleBook, last: Run) -> list[dict[str, Any]]:
    """What the rule finds, by customer and event."""
    first = last.business_date - timedelta(days=book.life_events.days)
    runs = [run for on, run in published(last).items() if on > first]
    follows = {row["gone"]: row["kept"] for row in merges_on(last.business_date) if row["active"]}
    engine = DuckEngine(home.spill)
    try:
        engine.bind("transactions", life.PAID, landed(home, runs, "transactions"))
        engine.bind_arrow("owners", OWNERS, owners(home, last, follows))
        tables = {"transactions": table_of("transactions", life.PAID), "owners": table_of("owners", OWNERS)}
        engine.derive("found", life.found, **tables, on=last.business_date, book=book)
        return sorted(engine.read("found").to_pylist(), key=lambda row: (row["customer_id"], row["kind"]))
    finally:
        engine.close()


def _told(book: RuleBook) -> Mapping[tuple[str, str], date]:
    """When the archive was last told of the fields of events, by customer and field."""
    fields = {event.field for event in book.life_events.kinds.values()}
    facts = Fact.objects.filter(field__in=fields, withdrawn_at__isnull=True).order_by("on", "pk")
    return {(customer, field): on for customer, field, on in facts.values_list("customer_id", "field", "on")}


def _close(told: Mapping[tuple[str, str], date], book: RuleBook, on: date) -> None:
    """What the archive was told of since is answered."""
    done: list[int] = []
    for row in LifeQuestion.objects.filter(answer="", kind__in=book.life_events.kinds):
        if told.get((row.customer_id, book.life_events.kinds[row.kind].field), date.min) >= row.since:
            done.append(row.pk)
    LifeQuestion.objects.filter(pk__in=done).update(answer=YES, answered_on=on)


def _counts(book: RuleBook, fresh: Mapping[str, int]) -> dict[str, dict[str, int]]:
    rows = Counter(LifeQuestion.objects.values_list("kind", "answer"))
    return {
        kind: {
            "new": fresh.get(kind, 0),
            "open": rows[kind, ""],
            "yes": rows[kind, YES],
            "no": rows[kind, NO],
        }
        for kind in book.life_events.kinds
    }

"""Introductions come true: the introduced person becomes a customer, and takes a first product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.bank.models import Account, Customer, Run

AT_ONCE = 500


def standing_introductions() -> QuerySet[Introduction]:
    """Those that nobody took back."""
    return Introduction.objects.filter(withdrawn=False)


def link(run: Run) -> None:
    """After a night: find who became a customer by the telephone, and who has a first product.

    A telephone that several customers share links nobody: a person has to say which one it is.
    """
    for row in standing_introductions().filter(introduced_id__isnull=True).exclude(phone_index=""):
        found = list(Customer.objects.filter(phone_index=row.phone_index).exclude(pk=row.introducer_id)[:2])
        if len(found) == 1:
            Introduction.objects.filter(pk=row.pk).update(introduced_id=found[0].pk, linked_on=run.business_date)
    waiting = list(standing_introductions().filter(introduced_id__isnull=False, first_product_on__isnull=True))
    opened: dict[str, date] = {}
    ids = sorted({row.introduced_id or "" for row in waiting})
    for start in range(0, len(ids), AT_ONCE):
        some = Account.objects.filter(customer_id__in=ids[start : start + AT_ONCE], since_run__lte=run.number)
        opened |= {account.customer_id: account.opened_on for account in some.order_by("-opened_on")}
    for row in waiting:
        if (on := opened.get(row.introduced_id or "")) is not None:
            Introduction.objects.filter(pk=row.pk).update(first_product_on=max(on, row.on))


def tree(rows: Iterable[Introduction]) -> dict[str, list[Introduction]]:
    """Introductions by who introduced."""
    found: dict[str, list[Introduction]] = defaultdict(list)
    for row in rows:
        found[row.introducer_id].append(row)
    return dict(found)


def brought_by(customer_id: str, branches: dict[str, list[Introduction]]) -> list[Introduction]:
    """Everybody whom a customer brought, directly or through others; a circle is gone round once."""
    found: list[Introduction] = []
    seen, waiting = {customer_id}, [customer_id]
    while waiting:
        for row in branches.get(waiting.pop(), []):
            found.append(row)
            if row.introduced_id and row.introduced_id not in seen:
                seen.add(row.introduced_id)
                waiting.append(row.introduced_id)
    return found

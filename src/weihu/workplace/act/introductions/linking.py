"""Introductions come true: the introduced person becomes a customer, and takes a first product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Min, QuerySet

from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.bank.models import Account, Run
from weihu.workplace.know.archive.search import numbered

AT_ONCE = 500


def standing_introductions() -> QuerySet[Introduction]:
    """Those that nobody took back."""
    return Introduction.objects.filter(withdrawn=False)


def link(run: Run) -> None:
    """After a night: find who became a customer by the telephone, and who has a first product.

    A telephone that several customers share links nobody: a person has to say which one it is.
    """
    unknown = standing_introductions().filter(introduced_id__isnull=True).exclude(phone_index="")
    linked = []
    everybody = list(unknown.order_by("pk"))
    for start in range(0, len(everybody), AT_ONCE):
        rows = everybody[start : start + AT_ONCE]
        # the two tables may be under two keys of the index while one is renewed
        owners = numbered("phone", [row.phone for row in rows])
        for row in rows:
            others = owners.get(row.phone, set()) - {row.introducer_id}
            if len(others) == 1:
                row.introduced_id, row.linked_on = others.pop(), run.business_date
                linked.append(row)
    Introduction.objects.bulk_update(linked, ["introduced_id", "linked_on"], batch_size=AT_ONCE)
    waiting = standing_introductions().filter(introduced_id__isnull=False, first_product_on__isnull=True)
    accounts = Account.objects.filter(customer_id__in=waiting.values("introduced_id"), since_run__lte=run.number)
    opened = dict(accounts.values_list("customer_id").annotate(Min("opened_on")).order_by())
    begun = [row for row in waiting if row.introduced_id in opened]
    for row in begun:
        row.first_product_on = max(opened[row.introduced_id or ""], row.on)
    Introduction.objects.bulk_update(begun, ["first_product_on"], batch_size=AT_ONCE)


def tree(rows: Iterable[Introduction]) -> dict[str, list[Introduction]]:
    """Introductions by who introduced."""
    branches: dict[str, list[Introduction]] = defaultdict(list)
    for row in rows:
        branches[row.introducer_id].append(row)
    return dict(branches)


def brought_by(customer_id: str, branches: dict[str, list[Introduction]]) -> list[Introduction]:
    """Everybody whom a customer brought, directly or through others; a circle is gone round once."""
    brought: list[Introduction] = []
    seen, waiting = {customer_id}, [customer_id]
    while waiting:
        for row in branches.get(waiting.pop(), []):
            brought.append(row)
            if row.introduced_id and row.introduced_id not in seen:
                seen.add(row.introduced_id)
                waiting.append(row.introduced_id)
    return brought

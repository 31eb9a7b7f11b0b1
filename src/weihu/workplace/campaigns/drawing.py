"""A campaign's list: how large it is, whom it overlaps, who is left alone by chance, who is called when."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.offers import Offer
from weihu.workplace.archive.facts import barred_customers
from weihu.workplace.archive.lists import ListQuery
from weihu.workplace.archive.models import Account, Holding, Product
from weihu.workplace.audit import log
from weihu.workplace.campaigns.models import Campaign, CampaignTarget
from weihu.workplace.grading.models import Standing
from weihu.workplace.people.gate import Gate
from weihu.workplace.worklist.fatigue import tired_customers

AT_ONCE = 500


class TooLarge(ValueError):
    """The list has more customers than a campaign may have, or nobody."""


@dataclass(frozen=True)
class Check:
    """What stands on a list before it is drawn: all its customers, those not to be contacted, those contacted often
    enough lately (they wait for a later wave), and per running campaign those that are on it already (left out)."""

    customers: int
    barred: int
    tired: int
    overlaps: list[tuple[Campaign, int]]
    left: int
    control: int
    days: int


def check(campaign: Campaign, gate: Gate, book: RuleBook, on: date) -> Check:
    """Size and overlap. Raises TooLarge, lists.TooWide."""
    rows = _listed(campaign, gate, on)
    ids = [row.customer_id for row in rows]
    barred = _all(ids, lambda some: barred_customers(book, on, some))
    tired = _all(ids, lambda some: tired_customers(book, on, some))
    taken = _taken(campaign, set(ids))
    left = [row for row in rows if row.customer_id not in barred and not any(row.customer_id in c for _, c in taken)]
    control = round(len(left) * campaign.control_share)
    by_person: dict[str, int] = defaultdict(int)
    for row in left:
        by_person[row.primary_id or ""] += 1
    longest = max(by_person.values(), default=0) * (1 - float(campaign.control_share))
    return Check(
        len(rows),
        len(barred),
        len(tired),
        [(other, len(customers)) for other, customers in taken],
        len(left),
        control,
        -(-int(longest) // campaign.wave_size) if longest else 0,
    )


def start(campaign: Campaign, gate: Gate, book: RuleBook, by: str, on: date) -> None:
    """Draw who is called and who is left alone, and begin. Twice is once. Raises TooLarge, lists.TooWide."""
    rows = _listed(campaign, gate, on)
    barred = _all([row.customer_id for row in rows], lambda some: barred_customers(book, on, some))
    taken = set().union(*(customers for _, customers in _taken(campaign, {row.customer_id for row in rows})))
    rows = [row for row in rows if row.customer_id not in barred | taken]
    if not rows:
        raise TooLarge
    order = sorted(rows, key=lambda row: row.customer_id)
    random.Random(campaign.seed).shuffle(order)  # noqa: S311 - a draw that can be made again, not a secret
    alone = round(len(order) * campaign.control_share)
    holding = holders(book.offers.get(campaign.offer), [row.customer_id for row in order])
    days = _waves(order[alone:], max(on, campaign.from_on), campaign.wave_size)
    with transaction.atomic():
        begun = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.DRAFT)
        if not begun.update(state=Campaign.State.RUNNING, approved_by=by, from_on=max(on, campaign.from_on)):
            return
        CampaignTarget.objects.bulk_create(
            (
                CampaignTarget(
                    campaign=campaign,
                    customer_id=row.customer_id,
                    control=place < alone,
                    wave_on=days.get(row.customer_id),
                    aum_before=row.aum,
                    held_before=row.customer_id in holding,
                )
                for place, row in enumerate(order)
            ),
            batch_size=AT_ONCE,
        )
        log.record(by, "campaign.start", detail=f"{campaign.pk} {len(order)} {alone}")


def stop(campaign: Campaign, by: str, on: date, reason: str) -> None:
    """Nobody is called any more; what was done is measured all the same."""
    running = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.RUNNING)
    if running.update(state=Campaign.State.STOPPED, stopped_on=on, stop_reason=reason[:200]):
        log.record(by, "campaign.stop", detail=f"{campaign.pk} {reason}"[:200])


def holders(offer: Offer | None, customer_ids: list[str]) -> set[str]:
    """Those of some customers who hold what an offer stands for."""
    if offer is None:
        return set()
    known = Product.objects.filter(category=offer.category)
    products = [row.product_id for row in known if not offer.products or row.product_id in offer.products]
    found: set[str] = set()
    for some in _chunks(customer_ids):
        for rows in (Account.objects.all(), Holding.objects.all()):
            open_rows = rows.filter(customer_id__in=some, product_id__in=products, closed_on__isnull=True)
            found.update(open_rows.values_list("customer_id", flat=True))
    return found


def _listed(campaign: Campaign, gate: Gate, on: date) -> list[Standing]:
    query = ListQuery.of(QueryDict(campaign.query), gate.run.rulebook)
    found: QuerySet[Standing] = query.standings(gate, on).filter(primary_id__isnull=False).order_by("customer_id")
    most = gate.run.rulebook.campaigns.largest
    rows = list(found[: most + 1])
    if len(rows) > most:
        raise TooLarge
    return rows


def _taken(campaign: Campaign, ids: set[str]) -> list[tuple[Campaign, set[str]]]:
    """Who is on another running campaign's list: the same customer in two would blur both effects."""
    found = []
    for other in Campaign.objects.filter(state=Campaign.State.RUNNING).exclude(pk=campaign.pk):
        customers = ids & set(other.targets.values_list("customer_id", flat=True))
        if customers:
            found.append((other, customers))
    return found


def _waves(rows: Iterable[Standing], first: date, size: int) -> dict[str, date]:
    """The day on which each is called: so many a person and working day, in the order of the draw."""
    counts: dict[str, int] = defaultdict(int)
    days = [first]
    found = {}
    for row in rows:
        wave = counts[row.primary_id or ""] // size
        counts[row.primary_id or ""] += 1
        while len(days) <= wave:
            days.append(_next_working_day(days[-1]))
        found[row.customer_id] = days[wave]
    return found


def _next_working_day(day: date) -> date:
    following = day + timedelta(days=1)
    return following + timedelta(days=7 - following.weekday()) if following.weekday() >= 5 else following


def _all(ids: list[str], found: Callable[[list[str]], set[str]]) -> set[str]:
    return set().union(*(found(some) for some in _chunks(ids)))


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    for place in range(0, len(ids), AT_ONCE):
        yield ids[place : place + AT_ONCE]

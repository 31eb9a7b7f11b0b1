"""Drawing a campaign: its size, overlaps with other campaigns, the random control group, the waves of calls."""

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
from weihu.rules.workdays import WorkingDays
from weihu.workplace.act.campaigns.models import Campaign, CampaignTarget
from weihu.workplace.act.messaging.fatigue import tired_customers
from weihu.workplace.act.segments.definition import Definition
from weihu.workplace.act.segments.models import Segment
from weihu.workplace.act.segments.reading import page
from weihu.workplace.bank.models import Account, Holding, Product, Standing
from weihu.workplace.base import audit
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.workdays import days_of_branches
from weihu.workplace.know.archive.facts import barred_customers
from weihu.workplace.know.archive.lists import ListQuery

AT_ONCE = 500
OF_SEGMENT = "segment="
"""Begins the query of a campaign whose customers are a segment's."""


class OwnCampaign(ValueError):
    """Nobody starts his or her own campaign."""


class TooLarge(ValueError):
    """The list has more customers than a campaign may have, or nobody."""


@dataclass(frozen=True)
class Check:
    """A list before the draw: its customers, those not to be contacted, those contacted too often lately (they wait
    for a later wave), and the customers already in another running campaign (they are left out)."""

    customers: int
    barred: int
    tired: int
    overlaps: list[tuple[Campaign, int]]
    left: int
    control: int
    days: int


def check(campaign: Campaign, gate: Gate, book: RuleBook, on: date) -> Check:
    """Check size and overlaps before the draw, with the maker's gate. Raises TooLarge, lists.TooWide."""
    rows = _listed(campaign, gate, on)
    ids = [row.customer_id for row in rows]
    barred = _in_batches(ids, lambda batch: barred_customers(book, on, batch))
    tired = _in_batches(ids, lambda batch: tired_customers(book, on, batch))
    overlaps = _on_other_campaigns(campaign, set(ids))
    left = [row for row in rows if row.customer_id not in barred and not any(row.customer_id in c for _, c in overlaps)]
    control = round(len(left) * campaign.control_share)
    by_person: dict[str, int] = defaultdict(int)
    for row in left:
        by_person[row.primary_id or ""] += 1
    longest = max(by_person.values(), default=0) * (1 - float(campaign.control_share))
    return Check(
        len(rows),
        len(barred),
        len(tired),
        [(other, len(customers)) for other, customers in overlaps],
        len(left),
        control,
        -(-int(longest) // campaign.wave_size) if longest else 0,
    )


def start(campaign: Campaign, gate: Gate, book: RuleBook, by: str, on: date) -> None:
    """Draw the control group and start; starting twice changes nothing. ``gate`` is the maker's, whose list it is, and
    ``by`` somebody else who decides. Raises OwnCampaign, TooLarge, lists.TooWide."""
    if by == campaign.made_by:
        raise OwnCampaign
    rows = _listed(campaign, gate, on)
    barred = _in_batches([row.customer_id for row in rows], lambda batch: barred_customers(book, on, batch))
    elsewhere = set().union(
        *(customers for _, customers in _on_other_campaigns(campaign, {row.customer_id for row in rows}))
    )
    rows = [row for row in rows if row.customer_id not in barred | elsewhere]
    if not rows:
        raise TooLarge
    order = sorted(rows, key=lambda row: row.customer_id)
    random.Random(campaign.seed).shuffle(order)  # noqa: S311 - a repeatable draw, not a secret
    control_size = round(len(order) * campaign.control_share)
    holding = holders(book.offers.get(campaign.offer), [row.customer_id for row in order])
    calendar = days_of_branches(book, on, {row.branch_id for row in order})
    days = _waves(order[control_size:], max(on, campaign.from_on), campaign.wave_size, calendar)
    with transaction.atomic():
        begun = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.DRAFT)
        if not begun.update(state=Campaign.State.RUNNING, approved_by=by, from_on=max(on, campaign.from_on)):
            return
        CampaignTarget.objects.bulk_create(
            (
                CampaignTarget(
                    campaign=campaign,
                    customer_id=row.customer_id,
                    control=place < control_size,
                    wave_on=days.get(row.customer_id),
                    aum_before=row.aum,
                    held_before=row.customer_id in holding,
                )
                for place, row in enumerate(order)
            ),
            batch_size=AT_ONCE,
        )
        audit.record(by, "campaign.start", detail=f"{campaign.pk} {len(order)} {control_size}")


def stop(campaign: Campaign, by: str, on: date, reason: str) -> None:
    """Stop calling; the effect of what was done is still measured."""
    running = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.RUNNING)
    if running.update(state=Campaign.State.STOPPED, stopped_on=on, stop_reason=reason[:200]):
        audit.record(by, "campaign.stop", detail=f"{campaign.pk} {reason}"[:200])


def holders(offer: Offer | None, customer_ids: list[str]) -> set[str]:
    """The customers among ``customer_ids`` who hold a product of the offer."""
    if offer is None:
        return set()
    in_category = Product.objects.filter(category=offer.category)
    products = [row.product_id for row in in_category if not offer.products or row.product_id in offer.products]
    customers: set[str] = set()
    for batch in _chunks(customer_ids):
        for rows in (Account.objects.all(), Holding.objects.all()):
            open_rows = rows.filter(customer_id__in=batch, product_id__in=products, closed_on__isnull=True)
            customers.update(open_rows.values_list("customer_id", flat=True))
    return customers


def segment_of(query: str) -> int | None:
    """The number of the segment that a campaign's customers are from, if they are from one."""
    number = query.removeprefix(OF_SEGMENT)
    return int(number) if query.startswith(OF_SEGMENT) and number.isdecimal() else None


def _listed(campaign: Campaign, gate: Gate, on: date) -> list[Standing]:
    most = gate.run.rulebook.campaigns.largest
    if number := segment_of(campaign.query):
        segment = Segment.objects.filter(pk=number).first()
        members = page(gate, Definition.kept(segment.definition), 0, most + 1) if segment else []
        rows = sorted((row for row in members if row.primary_id), key=lambda row: row.customer_id)
        if len(members) > most:
            raise TooLarge
        return rows
    query = ListQuery.of(QueryDict(campaign.query), gate.run.rulebook)
    standings: QuerySet[Standing] = query.standings(gate, on).filter(primary_id__isnull=False).order_by("customer_id")
    rows = list(standings[: most + 1])
    if len(rows) > most:
        raise TooLarge
    return rows


def _on_other_campaigns(campaign: Campaign, ids: set[str]) -> list[tuple[Campaign, set[str]]]:
    """Customers already in another running campaign: being in two would blur the effects of both."""
    overlaps = []
    for other in Campaign.objects.filter(state=Campaign.State.RUNNING).exclude(pk=campaign.pk):
        customers = ids & set(other.targets.values_list("customer_id", flat=True))
        if customers:
            overlaps.append((other, customers))
    return overlaps


def _waves(rows: Iterable[Standing], first: date, size: int, calendar: WorkingDays) -> dict[str, date]:
    """The day each customer is called: ``size`` per member of staff and open day, in the order of the draw."""
    counts: dict[str, int] = defaultdict(int)
    days: dict[str, list[date]] = defaultdict(lambda: [first - timedelta(days=1)])
    days_by_customer = {}
    for row in rows:
        wave = counts[row.primary_id or ""] // size + 1
        counts[row.primary_id or ""] += 1
        open_days = days[row.branch_id]
        while len(open_days) <= wave:
            open_days.append(calendar.following(open_days[-1], row.branch_id))
        days_by_customer[row.customer_id] = open_days[wave]
    return days_by_customer


def _in_batches(ids: list[str], select: Callable[[list[str]], set[str]]) -> set[str]:
    return set().union(*(select(batch) for batch in _chunks(ids)))


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    for place in range(0, len(ids), AT_ONCE):
        yield ids[place : place + AT_ONCE]

"""After a night every segment is evaluated again: who entered and who left since the night before."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from weihu.workplace.act.segments.definition import Definition
from weihu.workplace.act.segments.models import Segment, SegmentMember, SegmentNight
from weihu.workplace.act.segments.reading import AT_ONCE, everybody
from weihu.workplace.bank.models import Run
from weihu.workplace.know.archive.lists import TooWide

MOST_KEPT = 200_000
"""The members of a larger segment are counted when somebody looks, and not kept: it is the whole bank, not a target."""


def evaluate(run: Run) -> None:
    """Evaluate all segments as of a run. A night that is corrected or done again leaves the same."""
    oldest = run.business_date - timedelta(days=run.rulebook.lists.kept_days)
    SegmentMember.objects.filter(left_on__lt=oldest).delete()
    SegmentNight.objects.filter(on__lt=oldest).delete()
    for segment in Segment.objects.order_by("pk"):
        try:
            members = everybody(run, Definition.kept(segment.definition))
        except TooWide:
            members = None
        with transaction.atomic():
            now = Segment.objects.select_for_update().filter(pk=segment.pk).first()
            if now is None or now.definition != segment.definition:  # deleted or changed meanwhile
                continue
            _keep(segment, members if members is not None and len(members) <= MOST_KEPT else None, run.business_date)


def _keep(segment: Segment, members: set[str] | None, on: date) -> None:
    """Write down who belongs to a segment from a night on; None: nobody is written down."""
    if members is None:
        segment.members.all().delete()
        segment.nights.update(kept=False)
    else:
        _compare(segment, members, on)
    SegmentNight.objects.update_or_create(segment=segment, on=on, defaults={"kept": members is not None})


def _compare(segment: Segment, members: set[str], on: date) -> None:
    # what an earlier try of the same night wrote is taken back first
    segment.members.filter(entered_on=on).delete()
    segment.members.filter(left_on=on).update(left_on=None)
    before = set(segment.members.filter(left_on__isnull=True).values_list("customer_id", flat=True))
    gone = sorted(before - members)
    for start in range(0, len(gone), AT_ONCE):
        batch = gone[start : start + AT_ONCE]
        segment.members.filter(left_on__isnull=True, customer_id__in=batch).update(left_on=on)
    entered = (
        SegmentMember(segment=segment, customer_id=customer, entered_on=on) for customer in sorted(members - before)
    )
    SegmentMember.objects.bulk_create(entered, batch_size=AT_ONCE)

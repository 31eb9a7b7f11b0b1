"""Decisions that move customers: hand-over, claim, referral. Every step is recorded once; the next night applies it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.working_days import Deadline
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.base import audit
from weihu.workplace.base.fields import sealed
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.limits import Kind, LimitReached, take
from weihu.workplace.gate.models import HandedCustomer, Handover, HandoverStep, Origin, Placement, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.portfolio.models import Claim, Staffing


class DecisionRefused(ValueError):
    """The decision is not allowed; ``reason`` is a key of common.REFUSALS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def posts_of(people: Sequence[Staff]) -> dict[str, set[str]]:
    """All posts of the given people, by staff number."""
    more = Staffing.objects.in_bulk([member.staff_id for member in people])
    return {
        member.staff_id: {member.post, *(more[member.staff_id].posts if member.staff_id in more else [])}
        for member in people
    }


def may_answer(staff: Staff, standing: Standing, book: RuleBook) -> bool:
    """Whether a person can be responsible for a customer: active in its branch, in a post that has customers."""
    posts_with_customers = {post for grade in book.grades.values() for post in grade.posts} | set(book.fallback_posts)
    return (
        staff.is_active
        and staff.branch_id == standing.branch_id
        and bool(posts_of([staff])[staff.staff_id] & posts_with_customers)
    )


def place(customer_ids: Sequence[str], to: str, origin: Origin, by: str, on: date) -> None:
    """Place customers with somebody from a working day on."""
    Placement.objects.bulk_create(
        Placement(customer_id=customer, staff_id=to, on=on, origin=origin, decided_by=by) for customer in customer_ids
    )
    for customer in customer_ids:
        audit.record(by, f"place.{origin}", customer, to)


# --- hand-over ---


def propose(gate: Gate, to: Staff, rows: Sequence[Standing], on: date, note: str, token: UUID) -> Handover:
    """Propose to hand customers of one person over to another. Raises DecisionRefused."""
    by, today = gate.staff.staff_id, gate.run.work_date
    owners = {row.primary_id for row in rows}
    if not rows or len(owners) != 1 or to.staff_id in owners or on < today:
        raise DecisionRefused("handover")
    owner = owners.pop() or ""
    if owner != by and not gate.decides:
        raise DecisionRefused("not_yours")
    if not all(may_answer(to, row, gate.run.rulebook) for row in rows):
        raise DecisionRefused("receiver")
    due = _due(gate, gate.run.rulebook.portfolios.handover_days, "handovers", rows[0].branch_id)
    with transaction.atomic():
        terms = {"from_id": owner, "to_id": to.staff_id, "branch_id": rows[0].branch_id, "on": on, "note": note}
        limits = {"proposed_on": today, "due_on": due}
        handover, created = Handover.objects.get_or_create(token=token, defaults={**terms, **limits, "proposed_by": by})
        if created:
            HandedCustomer.objects.bulk_create(
                HandedCustomer(handover=handover, customer_id=row.customer_id) for row in rows
            )
            _step(handover, Handover.State.PROPOSED, by, today, note)
    return handover


def _due(gate: Gate, days: int, deadline: Deadline, branch_id: str) -> date:
    """When something begun today is due in a branch."""
    return gate.days_at(branch_id).after(gate.run.work_date, days, deadline, branch_id)


def answer(handover: Handover, accept: bool, gate: Gate, note: str) -> None:
    """The receiver accepts or refuses. Raises DecisionRefused."""
    if handover.to_id != gate.staff.staff_id:
        raise DecisionRefused("not_yours")
    state = Handover.State.ACCEPTED if accept else Handover.State.REFUSED
    _move(handover, (Handover.State.PROPOSED,), state, gate, note)


def approve(handover: Handover, agree: bool, gate: Gate, note: str) -> None:
    """A supervisor who neither proposed, gives nor receives approves; from its day on the customers are the receiver's.

    Customers who have moved to somebody else in the meantime stay there. Raises DecisionRefused.
    """
    concerned = gate.staff.staff_id in concerned_by(handover)
    if not gate.decides or concerned or handover.branch_id not in gate.branches:
        raise DecisionRefused("supervisor")
    state = Handover.State.APPROVED if agree else Handover.State.REFUSED
    by, today = gate.staff.staff_id, gate.run.work_date
    with transaction.atomic():
        _move(handover, (Handover.State.ACCEPTED,), state, gate, note)
        if agree:
            ids = list(handover.customers.values_list("customer_id", flat=True))
            still = gate.standings().filter(customer_id__in=ids, primary_id=handover.from_id)
            place(
                list(still.values_list("customer_id", flat=True)),
                handover.to_id,
                Origin.HANDOVER,
                by,
                max(handover.on, today),
            )


def concerned_by(handover: Handover) -> tuple[str, str, str]:
    """Giver, receiver and proposer, none of whom approves."""
    return handover.from_id, handover.to_id, handover.proposed_by


def withdraw(handover: Handover, gate: Gate) -> None:
    """The proposer withdraws a hand-over before it is approved. Raises DecisionRefused."""
    if handover.proposed_by != gate.staff.staff_id:
        raise DecisionRefused("not_yours")
    _move(handover, (Handover.State.PROPOSED, Handover.State.ACCEPTED), Handover.State.WITHDRAWN, gate, "")


def handovers(gate: Gate) -> QuerySet[Handover]:
    """The hand-overs that concern a person: as giver, receiver, proposer or supervisor of the branch."""
    own = gate.staff.staff_id
    concerned = Q(from_id=own) | Q(to_id=own) | Q(proposed_by=own)
    if gate.decides:
        concerned |= Q(branch_id__in=gate.branches)
    return Handover.objects.filter(concerned).order_by("-pk")


def handovers_waiting(gate: Gate) -> QuerySet[Handover]:
    """The hand-overs that wait for the person: offered to him or her, or accepted and to be approved."""
    own, state = gate.staff.staff_id, Handover.State
    waiting = Q(to_id=own, state=state.PROPOSED)
    if gate.decides:
        waiting |= (
            Q(state=state.ACCEPTED, branch_id__in=gate.branches) & ~Q(from_id=own) & ~Q(to_id=own) & ~Q(proposed_by=own)
        )
    return Handover.objects.filter(waiting)


def leavers(gate: Gate) -> list[tuple[Staff, int]]:
    """People within reach who are leaving or have left and still have customers, with the number of these."""
    going = Staff.objects.filter(branch_id__in=gate.branches, left_on__isnull=False)
    rows = gate.standings().order_by()
    counted = [(member, rows.filter(primary_id=member.staff_id).count()) for member in going]
    return [pair for pair in counted if pair[1]]


def _move(handover: Handover, still: tuple[str, ...], to: str, gate: Gate, note: str) -> None:
    """Change the state; of two people at once, only one succeeds. Raises DecisionRefused."""
    with transaction.atomic():
        if not Handover.objects.filter(pk=handover.pk, state__in=still).update(state=to):
            raise DecisionRefused("settled")
        handover.refresh_from_db()
        _step(handover, to, gate.staff.staff_id, gate.run.work_date, note)


def _step(handover: Handover, state: str, by: str, on: date, note: str) -> None:
    HandoverStep.objects.create(handover=handover, state=state, staff_id=by, on=on, note=note)
    audit.record(by, f"handover.{state}", detail=str(handover.pk))


# --- claim ---


def claimable(gate: Gate) -> QuerySet[Standing]:
    """Customers of the branch open to claims: of a claimable grade, not contacted lately, not claimed already."""
    book, on = gate.run.rulebook, gate.run.work_date
    ranks = [rank for rank, grade in enumerate(book.grades.values()) if grade.claimable]
    since = on - timedelta(days=book.portfolios.claim_idle_days)
    rows = gate.of_branch().filter(grade_rank__in=ranks, effective=True).exclude(primary_id=gate.staff.staff_id)
    return rows.filter(
        ~Exists(Contact.objects.filter(customer_id=OuterRef("customer_id"), on__gte=since)),
        ~Exists(Claim.objects.filter(open_key=OuterRef("customer_id"))),
    )


def disputed_claims(gate: Gate) -> QuerySet[Claim]:
    """The disputes that wait for the person's decision as a supervisor."""
    if not gate.decides:
        return Claim.objects.none()
    own = Q(staff_id=gate.staff.staff_id) | Q(before_id=gate.staff.staff_id)
    return Claim.objects.filter(~own, branch_id__in=gate.branches, state=Claim.State.DISPUTED)


def claim(gate: Gate, customer_id: str) -> Claim:
    """Claim a customer, first come first served. Raises DecisionRefused."""
    book, by, on = gate.run.rulebook, gate.staff.staff_id, gate.run.work_date
    standing = claimable(gate).filter(customer_id=customer_id).first()
    if standing is None or not may_answer(gate.staff, standing, book):
        raise DecisionRefused("not_claimable")
    try:
        with transaction.atomic():
            take(Kind.CLAIMS, gate)  # whoever claims besides waits here
            if Claim.objects.filter(staff_id=by, open_key__isnull=False).count() >= book.portfolios.claims_held:
                raise DecisionRefused("claim_limit")
            values = {"before_id": standing.primary_id or "", "branch_id": standing.branch_id}
            new_claim = Claim.objects.create(
                customer_id=customer_id, open_key=customer_id, staff_id=by, on=on, **values
            )
            place([customer_id], by, Origin.CLAIM, by, on)
    except LimitReached:
        raise DecisionRefused("claim_limit") from None
    except IntegrityError:
        raise DecisionRefused("claimed") from None
    return new_claim


def dispute(claimed: Claim, gate: Gate, why: str) -> None:
    """The person who had the customer disputes a claim; a supervisor decides. Raises DecisionRefused."""
    if claimed.before_id != gate.staff.staff_id or not why:
        raise DecisionRefused("not_yours")
    changes = {"state": Claim.State.DISPUTED, "disputed_by": gate.staff.staff_id, **sealed(claimed, dispute=why)}
    if not Claim.objects.filter(pk=claimed.pk, state=Claim.State.HELD).update(**changes):
        raise DecisionRefused("settled")
    audit.record(gate.staff.staff_id, "claim.disputed", claimed.customer_id, str(claimed.pk))


def settle(claimed: Claim, uphold: bool, gate: Gate, why: str) -> None:
    """A supervisor who is neither of the two decides a dispute: the claim stands, or the customer goes back.

    Raises DecisionRefused.
    """
    concerned = gate.staff.staff_id in (claimed.staff_id, claimed.before_id)
    if not gate.decides or concerned or claimed.branch_id not in gate.branches or not why:
        raise DecisionRefused("supervisor")
    by, on = gate.staff.staff_id, gate.run.work_date
    changes: dict[str, Any] = {"decided_by": by, **sealed(claimed, decision=why)}
    changes |= {"state": Claim.State.UPHELD} if uphold else {"state": Claim.State.RETURNED, "open_key": None}
    with transaction.atomic():
        if not Claim.objects.filter(pk=claimed.pk, state=Claim.State.DISPUTED).update(**changes):
            raise DecisionRefused("settled")
        if not uphold:
            place([claimed.customer_id], claimed.before_id, Origin.DISPUTE, by, on)
        audit.record(by, f"claim.{changes['state']}", claimed.customer_id, str(claimed.pk))


# --- referral upward ---


def receivers(standing: Standing, target: int, book: RuleBook) -> list[Staff]:
    """Who can take customers of a grade in the customer's branch; those with the fewest referrals so far first."""
    posts = [*list(book.grades.values())[target].posts, *book.fallback_posts]
    people = list(Staff.objects.filter(branch_id=standing.branch_id, is_active=True))
    held = posts_of(people)
    step = next((post for post in posts if any(post in own for own in held.values())), None)
    people_of_post = [member for member in people if step in held[member.staff_id]] if step else []
    rows = Referral.objects.filter(to_id__in=[member.staff_id for member in people_of_post]).order_by()
    referral_counts = dict(rows.values_list("to_id").annotate(count=Count("pk")))
    return sorted(people_of_post, key=lambda member: (referral_counts.get(member.staff_id, 0), member.staff_id))


def open_referral(customer_id: str) -> Referral | None:
    """The referral of a customer that waits for an answer, if there is one."""
    return Referral.objects.filter(open_key=customer_id).first()


def refer(gate: Gate, standing: Standing, to: Staff, target: int, evidence: str) -> Referral:
    """Refer a customer who can move up to somebody in charge of the next grade (M12). Raises DecisionRefused."""
    by, on = gate.staff.staff_id, gate.run.work_date
    if to.staff_id in (by, standing.primary_id) or not may_answer(to, standing, gate.run.rulebook):
        raise DecisionRefused("receiver")
    due = _due(gate, gate.run.rulebook.portfolios.referral_days, "referrals", standing.branch_id)
    values = {"from_id": by, "to_id": to.staff_id, "branch_id": standing.branch_id, "evidence": evidence}
    keys = list(gate.run.rulebook.grades)
    grades = {"grade": keys[standing.grade_rank], "target": keys[target]}
    key = standing.customer_id
    try:
        with transaction.atomic():
            referral = Referral.objects.create(customer_id=key, open_key=key, on=on, due_on=due, **values, **grades)
            audit.record(by, "referral.open", key, f"{referral.pk} {to.staff_id}")
    except IntegrityError:
        raise DecisionRefused("referred") from None
    return referral


def answer_referral(referral: Referral, accept: bool, gate: Gate, reason: str) -> None:
    """The receiver, or once it is overdue a supervisor who did not refer it, accepts or declines with a reason.
    Raises DecisionRefused.

    An accepted customer is the receiver's from that day on; the referrer keeps the credit.
    """
    by, on = gate.staff.staff_id, gate.run.work_date
    escalated = referral.late(on) and gate.decides and referral.branch_id in gate.branches and by != referral.from_id
    if by != referral.to_id and not escalated:
        raise DecisionRefused("not_yours")
    if not accept and not reason:
        raise DecisionRefused("reason")
    state = Referral.State.ACCEPTED if accept else Referral.State.DECLINED
    changes = {
        "state": state,
        "open_key": None,
        "answered_by": by,
        "answered_on": on,
        **sealed(referral, reason=reason),
    }
    with transaction.atomic():
        if not Referral.objects.filter(pk=referral.pk, state=Referral.State.OPEN).update(**changes):
            raise DecisionRefused("settled")
        if accept:
            place([referral.customer_id], referral.to_id, Origin.REFERRAL, by, on)
        audit.record(by, f"referral.{state}", referral.customer_id, str(referral.pk))


def referrals(gate: Gate) -> QuerySet[Referral]:
    """The referrals that a person made or has to answer; for supervisors, all of the branch."""
    own = gate.staff.staff_id
    concerned = Q(from_id=own) | Q(to_id=own)
    if gate.decides:
        concerned |= Q(branch_id__in=gate.branches)
    return Referral.objects.filter(concerned).order_by("-pk")


def referrals_waiting(gate: Gate) -> QuerySet[Referral]:
    """The referrals that wait for the person's answer: one's own, and for supervisors the late ones of the branch."""
    waiting = Q(to_id=gate.staff.staff_id)
    if gate.decides:
        late = Q(branch_id__in=gate.branches, due_on__lt=gate.run.work_date)
        waiting |= late & ~Q(from_id=gate.staff.staff_id)
    return Referral.objects.filter(waiting, state=Referral.State.OPEN)


def moved_up(rows: Sequence[Referral], gate: Gate) -> set[int]:
    """The ids of accepted referrals whose customers have reached the target grade, which is credited."""
    book = gate.run.rulebook
    accepted = [row for row in rows if row.state == Referral.State.ACCEPTED and row.target in book.grades]
    ranks = gate.ranks_of([row.customer_id for row in accepted])
    return {row.pk for row in accepted if ranks.get(row.customer_id, -1) >= book.rank(row.target)}

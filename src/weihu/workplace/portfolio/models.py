"""What people decide about responsibility; the night reads it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.fields import SealedField


class Staffing(models.Model):
    """What the staffing table says of a person beyond the core system; empty limits are the post's."""

    staff_id = models.CharField(max_length=60, primary_key=True)
    more_posts = models.CharField(max_length=200, blank=True)
    customers_max = models.IntegerField(null=True)
    minutes_per_day = models.IntegerField(null=True)
    changed_by = models.CharField(max_length=60)
    changed_on = models.DateField()

    @property
    def posts(self) -> list[str]:
        """The posts that the person has besides the core system's."""
        return [post for post in self.more_posts.split(",") if post]


class Absence(models.Model):
    """A person is away from ``from_on`` to ``to_on``; ``cover_id`` stands in, else each customer's deputy."""

    staff_id = models.CharField(max_length=60)
    from_on = models.DateField()
    to_on = models.DateField(db_index=True)
    cover_id = models.CharField(max_length=60, blank=True, db_index=True)
    entered_by = models.CharField(max_length=60)
    withdrawn = models.BooleanField(default=False)


class Origin(models.TextChoices):
    """How people came to give a customer to somebody."""

    HANDOVER = "handover", _("Hand-over")
    CLAIM = "claim", _("Claim")
    REFERRAL = "referral", _("Referral")
    DISPUTE = "dispute", _("Decision of a dispute")


class Placement(models.Model):
    """A customer was given to somebody from a working day on. Kept for ever; the latest of a customer counts."""

    customer_id = models.CharField(max_length=60, db_index=True)
    staff_id = models.CharField(max_length=60)
    on = models.DateField(db_index=True)
    origin = models.CharField(max_length=20, choices=Origin.choices)
    decided_by = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="placement_staff")]


class Handover(models.Model):
    """A hand-over (移交) of some customers: proposed, accepted by the receiver, approved by a supervisor."""

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed", _("Waiting for the receiver")
        ACCEPTED = "accepted", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    token = models.UUIDField(unique=True)
    from_id = models.CharField(max_length=60, db_index=True)
    to_id = models.CharField(max_length=60, db_index=True)
    branch_id = models.CharField(max_length=40, db_index=True)
    on = models.DateField()
    note = SealedField(blank=True, scope="handover")
    proposed_by = models.CharField(max_length=60)
    proposed_on = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.PROPOSED)

    def late(self, on: date) -> bool:
        """Whether it should have been settled before a day."""
        return self.state in (self.State.PROPOSED, self.State.ACCEPTED) and self.due_on < on


class HandedCustomer(models.Model):
    """A customer of a hand-over."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="customers")
    customer_id = models.CharField(max_length=60, db_index=True)


class HandoverStep(models.Model):
    """What was done with a hand-over; never changed."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="steps")
    state = models.CharField(max_length=20, choices=Handover.State.choices)
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    note = SealedField(blank=True, scope="handover")


class Claim(models.Model):
    """A claim (认领) of a long-tail customer, first come; ``open_key`` is the customer while it stands, so there is one.

    ``before_id``: who had the customer, and may dispute it.
    """

    class State(models.TextChoices):
        """How it stands."""

        HELD = "held", _("Claimed")
        DISPUTED = "disputed", _("Disputed")
        UPHELD = "upheld", _("Upheld")
        RETURNED = "returned", _("Returned")

    customer_id = models.CharField(max_length=60, db_index=True)
    open_key = models.CharField(max_length=60, unique=True, null=True)
    staff_id = models.CharField(max_length=60, db_index=True)
    before_id = models.CharField(max_length=60, blank=True, db_index=True)
    branch_id = models.CharField(max_length=40, db_index=True)
    on = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.HELD)
    disputed_by = models.CharField(max_length=60, blank=True)
    dispute = SealedField(blank=True, scope="claim")
    decided_by = models.CharField(max_length=60, blank=True)
    decision = SealedField(blank=True, scope="claim")


class Referral(models.Model):
    """A referral (推荐) inside the bank: a customer who can move up is handed to who answers for the next grade (M12).

    ``open_key`` is the customer while it waits for an answer. ``evidence`` is what the referrer saw, in words.
    """

    class State(models.TextChoices):
        """How it stands."""

        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    customer_id = models.CharField(max_length=60, db_index=True)
    open_key = models.CharField(max_length=60, unique=True, null=True)
    branch_id = models.CharField(max_length=40, db_index=True)
    from_id = models.CharField(max_length=60, db_index=True)
    to_id = models.CharField(max_length=60, db_index=True)
    grade = models.CharField(max_length=40)
    target = models.CharField(max_length=40)
    evidence = SealedField(blank=True, scope="referral")
    on = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    answered_by = models.CharField(max_length=60, blank=True)
    answered_on = models.DateField(null=True)
    reason = SealedField(blank=True, scope="referral")

    def late(self, on: date) -> bool:
        """Whether it should have been answered before a day."""
        return self.state == self.State.OPEN and self.due_on < on


class Unassigned(models.Model):
    """A customer to whom a night found nobody: why, and who has to settle it."""

    run_id = models.IntegerField(db_index=True)
    customer_id = models.CharField(max_length=60)
    why = models.CharField(max_length=20)
    owner_id = models.CharField(max_length=60, null=True)

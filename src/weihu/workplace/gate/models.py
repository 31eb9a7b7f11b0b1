"""Tables that widen or limit somebody's reach: merges, working days, absences and cover, hand-overs, referrals, service
cards, exports, what was taken of the limits of a day; and sign-ins with their second factors."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, SealedField


class Export(models.Model):
    """A list exported as a workbook (导出). ``left_out`` counts the rows dropped for want of consent."""

    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()
    purpose = models.CharField(max_length=40)
    why = SealedField(scope="export", row=("staff_id", "at"))
    rows = models.IntegerField()
    left_out = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="export_staff")]


class Reveal(models.Model):
    """A masked value of a customer that somebody had shown in full (查看完整信息), and why; ``strange``: of a customer that
    he or she did not answer for, nor the person covered for."""

    staff_id = models.CharField(max_length=60)
    customer_id = CustomerField(db_index=True)
    on = models.DateField()
    at = models.DateTimeField()
    field = models.CharField(max_length=60)
    strange = models.BooleanField()
    why = SealedField(scope="reveal", row=("staff_id", "at"))

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="reveal_staff")]


class Taken(models.Model):
    """How much somebody has taken of a kind in a working day; the rule book has the limits (``limits.take``)."""

    class Kind(models.TextChoices):
        """What is taken."""

        ROWS = "rows", _("Exported rows")
        REVEALS = "reveals", _("Values shown in full")
        CALLS = "calls", _("Numbers called")
        COPIES = "copies", _("Unmasked copies")
        CLAIMS = "claims", _("Claims")
        CARDS = "cards", _("Service cards")
        MISSES = "misses", _("Searches that found nobody")

    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    count = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff_id", "on", "kind"], name="taken_once")]


class SignIn(models.Model):
    """A sign-in of somebody on a device, until it ends (``sessions``)."""

    number = models.UUIDField(primary_key=True)
    staff_id = models.CharField(max_length=60, db_index=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=60)
    device = models.CharField(max_length=200)


class Factor(models.Model):
    """A second factor of somebody's sign-in (``factors``): an authenticator app or a passkey.

    ``secret``: the app's key, or the passkey's public key with its number. ``counter``: the last step of the app's clock,
    or the passkey's count of signatures, so that nothing counts twice. It counts once it is ``confirmed``.
    """

    class Kind(models.TextChoices):
        """What somebody has."""

        APP = "app", _("Authenticator app")
        PASSKEY = "passkey", _("Passkey")

    token = models.UUIDField(unique=True)
    staff_id = models.CharField(max_length=60, db_index=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    label = models.CharField(max_length=40)
    secret = SealedField(scope="factor")
    counter = models.BigIntegerField(default=0)
    confirmed = models.BooleanField(default=False)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class RecoveryCode(models.Model):
    """A code that replaces a second factor once; only its index is kept."""

    staff_id = models.CharField(max_length=60, db_index=True)
    code_index = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff_id", "code_index"], name="recovery_once")]


class Barred(models.Model):
    """Somebody whose login was taken away, by whatever way he or she signs in, until a password is set again."""

    staff_id = models.CharField(max_length=60, primary_key=True)


class FirstPassword(models.Model):
    """Somebody whose password IT has set ``at`` a moment, until he or she chooses another one."""

    staff_id = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()


class Absence(models.Model):
    """Somebody is away from ``from_on`` to ``to_on``; ``cover_id`` covers once ``agreed_by`` has agreed, or else each
    customer's deputy."""

    staff_id = models.CharField(max_length=60)
    from_on = models.DateField()
    to_on = models.DateField(db_index=True)
    cover_id = models.CharField(max_length=60, blank=True, db_index=True)
    entered_by = models.CharField(max_length=60)
    agreed_by = models.CharField(max_length=60, blank=True)
    withdrawn = models.BooleanField(default=False)


class OwnDay(models.Model):
    """A day on which a branch is open or closed by the bank's own word; of the whole bank where the branch is empty."""

    branch_id = models.CharField(max_length=40, blank=True)
    on = models.DateField(db_index=True)
    open = models.BooleanField()
    entered_by = models.CharField(max_length=60)
    entered_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch_id", "on"], name="own_day_once")]


class Shift(models.Model):
    """A day on which somebody of a branch works or is off (排班). On a day that is the branch's own, nobody else works
    than those who have a shift, if anybody has."""

    staff_id = models.CharField(max_length=60)
    branch_id = models.CharField(max_length=40)
    on = models.DateField(db_index=True)
    works = models.BooleanField()
    entered_by = models.CharField(max_length=60)
    entered_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff_id", "on"], name="shift_once")]


class Origin(models.TextChoices):
    """The decision that placed a customer with somebody."""

    HANDOVER = "handover", _("Hand-over")
    CLAIM = "claim", _("Claim")
    REFERRAL = "referral", _("Referral")
    DISPUTE = "dispute", _("Decision of a dispute")


class Placement(models.Model):
    """A decision to place a customer with somebody from a working day on. Never changed; the latest one counts."""

    customer_id = CustomerField(db_index=True)
    staff_id = models.CharField(max_length=60)
    on = models.DateField(db_index=True)
    origin = models.CharField(max_length=20, choices=Origin.choices)
    decided_by = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="placement_staff")]


class Handover(models.Model):
    """A hand-over (移交) of some customers: proposed, accepted by the receiver, approved by a supervisor who is none of
    those. Until then it opens the customers to nobody."""

    class State(models.TextChoices):
        """How far the hand-over has got."""

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
        """Whether it is overdue on a day."""
        return self.state in (self.State.PROPOSED, self.State.ACCEPTED) and self.due_on < on


class HandedCustomer(models.Model):
    """A customer of a hand-over."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="customers")
    customer_id = CustomerField(db_index=True)


class HandoverStep(models.Model):
    """A change of a hand-over's state; steps are never changed."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="steps")
    state = models.CharField(max_length=20, choices=Handover.State.choices)
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    note = SealedField(blank=True, scope="handover.step", row=("handover_id", "state", "staff_id"))


class Referral(models.Model):
    """A referral (推荐) inside the bank: a customer who can move up goes to whoever looks after the next grade (M12).

    ``open_key`` is the customer's id while the referral is open, so that there is only one. ``evidence`` is what the
    referrer saw, in words.
    """

    class State(models.TextChoices):
        """Whether the referral was answered, and how."""

        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    customer_id = CustomerField(db_index=True)
    open_key = models.CharField(max_length=60, unique=True, null=True)
    branch_id = models.CharField(max_length=40, db_index=True)
    from_id = models.CharField(max_length=60, db_index=True)
    to_id = models.CharField(max_length=60, db_index=True)
    grade = models.CharField(max_length=40)
    target = models.CharField(max_length=40)
    evidence = SealedField(blank=True, scope="referral.evidence", row=("from_id", "on"))
    on = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    answered_by = models.CharField(max_length=60, blank=True)
    answered_on = models.DateField(null=True)
    reason = SealedField(blank=True, scope="referral.reason", row=("from_id", "on"))

    def late(self, on: date) -> bool:
        """Whether an answer is overdue on a day."""
        return self.state == self.State.OPEN and self.due_on < on


class Merge(models.Model):
    """``gone`` is the same person as ``kept`` (合并) from a day until the merge is undone. The core keeps both numbers."""

    kept_id = CustomerField(db_index=True)
    gone_id = CustomerField()
    by = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()
    undone_by = models.CharField(max_length=60, blank=True)
    undone_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gone_id"], condition=models.Q(undone_on__isnull=True), name="merged_once")
        ]


class ServiceCard(models.Model):
    """A customer open to a member of staff at the counter (接待) from ``opened_at`` until ``until``: for acts, not for
    lists. ``acts``: how often something was done on it; ``ticket``: the number that the queue machine called."""

    class FoundBy(models.TextChoices):
        """What the customer was found by."""

        PHONE = "phone", _("Telephone number")
        IDENTITY = "identity", _("Identity number")
        ACCOUNT = "account", _("Card or account number")
        QUEUE = "queue", _("Called by the queue machine")

    class Why(models.TextChoices):
        """What the customer came for: the reason for opening the card."""

        BUSINESS = "business", _("Does business")
        QUESTION = "question", _("Asks something")
        COMPLAINT = "complaint", _("Complains")
        OTHER = "other", _("Something else")

    token = models.UUIDField(unique=True)
    staff_id = models.CharField(max_length=60)
    customer_id = CustomerField(db_index=True)
    branch_id = models.CharField(max_length=40)
    on = models.DateField()
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    found_by = models.CharField(max_length=20, choices=FoundBy.choices)
    why = models.CharField(max_length=20, choices=Why.choices)
    ticket = models.CharField(max_length=20, blank=True)
    acts = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="card_staff")]

"""Staffing and claims: people's decisions about responsibility, which the night reads."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, SealedField


class Staffing(models.Model):
    """A person's entry in the staffing table, beyond the core system; empty limits fall back to the post's."""

    staff_id = models.CharField(max_length=60, primary_key=True)
    more_posts = models.CharField(max_length=200, blank=True)
    customers_max = models.IntegerField(null=True)
    minutes_per_day = models.IntegerField(null=True)
    changed_by = models.CharField(max_length=60)
    changed_on = models.DateField()

    @property
    def posts(self) -> list[str]:
        """The posts that the person has in addition to the core system's."""
        return [post for post in self.more_posts.split(",") if post]


class Claim(models.Model):
    """A claim (认领) of a long-tail customer, first come first served.

    ``open_key`` is the customer's id while the claim stands, so that there is only one. ``before_id``: who had the
    customer before and may dispute the claim.
    """

    class State(models.TextChoices):
        """Whether the claim stands."""

        HELD = "held", _("Claimed")
        DISPUTED = "disputed", _("Disputed")
        UPHELD = "upheld", _("Upheld")
        RETURNED = "returned", _("Returned")

    customer_id = CustomerField(db_index=True)
    open_key = models.CharField(max_length=60, unique=True, null=True)
    staff_id = models.CharField(max_length=60, db_index=True)
    before_id = models.CharField(max_length=60, blank=True, db_index=True)
    branch_id = models.CharField(max_length=40, db_index=True)
    on = models.DateField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.HELD)
    disputed_by = models.CharField(max_length=60, blank=True)
    dispute = SealedField(blank=True, scope="claim.dispute", row=("staff_id", "on"))
    decided_by = models.CharField(max_length=60, blank=True)
    decision = SealedField(blank=True, scope="claim.decision", row=("staff_id", "on"))

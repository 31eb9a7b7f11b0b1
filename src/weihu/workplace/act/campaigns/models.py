"""Campaigns (活动) with a control group, so that their effect can be measured."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, MoneyField, SealedField


class Campaign(models.Model):
    """A campaign: a list of customers, a random share of whom is the control group (对照组); the others are called in waves.

    ``query``: the list's query string, or ``segment=`` and the number of a segment, sealed, since it may hold what was
    searched for; ``seed``: the seed of the draw, so that it can be repeated. The campaign stops itself once
    ``stop_share`` of the customers reached decline, counted from ``stop_after`` contacts on.
    """

    class State(models.TextChoices):
        """How far the campaign has got."""

        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")

    title = models.CharField(max_length=60)
    offer = models.CharField(max_length=40, blank=True)
    query = SealedField(scope="campaign.query", row=("made_by", "seed"))
    seed = models.IntegerField()
    branch_id = models.CharField(max_length=40, db_index=True)
    from_on = models.DateField()
    to_on = models.DateField()
    control_share = models.DecimalField(max_digits=3, decimal_places=2)
    wave_size = models.IntegerField()
    stop_share = models.DecimalField(max_digits=3, decimal_places=2)
    stop_after = models.IntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    made_by = models.CharField(max_length=60)
    made_on = models.DateField()
    approved_by = models.CharField(max_length=60, blank=True)
    stopped_on = models.DateField(null=True)
    stop_reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.title


class CampaignTarget(models.Model):
    """A customer of a campaign: called on ``wave_on``, or in the ``control`` group.

    ``aum_before``, ``held_before``: AUM, and whether the customer held the offer, when the campaign started.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="targets")
    customer_id = CustomerField(db_index=True)
    control = models.BooleanField()
    wave_on = models.DateField(null=True, db_index=True)
    aum_before = MoneyField()
    held_before = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "customer_id"], name="campaign_target")]

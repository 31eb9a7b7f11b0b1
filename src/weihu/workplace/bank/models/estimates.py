"""What models estimate of customers; nobody has said it, and a page never shows it as a fact."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.fields import CustomerField, DocumentField, MoneyField


class FoundSegment(models.Model):
    """The segment found from data (insight.found) that a customer belonged to on the night ``on``, by its letter."""

    customer_id = CustomerField(primary_key=True)
    on = models.DateField()
    letter = models.CharField(max_length=2, db_index=True)


class NextProduct(models.Model):
    """The kinds of product that a customer probably buys next as of the night ``on``, the likeliest first."""

    customer_id = CustomerField(primary_key=True)
    on = models.DateField()
    categories = DocumentField(default=list)


class Uplift(models.Model):
    """Whom acting on a kind of signal surely helps, or harms, of the customers told of it, as of the night ``on`` (what
    insight.uplift says). Of whom nothing is sure there is no row."""

    class Word(models.TextChoices):
        CALL = "call", _("in trials, a contact for this reason helped customers like this one")
        LEAVE = "leave", _("in trials, customers like this one did better without a contact for this reason")

    customer_id = CustomerField()
    kind = models.CharField(max_length=40)
    on = models.DateField()
    word = models.CharField(max_length=10, choices=Word)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer_id", "kind"], name="uplift_of_signal")]


class WalletEstimate(models.Model):
    """What a customer probably has at other banks (钱包份额), as of the night ``on`` with its ``aum``: the amount, the range
    in which it lies as often as the rule book says, and the reasons (insight.wallet.Estimate)."""

    customer_id = CustomerField(primary_key=True)
    on = models.DateField()
    aum = MoneyField()
    amount = MoneyField()
    low = MoneyField()
    high = MoneyField()
    reasons = DocumentField(default=list)

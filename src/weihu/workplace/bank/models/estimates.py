"""What models estimate of customers; nobody has said it, and a page never shows it as a fact."""

from __future__ import annotations

from django.db import models

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

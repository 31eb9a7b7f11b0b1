"""What the core system says of customers and accounts."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.fields import MoneyField, SealedField
from weihu.workplace.runs.models import Run


class Product(models.Model):
    """A product (产品) with its category and risk class (R1-R5)."""

    product_id = models.CharField(max_length=60, primary_key=True)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, null=True)
    category = models.CharField(max_length=20)
    risk = models.CharField(max_length=2, null=True)


class Customer(models.Model):
    """A customer (客户). Identity number, phone and address are C2: sealed, found by keyed index."""

    customer_id = models.CharField(max_length=60, primary_key=True)
    name = models.CharField(max_length=200)
    pinyin = models.CharField(max_length=400)
    initials = models.CharField(max_length=100)
    sex = models.CharField(max_length=1, null=True)
    birth_date = models.DateField(null=True)
    identity_number = SealedField(null=True, scope="identity_number")
    identity_number_index = models.CharField(max_length=32, null=True, db_index=True)
    phone = SealedField(null=True, scope="phone")
    phone_index = models.CharField(max_length=32, null=True, db_index=True)
    address = SealedField(null=True, scope="address")
    income = MoneyField(null=True)
    occupation = models.CharField(max_length=200, null=True)
    education = models.CharField(max_length=200, null=True)
    marital_status = models.CharField(max_length=200, null=True)
    risk_rating = models.CharField(max_length=2, null=True)
    risk_rated_on = models.DateField(null=True)
    opened_on = models.DateField()

    def __str__(self) -> str:
        return self.customer_id


class SearchKey(models.Model):
    """A beginning under which a customer is found: the name from each of its characters on, pinyin, initials."""

    text = models.CharField(max_length=400, db_index=True)
    customer_id = models.CharField(max_length=60, db_index=True)


class Account(models.Model):
    """An account (账户) or other asset with its end-of-day balance.

    A night writes the new balance before it is published, so the one before stays beside it: readers of runs
    before ``balance_run`` see ``balance_before``.
    """

    account_id = models.CharField(max_length=60, primary_key=True)
    account_last4 = models.CharField(max_length=4, null=True)
    customer_id = models.CharField(max_length=60, db_index=True)
    branch_id = models.CharField(max_length=40)
    product_id = models.CharField(max_length=60)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)
    matures_on = models.DateField(null=True)
    since_run = models.IntegerField()
    balance = MoneyField()
    balance_before = MoneyField()
    balance_run = models.IntegerField()

    def balance_at(self, run: Run) -> Decimal:
        """The balance that a run, the published one or the one before, stands for."""
        held: Decimal = self.balance if self.balance_run <= run.number else self.balance_before
        return held


class Holding(models.Model):
    """A liability or service a customer holds (持有): loan, card, standing order."""

    holding_id = models.CharField(max_length=60, primary_key=True)
    customer_id = models.CharField(max_length=60, db_index=True)
    product_id = models.CharField(max_length=60)
    amount = MoneyField()
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)
    matures_on = models.DateField(null=True)
    since_run = models.IntegerField()


class Authorised(models.Model):
    """Somebody (``customer_id``) who may dispose of another's account (授权人), as the core system says."""

    authorised_id = models.CharField(max_length=60, primary_key=True)
    account_id = models.CharField(max_length=60, db_index=True)
    customer_id = models.CharField(max_length=60, db_index=True)
    until = models.DateField(null=True)
    since_run = models.IntegerField()


class Channel(models.TextChoices):
    """How a fact came (渠道): the brief's seven (M4)."""

    SURVEY = "survey", _("Survey")
    CAMPAIGN = "campaign", _("Campaign")
    SERVICE = "service", _("While serving")
    TERMINAL = "terminal", _("Terminal")
    EVENT = "event", _("Event or community")
    REMOTE = "remote", _("Website or call centre")
    COMPLAINT = "complaint", _("Complaint")


class Confidence(models.IntegerChoices):
    """How sure a fact is."""

    HEARD = 1, _("Heard")
    TOLD = 2, _("From the customer")
    SEEN = 3, _("Verified by document")


class Fact(models.Model):
    """One recorded item of the archive (信息项) with its provenance. Its value is never changed.

    ``refused``: the customer did not want to tell; there is no value then. A fact is open until another one,
    recorded by someone who had seen it, replaces it, or until it is withdrawn. Open facts of a field with different
    values stand side by side. ``value`` is kept as catalogue.read gives it.
    """

    token = models.UUIDField(unique=True)
    customer_id = models.CharField(max_length=60)
    field = models.CharField(max_length=60)
    value = SealedField(blank=True, scope="fact")
    refused = models.BooleanField(default=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    confidence = models.SmallIntegerField(choices=Confidence.choices)
    source = SealedField(blank=True, scope="fact")
    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    recorded_at = models.DateTimeField()
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True, db_index=True)
    replaced_by = models.ForeignKey("self", models.DO_NOTHING, null=True, related_name="replaces")
    withdrawn_by = models.CharField(max_length=60, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    changed_on = models.DateField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "field"], name="fact_customer"),
            models.Index(fields=["field"], name="fact_field"),
        ]


class FactKey(models.Model):
    """A keyed fingerprint of a fact's value, for finding customers by what is known of them; it tells nothing itself."""

    # the constraint below is an index by fact, too
    fact = models.ForeignKey(Fact, models.CASCADE, to_field="token", related_name="keys", db_index=False)
    key = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "key"], name="fact_key_once")]
        indexes = [models.Index(fields=["key", "fact"], name="fact_key")]


class SavedView(models.Model):
    """A list that somebody keeps under a name (我的视图): its address, sealed, since it says what is looked for."""

    staff_id = models.CharField(max_length=60, db_index=True)
    name = models.CharField(max_length=60)
    query = SealedField(scope="view")


class Export(models.Model):
    """A list that was taken out as a workbook (导出): by whom, what for, how many rows of how many."""

    staff_id = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()
    purpose = models.CharField(max_length=40)
    why = SealedField(scope="export")
    rows = models.IntegerField()
    left_out = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["staff_id", "on"], name="export_staff")]

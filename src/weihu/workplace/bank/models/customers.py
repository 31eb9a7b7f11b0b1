"""Customers, accounts, holdings and products as the core system delivers them."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from weihu.workplace.bank.models.runs import Run
from weihu.workplace.base.fields import CustomerField, IndexField, MoneyField, SealedField


class Product(models.Model):
    """A product (产品) with its category and risk class (R1-R5)."""

    product_id = models.CharField(max_length=60, primary_key=True)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, null=True)
    category = models.CharField(max_length=20)
    risk = models.CharField(max_length=2, null=True)

    def title(self, language: str) -> str:
        """The name in a language; the core system's own where there is no translation."""
        return (self.name_en if language.startswith("en") else None) or self.name


class Customer(models.Model):
    """A customer (客户). Identity number, phone and address are C2: encrypted, and found by a keyed index."""

    customer_id = models.CharField(max_length=60, primary_key=True)
    name = models.CharField(max_length=200)
    pinyin = models.CharField(max_length=400)
    initials = models.CharField(max_length=100)
    sex = models.CharField(max_length=1, null=True)
    birth_date = models.DateField(null=True)
    identity_number = SealedField(null=True, scope="customers.identity_number", row=("customer_id",))
    identity_number_index = IndexField(of="identity_number", null=True, db_index=True)
    phone = SealedField(null=True, scope="customers.phone", row=("customer_id",))
    phone_index = IndexField(of="phone", null=True, db_index=True)
    address = SealedField(null=True, scope="customers.address", row=("customer_id",))
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
    """A text that finds a customer when a query is a prefix of it (see ``bank.names``)."""

    text = models.CharField(max_length=400, db_index=True)
    customer_id = CustomerField(db_index=True)


class Account(models.Model):
    """An account (账户) or other asset with its end-of-day balance.

    A night writes the new balance before it is published, so the previous one is kept beside it: readers of runs
    before ``balance_run`` see ``balance_before``.
    """

    account_id = models.CharField(max_length=60, primary_key=True)
    account_last4 = models.CharField(max_length=4, null=True)
    account_number_index = IndexField(null=True, db_index=True)
    customer_id = CustomerField(db_index=True)
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
        """The balance as of a run: the published one or the one before it."""
        held: Decimal = self.balance if self.balance_run <= run.number else self.balance_before
        return held


class Holding(models.Model):
    """A liability or service a customer holds (持有): loan, card, standing order. ``amount``: what is owed on a loan, what
    is used of a card's ``credit_line``."""

    holding_id = models.CharField(max_length=60, primary_key=True)
    customer_id = CustomerField(db_index=True)
    product_id = models.CharField(max_length=60)
    amount = MoneyField()
    credit_line = MoneyField(null=True)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)
    matures_on = models.DateField(null=True)
    since_run = models.IntegerField()


class Authorised(models.Model):
    """A person (``customer_id``) authorised to use somebody else's account (授权人), by the core system."""

    authorised_id = models.CharField(max_length=60, primary_key=True)
    account_id = models.CharField(max_length=60, db_index=True)
    customer_id = CustomerField(db_index=True)
    until = models.DateField(null=True)
    since_run = models.IntegerField()

"""Introductions (转介绍, M16): a customer brings a customer."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import CustomerField, IndexField, SealedField


class Introduction(models.Model):
    """Who introduced whom. A person who is not yet a customer has only a name and telephone; once there is a customer
    with that telephone, a night links it (``linked_on``). ``thanks``: how the introducer was thanked."""

    token = models.UUIDField(unique=True)
    introducer_id = CustomerField(db_index=True)
    introduced_id = CustomerField(null=True, db_index=True)
    name = SealedField(blank=True, scope="introduced_name")
    phone = SealedField(blank=True, scope="introduced_phone")
    phone_index = IndexField(of="phone", blank=True, db_index=True)
    staff_id = models.CharField(max_length=60, db_index=True)
    branch_id = models.CharField(max_length=40, db_index=True)
    on = models.DateField()
    linked_on = models.DateField(null=True)
    first_product_on = models.DateField(null=True)
    thanked_on = models.DateField(null=True)
    thanked_by = models.CharField(max_length=60, blank=True)
    thanks = SealedField(blank=True, scope="introduction_thanks")
    withdrawn = models.BooleanField(default=False)

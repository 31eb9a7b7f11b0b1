"""Branches and members of staff."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Branch(models.Model):
    """A branch (网点), as the core system delivers it."""

    branch_id = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=200)
    parent_id = models.CharField(max_length=40, null=True)

    def __str__(self) -> str:
        return self.name


class StaffManager(BaseUserManager["Staff"]):
    """Staff come from the core files; somebody can sign in once a password has been set."""

    def get_by_natural_key(self, username: str | None) -> Staff:
        """By staff id."""
        return self.get(staff_id=username)


class Staff(AbstractBaseUser):
    """A member of staff (员工) with post and branch; can sign in once a password is set."""

    staff_id = models.CharField(max_length=60, primary_key=True)
    name = models.CharField(max_length=200)
    branch_id = models.CharField(max_length=40)
    post = models.CharField(max_length=40)
    left_on = models.DateField(null=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "staff_id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = StaffManager()

    def __str__(self) -> str:
        return self.name

"""Questions that are kept."""

from __future__ import annotations

from django.db import models

from weihu.workplace.base.fields import DocumentField, SealedField


class Question(models.Model):
    """A question under a name. ``asked`` (asking.Asked) is sealed, since its conditions may hold what was searched for;
    ``posts``: who else of the branch and of those below it asks it."""

    name = models.CharField(max_length=60)
    asked = SealedField(scope="question", row=("staff_id",))
    staff_id = models.CharField(max_length=60, db_index=True)
    branch_id = models.CharField(max_length=40)
    posts = DocumentField(default=list)

    def __str__(self) -> str:
        return self.name

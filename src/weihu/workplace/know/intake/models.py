"""Imported workbooks, public forms and the replies to them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import CustomerField, DocumentField, SealedField
from weihu.workplace.know.archive.models import Confidence


class Phase(models.TextChoices):
    """How far an import has got."""

    MAPPING = "mapping", _("Choose columns")
    CHECKING = "checking", _("Checking")
    READY = "ready", _("Checked")
    RECORDING = "recording", _("Importing")
    DONE = "done", _("Imported")


class Import(models.Model):
    """A workbook on its way into the archive. ``columns`` are its titles, ``mapping`` the field of each or "".

    ``position`` is the last row that the phase has processed. ``counts`` has the rows by state and, per field, how
    many values are new, differ from the archive, or are known already.
    """

    token = models.UUIDField(unique=True)
    staff_id = models.CharField(max_length=60, db_index=True)
    name = SealedField(scope="import.name")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    confidence = models.SmallIntegerField(choices=Confidence.choices)
    on = models.DateField()
    uploaded_at = models.DateTimeField()
    phase = models.CharField(max_length=20, choices=Phase.choices, default=Phase.MAPPING)
    columns = DocumentField()
    mapping = DocumentField()
    row_count = models.IntegerField()
    position = models.IntegerField(default=0)
    counts = DocumentField(default=dict)

    @property
    def working(self) -> bool:
        """Whether rows are being processed."""
        return self.phase in (Phase.CHECKING, Phase.RECORDING)

    @property
    def per_cent(self) -> int:
        """How much of the phase is done."""
        return 100 * self.position // self.row_count if self.row_count else 100

    @property
    def rows_by_state(self) -> dict[str, int]:
        """How many rows there are of each state."""
        return {state: self.counts.get("rows", {}).get(state, 0) for state in RowState.values}


class RowState(models.TextChoices):
    """The result of checking a row."""

    RIGHT = "right", _("Right")
    KNOWN = "known", _("Known already")
    DOUBTFUL = "doubtful", _("Doubtful")
    WRONG = "wrong", _("Wrong")


class ImportRow(models.Model):
    """A row of a workbook: its cells as text until they are facts, its state, and what is wrong with it.

    ``position`` counts from 1; ``number`` is the row of the file. ``faults``: [column, found, Chinese, English] each.
    """

    origin = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    position = models.IntegerField()
    number = models.IntegerField()
    cells = SealedField(scope="import.cells", row=("origin_id", "position"))
    state = models.CharField(max_length=20, choices=RowState.choices, blank=True)
    customer_id = CustomerField(blank=True)
    faults = SealedField(blank=True, scope="import.faults", row=())

    class Meta:
        indexes = [
            models.Index(fields=["origin", "position"], name="import_row"),
            models.Index(fields=["origin", "state", "position"], name="import_row_state"),
        ]


class Invitation(models.Model):
    """A public form (问卷、活动报名): the fields it asks for and the consent they need. Opened by a signed link."""

    title = models.CharField(max_length=100)
    text = models.CharField(max_length=1000, blank=True)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    fields = DocumentField()
    purpose = models.CharField(max_length=40)
    opens_on = models.DateField()
    closes_on = models.DateField()
    staff_id = models.CharField(max_length=60)
    branch_id = models.CharField(max_length=40, db_index=True)
    closed = models.BooleanField(default=False)


class Reply(models.Model):
    """A filled-in form. ``customer_id`` is set once the customer is identified; ``set_aside``: not a customer's."""

    token = models.UUIDField(unique=True)
    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="replies")
    on = models.DateField()
    received_at = models.DateTimeField()
    name = SealedField(scope="reply.name")
    phone = SealedField(scope="reply.phone")
    said = SealedField(scope="reply.said")
    version = models.CharField(max_length=40)
    customer_id = CustomerField(blank=True)
    set_aside = models.BooleanField(default=False)

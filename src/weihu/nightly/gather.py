"""What the day recorded, read as of the business date, for the night."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
from django.db.models import Max, Q

from weihu.nightly.compute import Day
from weihu.rules import tables
from weihu.rules.rulebook import RuleBook
from weihu.workplace.archive.facts import barred_customers, known_keys
from weihu.workplace.archive.models import Fact
from weihu.workplace.duplicates.merging import merges_on
from weihu.workplace.worklist.models import Answer, Contact, Outcome

MERGE_COLUMNS = pa.schema([("gone", pa.string()), ("kept", pa.string()), ("active", pa.bool_())])
LOOK_BACK = timedelta(days=14)
"""A contact saved while a night was reading is read by the next ones: reading one twice changes nothing."""


def gather(on: date, book: RuleBook) -> Day:
    """Contacts, answers and facts of the last days up to the business date, and who is not to be contacted after it."""
    span = {"on__gt": on - LOOK_BACK, "on__lte": on}
    reached = Contact.objects.filter(**span).exclude(outcome=Outcome.NOT_REACHED)
    contacts = [
        {"customer_id": customer, "last_contact_on": day, "follow_up_on": follow_up}
        for customer, day, follow_up in reached.values_list("customer_id", "on", "follow_up_on").order_by("id")
    ]
    answered = Answer.objects.filter(**span).values("customer_id", "kind", "subject").annotate(answered_on=Max("on"))
    changed = Q(changed_on__gt=on - LOOK_BACK, changed_on__lte=on)
    expired = Q(valid_until__gte=on - LOOK_BACK, valid_until__lt=on)
    told = Fact.objects.filter(changed | expired).values_list("customer_id", flat=True)
    facts = [
        {"customer_id": customer, "known": f",{','.join(keys)},"}
        for customer, keys in sorted(known_keys(set(told), on).items())
    ]
    barred = [{"customer_id": customer} for customer in sorted(barred_customers(book, on + timedelta(days=1)))]
    return Day(
        pa.Table.from_pylist(contacts, schema=tables.CONTACTS.to_pyarrow()),
        pa.Table.from_pylist(list(answered), schema=tables.ANSWERS.to_pyarrow()),
        pa.Table.from_pylist(facts, schema=tables.FACTS_KNOWN.to_pyarrow()),
        pa.Table.from_pylist(barred, schema=tables.BARRED.to_pyarrow()),
        pa.Table.from_pylist(merges_on(on), schema=MERGE_COLUMNS),
    )

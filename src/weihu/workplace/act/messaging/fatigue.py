"""Contact fatigue: customers contacted as often as the rule book allows, over signals, campaigns and messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Count

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.messaging.models import Message
from weihu.workplace.contact.models import Contact, Outcome


def tired_customers(book: RuleBook, on: date, among: Iterable[str] | None = None) -> set[str]:
    """Customers not to be contacted on a working day except for promises. Unsuccessful attempts do not count."""
    since = on - timedelta(days=book.fatigue.days)
    reached = Contact.objects.filter(on__gt=since, on__lte=on).exclude(outcome=Outcome.NOT_REACHED)
    sent = Message.objects.filter(on__gt=since, on__lte=on, state=Message.State.SENT)
    counts: dict[str, int] = {}
    named = {} if among is None else {"customer_id__in": list(among)}
    for rows in (reached.filter(**named), sent.filter(**named)):
        for customer, count in rows.values_list("customer_id").annotate(n=Count("pk")).order_by():
            counts[customer] = counts.get(customer, 0) + count
    return {customer for customer, count in counts.items() if count >= book.fatigue.contacts}

"""Server time of the pages that people open most, over a home with a published night.

    uv run python bench/pages.py HOME

Prints median and 95th percentile in milliseconds, for a person's own reach, a branch's and the whole bank's. The
database is the home's, or that of WEIHU_DATABASE_URL. A home without facts gets some first: hobbies of every tenth
customer, and ten years of weekly contacts of the customers whose pages are measured.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import uuid
from datetime import timedelta

os.environ |= {"WEIHU_HOME": sys.argv[1], "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}

import django

django.setup()

from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from weihu.workplace.bank.current import current  # noqa: E402
from weihu.workplace.bank.models import Customer, Staff  # noqa: E402
from weihu.workplace.base.channels import Channel  # noqa: E402
from weihu.workplace.contact.models import Contact  # noqa: E402
from weihu.workplace.gate.reach import Gate  # noqa: E402
from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts  # noqa: E402
from weihu.workplace.know.archive.models import Confidence, Fact  # noqa: E402

POSTS = ("relationship_manager", "branch_manager", "personal_banking")
CUSTOMERS = 60


def main() -> None:
    run = current()
    assert run is not None
    if not Fact.objects.exists():
        give_facts(run)
    for post in POSTS:
        staff = Staff.objects.filter(post=post).order_by("staff_id")[0]
        client = Client(SERVER_NAME="localhost")
        client.force_login(staff)
        ids = list(Gate(staff, run).standings().values_list("customer_id", flat=True)[:CUSTOMERS])
        if not Contact.objects.filter(customer_id=ids[0]).exists():
            give_contacts(ids, staff.staff_id, run)
        customers = list(Customer.objects.filter(pk__in=ids))
        pages = {
            "list": ["/customers/"] * CUSTOMERS,
            "customer": [f"/customers/{customer.pk}/" for customer in customers],
            "search: last character": [f"/customers/?q={customer.name[-1]}" for customer in customers],
            "search: whole name": [f"/customers/?q={customer.name}" for customer in customers],
            "search: initials": [f"/customers/?q={customer.initials}" for customer in customers],
            "search: phone": [f"/customers/?q={customer.phone}" for customer in customers if customer.phone],
            "list: a common fact": ["/customers/?f=hobbies:tea&c=hobbies&c=phone"] * CUSTOMERS,
            "list: a rare fact": ["/customers/?f=hobbies:chess"] * CUSTOMERS,
            "list: core and fact": ["/customers/?f=sex:F&f=hobbies:tea"] * CUSTOMERS,
            "timeline, far back": [f"/customers/{customer.pk}/timeline/?start=240" for customer in customers],
            "facts form": [f"/customers/{customer.pk}/facts/" for customer in customers],
        }
        for name, addresses in pages.items():
            print(f"{post:22} {name:24} {measured(client, addresses)}")


def give_facts(run) -> None:
    """Hobbies of every tenth customer, a rare one of every ten thousandth."""
    listed = []
    ids = Customer.objects.order_by("pk").values_list("pk", flat=True)
    for place, customer in enumerate(ids.iterator()):
        if place % 10 == 0:
            value = "chess" if place % 10_000 == 0 else "tea"
            written = FactContent("hobbies", value, Channel.SERVICE, Confidence.TOLD)
            listed.append(NewFact(customer, written, uuid.uuid4()))
        if len(listed) == 20_000:
            record_facts(listed, "bench", run.work_date, "bench")
            listed.clear()
    record_facts(listed, "bench", run.work_date, "bench")


def give_contacts(ids: list[str], staff_id: str, run) -> None:
    """Ten years of a contact a week."""
    Contact.objects.bulk_create(
        (
            Contact(
                token=uuid.uuid4(),
                customer_id=customer,
                staff_id=staff_id,
                on=run.work_date - timedelta(days=7 * week),
                recorded_at=timezone.now(),
                way="phone",
                outcome="considering",
                note="下周来网点详谈",
            )
            for customer in ids
            for week in range(520)
        ),
        batch_size=1000,
    )


def measured(client: Client, addresses: list[str]) -> str:
    client.get(addresses[0])
    taken = []
    for address in addresses:
        began = time.perf_counter()
        assert client.get(address).status_code == 200, address
        taken.append(1000 * (time.perf_counter() - began))
    return f"median {statistics.median(taken):6.1f} ms   p95 {statistics.quantiles(taken, n=20)[-1]:6.1f} ms"


if __name__ == "__main__":
    main()

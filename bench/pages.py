"""Server time of the pages that people open most, over a home with a published night.

    uv run python bench/pages.py HOME

Prints median and 95th percentile in milliseconds, for a person's own reach, a branch's and the whole bank's. The
database is the home's, or that of WEIHU_DATABASE_URL.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

os.environ |= {"WEIHU_HOME": sys.argv[1], "DJANGO_SETTINGS_MODULE": "weihu.workplace.settings"}

import django

django.setup()

from django.test import Client  # noqa: E402

from weihu.workplace.archive.models import Customer  # noqa: E402
from weihu.workplace.people.gate import Gate  # noqa: E402
from weihu.workplace.people.models import Staff  # noqa: E402
from weihu.workplace.runs.current import current  # noqa: E402

POSTS = ("relationship_manager", "branch_manager", "personal_banking")
CUSTOMERS = 60


def main() -> None:
    run = current()
    assert run is not None
    for post in POSTS:
        staff = Staff.objects.filter(post=post).order_by("staff_id")[0]
        client = Client(SERVER_NAME="localhost")
        client.force_login(staff)
        ids = list(Gate(staff, run).standings().values_list("customer_id", flat=True)[:CUSTOMERS])
        customers = list(Customer.objects.filter(pk__in=ids))
        pages = {
            "list": ["/customers/"] * CUSTOMERS,
            "customer": [f"/customers/{customer.pk}/" for customer in customers],
            "search: last character": [f"/customers/?q={customer.name[-1]}" for customer in customers],
            "search: whole name": [f"/customers/?q={customer.name}" for customer in customers],
            "search: initials": [f"/customers/?q={customer.initials}" for customer in customers],
            "search: phone": [f"/customers/?q={customer.phone}" for customer in customers if customer.phone],
            "facts form": [f"/customers/{customer.pk}/facts/" for customer in customers],
        }
        for name, addresses in pages.items():
            print(f"{post:22} {name:24} {measured(client, addresses)}")


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

"""A member of staff at work, as a process of its own: records contacts until its input ends, then says what came of it.

    python -m tests.workplace.morning STAFF_ID
    python -m tests.workplace.morning contacts      # how many were recorded

Reads WEIHU_HOME and WEIHU_DATABASE_URL. Prints JSON: the answers' status codes with their counts, the business dates
that were seen, the longest wait for a save in seconds.
"""

import json
import os
import select
import sys
import time
import uuid
from collections import Counter

os.environ["DJANGO_SETTINGS_MODULE"] = "weihu.workplace.settings"

import django

django.setup()

from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

from weihu.workplace.bank.models import Staff  # noqa: E402
from weihu.workplace.contact.models import Contact, Outcome  # noqa: E402


def work(staff_id: str) -> dict[str, object]:
    """Opens the list, records a result for each task in turn, and begins again."""
    setup_test_environment()
    client = Client(SERVER_NAME="localhost")
    client.force_login(Staff.objects.get(staff_id=staff_id))
    answers: Counter[int] = Counter()
    seen, longest = set(), 0.0
    while not select.select([sys.stdin], [], [], 0)[0]:
        page = client.get(reverse("today"))
        seen.add(str(page.context["run"].business_date))
        tasks = page.context["tasks"].tasks
        for task in tasks:
            fields = {"token": uuid.uuid4(), "outcome": Outcome.CONSIDERING, "way": "phone"}
            began = time.perf_counter()
            answer = client.post(reverse("record", args=[task.customer_id]), fields)
            longest = max(longest, time.perf_counter() - began)
            answers[answer.status_code] += 1
            time.sleep(0.05)
    return {"answers": answers, "seen": sorted(seen), "longest": longest}


if __name__ == "__main__":
    print(json.dumps(Contact.objects.count() if sys.argv[1] == "contacts" else work(sys.argv[1])))

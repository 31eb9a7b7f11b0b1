"""Merge two customers, or undo it, as a process of its own.

python -m tests.workplace.merging merge|undo KEPT GONE DATE
"""

import os
import sys
from datetime import date

os.environ["DJANGO_SETTINGS_MODULE"] = "weihu.workplace.settings"

import django

django.setup()

from weihu.workplace.customer.merging import merge, undo  # noqa: E402
from weihu.workplace.gate.models import Merge  # noqa: E402

if __name__ == "__main__":
    act, kept, gone, on = sys.argv[1:]
    if act == "merge":
        merge(kept, gone, "x", date.fromisoformat(on))
    else:
        undo(Merge.objects.get(kept_id=kept, gone_id=gone), "x", date.fromisoformat(on))

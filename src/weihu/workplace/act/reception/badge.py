"""The memos that wait, for the navigation of every page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from weihu.workplace.act.reception.models import Memo


def memos_waiting(request: HttpRequest) -> dict[str, Any]:
    """``memos_waiting``: how many memos the reader has not read; counted by the pages that say it."""
    reader = request.user.pk if hasattr(request, "user") and request.user.is_authenticated else None
    return {"memos_waiting": lambda: Memo.objects.filter(to_id=reader, read_on__isnull=True).count() if reader else 0}

"""The guided tour on the demo's sign-in page."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from django.urls import reverse

from weihu.engine.lake import Home
from weihu.workplace.bank.models import Staff

STEPS = Path(__file__).with_name("tour.toml")


def write(home: Home, members: Iterable[Staff]) -> None:
    """Put the steps into the home: each with its page and the member of staff of its post who has a login."""
    staff = {member.post: member for member in members}
    steps = [
        {
            "zh": step["zh"],
            "en": step["en"],
            "page": reverse(step["page"]),
            "staff_id": staff[step["post"]].staff_id,
            "name": staff[step["post"]].name,
        }
        for step in tomllib.loads(STEPS.read_text(encoding="utf-8"))["steps"]
        if step["post"] in staff
    ]
    home.tour.write_text(json.dumps(steps, ensure_ascii=False, indent=1), encoding="utf-8")

"""How often something may be done from one address or by one system in a span of time: guessing, filling in, calling."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import F

from weihu.workplace.base.models import Knock


@dataclass(frozen=True)
class Pace:
    """At most ``most`` times in each span of so many ``seconds``."""

    kind: str
    most: int
    seconds: int

    def knock(self, who: str) -> bool:
        """Count once more, unless it was so often already; whether it may go on. One statement counts, so that of many
        at once no more go on."""
        key = self._key(who)
        Knock.objects.bulk_create([Knock(key=key, until=self._until(), count=0)], ignore_conflicts=True)
        return bool(Knock.objects.filter(key=key, count__lt=self.most).update(count=F("count") + 1))

    def is_over(self, who: str) -> bool:
        """Whether it was so often already."""
        return Knock.objects.filter(key=self._key(who), count__gte=self.most).exists()

    def _key(self, who: str) -> str:
        return f"{self.kind} {int(time.time()) // self.seconds} {who}"[:120]

    def _until(self) -> datetime:
        return datetime.fromtimestamp((int(time.time()) // self.seconds + 1) * self.seconds, UTC)


def forget(before: datetime) -> None:
    """Forget what was counted in spans that have passed."""
    Knock.objects.filter(until__lt=before).delete()


SIGN_IN = Pace("sign-in", 60, 600)
"""Wrong passwords from one address, whatever the staff numbers: a branch has one address for all its people."""
FORM = Pace("form", 120, 600)
"""Replies to public forms from one address: the guests of an event share the branch's."""
FEED = Pace("feed", 60, 600)
"""Calendars asked for from one address."""
CALLS = Pace("api", 1200, 60)
"""Calls of one system."""
STRANGERS = Pace("api token", 30, 60)
"""Calls from one address with a token that nobody has."""

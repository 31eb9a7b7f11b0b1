"""Tokens of other systems: created on the command line, shown once, revoked by name."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

from weihu.workplace.api.models import System
from weihu.workplace.bank.models import Run, Staff
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import seal
from weihu.workplace.gate.reach import Gate


@dataclass(frozen=True)
class Caller:
    """A calling system with its gate."""

    system: System
    gate: Gate

    @property
    def name(self) -> str:
        """The name under which facts and the audit log record the system."""
        return f"api:{self.system.name}"


def add(name: str, post: str, branch_id: str, channel: Channel, on: date) -> str:
    """Add a system, or replace a system's token. Returns the token, of which only an index is stored."""
    token = secrets.token_urlsafe(32)
    values = {"post": post, "branch_id": branch_id, "channel": channel, "made_on": on, "token_index": _index(token)}
    System.objects.update_or_create(name=name, defaults=values)
    audit.record("cli", "api.token", "", name)
    return token


def revoke(name: str) -> bool:
    """Delete a system, so that its calls are refused; False if there is none."""
    deleted, _ = System.objects.filter(name=name).delete()
    audit.record("cli", "api.revoke", "", name)
    return bool(deleted)


def caller_of(token: str, run: Run) -> Caller | None:
    """The system that a token belongs to, if any."""
    system = System.objects.filter(token_index=_index(token)).first()
    if system is None:
        return None
    # a gate is of a member of staff: the system stands in as one with a post and no login
    staff = Staff(staff_id=f"api:{system.name}", name=system.name, post=system.post, branch_id=system.branch_id)
    return Caller(system, Gate(staff, run))


def _index(token: str) -> str:
    return seal().index(token, "token")

"""Tokens of other systems: created on the command line with their terms, shown once, revoked by name."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from django.db.models import Q
from django.utils import timezone

from weihu.workplace.api.models import System
from weihu.workplace.bank.models import Run, Staff
from weihu.workplace.base import audit
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.fields import seal
from weihu.workplace.gate.reach import Gate
from weihu.workplace.see.health.checks import Finding

Scope = Literal["find", "archive", "facts", "consents", "complaints", "queue"]
"""What a token may be for, beside the catalogue of fields: an operation of the interface each."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
UNUSED = timedelta(days=90)
"""A token that was not used for so long is one too many."""
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Terms:
    """What a token is good for: its scopes, its last day and its calls a minute, if they are bounded."""

    scopes: tuple[str, ...] = SCOPES
    until: date | None = None
    calls: int | None = None


@dataclass(frozen=True)
class Caller:
    """A calling system with its gate."""

    system: System
    gate: Gate

    @property
    def name(self) -> str:
        """The name under which facts and the audit log record the system."""
        return f"api:{self.system.name}"

    def may(self, scope: Scope) -> bool:
        """Whether its token is for something."""
        return scope in self.system.scopes.split(",")


ANYTHING = Terms()


def add(name: str, post: str, branch_id: str, channel: Channel, on: date, terms: Terms = ANYTHING) -> str:
    """Add a system, or replace a system's token. Returns the token, of which only an index is stored."""
    token = secrets.token_urlsafe(32)
    values = {
        "post": post,
        "branch_id": branch_id,
        "channel": channel,
        "made_on": on,
        "token_index": _index(token),
        "scopes": ",".join(terms.scopes),
        "until": terms.until,
        "calls": terms.calls,
        "used_at": None,
    }
    System.objects.update_or_create(name=name, defaults=values)
    audit.record("cli", "api.token", "", f"{name} {values['scopes']}")
    return token


def revoke(name: str) -> bool:
    """Delete a system, so that its calls are refused; False if there is none."""
    deleted, _ = System.objects.filter(name=name).delete()
    audit.record("cli", "api.revoke", "", name)
    return bool(deleted)


def caller_of(token: str, run: Run) -> Caller | None:
    """The system that a token belongs to, if it holds on this day."""
    holds = Q(until__isnull=True) | Q(until__gte=timezone.localdate())
    system = System.objects.filter(holds, token_index=_index(token)).first()
    if system is None:
        return None
    now = timezone.now()
    if system.used_at is None or now - system.used_at >= USED_EVERY:
        System.objects.filter(pk=system.pk).update(used_at=now)
    # a gate is of a member of staff: the system stands in as one with a post and no login
    staff = Staff(staff_id=f"api:{system.name}", name=system.name, post=system.post, branch_id=system.branch_id)
    return Caller(system, Gate(staff, run))


def findings() -> Iterator[Finding]:
    """What is unsafe about the tokens, for the operator's check."""
    now = timezone.now()
    old = Q(used_at__lt=now - UNUSED) | Q(used_at=None, made_on__lt=now - UNUSED)
    left = System.objects.filter(old | Q(until__lt=timezone.localdate()) | Q(until=None)).order_by("name")
    names = f" ({', '.join(left.values_list('name', flat=True))})" if left else ""
    yield Finding(
        not left,
        f"令牌有期限且在使用:weihu token list,收回不用的{names}",
        f"tokens have an end and are used: weihu token list, and revoke what nobody needs{names}",
    )


def _index(token: str) -> str:
    return seal().token(token, "token")

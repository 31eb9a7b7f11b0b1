"""Revisions of the rule book (制度): drafted, approved by a second person, in force from a date."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Book, rulebook_of
from weihu.workplace.base import audit
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading.models import BookDraft


class NotAllowed(ValueError):
    """The person may not do this with the draft; ``reason`` is a key of forms.REFUSALS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def in_force(on: date, otherwise: RuleBook) -> RuleBook:
    """The latest approved book in force on a business date; before any, ``otherwise``, the installation's file."""
    approved = BookDraft.objects.filter(state=BookDraft.State.APPROVED, in_force_from__lte=on)
    latest = approved.order_by("-in_force_from", "-pk").first()
    return rulebook_of(latest.book_id) if latest else otherwise


def keep(book: RuleBook, base: Book, title: str, in_force_from: date, by: str, on: date) -> BookDraft:
    """Save a book as a draft, visible only to people who keep the rules."""
    with transaction.atomic():
        kept = Book.of(book)
        draft = BookDraft.objects.create(
            book=kept, base=base, title=title, in_force_from=in_force_from, made_by=by, made_on=on
        )
        audit.record(by, "book.draft", detail=f"{draft.pk} {kept.digest[:12]}")
    return draft


def submit(draft: BookDraft, by: str) -> None:
    """Submit a draft for approval by a second person. Raises NotAllowed for anybody but its author."""
    if draft.made_by != by:
        raise NotAllowed("own")
    _move(draft, BookDraft.State.DRAFT, BookDraft.State.SUBMITTED, by, draft.made_on, "")


def decide(draft: BookDraft, approve: bool, gate: Gate, on: date, note: str) -> None:
    """Approve or refuse somebody else's draft (four-eyes principle). Raises NotAllowed.

    The date in force must not have passed: grades of past nights keep their book.
    """
    if draft.made_by == gate.staff.staff_id:
        raise NotAllowed("own")
    if not may_approve(gate):
        raise NotAllowed("post")
    if approve and draft.in_force_from < on:
        raise NotAllowed("past")
    state = BookDraft.State.APPROVED if approve else BookDraft.State.REFUSED
    _move(draft, BookDraft.State.SUBMITTED, state, gate.staff.staff_id, on, note)


def may_keep(gate: Gate) -> bool:
    """Whether the person's post may draft rule books."""
    post = gate.run.rulebook.posts.get(gate.staff.post)
    return bool(post and post.keeps_rules and gate.staff.is_active)


def may_approve(gate: Gate) -> bool:
    """Whether the person's post may approve rule books: it keeps the rules and sees the whole bank."""
    return may_keep(gate) and gate.reach == "bank"


def drafts_waiting(gate: Gate) -> QuerySet[BookDraft]:
    """The drafts that wait for the person's approval."""
    if not may_approve(gate):
        return BookDraft.objects.none()
    return BookDraft.objects.filter(state=BookDraft.State.SUBMITTED).exclude(made_by=gate.staff.staff_id)


Path = tuple[str, ...]


def compared_with(draft: BookDraft, used: Book) -> Book:
    """The book that a draft is held against: the one in force (``used``), or for that one itself what it was made of."""
    return draft.base if draft.book_id == used.pk else used


def differences(before: dict[str, Any], after: dict[str, Any], path: Path = ()) -> list[tuple[Path, Any, Any]]:
    """The differences of two books as (path of the entry, value before, value after)."""
    differing: list[tuple[Path, Any, Any]] = []
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            differing += differences(old, new, (*path, key))
        elif old != new:
            differing.append(((*path, key), old, new))
    return differing


def _move(draft: BookDraft, still: str, to: str, by: str, on: date, note: str) -> None:
    with transaction.atomic():
        changes = {"state": to} | ({"decided_by": by, "decided_on": on, "note": note} if to != "submitted" else {})
        if not BookDraft.objects.filter(pk=draft.pk, state=still).update(**changes):
            raise NotAllowed("state")
        audit.record(by, f"book.{to}", detail=str(draft.pk))
    draft.refresh_from_db()

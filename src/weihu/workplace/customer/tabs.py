"""The tabs of a customer's page (客户360°): what each shows, read only when it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from weihu.workplace.act.care import views as care
from weihu.workplace.act.introductions import views as introductions
from weihu.workplace.act.schedule.visits import visits_of
from weihu.workplace.act.worklist.views import contact_form
from weihu.workplace.bank.models import Standing, rulebooks_of
from weihu.workplace.consent.consents import purpose_statuses
from weihu.workplace.contact.models import CHOSEN
from weihu.workplace.customer.elsewhere import elsewhere
from weihu.workplace.customer.overview import overview
from weihu.workplace.customer.rights import rights_of
from weihu.workplace.customer.worth import worth
from weihu.workplace.gate.requests import WorkRequest
from weihu.workplace.judge.benefits import views as benefits
from weihu.workplace.judge.portfolio.card import responsibility
from weihu.workplace.know.archive.facts import FieldState
from weihu.workplace.know.archive.portrait import products
from weihu.workplace.know.complaints import cases
from weihu.workplace.know.life.goals import goal_form, goals_of
from weihu.workplace.know.life.upcoming import UpcomingOccasion, upcoming_occasions
from weihu.workplace.know.relations.network import household_of, links_of, picture

OCCASIONS = 8


def note(request: WorkRequest, standing: Standing, archive: dict[str, FieldState]) -> dict[str, Any]:
    """The quick note: the form of a contact's result."""
    form = contact_form(request, standing, archive, initial={"token": uuid4()})
    return {"note": form, "outcomes": list(enumerate(CHOSEN, 1))}


def _overview(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    return {**note(request, standing, shown["archive"]), **overview(request, standing, shown)}


def _assets(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    by_id = products()
    accounts = [(row, by_id.get(row.product_id), balance) for row, balance in request.gate.accounts(standing)]
    return {
        "accounts": [entry for entry in accounts if entry[0].closed_on is None],
        "closed_accounts": [entry for entry in accounts if entry[0].closed_on],
        "holdings": [(row, by_id.get(row.product_id)) for row in request.gate.holdings(standing)],
        "changes": _changes(request, standing),
        "elsewhere": elsewhere(request, standing, shown["archive"]),
        "worth": worth(request, standing),
    }


def _archive(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "categories": _by_category(shown["archive"]),
        "occasions": [(row, row.words(request.book)) for row in _occasions(request, standing)],
        "goals": goals_of(standing.customer_id),
        "goal_form": goal_form(),
    }


def _contacts(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        **note(request, standing, shown["archive"]),
        "visits": visits_of(standing.customer_id, request.run.work_date),
    }


def _family(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    links = links_of(standing.customer_id, request.gate, request.book)
    return {
        "links": links,
        "network": picture(standing, links, request.gate, request.book),
        "home": household_of(standing.customer_id, request.gate),
        **introductions.card(request, standing.customer_id),
    }


def _service(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    on = request.run.work_date
    return {
        **responsibility(request, standing),
        **benefits.card(request, standing),
        **care.card(request, standing.customer_id),
        "complaints": [(row, row.overdue(on)) for row in cases.of_customer(standing)],
    }


def _compliance(request: WorkRequest, standing: Standing, shown: dict[str, Any]) -> dict[str, Any]:
    rights = rights_of(standing.customer_id, request.book) if request.gate.decides else {}
    return {
        "consents": purpose_statuses(standing.customer_id, request.book),
        "token": uuid4(),
        **rights,
        "people": {**shown["people"], **rights.get("people", {})},
    }


@dataclass(frozen=True)
class Tab:
    """A tab: its name, and what it reads of a customer within reach (given what the portrait has read)."""

    label: Promise
    context: Callable[[WorkRequest, Standing, dict[str, Any]], dict[str, Any]]


OVERVIEW = "overview"
TABS: dict[str, Tab] = {
    OVERVIEW: Tab(_("Overview"), _overview),
    "assets": Tab(_("Assets and maturities"), _assets),
    "archive": Tab(_("Archive"), _archive),
    "contacts": Tab(_("Contacts"), _contacts),
    "family": Tab(_("Family and network"), _family),
    "service": Tab(_("Service"), _service),
    "compliance": Tab(_("Compliance"), _compliance),
}


def _occasions(request: WorkRequest, standing: Standing) -> list[UpcomingOccasion]:
    """The customer's own occasions of the next months; festivals are everybody's."""
    rows = upcoming_occasions([standing], request.book, request.run.work_date, request.book.pages.occasion_days)
    return [row for row in rows if row.occasion.kind != "festival"][:OCCASIONS]


def _by_category(archive: dict[str, FieldState]) -> list[tuple[str, list[FieldState], int]]:
    """The archive in its eight categories: what is known or was refused, and how many fields are empty."""
    grouped: dict[str, list[FieldState]] = {}
    for known in archive.values():
        if known.key != "name":
            grouped.setdefault(known.field.category, []).append(known)
    return [
        (category, filled := [known for known in rows if known.known], len(rows) - len(filled))
        for category, rows in grouped.items()
    ]


def _changes(request: WorkRequest, standing: Standing) -> list[dict[str, Any]]:
    """The customer's grades over time, newest first."""
    history = request.gate.history(standing)
    books = rulebooks_of(row.since_run for row in history)
    changes: list[dict[str, Any]] = []
    for row in history:
        book = books[row.since_run]
        grade = list(book.grades)[row.grade_rank]
        if not changes or changes[-1]["grade"] != grade:
            changes.append(
                {"grade": grade, "book": book, "rank": row.grade_rank, "since": row.grade_since, "aum": row.aum}
            )
    return changes[::-1]

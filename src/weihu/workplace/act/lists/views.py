"""The lists' pages: all with their counts, one with totals, order, filters, Excel and saved filters."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.lists import reading
from weihu.workplace.act.lists.asking import NAME, Query, opens_with, spans
from weihu.workplace.act.lists.columns import COUNTED, MEASURED, OPEN, in_words
from weihu.workplace.act.lists.models import SavedFilter
from weihu.workplace.act.lists.reading import Asked, Night
from weihu.workplace.act.signals.reasons import Names
from weihu.workplace.bank.models import Customer, Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.days import read_day
from weihu.workplace.base.whole import whole
from weihu.workplace.base.words import amount_text, called, day, fact_words, measure_text
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.requests import WorkRequest, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.know.archive.facts import archives_of

MONEY = ("amount", "base", "limit")
MOST_PEOPLE = 200


@needs_run
@require_GET
def lists(request: WorkRequest) -> HttpResponse:
    """Every list with its rows and customers, of a night."""
    gate, kept = require_reach(request), reading.nights(request.run)
    wanted = read_day(request.GET.get("on", "")) if request.GET.get("on") else None
    night = next((night for night in kept if wanted in (None, night.on)), None)
    if kept and night is None:
        raise Http404
    counted = _counted(gate, kept, night) if night else {}
    audit.record(request.user.staff_id, "lists.view", detail=str(night.on) if night else "")
    nothing = {"rows": 0, "customers": 0}
    context = {
        "rows": [
            (name, listed, opens_with(listed, request.book), counted.get(name, nothing))
            for name, listed in OPEN.items()
        ],
        "night": night,
        "nights": kept,
        "asked_on": night.on.isoformat() if night and night != kept[0] else "",
    }
    return render(request, "lists/lists.html", context)


@needs_run
@require_GET
def fixed_list(request: WorkRequest, name: str) -> HttpResponse:
    """One list, page by page."""
    gate, query = require_reach(request), Query.of(name, request.GET, request.run)
    if request.GET.get("xlsx"):
        return _workbook(request, query)
    book, size = query.night.run.rulebook, request.book.lists.page_rows
    total = reading.totals(gate, query.night, query.asked)
    pages = max(1, -(-total["rows"] // size))
    number = min(query.page, pages)
    rows = reading.page(gate, query.night, query.asked, size * (number - 1), size * number)
    audit.record(request.user.staff_id, "list.view", detail=f"{name} {query.night.on}")
    listed = OPEN[name]
    context = {
        "name": name,
        "listed": listed,
        "query": query,
        "head": [(column, title, query.order_by(column)) for column, title in _head(name)],
        "rows": _shown(request, name, rows, book),
        "total": total,
        "sums": [_amount(name, column, total[column], book) for column in MONEY if column in listed.titles],
        "came": _amount(name, "amount", total["came"], book),
        "went": _amount(name, "amount", total["went"], book),
        "summed": [title for column, title in listed.titles.items() if column in MONEY],
        "list_book": book,
        "number": number,
        "pages": pages,
        "before": query.address(page=number - 1) if number > 1 else "",
        "after": query.address(page=number + 1) if number < pages else "",
        "by_name": query.order_by("name"),
        "named": total["rows"] <= reading.MOST_NAMED,
        "came_from": query.address(**{NAME: name}),
        "nights": reading.nights(request.run),
        "spans": spans(request.book, query.days) if listed.daily else (),
        "grades": list(enumerate(book.grades.values())),
        "reasons": [(key, in_words(name, "reason", {"reason": key}, Names(book))) for key in listed.reasons],
        "people": list(gate.colleagues()[:MOST_PEOPLE]) if gate.decides else [],
        "saved": SavedFilter.objects.filter(staff_id=request.user.staff_id, list=name).order_by("name"),
    }
    return render(request, "lists/list.html", context)


@needs_run
@require_POST
def filter_save(request: WorkRequest, name: str) -> HttpResponse:
    """Keep a list's filter and order under a name, or forget one."""
    require_reach(request)
    query = Query.of(name, QueryDict(request.POST.get("query", "")), request.run)
    own = SavedFilter.objects.filter(staff_id=request.user.staff_id, list=name)
    title, number = request.POST.get("name", "").strip()[:60], request.POST.get("forget", "")
    if number:
        own.filter(pk=whole(number) or 0).delete()
    elif title:
        own.filter(name=title).delete()
        # of the latest night whenever it is opened
        SavedFilter.objects.create(staff_id=request.user.staff_id, list=name, name=title, query=query.address(on=""))
        toasts.say(request, _("Saved as %(name)s.") % {"name": title})
    return redirect(reverse("fixed_list", args=[name]) + "?" + query.address())


def _counted(gate: Gate, kept: list[Night], night: Night) -> dict[str, dict[str, Any]]:
    """Rows and customers of each list, of as many nights together as it opens with."""
    counted = reading.counts(gate, night)
    for name, listed in OPEN.items():
        days = opens_with(listed, night.run.rulebook)
        if days > 1:
            counted[name] = reading.totals(gate, reading.together(kept, night, days), Asked(name))
    return counted


def _head(name: str) -> list[tuple[str, Any]]:
    """The columns that a list can be ordered by, besides the customer's name, with their titles."""
    titles = OPEN[name].titles
    common = {
        "grade_rank": _("Grade"),
        "aum": "AUM",
        "matures_on": _("Next maturity"),
        "last_contact_on": _("Last contact"),
        "primary_id": _("Primary"),
    }
    return [*titles.items(), *common.items()]


def _shown(request: WorkRequest, name: str, rows: list[dict[str, Any]], book: RuleBook) -> list[dict[str, Any]]:
    """Rows with the customer's name and masked telephone, and every column in words."""
    customers = Customer.objects.in_bulk({row["customer_id"] for row in rows})
    people = Staff.objects.in_bulk({row["primary_id"] for row in rows if row["primary_id"]})
    phone = {key: request.book.fields[key] for key in ("phone",) if key in request.book.fields}
    archives = archives_of(list(customers.values()), phone, request.run.work_date) if phone else {}
    names = Names(book)
    shown = []
    for row in rows:
        customer, person = customers[row["customer_id"]], people.get(row["primary_id"])
        state = archives[customer.customer_id]["phone"] if phone else None
        own = [(column, _cell(name, column, row, names)) for column in OPEN[name].titles]
        shown.append(
            {
                **row,
                "customer": customer,
                "phone": fact_words(state.field, state.value) if state else "—",
                "cells": [(column in MONEY, text) for column, text in own],
                "aum_text": amount_text(row["aum"], book.currency),
                "primary": person.name if person else "—",
            }
        )
    return shown


def _cell(name: str, column: str, row: dict[str, Any], names: Names) -> str:
    if column in MONEY:
        return _amount(name, column, row[column], names.book)
    return day(row[column]) if column == "on_date" else in_words(name, column, row, names)


def _amount(name: str, column: str, amount: Any, book: RuleBook) -> str:
    if amount is None:
        return "—"
    if (name, column) in COUNTED:
        return f"{amount:.0f}"
    return measure_text(amount, book) if (name, column) in MEASURED else amount_text(amount, book.currency)


def _workbook(request: WorkRequest, query: Query) -> HttpResponse:
    """The list as it is filtered and ordered, as a workbook; within the day's limit."""
    gate, name, book = request.gate, query.asked.list, query.night.run.rulebook
    rows = reading.page(gate, query.night, query.asked, 0, request.book.limits.export_rows_per_day + 1)
    listed, grades, names = OPEN[name], list(book.grades.values()), Names(book)
    head = [_("Customer"), _("Customer number"), _("Phone"), *(str(title) for title in listed.titles.values())]
    head += [_("Grade"), "AUM", _("Next maturity"), _("Last contact"), _("Primary")]
    lines = []
    for shown in _shown(request, name, rows, book):
        own = [
            shown[column] if column in (*MONEY, "on_date") else in_words(name, column, shown, names)
            for column in listed.titles
        ]
        customer = shown["customer"]
        ends = [called(grades[shown["grade_rank"]]), shown["aum"], shown["matures_on"]]
        ends += [shown["last_contact_on"], shown["primary"]]
        lines.append([customer.name, customer.customer_id, shown["phone"], *own, *ends])
    title = f"{listed.title} {query.night.on}"
    return download(request, Sheet(title, head, lines, [row["customer_id"] for row in rows]))

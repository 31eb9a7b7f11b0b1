"""Introductions (转介绍): recorded on the introducer's page, listed with their status, thanked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from weihu.rules.catalogue import Unfit, read
from weihu.rules.rulebook import RuleBook
from weihu.workplace.act.introductions.linking import brought_by, standing_introductions, tree
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.answers import refused
from weihu.workplace.base.paging import page_of
from weihu.workplace.gate.requests import WorkRequest, customer_page, needs_run, require_reach
from weihu.workplace.gate.sheets import Sheet, download
from weihu.workplace.know.archive.search import index_of

LISTED, MOST_CONNECTED = 200, 10


class IntroductionForm(forms.Form):
    """The person introduced: name and telephone, or the customer number."""

    token = forms.UUIDField()
    name = forms.CharField(max_length=100, required=False)
    phone = forms.CharField(max_length=30, required=False)
    introduced = forms.CharField(max_length=60, required=False)

    def __init__(self, book: RuleBook, *args: Any) -> None:
        super().__init__(*args)
        self.book = book

    def clean_phone(self) -> str:
        """The mobile number in its stored form."""
        text = str(self.cleaned_data["phone"]).strip()
        try:
            return read(self.book.fields["phone"], text) if text else ""
        except Unfit as unfit:
            raise ValidationError(unfit.text(get_language() or "zh-hans")) from None

    def clean(self) -> dict[str, Any]:
        """Name and telephone, or a customer number, are required."""
        values = super().clean() or {}
        for name in ("name", "phone"):
            if not values.get("introduced") and not values.get(name) and name not in self.errors:
                self.add_error(name, _("Name and telephone of the introduced person, or the customer number."))
        return values


@needs_run
@require_POST
def introduce(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Record that a customer introduces somebody."""
    standing = request.gate.standing(customer_id)
    form = IntroductionForm(request.book, request.POST)
    if not form.is_valid():
        return refused(form)
    values = form.cleaned_data
    other = values["introduced"]
    if other and (other == customer_id or other not in request.gate.reached([other])):
        form.add_error("introduced", _("No such customer within your reach."))
        return refused(form)
    link = {"introduced_id": other, "linked_on": request.run.work_date} if other else {}
    Introduction.objects.get_or_create(
        token=values["token"],
        defaults={
            "introducer_id": customer_id,
            "name": "" if other else values["name"],
            "phone": "" if other else values["phone"],
            "phone_index": index_of(values["phone"], "phone") if values["phone"] and not other else "",
            "staff_id": request.user.staff_id,
            "branch_id": standing.branch_id,
            "on": request.run.work_date,
            **link,
        },
    )
    audit.record(request.user.staff_id, "introduction.record", customer_id, other)
    toasts.say(request, _("Introduction recorded."))
    return redirect(customer_page(customer_id, "family", "introductions"))


@needs_run
@require_POST
def introduction_act(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """Record thanks to the introducer, or withdraw an introduction recorded by mistake."""
    request.gate.standing(customer_id)
    row = standing_introductions().filter(pk=number, introducer_id=customer_id).first()
    if row is None:
        raise Http404
    rows = Introduction.objects.filter(pk=number)
    if request.POST.get("act") == "withdraw":
        rows.update(withdrawn=True)
        toasts.say(request, _("Introduction withdrawn."))
    elif row.thanked_on is None:
        row.thanked_on, row.thanked_by = request.run.work_date, request.user.staff_id
        row.thanks = request.POST.get("thanks", "").strip()[:200]
        row.save(update_fields=["thanked_on", "thanked_by", "thanks"])
        toasts.say(request, _("Thanks recorded."))
    audit.record(
        request.user.staff_id, f"introduction.{request.POST.get('act', 'thank')}"[:40], customer_id, str(number)
    )
    return redirect(customer_page(customer_id, "family", "introductions"))


@needs_run
@require_GET
def introductions(request: WorkRequest) -> HttpResponse:
    """The introductions within reach with their status, and the customers who introduced the most people."""
    gate = require_reach(request)
    rows = standing_introductions()
    mine = Q(staff_id=request.user.staff_id)
    rows = rows.filter(Q(branch_id__in=gate.branches) | mine) if gate.decides else rows.filter(mine)
    listed = list(rows.order_by("-on", "-pk")[:LISTED])
    descriptions = [describe(row, standings) for standings in [_standings_of(request, listed)] for row in listed]
    if request.GET.get("xlsx"):
        head = [_("Introduced by"), _("Introduced"), _("On"), _("Status"), "AUM", _("Thanked")]
        lines = [
            [row["by"], row["who"], row["row"].on, row["status"], row["aum"], row["row"].thanked_on]
            for row in descriptions
        ]
        named = [customer_id for row in descriptions for customer_id in row["customers"]]
        return download(request, Sheet(str(_("Introductions")), head, lines, named))
    audit.record(request.user.staff_id, "introductions.view")
    page = page_of(request, descriptions)
    context = {
        "rows": page,
        "page": page,
        "top": _most_connected(request, listed),
        "people": Staff.objects.in_bulk({row.staff_id for row in listed}),
        "brought": sum((row["aum"] for row in descriptions if row["aum"]), Decimal(0)),
    }
    return render(request, "introductions/introductions.html", context)


def card(request: WorkRequest, customer_id: str) -> dict[str, Any]:
    """For the customer's page: whom the customer introduced, and who introduced the customer."""
    rows = standing_introductions()
    introduced_rows = list(rows.filter(introducer_id=customer_id).order_by("-pk"))
    introducer_rows = list(rows.filter(introduced_id=customer_id))
    standings = _standings_of(request, [*introduced_rows, *introducer_rows])
    return {
        "brought": [describe(row, standings) for row in introduced_rows],
        "brought_by": [describe(row, standings) for row in introducer_rows],
        "introduction_token": uuid4(),
    }


def describe(row: Introduction, standings: dict[str, Any]) -> dict[str, Any]:
    """An introduction for display, with names only of customers within reach."""
    introducer, introduced = standings.get(row.introducer_id), standings.get(row.introduced_id or "")
    status, step = _("Not a customer yet"), 0
    if row.introduced_id:
        status, step = (_("Has a first product"), 2) if row.first_product_on else (_("Is a customer"), 1)
    return {
        "row": row,
        "by": introducer.customer.name if introducer else _("Outside your reach"),
        "introducer": introducer,
        "who": introduced.customer.name if introduced else row.name or _("Outside your reach"),
        "introduced": introduced,
        "customers": [standing.customer_id for standing in (introducer, introduced) if standing],
        "aum": introduced.aum if introduced else None,
        "status": status,
        "step": step,
        "thanks_due": step == 2 and row.thanked_on is None,
    }


def _standings_of(request: WorkRequest, rows: list[Introduction]) -> dict[str, Any]:
    return request.gate.reached(
        [customer_id for row in rows for customer_id in (row.introducer_id, row.introduced_id) if customer_id]
    )


def _most_connected(request: WorkRequest, rows: list[Introduction]) -> list[dict[str, Any]]:
    """The customers who introduced the most people, directly or through those they introduced."""
    branches = tree(rows)
    connected: list[dict[str, Any]] = []
    for customer in branches:
        everybody = brought_by(customer, branches)
        standings = _standings_of(request, everybody)
        standing = request.gate.reached([customer]).get(customer)
        if standing:
            worth = sum(
                (standings[row.introduced_id].aum for row in everybody if row.introduced_id in standings), Decimal(0)
            )
            connected.append(
                {
                    "standing": standing,
                    "direct": len(branches[customer]),
                    "all": len(everybody),
                    "worth": worth,
                    "tree": _nested(customer, branches, standings, {customer}),
                }
            )
    return sorted(connected, key=lambda row: (-row["all"], -row["worth"]))[:MOST_CONNECTED]


def _nested(
    customer: str, branches: dict[str, list[Introduction]], standings: dict[str, Any], above: set[str]
) -> list[dict[str, Any]]:
    """The tree of a customer: everybody introduced, with those they introduced in turn."""
    return [
        {
            **describe(row, standings),
            "under": _nested(row.introduced_id, branches, standings, above | {row.introduced_id})
            if row.introduced_id and row.introduced_id not in above
            else [],
        }
        for row in branches.get(customer, [])
    ]

"""Relations on the customer page, households for managers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit, toasts
from weihu.workplace.base.paging import page_of
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.know.relations import network
from weihu.workplace.know.relations.forms import RelationForm
from weihu.workplace.know.relations.models import Household, Member


@needs_run
@require_http_methods(["GET", "POST"])
def relations(request: WorkRequest, customer_id: str) -> HttpResponse:
    """Everybody related to a customer, as a list and a chart, and a form to add somebody."""
    standing = request.gate.standing(customer_id)
    form = RelationForm(request.book, request.gate, customer_id, request.POST or None, initial={"token": uuid4()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        relation = network.NewRelation(
            values["kind"], values["other_id"], values["name"], values["born"], values["note"]
        )
        network.relate(customer_id, relation, request.user.staff_id, request.run.work_date, values["token"])
        toasts.say(request, _("The relation is recorded."))
        return redirect("relations", customer_id)
    audit.record(request.user.staff_id, "relations.view", customer_id)
    links = network.links_of(customer_id, request.gate, request.book)
    page = page_of(request, links)
    context = {
        "customer": standing.customer,
        "standing": standing,
        "form": form,
        "links": page,
        "page": page,
        "network": network.picture(standing, links, request.gate, request.book),
        "home": network.household_of(customer_id, request.gate),
        "family": _family(links),
    }
    return render(request, "relations/relations.html", context, status=422 if form.errors else 200)


@needs_run
@require_POST
def unrelate(request: WorkRequest, customer_id: str, number: int) -> HttpResponse:
    """Withdraw a relation."""
    request.gate.standing(customer_id)
    relation = network.withdrawable(customer_id, number, request.gate)
    if relation is None:
        raise Http404
    network.unrelate(relation, request.user.staff_id)
    toasts.say(request, _("The relation is withdrawn."))
    return redirect("relations", customer_id)


@needs_run
@require_POST
def household(request: WorkRequest, customer_id: str) -> HttpResponse:
    """``act``: ``join`` the family's customers, ``leave``, or make the customer the ``head``."""
    request.gate.standing(customer_id)
    by, on, act = request.user.staff_id, request.run.work_date, request.POST.get("act")
    home = network.household_of(customer_id, request.gate)
    if act == "join":
        links = network.links_of(customer_id, request.gate, request.book)
        network.join(customer_id, _family(links), by, on)
    elif act == "leave" and home:
        network.leave(home.household, customer_id, by, on)
    elif act == "head" and home:
        Household.objects.filter(pk=home.household.pk).update(head_id=customer_id)
        audit.record(by, "household.head", customer_id, str(home.household.pk))
    toasts.say(request, _("The household is changed."))
    return redirect(reverse("relations", args=[customer_id]))


@needs_run
@require_GET
def households(request: WorkRequest) -> HttpResponse:
    """Households with members within reach, by their total assets."""
    if request.gate.reach == "none":
        raise Http404
    reached = request.gate.standings().order_by().filter(customer_id=OuterRef("customer_id"))
    members = Member.objects.filter(left_on__isnull=True).filter(Exists(reached)).values("household_id")
    views = network.household_views(list(Household.objects.filter(pk__in=members)), request.gate)
    views.sort(key=lambda view: (-view.aum, view.household.pk))
    audit.record(request.user.staff_id, "households.view")
    page = page_of(request, views)
    context: dict[str, Any] = {
        "page": page,
        "people": Staff.objects.in_bulk({row.primary_id for view in page for row in view.members if row.primary_id}),
    }
    return render(request, "relations/households.html", context)


def _family(links: list[network.Link]) -> list[str]:
    """The ids of family members who are customers within reach."""
    return [link.other_id for link in links if link.kind.family and link.other]

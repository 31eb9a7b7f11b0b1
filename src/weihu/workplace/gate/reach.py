"""The gate: which customers a member of staff may see. Every query for customers starts here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.http import Http404

from weihu.rules.workdays import WorkingDays
from weihu.workplace.bank.models import (
    Account,
    Branch,
    Holding,
    NextProduct,
    Run,
    Signal,
    Staff,
    Standing,
    Uplift,
    WalletEstimate,
)
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.cover import away, handed_to
from weihu.workplace.gate.merged import merged_ids, numbers_of
from weihu.workplace.gate.models import ServiceCard
from weihu.workplace.gate.scope import COLUMN_OF, Scope
from weihu.workplace.gate.workdays import days_of_branches, days_of_people


@dataclass(frozen=True)
class Gate:
    """A member of staff looking at a run; how far their post reaches is set in the rule book.

    A gate lives for one request and reads each customer's history and numbers only once.
    """

    staff: Staff
    run: Run
    _histories: dict[str, list[Standing]] = field(default_factory=dict, repr=False, compare=False)
    _numbers: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)
    _cache: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def reach(self) -> str:
        """``bank``, ``branch``, ``own`` or ``none``, by the post and the run's rule book; ``none`` after leaving."""
        post = self.run.rulebook.posts.get(self.staff.post)
        return post.reach if post and self.staff.is_active else "none"

    @property
    def decides(self) -> bool:
        """Whether the person's post decides about other people's customers."""
        post = self.run.rulebook.posts.get(self.staff.post)
        return bool(post and post.decides and self.staff.is_active)

    def standings(self) -> QuerySet[Standing]:
        """The customers within reach, as of the run: those of ``scope``, as a query of the database."""
        rows = Standing.objects.listed_at(self.run).exclude(customer_id__in=merged_ids()).select_related("customer")
        reached = self._reached
        if reached.everybody:
            return rows
        # a UNION, because for a single OR a database would read every customer
        parts = [{f"{COLUMN_OF[part]}__in": getattr(reached, part)} for part in reached.parts]
        if len(parts) <= 1:
            return rows.filter(**parts[0]) if parts else rows.none()
        listed = Standing.objects.listed_at(self.run).values("pk")
        first, *others = (listed.filter(**part) for part in parts)
        return rows.filter(pk__in=first.union(*others))

    @property
    def scope(self) -> Scope:
        """The same reach for rules over everybody."""
        merged = tuple(sorted(merged_ids().values_list("gone_id", flat=True)))
        return replace(self._reached, without=merged)

    @property
    def _reached(self) -> Scope:
        """Whom the post, the cover and what was handed over reach; the one statement of it, merged numbers aside."""
        if self.reach == "own":
            own, handed = self.staff.staff_id, handed_to(self.staff.staff_id, self.run.work_date)
            return Scope(primaries=(own, *self.covered), deputies=(own,), customers=tuple(handed))
        branches = tuple(sorted(self.branches)) if self.reach == "branch" else ()
        return Scope(everybody=self.reach == "bank", branches=branches)

    def of_branch(self) -> QuerySet[Standing]:
        """Customers of the person's own branch, for claims, which are open to the whole branch. Callers mask names."""
        rows = Standing.objects.listed_at(self.run).exclude(customer_id__in=merged_ids()).select_related("customer")
        return rows.filter(branch_id=self.staff.branch_id) if self.reach != "none" else rows.none()

    @property
    def receives(self) -> bool:
        """Whether the person's post serves whoever of the branch comes to the counter."""
        post = self.run.rulebook.posts.get(self.staff.post)
        return bool(post and post.receives and self.staff.is_active)

    def served(self, at: datetime) -> QuerySet[Standing]:
        """The customers of the branch whose service cards the person has open at a moment, in one statement.

        For what is done at the counter. Lists and figures keep to ``standings``: a sum that grows as a card is opened
        would tell its balance.
        """
        if not self.receives:
            return Standing.objects.none()
        opened = ServiceCard.objects.filter(staff_id=self.staff.staff_id, until__gt=at)
        return self.of_branch().filter(customer_id__in=opened.values("customer_id"))

    def ranks_of(self, customer_ids: list[str]) -> dict[str, int]:
        """The grade rank, and nothing else, of customers whom the person referred or is offered, even out of reach."""
        rows = Standing.objects.listed_at(self.run).filter(customer_id__in=customer_ids)
        return dict(rows.values_list("customer_id", "grade_rank"))

    def rank_of(self, customer: OuterRef) -> QuerySet[Standing, Any]:
        """The grade rank, and nothing else, of the customer that an outer query names: for counts of what people recorded
        of whoever came to the counter, within reach or not."""
        return Standing.objects.listed_at(self.run).filter(customer_id=customer).values("grade_rank")[:1]

    @property
    def branches(self) -> list[str]:
        """The branches within reach, for a reach of branches the person's own first; none for other reaches."""
        if "branches" not in self._cache:
            parents = Branch.objects.values_list("branch_id", "parent_id").order_by("branch_id")
            if self.reach == "bank":
                self._cache["branches"] = [branch for branch, _ in parents]
            else:
                self._cache["branches"] = _below(self.staff.branch_id, parents) if self.reach == "branch" else []
        return self._cache["branches"]

    @property
    def covered(self) -> list[str]:
        """The people whom the person covers for on the day of the list."""
        if "covered" not in self._cache:
            gone = away(self.run.business_date, self.run.rulebook, self.staff.staff_id)
            self._cache["covered"] = sorted(gone)
        return self._cache["covered"]

    def deputies_at_work(self, standings: Iterable[Standing]) -> set[str]:
        """The deputies of customers who are not away on the day of their lists."""
        deputies = {row.deputy_id for row in standings if row.deputy_id}
        return deputies - away(self.run.business_date, self.run.rulebook, among=deputies).keys() if deputies else set()

    @cached_property
    def days(self) -> WorkingDays:
        """The working days of the person and of his or her branch."""
        return days_of_people(self.run.rulebook, self.run.business_date, [self.staff])

    def days_at(self, branch_id: str) -> WorkingDays:
        """The working days of a branch."""
        if branch_id == self.staff.branch_id:
            return self.days
        return days_of_branches(self.run.rulebook, self.run.business_date, [branch_id])

    @cached_property
    def list_day(self) -> date:
        """The day that the person's list of the run is for."""
        return self.days.list_day(self.run.business_date, self.staff.branch_id, self.staff.staff_id).on

    def works(self, on: date) -> bool:
        """Whether the person works on a day, absences aside."""
        return self.days.works(on, self.staff.branch_id, self.staff.staff_id)

    def colleagues(self) -> QuerySet[Staff]:
        """Active staff of the branches within reach; of the person's own branch where the reach is ``own``."""
        branches = self.branches or [self.staff.branch_id]
        return Staff.objects.filter(branch_id__in=branches, is_active=True).order_by("branch_id", "post", "staff_id")

    def standing(self, customer_id: str) -> Standing:
        """A customer within reach; Http404 for any other, whether it exists or not."""
        standing = self.standings().filter(customer_id=customer_id).first()
        if standing is None:
            raise Http404
        return standing

    def reached(self, customer_ids: Iterable[str]) -> dict[str, Standing]:
        """The customers among ``customer_ids`` that are within reach, by id."""
        ids = sorted({customer for customer in customer_ids if customer})
        return {row.customer_id: row for row in self.standings().filter(customer_id__in=ids)} if ids else {}

    def history(self, standing: Standing) -> list[Standing]:
        """All rows of a customer up to the run, oldest first; of a date that was run twice, the later row."""
        if standing.customer_id not in self._histories:
            self._histories[standing.customer_id] = self._history(standing)
        return self._histories[standing.customer_id]

    def numbers(self, customer_id: str) -> list[str]:
        """All the core system's numbers of a customer within reach, their own first, then those merged into it."""
        if customer_id not in self._numbers:
            self._numbers[customer_id] = numbers_of(customer_id)
        return self._numbers[customer_id]

    def _history(self, standing: Standing) -> list[Standing]:
        rows = Standing.objects.filter(
            month__in=standing.months, customer_id=standing.customer_id, since_run__lte=self.run.number
        )
        by_date = {row.since: row for row in rows.order_by("since_run")}
        return [by_date[on] for on in sorted(by_date)]

    def accounts(self, standing: Standing) -> list[tuple[Account, Decimal]]:
        """The customer's accounts with their balances, the largest first."""
        owned = self.numbers(standing.customer_id)
        rows = Account.objects.filter(customer_id__in=owned, since_run__lte=self.run.number)
        held = [(row, row.balance_at(self.run)) for row in rows]
        return sorted(held, key=lambda pair: (-pair[1], pair[0].account_id))

    def holdings(self, standing: Standing) -> QuerySet[Holding]:
        """The customer's liabilities and services."""
        owned = self.numbers(standing.customer_id)
        rows = Holding.objects.filter(customer_id__in=owned, since_run__lte=self.run.number)
        return rows.order_by("product_id", "holding_id")

    def elsewhere(self, standing: Standing) -> WalletEstimate | None:
        """What the customer probably has at other banks, as it was estimated last."""
        return WalletEstimate.objects.filter(customer_id=standing.customer_id).first()

    def bought_next(self, standing: Standing) -> NextProduct | None:
        """What the customer probably buys next, as it was worked out last."""
        return NextProduct.objects.filter(customer_id=standing.customer_id).first()

    def uplift(self, standing: Standing) -> dict[str, Uplift]:
        """By kind of signal, what is sure of acting on it."""
        return {row.kind: row for row in Uplift.objects.filter(customer_id=standing.customer_id)}

    def signals(self, customer_ids: list[str]) -> QuerySet[Signal]:
        """Open signals of customers that came through this gate, without those held out as control group."""
        return Signal.objects.listed_at(self.run).filter(customer_id__in=customer_ids, held_out=False)

    def contacts(self, standing: Standing) -> QuerySet[Contact]:
        """The contacts with the customer, latest first."""
        return Contact.objects.filter(customer_id=standing.customer_id).order_by("-on", "-id")


def branches_below(branch_id: str) -> list[str]:
    """A branch and all branches below it."""
    return _below(branch_id, Branch.objects.values_list("branch_id", "parent_id").order_by("branch_id"))


def _below(branch_id: str, parents: Iterable[tuple[str, str | None]]) -> list[str]:
    """A branch and all branches below it."""
    under: dict[str | None, list[str]] = defaultdict(list)
    for branch, parent in parents:
        under[parent].append(branch)
    branches = [branch_id]
    for branch in branches:
        branches += [child for child in under[branch] if child not in branches]
    return branches

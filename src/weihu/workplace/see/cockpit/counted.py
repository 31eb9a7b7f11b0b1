"""The people behind a count of the cockpit: the customers, contacts, tasks and facts that were counted, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from weihu.workplace.act.lists import reading
from weihu.workplace.bank.models import Run, Staff, Standing, Task
from weihu.workplace.base.words import called
from weihu.workplace.contact.models import Contact, Outcome
from weihu.workplace.gate.figures import FigureScope
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.see.cockpit.reading import Period, contacts_in

COUNTS = {
    "customers": lazy("Customers"),
    "watched": lazy("On watch"),
    "net": lazy("Net"),
    "lost": lazy("Lost"),
    "contacts": lazy("Contacts"),
    "tasks": lazy("Tasks"),
    "facts": lazy("Facts collected"),
    "lacking": lazy("Still missing"),
}
"""What is counted, with its name in the cockpit."""
AT_ONCE = 500
"""So many customers are named in one statement."""


@dataclass(frozen=True)
class Whose:
    """A part of the cockpit as a filter: a scope in a period, and within it the people of one post, the customers of
    nobody, one grade."""

    gate: Gate
    scope: FigureScope
    period: Period
    post: str = ""
    nobody: bool = False
    rank: int | None = None
    outcome: str = ""

    @classmethod
    def of(cls, parameters: QueryDict, gate: Gate, scope: FigureScope, period: Period) -> Whose:
        """Read from the parameters of an address; Http404 for a post, a grade or a result that there is not."""
        book = gate.run.rulebook
        post, rank, outcome = (parameters.get(name, "") for name in ("post", "grade", "outcome"))
        unknown = (post and post not in book.posts) or (outcome and outcome not in Outcome.values)
        if unknown or (rank and (not rank.isdecimal() or int(rank) >= len(book.grades))):
            raise Http404
        nobody = bool(parameters.get("nobody"))
        return cls(gate, scope, period, post, nobody, int(rank) if rank else None, outcome)

    @property
    def title(self) -> str:
        """In words."""
        book = self.gate.run.rulebook
        parts = [self.scope.title]
        parts += [called(book.posts[self.post])] if self.post else []
        parts += [_("Nobody")] if self.nobody else []
        parts += [called(list(book.grades.values())[self.rank])] if self.rank is not None else []
        return " · ".join(parts)

    def people(self) -> QuerySet[Staff]:
        """The members of staff."""
        rows = self.scope.people()
        return rows.filter(post=self.post) if self.post else rows

    def standings(self, number: int) -> QuerySet[Standing]:
        """The effective customers at the end of a night, by its run. Nights before the last are slow to read for whole
        branches; see ``_then``."""
        run = self.gate.run
        rows = Standing.objects.listed_at(run) if number == run.number else Standing.objects.at(number)
        rows = rows.filter(effective=True)
        if self.scope.staff_id:
            rows = rows.filter(primary_id=self.scope.staff_id)
        elif self.scope.branches is not None:
            rows = rows.filter(branch_id__in=self.scope.branches)
        if self.post:
            rows = rows.filter(primary_id__in=Staff.objects.filter(post=self.post).values("staff_id"))
        if self.nobody:
            rows = rows.filter(primary_id__isnull=True)
        return rows.filter(grade_rank=self.rank) if self.rank is not None else rows

    def counted_at(self, number: int) -> int:
        """How many effective customers the night counted, within reach by now or not."""
        rows = self.scope.figures().filter(run_id=number)
        if self.post:
            rows = rows.filter(staff_id__in=Staff.objects.filter(post=self.post).values("staff_id"))
        if self.nobody:
            rows = rows.filter(staff_id="")
        if self.rank is not None:
            rows = rows.filter(grade_rank=self.rank)
        return int(rows.aggregate(n=Sum("customers"))["n"] or 0)


@dataclass(frozen=True)
class Row:
    """One of what was counted: the customer, the person (who answers, or who did it), the day, what there is to say."""

    customer_id: str
    staff_id: str | None
    on: date | None
    what: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True)
class Counted:
    """What was counted. ``read`` makes a row of each; ``total``: the count, where it is not the number of rows; ``parts``:
    what it is made of, in words."""

    items: QuerySet[Any] | Sequence[Any]
    read: Callable[[Any], Row]
    total: int | None = None
    parts: dict[str, int] = field(default_factory=dict)


def counted(of: str, whose: Whose) -> Counted:
    """The rows behind a count, one of COUNTS; Http404 for any other."""
    find = FOUND.get(of)
    if find is None:
        raise Http404
    return find(whose)


def opens(of: str, kept: dict[str, str], period: Period) -> str:
    """The address of the rows behind a count; ``kept``: the part of the cockpit as parameters."""
    span = {"after": str(period.after), "until": str(period.until)}
    return f"{reverse('counted')}?{urlencode({'of': of, **kept, **span})}"


def addresses(kept: dict[str, str], period: Period, run: Run) -> dict[str, str]:
    """Where the counts of a part of the cockpit lead: to a list of the workplace where one says the same, else to the
    rows themselves."""
    listed = not {"post", "nobody", "grade"} & kept.keys()
    found = {of: opens(of, kept, period) for of in ("customers", "watched", "net", "lost", "contacts", "tasks")}
    if listed and period.last == run.number:
        found["customers"] = f"{reverse('customers')}?{urlencode(kept)}"
        found["watched"] = f"{reverse('customers')}?{urlencode({'watch': '1', **kept})}"
    if listed:
        days = (period.until - period.after).days
        lost = {"on": str(period.until), "days": str(days), "reason": "lost", **kept}
        found["lost"] = f"{reverse('fixed_list', args=['lost'])}?{urlencode(lost)}"
    return found


def _customers(whose: Whose) -> Counted:
    rows = whose.standings(whose.period.last).order_by("-grade_rank", "-aum", "customer_id")
    return Counted(rows, lambda row: Row(row.customer_id, row.primary_id, None, "", row.aum))


def _watched(whose: Whose) -> Counted:
    rows = whose.standings(whose.period.last).filter(watch_since__isnull=False)
    return Counted(
        rows.order_by("-grade_rank", "-aum", "customer_id"),
        lambda row: Row(row.customer_id, row.primary_id, row.watch_since, "", row.aum),
    )


def _net(whose: Whose) -> Counted:
    """Who came between the two nights, and who went; of who is out of reach now there is a row and nothing else."""
    now = {row.customer_id: row for row in whose.standings(whose.period.last)}
    then = {row.customer_id: row for row in _then(whose, now)}
    unseen = max(0, whose.counted_at(whose.period.first) - len(then))
    came = [_moved(row, _("came")) for key, row in now.items() if key not in then]
    gone = [_moved(row, _("went")) for key, row in then.items() if key not in now]
    gone += [Row("", None, None, _("went"))] * unseen
    rows = sorted([*came, *gone], key=lambda row: (row.what, -(row.amount or 0), row.customer_id))
    return Counted(
        rows,
        lambda row: row,
        total=len(came) - len(gone),
        parts={_("came"): len(came), _("went"): len(gone)},
    )


def _moved(row: Standing, what: str) -> Row:
    return Row(row.customer_id, row.primary_id, None, what, row.aum)


def _then(whose: Whose, now: Iterable[str]) -> list[Standing]:
    """The customers at the start of the period. No index covers the whole branch of an old night, so it is asked by the
    numbers of those who are there now and of those within reach of the branch; the whole bank is read as it is."""
    rows = whose.standings(whose.period.first)
    if whose.scope.kind == "bank":
        return list(rows)
    near = whose.gate.standings()
    home = whose.scope.branches or list(whose.scope.people().values_list("branch_id", flat=True))
    ids = sorted({*now, *near.filter(branch_id__in=home).values_list("customer_id", flat=True)})
    months = _months(whose.period)
    found: list[Standing] = []
    for place in range(0, len(ids), AT_ONCE):
        found += rows.filter(month__in=months, customer_id__in=ids[place : place + AT_ONCE])
    return found


def _months(period: Period) -> list[int]:
    """The months, as YYYYMM, in which a row that held at the start of the period can have begun."""
    first, last = min(period.nights), period.after
    span = (last.year - first.year) * 12 + last.month - first.month
    places = range(first.year * 12 + first.month - 1, first.year * 12 + first.month + span)
    return [place // 12 * 100 + place % 12 + 1 for place in places]


def _lost(whose: Whose) -> Counted:
    """As the list of the lost has them: of whoever answers for them now."""
    kept = reading.nights(whose.gate.run)
    night = next((night for night in kept if night.on <= whose.period.until), None)
    if night is None:
        raise Http404
    branches = whose.scope.branches
    branch = branches[0] if branches is not None and len(branches) == 1 else ""
    asked = reading.Asked("lost", reason="lost", primary_id=whose.scope.staff_id, branch_id=branch)
    days = (whose.period.until - whose.period.after).days
    rows = reading.page(whose.gate, reading.together(kept, night, days), asked, 0, reading.NO_END)
    if whose.post:
        own = set(Staff.objects.filter(post=whose.post).values_list("staff_id", flat=True))
        rows = [row for row in rows if row["primary_id"] in own]
    if whose.nobody:
        rows = [row for row in rows if not row["primary_id"]]
    return Counted(
        rows, lambda row: Row(row["customer_id"], row["primary_id"], row["on_date"], str(_("Lost")), row["amount"])
    )


def _contacts(whose: Whose) -> Counted:
    rows = contacts_in(whose.scope, whose.period)
    if whose.post or whose.nobody:
        rows = rows.filter(staff_id__in=whose.people().order_by().values("staff_id")) if whose.post else rows.none()
    if whose.outcome:
        rows = rows.filter(outcome=whose.outcome)
    return Counted(
        rows.order_by("-on", "-pk"),
        lambda row: Row(
            row.customer_id, row.staff_id, row.on, f"{row.get_way_display()} · {row.get_outcome_display()}"
        ),
    )


def _tasks(whose: Whose) -> Counted:
    """What each night planned for its next day."""
    dates = {number: on for on, number in whose.period.nights.items()}
    planned = Q(pk__in=[])
    for number in whose.period.planned:
        planned |= Q(run_id=number, on=dates[number] + timedelta(days=1))
    rows = Task.objects.filter(planned)
    if whose.scope.staff_id or whose.scope.branches is not None or whose.post:
        rows = rows.filter(staff_id__in=whose.people().order_by().values("staff_id"))
    if whose.nobody:
        rows = rows.none()
    contacted = Contact.objects.filter(customer_id=OuterRef("customer_id"), on=OuterRef("on"))
    return Counted(
        rows.annotate(done=Exists(contacted)).order_by("-on", "staff_id", "position"),
        lambda row: Row(row.customer_id, row.staff_id, row.on, _("Done") if row.done else _("Not done")),
    )


def _facts(whose: Whose) -> Counted:
    """What people of a post recorded of the customers whom its duty names, a field of a customer once a person."""
    book = whose.gate.run.rulebook
    people = whose.people().filter(is_active=True).order_by().values("staff_id")
    span = {"on__gt": whose.period.after, "on__lte": whose.period.until}
    facts = Fact.objects.filter(staff_id__in=people, withdrawn_at__isnull=True, **span)
    ranked = facts.annotate(rank=Subquery(whose.gate.rank_of(OuterRef("customer_id"))))
    rows = ranked.filter(rank__in=_duty(whose)).values("staff_id", "customer_id", "field").annotate(last=Max("on"))
    return Counted(
        rows.order_by("-last", "customer_id", "staff_id", "field"),
        lambda row: Row(row["customer_id"], row["staff_id"], row["last"], called(book.fields.get(row["field"]))),
    )


def _lacking(whose: Whose) -> Counted:
    """The customers of a post's duty who lack facts, whoever answers for them; of the own branch for a person."""
    scope = whose.scope
    if scope.staff_id:
        scope = replace(scope, staff_id="", branches=list(scope.people().values_list("branch_id", flat=True)))
    rows = replace(whose, scope=scope, post="").standings(whose.period.last)
    rows = rows.filter(grade_rank__in=_duty(whose), facts_expected__gt=F("facts_known"))
    rows = rows.annotate(lacking=F("facts_expected") - F("facts_known"))
    return Counted(
        rows.order_by("-lacking", "-grade_rank", "customer_id"),
        lambda row: Row(row.customer_id, row.primary_id, None, _("%(n)s missing") % {"n": row.lacking}),
        total=rows.aggregate(n=Sum("lacking"))["n"] or 0,
    )


def _duty(whose: Whose) -> list[int]:
    return list(whose.gate.run.rulebook.duty_ranks(whose.post)) if whose.post else []


FOUND: dict[str, Callable[[Whose], Counted]] = {
    "customers": _customers,
    "watched": _watched,
    "net": _net,
    "lost": _lost,
    "contacts": _contacts,
    "tasks": _tasks,
    "facts": _facts,
    "lacking": _lacking,
}

"""The audit log on a page, for posts that read it: by day, person, act and customer, and whether the chain is whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from weihu.workplace.bank.models import Staff
from weihu.workplace.base import audit
from weihu.workplace.base.days import read_day
from weihu.workplace.base.models import Entry
from weihu.workplace.base.paging import ROWS
from weihu.workplace.gate import limits
from weihu.workplace.gate.requests import WorkRequest, needs_run
from weihu.workplace.gate.sheets import Sheet, download, refused
from weihu.workplace.see.auditing.words import ABOUT, words_of

VERIFIED_HERE = 200_000
"""A longer log is verified by the command: a page would have to wait minutes for it."""


@dataclass(frozen=True)
class Asked:
    """Which entries the reader asks for: days from and to, a person, what they are about, a customer."""

    first: date | None
    last: date | None
    who: str
    about: str
    customer: str

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """As the address says."""
        first, last = (read_day(request.GET.get(name)) for name in ("first", "last"))
        who, about, customer = (request.GET.get(name, "").strip()[:60] for name in ("who", "about", "customer"))
        return cls(first, last, who, about if about in ABOUT else "", customer)

    def rows(self) -> QuerySet[Entry]:
        """The chained entries, latest first."""
        rows = Entry.objects.filter(place__isnull=False).order_by("-place")
        if self.first:
            rows = rows.filter(at__gte=_beginning(self.first))
        if self.last and self.last < date.max:
            rows = rows.filter(at__lt=_beginning(self.last + timedelta(days=1)))
        if self.who:
            rows = rows.filter(staff_id__in=_people(self.who))
        if self.about:
            rows = rows.filter(Q(action=self.about) | Q(action__startswith=f"{self.about}."))
        return rows.filter(customer_id=self.customer) if self.customer else rows


@needs_run
@require_GET
def entries(request: WorkRequest) -> HttpResponse:
    """The entries that are asked for, a page at a time, or as a workbook; reading them is an entry itself."""
    _require(request)
    asked, by = Asked.of(request), request.user.staff_id
    audit.record(by, "audit.view", asked.customer, f"{asked.first or ''} {asked.last or ''} {asked.who} {asked.about}")
    end = audit.tail()
    rows = asked.rows()
    if request.GET.get("xlsx"):
        return _sheet(request, rows)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(place__lt=int(before))
    shown = list(rows[: ROWS + 1])
    context = {
        "asked": asked,
        "abouts": sorted(((key, str(label)) for key, label in ABOUT.items()), key=lambda pair: pair[1]),
        "rows": [(row, words_of(row.action)) for row in shown[:ROWS]],
        "names": _names(shown),
        "more": shown[ROWS - 1].place if len(shown) > ROWS else None,
        "end": end,
    }
    return render(request, "auditing/entries.html", context)


@needs_run
@require_GET
def verified(request: WorkRequest) -> HttpResponse:
    """The chain checked from its beginning, and what came of it."""
    _require(request)
    end = audit.tail()
    too_long = end.place > VERIFIED_HERE
    broken = None if too_long else audit.verify()
    result = "too long" if too_long else broken.why if broken else "whole"
    audit.record(request.user.staff_id, "audit.verify", detail=f"{end.place} {result}")
    return render(request, "auditing/verified.html", {"end": end, "too_long": too_long, "broken": broken})


def _require(request: WorkRequest) -> None:
    post = request.book.posts.get(request.user.post)
    if post is None or not post.reads_audit:
        raise Http404


def _beginning(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time.min))


def _people(who: str) -> list[str]:
    """The numbers of the people of a name, and the text itself, which may be a number or a system."""
    return [who, *Staff.objects.filter(name=who).values_list("staff_id", flat=True)]


def _names(rows: list[Entry]) -> dict[str, str]:
    numbers = {row.staff_id for row in rows}
    return dict(Staff.objects.filter(staff_id__in=numbers).values_list("staff_id", "name"))


def _sheet(request: WorkRequest, rows: QuerySet[Entry]) -> HttpResponse:
    left = limits.left(limits.Kind.ROWS, request.gate)
    entries = list(rows[: left + 1])
    if len(entries) > left:
        return refused(limits.LimitReached(left))
    names = _names(entries)
    columns = [
        _("Entry number"),
        _("Time"),
        _("Number"),
        _("Name"),
        _("Act"),
        _("Code of the act"),
        _("Customer"),
        _("Detail"),
    ]
    lines = [
        [
            row.place,
            f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}",
            row.staff_id,
            names.get(row.staff_id, ""),
            words_of(row.action),
            row.action,
            row.customer_id,
            row.detail,
        ]
        for row in entries
    ]
    named = [row.customer_id for row in entries if row.customer_id]
    return download(request, Sheet(str(_("Audit log")), columns, lines, named))

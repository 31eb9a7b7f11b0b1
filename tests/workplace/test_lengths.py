"""No list on a page has more than 60 rows, however much there is: the rest is on further pages, folded, or in a file."""

import uuid
from datetime import datetime
from html.parser import HTMLParser

import pytest
from django.db import models
from django.urls import get_resolver, reverse

from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.act.reception.models import Memo
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.team.models import WorkNote
from weihu.workplace.bank.models import Account, Staff, Standing
from weihu.workplace.base.fields import DocumentField
from weihu.workplace.contact.models import Contact
from weihu.workplace.customer.tabs import TABS
from weihu.workplace.gate.models import Absence, HandedCustomer, Handover, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading.models import BookDraft
from weihu.workplace.judge.portfolio.models import Claim
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.complaints.models import Complaint
from weihu.workplace.know.intake.models import Import, Invitation, Reply
from weihu.workplace.know.relations.models import Relation

MOST = 60
MANY = MOST + 2
POSTS = ("relationship_manager", "branch_manager", "personal_banking")
"""One of each reach: what the other posts see is no more."""

NO_PAGES = {"language/", "logout/", "healthz", "cockpit.pdf", "team/morning.pdf"}
OWN_SCROLL = {"owned", "task-list"}
"""Boxes that scroll in themselves, with what is chosen from: customers of a hand-over, and the tasks of the day."""


class Rows(HTMLParser):
    """The largest number of rows in a table or in a list of a page, with its place."""

    VOID = frozenset(
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
    )
    LISTS = ("tbody", "ul", "ol")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[list] = []
        self.longest = (0, "")
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        classes = set((dict(attrs).get("class") or "").split())
        if self.open and self.open[-1][1]:
            self.open[-1][2] += 1
        if tag not in self.VOID:
            is_list = (tag in self.LISTS or "list-group" in classes) and not classes & OWN_SCROLL
            self.open.append([tag, is_list, 0, " ".join(sorted(classes))])

    def handle_endtag(self, tag):
        while self.open:
            name, is_list, rows, classes = self.open.pop()
            if is_list:
                self.longest = max(self.longest, (rows, f"{name} {classes}"))
            if name == tag:
                return


def many(model, **given):
    """More rows than a page may show, alike but for what must differ."""
    now = datetime.now().astimezone()
    usual = {
        models.UUIDField: uuid.uuid4,
        models.DateTimeField: lambda: now,
        models.DateField: now.date,
        models.TimeField: now.time,
        models.BooleanField: lambda: False,
        DocumentField: list,
        models.CharField: lambda: "x",
        models.TextField: lambda: "x",
    }

    def row(number: int):
        values = {}
        for column in model._meta.concrete_fields:
            if column.name in given:
                value = given[column.name]
                values[column.name] = value(number) if callable(value) else value
            elif not (column.primary_key or column.has_default() or column.null or column.is_relation):
                make = (
                    (lambda: "")
                    if column.blank
                    else next((make for kind, make in usual.items() if isinstance(column, kind)), lambda: 1)
                )
                values[column.name] = make()
        return model(**values)

    return model.objects.bulk_create([row(number) for number in range(MANY)])


@pytest.fixture
def crowded(run, member):
    """A branch in which there is much of everything, most of all with one customer of the relationship manager."""
    manager, head = member("relationship_manager"), member("branch_manager")
    on, here = run.work_date, {"branch_id": manager.branch_id}
    own = list(Gate(manager, run).standings().order_by("-aum"))
    customer = {"customer_id": own[0].customer_id}
    mine, theirs = {"staff_id": manager.pk}, {"from_id": manager.pk, "to_id": head.pk}
    many(
        Staff, staff_id=lambda n: f"zz{n:03}", name=lambda n: f"z{n}", post="relationship_manager", password="!", **here
    )
    colleagues = Staff.objects.filter(pk__startswith="zz").values_list("pk", flat=True)
    Standing.objects.filter(branch_id=manager.branch_id, primary_id=head.pk).update(primary_id=manager.pk)
    many(Absence, staff_id=lambda n: colleagues[n], from_on=on, to_on=on)
    many(WorkNote, on=on, **mine)
    many(Contact, on=on, way="phone", outcome="considering", staff_id=lambda n: colleagues[n], **customer)
    many(Memo, on=on, to_id=manager.pk, **customer)
    many(Visit, on=on, **mine, **customer)
    many(Fact, on=on, field="postcode", channel="service", confidence=1, value="210000", **mine, **customer)
    many(Complaint, opened_on=on, due_on=on, **customer, **here)
    many(Introduction, introducer_id=own[0].customer_id, introduced_id=None, on=on, **mine, **here)
    many(Referral, grade=1, target=2, on=on, due_on=on, open_key=None, **theirs, **customer)
    handovers = many(Handover, on=on, due_on=on, proposed_by=manager.pk, **theirs, **here)
    HandedCustomer.objects.bulk_create(
        HandedCustomer(handover=handovers[0], customer_id=row.customer_id)
        for row in Standing.objects.listed_at(run).filter(**here)[:MANY]
    )
    many(Claim, on=on, before_id=head.pk, open_key=None, **mine, **customer)
    many(Campaign, from_on=on, to_on=on, made_on=on, made_by=head.pk, **here)
    many(Template, made_on=on, made_by=head.pk)
    many(Import, on=on, **mine)
    forms = many(Invitation, opens_on=on, closes_on=on, channel="event", purpose="event", **here)
    many(Reply, invitation=forms[0], on=on, said="{}", customer_id="")
    many(BookDraft, book=run.book, base=run.book, in_force_from=on, made_on=on, made_by=head.pk)
    many(
        Account, account_id=lambda n: f"zz{n}", product_id=Account.objects.first().product_id, opened_on=on, **customer
    )
    others = list(Standing.objects.listed_at(run).values_list("customer_id", flat=True)[:MANY])
    many(Relation, other_id=lambda n: others[n], kind="friend", on=on, **customer)
    return {
        **{f"customer {tab}": f"{reverse('customer', args=[own[0].customer_id])}?tab={tab}" for tab in TABS},
        "history": reverse("fact_history", args=[own[0].customer_id, "postcode"]),
        "relations": reverse("relations", args=[own[0].customer_id]),
        "handover": reverse("handover", args=[handovers[0].pk]),
        "invitation": reverse("invitation", args=[forms[0].pk]),
        **{f"list {name}": reverse("fixed_list", args=[name]) for name in ("money", "missing", "near", "occasions")},
    }


def test_no_list_of_a_page_has_more_than_60_rows(signed_in, crowded):
    seen, long = 0, {}
    routes = [str(pattern.pattern) for pattern in get_resolver().url_patterns]
    addresses = {route: f"/{route}" for route in routes if "<" not in route and route not in NO_PAGES}
    for post in POSTS:
        client = signed_in(post)
        for name, address in {**addresses, **crowded}.items():
            answer = client.get(address)
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
                seen += 1
                rows, place = Rows(answer.content.decode()).longest
                if rows > MOST:
                    long[post, name] = (rows, place)
    assert long == {}
    assert seen > 30 * len(POSTS)

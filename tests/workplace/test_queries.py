"""The busiest pages ask the database a bounded number of times, however many rows they show."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.bank.models import Account, Customer, Figure, GradeChange, Holding, Signal, Staff, Standing, Task
from weihu.workplace.base.channels import Channel
from weihu.workplace.contact.models import Contact, Outcome, Way
from weihu.workplace.customer.tabs import TABS
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.know.relations.network import NewRelation, relate

FEW, MANY = 3, 9
"""What was said of and with a customer: contacts, visits, relations, accounts, fields of the archive."""
FIELDS = [
    "postcode",
    "email",
    "memo",
    "employer",
    "native_place",
    "household_size",
    "hobbies",
    "wedding_day",
    "religion",
]

MANAGER, SUPERVISOR, BRANCH = "relationship_manager", "rm_supervisor", "branch_manager"
PAGES = [
    ("today", MANAGER, 42),
    ("task", MANAGER, 42),
    ("record", MANAGER, 65),
    ("customers", MANAGER, 15),
    ("customers", BRANCH, 15),
    ("overview", MANAGER, 45),
    ("overview", BRANCH, 45),
    ("assets", MANAGER, 32),
    ("archive", MANAGER, 29),
    ("contacts", MANAGER, 31),
    ("family", MANAGER, 34),
    ("service", MANAGER, 36),
    ("compliance", BRANCH, 29),
    ("facts", MANAGER, 20),
    ("distribution", MANAGER, 30),
    ("distribution", BRANCH, 20),
    ("portfolios", BRANCH, 20),
    ("board", SUPERVISOR, 21),
    ("cockpit", BRANCH, 34),
]


def copied(row, **changes):
    """Another row with the same values but for some; of a model with a number of its own that number is new."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    if row._meta.pk.get_internal_type().endswith("AutoField"):
        del values[row._meta.pk.attname]
    return type(row)(**{**values, **changes})


def add_customers(run, branch: str, suffix: str, own_staff: bool) -> None:
    """The branch's customers once more, of the same people or of as many others."""

    def by(staff_id):
        return f"{staff_id}{suffix}" if staff_id and own_staff else staff_id

    standings = [row for row in Standing.objects.at(run).filter(branch_id=branch) if "+" not in row.customer_id]
    ids = [row.customer_id for row in standings]
    people = Staff.objects.filter(branch_id=branch).exclude(staff_id__contains="+") if own_staff else []
    Staff.objects.bulk_create([copied(row, staff_id=by(row.pk)) for row in people])
    if own_staff:
        figures = Figure.objects.filter(branch_id=branch).exclude(staff_id="").exclude(staff_id__contains="+")
        Figure.objects.bulk_create([copied(row, staff_id=by(row.staff_id)) for row in figures])
    Customer.objects.bulk_create(
        [copied(row, customer_id=f"{row.pk}{suffix}") for row in Customer.objects.filter(pk__in=ids)]
    )
    Standing.objects.bulk_create(
        [
            copied(row, customer_id=f"{row.customer_id}{suffix}", primary_id=by(row.primary_id), deputy_id=by(row.deputy_id))
            for row in standings
        ]
    )  # fmt: skip
    for model in (Signal, GradeChange):
        rows = model.objects.filter(customer_id__in=ids)
        model.objects.bulk_create([copied(row, customer_id=f"{row.customer_id}{suffix}") for row in rows])
    tasks = Task.objects.filter(run=run, customer_id__in=ids)
    Task.objects.bulk_create(
        [
            copied(row, customer_id=f"{row.customer_id}{suffix}", staff_id=by(row.staff_id), position=row.position + 100)
            for row in tasks
        ]
    )  # fmt: skip


def say(customer: str, staff: Staff, run, start: int, stop: int) -> None:
    """Contacts, visits, facts, relations, accounts and services of a customer."""
    for number in range(start, stop):
        Contact.objects.create(
            token=uuid.uuid4(), customer_id=customer, staff_id=staff.pk, on=run.work_date - timedelta(days=number + 1),
            recorded_at=timezone.now(), way=Way.PHONE, outcome=Outcome.CONSIDERING, note="x",
        )  # fmt: skip
        Fact.objects.filter(customer_id=customer, field=FIELDS[number]).delete()
        content = FactContent(FIELDS[number], "", Channel.SERVICE, Confidence.TOLD, refused=True)
        record_fact(customer, content, [], staff.pk, run.work_date, uuid.uuid4())
        Visit.objects.create(
            token=uuid.uuid4(), customer_id=customer, staff_id=staff.pk, on=run.work_date + timedelta(days=number),
            at="10:00", minutes=45, made_on=run.work_date,
        )  # fmt: skip
        relate(customer, NewRelation("friend", name=f"x{number}"), staff.pk, run.work_date, uuid.uuid4())
    account, holding = Account.objects.first(), Holding.objects.first()
    products = list(Account.objects.values_list("product_id", flat=True).distinct())
    for number in range(start, stop):
        product = products[number % len(products)]
        copied(account, account_id=f"A+{number}", customer_id=customer, product_id=product, closed_on=None).save()
        copied(holding, holding_id=f"H+{number}", customer_id=customer, closed_on=None).save()


@pytest.mark.parametrize(("post", "writes"), [(MANAGER, False), (MANAGER, True), (SUPERVISOR, False), (BRANCH, False)])
def test_the_number_of_queries_does_not_grow_with_the_rows(post, writes, run, member, signed_in):
    """Measured on the bank as published and with three times as many customers, people, and things said."""
    staff, client = member(post), signed_in(post)
    own = Task.objects.filter(run=run, staff_id=staff.pk) if post == MANAGER else Task.objects.filter(run=run)
    reached = Standing.objects.at(run).filter(branch_id=staff.branch_id).values("customer_id")
    customer = own.filter(customer_id__in=reached).order_by("position")[0].customer_id
    bounds = {page: bound for page, reader, bound in PAGES if reader == post and (page == "record") == writes}
    say(customer, staff, run, 0, FEW)

    def read(page) -> tuple[int, int]:
        """Queries, and bytes of the answer."""
        with CaptureQueriesContext(
            connection,
        ) as caught:
            if page == "record":
                form = {"token": uuid.uuid4(), "outcome": Outcome.CONSIDERING, "way": "phone"}
                answer = client.post(reverse(page, args=[customer]), form)
            elif page in TABS:
                answer = client.get(reverse("customer", args=[customer]), {"tab": page})
            else:
                answer = client.get(reverse(page, args=[customer] if page in ("task", "facts") else []))
        assert answer.status_code == 200
        return len(caught), len(answer.content)

    def read_all() -> dict[str, tuple[int, int]]:
        for page in bounds:
            read(page)  # what is asked once in a process
        return {page: read(page) for page in bounds}

    before = read_all()
    say(customer, staff, run, FEW, MANY)
    for suffix, own_staff in (("+1", False), ("+2", False), ("+3", True), ("+4", True)):
        add_customers(run, staff.branch_id, suffix, own_staff)
    for page, (many, long) in read_all().items():
        few, short = before[page]
        # the distribution counts in the run's columnar files, the form of facts asks for what is not known yet, and the
        # purposes of consents are the book's
        grown = long > short or page in ("distribution", "facts", "compliance")
        assert grown, f"{page} shows no more than before"
        assert many <= few, page
        assert many <= bounds[page], page

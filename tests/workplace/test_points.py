"""What people do on pages, failing or dying at each statement that writes and each commit: nothing is half-done, the
person is told, and sending the same again finishes it once.

As pages do it, each form has a number of its own, with which it is sent again.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.points import Act, Outcome, strike
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Book, Staff, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.customer.merging import merge
from weihu.workplace.customer.models import Candidate
from weihu.workplace.gate.models import Handover, Merge
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading import books
from weihu.workplace.judge.grading.models import BookDraft
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence
from weihu.workplace.know.intake import importing
from weihu.workplace.know.intake.models import Import, ImportRow
from weihu.workplace.know.relations import network

pytestmark = [pytest.mark.sqlite, pytest.mark.long, pytest.mark.xdist_group("points")]
TECHNICAL = {"sessions.session", "base.sending", "base.head", "base.entry", "gate.signin"}
"""Tables of how something was sent and signed in, not of what it was."""
UNLIKE = (models.DateTimeField, models.UUIDField, models.BinaryField)
"""Columns that differ each time."""


def kept(actions: str) -> tuple[dict, None, list]:
    """All that the database has, values opened, and what was entered of some acts."""
    tables = {}
    for model in apps.get_models():
        if model._meta.label_lower not in TECHNICAL:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY {model._meta.pk.column}")
                tables[model._meta.label_lower] = opened(model, tuple(cursor.fetchall()))
    entries = Entry.objects.filter(action__regex=actions).order_by("pk")
    return tables, None, list(entries.values_list("staff_id", "action", "customer_id", "detail"))


@lru_cache(maxsize=500)
def opened(model: type[models.Model], written: tuple[tuple, ...]) -> str:
    """What a table says, as it is ``written`` now: what is written the same says the same, so most are read once."""
    names = [
        field.attname
        for field in model._meta.concrete_fields
        if not isinstance(getattr(field, "target_field", field), UNLIKE) and field.name not in ("token", "digest")
    ]
    return repr([tuple(getattr(row, name) for name in names) for row in model._base_manager.order_by("pk")])


def pages(
    prepare: Callable[[], list[Staff]], forms: Callable[[], Iterator[tuple]], actions: str, in_batches: bool = False
) -> Act:
    """Forms that are sent one after the other, each made when the one before is done: who, the page, its content.

    Of ``in_batches``, some may be kept when the one that failed is told of.
    """
    clients: dict[str, Client] = {}
    numbers: dict[str, str] = {}

    def prepared():
        numbers.clear()
        for staff in prepare():
            clients[staff.staff_id] = Client(raise_request_exception=False)
            clients[staff.staff_id].force_login(staff)

    between: list[tuple] = []

    def do():
        for place, (staff, address, content) in enumerate(forms()):
            heads = {
                "Accept-Language": "zh-hans",
                "X-Weihu": "form",
                "X-Sending": numbers.setdefault(f"{address} {content or place}", str(uuid.uuid4())),
            }
            before = kept(actions)[:2]
            answer = clients[staff.staff_id].post(address, content, headers=heads)
            if answer.status_code >= 400:
                told = answer.content.decode()
                is_true = "本次操作已经保存" in told or (
                    "没有保存" in told and (in_batches or kept(actions)[:2] == before)
                )
                return Outcome(False, told, answer.status_code >= 500 and is_true)
            if len(between) == place:  # only undisturbed does it come to a form for the first time
                between.append(kept(actions)[:2])
        return Outcome(True, "", True)

    return Act(prepared, lambda: kept(actions), do, between, by_statement=True)


@pytest.fixture
def boss():
    return Staff.objects.filter(post="branch_manager").order_by("staff_id").first()


@pytest.fixture
def pair(boss):
    """Two customers of a branch who may be one person, with much that is kept of both."""
    run = current()
    left, right = (row.customer_id for row in Gate(boss, run).standings().order_by("customer_id")[:2])
    third = Gate(boss, run).standings().order_by("-customer_id")[0].customer_id

    def prepare():
        Candidate.objects.create(left_id=left, right_id=right, probability=0.97, reasons=[], found_on=run.work_date)
        for customer, key, value in (
            (left, "hobbies", "茶"),
            (right, "postcode", "210000"),
            (right, "hobbies", "钓鱼"),
        ):
            told = FactContent(key, value, Channel.SERVICE, Confidence.TOLD)
            record_fact(customer, told, [], "x", run.work_date, uuid.uuid4())
        network.join(left, [third], "x", run.work_date)
        return [boss]

    return prepare, left, right


@pytest.fixture
def merging(pair, boss):
    prepare, left, _ = pair

    def forms():
        yield boss, reverse("duplicate", args=[Candidate.objects.get().pk]), {"keep": left}

    return pages(prepare, forms, r"^customer\.(un)?merge")


@pytest.fixture
def undoing(pair, boss):
    prepare, left, right = pair

    def merged():
        prepare()
        merge(left, right, "x", current().work_date)
        return [boss]

    def forms():
        yield boss, reverse("unmerge", args=[left, Merge.objects.get().pk]), {}

    return pages(merged, forms, r"^customer\.(un)?merge")


@pytest.fixture
def handing(boss):
    run = current()
    second = Staff.objects.filter(branch_id=boss.branch_id, post="rm_supervisor").order_by("staff_id").first()
    managers = Staff.objects.filter(branch_id=boss.branch_id, post="relationship_manager").order_by("staff_id")
    giver, receiver = managers[:2]

    def forms():
        chosen = Standing.objects.listed_at(run).filter(primary_id=giver.staff_id).order_by("customer_id")[:5]
        form = {
            "giver": giver.staff_id,
            "to": receiver.staff_id,
            "on": str(run.work_date),
            "token": str(uuid.UUID(int=7)),
        }
        form["chosen"] = [row.customer_id for row in chosen]
        yield boss, reverse("handovers"), form
        address = reverse("handover", args=[Handover.objects.get().pk])
        yield receiver, address, {"act": "accept"}
        yield second, address, {"act": "approve"}

    return pages(lambda: [boss, receiver, second], forms, "^(handover|place)")


@pytest.fixture
def approving(boss):
    run = current()
    head = Staff.objects.filter(post="personal_banking").order_by("staff_id").first()
    book = f'extends = "brief"\nkey = "brief"\nversion = "7"\nin_force_from = {run.work_date + timedelta(days=30)}\n'

    def forms():
        yield boss, reverse("book_drafts"), {"file": SimpleUploadedFile("book.toml", book.encode())}
        address = reverse("book_draft", args=[BookDraft.objects.get().pk])
        yield boss, address, {"act": "submit"}
        yield head, address, {"act": "approve", "note": "已阅"}

    return pages(lambda: [boss, head], forms, "^book")


@pytest.fixture
def importing_rows(boss, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 15)
    listed = Gate(boss, current()).standings().order_by("customer_id")[:40]
    lines = [
        "客户号,邮编,邮箱",
        *(f"{row.customer_id},{210000 + n},a{n}@x.cn" for n, row in enumerate(listed)),
        "P0,21,x",
    ]

    def forms():
        upload = {"token": str(uuid.UUID(int=9)), "channel": "campaign", "confidence": 2}
        yield boss, reverse("imports"), {**upload, "file": SimpleUploadedFile("a.csv", "\n".join(lines).encode())}
        started = Import.objects.get()
        page, step = reverse("import", args=[started.pk]), reverse("import_step", args=[started.pk])
        yield boss, page, {f"column-{place}": key for place, key in enumerate(started.mapping)}
        yield from steps(step)
        yield boss, page, {"act": "record"}
        yield from steps(step)

    def steps(address):
        while Import.objects.get().working:
            yield boss, address, {"asked": str(uuid.uuid4())}

    act = pages(lambda: [boss], forms, "^fact", in_batches=True)
    # each of its many batches is a transaction; so only what all of them leave is compared
    return replace(act, seen=lambda: (None, None, act.seen()))


def called(prepare: Callable[[], object], do: Callable[[], object], actions: str) -> Act:
    """What a page does, called by itself: without the page's own transaction."""

    def done():
        try:
            do()
        except OperationalError as error:
            return Outcome(False, str(error), True)
        return Outcome(True, "", True)

    return Act(lambda: prepare() and None, lambda: kept(actions), done, by_statement=True)


@pytest.fixture
def drafting(boss):
    run = current()
    book = run.rulebook

    def draft():
        if not BookDraft.objects.exists():
            books.keep(book, Book.of(book), "一稿", run.work_date, boss.staff_id, run.work_date)

    return called(lambda: None, draft, "^book")


@pytest.fixture
def deleting(boss):
    def prepare():
        upload = Import.objects.create(
            staff_id=boss.staff_id,
            token=uuid.UUID(int=5),
            name="a.csv",
            channel=Channel.CAMPAIGN,
            confidence=Confidence.TOLD,
            on=current().work_date,
            uploaded_at=timezone.now(),
            columns=["x"],
            mapping=[""],
            row_count=3,
        )
        ImportRow.objects.bulk_create(
            ImportRow(origin=upload, position=n, number=n + 1, cells="[]", state="", faults="") for n in (1, 2, 3)
        )

    def delete():
        for upload in Import.objects.all():
            importing.delete(upload)

    return called(prepare, delete, "^import")


@pytest.mark.parametrize("dies", [False, True], ids=["fails", "dies"])
@pytest.mark.parametrize(
    "name", ["importing_rows", "merging", "undoing", "handing", "approving", "drafting", "deleting"]
)
def test_what_is_sent_is_done_whole_and_once_wherever_it_is_struck(
    name, dies, own_bank, home, monkeypatch, request, tried
):
    points, total = strike(request.getfixturevalue(name), home.root.parent, dies, monkeypatch)
    tried(f"points at which {name} {'dies' if dies else 'fails'}, of {total}", points)

"""Importing workbooks: rows right, wrong and doubtful are counted and none is lost."""

import csv
import io
import json
import uuid
from collections import Counter

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.workplace import messy
from weihu.rules import rulebook
from weihu.sources.workbook import Sheet, read
from weihu.workplace.bank.models import Customer
from weihu.workplace.base.models import Entry
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import archive_of
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.intake import importing
from weihu.workplace.know.intake.columns import find_head
from weihu.workplace.know.intake.models import Import, ImportRow, Phase

FIELDS = rulebook.load("brief").fields


@pytest.fixture
def people(run, member):
    """The branch's customers, as far as they can be told apart by name."""
    gate = Gate(member("branch_manager"), run)
    listed = [row.customer for row in gate.standings().order_by("customer_id")]
    names = Counter(row.name for row in listed)
    return [
        messy.Person(row.customer_id, row.name, row.phone or "", row.identity_number or "", names[row.name] == 1)
        for row in listed
    ]


def upload(client, content: bytes, name: str, token=None) -> Import:
    fields = {"token": token or uuid.uuid4(), "channel": "campaign", "confidence": 2}
    answer = client.post(reverse("imports"), {**fields, "file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    return Import.objects.get(pk=int(answer.headers["Location"].split("/")[-2]))


def check(client, started: Import) -> Import:
    mapping = {f"column-{place}": key for place, key in enumerate(started.mapping)}
    assert client.post(reverse("import", args=[started.pk]), mapping).status_code == 302
    return worked(client, started)


def worked(client, started: Import) -> Import:
    while client.post(reverse("import_step", args=[started.pk])).headers.get("HX-Refresh") != "true":
        pass
    started.refresh_from_db()
    return started


def record(client, started: Import) -> Import:
    assert client.post(reverse("import", args=[started.pk]), {"act": "record"}).status_code == 302
    return worked(client, started)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_messy_workbook_comes_in_and_every_row_is_accounted_for(kind, signed_in, people):
    client = signed_in("branch_manager")
    cells, truth = messy.rows(people, 400)
    content = messy.xlsx(cells) if kind == "xlsx" else messy.gbk_csv(cells)
    chosen = check(client, upload(client, content, f"名单.{kind}"))
    assert chosen.phase == Phase.READY
    assert not Fact.objects.exists()
    states = list(ImportRow.objects.filter(origin=chosen).order_by("position").values_list("state", flat=True))
    assert [(place, state) for place, state in enumerate(states) if state != truth[place]] == []
    record(client, chosen)
    right = truth.count("right")
    assert chosen.phase == Phase.DONE
    assert sum(chosen.rows_by_state.values()) == len(cells) == chosen.row_count
    kept = ImportRow.objects.filter(origin=chosen).exclude(cells="").values_list("state", flat=True)
    assert set(kept) == {"wrong", "doubtful"}
    assert chosen.rows_by_state["right"] == right
    facts = [fact.value for fact in Fact.objects.filter(field="email")]
    assert sorted(facts) == sorted(row[5] for row, state in zip(cells, truth, strict=True) if state == "right")
    entry = Fact.objects.filter(field="child_birth_date").first()
    assert (entry.channel, entry.source) == ("campaign", f"名单.{kind}")
    dates = Counter(fact.value for fact in Fact.objects.filter(field="child_birth_date"))
    assert sum(dates.values()) == right
    assert set(dates) <= {f"{2008 + n % 16}-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(400)}


def test_wrong_and_doubtful_rows_come_back_marked_mended_and_are_taken(signed_in, people):
    client = signed_in("branch_manager")
    unique = [person for person in people if person.unique_name][:3]
    head = ["姓名", "客户号", "邮编"]
    lines = [head, [unique[0].name, "", "210000"], [unique[1].name, unique[1].customer_id, "21"], ["", "X1", "210001"]]
    chosen = check(client, upload(client, _csv(lines), "a.csv"))
    assert chosen.rows_by_state == {"right": 0, "known": 0, "doubtful": 1, "wrong": 2}
    page = openpyxl.load_workbook(io.BytesIO(client.get(reverse("import_problems", args=[chosen.pk])).content)).active
    back = [[cell.value or "" for cell in row] for row in page.iter_rows()]
    assert [row[0] for row in back[1:]] == ["2", "3", "4"]
    assert page.cell(3, 6).fill.fgColor.rgb == "FFF8CBCB"
    assert page.cell(3, 5).fill.fgColor.rgb != "FFF8CBCB"
    back[1][4], back[2][5] = unique[0].customer_id, "210002"
    again = record(client, check(client, upload(client, _csv(back), "b.csv")))
    assert again.rows_by_state == {"right": 2, "known": 0, "doubtful": 0, "wrong": 1}
    assert sorted((fact.customer_id, fact.value) for fact in Fact.objects.all()) == sorted(
        [(unique[0].customer_id, "210000"), (unique[1].customer_id, "210002")]
    )
    third = check(client, upload(client, _csv(back), "c.csv"))
    assert third.rows_by_state["known"] == 2


def test_the_suggested_number_stands_in_a_column_of_its_own(signed_in, people):
    client = signed_in("branch_manager")
    chosen = next(person for person in people if person.unique_name)
    row = check(client, upload(client, _csv([["姓名", "邮编"], [chosen.name, "210000"]]), "a.csv"))
    content = client.get(reverse("import_problems", args=[row.pk])).content
    again = record(client, check(client, upload(client, content, "mended.xlsx")))
    assert again.rows_by_state["right"] == 1
    assert Fact.objects.get().customer_id == chosen.customer_id


def test_stopped_in_the_middle_it_goes_on_and_records_nothing_twice(signed_in, people, monkeypatch):
    client = signed_in("branch_manager")
    cells, truth = messy.rows(people, 300)
    chosen = upload(client, messy.xlsx(cells), "a.xlsx")
    monkeypatch.setattr(importing, "CHUNK", 40)
    chosen = check(client, chosen)
    importing.begin(chosen, Phase.RECORDING)
    monkeypatch.setattr(importing, "SECONDS_PER_STEP", 0)
    calls = []
    original = importing.record_facts

    def killed(*args):
        original(*args)
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(importing, "record_facts", killed)
    monkeypatch.setattr(importing, "SECONDS_PER_STEP", 60)
    with pytest.raises(KeyboardInterrupt):
        client.post(reverse("import_step", args=[chosen.pk]))
    chosen.refresh_from_db()
    assert chosen.phase == Phase.RECORDING
    assert 0 < chosen.position < chosen.row_count
    worked(client, chosen)
    assert chosen.phase == Phase.DONE
    assert Fact.objects.filter(field="email").count() == truth.count("right")


def test_the_same_upload_twice_is_one(signed_in):
    client = signed_in("branch_manager")
    token = uuid.uuid4()
    first = upload(client, _csv([["客户号", "邮编"], ["P0000001", "210000"]]), "a.csv", token)
    assert upload(client, _csv([["客户号", "邮编"], ["P0000001", "210000"]]), "a.csv", token) == first


def test_customers_out_of_reach_are_nobody(signed_in, member, run):
    """A row never tells whether a customer exists elsewhere."""
    client = signed_in("relationship_manager")
    reached = set(Gate(member("relationship_manager"), run).standings().values_list("customer_id", flat=True))
    stranger = Customer.objects.exclude(customer_id__in=reached).filter(phone__isnull=False).first()
    lines = [
        ["客户号", "姓名", "手机", "身份证号", "邮编"],
        [stranger.customer_id, "", "", "", "210000"],
        ["", "", "", stranger.identity_number, "210000"],
        ["", stranger.name, stranger.phone, "", "210000"],
        ["NOBODY", "", "", "", "210000"],
    ]
    chosen = check(client, upload(client, _csv(lines), "a.csv"))
    assert chosen.rows_by_state["wrong"] == 4
    listed = {json.loads(row.faults)[0][2] for row in ImportRow.objects.all()}
    assert len(listed) == 1


def test_an_import_is_its_uploaders_alone(signed_in, client):
    chosen = upload(signed_in("branch_manager"), _csv([["客户号", "邮编"], ["P1", "2"]]), "a.csv")
    other = signed_in("relationship_manager")
    for name, method in [
        ("import", "get"),
        ("import_step", "post"),
        ("import_problems", "get"),
        ("import_delete", "post"),
    ]:
        assert getattr(other, method)(reverse(name, args=[chosen.pk])).status_code == 404
    assert signed_in("it_operator").get(reverse("imports")).status_code == 404


def test_what_cannot_be_read_or_mapped_is_said(signed_in):
    client = signed_in("branch_manager")
    for content, name in [(b"nothing", "a.xlsx"), (_csv([["a", "b"], ["1", "2"]]), "a.csv"), (b"", "a.csv")]:
        fields = {"token": uuid.uuid4(), "channel": "campaign", "confidence": 2}
        answer = client.post(reverse("imports"), {**fields, "file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 422
    chosen = upload(client, _csv([["姓名", "邮编"], ["a", "2"]]), "a.csv")
    for mapping in ({"column-0": "postcode", "column-1": "postcode"}, {"column-0": "", "column-1": "postcode"}):
        assert client.post(reverse("import", args=[chosen.pk]), mapping).status_code == 422
    assert not Import.objects.exclude(phase=Phase.MAPPING).exists()


def test_no_cell_stands_readable_in_the_database(signed_in, people):
    from django.db import connection

    client = signed_in("branch_manager")
    check(
        client, upload(client, _csv([["客户号", "备忘"], [people[0].customer_id, "喜欢钓鱼"], ["X", "怕吵"]]), "a.csv")
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT cells, faults FROM intake_importrow")
        assert all("钓鱼" not in text and "怕吵" not in text for row in cursor.fetchall() for text in row)
    assert Entry.objects.filter(action="import.upload").count() == 1


def test_an_identity_number_tells_birthday_and_sex(signed_in, run, member):
    from weihu.workplace.base.channels import Channel
    from weihu.workplace.know.archive.facts import FactContent
    from weihu.workplace.know.archive.facts import record_fact as tell
    from weihu.workplace.know.archive.models import Confidence

    client = signed_in("branch_manager")
    chosen = Gate(member("branch_manager"), run).standings().first().customer
    Customer.objects.filter(pk=chosen.pk).update(birth_date=None, sex=None, identity_number=None)
    row = check(
        client, upload(client, _csv([["客户号", "身份证"], [chosen.customer_id, "11010119900307803X"]]), "a.csv")
    )
    record(client, row)
    archive = archive_of(Customer.objects.get(pk=chosen.pk), run.rulebook, run.work_date)
    assert {key: archive[key].value for key in ("birth_date", "sex")} == {"birth_date": "1990-03-07", "sex": "M"}
    tell(
        chosen.pk,
        FactContent("birth_date", "1991-01-01", Channel.SERVICE, Confidence.SEEN),
        [],
        "x",
        run.work_date,
        uuid.uuid4(),
    )
    archive = archive_of(Customer.objects.get(pk=chosen.pk), run.rulebook, run.work_date)
    assert archive["birth_date"].value == "1991-01-01"


@pytest.mark.parametrize(
    ("rows", "mapping", "data_from"),
    [
        ([["客户号", "姓名"], ["P1", "王小明"]], ["customer_id", "name"], 1),
        ([["某支行"], [None, None], ["姓名", "手机"], ["王小明", 1]], ["name", "phone"], 3),
        (
            [["客户", "客户", "子女"], ["姓名", "电话", "出生日期"], ["a", 1, 2]],
            ["name", "phone", "child_birth_date"],
            2,
        ),
        ([["Full name", "Mobile (private)", "E-mail*"], ["a", 1, 2]], ["name", "phone", "email"], 1),
        ([["姓名", "名称", "客户姓名"], ["a", 1, 2]], ["name", "", ""], 1),
    ],
)
def test_titles_are_found_wherever_they_stand(rows, mapping, data_from):
    head = find_head(Sheet("x", rows, rows), FIELDS)
    assert (head.mapping[: len(mapping)], head.data_from) == (mapping, data_from)


def test_the_titles_of_the_messy_workbook():
    cells, _ = messy.rows([messy.Person("P1", "a", "1", "2", True)], 5)
    head = find_head(read(messy.xlsx(cells), "x.xlsx"), FIELDS)
    assert head.mapping == [
        "", "customer_id", "name", "phone", "identity_number", "email", "postcode", "child_birth_date", "wedding_day",
        "hobbies", "memo",
    ]  # fmt: skip
    assert head.data_from == 3


def _csv(lines: list[list]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()

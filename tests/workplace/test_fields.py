"""The fields that Django lacks: plain ones for migrations, exact and sealed ones in the database; and the WSGI server."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction

import weihu
from weihu.engine.seal import CannotOpen
from weihu.workplace.bank.models import Book, Customer, Standing
from weihu.workplace.base.fields import CustomerField, DocumentField, MoneyField, SealedField, sealed
from weihu.workplace.judge.grading.models import GradeException
from weihu.workplace.know.life.models import Goal


def in_database(row, column):
    """The value as the database has it."""
    with connection.cursor() as cursor:
        table, key = row._meta.db_table, row._meta.pk.column
        cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{key}" = %s', [row.pk])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("field", "path", "kept"),
    [
        (MoneyField(null=True), "django.db.models.BigIntegerField", {"null": True}),
        (SealedField(scope="note", blank=True), "django.db.models.TextField", {"blank": True}),
        (DocumentField(default=dict), "django.db.models.TextField", {"default": dict}),
        (CustomerField(db_index=True), "django.db.models.CharField", {"max_length": 60, "db_index": True}),
    ],
)
def test_a_field_goes_into_a_migration_as_a_field_of_django(field, path, kept):
    field.set_attributes_from_name("column")
    assert field.deconstruct() == ("column", path, [], kept)


def test_no_migration_imports_our_code():
    files = list(Path(weihu.__file__).parent.rglob("migrations/0*.py"))
    assert len(files) > 10
    assert [file for file in files if "weihu" in file.read_text(encoding="utf-8")] == []


@pytest.mark.django_db
@pytest.mark.parametrize("yuan", ["0.00", "0.01", "-0.10", "0.29", "1234567890123.45", "-99999999999999.99"])
def test_money_comes_back_as_exactly_as_it_went_in(run, yuan):
    goal = a_goal(run, target=Decimal(yuan))
    assert in_database(goal, "target") == int(yuan.replace(".", ""))
    kept = Goal.objects.get(pk=goal.pk).target
    assert (kept, str(kept)) == (Decimal(yuan), yuan)
    assert Goal.objects.filter(target=Decimal(yuan)).exists()
    assert Goal.objects.filter(target__gte=yuan).exists()


@pytest.mark.django_db
def test_money_is_added_and_sorted_as_numbers(run):
    for amount in ("0.10", "0.20", "10.00", "9.00"):
        a_goal(run, target=Decimal(amount))
    total = sum((goal.target for goal in Goal.objects.all()), Decimal(0))
    assert total == Decimal("19.30")
    ordered = Goal.objects.order_by("target").values_list("target", flat=True)
    assert list(ordered) == [Decimal("0.10"), Decimal("0.20"), Decimal("9.00"), Decimal("10.00")]


def test_no_money_is_none_both_ways():
    field = MoneyField(null=True)
    assert field.from_db_value(None) is None
    assert field.get_prep_value(None) is None
    assert field.to_python(None) is None
    assert field.to_python("12.30") == Decimal("12.30")


@pytest.mark.django_db
def test_sealed_text_is_not_readable_in_the_database_and_opens_again(run):
    goal = a_goal(run, name="女儿留学 overseas")
    stored = in_database(goal, "name")
    assert "女儿" not in stored
    assert "overseas" not in stored
    assert Goal.objects.get(pk=goal.pk).name == "女儿留学 overseas"


@pytest.mark.django_db
def test_what_is_sealed_for_one_column_does_not_open_in_another(run):
    goal = a_goal(run, name="买房")
    stored = in_database(goal, "name")
    on = run.work_date
    granted = GradeException.objects.create(
        customer_id=goal.customer_id, grade="valued", from_on=on, until_on=on, reason="特批", granted_by="x"
    )
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{granted._meta.db_table}" SET "reason" = %s WHERE "id" = %s', [stored, granted.pk])
    with pytest.raises(CannotOpen):
        _ = GradeException.objects.get(pk=granted.pk).reason


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["phone", "identity_number", "address"])
def test_exchanged_values_of_two_customers_do_not_open(run, column):
    one, other = Customer.objects.filter(**{f"{column}__isnull": False})[:2]
    assert getattr(one, column)
    stored = in_database(one, column), in_database(other, column)
    with connection.cursor() as cursor:
        for row, value in ((one, stored[1]), (other, stored[0])):
            cursor.execute(f'UPDATE "bank_customer" SET "{column}" = %s WHERE "customer_id" = %s', [value, row.pk])
    for row in (one, other):
        with pytest.raises(CannotOpen):
            getattr(Customer.objects.get(pk=row.pk), column)


@pytest.mark.django_db
def test_equal_texts_look_different_and_are_bound_to_their_rows(run):
    one, other = a_goal(run, name="买房"), a_goal(run, name="买房")
    assert in_database(one, "name") != in_database(other, "name")
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{one._meta.db_table}" SET "name" = %s WHERE "id" = %s', [in_database(other, "name"), one.pk]
        )
    with pytest.raises(CannotOpen):
        _ = Goal.objects.get(pk=one.pk).name
    assert Goal.objects.get(pk=other.pk).name == "买房"


@pytest.mark.django_db
def test_a_value_that_nobody_reads_stays_as_it_is_when_its_row_is_saved(run):
    goal = a_goal(run, name="买房")
    stored = in_database(goal, "name")
    again = Goal.objects.get(pk=goal.pk)
    again.saved = Decimal("5.00")
    again.save()
    assert in_database(goal, "name") == stored
    again.name = "买车"
    again.save()
    assert Goal.objects.get(pk=goal.pk).name == "买车"
    with pytest.raises(TypeError), transaction.atomic():
        Goal.objects.filter(pk=goal.pk).update(name="without its row")
    Goal.objects.filter(pk=goal.pk).update(**sealed(goal, name="留学"))
    assert Goal.objects.get(pk=goal.pk).name == "留学"


@pytest.mark.django_db
def test_an_empty_sealed_text_stays_empty(run):
    goal = a_goal(run, name="")
    assert in_database(goal, "name") == ""
    assert Goal.objects.get(pk=goal.pk).name == ""


@pytest.mark.django_db
def test_a_document_keeps_the_order_of_its_keys(run):
    content = {"z": 1, "a": {"重要": [1, None], "b": True}, "m": "文"}
    book = Book.objects.create(digest="f" * 64, key="x", version="1", content=content)
    kept = Book.objects.get(pk=book.pk).content
    assert kept == content
    assert list(kept) == ["z", "a", "m"]
    assert list(kept["a"]) == ["重要", "b"]
    assert "重要" in in_database(book, "content")


def test_no_document_is_none_both_ways():
    field = DocumentField(null=True)
    assert field.from_db_value(None) is None
    assert field.get_prep_value(None) is None


@pytest.fixture
def kept_connection():
    """The test's connection outlives the request, as with Django's own client: it is within the test's transaction."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.django_db
def test_a_wsgi_server_finds_the_application_and_is_told_that_it_is_well(run, kept_connection):
    from weihu.workplace.wsgi import application

    heads = []
    environ = {"PATH_INFO": "/healthz"}
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "localhost"
    answer = application(environ, lambda status, headers: heads.append(status))
    content = b"".join(answer)
    answer.close()
    assert heads == ["200 OK"]
    assert content


def a_goal(run, **values):
    customer = Standing.objects.listed_at(run).order_by("customer_id").first().customer_id
    plain = {
        "token": uuid4(),
        "customer_id": customer,
        "name": "养老",
        "target": Decimal("100.00"),
        "saved": Decimal("0.00"),
        "due_on": run.work_date + timedelta(days=365),
        "staff_id": "x",
        "on": run.work_date,
    }
    return Goal.objects.create(**{**plain, **values})

"""The one record of what is kept of a customer: whole, and obeyed by merging, its undo, erasure and the copy."""

import io
import uuid
from datetime import timedelta

import openpyxl
import pytest
from django.apps import apps
from django.utils.translation import override

from weihu.workplace.act.care.beginning import begin_by_hand
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.bank.models import Customer, Holding
from weihu.workplace.base.fields import CustomerField, SealedField
from weihu.workplace.customer import sheets
from weihu.workplace.customer.copy import copy_of
from weihu.workplace.customer.erasure import _erase
from weihu.workplace.customer.merging import merge, undo
from weihu.workplace.customer.record import MOVING, RECORD, kept_as_proof, kept_by_law, without_content
from weihu.workplace.gate.models import Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.benefits.using import UsedUp, due_to, use
from weihu.workplace.judge.grading.models import GradeException

OF_STAFF = ("staff_id", "from_id", "to_id", "primary_id", "deputy_id", "cover_id", "before_id", "owner_id")
OF_THINGS = (
    "account_id",
    "authorised_id",
    "branch_id",
    "holding_id",
    "parent_id",
    "product_id",
    "provider_id",
    "run_id",
)


def own_models():
    return [model for model in apps.get_models() if model.__module__.startswith("weihu.")]


def named(model):
    """The columns by which a model names a customer."""
    for field in model._meta.fields:
        if isinstance(field, CustomerField) or field.related_model is Customer:
            yield field.attname
    if model is Customer:
        yield "customer_id"


def test_every_model_that_names_a_customer_is_in_the_record():
    in_models = {(model, column) for model in own_models() for column in named(model)}
    in_record = {(kept.model, kept.column) for kept in RECORD if "__" not in kept.column}
    assert in_record == in_models


def test_every_model_that_hangs_on_one_of_a_customer_is_in_the_record():
    hanging = {
        (model, f"{field.name}__{column}")
        for model in own_models()
        for field in model._meta.fields
        if field.related_model and field.related_model is not Customer and field.related_model is not model
        for column in named(field.related_model)
        if not list(named(model))
    }
    through_a_merge = {(model, column) for model, column in hanging if model.__name__ == "Moved"}
    assert {(kept.model, kept.column) for kept in RECORD if "__" in kept.column} == hanging - through_a_merge


def test_no_column_of_a_customer_hides_among_plain_text():
    for model in own_models():
        for field in model._meta.fields:
            if field.get_internal_type() == "CharField" and field.name.endswith("_id"):
                plain = field.name in OF_STAFF + OF_THINGS or (model is Customer and field.primary_key)
                assert plain or isinstance(field, CustomerField), f"{model.__name__}.{field.name}"


def test_words_about_a_customer_do_not_outlast_an_erasure():
    for kept in RECORD:
        sealed = [field.name for field in kept.model._meta.fields if isinstance(field, SealedField)]
        assert not sealed or kept.erase is not without_content, kept.key


def test_what_is_on_no_sheet_says_why():
    assert all(kept.sheet for kept in RECORD)
    titles = [str(sheet.title) for sheet in vars(sheets).values() if isinstance(sheet, sheets.Sheet)]
    assert len(titles) == len(set(titles))
    assert {sheet for sheet in vars(sheets).values() if isinstance(sheet, sheets.Sheet)} == {
        kept.sheet for kept in RECORD if isinstance(kept.sheet, sheets.Sheet)
    }
    for language in ("zh-hans", "en"):
        with override(language):
            assert all(len(str(kept.sheet.title)) <= 31 for kept in RECORD if not isinstance(kept.sheet, str))


@pytest.fixture
def gate(run, member):
    return Gate(member("branch_manager"), run)


def pair_of_a_grade_with_benefits(gate, run):
    for rank in range(len(run.rulebook.grades)):
        rows = list(gate.standings().filter(grade_rank=rank).order_by("customer_id")[:2])
        if len(rows) == 2 and run.rulebook.due_benefits(rank):
            return rows
    pytest.fail("no grade with benefits has two customers")


def test_a_quota_is_one_of_the_merged_person_and_each_ones_again_after_the_undo(gate, run):
    kept, gone = pair_of_a_grade_with_benefits(gate, run)
    book, on = run.rulebook, run.work_date
    key, benefit = next(iter(book.due_benefits(kept.grade_rank).items()))
    for standing in (kept, gone):
        for _ in range(benefit.quota):
            use(standing, key, book, "x", on, uuid.uuid4())
    merged = merge(kept.customer_id, gone.customer_id, "x", on)
    assert {due.key: due.used for due in due_to(kept, book, on)}[key] == 2 * benefit.quota
    with pytest.raises(UsedUp):
        use(kept, key, book, "x", on, uuid.uuid4())
    undo(merged, "x", on)
    for standing in (kept, gone):
        assert {due.key: due.used for due in due_to(standing, book, on)}[key] == benefit.quota


def test_half_a_quota_used_under_the_other_number_leaves_the_other_half(gate, run):
    kept, gone = pair_of_a_grade_with_benefits(gate, run)
    book, on = run.rulebook, run.work_date
    wide = [(key, benefit) for key, benefit in book.due_benefits(kept.grade_rank).items() if benefit.quota > 1]
    key, benefit = wide[0]
    use(gone, key, book, "x", on, uuid.uuid4())
    merge(kept.customer_id, gone.customer_id, "x", on)
    for _ in range(benefit.quota - 1):
        use(kept, key, book, "x", on, uuid.uuid4())
    with pytest.raises(UsedUp):
        use(kept, key, book, "x", on, uuid.uuid4())
    assert BenefitUse.objects.filter(customer_id=kept.customer_id).count() == benefit.quota


def test_the_copy_has_what_is_held_promised_granted_and_passed_on(gate, run):
    held = Holding.objects.filter(closed_on__isnull=True).values("customer_id")
    standing = gate.standings().filter(customer_id__in=held).order_by("-grade_rank", "customer_id").first()
    customer, on, book = standing.customer_id, run.work_date, run.rulebook
    begin_by_hand(customer, next(iter(book.care_plans)), book, "x", on)
    Introduction.objects.create(
        token=uuid.uuid4(), introducer_id=customer, name="老同学", staff_id="x", branch_id="x", on=on
    )
    BenefitUse.objects.create(
        token=uuid.uuid4(),
        customer_id=customer,
        benefit="gift",
        period_from=on,
        nth=1,
        on=on,
        staff_id="x",
        branch_id="x",
        grade="x",
        cost=1,
    )
    GradeException.objects.create(
        customer_id=customer,
        grade=next(iter(book.grades)),
        from_on=on,
        until_on=on + timedelta(days=9),
        reason="特批",
        granted_by="x",
    )
    Referral.objects.create(
        customer_id=customer,
        branch_id="x",
        from_id="x",
        to_id="y",
        grade="x",
        target="x",
        evidence="想买大额存单",
        on=on,
        due_on=on,
    )
    with override("en"):
        content = copy_of(standing, gate, book, "印者 2026-06-03 09:00")
    assert all("印者" in page.oddHeader.center.text for page in openpyxl.load_workbook(io.BytesIO(content)))
    pages = {
        page.title: "\n".join(str(cell) for row in page.iter_rows(values_only=True) for cell in row)
        for page in openpyxl.load_workbook(io.BytesIO(content))
    }
    assert "老同学" in pages["Introductions"]
    assert "特批" in pages["Exceptions"]
    assert "想买大额存单" in pages["Referrals"]
    for title in ("Loans, cards and services", "Care plans", "Steps of care plans", "Benefits"):
        assert title in pages
    assert "Visits" not in pages


def test_erasing_leaves_no_sealed_word_in_any_table_of_the_record(gate, run):
    """A row in every table whose columns can be filled, then erased: nothing sealed is left but proofs."""
    customer = gate.standings().order_by("customer_id").first().customer_id
    filled = []
    for kept in MOVING.values():
        sealed = [field for field in kept.model._meta.fields if isinstance(field, SealedField)]
        if sealed and kept.erase not in (kept_by_law, kept_as_proof):
            filled.append((kept, fill(kept, customer, run)))
    assert len(filled) > 10
    _erase([customer], run.work_date)
    for kept, pk in filled:
        sealed = [field.name for field in kept.model._meta.fields if isinstance(field, SealedField)]
        values = [getattr(row, name) for row in kept.model.objects.filter(pk=pk) for name in sealed]
        assert set(values) <= {"", None}, kept.key


def fill(kept, customer, run):
    """A row of a table with every sealed column filled and everything else of the plainest kind."""
    values = {}
    for field in kept.model._meta.fields:
        if field.primary_key or field.has_default() or (field.null and field.attname != kept.column):
            continue
        if field.is_relation:
            parent = field.related_model.objects.first()
            values[field.attname] = parent.pk if parent else fill_parent(field.related_model, run)
        else:
            values[field.attname] = plain_value(field, run)
    values[kept.column] = customer
    for field in kept.model._meta.fields:
        if isinstance(field, SealedField):
            values[field.attname] = "秘密"
    return kept.model.objects.create(**values).pk


def fill_parent(model, run):
    values = {
        field.attname: plain_value(field, run)
        for field in model._meta.fields
        if not field.primary_key and not field.has_default() and not field.null and not field.is_relation
    }
    return model.objects.create(**values).pk


PLAIN = {
    "DateTimeField": "2026-06-01T00:00Z",
    "TimeField": "10:00",
    "BooleanField": False,
    "CharField": "x",
    "IntegerField": 1,
    "SmallIntegerField": 1,
    "BigIntegerField": 1,
}


def plain_value(field, run):
    kind = field.get_internal_type()
    made = {"UUIDField": uuid.uuid4(), "DateField": run.work_date}
    return made.get(kind, PLAIN.get(kind, ""))

"""The grading pages: what they show and download, what they refuse, and what a book and an exception come to."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import get_args

import openpyxl
import pytest
from django.urls import reverse
from django.utils import translation
from pydantic import BaseModel

from weihu.rules import rulebook
from weihu.rules.grade import last_review
from weihu.workplace.bank.models import GradeChange, Run, Staff, Standing
from weihu.workplace.base.words import called
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading import books
from weihu.workplace.judge.grading.columns import near
from weihu.workplace.judge.grading.models import BookDraft, GradeException
from weihu.workplace.judge.grading.settings_words import SETTINGS, setting_words, value_words
from weihu.workplace.judge.grading.views import exceptions_of

pytestmark = pytest.mark.django_db

KEEPER, HEAD = "branch_manager", "personal_banking"
FAULTY_BOOK = b'extends = "brief"\nkey = "x"\nzh = "x"\nen = "x"\n\n[grades.valued]\nminimum = 1\n'
RIGHT_BOOK = (
    'extends = "brief"\nkey = "brief"\nversion = "7"\nin_force_from = {}\n\n[grades.valued]\nminimum = 700000\n'
)


def lines_of(answer):
    """The rows of a downloaded workbook under its head, without the mark of who took it."""
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    return [row for row in rows if sum(cell is not None for cell in row) > 1]


def words(answer):
    return answer.content.decode()


# distribution


def test_the_pyramid_downloads_what_the_page_shows(signed_in, member, run):
    client, gate = signed_in(KEEPER), Gate(member(KEEPER), run)
    page = client.get(reverse("distribution"))
    shown = [(called(grade), row["customers"], row["watched"]) for _, grade, row in page.context["rows"]]
    assert page.context["whole"]["customers"] == gate.standings().filter(effective=True).count()
    downloaded = lines_of(client.get(reverse("distribution"), {"xlsx": "1"}))
    assert [(row[0], row[1], row[4]) for row in downloaded] == shown
    assert len(shown) == len(run.rulebook.grades)


@pytest.mark.parametrize("post", ["relationship_manager", KEEPER, HEAD])
def test_the_time_that_goes_to_the_top_counts_contacts_of_those_in_reach(post, signed_in):
    page = signed_in(post).get(reverse("distribution"))
    assert page.status_code == 200
    assert page.context["days"] > 0


# migration


def test_migration_is_of_this_month_unless_days_are_named_and_never_of_days_to_come(signed_in, run):
    client = signed_in(HEAD)
    page = client.get(reverse("migration"))
    assert page.context["until"] == run.business_date
    assert page.context["after"] == run.business_date.replace(day=1) - timedelta(days=1)
    later = client.get(reverse("migration"), {"until": str(run.business_date + timedelta(days=40))})
    assert later.context["until"] == run.business_date
    nonsense = client.get(reverse("migration"), {"until": "yesterday", "after": "x"})
    assert nonsense.context["until"] == run.business_date


@pytest.mark.parametrize("back", [0, 1])
def test_migration_between_two_days_adds_up_to_the_customers_of_the_later_day(back, signed_in, run):
    until = run.business_date - timedelta(days=back)
    page = signed_in(HEAD).get(reverse("migration"), {"after": str(until - timedelta(days=1)), "until": str(until)})
    ranks = len(run.rulebook.grades)
    then = Run.objects.filter(business_date=until, published=True).latest("number")
    rows = Standing.objects.listed_at(then)
    came = [sum(counts[rank] for _, _, counts in page.context["matrix"]) for rank in range(ranks)]
    assert came == [rows.filter(grade_rank=rank).count() for rank in range(ranks)]


def test_migration_before_the_first_night_is_told_in_todays_book(signed_in, run):
    first = Run.objects.order_by("business_date").first().business_date
    page = signed_in(HEAD).get(reverse("migration"), {"until": str(first - timedelta(days=9))})
    assert page.context["then"].version == run.rulebook.version
    assert page.context["moved"] == []


def test_migration_shows_those_who_rose_or_fell_or_are_of_one_cell(signed_in, run):
    client = signed_in(HEAD)
    dates = {"after": str(run.business_date - timedelta(days=2)), "until": str(run.business_date)}
    everybody = client.get(reverse("migration"), dates)
    moved = [move for move, _, _ in everybody.context["moved"]]
    assert moved
    up = client.get(reverse("migration"), {**dates, "which": "up"})
    down = client.get(reverse("migration"), {**dates, "which": "down"})
    assert up.context["count"] == everybody.context["rising"]
    assert down.context["count"] == everybody.context["falling"]
    assert all(move.after > move.before for move, _, _ in up.context["moved"])
    assert all(move.after < move.before for move, _, _ in down.context["moved"])
    some = moved[0]
    begin = len(run.rulebook.grades) if some.before is None else some.before
    cell = client.get(reverse("migration"), {**dates, "from": begin, "to": some.after})
    assert some.customer_id in {move.customer_id for move, _, _ in cell.context["moved"]}
    assert {(move.before, move.after) for move, _, _ in cell.context["moved"]} == {(some.before, some.after)}


def test_migration_downloads_who_moved_and_why(signed_in, run):
    client = signed_in(HEAD)
    dates = {"after": str(run.business_date - timedelta(days=2)), "until": str(run.business_date)}
    moved = [move for move, _, _ in client.get(reverse("migration"), dates).context["moved"]]
    rows = lines_of(client.get(reverse("migration"), {**dates, "xlsx": "1"}))
    assert [row[1] for row in rows] == [move.customer_id for move in moved]
    names = [called(grade) for grade in run.rulebook.grades.values()]
    assert [row[3] for row in rows] == [names[move.after] for move in moved]
    assert all(row[4] for row in rows)


def test_a_customer_without_a_grade_before_is_new(signed_in, run):
    standing = Standing.objects.listed_at(run).order_by("customer_id").first()
    GradeChange.objects.filter(customer_id=standing.customer_id).delete()
    GradeChange.objects.create(
        customer_id=standing.customer_id,
        on=run.business_date,
        run_id=run.number,
        rank_before=None,
        rank_after=standing.grade_rank,
        why="new",
        metric=Decimal("1.00"),
        aum=Decimal("1.00"),
    )
    client = signed_in(HEAD)
    dates = {"after": str(run.business_date - timedelta(days=1)), "until": str(run.business_date)}
    page = client.get(reverse("migration"), {**dates, "from": len(run.rulebook.grades)})
    assert page.context["new"] >= 1
    assert standing.customer_id in {move.customer_id for move, _, _ in page.context["moved"]}
    rows = lines_of(client.get(reverse("migration"), {**dates, "xlsx": "1"}))
    assert [row[2] for row in rows if row[1] == standing.customer_id] == ["新增"]


# near and watch


def test_who_is_near_downloads_with_what_it_takes(signed_in, member, run):
    client = signed_in(HEAD)
    page = client.get(reverse("near"))
    close = near(Gate(member(HEAD), run), 200)
    assert {row["standing"].customer_id for row in page.context["rows"]} == set(close)
    rows = lines_of(client.get(reverse("near"), {"xlsx": "1"}))
    assert {row[1]: Decimal(str(row[6])) for row in rows} == {key: away.lacking for key, away in close.items()}
    assert all(row[9] for row in rows)


def test_who_is_on_watch_and_has_come_back_is_not_short_of_anything(signed_in, run):
    rows = Standing.objects.listed_at(run).filter(grade_rank=3, effective=True)
    back = rows.filter(aum__gte=run.rulebook.grades["potential"].minimum).order_by("customer_id")[0]
    Standing.objects.filter(pk=back.pk).update(watch_since=run.business_date)
    page = signed_in(HEAD).get(reverse("near"), {"part": "watch"})
    (row,) = (row for row in page.context["rows"] if row["standing"].pk == back.pk)
    assert row["away"].lacking == 0
    assert "¥0.00</td>" not in words(page)


def test_the_list_of_who_fell_begins_with_the_last_review(signed_in, run):
    """Monthly on the first; by a book with fixed days, on the last of them."""
    assert signed_in(HEAD).get(reverse("migration")).context["after"] == run.business_date.replace(day=1) - timedelta(1)
    halves = rulebook.changed(run.rulebook, {"policy": {"review_on": ["06-30", "12-31"], "upgrade": "review"}})
    days = {
        date(2026, 6, 29): date(2025, 12, 31),
        date(2026, 6, 30): date(2026, 6, 30),
        date(2026, 8, 1): date(2026, 6, 30),
    }
    assert {on: last_review(on, halves) for on in days} == days
    assert last_review(date(2026, 8, 1), run.rulebook) == date(2026, 8, 1)


# what if


def policy(client, **changed):
    """What the form would post, with some answers changed."""
    form = client.get(reverse("whatif")).context["form"]
    values = {name: field.initial for name, field in form.fields.items() if field.initial is not None}
    return {**values, **changed}


def test_the_rules_as_they_are_move_nobody(signed_in, member, run):
    page = signed_in(KEEPER).get(reverse("whatif"))
    assert page.status_code == 200
    rows = page.context["rows"]
    assert all(
        row[f"{name}_then"] == row[f"{name}_now"] for row in rows for name in ("customers", "aum", "contribution")
    )
    assert (page.context["risen"], page.context["fallen"]) == (0, 0)
    assert all(load.customers_before == load.customers_after for load in page.context["work"])
    assert not BookDraft.objects.exists()


def test_a_higher_threshold_lets_customers_fall_and_writes_nothing(signed_in, run):
    client = signed_in(KEEPER)
    values = policy(client, **{"minimum valued": "900000000", "minimum major": "999000000"})
    page = client.post(reverse("whatif"), values)
    assert page.status_code == 200
    rows = {row["key"]: row for row in page.context["rows"]}
    assert rows["valued"]["customers_now"] > rows["valued"]["customers_then"] == 0
    assert page.context["fallen"] > 0
    part = client.post(reverse("whatif"), values, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" in words(page)
    assert "<html" not in words(part)
    assert not BookDraft.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_an_empty_what_if_is_told_what_it_lacks(signed_in, headers):
    answer = signed_in(KEEPER).post(reverse("whatif"), {}, headers=headers)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert "data-risen" not in answer.content.decode()


def test_what_if_downloads_today_beside_then(signed_in):
    client = signed_in(KEEPER)
    values = policy(client)
    shown = client.post(reverse("whatif"), values).context["rows"]
    rows = lines_of(client.post(reverse("whatif"), {**values, "act": "xlsx"}))
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (called(row["grade"]), row["customers_now"], row["customers_then"]) for row in shown
    ]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("wrong", [{"watch_after_months": "99"}, {"minimum valued": "1"}])
def test_rules_that_cannot_be_are_answered_with_what_is_wrong(wrong, headers, signed_in):
    client = signed_in(KEEPER)
    page = client.post(reverse("whatif"), {**policy(client), **wrong, "act": "keep"}, headers=headers)
    assert page.status_code == 422
    assert page.context.get("faults") or page.context["form"].errors
    assert not BookDraft.objects.exists()


@pytest.mark.parametrize(("title", "kept"), [("提高门槛", "提高门槛"), ("  ", "")])
def test_what_was_tried_is_kept_as_a_draft(title, kept, signed_in, member, run):
    client = signed_in(KEEPER)
    start = run.work_date + timedelta(days=30)
    values = policy(client, **{"minimum valued": "600000", "title": title, "in_force_from": str(start), "act": "keep"})
    answer = client.post(reverse("whatif"), values)
    draft = BookDraft.objects.get()
    assert answer.url == reverse("book_draft", args=[draft.pk])
    assert (draft.title, draft.state) == (kept or run.rulebook.version, "draft")
    assert (draft.made_by, draft.in_force_from) == (member(KEEPER).staff_id, start)
    page = client.get(answer.url)
    assert ("客户等级 · 贵宾客户 · 门槛", "500000", "600000") in page.context["differences"]
    assert page.context["own"]
    client.cookies["django_language"] = "en"
    assert ("Customer grades · Valued · Threshold", "500000", "600000") in client.get(answer.url).context["differences"]


def test_a_draft_is_held_against_the_book_in_force_and_that_one_against_its_own_base(run):
    """Two drafts of one base: once one of them is in force, the other takes its change back."""
    first, second = (
        rulebook.changed(run.rulebook, {"grades": {"valued": {"minimum": minimum}}}) for minimum in (600_000, 700_000)
    )
    drafts = [books.keep(book, run.book, "x", run.work_date, "b", run.business_date) for book in (first, second)]
    in_force = drafts[0].book
    assert books.compared_with(drafts[0], in_force) == run.book
    was = books.compared_with(drafts[1], in_force).content
    assert books.differences(was, drafts[1].book.content) == [(("grades", "valued", "minimum"), "600000", "700000")]


def test_every_setting_of_a_book_has_a_name():
    def settings_of(model, seen):
        for name, field in model.model_fields.items():
            yield name
            for part in parts(field.annotation):
                if part not in seen:
                    yield from settings_of(part, seen | {part})

    def parts(annotation):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        for argument in get_args(annotation):
            yield from parts(argument)

    assert set(settings_of(rulebook.RuleBook, frozenset())) == set(SETTINGS)


def test_a_value_is_written_by_the_names_of_what_it_names(run):
    book = run.rulebook
    with translation.override("zh-hans"):
        assert value_words(["relationship_manager", "lobby_manager"], book) == "客户经理、大堂经理"
        assert value_words({"valued": "3"}, book) == "贵宾客户 3"
        assert [value_words(value, book) for value in (True, False, None, [], "12")] == ["是", "否", "—", "—", "12"]
        assert setting_words(("signals", "birthday", "no_such"), book).endswith("no_such")


def test_a_day_in_force_that_is_none_is_a_fault(signed_in):
    client = signed_in(KEEPER)
    page = client.post(reverse("whatif"), policy(client, in_force_from="soon", act="keep"))
    assert page.status_code == 422
    assert page.context["faults"]


@pytest.mark.parametrize("name", ["whatif", "book_drafts"])
def test_who_keeps_no_rules_finds_no_page_of_rules(name, signed_in):
    client = signed_in("relationship_manager")
    assert client.get(reverse(name)).status_code == 404
    assert client.post(reverse(name)).status_code == 404


# books


@pytest.fixture
def draft(run, member):
    book = rulebook.changed(run.rulebook, {"version": "2", "grades": {"valued": {"minimum": 600_000}}})
    by = member(KEEPER).staff_id
    return books.keep(book, run.book, "提高门槛", run.work_date + timedelta(days=30), by, run.work_date)


def file_of(content):
    sent = io.BytesIO(content)
    sent.name = "book.toml"
    return {"file": sent}


def test_a_right_file_becomes_a_draft(signed_in, run):
    client = signed_in(KEEPER)
    start = run.work_date + timedelta(days=30)
    answer = client.post(reverse("book_drafts"), file_of(RIGHT_BOOK.format(start).encode()))
    draft = BookDraft.objects.get()
    assert answer.url == reverse("book_draft", args=[draft.pk])
    assert (draft.in_force_from, draft.state, draft.base_id) == (start, "draft", run.book_id)
    assert draft.title.endswith(" 7")


@pytest.mark.parametrize("content", [FAULTY_BOOK, b"[[[", "编号".encode("gbk"), b""])
def test_a_faulty_file_becomes_none(content, signed_in):
    answer = signed_in(KEEPER).post(reverse("book_drafts"), file_of(content))
    assert answer.status_code == 422
    assert answer.context["faults"] or answer.context["form"].errors
    assert not BookDraft.objects.exists()


def test_the_books_are_listed_with_their_makers_and_download(draft, signed_in, member):
    client = signed_in(HEAD)
    page = client.get(reverse("book_drafts"))
    assert list(page.context["drafts"]) == [draft]
    assert page.context["people"][draft.made_by] == member(KEEPER)
    assert sum(row["runs"] for row in page.context["used"]) == Run.objects.filter(published=True).count()
    rows = lines_of(client.get(reverse("book_drafts"), {"xlsx": "1"}))
    assert [(row[0], row[2], row[3]) for row in rows] == [("提高门槛", draft.made_by, draft.get_state_display())]


@pytest.mark.parametrize(("act", "state"), [("approve", "approved"), ("refuse", "refused")])
def test_a_book_is_submitted_by_its_maker_and_decided_by_a_second_person(act, state, draft, signed_in, member, run):
    address = reverse("book_draft", args=[draft.pk])
    assert signed_in(KEEPER).post(address, {"act": "submit"}).url == address
    draft.refresh_from_db()
    assert draft.state == "submitted"
    client = signed_in(HEAD)
    page = client.get(address)
    assert page.context["may_approve"]
    assert not page.context["own"]
    assert client.post(address, {"act": act, "note": " 已阅 "}).url == address
    draft.refresh_from_db()
    assert (draft.state, draft.note, draft.decided_on) == (state, "已阅", run.work_date)
    assert draft.decided_by == member(HEAD).staff_id
    assert client.get(address).context["decider"] == member(HEAD)
    again = client.post(address, {"act": act})
    assert again.status_code == 403
    assert "已经" in again.context["refused"] or again.context["refused"]


def test_nobody_submits_anothers_book_or_decides_about_an_own_one(draft, signed_in):
    address = reverse("book_draft", args=[draft.pk])
    assert signed_in(HEAD).post(address, {"act": "submit"}).status_code == 403
    client = signed_in(KEEPER)
    client.post(address, {"act": "submit"})
    refused = client.post(address, {"act": "approve"})
    assert refused.status_code == 403
    assert refused.context["refused"] in words(refused)
    draft.refresh_from_db()
    assert draft.state == "submitted"


def test_a_post_that_only_proposes_approves_no_book(draft, client, member):
    address = reverse("book_draft", args=[draft.pk])
    books.submit(draft, draft.made_by)
    other = Staff.objects.filter(post=KEEPER).exclude(pk=member(KEEPER).pk).first()
    client.force_login(other)
    assert client.post(address, {"act": "approve"}).status_code == 403
    assert not client.get(address).context["may_approve"]


def test_a_book_whose_day_has_passed_is_refused_but_not_approved(draft, signed_in, run):
    address = reverse("book_draft", args=[draft.pk])
    books.submit(draft, draft.made_by)
    BookDraft.objects.filter(pk=draft.pk).update(in_force_from=run.work_date - timedelta(days=1))
    client = signed_in(HEAD)
    assert client.post(address, {"act": "approve"}).status_code == 403
    assert client.post(address, {"act": "refuse"}).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "refused"


def test_a_book_is_not_found_by_a_wrong_number_or_post_and_knows_its_acts(draft, signed_in):
    address = reverse("book_draft", args=[draft.pk])
    assert signed_in("relationship_manager").get(address).status_code == 404
    client = signed_in(KEEPER)
    assert client.get(reverse("book_draft", args=[draft.pk + 1])).status_code == 404
    assert client.post(address, {"act": "burn"}).status_code == 400
    assert client.post(address).status_code == 400


# exceptions


@pytest.fixture
def customer(run, member):
    rows = Gate(member(KEEPER), run).standings()
    return rows.filter(grade_rank=2).order_by("customer_id").first()


def asked(run, **changed):
    plain = {"grade": "valued", "reason": " 家庭资产在他行 ", "until": str(run.work_date + timedelta(days=10))}
    return {**plain, **changed}


def test_an_exception_is_granted_until_a_day_and_ended_once(customer, signed_in, member, run):
    client, address = signed_in(KEEPER), reverse("exception", args=[customer.customer_id])
    answer = client.post(address, asked(run))
    assert answer.url == reverse("customer", args=[customer.customer_id])
    granted = GradeException.objects.get()
    assert (granted.grade, granted.reason, granted.from_on) == ("valued", "家庭资产在他行", run.work_date)
    assert granted.granted_by == member(KEEPER).staff_id
    assert granted.agreed_by == ""
    assert exceptions_of(customer.customer_id, run.work_date) == [granted]
    assert exceptions_of(customer.customer_id, granted.until_on + timedelta(days=1)) == []
    for number in ("x", str(granted.pk + 1)):
        client.post(address, {"end": number})
        assert GradeException.objects.get().ended_on is None
    client.post(address, {"end": str(granted.pk)})
    granted.refresh_from_db()
    assert (granted.ended_on, granted.ended_by) == (run.work_date, member(KEEPER).staff_id)
    assert exceptions_of(customer.customer_id, run.work_date) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"grade": "nothing"},
        {"grade": "ungraded"},
        {"reason": "  "},
        {"until": ""},
        {"until": "soon"},
        {"until": "1999-01-01"},
        {"until": "2999-01-01"},
        {"until": "2026-02-31"},
    ],
)
def test_an_exception_wants_a_higher_grade_a_reason_and_a_day_within_the_limit(wrong, customer, signed_in, run):
    answer = signed_in(KEEPER).post(reverse("exception", args=[customer.customer_id]), asked(run, **wrong))
    assert answer.status_code == 400
    assert not GradeException.objects.exists()


def test_the_last_day_of_the_limit_is_within_it(customer, signed_in, run):
    client, address = signed_in(KEEPER), reverse("exception", args=[customer.customer_id])
    last = run.work_date + timedelta(days=run.rulebook.portfolios.exception_days)
    assert client.post(address, asked(run, until=str(last + timedelta(days=1)))).status_code == 400
    assert client.post(address, asked(run, until=str(last))).status_code == 302


def test_who_does_not_decide_grants_no_exception(signed_in, member, run):
    gate = Gate(member("relationship_manager"), run)
    standing = gate.standings().order_by("customer_id").first()
    answer = signed_in("relationship_manager").post(
        reverse("exception", args=[standing.customer_id]), asked(run, grade="major")
    )
    assert answer.status_code == 404
    assert not GradeException.objects.exists()


def test_an_exception_of_another_branchs_customer_is_not_ended_by_number(customer, signed_in, member, run):
    other = Standing.objects.listed_at(run).exclude(branch_id=member(KEEPER).branch_id).first()
    granted = GradeException.objects.create(
        customer_id=other.customer_id, grade="major", from_on=run.work_date, until_on=run.work_date, reason="x", granted_by="x"
    )  # fmt: skip
    client = signed_in(KEEPER)
    assert client.post(reverse("exception", args=[other.customer_id]), {"end": granted.pk}).status_code == 404
    client.post(reverse("exception", args=[customer.customer_id]), {"end": granted.pk})
    granted.refresh_from_db()
    assert granted.ended_on is None

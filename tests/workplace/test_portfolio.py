"""Grading pages, books by two people, hand-over, claim, referral, benefits: what is allowed, and what the night makes of it."""

import io
import re
from datetime import timedelta
from uuid import uuid4

import openpyxl
import pytest
from django.conf import settings
from django.urls import reverse

from weihu.nightly.run import Nightly
from weihu.rules import rulebook
from weihu.workplace.bank.metric import has_lost
from weihu.workplace.bank.models import GradeChange, Signal, Staff, Standing, Task, Unassigned
from weihu.workplace.base.paging import ROWS
from weihu.workplace.gate.models import Absence, Handover, Placement, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.judge.benefits.using import UsedUp, due_to, use
from weihu.workplace.judge.grading import books, whatif
from weihu.workplace.judge.grading.columns import curve, near
from weihu.workplace.judge.grading.migration import matrix, moves
from weihu.workplace.judge.grading.models import BookDraft, GradeException
from weihu.workplace.judge.portfolio import decisions, staffing
from weihu.workplace.judge.portfolio.models import Claim, Staffing

from ..conftest import PUBLISHED_DAYS

pytestmark = pytest.mark.django_db


@pytest.fixture
def next_night(home, deliveries):
    """The night after what the day decided."""

    def night():
        with Nightly(home) as nightly:
            return nightly.run(deliveries[PUBLISHED_DAYS])

    return night


def colleagues(run, post="relationship_manager"):
    """A branch's people of a post, who have customers: two of them."""
    first = Standing.objects.at(run).filter(grade_rank=3, primary_why="dealt").order_by("customer_id").first()
    result = Staff.objects.filter(branch_id=first.branch_id, post=post).order_by("staff_id")
    counted = {row: Standing.objects.at(run).filter(primary_id=row.staff_id).count() for row in result}
    return sorted(result, key=lambda row: -counted[row])[:2]


def owned(run, staff):
    return list(Standing.objects.listed_at(run).filter(primary_id=staff.staff_id).order_by("customer_id"))


def supervisor_of(branch_id):
    return Staff.objects.filter(branch_id=branch_id, post="branch_manager").first()


def test_everybody_has_somebody_and_the_night_says_how(run):
    rows = Standing.objects.at(run)
    assert not rows.filter(primary_id__isnull=True).exists()
    assert not Unassigned.objects.exists()
    assert set(rows.values_list("primary_why", flat=True)) == {"dealt"}
    assert run.report["unassigned"] == 0


def test_a_hand_over_needs_giver_receiver_and_a_supervisor_and_the_night_follows(run, next_night):
    giver, receiver = colleagues(run)
    rows, boss = owned(run, giver)[:3], supervisor_of(giver.branch_id)
    made = decisions.propose(Gate(giver, run), receiver, rows, run.work_date, "常在上午", uuid4())
    ids = [row.customer_id for row in rows]
    assert not Gate(receiver, run).reached(ids), "nobody has agreed yet"
    with pytest.raises(decisions.DecisionRefused):
        decisions.approve(made, True, Gate(boss, run), "")  # the receiver has not accepted
    with pytest.raises(decisions.DecisionRefused):
        decisions.answer(made, True, Gate(giver, run), "")
    decisions.answer(made, True, Gate(receiver, run), "好")
    with pytest.raises(decisions.DecisionRefused):
        decisions.approve(made, True, Gate(receiver, run), "")
    assert not Placement.objects.exists()
    assert not Gate(receiver, run).reached(ids)
    decisions.approve(made, True, Gate(boss, run), "同意")
    assert len(Gate(receiver, run).reached(ids)) == len(rows)
    with pytest.raises(decisions.DecisionRefused):
        decisions.answer(made, False, Gate(receiver, run), "")
    assert [step.state for step in made.steps.order_by("pk")] == ["proposed", "accepted", "approved"]
    after = next_night()
    chosen = Standing.objects.listed_at(after).filter(customer_id__in=[row.customer_id for row in rows])
    assert {(row.primary_id, row.primary_why) for row in chosen} == {(receiver.staff_id, "placed")}
    result = Signal.objects.listed_at(after).filter(
        kind="handed_over", customer_id__in=[row.customer_id for row in rows]
    )
    assert {row.customer_id for row in result} == {row.customer_id for row in rows}
    others = Standing.objects.listed_at(after).exclude(customer_id__in=[row.customer_id for row in rows])
    before = {row.customer_id: row for row in Standing.objects.at(run)}
    kept = [row for row in others if row.customer_id in before and row.grade_rank == before[row.customer_id].grade_rank]
    kept = [row for row in kept if row.branch_id == before[row.customer_id].branch_id]
    assert all(row.primary_id == before[row.customer_id].primary_id for row in kept)


def test_a_hand_over_that_begins_tomorrow_is_the_receivers_first_task(run, next_night):
    giver, receiver = colleagues(run)
    rows = owned(run, giver)[:2]
    tomorrow = run.work_date + timedelta(days=1)
    made = decisions.propose(Gate(giver, run), receiver, rows, tomorrow, "", uuid4())
    decisions.answer(made, True, Gate(receiver, run), "")
    decisions.approve(made, True, Gate(supervisor_of(giver.branch_id), run), "")
    after = next_night()
    result = Signal.objects.listed_at(after).filter(kind="handed_over")
    assert {row.customer_id for row in result} == {row.customer_id for row in rows}
    assert {row.detail for row in result} == {"handover"}


def test_of_a_claim_the_first_has_it_and_a_supervisor_settles_a_dispute(run, next_night):
    people = colleagues(run, "high_counter")
    first, second = Gate(people[0], run), Gate(people[1], run)
    row = decisions.claimable(first).filter(primary_id=people[1].staff_id).order_by("customer_id").first()
    made = decisions.claim(first, row.customer_id)
    with pytest.raises(decisions.DecisionRefused):
        decisions.claim(Gate(colleagues(run, "low_counter")[0], run), row.customer_id)
    with pytest.raises(decisions.DecisionRefused):
        decisions.dispute(made, first, "我的")
    decisions.dispute(made, second, "上周刚约过")
    boss = Gate(supervisor_of(row.branch_id), run)
    with pytest.raises(decisions.DecisionRefused):
        decisions.settle(made, False, second, "x")
    decisions.settle(made, False, boss, "退回")
    made.refresh_from_db()
    assert (made.state, made.open_key) == ("returned", None)
    assert Placement.objects.order_by("pk").last().staff_id == people[1].staff_id
    after = next_night()
    assert Standing.objects.listed_at(after).get(customer_id=row.customer_id).primary_id == people[1].staff_id


def test_claims_have_a_limit_and_grades_that_are_not_for_claiming(run):
    gate = Gate(colleagues(run, "high_counter")[0], run)
    rows = list(decisions.claimable(gate).order_by("customer_id")[: run.rulebook.portfolios.claims_per_day + 1])
    for row in rows[:-1]:
        decisions.claim(gate, row.customer_id)
    if len(rows) > run.rulebook.portfolios.claims_per_day:
        with pytest.raises(decisions.DecisionRefused, match="claim_limit"):
            decisions.claim(gate, rows[-1].customer_id)
    valued = Standing.objects.listed_at(run).filter(branch_id=gate.staff.branch_id, grade_rank=4).first()
    with pytest.raises(decisions.DecisionRefused, match="not_claimable"):
        decisions.claim(gate, valued.customer_id)
    assert Claim.objects.filter(open_key__isnull=False).count() == len(rows[:-1])


def test_referrals_that_wait_come_first_and_others_page_by_page(run, signed_in, member):
    client, low = signed_in("low_counter"), member("low_counter")
    keys = [row.customer_id for row in owned(run, low)[:1]] * (ROWS + 10)
    values = {"from_id": low.staff_id, "to_id": "other", "branch_id": low.branch_id, "on": run.work_date}
    for place, key in enumerate(keys):
        state = Referral.State.OPEN if place == 0 else Referral.State.DECLINED
        grades = {"grade": "ordinary", "target": "valued", "due_on": run.work_date}
        Referral.objects.create(customer_id=key, evidence=f"seen {place}.", state=state, **values, **grades)
    pages = [client.get(reverse("referrals"), {"page": number}).content.decode() for number in (1, 2)]
    assert [len(set(re.findall(r"seen \d+\.", content))) for content in pages] == [ROWS, 10]
    assert pages[0].index("seen 0.") < pages[0].index(f"seen {len(keys) - 1}.")
    assert f"{len(keys)}" in pages[1]


def test_a_referral_is_answered_in_time_or_escalates_and_is_credited(run, next_night):
    low = colleagues(run, "low_counter")[0]
    row = next(row for row in owned(run, low) if row.grade_rank == 2)
    gate, book = Gate(low, run), run.rulebook
    receiver = decisions.receivers(row, 3, book)[0]
    made = decisions.refer(gate, row, receiver, 3, "存款到账")
    with pytest.raises(decisions.DecisionRefused, match="referred"):
        decisions.refer(gate, row, receiver, 3, "again")
    with pytest.raises(decisions.DecisionRefused, match="reason"):
        decisions.answer_referral(made, False, Gate(receiver, run), "")
    boss = Gate(supervisor_of(row.branch_id), run)
    with pytest.raises(decisions.DecisionRefused, match="not_yours"):
        decisions.answer_referral(made, True, boss, "")
    Referral.objects.filter(pk=made.pk).update(due_on=run.work_date - timedelta(days=1))
    made.refresh_from_db()
    assert made.late(run.work_date)
    decisions.answer_referral(made, True, boss, "")
    assert decisions.moved_up([Referral.objects.get(pk=made.pk)], gate) == set()
    GradeException.objects.create(
        customer_id=row.customer_id, grade="potential", from_on=run.work_date, until_on=run.work_date + timedelta(days=9), reason="x", granted_by="b", agreed_by="c"
    )  # fmt: skip
    after = next_night()
    moved = Standing.objects.listed_at(after).get(customer_id=row.customer_id)
    assert (moved.primary_id, moved.grade_rank, moved.grade_why, moved.earned_rank) == (
        receiver.staff_id,
        3,
        "granted",
        2,
    )
    assert decisions.moved_up(list(Referral.objects.all()), Gate(low, after)) == {made.pk}
    assert GradeChange.objects.get(customer_id=row.customer_id, run_id=after.number).why == "granted"


def test_who_is_away_is_covered_on_lists_and_in_reach(run, next_night):
    away, cover = colleagues(run)
    day = run.work_date + timedelta(days=1)
    Absence.objects.create(
        staff_id=away.staff_id, from_on=day, to_on=day, cover_id=cover.staff_id, entered_by="b", agreed_by="c"
    )
    before = owned(run, away)
    assert before[0].customer_id not in set(Gate(cover, run).standings().values_list("customer_id", flat=True))
    after = next_night()
    assert not Task.objects.filter(run=after, staff_id=away.staff_id).exists()
    reached = set(Gate(cover, after).standings().values_list("customer_id", flat=True))
    assert {row.customer_id for row in owned(after, away)} <= reached
    assert {row.customer_id for row in owned(after, away)} & {row.customer_id for row in before}


def test_a_book_takes_two_people_and_a_day_that_lies_ahead(run, next_night):
    manager = Staff.objects.filter(post="branch_manager").first()
    head = Staff.objects.filter(post="personal_banking").first()
    changed = rulebook.changed(
        run.rulebook,
        {"grades": {"valued": {"minimum": 100_000_000}, "major": {"minimum": 200_000_000}}, "version": "2"},
    )
    draft = books.keep(changed, run.book, "提高门槛", run.work_date, manager.staff_id, run.work_date)
    books.submit(draft, manager.staff_id)
    with pytest.raises(books.NotAllowed, match="own"):
        books.decide(draft, True, Gate(manager, run), run.work_date, "")
    with pytest.raises(books.NotAllowed, match="post"):
        books.decide(draft, True, Gate(Staff.objects.filter(post="branch_manager").last(), run), run.work_date, "")
    old = {row.customer_id: row.grade_rank for row in Standing.objects.listed_at(run)}
    books.decide(draft, True, Gate(head, run), run.work_date, "同意")
    with pytest.raises(books.NotAllowed, match="state"):
        books.decide(BookDraft.objects.get(pk=draft.pk), False, Gate(head, run), run.work_date, "")
    after = next_night()
    assert after.rulebook.version == "2"
    assert run.rulebook.version == "1"
    assert not Standing.objects.listed_at(after).filter(grade_rank__gte=4).exists()
    assert {row.customer_id: row.grade_rank for row in Standing.objects.at(run)} == old
    fallen = GradeChange.objects.filter(run_id=after.number, rank_before__gte=4)
    assert fallen.count() == sum(rank >= 4 for rank in old.values())
    assert (("grades", "valued", "minimum"), "500000", "100000000") in books.differences(
        draft.base.content, draft.book.content
    )


def test_columns_say_what_rows_say(run, member):
    for post in ("relationship_manager", "branch_manager", "personal_banking"):
        gate = Gate(member(post), run)
        rows = list(gate.standings())
        result = curve(gate, "aum")
        worths = sorted((float(row.aum) for row in rows), reverse=True)
        best = worths[: -(-len(rows) // 5)]
        assert abs(result.brought_by_top - sum(best) / sum(worths)) < 1e-6
        book = run.rulebook
        bounds = [*[grade.minimum for grade in book.grades.values()][1:], None]
        close = {
            row.customer_id
            for row in rows
            if bounds[row.grade_rank] and bounds[row.grade_rank] * 9 / 10 <= row.aum < bounds[row.grade_rank]
            if not has_lost(gate.history(row), run)
        }
        assert set(near(gate, 5000)) == close


def test_migrations_are_the_difference_between_two_dates(run, member):
    gate = Gate(member("personal_banking"), run)
    first = run.business_date - timedelta(days=2)
    then = {row.customer_id: row.grade_rank for row in Standing.objects.at(run.number - 2)}
    now = {row.customer_id: row.grade_rank for row in Standing.objects.at(run)}
    expected = {(key, then.get(key), rank) for key, rank in now.items() if then.get(key) != rank}
    moved = moves(gate, first, run.business_date, run.rulebook)
    assert {(move.customer_id, move.before, move.after) for move in moved} == expected
    assert expected
    ranks = len(run.rulebook.grades)
    counts = {rank: sum(row == rank for row in now.values()) for rank in range(ranks)}
    table = matrix(moved, counts, ranks)
    assert [sum(row[rank] for row in table) for rank in range(ranks)] == [counts[rank] for rank in range(ranks)]


def test_a_benefit_is_used_as_often_as_it_is_due(run):
    row = Standing.objects.listed_at(run).filter(grade_rank=4).first()
    due = {entry.key: entry for entry in due_to(row, run.rulebook, run.work_date)}
    token = uuid4()
    for _ in range(2):  # the same post again is the same use
        use(row, "airport_lounge", run.rulebook, "a", run.work_date, token)
    assert BenefitUse.objects.count() == 1
    for _ in range(due["airport_lounge"].benefit.quota - 1):
        use(row, "airport_lounge", run.rulebook, "a", run.work_date, uuid4())
    with pytest.raises(UsedUp):
        use(row, "airport_lounge", run.rulebook, "a", run.work_date, uuid4())
    with pytest.raises(UsedUp):
        use(row, "private_salon", run.rulebook, "a", run.work_date, uuid4())


def test_the_staffing_table_comes_back_changed_or_not_at_all(run, signed_in, member):
    client, boss = signed_in("branch_manager"), member("branch_manager")
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(reverse("staff_table") + "?xlsx=1").content)).active
    head = [cell.value for cell in sheet[1]]
    place = {title: number for number, title in enumerate(head, 1)}
    titles = staffing.columns()
    for title, value in ((titles[4], "客户经理、大堂经理"), (titles[5], 7), (titles[6], 33)):
        sheet.cell(2, place[title]).value = value
    content = io.BytesIO()
    sheet.parent.save(content)
    rows, problems = staffing.read(content.getvalue(), "a.xlsx", Gate(boss, run))
    assert problems == []
    changed = rows[0]
    assert (changed.customers_max, changed.minutes_per_day) == (7, 33)
    assert set(changed.posts) | {Staff.objects.get(pk=changed.staff_id).post} >= {
        "relationship_manager",
        "lobby_manager",
    }
    sheet.cell(3, place[titles[6]]).value = "很多"
    sheet.cell(4, place[titles[0]]).value = "nobody"
    content = io.BytesIO()
    sheet.parent.save(content)
    content.name = "table.xlsx"
    content.seek(0)
    answer = client.post(reverse("staff_table"), {"file": content})
    assert answer.status_code == 422
    assert [(row.line, row.found) for row in answer.context["problems"]] == [(3, "很多"), (4, "nobody")]
    assert not Staffing.objects.exists()


@pytest.mark.parametrize("post", ["high_counter", "relationship_manager", "branch_manager", "personal_banking"])
@pytest.mark.parametrize(
    "name",
    ["distribution", "migration", "near", "portfolios", "handovers", "claims", "referrals", "staff_table", "benefits"],
)
def test_every_list_downloads_as_a_workbook(post, name, signed_in, run):
    answer = signed_in(post).get(reverse(name) + "?xlsx=1")
    if post in ("high_counter", "relationship_manager") and name in ("staff_table", "benefits"):
        assert answer.status_code == 404
        return
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert all(cell.value for cell in sheet[1])
    assert sheet.freeze_panes == "B2"


def test_hand_overs_of_others_are_not_found(run, signed_in):
    giver, receiver = colleagues(run)
    made = decisions.propose(Gate(giver, run), receiver, owned(run, giver)[:1], run.work_date, "", uuid4())
    assert Handover.objects.count() == 1
    assert signed_in("high_counter").get(reverse("handover", args=[made.pk])).status_code == 404


def test_a_book_with_other_grades_is_measured_before_it_is_approved(signed_in, member, run):
    boss = member("branch_manager")
    draft = books.keep(
        rulebook.load("rural_cooperative"), run.book, "份额", run.work_date, boss.staff_id, run.work_date
    )
    page = signed_in("branch_manager").get(reverse("book_draft", args=[draft.pk]))
    rows = page.context["rows"]
    reached = Gate(boss, run).standings().count()
    assert sum(row["customers_then"] for row in rows) == reached
    assert [row["key"] for row in rows] == ["key", "main", "common"]
    # shares are of the whole bank, whoever looks
    state = whatif.State(settings.HOME.run(run.number), run.rulebook, run.month_days)
    bank = state.moved(rulebook.load("rural_cooperative"))
    assert sum(cell.customers for cell in bank if cell.after == 2) == -(-Standing.objects.listed_at(run).count() // 20)
    assert sum(row["customers_then"] for row in rows[:1]) == sum(
        cell.customers for cell in bank if cell.after == 2 and cell.branch_id == boss.branch_id
    )


def test_a_faulty_book_is_refused_with_line_and_field(signed_in, run):
    content = io.BytesIO(b'extends = "brief"\nkey = "x"\n\n[grades.valued]\nminimum = 1\n')
    content.name = "book.toml"
    answer = signed_in("branch_manager").post(reverse("book_drafts"), {"file": content})
    assert answer.status_code == 422
    assert "book.toml 第5行第1列 grades.valued.minimum:实际为“1”" in answer.content.decode()
    assert not BookDraft.objects.exists()


def test_who_was_given_to_somebody_who_leaves_is_dealt_once(run, next_night, home, deliveries):
    """The placement is still within the days that the night looks back on; nobody is dealt a second time for it."""
    giver, receiver = colleagues(run)
    row = owned(run, giver)[0]
    Placement.objects.create(
        customer_id=row.customer_id, staff_id="gone", on=run.work_date, origin="claim", decided_by="b"
    )
    assert receiver.staff_id != "gone"
    first = next_night()
    owner = Standing.objects.listed_at(first).get(customer_id=row.customer_id).primary_id
    assert owner == giver.staff_id
    with Nightly(home) as nightly:
        second = nightly.run(deliveries[PUBLISHED_DAYS + 1])
    assert Standing.objects.listed_at(second).get(customer_id=row.customer_id).primary_id == owner


def test_a_migration_over_a_change_of_grades_is_told_in_the_later_books_grades(run, next_night, signed_in):
    head = Staff.objects.filter(post="personal_banking").first()
    book = rulebook.load("rural_cooperative")
    draft = books.keep(book, run.book, "份额", run.work_date, "somebody", run.work_date)
    books.submit(draft, "somebody")
    books.decide(draft, True, Gate(head, run), run.work_date, "")
    after = next_night()
    assert list(after.rulebook.grades) == ["common", "main", "key"]
    for until in (run.business_date, after.business_date):
        first = until - timedelta(days=1)
        page = signed_in("personal_banking").get(reverse("migration"), {"after": str(first), "until": str(until)})
        assert page.status_code == 200
        assert len(page.context["names"]) == len((run if until == run.business_date else after).rulebook.grades)
    for name in ("referrals", "benefits", "distribution", "near"):
        assert signed_in("personal_banking").get(reverse(name)).status_code == 200

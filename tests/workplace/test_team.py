"""The team's day: board, morning sheet, evening review, work log, visits and their calendar."""

import uuid
from datetime import timedelta

import icalendar
import pypdfium2
import pytest
from django.urls import reverse
from django.utils import timezone

from weihu.nightly.noted import noted
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.team.models import Undone, WorkNote
from weihu.workplace.bank.models import Task
from weihu.workplace.base.models import Entry
from weihu.workplace.base.pdf import Grid, Page, write_pdf
from weihu.workplace.gate import reveals
from weihu.workplace.gate.models import Absence, Reveal
from weihu.workplace.gate.reach import Gate


def text_of(content: bytes) -> list[str]:
    """The text of each page of a PDF."""
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_bounded() for page in document]


@pytest.fixture
def task(run, member):
    return Task.objects.filter(run=run, staff_id=member("relationship_manager").staff_id).order_by("position")[0]


def record(client, task, outcome="considering"):
    fields = {"token": uuid.uuid4(), "outcome": outcome, "way": "phone"}
    assert client.post(reverse("record", args=[task.customer_id]), fields).status_code == 200


def test_the_board_counts_the_branchs_day(client, member, task, run):
    client.force_login(member("relationship_manager"))
    record(client, task)
    assert [row.staff.staff_id for row in client.get(reverse("board")).context["rows"]] == [task.staff_id]
    client.force_login(member("branch_manager"))
    branch = member("relationship_manager").branch_id
    page = client.get(reverse("board"), {"branch": branch})
    rows = {row.staff.staff_id: row for row in page.context["rows"]}
    if task.staff_id in rows:  # one of the manager's own branch
        assert len(rows[task.staff_id].done) == 1
    staff = [row.staff.staff_id for row in page.context["rows"]]
    assert page.context["whole"]["planned"] == Task.objects.filter(run=run, staff_id__in=staff).count()


def see_in_full(client, customer, times=1):
    fields = {"field": "phone", "why": "客户来电核实"}
    for _ in range(times):
        assert client.post(reverse("reveal", args=[customer]), fields).status_code == 200


def test_who_sees_unusually_much_in_full_is_on_the_board_with_what_and_why(client, member, run, monkeypatch):
    monkeypatch.setattr(reveals, "is_late", lambda at, book: False)  # whenever the test runs
    manager, limits = member("branch_manager"), run.rulebook.limits
    strange = Gate(manager, run).standings().exclude(primary_id=manager.pk).exclude(deputy_id=manager.pk)[0]
    client.force_login(manager)
    branch = {"branch": manager.branch_id}
    see_in_full(client, strange.customer_id, limits.watched_strange - 1)
    assert client.get(reverse("board"), branch).context["revealing"] == []
    see_in_full(client, strange.customer_id)
    (seen,) = client.get(reverse("board"), branch).context["revealing"]
    assert (seen.staff, seen.count, seen.strange, seen.late) == (
        manager,
        limits.watched_strange,
        limits.watched_strange,
        0,
    )
    page = client.get(reverse("revealed"), {**branch, "staff": manager.pk})
    assert len(page.context["rows"]) == limits.watched_strange
    assert [row["standing"] for row in page.context["rows"]] == [strange] * limits.watched_strange
    logged = Entry.objects.filter(action="customer.reveal", customer_id=strange.customer_id)
    assert "核实" not in "".join(logged.values_list("detail", flat=True)), "the reason is somebody's words, and sealed"


@pytest.mark.parametrize(("hour", "late"), [(3, True), (6, True), (7, False), (20, False), (21, True), (23, True)])
def test_a_value_seen_at_night_is_on_the_board(hour, late, client, member, run):
    client.force_login(member("branch_manager"))
    own = Gate(member("branch_manager"), run).standings()[0]
    see_in_full(client, own.customer_id)
    made = Reveal.objects.get()
    at = timezone.localtime().replace(hour=hour)
    made.pk, made.at, made.why = None, at, "客户来电核实"
    Reveal.objects.all().delete()
    made.save()
    board = client.get(reverse("board"), {"branch": member("branch_manager").branch_id})
    assert [seen.late for seen in board.context["revealing"]] == ([1] if late else [])
    page = client.get(reverse("revealed"), {"branch": member("branch_manager").branch_id})
    assert [row["late"] for row in page.context["rows"]] == [late]
    assert "客户来电核实" in page.content.decode()


def test_who_covers_answers_for_the_customers_of_who_is_away(client, member, run):
    manager = member("branch_manager")
    other = Gate(manager, run).standings().exclude(primary_id=manager.pk).exclude(deputy_id=manager.pk)
    standing = other.filter(primary_id__isnull=False)[0]
    client.force_login(manager)
    see_in_full(client, standing.customer_id)
    days = {"from_on": run.work_date, "to_on": run.work_date + timedelta(days=3)}
    Absence.objects.create(
        staff_id=standing.primary_id, cover_id=manager.pk, entered_by=manager.pk, agreed_by="another", **days
    )
    see_in_full(client, standing.customer_id)
    assert list(Reveal.objects.order_by("pk").values_list("strange", flat=True)) == [True, False]


def test_only_a_supervisor_sees_what_others_saw(signed_in):
    assert signed_in("relationship_manager").get(reverse("revealed")).status_code == 404


def test_who_sees_the_bank_begins_with_a_branch_that_has_customers_and_people_stand_by_post(signed_in, run):
    page = signed_in("personal_banking").get(reverse("board"))
    assert page.context["rows"]
    places = [list(run.rulebook.posts).index(row.staff.post) for row in page.context["rows"]]
    assert places == sorted(places, reverse=True)


def test_the_morning_sheet_is_a_page_for_the_branch_and_one_a_person(signed_in, run):
    client = signed_in("branch_manager")
    page = client.get(reverse("morning"))
    answer = client.get(reverse("morning_pdf"))
    pages = text_of(answer.content)
    assert len(pages) == 1 + len(page.context["rows"])
    assert "晨会" in pages[0]
    for (row, _before, tasks, _visits, _top), text in zip(page.context["rows"], pages[1:], strict=True):
        assert row.staff.name in text
        assert all(standing.customer.name in text for standing, _why, _minutes in tasks)
    assert Entry.objects.filter(action="customer.print").exists()


def test_who_has_no_team_has_a_sheet_of_his_own(signed_in, member):
    client = signed_in("relationship_manager")
    [text] = text_of(client.get(reverse("morning_pdf")).content)
    assert member("relationship_manager").name in text
    assert client.get(reverse("morning_pdf"), {"staff": "nobody"}).status_code == 404


def test_the_morning_page_offers_no_sheet_when_nothing_would_be_on_it(signed_in):
    client = signed_in("relationship_manager")
    sheet = reverse("morning_pdf")
    assert sheet in client.get(reverse("morning")).content.decode()
    assert sheet not in client.get(reverse("morning"), {"staff": "nobody"}).content.decode()


def test_what_is_too_long_for_a_sheet_is_set_smaller():
    rows = [[str(number), "很长的说明" * 12] for number in range(80)]
    content = write_pdf([Page("标题", "说明", ["<b>&"], [Grid("表", ["一", "二"], rows, (1, 9))])], "某人 2026")
    assert len(text_of(content)) == 1


def test_the_evening_review_keeps_a_reason_for_what_is_undone(signed_in, task):
    client = signed_in("relationship_manager")
    record(client, task)
    page = client.get(reverse("evening"))
    undone = [standing.customer_id for standing, _ in page.context["mine"]]
    assert task.customer_id not in undone and undone
    client.post(
        reverse("evening"), {f"why-{undone[0]}": "no_time", f"why-{task.customer_id}": "no_time", "why-x": "later"}
    )
    assert list(Undone.objects.values_list("customer_id", "why")) == [(undone[0], "no_time")]
    client.post(reverse("evening"), {f"why-{undone[0]}": "later"})
    assert Undone.objects.get().why == "later"


def test_the_work_log_adds_up(signed_in, task, run):
    client = signed_in("relationship_manager")
    record(client, task)
    client.post(reverse("work_log"), {"text": "晨会培训", "minutes": "30"})
    assert client.post(reverse("work_log"), {"text": "", "minutes": "30"}).status_code == 400
    assert client.post(reverse("work_log"), {"text": "x", "minutes": "3000"}).status_code == 400
    [(on, row, minutes)] = [row for row in client.get(reverse("work_log")).context["rows"] if row[0] == run.work_date]
    assert (on, len(row.done), minutes) == (run.work_date, 1, task.minutes + 30)
    assert WorkNote.objects.count() == 1
    assert client.get(reverse("work_log"), {"xlsx": 1}).status_code == 200
    assert client.get(reverse("work_log"), {"staff": "nobody"}).status_code == 404


def test_a_visit_is_agreed_listed_in_the_calendar_and_cancelled(signed_in, task, run):
    client = signed_in("relationship_manager")
    address, token = reverse("visit", args=[task.customer_id]), uuid.uuid4()
    on = run.work_date
    for day, status in ((on - timedelta(days=1), 400), (on, 302), (on, 302)):
        fields = {"token": token, "on": str(day), "at": "14:30", "place": "贵宾室"}
        assert client.post(address, fields).status_code == status
    visit = Visit.objects.get()
    assert noted(run.business_date, run.rulebook, None, run.work_date)[-1]["kind"] == "visit"
    client.post(reverse("feed_act"), {"act": "make"})
    feed = client.get(reverse("occasions")).context["feed"]
    calendar = icalendar.Calendar.from_ical(client.get(feed).content)
    [event] = [row for row in calendar.walk("VEVENT") if str(row.get("location", "")) == "贵宾室"]
    assert event.decoded("dtstart").strftime("%Y-%m-%d %H:%M") == f"{on} 14:30"
    client.post(reverse("visit_cancel", args=[task.customer_id, visit.pk]))
    assert "贵宾室" not in client.get(feed).content.decode()
    assert not [row for row in noted(run.business_date, run.rulebook, None, run.work_date) if row["kind"] == "visit"]


@pytest.mark.parametrize("name", ["board", "morning"])
def test_a_visit_leads_to_its_customer(name, signed_in, member, task, run):
    Visit.objects.create(
        token=uuid.uuid4(), customer_id=task.customer_id, staff_id=task.staff_id, on=task.on, at="10:07", minutes=45,
        made_on=run.work_date,
    )  # fmt: skip
    client = signed_in("relationship_manager")
    page = client.get(reverse(name)).content.decode()
    assert "10:07" in page
    before, after = page.split("10:07", 1)
    near = before[-200:] + after[:400]
    assert f'href="{reverse("customer", args=[task.customer_id])}"' in near

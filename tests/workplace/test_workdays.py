"""The bank's working days on the pages: what is entered, what a closed day shows, and what is due when."""

import io
import json
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from weihu.demo.working.contacts import work_through
from weihu.nightly.gather import gather
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.team.models import Undone
from weihu.workplace.bank.models import Staff, Task
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.cover import away
from weihu.workplace.gate.models import Absence, OwnDay, Shift
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.workdays import days_of_branches, everybodys_days
from weihu.workplace.judge.portfolio import opening

MONDAY, TUESDAY, SATURDAY = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 6)
"""The day after the published run, which its lists are for, and later days."""


def upload(client, text, language="zh-hans"):
    file = SimpleUploadedFile("days.csv", text.encode())
    return client.post(reverse("days_table"), {"file": file}, headers={"accept-language": language})


def enter(on, is_open, branch=""):
    OwnDay.objects.create(branch_id=branch, on=on, open=is_open, entered_by="x", entered_on=MONDAY)


def shift(member, on, works=True):
    values = {"entered_by": "x", "entered_on": MONDAY}
    Shift.objects.create(staff_id=member.staff_id, branch_id=member.branch_id, on=on, works=works, **values)


@pytest.fixture
def closed_monday(run):
    """The branches are closed on the day after the run, so its lists are for the day after that."""
    enter(MONDAY, False)
    Task.objects.filter(run=run).update(on=TUESDAY)


def test_a_branch_enters_its_days_and_shifts(signed_in, member, run):
    client, manager = signed_in("branch_manager"), member("branch_manager")
    colleague = Gate(manager, run).colleagues().exclude(pk=manager.pk)[0]
    answer = upload(
        client,
        f"日期,网点,工号,上班或休息\n2026-06-06,{manager.branch_id},,上班\n"
        f"2026年6月6日,,{colleague.staff_id},班\n2026/6/8,,{colleague.staff_id},休\n2026-06-09,{manager.branch_id},,上班\n",
    )
    assert answer.status_code == 200
    assert answer.context["saved"] == (4, 3), "a Tuesday is open without being said to be"
    assert list(OwnDay.objects.values_list("branch_id", "on", "open")) == [(manager.branch_id, SATURDAY, True)]
    days = everybodys_days(run.rulebook, run.business_date)
    assert days.list_day(date(2026, 6, 5), colleague.branch_id, colleague.staff_id).through == date(2026, 6, 8)
    assert not days.works(SATURDAY, manager.branch_id, manager.staff_id)
    days_shown = [day for month in answer.context["months"] for week in month.weeks for day in week if day]
    assert [day.on for day in days_shown if day.on == SATURDAY and day.open and day.unlike]
    assert colleague.name in answer.content.decode()
    again = upload(client, f"date,branch,at work or off\n2026-06-06,{manager.branch_id},\n")
    assert again.context["saved"] == (1, 0)
    assert not OwnDay.objects.exists()


def test_what_cannot_be_used_is_named_and_nothing_is_saved(signed_in, member):
    client, manager = signed_in("branch_manager"), member("branch_manager")
    elsewhere = Staff.objects.filter(is_active=True).exclude(branch_id__in=[manager.branch_id])[0]
    own = manager.branch_id
    text = "日期,网点,工号,上班或休息\n"
    text += f"2026-06-06,{own},,上班\n2026-05-01,{own},,上班\n2026-06-07,,,上班\n2026-06-07,{own},,也许\n"
    answer = upload(client, text + f"2026-06-07,,{elsewhere.staff_id},上班\n,,,\n明天,{own},,休\n")
    assert answer.status_code == 422
    assert [(row.line, row.column, row.found) for row in answer.context["problems"]] == [
        (3, "日期", "2026-05-01"),
        (4, "网点", ""),
        (5, "上班或休息", "也许"),
        (6, "工号", elsewhere.staff_id),
        (8, "日期", "明天"),
    ]
    assert not OwnDay.objects.exists()
    assert "上班或休息" in upload(client, "a,b\n1,2\n").context["unreadable"]
    assert client.get(reverse("days_table"), {"branch": ""}).status_code == 404
    assert client.get(reverse("days_table"), {"branch": elsewhere.branch_id}).status_code == 404
    assert signed_in("relationship_manager").get(reverse("days_table")).status_code == 404


def test_the_bank_says_next_years_holidays_itself(signed_in, run):
    """Until then every page of working days, and each night, says that the law alone is known."""
    client = signed_in("personal_banking")
    page = client.get(reverse("days_table"))
    assert page.context["unknown"] == [2027]
    assert "2027年放假安排尚未公布" in page.content.decode()
    with override("zh-hans"):
        rows = opening.lines(Gate(Staff.objects.filter(post="personal_banking")[0], run), "")
    assert rows[0][:4] == [MONDAY, "", "", "上班"]
    (festival,) = (row for row in rows if row[0] == date(2027, 2, 8))
    assert (festival[3], festival[5]) == ("休息", "法定节假日(安排未公布)")
    download = client.get(reverse("days_table") + "?xlsx=1")
    book = openpyxl.load_workbook(io.BytesIO(download.content))
    assert book.active.max_row == 1 + (date(2027, 12, 31) - MONDAY).days + 1
    answer = upload(client, "日期,上班或休息\n2027-02-08,休息\n2027-02-14,上班\n2026-06-02,上班\n")
    assert answer.context["saved"] == (3, 2), "what is the same in an announced year needs no entry"
    assert answer.context["unknown"] == []
    days = everybodys_days(run.rulebook, run.business_date)
    assert days.list_day(date(2027, 2, 13)).on == date(2027, 2, 14)
    assert run.report["unannounced"] == []
    assert days.unannounced(date(2026, 11, 27)) == []
    assert days_of_branches(run.rulebook, run.business_date).is_known(2027)


def test_on_a_closed_day_every_page_names_the_day_of_its_lists(signed_in, run, member, closed_monday):
    client = signed_in("branch_manager")
    for name in ("board", "morning"):
        page = client.get(reverse(name))
        assert page.context["on"] == TUESDAY
        assert "6月1日 星期一休息。这是6月2日 星期二的名单" in page.content.decode()
        assert page.context["rows"]
    assert "weihu-morning-2026-06-02.pdf" in client.get(reverse("morning_pdf"))["Content-Disposition"]
    page = signed_in("relationship_manager").get(reverse("today"))
    assert page.context["on"] == TUESDAY
    assert "6月2日 星期二" in page.content.decode()
    Task.objects.filter(run=run).delete()
    assert "还没有为您安排任务" in signed_in("relationship_manager").get(reverse("today")).content.decode()


def test_what_is_done_on_a_closed_day_counts_for_the_list_it_was_done_from(client, run, member, closed_monday):
    manager = member("relationship_manager")
    client.force_login(manager)
    task = Task.objects.filter(run=run, staff_id=manager.staff_id)[0]
    Contact.objects.create(
        token="a" * 32,
        customer_id=task.customer_id,
        staff_id=manager.staff_id,
        on=MONDAY,
        recorded_at=f"{MONDAY}T10:00+08:00",
        way="phone",
        outcome="considering",
    )
    (row,) = client.get(reverse("board")).context["rows"]
    assert row.done == {task.customer_id}
    assert client.get(reverse("today")).context["tasks"].done == 1


def test_the_evening_of_a_closed_day_looks_back_on_the_last_open_one(client, run, member, closed_monday):
    manager = member("relationship_manager")
    client.force_login(manager)
    page = client.get(reverse("evening"))
    assert page.context["on"] == date(2026, 5, 29), "Friday"
    assert page.context["own"] is None or page.context["own"].planned
    task = Task.objects.filter(run=run, staff_id=manager.staff_id)[0]
    client.post(reverse("evening"), {f"why-{task.customer_id}": Undone.Why.values[0]})
    assert not Undone.objects.filter(on=MONDAY).exists()


def test_yesterday_is_the_last_open_day(signed_in, run):
    """The run's day is a Monday; on the Saturday before, the branch was open."""
    client, branch = (
        signed_in("branch_manager"),
        Staff.objects.get(pk=signed_in("branch_manager").session["_auth_user_id"]),
    )
    gate = Gate(branch, run)
    assert gate.days.last_open(MONDAY, branch.branch_id) == date(2026, 5, 29)
    enter(date(2026, 5, 30), True, branch.branch_id)
    assert Gate(branch, run).days.last_open(MONDAY, branch.branch_id) == date(2026, 5, 30)
    assert client.get(reverse("morning")).status_code == 200


def test_who_is_away_on_the_day_of_the_list_is_covered_from_the_closed_days_on(run, member):
    """Away on Tuesday only; Monday is closed, so the list that somebody covers is Tuesday's."""
    absent = member("relationship_manager")
    cover = Staff.objects.filter(branch_id=absent.branch_id, is_active=True).exclude(pk=absent.pk)[0]
    Absence.objects.create(
        staff_id=absent.staff_id, from_on=TUESDAY, to_on=TUESDAY, cover_id=cover.staff_id, entered_by="x", agreed_by="y"
    )
    assert away(run.business_date, run.rulebook) == {}
    assert Gate(cover, run).covered == []
    enter(MONDAY, False)
    assert away(run.business_date, run.rulebook) == {absent.staff_id: cover.staff_id}
    assert Gate(cover, run).covered == [absent.staff_id]
    assert Gate(absent, run).covered == []


def test_the_night_is_told_of_branches_and_people_with_days_of_their_own(run):
    people = list(Staff.objects.filter(is_active=True).order_by("staff_id"))
    here = people[0]
    others = [row.staff_id for row in people if row.branch_id == here.branch_id and row != here]
    friday = date(2026, 6, 5)
    enter(SATURDAY, True, here.branch_id)
    shift(here, SATURDAY)
    days = everybodys_days(run.rulebook, friday)
    told = gather(friday, run.rulebook, days)["own_workdays"].to_pylist()
    assert told[0] == {"branch_id": here.branch_id, "staff_id": "", "works_on": SATURDAY, "through": date(2026, 6, 7)}
    assert {row["staff_id"] for row in told[1:]} == set(others), "those without a shift work again on Monday"
    assert {row["works_on"] for row in told[1:]} == {date(2026, 6, 8)}
    assert (
        gather(run.business_date, run.rulebook, everybodys_days(run.rulebook, run.business_date))[
            "own_workdays"
        ].num_rows
        == 0
    )


def test_a_visit_on_a_day_off_is_agreed_with_a_word(client, run, member):
    manager = member("relationship_manager")
    client.force_login(manager)
    customer = Task.objects.filter(run=run, staff_id=manager.staff_id)[0].customer_id
    for on, word in ((SATURDAY, True), (TUESDAY, False)):
        fields = {"token": f"{on:%Y%m%d}" * 4, "on": on, "at": "10:00", "place": "网点"}
        answer = client.post(reverse("visit", args=[customer]), fields, headers={"HX-Request": "true"})
        assert ("当天您不上班" in answer.content.decode()) == word
    assert Visit.objects.count() == 2


def test_in_the_demo_people_work_on_everybodys_days(run, closed_monday):
    assert work_through(run, {}, [TUESDAY], np.random.default_rng(1)) == []
    Task.objects.filter(run=run).update(on=MONDAY)
    assert work_through(run, {}, [TUESDAY], np.random.default_rng(1))


def test_deadlines_are_everybodys_days(run, member):
    from weihu.workplace.know.complaints.cases import open_case

    enter(date(2026, 6, 3), False)
    enter(SATURDAY, True)
    case = open_case("c", {"origin": "phone", "subject": "x"}, "x", MONDAY, run.rulebook, "b" * 32)
    assert case.due_on == date(2026, 6, 8), "the 2nd, 4th, 5th, 6th and 8th"
    gate = Gate(member("relationship_manager"), run)
    assert gate.days.after(MONDAY, 3, "referrals", gate.staff.branch_id) == date(2026, 6, 5)


def test_the_status_says_what_is_not_announced(run):
    from click.testing import CliRunner

    from weihu.cli import main

    answer = json.loads(CliRunner().invoke(main, ["status", "--json"], obj=None).stdout)
    assert answer["unannounced"] == []
    run.report |= {"unannounced": [2027]}
    run.save(update_fields=["report"])
    assert json.loads(CliRunner().invoke(main, ["status", "--json"]).stdout)["unannounced"] == [2027]


def test_the_page_of_a_run_says_what_was_not_announced(signed_in, run):
    run.report |= {"unannounced": [2027]}
    run.save(update_fields=["report"])
    page = signed_in("it_operator").get(reverse("run", args=[run.number])).content.decode()
    assert "2027年放假安排尚未公布" in page
    assert run.work_date == run.business_date + timedelta(days=1)

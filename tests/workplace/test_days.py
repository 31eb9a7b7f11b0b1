"""Whole days in a real browser: a relationship manager's, a counter teller's, a supervisor's; at the desk and on a phone."""

import re
from datetime import timedelta

import pypdfium2
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.workplace.test_browser import fits, open_task
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.act.schedule.models import Visit
from weihu.workplace.act.team.models import Undone, WorkNote
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Signal, Staff, Standing, Task
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.models import Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import Fact

pytestmark = pytest.mark.long
SIZES = [(1440, "zh-CN"), (390, "en-US")]
TASKS = 20
RESULTS = ["interested", "considering", "not_reached", "rescheduled", "declined"]


def full_day(staff: Staff) -> list[str]:
    """The person's list of the run, filled up to twenty tasks; the branch's small bank gives the customers for it."""
    run = current()
    branch = Standing.objects.listed_at(run).filter(branch_id=staff.branch_id, effective=True).order_by("customer_id")
    Standing.objects.filter(pk__in=[row.pk for row in branch[: 2 * TASKS]]).update(primary_id=staff.pk)
    have = list(Task.objects.filter(run=run, staff_id=staff.pk).order_by("position"))
    planned = {task.customer_id for task in have}
    others = [row for row in Gate(staff, run).standings().order_by("customer_id") if row.customer_id not in planned]
    for row in others[: TASKS - len(have)]:
        Signal.objects.create(
            customer_id=row.customer_id, kind="follow_up", subject="x", raised_on=run.business_date, detail="",
            on_date=run.work_date, since_run=run.number,
        )  # fmt: skip
        have.append(
            Task.objects.create(
                run=run,
                staff_id=staff.pk,
                customer_id=row.customer_id,
                on=run.work_date,
                position=len(have) + 1,
                minutes=5,
                score=1.0,
                grade_rank=row.grade_rank,
            )
        )
    return [task.customer_id for task in have[:TASKS]]


class Keys:
    """A keyboard that counts."""

    def __init__(self, page) -> None:
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1


@pytest.mark.parametrize(("width", "language"), SIZES)
def test_a_relationship_managers_day(desk, width, language):
    """Twenty tasks by keyboard alone, all kinds of results, a note written without a connection, a fact, a visit."""
    page = desk(width, language, "relationship_manager")
    staff = Staff.objects.filter(post="relationship_manager").order_by("staff_id")[0]
    customers = full_day(staff)
    page.reload()
    assert fits(page)
    open_task(page)
    keys = Keys(page)
    work_through(page, keys)
    assert Contact.objects.filter(staff_id=staff.pk).count() == TASKS - 4
    assert set(Contact.objects.values_list("outcome", flat=True)) == set(RESULTS)
    learn(page, keys)
    lose_the_connection(page, keys)
    agree_a_visit(page)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".saved")
    done = Contact.objects.filter(staff_id=staff.pk, customer_id__in=customers).values("customer_id").distinct()
    assert done.count() == TASKS
    expect(page.locator(".progress-line strong").first).to_have_text(str(TASKS))


def work_through(page, keys) -> None:
    """Sixteen results of every kind, each with three keys at most."""
    for place in range(TASKS - 4):
        page.wait_for_selector("[data-panel]")
        here = page.locator("[data-panel]").get_attribute("data-panel")
        before = keys.count
        keys.press(str(place % 5 + 1), "Enter")
        page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")
        assert keys.count - before <= 3


def learn(page, keys) -> None:
    """A fact and an interest on the way."""
    page.locator("#id_learned").select_option("postcode")
    page.locator("#id_learned_value").fill("210000")
    page.locator("#id_interest").select_option("wealth")
    here = page.locator("[data-panel]").get_attribute("data-panel")
    page.locator("#id_learned_value").press("Escape")
    keys.press("1", "Enter")
    page.wait_for_selector(f"[data-panel]:not([data-panel='{here}'])")
    assert Fact.objects.get(customer_id=here).channel == "service"
    assert Contact.objects.get(customer_id=here).interest == "wealth"


def lose_the_connection(page, keys) -> None:
    """Two notes, on two customers, wait on the device and arrive once the connection is back."""
    page.context.set_offline(True)
    first = page.locator("[data-panel]").get_attribute("data-panel")
    keys.press("2", "n")
    page.keyboard.type("电梯里没有信号")
    keys.press("Enter")
    expect(page.locator("#waiting strong")).to_have_text("1")
    expect(page.locator(".today")).not_to_have_class(re.compile("today-opened"))
    other = page.locator(f"[data-task]:not(.task-done):not([href$='/{first}/'])").first
    second = other.get_attribute("href").split("/")[-2]
    other.click()
    page.locator("[data-result] #id_note").fill("还是没有信号")
    page.locator("[data-result] #id_learned").select_option("postcode")
    page.locator("[data-result] #id_learned_value").fill("21")
    page.locator("[data-result] #id_note").press("Escape")
    keys.press("1", "Enter")
    expect(page.locator("#waiting strong")).to_have_text("2")
    assert Contact.objects.filter(customer_id__in=[first, second]).count() == 0
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_url("**/")
    # the server did not take the second: a postcode has six digits; its note is still there, with a way to its task
    expect(page.locator("#waiting li")).to_contain_text("还是没有信号")
    notes = {row.customer_id: row.note for row in Contact.objects.filter(customer_id__in=[first, second])}
    assert notes == {first: "电梯里没有信号"}
    page.locator("#waiting li a").click()
    page.wait_for_selector(f"[data-panel='{second}']")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".saved")
    page.goto(page.url.split("/today/")[0])
    page.locator("#waiting li button").click()
    expect(page.locator("#waiting")).to_be_hidden()
    assert fits(page)


def agree_a_visit(page) -> None:
    open_task(page)
    page.locator("details.act summary").first.click()
    page.locator("[name=on]").fill(str(current().work_date + timedelta(days=1)))
    page.locator("[name=place]").fill("贵宾室")
    page.locator(".act-box .btn").first.click()
    page.wait_for_selector(".act [role=status]")
    assert Visit.objects.get().place == "贵宾室"


@pytest.mark.parametrize(("width", "language"), SIZES)
def test_a_counter_tellers_day(desk, server, width, language):
    """The list at the counter, what is missing is filled in, a customer is passed on, a reason for what is undone."""
    page = desk(width, language, "low_counter")
    staff = Staff.objects.filter(post="low_counter").order_by("staff_id")[0]
    open_task(page)
    customer = page.locator("[data-panel]").get_attribute("data-panel")
    page.locator("#id_way").select_option("counter")
    page.locator("#id_learned").select_option("postcode")
    page.locator("#id_learned_value").fill("21")
    page.locator("#id_learned_value").press("Escape")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert not Contact.objects.exists() and not Fact.objects.exists()
    page.locator("#id_learned_value").fill("210000")
    page.locator("#id_learned_value").press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_selector(".saved")
    assert Contact.objects.get().way == "counter" and Fact.objects.get().customer_id == customer
    page.goto(f"{server.url}{reverse('customer', args=[customer])}?tab=service")
    assert fits(page)
    page.locator("[data-refer]").evaluate("node => node.closest('details').open = true")
    page.locator("[data-refer] button").click()
    page.wait_for_selector(".toast-note")  # what was done is said
    assert Referral.objects.get().from_id == staff.pk
    page.goto(f"{server.url}{reverse('evening')}")
    undone = page.locator("[name^=why-]")
    left = undone.count()
    if left:
        undone.first.select_option("no_time")
        page.locator(".card-footer .btn-primary").click()
        page.wait_for_selector(".toast-note")  # what was done is said
        assert Undone.objects.get().staff_id == staff.pk
    assert fits(page)
    page.goto(f"{server.url}{reverse('work_log')}")
    page.fill("[name=text]", "柜面培训")
    page.fill("[name=minutes]", "20")
    page.locator("form[method=post] .btn-primary").click()
    page.wait_for_selector(".toast-note")  # what was done is said
    assert WorkNote.objects.get().staff_id == staff.pk
    assert fits(page)


@pytest.mark.parametrize(("width", "language"), SIZES)
def test_a_supervisors_day(desk, server, width, language):
    """The morning sheet, the board that moves by itself, a care plan, a text approved, the cockpit down to a person."""
    page = desk(width, language, "rm_supervisor")
    staff = Staff.objects.filter(post="rm_supervisor").order_by("staff_id")[0]
    run = current()

    def go(name, *arguments):
        page.goto(f"{server.url}{reverse(name, args=arguments)}")
        assert fits(page), name

    go("morning")
    address = page.locator("a[href*='morning.pdf']").get_attribute("href")
    sheet = pypdfium2.PdfDocument(page.request.get(f"{server.url}{address}").body())
    picture = sheet[0].render(scale=1).to_numpy()
    assert len(sheet) >= 1 and (picture < 128).any()
    go("board")
    mine = Gate(staff, run).standings().order_by("-grade_rank", "customer_id")[0]
    Template.objects.create(medium="sms", title="问候", text="{name}您好", made_by="someone", made_on=run.work_date)
    go("templates")
    page.locator("button[value=approve]").first.click()
    page.wait_for_selector(".toast-note")  # what was done is said
    assert Template.objects.get().state == "approved"
    page.goto(f"{server.url}{reverse('customer', args=[mine.customer_id])}?tab=service")
    assert fits(page)
    page.locator("#care [name=plan]").select_option("after_complaint")
    page.locator("#care button:not([name=stop])").click()
    page.wait_for_selector(".toast-note")  # what was done is said
    assert CarePlan.objects.filter(customer_id=mine.customer_id, plan="after_complaint").exists()
    go("cockpit")
    page.wait_for_selector("[data-trend] canvas")
    link = page.locator("tbody a[href*='staff=']").first
    name = link.inner_text()
    link.click()
    page.wait_for_selector("[data-trend] canvas")
    expect(page.locator("span.fw-bold")).to_have_text(name)
    assert fits(page)
    go("evening")
    go("effects")

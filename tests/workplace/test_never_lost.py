"""Eleven forms and a customer's own reply, each interrupted: signed out, cookies deleted, no connection, an answer that is lost, a server that is killed.

Nothing is lost, nothing is done twice, and the person sees what happened. A real server on a copy of the published
bank, which can be killed and started again.
"""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from contextlib import closing, contextmanager, suppress
from itertools import count
from types import SimpleNamespace

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.urls import reverse
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests import bank
from tests.settings import HOME
from tests.workplace.test_axe import AXE, RUN
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.messaging.models import Template
from weihu.workplace.act.reception.models import Memo
from weihu.workplace.bank.models import Staff, Standing, Task
from weihu.workplace.base.fields import sealed
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.models import Absence, Handover, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.models import Fact, SavedView
from weihu.workplace.know.complaints.models import Complaint
from weihu.workplace.know.intake.models import Import, Invitation, Reply
from weihu.workplace.know.intake.replies import link_of

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("never lost")]  # one server and its desks for all
PASSWORD = "a long password"
SOON = 30_000


class Bank:
    """The workplace as a process on a database file of its own."""

    def __init__(self, folder) -> None:
        self.file = folder / "bank.sqlite3"
        shutil.copy(bank.FILE, self.file)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.process = None

    def start(self) -> None:
        home, url = str(HOME.root), f"sqlite:///{self.file}"
        environment = {**os.environ, "WEIHU_HOME": home, "WEIHU_DATABASE_URL": url}
        environment["DJANGO_SETTINGS_MODULE"] = "weihu.workplace.settings"
        environment.pop("COVERAGE_PROCESS_CONFIG", None)  # who is killed cannot tell what was covered
        command = [sys.executable, "-m", "weihu.cli", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 180
        while time.monotonic() < until:
            with suppress(OSError):
                urllib.request.urlopen(f"{self.url}/login/", timeout=5).close()
                return
            time.sleep(0.1)
        self.kill()
        raise TimeoutError

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @contextmanager
    def down(self):
        """Killed, and started again whatever happens meanwhile: the tests that follow need it."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def sql(self, statement: str, *values: object) -> list:
        with closing(sqlite3.connect(self.file, timeout=30)) as connection:
            rows = connection.execute(statement, values).fetchall()
            connection.commit()
            return rows

    def count(self, model) -> int:
        # who is served at the counter has a contact of that, besides what is told
        which = " WHERE outcome <> 'served'" if model is Contact else ""
        return self.sql(f"SELECT count(*) FROM {model._meta.db_table}{which}")[0][0]


class Desk:
    """Somebody of a post at a browser."""

    def __init__(self, served: Bank, browser, staff: Staff) -> None:
        self.bank, self.staff = served, staff
        encoded = Argon2PasswordHasher().encode(PASSWORD, "salt of a test")
        # somebody who has a password keeps it: another one would end his or her sessions
        served.sql("UPDATE bank_staff SET password = ? WHERE staff_id = ? AND password LIKE '!%'", encoded, staff.pk)
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        self.context.set_default_timeout(SOON)
        self.page = self.context.new_page()
        self.sign_in(staff)

    def sign_in(self, staff: Staff) -> None:
        self.page.goto(f"{self.bank.url}/login/")
        self.page.fill("#id_username", staff.pk)
        self.page.fill("#id_password", PASSWORD)
        self.page.press("#id_password", "Enter")
        self.page.wait_for_url(lambda address: "login" not in address)

    def open(self, address: str, page=None) -> None:
        page = page or self.page
        # what was sent at last may still lead the page somewhere, and a browser goes to one place at a time
        while not arrives(page, self.bank.url + address):
            page.wait_for_load_state()
        page.locator("#answers[data-ready]").wait_for(state="attached")


def arrives(page, url: str) -> bool:
    try:
        page.goto(url)
    except PlaywrightError as failure:
        if "ERR_ABORTED" not in failure.message:
            raise
        return False
    return True


@pytest.fixture(scope="module")
def served(django_db_setup, tmp_path_factory):
    running = Bank(tmp_path_factory.mktemp("served"))
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker):
    """Who does what, and with whom, read from the published bank."""
    from weihu.workplace.bank.current import current

    with django_db_blocker.unblock():
        run = current()

        def most(post: str) -> Staff:
            members = Staff.objects.filter(post=post).order_by("staff_id")
            return max(members, key=lambda row: Standing.objects.filter(primary_id=row.staff_id).count())

        found = {post: most(post) for post in ("relationship_manager", "low_counter", "rm_supervisor")}
        branch_id = found["relationship_manager"].branch_id
        found["branch_manager"] = Staff.objects.filter(post="branch_manager", branch_id=branch_id)[0]
        own = 2 * [row.customer_id for row in Gate(found["relationship_manager"], run).standings().order_by("-aum")]
        teller = Gate(found["low_counter"], run)
        mine = 2 * [row.customer_id for row in teller.standings().order_by("-aum")]
        strange = teller.of_branch().exclude(customer_id__in=mine).filter(primary_id__isnull=False)
        phones = [
            row.customer.phone for row in strange.select_related("customer").order_by("-aum") if row.customer.phone
        ]
        here = Gate(found["branch_manager"], run).standings().values_list("primary_id", flat=True)
        giver = Counter(here).most_common(1)[0][0]
        planned = Task.objects.filter(run=run).exclude(staff_id=found["relationship_manager"].pk)
        found["busy"] = Staff.objects.get(pk=Counter(planned.values_list("staff_id", flat=True)).most_common(1)[0][0])
        yield {"staff": found, "giver": giver, "own": own, "mine": mine, "phones": phones}


@pytest.fixture(scope="module")
def turns():
    """Numbers the forms of a name that are filled in: none is like another, also when a test is tried again."""
    return defaultdict(count)


@pytest.fixture(scope="module")
def desks(served, browser, people):
    at = {}

    def desk(post: str) -> Desk:
        if post not in at:
            at[post] = Desk(served, browser, people["staff"][post])
        return at[post]

    view = f"INSERT INTO {SavedView._meta.db_table} (staff_id, name, query) VALUES (?, ?, ?)"
    kept = SavedView(staff_id=people["staff"]["branch_manager"].pk, name="潜力客户")
    served.sql(view, kept.staff_id, kept.name, sealed(kept, query="grade=2")["query"])

    yield desk
    for opened in at.values():
        opened.context.close()


def result(desk, people, turn, page):
    desk.open("/", page)
    tasks = page.locator("[data-task]")
    tasks.nth(turn % tasks.count()).click()  # one that is done can be recorded again
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    page.keyboard.press("2")
    page.locator("#id_note").fill(f"想了解大额存单 {turn}")
    return lambda: page.keyboard.press("Enter")


def archive(desk, people, turn, page):
    desk.open(reverse("facts", args=[people["own"][turn]]) + "?part=basic", page)
    page.locator("#id_postcode").fill(f"21000{turn}")
    return page.locator("[data-facts] .btn-primary").last.click


def card(desk, people, turn, page):
    desk.open("/reception/", page)
    page.locator("#number").fill(people["phones"][turn % len(people["phones"])])
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card-facts], .card-act")
    page.locator("#told").fill(f"想了解大额存单 {turn}")
    return lambda: page.locator("button[value=told]").click()


def referral(desk, people, turn, page):
    desk.open(reverse("customer", args=[people["mine"][turn]]) + "?tab=service", page)
    page.locator("[data-refer]").evaluate("form => { const box = form.closest('details'); if (box) box.open = true; }")
    return lambda: page.locator("[data-refer] .btn-primary").click()


def complaint(desk, people, turn, page):
    desk.open(reverse("new_complaint", args=[people["own"][turn]]), page)
    page.locator("#id_subject").fill(f"排队太久 {turn}")
    page.locator("#id_text").fill("等了四十分钟")
    return lambda: page.locator("[data-complaint] .btn-primary").click()


def campaign(desk, people, turn, page):
    desk.open("/campaigns/", page)
    page.locator("#id_title").fill(f"存款节 {turn}")
    for field, value in {"from_on": "2026-06-08", "to_on": "2026-07-08", "control": "20", "wave_size": "10"}.items():
        page.locator(f"#id_{field}").fill(value)
    page.locator("#id_stop_share").fill("20")
    return lambda: page.locator("form.card .btn-primary").click()


def handover(desk, people, turn, page):
    desk.open(f"/portfolios/handovers/?giver={people['giver']}", page)
    page.locator("[data-handover] [name=chosen]").nth(turn).check()
    page.locator("#note").fill("孩子今年高考")

    def press():
        page.locator("[data-handover] .btn-primary").click()
        page.locator("#ask [value=yes]").click()

    return press


def upload(desk, people, turn, page):
    desk.open("/imports/", page)
    content = f"客户号,邮编\n{people['own'][turn]},210000\n".encode()
    page.set_input_files("#id_file", {"name": f"名单{turn}.csv", "mimeType": "text/csv", "buffer": content})
    return lambda: page.locator("form.card .btn-primary").click()


def text(desk, people, turn, page):
    desk.open("/messages/", page)
    page.locator("#id_title").fill(f"问候 {turn}")
    page.locator("#id_text").fill("{name}您好")
    return lambda: page.locator("form.card .btn-primary").click()


def absence(desk, people, turn, page):
    desk.open("/portfolios/staffing/", page)
    page.locator("#from_on").fill(f"2026-07-{turn + 1:02}")
    page.locator("#to_on").fill(f"2026-07-{turn + 1:02}")

    def press():
        page.locator("form:has(#from_on) .btn-primary").click()
        page.locator("#ask [value=yes]").click()

    return press


def survey(desk, people, turn, page):
    desk.open("/forms/", page)
    page.locator("#id_title").fill(f"满意度调查 {turn}")
    page.locator("#id_closes_on").fill("2026-07-08")
    page.locator("#id_asked").select_option("hobbies")
    return lambda: page.locator("form.card .btn-primary").click()


FORMS = {
    "result": ("relationship_manager", result, Contact),
    "archive": ("relationship_manager", archive, Fact),
    "card": ("low_counter", card, Memo),
    "referral": ("low_counter", referral, Referral),
    "complaint": ("relationship_manager", complaint, Complaint),
    "campaign": ("branch_manager", campaign, Campaign),
    "handover": ("branch_manager", handover, Handover),
    "survey": ("relationship_manager", survey, Invitation),
    "upload": ("relationship_manager", upload, Import),
    "text": ("rm_supervisor", text, Template),
    "absence": ("branch_manager", absence, Absence),
}


def settle(served, model, before: int) -> None:
    """Until it is there; and then once more, to see that it is not there twice."""
    until = time.monotonic() + SOON / 1000
    while served.count(model) <= before and time.monotonic() < until:
        time.sleep(0.05)
    assert served.count(model) == before + 1


def broken_rules(page) -> list[str]:
    page.evaluate(AXE)
    return page.evaluate(RUN)


def sign_in_again(page) -> None:
    page.locator("#sign-in-again").wait_for(state="visible")
    page.locator("#password-again").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#sign-in-again").wait_for(state="hidden")


def signed_out(desk, press, model, before) -> None:
    (cookie,) = [row for row in desk.context.cookies() if row["name"] == "sessionid"]
    desk.bank.sql("DELETE FROM django_session WHERE session_key = ?", cookie["value"])
    press()
    sign_in_again(desk.page)


def cookie_deleted(desk, press, model, before) -> None:
    desk.context.clear_cookies()
    press()
    sign_in_again(desk.page)


def no_connection(desk, press, model, before) -> None:
    desk.context.set_offline(True)
    press()
    expect(desk.page.locator("#waiting strong")).to_have_text("1")
    assert desk.bank.count(model) == before
    desk.context.set_offline(False)


def answer_lost(desk, press, model, before) -> None:
    """The server does it, and the connection breaks before it can say so."""

    def lose(route):
        assert route.request.method == "POST"
        route.fetch()
        route.abort()

    desk.page.route("**/*", lose, times=1)
    press()
    expect(desk.page.locator(".toast-fault")).to_have_count(1)
    assert desk.bank.count(model) == before + 1
    desk.page.evaluate("dispatchEvent(new Event('online'))")


FAILURES = (signed_out, cookie_deleted, no_connection, answer_lost)


@pytest.mark.parametrize("name", list(FORMS))
def test_a_form_that_is_interrupted_is_sent_exactly_once(served, desks, people, turns, name):
    post, fill, model = FORMS[name]
    desk = desks(post)
    for failure in FAILURES:
        before = served.count(model)
        press = fill(desk, people, next(turns[name]), desk.page)
        failure(desk, press, model, before)
        settle(served, model, before)
        expect(desk.page.locator("#waiting")).to_be_hidden()
        assert served.count(model) == before + 1, failure.__name__


def test_a_server_that_is_killed_and_started_again_gets_all_forms_once(served, desks, people, turns):
    """All are filled in, the server dies, all are sent in vain, each in a tab of its own; then it is back."""
    counts = {name: served.count(model) for name, (_, _, model) in FORMS.items()}
    pages, presses = {}, {}
    for name, (post, fill, _) in FORMS.items():
        pages[name] = desks(post).context.new_page()
        presses[name] = fill(desks(post), people, next(turns[name]), pages[name])
    with served.down():
        for name, page in pages.items():
            presses[name]()
            expect(page.locator(".toast-fault")).to_have_count(1)
    for name, (_, _, model) in FORMS.items():
        settle(served, model, counts[name])
    for page in pages.values():
        expect(page.locator("#waiting")).to_be_hidden()
        page.close()
    assert {name: served.count(model) - counts[name] for name, (_, _, model) in FORMS.items()} == dict.fromkeys(
        FORMS, 1
    )


@pytest.fixture
def reply(served, browser, people):
    """A survey's public form, filled in by somebody who has no login."""
    table, branch_id = Invitation._meta.db_table, people["staff"]["branch_manager"].branch_id
    served.sql(
        f"INSERT INTO {table} (title, text, channel, fields, purpose, opens_on, closes_on, staff_id, branch_id, closed)"
        " VALUES ('满意度调查', '', 'event', '[]', 'event', '2026-01-01', '2099-01-01', 'x', ?, 0)",
        branch_id,
    )
    link = link_of(Invitation(pk=served.sql(f"SELECT max(id) FROM {table}")[0][0]))
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    context.set_default_timeout(SOON)
    desk = SimpleNamespace(bank=served, context=context, page=context.new_page())

    def fill():
        desk.page.goto(served.url + link)
        desk.page.locator("#answers[data-ready]").wait_for(state="attached")
        desk.page.locator("#id_name").fill("无名氏")
        desk.page.locator("#id_phone").fill("13900000000")
        desk.page.locator("#id_agreed").check()
        return desk.page.locator("[data-public] .btn-primary").click

    yield desk, fill
    context.close()


def token_deleted(desk, press, model, before) -> None:
    desk.context.clear_cookies()
    press()


@pytest.mark.parametrize("failure", [token_deleted, no_connection, answer_lost])
def test_what_a_customer_replies_without_signing_in_arrives_once_and_is_thanked_for(served, reply, failure):
    desk, fill = reply
    before = served.count(Reply)
    failure(desk, fill(), Reply, before)
    expect(desk.page.locator(".empty-title")).to_contain_text("谢谢")
    assert served.count(Reply) == before + 1


def test_a_reply_that_is_on_its_page_only_is_not_left_unasked(served, reply):
    desk, fill = reply
    press = fill()
    desk.context.set_offline(True)
    press()
    expect(desk.page.locator(".toast-fault")).to_contain_text("请不要关闭本页")
    with desk.page.expect_event("dialog") as asked:
        desk.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.accept()


def wait_in_vain(desk, people, text: str) -> None:
    """A complaint that is kept on the device, on a page that is then closed."""
    desk.page.goto("about:blank")  # any page of the workplace would send it at once
    page = desk.context.new_page()
    desk.open(reverse("new_complaint", args=[people["own"][0]]), page)
    page.locator("#id_subject").fill(text)
    desk.context.set_offline(True)
    page.locator("[data-complaint] .btn-primary").click()
    expect(page.locator("#waiting strong")).to_have_text("1")
    page.close()
    desk.context.set_offline(False)


KEPT = """async () => {
  const opened = await new Promise((resolve) => {
    const request = indexedDB.open("weihu", 1);
    request.onsuccess = () => resolve(request.result);
  });
  const all = (name) => new Promise((resolve) => {
    const request = opened.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  const [keys, rows] = [await all("keys"), await all("waiting")];
  const text = rows.map((row) => new TextDecoder().decode(row.sealed)).join("");
  return { rows: rows.length, readable: text.includes("fourty"), extractable: keys.map((key) => key.extractable) };
}"""


def test_what_waits_is_of_its_writer_alone_and_ends_with_the_sign_out(served, browser, people):
    """Encrypted; not sent and not counted when somebody else signs in; there again for its writer; gone after signing out."""
    desk = Desk(served, browser, people["staff"]["relationship_manager"])
    other = Desk(served, browser, people["staff"]["rm_supervisor"]).staff
    before = served.count(Complaint)
    wait_in_vain(desk, people, "fourty minutes")
    desk.context.clear_cookies()
    desk.sign_in(other)
    desk.page.locator("#answers[data-ready]").wait_for(state="attached")
    expect(desk.page.locator("#waiting")).to_be_hidden()
    assert desk.page.evaluate(KEPT) == {"rows": 1, "readable": False, "extractable": [False]}
    assert served.count(Complaint) == before
    desk.context.clear_cookies()
    desk.sign_in(desk.staff)
    settle(served, Complaint, before)
    expect(desk.page.locator(".toast-note").first).to_be_visible()
    wait_in_vain(desk, people, "fourty more minutes")
    desk.context.route(re.compile("/complaints/$"), lambda route: route.abort())
    desk.open("/customers/")
    desk.page.locator("form[action='/logout/'] button").click()
    desk.page.locator("#ask [value=yes]").click()
    desk.page.wait_for_url("**/login/**")
    assert desk.page.evaluate(KEPT) == {"rows": 0, "readable": False, "extractable": []}
    desk.context.unroute(re.compile("/complaints/$"))
    desk.sign_in(desk.staff)
    desk.open("/customers/")
    expect(desk.page.locator("#waiting")).to_be_hidden()
    assert served.count(Complaint) == before + 1
    desk.context.close()


def test_where_nothing_can_be_encrypted_the_page_says_so_and_keeps_it_itself(served, browser, people):
    desk = Desk(served, browser, people["staff"]["relationship_manager"])
    desk.context.add_init_script("Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined })")
    before = served.count(Complaint)
    press = complaint(desk, people, 0, desk.page)
    expect(desk.page.locator(".toast-fault")).to_contain_text("无法安全保存")
    desk.context.set_offline(True)
    press()
    expect(desk.page.locator(".toast-fault").last).to_contain_text("请不要关闭本页")
    desk.context.set_offline(False)
    settle(served, Complaint, before)
    desk.context.close()


def test_keys_pressed_while_a_result_is_being_saved_open_nothing_else(served, browser, people):
    """Another panel would take away the form whose answer is still to come, and the list would not follow."""
    desk = Desk(served, browser, people["staff"]["busy"])
    desk.page.set_viewport_size({"width": 390, "height": 844})
    errors = []
    desk.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    desk.open("/")
    desk.page.locator("[data-task]:not(.task-done)").first.click()
    expect(desk.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    shown = desk.page.locator("[data-panel]").get_attribute("data-panel")
    held = []

    def hold(route):
        held.append(route)

    before = served.count(Contact)
    desk.page.route("**/contacts/", hold)
    for key in ("2", "Enter", "j", "k", "j"):
        desk.page.keyboard.press(key)
    desk.page.wait_for_timeout(500)
    assert desk.page.locator("[data-panel]").get_attribute("data-panel") == shown
    held[0].continue_()
    settle(served, Contact, before)
    expect(desk.page.locator(f"[data-task][href$='/{shown}/']")).to_have_class(re.compile("task-done"))
    assert [text for text in errors if "oobError" in text] == []
    desk.context.close()


def test_who_opens_something_after_the_sign_in_has_ended_is_asked_and_then_sees_it(served, browser, people):
    """Not a page of signing in inside the panel."""
    desk = Desk(served, browser, people["staff"]["busy"])
    desk.open("/")
    desk.context.clear_cookies()
    task = desk.page.locator("[data-task]:not(.task-chosen)").first
    customer = task.get_attribute("href").split("/")[-2]
    task.click()
    sign_in_again(desk.page)
    desk.page.locator(f"[data-panel='{customer}']").wait_for()
    desk.context.close()


def test_an_undo_that_comes_too_late_says_so(served, browser, people):
    desk = Desk(served, browser, people["staff"]["busy"])
    desk.open("/")
    desk.page.locator("[data-task]:not(.task-done)").first.click()
    expect(desk.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    desk.page.keyboard.press("2")
    desk.page.keyboard.press("Enter")
    desk.page.locator(".saved button", has_text="撤销").hover()  # a toast stays while it is pointed at
    served.sql(f"UPDATE {Contact._meta.db_table} SET recorded_at = '2026-01-01 00:00:00'")
    desk.page.locator(".saved button", has_text="撤销").click()
    expect(desk.page.locator(".toast-fault")).to_contain_text("已不能撤销")
    desk.context.close()


def test_a_wrong_password_keeps_what_was_typed_and_later_is_possible(served, desks, people):
    desk = desks("relationship_manager")
    before = served.count(Complaint)
    press = complaint(desk, people, 0, desk.page)
    desk.context.clear_cookies()
    press()
    desk.page.locator("#password-again").fill("not it")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#sign-in-again [data-fault]")).to_have_text("工号与密码不符。")
    assert broken_rules(desk.page) == []
    desk.page.locator("#sign-in-again [data-cancel]").click()
    expect(desk.page.locator(".toast-fault")).to_contain_text("保存在本机")
    assert served.count(Complaint) == before
    press()
    sign_in_again(desk.page)
    settle(served, Complaint, before)


def test_a_failure_is_answered_in_the_pages_look_with_the_number_that_the_log_has(served, desks, people):
    """The database is taken away from under a page: 500 with a number, found in the log with its traceback."""
    desk = desks("relationship_manager")
    desk.open("/customers/nobody/")
    expect(desk.page.locator("h1")).to_contain_text("没有您可以查看的内容")
    assert broken_rules(desk.page) == []
    table = Complaint._meta.db_table
    served.sql(f"ALTER TABLE {table} RENAME TO away")
    try:
        desk.page.goto(served.url + "/complaints/")
        number = desk.page.locator("main strong").inner_text()
        assert broken_rules(desk.page) == []
    finally:
        served.sql(f"ALTER TABLE away RENAME TO {table}")
    log = HOME.log.read_text()
    assert f"ERROR {number} weihu.workplace: GET /complaints/ failed for {desk.staff.pk}" in log
    assert "OperationalError: no such table" in log


def test_a_refusal_stands_below_the_field_that_it_is_about_until_the_form_is_sent_again(served, desks, people):
    desk = desks("relationship_manager")
    before = served.count(Introduction)
    desk.open(reverse("customer", args=[people["own"][0]]) + "?tab=family")
    form = desk.page.locator("#introductions form:has([name=introduced])")
    desk.page.locator("#introductions summary").click()
    form.locator("[name=name]").fill("赵新")
    form.locator("[name=phone]").press("Enter")
    expect(form.locator("[name=phone] + [data-refused]")).to_contain_text("电话")
    expect(form.locator("[name=phone]")).to_be_focused()
    assert broken_rules(desk.page) == []
    form.locator("[name=phone]").fill("13900008888")
    form.locator("[name=phone]").press("Enter")
    settle(served, Introduction, before)
    expect(desk.page.locator("[data-refused]")).to_have_count(0)

"""The pages in a real browser: by keyboard and mouse, desktop and phone, both languages."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests.workplace.test_axe import violations
from weihu.workplace.act.reception.models import Miss
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff
from weihu.workplace.contact.models import Contact
from weihu.workplace.customer.tabs import TABS
from weihu.workplace.gate.models import ServiceCard
from weihu.workplace.gate.reach import Gate

pytestmark = pytest.mark.long


def fits(page) -> bool:
    """Whether nothing is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_must_be_filled_in_is_asked_in_the_pages_language(desk, server):
    page = desk(1440, "zh-CN", "rm_supervisor")
    page.goto(f"{server.url}/messages/")
    page.locator("#answers[data-ready]").wait_for(state="attached")
    title = page.locator("#id_title")
    page.locator("form.card .btn-primary").click()
    assert title.evaluate("field => field.validationMessage") == "请填写此项。"
    title.fill("问候")
    assert title.evaluate("field => field.checkValidity()")


def open_task(page) -> None:
    """The first task that waits; at the desk it is open beside the list already."""
    if not page.locator("[data-panel]").is_visible():
        with page.expect_response("**/today/*/"):
            page.locator("[data-task]:not(.task-done)").first.click()
        # Not wait_for_function: what it polls with is an eval, which the pages' policy refuses.
        expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def fill_in(page) -> None:
    """The form at the counter, by keyboard alone: a value, a wrong one and its mending, a choice."""
    from weihu.workplace.know.archive.models import Fact

    page.locator("#tab-archive").click()
    page.locator("#archive h3 a").first.click()
    page.wait_for_selector("[data-facts]")
    page.locator("#id_postcode").focus()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert not Fact.objects.exists()
    page.locator("#id_postcode").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("２１００００")
    page.locator("#id_preferred_channel").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#id_native_place").focus()
    page.keyboard.type("南京")
    page.keyboard.press("Enter")
    page.wait_for_selector("#archive")
    result = {fact.field: fact.value for fact in Fact.objects.all()}
    assert result == {"postcode": "210000", "preferred_channel": "phone", "native_place": "南京"}
    page.locator("#archive .fact-source").first.click()
    page.wait_for_selector(".facts-table")


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_morning_at_the_counter(desk, server, width, language):
    """Sign in, record one contact by keys and one by mouse, search a customer, open the page, fill in the archive."""
    page = desk(width, language)
    open_task(page)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.wait_for_selector(".saved")
    page.locator(".outcome").nth(2).click()
    if width > 390:  # a tap on a telephone saves
        page.locator(".result .btn-primary").click()
    page.locator(".task-done").nth(1).wait_for(state="attached")
    assert sorted(Contact.objects.values_list("outcome", flat=True)) == ["considering", "not_reached"]
    page.goto(f"{server.url}/customers/")
    page.locator("#rows a").first.click()
    page.wait_for_selector(".timeline-latest .event, .timeline-latest .text-secondary")
    assert fits(page)
    page.locator("#tab-assets").click()
    page.wait_for_selector(".chart svg")
    assert fits(page)
    fill_in(page)
    assert fits(page)


def test_a_workbook_with_errors_is_imported_mended_and_imported_again(desk, server, tmp_path):
    """Two right rows, a wrong one and a doubtful one; the marked file comes back, is mended, and all four are in."""
    import csv
    from collections import Counter

    import openpyxl

    from weihu.workplace.bank.models import Customer, Staff, Standing
    from weihu.workplace.know.archive.models import Fact

    page = desk(1440, "zh-CN", "branch_manager")
    branch = Staff.objects.filter(post="branch_manager").order_by("staff_id")[0].branch_id
    here = Customer.objects.filter(pk__in=Standing.objects.filter(branch_id=branch).values("customer_id"))
    names = Counter(here.values_list("name", flat=True))
    people = [row for row in here.order_by("pk") if names[row.name] == 1][:4]
    lines = [["客户号", "姓名", "邮编"], *([person.pk, person.name, "210000"] for person in people)]
    lines[3][2], lines[4][0] = "21", ""
    file = tmp_path / "名单.csv"
    with file.open("w", encoding="gb18030", newline="") as out:
        csv.writer(out).writerows(lines)
    page.goto(f"{server.url}/imports/")
    page.set_input_files("#id_file", file)
    page.click("form button.btn-primary")
    page.wait_for_selector("text=列对应")
    page.click(".card-footer button")
    page.wait_for_selector("#found")
    assert [page.inner_text(f"[data-state={state}]") for state in ("right", "doubtful", "wrong")] == ["2", "1", "1"]
    assert "六位邮政编码" in page.content()
    assert not Fact.objects.exists()
    with page.expect_download() as chosen:
        page.click("#found .card-header a")
    marked = tmp_path / "marked.xlsx"
    chosen.value.save_as(marked)
    page.click("#found .btn-primary")
    page.click("#ask [value=yes]")
    page.wait_for_selector("text=已登记 2 项")
    book = openpyxl.load_workbook(marked)
    sheet = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, columns["邮编"]).value = "210000"
        sheet.cell(row, columns["客户号"]).value = next(
            person.pk for person in people if person.name == sheet.cell(row, columns["姓名"]).value
        )
    book.save(marked)
    page.goto(f"{server.url}/imports/")
    page.set_input_files("#id_file", marked)
    page.click("form button.btn-primary")
    page.wait_for_selector("text=列对应")
    page.click(".card-footer button")
    page.click("#found .btn-primary")
    page.click("#ask [value=yes]")
    page.wait_for_selector("text=已登记 2 项")
    assert sorted((fact.customer_id, fact.value) for fact in Fact.objects.all()) == sorted(
        (person.pk, "210000") for person in people
    )


def test_two_customers_are_merged_and_the_merge_undone(desk, server):
    from weihu.workplace.bank.current import current
    from weihu.workplace.bank.models import Staff, Standing
    from weihu.workplace.customer.models import Candidate
    from weihu.workplace.gate.models import Merge

    page = desk(1440, "en-US", "branch_manager")
    run, staff = current(), Staff.objects.filter(post="branch_manager").order_by("staff_id")[0]
    rows = list(Standing.objects.at(run).filter(branch_id=staff.branch_id).order_by("customer_id")[:2])
    left, right = (row.customer_id for row in rows)
    reasons = [["电话相同", "same phone", 12.0], ["生日不同", "birthday differs", -3.0]]
    Candidate.objects.create(left_id=left, right_id=right, probability=0.97, reasons=reasons, found_on=run.work_date)
    page.goto(f"{server.url}/duplicates/")
    page.click("text=Compare")
    page.wait_for_selector("text=same phone")
    page.locator("[name=keep]").first.click()
    page.wait_for_selector(f"text=Merged with {right}")
    page.goto(f"{server.url}/customers/{right}/")
    assert page.url.endswith(f"/customers/{left}/")
    page.click("text=Undo the merge")
    expect(page.locator("text=Merged with")).to_have_count(0)
    page.wait_for_selector("#key-facts")
    assert Merge.objects.filter(undone_on__isnull=False).count() == 1
    page.goto(f"{server.url}/customers/{right}/")
    assert page.url.endswith(f"/customers/{right}/")


def test_an_event_is_announced_and_a_guest_signs_up_by_telephone(desk, server, browser):
    from weihu.workplace.know.archive.models import Fact

    page = desk(1440, "zh-CN", "branch_manager")
    page.goto(f"{server.url}/forms/")
    page.fill("#id_title", "重阳茶会")
    page.fill("#id_closes_on", "2030-01-01")
    page.select_option("#id_asked", ["hobbies", "email"])
    page.click("form button.btn-primary")
    page.wait_for_selector("[data-code] svg")
    address = page.input_value("#link")
    manager = Staff.objects.filter(post="branch_manager").order_by("staff_id")[0]
    rows = Gate(manager, current()).standings().select_related("customer").order_by("customer_id")
    phones = [row.customer.phone for row in rows]
    guest = next(row.customer for row in rows if row.customer.phone and phones.count(row.customer.phone) == 1)
    context = browser.new_context(viewport={"width": 390, "height": 800}, locale="en-US")
    telephone = context.new_page()
    telephone.goto(address)
    telephone.fill("#id_name", guest.name)
    telephone.fill("#id_phone", guest.phone)
    telephone.fill("#id_email", "nobody")
    telephone.check("#id_agreed")
    telephone.click(".btn-primary")
    telephone.wait_for_selector("[role=alert]")
    telephone.fill("#id_email", "guest@example.com")
    telephone.locator("[name=hobbies]").first.check()
    assert fits(telephone)
    telephone.click(".btn-primary")
    telephone.wait_for_selector("text=Thank you")
    context.close()
    assert not Fact.objects.filter(customer_id=guest.pk).exists(), "anybody can write a name and a telephone number"
    page.reload()
    page.click("text=就是这位客户")
    page.wait_for_selector("text=1 份已对应客户")
    assert dict(Fact.objects.filter(customer_id=guest.pk).values_list("field", "channel")) == {
        "email": "event",
        "hobbies": "event",
    }


def test_a_complaint_from_the_counter_to_its_end_on_a_telephone(desk, server):
    from weihu.workplace.know.archive.models import Fact
    from weihu.workplace.know.complaints.models import Complaint

    page = desk(390, "zh-CN", "branch_manager")
    page.goto(f"{server.url}/customers/")
    page.locator("#rows a").first.click()
    page.click(".person-head .acts > :last-child > summary")
    page.click(".act-links a[href*=complaints]")
    page.fill("#id_subject", "排队太久")
    page.fill("#id_text", "等了一个小时")
    page.click("[data-complaint] .btn-primary")
    page.wait_for_selector("text=等了一个小时")
    assert fits(page)
    page.click("text=指派")
    page.wait_for_selector("text=指派 →")
    page.click("text=登记了解到的信息")
    page.wait_for_selector("[data-facts]")
    assert page.input_value("#id_source") == "排队太久"
    page.fill("#id_postcode", "210000")
    page.press("#id_postcode", "Enter")
    page.wait_for_selector("#archive")
    assert Fact.objects.get().channel == "complaint"
    page.goto(f"{server.url}/complaints/")
    page.click("text=排队太久")
    page.fill("#note", "已增开窗口")
    page.click("[value=closed]")
    page.wait_for_selector(".badge.bg-success-lt")
    case = Complaint.objects.get()
    assert case.closed_on == case.raised_on
    assert [step.act for step in case.steps.order_by("pk")] == ["opened", "assigned", "closed"]


def change_rules(page, url: str) -> None:
    """The what-if page: a higher threshold, seen at once; kept as a draft and put forward."""
    page.goto(f"{url}/grading/what-if/")
    valued = page.locator("[data-grade=valued] strong").first
    before = int(valued.inner_text().replace(",", ""))
    page.fill("[name='minimum valued']", "2900000")
    expect(valued).not_to_have_text(f"{before:,}")
    assert int(valued.inner_text().replace(",", "")) < before
    assert page.locator("[data-fallen]").inner_text() != "降级 0"
    page.fill("[name='minimum valued']", "9")
    page.wait_for_selector("#outcome [role=alert]")
    page.fill("[name='minimum valued']", "2900000")
    page.wait_for_selector("[data-grade=valued]")
    page.fill("#title", "提高贵宾门槛")
    assert fits(page)
    page.click("[name=act][value=keep]")
    page.wait_for_selector("[data-state=draft]")
    page.click("[value=submit]")
    page.wait_for_selector("[data-state=submitted]")
    assert not page.locator("[value=approve]").count()


def test_rules_are_tried_out_and_a_second_person_approves_the_book(desk, server):
    from weihu.workplace.judge.grading.models import BookDraft

    manager = desk(1440, "zh-CN", "branch_manager")
    change_rules(manager, server.url)
    head = desk(390, "en-US", "personal_banking")
    head.goto(manager.url)
    head.wait_for_selector("text=· Threshold")
    assert fits(head)
    head.click("[value=approve]")
    head.wait_for_selector("[data-state=approved]")
    draft = BookDraft.objects.get()
    assert (draft.state, draft.book.content["grades"]["valued"]["minimum"]) == ("approved", "2900000")


def test_a_portfolio_is_handed_over_by_three_people(desk, server):
    from weihu.workplace.bank.current import current
    from weihu.workplace.bank.models import Staff, Standing
    from weihu.workplace.gate.models import Placement

    boss = Staff.objects.filter(post="branch_manager").order_by("staff_id")[0]
    people = Staff.objects.filter(post="relationship_manager", branch_id=boss.branch_id).order_by("staff_id")
    giver, receiver = people[0], people[1]
    count = Standing.objects.listed_at(current()).filter(primary_id=giver.staff_id).count()
    page = desk(1440, "zh-CN", "relationship_manager")
    page.goto(f"{server.url}/portfolios/handovers/")
    page.select_option("#to", receiver.staff_id)
    page.fill("#note", "多在上午联系")
    page.check("[name=scope]")
    page.click("[data-handover] .btn-primary")
    page.click("#ask [value=yes]")
    page.wait_for_selector("[data-state=proposed]")
    address = page.url
    telephone = desk(390, "en-US", receiver.staff_id)
    telephone.goto(address)
    telephone.click("[value=accept]")
    telephone.wait_for_selector("[data-state=accepted]")
    assert fits(telephone)
    approving = desk(1440, "zh-CN", "branch_manager")
    approving.goto(address)
    approving.click("[value=approve]")
    approving.wait_for_selector("[data-state=approved]")
    assert Placement.objects.filter(staff_id=receiver.staff_id, origin="handover").count() == count
    page.reload()
    page.wait_for_selector("[data-state=approved]")


def test_a_referral_goes_from_the_counter_to_the_manager_and_comes_back_with_a_result(desk, server, home, deliveries):
    from weihu.nightly.run import Nightly
    from weihu.workplace.bank.current import current
    from weihu.workplace.bank.models import Staff, Standing
    from weihu.workplace.gate.models import Referral
    from weihu.workplace.judge.grading.models import GradeException

    counter = Staff.objects.filter(post="low_counter").order_by("staff_id")[0]
    row = Standing.objects.listed_at(current()).filter(primary_id=counter.staff_id, grade_rank=2).order_by("-aum")[0]
    page = desk(390, "zh-CN", "low_counter")
    page.goto(f"{server.url}/customers/{row.customer_id}/?tab=service")
    if not page.locator("[data-refer]").is_visible():
        page.click("#responsibility summary")
    page.click("[data-refer] .btn-primary")
    page.wait_for_selector("[data-state=open]")
    assert fits(page)
    referral = Referral.objects.get()
    manager = desk(1440, "en-US", referral.to_id)
    manager.goto(f"{server.url}/portfolios/referrals/")
    manager.click("[value=decline]")
    manager.wait_for_selector("text=Please give a reason.")
    manager.click("[value=accept]")
    manager.wait_for_selector("[data-state=accepted]")
    on = current().work_date
    GradeException.objects.create(
        customer_id=row.customer_id,
        grade="potential",
        from_on=on,
        until_on=on,
        reason="x",
        granted_by="x",
        agreed_by="y",
    )
    with Nightly(home) as nightly:
        nightly.run(next(folder for folder in deliveries if folder.name == str(on)))
    page.goto(f"{server.url}/portfolios/referrals/")
    page.wait_for_selector("text=其中 1 名已提升")


def test_the_picture_of_migrations_leads_to_the_people(desk, server):
    from datetime import timedelta

    from weihu.workplace.bank.current import current
    from weihu.workplace.bank.models import GradeChange, Standing

    run = current()
    row = Standing.objects.listed_at(run).filter(grade_rank=3).order_by("customer_id")[0]
    fields = {"customer_id": row.customer_id, "branch_id": row.branch_id, "primary_id": row.primary_id, "why": "risen"}
    worth = {"metric": row.aum, "aum": row.aum, "rank_before": 2, "rank_after": 3}
    GradeChange.objects.all().delete()
    GradeChange.objects.create(run_id=run.number, on=run.business_date, **fields, **worth)
    page = desk(1440, "zh-CN", "personal_banking")
    after = run.business_date - timedelta(days=1)
    page.goto(f"{server.url}/grading/migration/?after={after}&until={run.business_date}")
    page.wait_for_selector("[data-sankey] svg")
    page.locator("[data-sankey] svg path[fill-opacity='0.35']").first.click()
    page.wait_for_url("**from=2&to=3**")
    assert page.locator(f"#people a[href='/customers/{row.customer_id}/']").count() == 1
    page.click("nav >> text=分布")
    page.wait_for_selector("[data-pareto] svg")


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_customer_is_received_and_who_answers_reads_of_it(desk, server, width, language):
    """By keyboard: a telephone number opens the card, a fact and words are saved; the card closes and opens nothing."""
    page = desk(width, language, "high_counter")
    teller, run = Staff.objects.filter(post="high_counter").order_by("staff_id")[0], current()
    gate = Gate(teller, run)
    rows = gate.of_branch().filter(grade_rank__gte=2, facts_known__lt=F("facts_expected"), primary_id__isnull=False)
    standing = rows.exclude(customer_id__in=gate.standings().values("customer_id")).order_by("-aum")[0]
    page.goto(server.url + reverse("reception"))
    page.keyboard.type(standing.customer.phone)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card-facts]")
    card = page.url
    assert fits(page)
    assert violations(page, card) == []
    expect(page.locator("[data-card-left]")).to_contain_text("14:")
    boxes = page.locator("[data-card-facts] input[type=checkbox][name^=refused-]")
    boxes.first.check()
    page.locator("[data-card-facts] .btn-primary").click()
    page.wait_for_url("**done=facts")
    page.locator("#told").fill("想了解大额存单")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=told")
    contact = Contact.objects.get(customer_id=standing.customer_id, staff_id=teller.pk)
    assert (contact.way, contact.outcome) == ("counter", "served")
    page.locator("button[value=close]").click()
    page.wait_for_selector("[data-reception]")
    assert page.request.get(card).status == 404
    assert violations(page, page.url) == []
    owner = desk(width, language, standing.primary_id)
    owner.goto(server.url + reverse("memos"))
    expect(owner.locator("main")).to_contain_text("想了解大额存单")
    assert violations(owner, owner.url) == []


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_the_supervisor_reads_of_unusual_use(desk, server, language):
    run = current()
    teller = Staff.objects.filter(post="high_counter").order_by("staff_id")[0]
    misses = run.rulebook.reception.watched_misses
    Miss.objects.bulk_create(Miss(staff_id=teller.pk, on=run.work_date, at=timezone.now()) for _ in range(misses))
    supervisor = Staff.objects.filter(post="rm_supervisor", branch_id=teller.branch_id)[0]
    page = desk(1440, language, supervisor.pk)
    page.goto(server.url + reverse("board"))
    expect(page.locator("[data-unusual]")).to_contain_text(teller.name)
    assert violations(page, page.url) == []


def test_a_card_goes_back_to_the_search_when_its_time_is_over(desk, server):
    page = desk(1440, "zh-CN", "high_counter")
    teller = Staff.objects.filter(post="high_counter").order_by("staff_id")[0]
    standing = Gate(teller, current()).of_branch().filter(customer__phone__isnull=False).order_by("-aum")[0]
    page.goto(server.url + reverse("reception"))
    page.keyboard.type(standing.customer.phone)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-card-until]")
    ServiceCard.objects.update(until=timezone.now() + timedelta(seconds=2))
    page.reload()
    page.wait_for_selector("[data-reception]")


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_list_is_ordered_by_a_click_and_turned_through(desk, server, width, language):
    page = desk(width, language, "branch_manager")
    page.goto(server.url + reverse("fixed_list", args=["maturing"]))
    assert fits(page)
    assert violations(page, page.url) == []
    page.locator("th a[href*='sort=aum']").click()
    page.wait_for_selector("th[aria-sort=descending]")
    names = list(dict.fromkeys(page.locator("tbody a").all_inner_texts()))
    top = page.locator(".list-table thead th").first.bounding_box()["y"]
    page.locator(".list-scroll").evaluate("node => node.scrollTop = 200")
    assert page.locator(".list-table thead th").first.bounding_box()["y"] == pytest.approx(top, abs=1)
    page.locator(".list-scroll").evaluate("node => node.scrollTop = 0")
    page.locator("tbody a").first.click()
    page.wait_for_selector("[data-turn='1']")
    page.locator("[data-turn='1']").click()
    expect(page.locator("h1")).to_contain_text(names[1])


def richest():
    """The customer of a branch of whom most is said, with more of everything."""
    import uuid

    from weihu.workplace.act.care.beginning import begin_by_hand
    from weihu.workplace.act.care.models import CarePlan
    from weihu.workplace.act.schedule.models import Visit
    from weihu.workplace.bank.models import Account, Signal
    from weihu.workplace.know.complaints.cases import open_case

    run = current()
    manager = Staff.objects.filter(post="branch_manager").order_by("staff_id")[0]
    customer = Gate(manager, run).standings().order_by("-grade_rank", "-aum")[0].customer_id
    account = Account.objects.filter(customer_id=customer)[0]
    signal = Signal.objects.listed_at(run).filter(held_out=False).exclude(led_by__gt="")[0]
    for number in range(8):
        said = {"way": "phone", "outcome": "considering", "note": "问过三年定期的利率,下周再来面谈,先发资料。" * 2}
        Contact.objects.create(
            token=uuid.uuid4(), customer_id=customer, staff_id=manager.pk, on=run.work_date,
            recorded_at=timezone.now(), **said,
        )  # fmt: skip
        account.account_id, account.matures_on = f"M{number}", run.work_date + timedelta(days=number)
        account.closed_on = None
        account.save()
        signal.pk, signal.customer_id, signal.subject = None, customer, f"x{number}"
        signal.save()
        Visit.objects.create(
            token=uuid.uuid4(), customer_id=customer, staff_id=manager.pk, on=run.work_date, at="10:00", minutes=45,
            made_on=run.work_date, place="网点贵宾室",
        )  # fmt: skip
        complaint = {"origin": "phone", "subject": "理财到期未通知,电话也打不通"}
        open_case(customer, complaint, manager.pk, run.work_date, run.rulebook, uuid.uuid4())
    for plan in run.rulebook.care_plans:
        if not CarePlan.objects.filter(customer_id=customer, plan=plan, ended_on__isnull=True).exists():
            begin_by_hand(customer, plan, run.rulebook, manager.pk, run.work_date)
    return customer


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_customer_of_whom_much_is_said_is_one_page_and_every_tab_opens(desk, server, language):
    """The overview is no longer than 1,200 pixels; tabs open by mouse and arrows, keep their address, and go back."""
    page = desk(1440, language, "branch_manager")
    page.set_viewport_size({"width": 1440, "height": 900})
    customer = richest()
    page.goto(f"{server.url}/customers/{customer}/")
    page.wait_for_selector("#timeline .event")
    assert page.evaluate("document.documentElement.scrollHeight") <= 1200
    for tab in TABS:
        page.locator(f"#tab-{tab}").click()
        expect(page.locator(f"#tab-{tab}")).to_have_attribute("aria-selected", "true")
        expect(page).to_have_url(f"{server.url}/customers/{customer}/?tab={tab}")
        page.wait_for_load_state("networkidle")
        assert fits(page), tab
        expect(page.locator(".person-head h1")).to_be_in_viewport()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("#tab-service")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#tab-service")).to_be_focused()
    page.go_back()
    expect(page.locator("#tab-compliance")).to_have_attribute("aria-selected", "true")
    page.go_back()
    page.reload()
    expect(page.locator("#care")).to_be_visible()
    page.mouse.wheel(0, 2000)
    expect(page.locator(".person-head h1")).to_be_in_viewport()


def test_a_fact_is_filled_in_by_keyboard_where_it_stands(desk, server):
    """Opened, left by Escape, a wrong value refused, a right one saved; the focus stays at the field."""
    from weihu.workplace.know.archive.models import Fact

    page = desk(1440, "zh-CN", "branch_manager")
    customer = richest()
    page.goto(f"{server.url}/customers/{customer}/")
    edit = page.locator("#fact-income .fact-edit")
    edit.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#fact_income")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#fact-income .fact-edit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#fact_income")).to_be_focused()
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fact-income [role=alert]")
    assert not Fact.objects.exists()
    page.locator("#fact_income").fill("9800")
    page.keyboard.press("Enter")
    expect(page.locator("#fact-income .fact-edit")).to_be_focused()
    expect(page.locator("#fact-income")).to_contain_text("9,800")
    fact = Fact.objects.get()
    assert (fact.field, fact.channel, fact.customer_id) == ("income", "service", customer)


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_quick_note_is_a_contact_from_any_tab(desk, server, width, language):
    """Reached by its key, answered by a toast, on top of the timeline; another time asks for the day."""
    page = desk(width, language, "branch_manager")
    customer = richest()
    Contact.objects.all().delete()
    page.goto(f"{server.url}/customers/{customer}/?tab=family")
    page.keyboard.press("n")
    expect(page.locator("#id_note")).to_be_focused()
    page.keyboard.type("约好下周来签字")
    expect(page.locator(".quick-date")).to_be_hidden()
    page.locator(".quick-note .outcome", has=page.locator("[value=rescheduled]")).click()
    expect(page.locator(".quick-date")).to_be_visible()
    assert fits(page)
    page.locator("#id_note").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".saved")
    contact = Contact.objects.get()
    assert (contact.note, contact.outcome, contact.customer_id) == ("约好下周来签字", "rescheduled", customer)
    assert contact.follow_up_on is not None
    expect(page.locator("#timeline")).to_contain_text("约好下周来签字")

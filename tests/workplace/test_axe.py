"""No page breaks a rule of accessibility (axe-core: WCAG 2.1 A and AA, and its best practices), in either language."""

import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from tests.workplace.test_gate import OF_A_CUSTOMER, PAGES
from weihu.workplace.act.lists.columns import OPEN
from weihu.workplace.customer.tabs import TABS

pytestmark = pytest.mark.long
AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text()
NO_PAGES = {
    "model_switch",
    "not_planned",
    "filter_input",
    "view_save",
    "bulk",
    "called",
    "search",
    "waiting",
    "feed_act",
    "morning_pdf",
    "cockpit_pdf",
    "run",
    "book_draft",
}
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)"


def something_on_every_page(manager) -> tuple[int, int, str]:
    """A campaign under way, an introduction, a text, a visit and a care plan of the manager's branch."""
    from weihu.workplace.act.campaigns.drawing import start
    from weihu.workplace.act.campaigns.models import Campaign
    from weihu.workplace.act.care.beginning import begin_by_hand
    from weihu.workplace.act.care.models import CarePlan
    from weihu.workplace.act.introductions.models import Introduction
    from weihu.workplace.act.messaging.models import Template
    from weihu.workplace.act.schedule.models import Visit
    from weihu.workplace.act.team.models import WorkNote
    from weihu.workplace.bank.current import current
    from weihu.workplace.gate.reach import Gate

    run = current()
    gate, on = Gate(manager, run), run.work_date
    listed, other = [row.customer_id for row in gate.standings().order_by("-grade_rank", "-aum", "customer_id")[:2]]
    by = {"made_by": manager.pk, "made_on": on}
    Template.objects.create(medium="sms", title="问候", text="{name}您好", **by)
    Introduction.objects.create(
        token=uuid.uuid4(), introducer_id=listed, introduced_id=other, staff_id=manager.pk, branch_id=manager.branch_id, on=on,
        first_product_on=on,
    )  # fmt: skip
    Visit.objects.create(
        token=uuid.uuid4(), customer_id=listed, staff_id=manager.pk, on=on, at="10:00", minutes=45, made_on=on
    )
    WorkNote.objects.create(staff_id=manager.pk, on=on, minutes=30, text="培训")
    if not CarePlan.objects.filter(customer_id=listed, ended_on__isnull=True).exists():
        begin_by_hand(listed, "big_maturity", run.rulebook, manager.pk, on)
    begins = {"control_share": Decimal("0.25"), "wave_size": 10, "stop_share": Decimal("0.20"), "stop_after": 20}
    campaign = Campaign.objects.create(
        title="存款节", query="", seed=5, branch_id=manager.branch_id, from_on=on, to_on=on + timedelta(days=30),
        **begins, **by,
    )  # fmt: skip
    start(campaign, gate, run.rulebook, "y", on)
    draft = Campaign.objects.create(
        title="理财节",
        query="grade=2",
        seed=5,
        branch_id=manager.branch_id,
        from_on=on,
        to_on=on + timedelta(days=30),
        **begins,
        **by,
    )
    return campaign.pk, draft.pk, listed


def violations(page, address: str) -> list[str]:
    answer = page.request.get(address)
    if answer.status in (404, 405) or "html" not in answer.headers.get("content-type", ""):
        return []
    page.goto(address)
    for box in page.locator("details").all():  # what is folded away is read too
        box.evaluate("node => node.open = true")
    page.evaluate(AXE)
    return [f"{address}: {text}" for text in page.evaluate(RUN)]


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_no_page_of_a_branch_manager_breaks_a_rule(desk, server, language):
    from weihu.workplace.bank.models import Staff

    page = desk(1440, language, "branch_manager")
    manager = Staff.objects.filter(post="branch_manager").order_by("staff_id")[0]
    campaign, draft, customer = something_on_every_page(manager)
    addresses = [reverse(name) for name in sorted(PAGES - NO_PAGES)]
    addresses += [reverse("campaign", args=[number]) for number in (campaign, draft)]
    addresses += [
        reverse(name, args=[customer, *more])
        for name, (method, more) in OF_A_CUSTOMER.items()
        if method == "get" and name not in ("task", "timeline")
    ]
    addresses += [reverse("fixed_list", args=[name]) for name in OPEN]
    assert [text for address in addresses for text in violations(page, server.url + address)] == []


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_tab_of_a_customer_breaks_a_rule(desk, server, width, language):
    """With a plan, a visit and an introduction, the boxes of the head open, and a field being filled in."""
    from weihu.workplace.bank.models import Staff

    page = desk(width, language, "branch_manager")
    manager = Staff.objects.filter(post="branch_manager").order_by("staff_id")[0]
    *_, customer = something_on_every_page(manager)
    address = server.url + reverse("customer", args=[customer])
    listed = [text for tab in TABS for text in violations(page, f"{address}?tab={tab}")]
    page.goto(address)
    page.locator("#fact-hobbies .fact-edit").click()
    page.wait_for_selector("#fact-hobbies form")
    page.evaluate(AXE)
    assert listed + page.evaluate(RUN) == []


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_no_page_of_a_day_breaks_a_rule(desk, server, width, language):
    page = desk(width, language)
    listed = [
        text
        for name in ("today", "customers", "board", "evening", "cockpit", "introductions")
        for text in violations(page, server.url + reverse(name))
    ]
    page = desk(width, language, "it_operator")
    listed += [text for name in ("runs",) for text in violations(page, server.url + reverse(name))]
    page.goto(server.url + reverse("runs"))
    page.locator("table a").first.click()
    listed += violations(page, page.url)
    page.context.clear_cookies()
    assert listed + violations(page, server.url + reverse("login")) == []

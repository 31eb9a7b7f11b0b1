"""Every line of the bank's brief, walked by the post that does it, as docs/tour.md says: at the desk and on a phone."""

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.db.models import F
from django.urls import reverse
from playwright.sync_api import expect

from tests.test_docs import page as document
from tests.workplace.test_axe import AXE, RUN
from tests.workplace.test_browser import fits, open_task
from weihu.rules import rulebook
from weihu.workplace.act.introductions.models import Introduction
from weihu.workplace.act.reception.models import Memo
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff
from weihu.workplace.contact.models import Contact
from weihu.workplace.gate.models import Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.know.archive.models import Fact
from weihu.workplace.know.complaints.models import Complaint
from weihu.workplace.know.intake.models import Invitation

pytestmark = pytest.mark.long
CATEGORIES = 8
DESK, PHONE = 1440, 390


class Hands:
    """Somebody's hands at a page: every click, key and choice counts, and so does a text that is typed."""

    def __init__(self, page, staff: Staff) -> None:
        self.page, self.staff, self.count = page, staff, 0

    def click(self, target: str) -> None:
        self.page.locator(target).locator("visible=true").first.click()
        self._settle()

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self._settle()

    def type(self, target: str, words: str) -> None:
        self.page.locator(target).first.fill(words)
        self.count += 1

    def choose(self, target: str, value: str) -> None:
        self.page.locator(target).first.select_option(value)
        self._settle()

    def entry(self, name: str, *args: str) -> None:
        """Open an entry of the rail, or of the telephone's bar and menu."""
        link = f"a.rail-link[href='{reverse(name, args=args)}']"
        if not self.page.locator(link).locator("visible=true").count():
            if not self.page.locator("#rail").is_visible():
                self.click("[data-menu]")
            if not self.page.locator(f"#rail {link}").is_visible():
                self.click(f"#rail details:has({link}) > summary")
        self.click(link)

    def first_customer(self) -> str:
        """Open the customers and the first of them; whose number it is."""
        self.entry("customers")
        self.click("#rows a")
        expect(self.page.locator(".person-head")).to_be_visible()
        return re.search(r"/customers/(\w+)/", self.page.url).group(1)

    def _settle(self) -> None:
        self.count += 1
        self.page.wait_for_load_state()
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def fill_in_basic(hands: Hands, field: str, value: str) -> str:
    customer = hands.first_customer()
    hands.click("#tab-archive")
    hands.click("#archive h3 a")
    hands.type(f"#id_{field}", value)
    hands.press("Enter")
    expect(hands.page.locator("#archive")).to_be_visible()
    assert Fact.objects.get(customer_id=customer, field=field).value == value
    return customer


def an_archive_is_begun(hands: Hands) -> None:
    fill_in_basic(hands, "postcode", "210000")


def gaps_are_work(hands: Hands) -> None:
    hands.entry("lists")
    hands.click(f"a[href^='{reverse('fixed_list', args=['missing'])}']")
    expect(hands.page.locator(".list-table tbody .fw-medium").first).to_be_visible()
    hands.click(".list-table tbody a")
    hands.click(".person-head a[href$='/facts/']")
    expect(hands.page.locator("[data-facts] .fact-row").first).to_be_visible()


def eight_kinds(hands: Hands) -> None:
    hands.first_customer()
    hands.click("#tab-archive")
    expect(hands.page.locator("#archive section")).to_have_count(CATEGORIES)
    hands.click("#tab-family")
    expect(hands.page.locator("#relations")).to_be_visible()


def a_survey_is_made(hands: Hands) -> None:
    hands.entry("invitations")
    hands.type("#id_title", "重阳茶会")
    hands.type("#id_closes_on", "2030-01-01")
    hands.choose("#id_asked", "hobbies")
    hands.click("form .btn-primary")
    expect(hands.page.locator("[data-code] svg")).to_be_visible()
    assert Invitation.objects.get().staff_id == hands.staff.pk


def occasions_are_ahead(hands: Hands) -> None:
    hands.entry("occasions")
    hands.click("[href='?days=90']")
    expect(hands.page.locator("tbody tr a").first).to_be_visible()


def flows_and_what_suits(hands: Hands) -> None:
    hands.first_customer()
    expect(hands.page.locator(".key-figures .facts > div", has=hands.page.locator("strong"))).not_to_have_count(0)
    expect(hands.page.locator("#suggestions li").first).to_be_visible()
    hands.click("#tab-assets")
    expect(hands.page.locator("[data-chart] svg, [data-chart] canvas").first).to_be_visible()


def a_wish_shows_where_one_acts(hands: Hands) -> None:
    customer = hands.first_customer()
    hands.click("#tab-archive")
    hands.click("#archive h3 a")
    hands.choose("#id_preferred_channel", "phone")
    hands.click("[data-facts] .btn-primary")
    expect(hands.page.locator(".alerts")).to_be_visible()
    assert Fact.objects.get(customer_id=customer, field="preferred_channel").value == "phone"


def a_segment_finds_the_aim(hands: Hands) -> None:
    hands.entry("segments")
    hands.click("a[href$='example=idle']")
    hands.type("[name=g0-r0-value]", "5000")
    hands.click(".segment-builder .btn-primary")
    expect(hands.page.locator("[data-total]")).to_be_visible()
    assert int(hands.page.locator("[data-total]").text_content().replace(",", "")) > 0
    expect(hands.page.locator("[data-members] a").first).to_be_visible()


def rules_are_tried_out(hands: Hands) -> None:
    hands.entry("distribution")
    hands.click(f"a.nav-link[href='{reverse('whatif')}']")
    valued = hands.page.locator("[data-grade=valued] strong").first
    before = valued.inner_text()
    hands.type("[name='minimum valued']", "2900000")
    expect(valued).not_to_have_text(before)


def the_curve_and_the_time(hands: Hands) -> None:
    hands.entry("distribution")
    expect(hands.page.locator("[data-pareto] svg")).to_be_visible()
    expect(hands.page.locator("[data-top-share]")).to_be_visible()


def nobody_is_without_an_owner(hands: Hands) -> None:
    hands.entry("portfolios")
    expect(hands.page.locator("tbody strong").first).to_be_visible()
    expect(hands.page.locator(".border-danger")).to_have_count(0)


def who_can_move_up_is_referred(hands: Hands) -> None:
    customer = hands.first_customer()
    hands.click(".person-head .acts > :last-child > summary")
    hands.click(".act-links a[href*=responsibility]")
    if not hands.page.locator("[data-refer]").is_visible():
        hands.click("#responsibility summary")
    hands.click("[data-refer] button")
    expect(hands.page.locator(".toast-note")).to_be_visible()
    assert Referral.objects.get().customer_id == customer


def receive(hands: Hands, **conditions: object) -> str:
    """Open the service card of somebody else's customer by telephone; whose it is."""
    gate = Gate(hands.staff, current())
    others = gate.of_branch().exclude(customer_id__in=gate.standings().values("customer_id"))
    phones = [row.customer.phone for row in gate.of_branch().select_related("customer")]
    standing = next(
        row
        for row in others.filter(primary_id__isnull=False, **conditions).order_by("-aum")
        if row.customer.phone and phones.count(row.customer.phone) == 1
    )
    hands.type("#number", standing.customer.phone)
    hands.press("Enter")
    expect(hands.page.locator("[data-card-facts]")).to_be_visible()
    return standing.customer_id


def the_counter_collects_facts(hands: Hands) -> None:
    customer = receive(hands, grade_rank__gte=2, facts_known__lt=F("facts_expected"))
    hands.click("[data-card-facts] input[type=checkbox][name^=refused-]")
    hands.click("[data-card-facts] .btn-primary")
    expect(hands.page.locator("[role=status]").first).to_be_visible()
    assert Fact.objects.get().channel == "service"
    assert Memo.objects.get().customer_id == customer


def money_between_branches_is_read(hands: Hands) -> None:
    hands.entry("lists")
    hands.click(f"a[href^='{reverse('fixed_list', args=['inter_branch'])}']")
    expect(hands.page.locator("[data-total]")).to_be_visible()
    hands.entry("lists")
    hands.click(f"a[href^='{reverse('fixed_list', args=['money'])}']")
    hands.choose("select[name=days]", "90")
    hands.click("form .btn:has(.ti-filter)")
    hands.click(".list-table tbody a")
    expect(hands.page.locator(".person-turn")).to_be_visible()


def losses_open_their_people(hands: Hands) -> None:
    hands.entry("cockpit")
    expect(hands.page.locator("[data-headline]")).to_have_count(4)
    hands.click("[data-headline=lost]")
    expect(hands.page.locator("[data-total]").first).to_be_visible()


def an_introduction_is_recorded(hands: Hands) -> None:
    customer = hands.first_customer()
    hands.click("#tab-family")
    hands.click("#introductions summary")
    hands.type("#introductions [name=name]", "王小明")
    hands.type("#introductions [name=phone]", "13900001234")
    hands.click("#introductions details .btn")
    expect(hands.page.locator(".toast-note")).to_be_visible()
    assert Introduction.objects.get().introducer_id == customer


def products_per_customer(hands: Hands) -> None:
    hands.entry("cockpit")
    hands.click(".besides a[href*='measure=products']")
    expect(hands.page.locator("[data-trend] canvas, [data-trend] svg").first).to_be_visible()


def the_effect_is_measured(hands: Hands) -> None:
    hands.entry("cockpit")
    hands.click(f"a.nav-link[href^='{reverse('effects')}']")
    expect(hands.page.locator("tbody tr").first).to_be_visible()


def a_contact_is_recorded(hands: Hands) -> None:
    if not hands.page.locator("[data-panel]").is_visible():
        open_task(hands.page)
        hands.count += 1
    customer = hands.page.locator("[data-panel]").get_attribute("data-panel")
    hands.press("1")
    hands.press("Enter")
    expect(hands.page.locator(".saved").first).to_be_visible()
    assert Contact.objects.get().customer_id == customer


def a_complaint_is_closed_in_time(hands: Hands) -> None:
    hands.first_customer()
    hands.click(".person-head .acts > :last-child > summary")
    hands.click(".act-links a[href*=complaints]")
    hands.type("#id_subject", "排队太久")
    hands.click("[data-complaint] .btn-primary")
    hands.type("#note", "已增开窗口")
    hands.click("[value=closed]")
    expect(hands.page.locator(".badge.bg-success-lt").first).to_be_visible()
    case = Complaint.objects.get()
    assert case.closed_on == case.raised_on


def a_benefit_is_used(hands: Hands) -> None:
    customer = receive(hands, grade_rank__gte=current().rulebook.rank("potential"))
    hands.click("form:has([name=benefit]) button")
    expect(hands.page.locator("[role=status]").first).to_be_visible()
    assert BenefitUse.objects.get().customer_id == customer


class Line(NamedTuple):
    """A line of the brief, the post that does it and how; ``phone``: it is walked on a phone too."""

    number: str
    post: str
    walk: Callable[[Hands], None]
    phone: bool = False


LINES = [
    Line("M1", "low_counter", an_archive_is_begun),
    Line("M2", "relationship_manager", gaps_are_work, phone=True),
    Line("M3", "vip_counter", eight_kinds),
    Line("M4", "lobby_manager", a_survey_is_made, phone=True),
    Line("M5", "relationship_manager", occasions_are_ahead),
    Line("M6", "relationship_manager", flows_and_what_suits),
    Line("M7", "vip_counter", a_wish_shows_where_one_acts),
    Line("M8", "personal_banking", a_segment_finds_the_aim),
    Line("M9", "branch_manager", rules_are_tried_out),
    Line("M10", "rm_supervisor", the_curve_and_the_time),
    Line("M11", "branch_manager", nobody_is_without_an_owner),
    Line("M12", "low_counter", who_can_move_up_is_referred, phone=True),
    Line("M13", "high_counter", the_counter_collects_facts, phone=True),
    Line("M14", "relationship_manager", money_between_branches_is_read, phone=True),
    Line("M15", "rm_supervisor", losses_open_their_people, phone=True),
    Line("M16", "relationship_manager", an_introduction_is_recorded),
    Line("M17", "branch_manager", products_per_customer),
    Line("M18", "personal_banking", the_effect_is_measured),
    Line("M19", "relationship_manager", a_contact_is_recorded, phone=True),
    Line("M20", "branch_manager", a_complaint_is_closed_in_time, phone=True),
    Line("M21", "vip_counter", a_benefit_is_used),
]
WALKS = [(line, DESK, "zh-CN") for line in LINES] + [(line, PHONE, "en-US") for line in LINES if line.phone]


class Told(NamedTuple):
    """A row of the tour's table."""

    number: str
    asks: str
    post: str
    page: str
    way: str
    clicks: str
    picture: str


def told() -> dict[str, Told]:
    """The rows of the tour's table by their lines."""
    lines = document("docs/tour").splitlines()
    rows = [Told(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines if line.startswith("| M")]
    return {row.number: row for row in rows}


def test_the_tour_has_every_line_of_the_brief_with_its_post():
    posts = rulebook.load("brief").posts
    assert {row.number: row.post for row in told().values()} == {line.number: posts[line.post].en for line in LINES}
    assert sorted(told()) == sorted(f"M{number}" for number in range(1, 22))


@pytest.mark.parametrize(
    ("line", "width", "language"), WALKS, ids=[f"{line.number}-{width}" for line, width, _ in WALKS]
)
def test_a_line_of_the_brief_is_walked_by_its_post(desk, server, line, width, language):
    """From the post's first page, with as many clicks as the tour says; the last page fits and breaks no rule of axe."""
    page = desk(width, language, line.post)
    staff = Staff.objects.filter(post=line.post).order_by("staff_id")[0]
    if current().rulebook.posts[line.post].receives:
        page.goto(server.url + reverse("reception"))
    hands = Hands(page, staff)
    line.walk(hands)
    assert fits(page)
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    if width == DESK:
        assert hands.count == int(told()[line.number].clicks)

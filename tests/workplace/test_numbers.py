"""The same figure on two pages is the same number: read from the pages as they are shown, after a night that left some
customers without effect and others on watch."""

import re
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from tests import bank
from tests.workplace.test_team import text_of
from weihu.nightly.run import Nightly
from weihu.rules import rulebook
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Holding, Product, Run, Staff, Standing, Task
from weihu.workplace.base.words import amount_text
from weihu.workplace.gate.figures import FigureScope, own_scope, scope_of
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.grading import books
from weihu.workplace.see.cockpit.reading import Period, bridge_of, by_grade, cells_of, total_of

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("numbers")]  # one process runs the night

HEADS = ["branch_manager", "rm_supervisor", "personal_banking"]


class Rows(HTMLParser):
    """The rows of a page's tables, as the texts of their cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self._cell:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip()

    def starting(self, name: str) -> list[list[str]]:
        return [row for row in self.rows if row and row[0] == name]


@pytest.fixture(scope="module")
def harder(django_db_setup, django_db_blocker, deliveries, home):
    """A night by a book that asks more of customers, published for all tests of this file; afterwards all is as before."""
    more = {
        "grades": {"potential": {"minimum": 260_000}, "valued": {"minimum": 900_000}},
        "policy": {"watch_after_months": 1, "downgrade_after_months": 3},
        "effective": {"below": 3000, "idle_days": 1},
        "losses": {"amount": 1000, "share": "0.98", "days": 7},
        "version": "2",
    }
    with django_db_blocker.unblock():
        try:
            run = current()
            manager, head = (Staff.objects.filter(post=post).first() for post in ("branch_manager", "personal_banking"))
            book = rulebook.changed(run.rulebook, more)
            draft = books.keep(book, run.book, "x", run.work_date, manager.pk, run.work_date)
            books.submit(draft, manager.pk)
            books.decide(draft, True, Gate(head, run), run.work_date, "")
            with Nightly(home) as nightly:
                number = nightly.run(deliveries[bank.PUBLISHED_DAYS]).number
            yield number
        finally:
            bank.restore()


@pytest.fixture
def night(harder, db):
    """That night, as each test reads it for itself."""
    after = Run.objects.get(pk=harder)
    rows = Standing.objects.listed_at(after)
    assert rows.filter(effective=False).exists()
    assert rows.filter(effective=True, watch_since__isnull=False).exists()
    return after


@pytest.fixture
def run(night):
    """The night before it."""
    return Run.objects.get(pk=night.built_on)


@pytest.fixture
def read(night, signed_in):
    """Pages as a post sees them."""

    def page(post: str, name: str, *args: str, **parameters: object) -> str:
        answer = signed_in(post).get(reverse(name, args=args), parameters)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


def total(page: str) -> int | None:
    found = re.search(r'data-total="(\d+)"', page)
    return int(found[1]) if found else None


def share(page: str) -> list[str]:
    return re.findall(r"data-top-share>([^<]*)<", page)


@pytest.mark.parametrize("post", HEADS)
def test_customers_aum_and_watch_are_the_same_everywhere(post, read, night, member, signed_in):
    gate = Gate(member(post), night)
    reached = list(gate.standings())
    effective = [row for row in reached if row.effective]
    customers, watched = len(effective), sum(row.watch_since is not None for row in effective)
    aum = amount_text(sum(row.aum for row in reached))
    distribution, cockpit = Rows(read(post, "distribution")), Rows(read(post, "cockpit"))
    (whole,) = distribution.starting("合计")
    assert (whole[1], whole[3], whole[5]) == (f"{customers:,}", aum, str(watched))
    by_grades, by_parts = cockpit.starting("合计")
    assert (by_grades[1], by_grades[3]) == (f"{customers:,}", aum)
    assert (by_parts[1], by_parts[3], by_parts[4]) == (f"{customers:,}", str(watched), aum)
    assert total(read(post, "customers")) == customers
    assert total(read(post, "customers", watch="1")) == watched
    assert len([row for row in Rows(read(post, "near", part="watch")).rows[1:] if len(row) > 1]) == min(watched, 200)
    assert f"data-total>{watched}<" in read(post, "fixed_list", "watch")
    first = text_of(signed_in(post).get(reverse("cockpit_pdf")).content)[0]
    assert f"{customers:,.0f}" in first and aum.replace("¥", "￥") in first
    idle = len(reached) - customers
    assert idle == 0 or f"{idle} 位非有效户" in read(post, "distribution")


@pytest.mark.parametrize("post", ["branch_manager", "relationship_manager"])
def test_a_grade_has_as_many_customers_in_every_place(post, read, night, signed_in):
    distribution, cockpit = Rows(read(post, "distribution")), Rows(read(post, "cockpit"))
    staff = {} if post == "branch_manager" else {"staff": reader_of(read, post)}
    for rank, grade in enumerate(night.rulebook.grades.values()):
        (row,) = distribution.starting(grade.zh)
        links = re.findall(rf'href="([^"]*grade={rank}[^"]*)"', read(post, "distribution"))
        assert {total(signed_in(post).get(unescape(link)).content.decode()) for link in links} == {
            int(row[1].replace(",", ""))
        }
        assert total(read(post, "customers", grade=rank, **staff)) == int(row[1].replace(",", ""))
        for other in cockpit.starting(grade.zh):
            assert (other[1], other[3]) == (row[1], row[3])


def reader_of(read, post):
    return re.search(r'data-part="staff=([^"]+)"', read(post, "cockpit"))[1]


def test_a_persons_customers_are_those_of_the_cockpit_of_the_branch_and_of_the_own(read, night, member):
    post = "branch_manager"
    portfolios = {row[0].split()[-1]: row for row in Rows(read(post, "portfolios")).rows if len(row) > 6}
    people = re.findall(r'data-part="staff=([^"]+)"', read(post, "cockpit"))
    assert people
    rows = {row[0]: row for row in Rows(read(post, "cockpit")).rows if len(row) > 10}
    for staff_id in people:
        name = Staff.objects.get(pk=staff_id).name
        own = Standing.objects.listed_at(night).filter(primary_id=staff_id)
        customers = own.filter(effective=True).count()
        money = amount_text(sum(row.aum for row in own))
        assert rows[name][1] == f"{customers:,}" and rows[name][4] == money
        assert total(read(post, "customers", staff=staff_id)) == customers
        if staff_id in portfolios:
            assert portfolios[staff_id][3].split()[0] == str(customers)
            assert portfolios[staff_id][6] == money
        assert Rows(read(post, "cockpit", staff=staff_id)).starting("合计")[0][1] == f"{customers:,}"


@pytest.mark.parametrize("post", ["branch_manager", "rm_supervisor"])
def test_the_time_for_the_best_is_one_share_of_one_branch(post, read, night, member):
    board, cockpit, distribution = (share(read(post, name)) for name in ("board", "cockpit", "distribution"))
    people = Staff.objects.filter(branch_id=member(post).branch_id).values("pk")
    tasks = list(Task.objects.filter(run=night, staff_id__in=people))
    best = sum(task.minutes for task in tasks if task.top) / sum(task.minutes for task in tasks)
    assert board == cockpit == distribution == [f"{100 * best:.3g}%"]


def test_the_time_for_the_best_and_the_minutes_are_one_share_of_one_person(read, night, member, signed_in):
    post = "relationship_manager"
    staff = member(post)
    tasks = list(Task.objects.filter(run=night, staff_id=staff.pk))
    minutes = sum(task.minutes for task in tasks)
    best = f"{100 * sum(task.minutes for task in tasks if task.top) / minutes:.3g}%"
    today = read(post, "today")
    pages = [today, *(read(post, name) for name in ("board", "morning", "cockpit", "distribution"))]
    assert {text for page in pages for text in share(page)} == {best}
    assert all(share(page) for page in pages)
    assert re.search(rf"\b{minutes}/\d+", today)
    assert re.findall(r"data-minutes>(\d+)<", read(post, "morning")) == [str(minutes)]
    sheet = text_of(signed_in(post).get(reverse("morning_pdf")).content)[0].replace("\n", "").replace("\r", "")
    assert f"共 {minutes} 分钟" in sheet and f"重点客户占 {best}" in sheet
    assert share(read("personal_banking", "cockpit", staff=staff.pk)) == [best]


def test_the_nights_report_counts_as_the_pages_do(read, night):
    bank = FigureScope(None, "", "", "bank").by_grade(night)
    grades = list(night.rulebook.grades)
    assert night.report["effective_grades"] == {grades[row["grade_rank"]]: row["customers"] for row in bank}
    assert night.report["on_watch"] == sum(row["watched"] for row in bank)
    assert night.report["not_effective"] == sum(row["everybody"] - row["customers"] for row in bank)
    assert Decimal(night.report["reconciliation"]["customer_aum"]) == sum(row["aum"] for row in bank)
    page = Rows(read("branch_manager", "run", night.number))
    assert page.starting("关注")[0][1] == str(night.report["on_watch"])


@pytest.mark.parametrize("post", [*HEADS, "relationship_manager"])
def test_the_bridge_of_aum_is_exact_in_every_scope_and_grade(post, night, member):
    """From every night to every later one, whatever customers changed branch, person or grade on the way."""
    scope = own_scope(Gate(member(post), night))
    dates = sorted(Run.objects.filter(published=True).values_list("business_date", flat=True))
    spans = [*pairwise(dates), (dates[0], dates[-1])]
    for after, until in spans:
        period = Period.of(after, until, night)
        for part in ("branch_id", "staff_id"):
            cells = cells_of(scope, period, part)
            for sums in [*by_grade(cells).values(), total_of(cells.values())]:
                *parts, end = (amount for _name, amount in bridge_of(sums))
                assert sum(parts) == end


def test_a_person_who_takes_customers_over_has_them_as_handed_over(night, member, run):
    gate = Gate(member("branch_manager"), night)
    person = scope_of(gate, "", gate.colleagues().filter(post="relationship_manager")[0].pk)
    cells = cells_of(person, Period.of(run.business_date, night.business_date, night), "staff_id")
    steps = dict(bridge_of(total_of(cells.values())))
    had = set(Standing.objects.at(run).filter(primary_id=person.staff_id).values_list("customer_id", flat=True))
    has = set(Standing.objects.at(night).filter(primary_id=person.staff_id).values_list("customer_id", flat=True))
    then = {row.customer_id: row.aum for row in Standing.objects.at(run)}
    came = sum((then.get(key, Decimal(0)) for key in has - had), Decimal(0))
    assert steps["moved"] == came - sum((then[key] for key in had - has), Decimal(0))


@pytest.mark.parametrize("post", ["branch_manager", "personal_banking", "relationship_manager"])
def test_every_number_of_the_cockpit_opens_as_many_rows(post, read, night, signed_in):
    """Headlines and numbers of tables are links to lists whose total is the number that was pressed."""
    client, page = signed_in(post), read(post, "cockpit")
    opened = 0
    for href, number in re.findall(r'<a href="([^"#?]+\?[^"]*)" data-count="(-?\d+)">', page):
        listed = client.get(unescape(href)).content.decode()
        found = total(listed)
        rows = re.search(r"data-total>(-?[\d,]+)<", listed)
        assert (found if found is not None else int(rows[1].replace(",", ""))) == int(number), href
        opened += 1
    assert opened > 5
    told = {
        key: (unescape(href), re.search(r"data-value>([^<]*)<", rest)[1])
        for href, key, rest in re.findall(r'href="([^"]*)" data-headline="(\w+)">(.*?)</a>', page, re.DOTALL)
    }
    assert list(told) == ["aum", "customers", "lost", "valued"]
    lost = client.get(told["lost"][0]).content.decode()
    assert int(re.search(r"data-total>(\d+)<", lost)[1]) == int(told["lost"][1].replace(",", ""))
    if post != "relationship_manager":
        assert int(told["lost"][1]) > 0
        assert total(client.get(told["customers"][0]).content.decode()) == int(told["customers"][1].replace(",", ""))
    rank = night.rulebook.rank(night.rulebook.pages.valued_from)
    moved = client.get(told["valued"][0]).context["moved"]
    crossed = [(move.before is not None and move.before >= rank, move.after >= rank) for move, _, _ in moved]
    assert all(before != after for before, after in crossed)
    gained = sum(1 if after else -1 for _before, after in crossed)
    assert told["valued"][1] == (f"{gained:+,}" if gained else "0")


@pytest.mark.parametrize(
    ("category", "amount", "line", "said"),
    [
        ("loan", "120000.00", None, "尚欠 ¥12.00万"),
        ("card", "3500.00", "50000.00", "已用 ¥3,500.00 额度 ¥5.00万"),
        ("card", "0.00", "50000.00", "已用 ¥0.00 额度 ¥5.00万"),
        ("standing_order", "0.00", None, "—"),
        ("card", "700.00", None, "¥700.00"),
    ],
)
def test_what_is_owed_is_said_apart_from_what_may_be_used(category, amount, line, said):
    holding = Holding(amount=Decimal(amount), credit_line=Decimal(line) if line else None)
    with translation.override("zh-hans"):
        shown = render_to_string(
            "customer/holding_amount.html", {"holding": holding, "product": Product(category=category)}
        )
    assert " ".join(strip_tags(shown).split()) == said


def test_the_period_of_benefits_begins_with_the_year(signed_in, run):
    page = signed_in("branch_manager").get(reverse("benefits")).content.decode()
    assert f"{run.work_date.year}年1月1日 – " in page


def test_the_nights_cards_have_what_is_used_beside_their_line(run):
    cards = Holding.objects.filter(product_id__in=Product.objects.filter(category="card").values("pk"))
    assert all(0 <= card.amount <= card.credit_line for card in cards) and any(card.amount for card in cards)
    loans = Holding.objects.filter(product_id__in=Product.objects.filter(category="loan").values("pk"))
    assert all(loan.credit_line is None for loan in loans)

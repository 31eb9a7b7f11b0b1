"""Segments: every field against plain Python over the same bank, the gate, the nights, what they are used for, the pages."""

import io
import random
from copy import copy
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import duckdb
import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from tests.settings import HOME
from tests.workplace.test_axe import AXE, RUN
from weihu.rules.catalogue import read
from weihu.workplace.act.campaigns.drawing import check, start
from weihu.workplace.act.campaigns.models import Campaign
from weihu.workplace.act.care.models import CarePlan
from weihu.workplace.act.segments import nightly, reading
from weihu.workplace.act.segments.definition import Condition, Definition, Group, fault
from weihu.workplace.act.segments.examples import EXAMPLES
from weihu.workplace.act.segments.fields import COMPARISONS, FACT, FIELDS, fields_of
from weihu.workplace.act.segments.models import Segment, SegmentMember
from weihu.workplace.act.segments.state import _month_days
from weihu.workplace.act.segments.words import Words
from weihu.workplace.bank.models import (
    Account,
    Branch,
    Customer,
    FoundSegment,
    Holding,
    Product,
    Signal,
    Staff,
    Standing,
    WalletEstimate,
)
from weihu.workplace.base.channels import Channel
from weihu.workplace.consent.consents import ConsentAnswer, record_consent
from weihu.workplace.consent.models import Consent
from weihu.workplace.contact.models import Contact, Outcome, Way
from weihu.workplace.gate import limits
from weihu.workplace.gate.models import Export
from weihu.workplace.gate.reach import Gate
from weihu.workplace.know.archive.facts import FactContent, archives_of, record_fact
from weihu.workplace.know.archive.models import Confidence

EVERYBODY = Definition("all", ())
FACTS = {
    "sex": ["F", "M"],
    "household_size": ["1", "2", "3", "4"],
    "hobbies": ["travel"],
    "wedding_day": ["3", "5", "6", "10"],
}
"""Fields of the archive, one of each kind, with values to ask for."""


def one(*conditions, join="all"):
    return Definition("all", (Group(join, conditions),))


def ids(gate, definition):
    return [row.customer_id for row in reading.page(gate, definition, 0, 10**6)]


def test_nobody_waits_for_a_count_while_it_asks_the_database(run, member, monkeypatch):
    held = []
    monkeypatch.setattr(reading, "contacted_since", lambda on: held.append(reading._lock.locked()) or [])
    gate = Gate(member("branch_manager"), run)
    reading.totals(gate, [EVERYBODY])
    reading.page(gate, EVERYBODY, 0, 1)
    reading.everybody(run, EVERYBODY)
    assert held == [False, False, False]


def say(customer, key, value, run):
    content = FactContent(key, value, Channel.SERVICE, Confidence.TOLD)
    record_fact(customer, content, [], "x", run.work_date, uuid4())


def talk(customer, outcome, on):
    values = {"staff_id": "x", "recorded_at": timezone.now(), "way": Way.PHONE}
    Contact.objects.create(token=uuid4(), customer_id=customer, on=on, outcome=outcome, **values)


def agree(customer, purpose, given, run):
    answer = ConsentAnswer(purpose, "1", given, Channel.SERVICE)
    record_consent(customer, answer, "x", run.work_date, uuid4())


@pytest.fixture
def lived(run):
    """Facts, contacts and consents on top of what the nights know."""
    draw, book = random.Random(3), run.rulebook
    customers = list(Standing.objects.listed_at(run).order_by("customer_id").values_list("customer_id", flat=True))
    for customer in draw.sample(customers, 60):
        talk(customer, draw.choice(Outcome.values), run.business_date - timedelta(days=draw.choice((-1, 0, 3, 40))))
        agree(customer, draw.choice(list(book.consents)), draw.random() < 0.7, run)
        say(customer, "household_size", draw.choice(FACTS["household_size"]), run)
        say(
            customer,
            "hobbies",
            book.fields["hobbies"].choices[0].key if book.fields["hobbies"].choices else "travel",
            run,
        )
        say(customer, "wedding_day", f"2001-{draw.choice(FACTS['wedding_day']).zfill(2)}-09", run)
    WalletEstimate.objects.bulk_create(
        WalletEstimate(customer_id=customer, on=run.business_date, aum=0, amount=amount, low=0, high=amount)
        for customer in draw.sample(customers, 200)
        for amount in (Decimal(draw.choice((0, 40_000, 600_000))),)
    )
    FoundSegment.objects.bulk_create(
        FoundSegment(customer_id=customer, on=run.business_date, letter=draw.choice("AB"))
        for customer in draw.sample(customers, 300)
    )
    for customer in customers[:3]:
        agree(customer, "analysis", False, run)
    for customer in draw.sample(customers, 20):
        agree(customer, next(iter(book.consents)), False, run)
    return run


class Truth:
    """What is so of every effective customer, by loops over the tables."""

    def __init__(self, run):
        self.run, self.today = run, run.work_date
        folder = HOME.run(run.number)
        worths = f"(SELECT customer_id, worth FROM '{folder / 'worths.parquet'}')"
        query = duckdb.execute(
            f"SELECT * FROM '{folder / 'standings.parquet'}' LEFT JOIN {worths} USING (customer_id) WHERE effective"
        )
        names = [column[0] for column in query.description]
        self.rows = {row[names.index("customer_id")]: dict(zip(names, row, strict=True)) for row in query.fetchall()}
        categories = dict(Product.objects.values_list("product_id", "category"))
        self.customers = Customer.objects.in_bulk(list(self.rows))
        self.held = {customer: [] for customer in self.rows}
        for account in Account.objects.filter(closed_on__isnull=True):
            if account.customer_id in self.held:
                self.held[account.customer_id].append(
                    (account.product_id, categories[account.product_id], account.balance, account.matures_on)
                )
        for holding in Holding.objects.all():
            if holding.customer_id in self.held and (holding.closed_on is None or holding.closed_on >= self.today):
                self.held[holding.customer_id].append(
                    (holding.product_id, categories[holding.product_id], holding.amount, holding.matures_on)
                )
        self.signals = {
            (signal.customer_id, signal.kind) for signal in Signal.objects.listed_at(run).filter(held_out=False)
        }
        self.estimates = dict(WalletEstimate.objects.values_list("customer_id", "amount"))
        self.found = dict(FoundSegment.objects.values_list("customer_id", "letter"))
        self.told = {}
        for contact in Contact.objects.order_by("on", "pk"):
            self.told[contact.customer_id] = contact
        self.agreed = {}
        for consent in Consent.objects.order_by("recorded_at", "pk"):
            self.agreed[consent.customer_id, consent.purpose] = consent.given
        keys = {key: run.rulebook.fields[key] for key in FACTS}
        self.facts = archives_of(list(self.customers.values()), keys, self.today)

    def members(self, definition):
        return {customer for customer in self.rows if self.joined(customer, definition)}

    def joined(self, customer, part):
        if isinstance(part, Condition):
            return self.meets(customer, part)
        parts = part.groups if isinstance(part, Definition) else part.conditions
        held = [self.joined(customer, inner) for inner in parts]
        return {"all": all(held), "any": any(held), "none": not any(held)}[part.join]

    def meets(self, customer, condition):
        key, how, value = condition.field, condition.comparison, condition.value
        if key.startswith(FACT):
            return self.fact(customer, key.removeprefix(FACT), how, value)
        kind = FIELDS[key].kind
        if kind == "past":
            return self.past(self.last(customer, key), how, value)
        if kind == "ahead":
            return self.soon(customer, key, int(value)) == (how == "within")
        if kind in ("amount", "count"):
            number, wanted = self.number(customer, key), Decimal(value)
            tests = {"least": "__ge__", "from": "__ge__", "most": "__le__", "to": "__le__", "equal": "__eq__"}
            return number is not None and getattr(Decimal(number), tests[how])(wanted)
        return self.named(customer, key, how, value)

    def named(self, customer, key, how, value):
        row, book = self.rows[customer], self.run.rulebook
        contact = self.told.get(customer)
        warned = any((customer, kind) in self.signals for kind in book.lists.loss_kinds)
        answers = {
            "watch": lambda: row["watch_since"] is not None,
            "unassigned": lambda: row["primary_id"] is None,
            "losing": lambda: row["flow_30"] < 0 and warned,
            "grade": lambda: row["grade_rank"] == list(book.grades).index(value),
            "branch": lambda: row["branch_id"] == value,
            "primary": lambda: row["primary_id"] == value,
            "found": lambda: self.found.get(customer) == value and self.agreed.get((customer, "analysis"), True),
            "last_outcome": lambda: bool(contact and contact.outcome == value),
            "holds": lambda: value in {line[1] for line in self.held[customer]},
            "product": lambda: value in {line[0] for line in self.held[customer]},
            "signal": lambda: (customer, value) in self.signals,
            "consent": lambda: self.agreed.get((customer, value), False),
        }
        if how in ("or_higher", "or_lower"):
            away = row["grade_rank"] - list(book.grades).index(value)
            return away >= 0 if how == "or_higher" else away <= 0
        return answers[key]() == (how in ("is", "has", "yes"))

    def last(self, customer, key):
        column = {"grade_since": "grade_since", "moved": "moved_on", "customer_since": "opened_on"}
        on, contact = self.rows[customer][column.get(key, "last_contact_on")], self.told.get(customer)
        if key == "last_contact" and contact and contact.on > self.run.business_date:
            return max(on or contact.on, contact.on)
        return on

    def number(self, customer, key):
        row = self.rows[customer]
        if key == "elsewhere":
            known = customer in self.estimates and self.agreed.get((customer, "analysis"), True)
            return self.estimates[customer] if known else None
        if key.startswith("in_"):
            return sum(line[2] for line in self.held[customer] if line[1] == key.removeprefix("in_"))
        if key == "age":
            born = self.customers[customer].birth_date
            if born is None:
                return None
            passed = (self.today.month, self.today.day) >= (born.month, born.day)
            return self.today.year - born.year - (0 if passed else 1)
        if key == "complete":
            return row["facts_expected"] - row["facts_known"]
        return row[{"average": "monthly_average", "products": "product_count"}.get(key, key)]

    def past(self, on, how, value):
        if how == "never":
            return on is None
        if how in ("this_month", "not_this_month"):
            same = on is not None and (on.year, on.month) == (self.today.year, self.today.month) and on <= self.today
            return same == (how == "this_month")
        return (on is not None and 0 <= (self.today - on).days <= int(value)) == (how == "within")

    def soon(self, customer, key, days):
        if key == "birthday":
            born = self.customers[customer].birth_date
            ahead = [self.today + timedelta(days=day) for day in range(days + 1)]
            return born is not None and any((day.month, day.day) == (born.month, born.day) for day in ahead)
        if key == "follow_up":
            dates = [self.rows[customer]["follow_up_on"]]
        else:
            category = key.removesuffix("_matures")
            dates = [line[3] for line in self.held[customer] if line[1] == category and line[2] > 0]
        return any(on and 0 <= (on - self.today).days <= days for on in dates)

    def fact(self, customer, key, how, value):
        state = self.facts[customer][key]
        if how in ("known", "unknown"):
            return (customer in self.known(key)) == (how == "known")
        values = [fact.value for fact in state.facts if not fact.refused] or [state.core or ""]
        if how == "month":
            return any(len(text) > 6 and int(text[5:7]) == int(value) for text in values)
        if how in ("from", "to"):
            numbers = [Decimal(text) for text in values if text]
            return any(number >= Decimal(value) if how == "from" else number <= Decimal(value) for number in numbers)
        wanted = read(self.run.rulebook.fields[key], value)
        return any(wanted in text.split(",") for text in values)

    def known(self, key):
        """As of the night: the core system's value, or what had been told by then."""
        core = {"sex": "sex"}.get(key)
        return {who for who, customer in self.customers.items() if core and getattr(customer, core)}


def values_for(key, field, draw, gate):
    kind, choices = field.kind, [name for name, _ in field.choices(gate)]
    if key.startswith(FACT):
        return FACTS[key.removeprefix(FACT)]
    if key == "found":
        return ["A", "B"]
    if choices:
        return choices
    days = ["0", "3", "30", "400"]
    usual = {"past": days, "ahead": ["0", "7", "30", "90"], "count": ["0", "1", "2", "5", "40", "60"]}
    return usual.get(kind, [f"{draw.choice((-1, 1)) * draw.choice((0, 10, 1000, 50000, 300000))}"])


def random_condition(draw, fields, gate, key=""):
    key = key or draw.choice(list(fields))
    how = draw.choice(fields[key].comparisons)
    value = draw.choice(values_for(key, fields[key], draw, gate))
    return Condition(key, how, "" if COMPARISONS[how].takes == "nothing" else value)


def asked_fields(book):
    every = fields_of(book)
    return {**FIELDS, **{f"{FACT}{key}": every[f"{FACT}{key}"] for key in FACTS}}


def test_every_field_and_200_random_segments_equal_loops_over_the_tables(lived, member):
    gate, draw = Gate(member("personal_banking"), lived), random.Random(11)
    assert gate.reach == "bank"
    fields, truth = asked_fields(lived.rulebook), Truth(lived)
    singles = [one(random_condition(draw, fields, gate, key)) for key in fields for _ in range(2)]
    joins = ("all", "any", "none")
    mixed = [
        Definition(
            draw.choice(joins),
            tuple(
                Group(
                    draw.choice(joins), tuple(random_condition(draw, fields, gate) for _ in range(draw.randint(1, 3)))
                )
                for _ in range(draw.randint(1, 3))
            ),
        )
        for _ in range(200 - len(singles))
    ]
    definitions = singles + mixed
    assert len(definitions) == 200
    sizes = []
    for first in range(0, 200, 50):
        some = definitions[first : first + 50]
        for definition, total in zip(some, reading.totals(gate, some), strict=True):
            members = truth.members(definition)
            expected = (len(members), sum((truth.rows[who]["aum"] for who in members), Decimal(0)))
            assert (total.customers, total.aum) == expected, definition
            sizes.append(total.customers)
    assert sum(1 for size in sizes if 0 < size < len(truth.rows)) > 80
    for definition in mixed[:5]:
        assert set(ids(gate, definition)) == truth.members(definition)


def test_the_sums_are_those_of_the_members(run, member):
    gate = Gate(member("branch_manager"), run)
    definition = one(Condition("products", "from", "2"))
    total = reading.totals(gate, [definition])[0]
    rows = gate.standings().filter(effective=True, product_count__gte=2)
    assert total.customers == len(rows) > 0
    assert total.aum == sum(row.aum for row in rows)
    assert total.contribution == sum(row.contribution for row in rows)
    assert total.products_each == (Decimal(sum(row.product_count for row in rows)) / len(rows)).quantize(Decimal("0.1"))
    assert total.growth == total.flow_30 / (total.aum - total.flow_30)
    nobody = reading.totals(gate, [one(Condition("aum", "least", "10000000000"))])[0]
    assert (nobody.customers, nobody.growth, nobody.products_each) == (0, None, None)


@pytest.mark.parametrize(
    "post", ["relationship_manager", "rm_supervisor", "branch_manager", "personal_banking", "it_operator"]
)
def test_a_segment_counts_and_shows_nobody_out_of_reach(post, run, member):
    gate = Gate(member(post), run)
    reached = set(gate.standings().filter(effective=True).values_list("customer_id", flat=True))
    few = one(Condition("aum", "least", "10000"))
    total = reading.totals(gate, [EVERYBODY, few])
    assert total[0].customers == len(reached)
    assert set(ids(gate, EVERYBODY)) == reached
    assert total[1].customers == len(ids(gate, few)) <= len(reached)
    assert set(ids(gate, few)) <= reached


def test_members_stand_by_grade_and_assets_page_by_page(run, member):
    gate = Gate(member("branch_manager"), run)
    rows = reading.page(gate, EVERYBODY, 0, 1000)
    assert rows == sorted(rows, key=lambda row: (-row.grade_rank, -row.aum, row.customer_id))
    assert reading.page(gate, EVERYBODY, 3, 7) == rows[3:7]


def test_29_february_is_kept_on_the_28th_of_other_years():
    assert 229 in _month_days(date(2027, 2, 20), date(2027, 3, 5))
    assert 229 in _month_days(date(2028, 2, 20), date(2028, 3, 5))
    assert 229 not in _month_days(date(2028, 2, 20), date(2028, 2, 28))
    assert len(_month_days(date(2027, 1, 1), date(2030, 1, 1))) == 366


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (Condition("nothing", "is"), "gone"),
        (Condition("aum", "is", "1"), "gone"),
        (Condition("aum", "least"), "empty"),
        (Condition("aum", "least", "many"), "amount"),
        (Condition("aum", "least", "NaN"), "amount"),
        (Condition("aum", "least", "-50万"), ""),
        (Condition("products", "from", "1.5"), "number"),
        (Condition("last_contact", "within", "99999"), "number"),
        (Condition("last_contact", "never"), ""),
        (Condition("fact:wedding_day", "month", "13"), "month"),
        (Condition("fact:wedding_day", "month", "2"), ""),
        (Condition("fact:email", "says", "no address"), "text"),
    ],
)
def test_a_row_says_what_is_wrong_with_it(row, wrong, run):
    assert fault(row, fields_of(run.rulebook)) == wrong


def test_a_definition_is_kept_as_it_was(run):
    definition = Definition("any", (Group("none", (Condition("aum", "most", "50万"), Condition("watch", "yes"))),))
    assert Definition.kept(definition.written()) == definition
    half = Definition("all", (Group("all", (Condition("aum", "least"),)), Group("all", (Condition("watch", "yes"),))))
    assert half.complete(run.rulebook) == one(Condition("watch", "yes"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_segment_describes_itself(language, run, member):
    words = {
        "zh-hans": "定期存款到期 30 天内,且AUM 不低于 ¥50.00万,且持有的产品类别 不包含 理财,且最近联系 不在本月",
        "en": "A term deposit matures within 30 days and AUM at least ¥500,000.00 and Products held do not include Wealth product"
        " and Last contact not this month",
    }
    both = {
        "zh-hans": "以下均不满足:关注 (是);(无A角 (否),或性别 是 女)",
        "en": "none of: On watch (yes); (Without a primary (no) or Sex is Female)",
    }
    with override(language):
        spoken = Words(Gate(member("branch_manager"), run))
        assert spoken.definition(EXAMPLES["maturing"][1]) == words[language]
        assert spoken.definition(EVERYBODY) == {"zh-hans": "全部客户", "en": "Every customer"}[language]
        mixed = Definition(
            "none",
            (
                Group("all", (Condition("watch", "yes"),)),
                Group("any", (Condition("unassigned", "no"), Condition("fact:sex", "is", "F"))),
            ),
        )
        assert spoken.definition(mixed) == both[language]
        assert spoken.condition(Condition("gone", "is")) and spoken.fault(Condition("gone", "is"))
        assert spoken.condition(Condition("fact:sex", "is", "x")).endswith("x")


def kept(staff, definition, run, **more):
    values = {"name": "Mine", "branch_id": staff.branch_id, "staff_id": staff.staff_id, "changed_on": run.work_date}
    return Segment.objects.create(definition=definition.written(), **{**values, **more})


def test_a_night_says_who_entered_and_who_left(run, member):
    manager = member("branch_manager")
    gate, purpose = Gate(manager, run), next(iter(run.rulebook.consents))
    stays, leaves, enters = [row.customer_id for row in reading.page(gate, EVERYBODY, 0, 3)]
    foreign = Standing.objects.listed_at(run).filter(effective=True).exclude(branch_id__in=gate.branches)[0].customer_id
    segment = kept(manager, one(Condition("consent", "has", purpose)), run)
    for customer in (stays, leaves, foreign):
        agree(customer, purpose, True, run)
    nightly.evaluate(run)
    assert [(night.on, night.size) for night in reading.nights(gate, segment)] == [(run.business_date, 2)]
    agree(leaves, purpose, False, run)
    agree(enters, purpose, True, run)
    later = copy(run)
    later.business_date += timedelta(days=1)
    for _ in range(2):  # done again, it leaves the same
        nightly.evaluate(later)
    first, last = reading.nights(gate, segment)
    assert (first.size, first.entered, first.left) == (2, 0, 0)
    assert (last.on, last.size, last.entered, last.left) == (later.business_date, 2, 1, 1)
    entered, left = reading.moved(gate, segment, last.on, 5)
    assert [row.customer_id for row in entered] == [enters]
    assert [row.customer_id for row in left] == [leaves]
    bank = Gate(member("personal_banking"), run)
    assert [night.size for night in reading.nights(bank, segment)] == [3, 3]
    later.business_date += timedelta(days=2 * run.rulebook.lists.kept_days)
    nightly.evaluate(later)
    assert not SegmentMember.objects.filter(left_on__isnull=False).exists()
    assert segment.nights.count() == 1


def test_the_members_of_a_whole_bank_are_not_kept(run, member, monkeypatch):
    manager = member("branch_manager")
    segment = kept(manager, one(Condition("products", "from", "0")), run)
    nightly.evaluate(run)
    assert segment.members.exists()
    monkeypatch.setattr(nightly, "MOST_KEPT", 3)
    nightly.evaluate(run)
    assert not segment.members.exists()
    assert reading.nights(Gate(manager, run), segment) == []


def sent(*rows, **more):
    parts = {"join": "all", "g0-join": "all"}
    for place, (field, comparison, *value) in enumerate(rows):
        parts |= {
            f"g0-r{place}-field": field,
            f"g0-r{place}-comparison": comparison,
            f"g0-r{place}-value": (*value, "")[0],
        }
    return {**parts, **more}


def test_the_builder_adds_and_removes_rows_and_groups_and_counts(signed_in, run, member):
    client, address = signed_in("branch_manager"), reverse("segment_build")
    gate = Gate(member("branch_manager"), run)
    rows = (("aum", "least", "1万"), ("watch", "no"))

    def built(**more):
        return client.post(address, sent(*rows, **more)).context

    context = built()
    assert context["of"].customers == len(ids(gate, one(*(Condition(*row) for row in rows)))) > 0
    assert [len(group["rows"]) for group in built(add="0")["groups"]] == [3]
    assert [len(group["rows"]) for group in built(group="1")["groups"]] == [2, 1]
    assert [row["field"] for row in built(remove="0.0")["groups"][0]["rows"]] == ["watch"]
    assert built(add="9", remove="x")["groups"][0]["rows"][0]["field"] == "aum"
    begun = client.post(address, sent(("aum", "least", "1"), ("grade", "least", "5"))).context
    assert begun["groups"][0]["rows"][1]["comparison"] == "or_higher"  # another field begins with its usual comparison
    assert begun["unused"] == 1
    preview = client.post(address, sent(*rows, part="preview"))
    assert preview.templates[0].name == "segments/preview.html"
    for name in EXAMPLES:
        assert client.get(address, {"example": name}).status_code == 200
    assert client.get(address).context["unused"] == 1


def test_a_segment_is_kept_changed_shared_and_deleted(signed_in, run, member, client):
    manager = member("branch_manager")
    client = signed_in("branch_manager")
    save, definition = reverse("segment_save"), sent(("aum", "least", "1万"), name="Rich")
    assert client.post(save, {**definition, "name": ""}).status_code == 422
    assert client.post(save, sent(("aum", "least", "x"), name="Rich")).status_code == 422
    assert client.post(save, sent(("branch", "is"), name="Rich")).status_code == 422
    assert client.post(save, sent(("grade", "is", "none such"), name="Rich")).status_code == 422
    assert client.post(save, {"join": "all", "name": "Rich"}).status_code == 422
    assert not Segment.objects.exists()
    assert client.post(save, definition).status_code == 302
    segment = Segment.objects.get()
    nightly.evaluate(run)
    address = reverse("segment", args=[segment.pk])
    page = client.get(address)
    total = page.context["of"].customers
    assert total == len(ids(Gate(manager, run), Definition.kept(segment.definition)))
    assert client.get(address, {"page": "2"}).context["number"] == min(2, page.context["pages"])
    assert client.get(reverse("segment_build"), {"from": segment.pk}).context["segment"] == segment
    # a new name keeps the history, other conditions begin it anew
    client.post(save, {**definition, "name": "Richer", "number": segment.pk})
    assert segment.nights.count() == 1
    client.post(save, sent(("aum", "least", "2万"), name="Richer", number=segment.pk))
    assert Segment.objects.get().name == "Richer" and not segment.nights.exists()

    colleague = Staff.objects.filter(post="relationship_manager", branch_id=manager.branch_id, is_active=True)[0]
    stranger = Staff.objects.filter(post="relationship_manager").exclude(branch_id=manager.branch_id)[0]
    act = reverse("segment_act", args=[segment.pk])
    client.force_login(colleague)
    assert client.get(address).status_code == 404
    client.force_login(manager)
    client.post(act, {"act": "share", "post": ["relationship_manager", "none such"]})
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    client.force_login(colleague)
    shown = client.get(reverse("segments")).context["rows"]
    assert [row["segment"].pk for row in shown] == [segment.pk]
    assert shown[0]["of"].customers == len(ids(Gate(colleague, run), Definition.kept(Segment.objects.get().definition)))
    assert client.get(reverse("segment_build"), {"from": segment.pk}).context["segment"] is None
    for forbidden in ("share", "delete"):
        assert client.post(act, {"act": forbidden}).status_code == 404
    assert client.post(act, {"act": "none such"}).status_code == 400
    client.force_login(manager)
    assert client.post(act, {"act": "delete"}).status_code == 302
    assert not Segment.objects.exists()


def test_a_branch_below_uses_what_is_shared_above(run, member):
    manager, above = member("branch_manager"), Staff.objects.filter(post="personal_banking")[0]
    branch = Branch.objects.get(pk=manager.branch_id)
    Branch.objects.filter(pk=branch.pk).update(parent_id=above.branch_id)
    segment = kept(above, EVERYBODY, run, posts=["branch_manager"])
    assert (branch.pk == above.branch_id) or segment in reading.visible(Gate(manager, run))
    segment.posts = []
    segment.save()
    assert segment not in reading.visible(Gate(manager, run))


def test_a_segments_list_goes_out_as_every_list_does(signed_in, run, member):
    manager = member("branch_manager")
    segment = kept(manager, one(Condition("products", "from", "2")), run)
    client, act = signed_in("branch_manager"), reverse("segment_act", args=[segment.pk])
    assert client.post(act, {"act": "export", "purpose": "service"}).status_code == 400
    answer = client.post(act, {"act": "export", "purpose": "service", "why": "calls"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    members = ids(Gate(manager, run), Definition.kept(segment.definition))
    listed = {cell for line in sheet.iter_rows(values_only=True) for cell in line}
    assert set(members) <= listed
    assert Export.objects.get().rows == len(members)
    limits.take(limits.Kind.ROWS, Gate(manager, run), limits.left(limits.Kind.ROWS, Gate(manager, run)))
    assert client.post(act, {"act": "export", "purpose": "service", "why": "calls"}).status_code == 403


def test_a_care_plan_begins_for_the_members_once(signed_in, run, member, monkeypatch):
    manager = member("branch_manager")
    segment = kept(manager, one(Condition("products", "from", "3")), run)
    members = ids(Gate(manager, run), Definition.kept(segment.definition))
    client, act = signed_in("branch_manager"), reverse("segment_act", args=[segment.pk])
    plan = next(iter(run.rulebook.care_plans))
    before = CarePlan.objects.filter(plan=plan, customer_id__in=members).count()
    for _ in range(2):
        assert client.post(act, {"act": "care", "plan": plan}).status_code == 302
        assert CarePlan.objects.filter(plan=plan, customer_id__in=members).count() == len(members) > before
    assert client.post(act, {"act": "care", "plan": "none such"}).status_code == 404
    monkeypatch.setattr("weihu.workplace.act.segments.views.MOST_PLANS", 1)
    assert client.post(act, {"act": "care", "plan": plan}).status_code == 400


def test_a_range_over_too_many_sealed_values_says_so(signed_in, lived, member, monkeypatch):
    monkeypatch.setattr("weihu.workplace.know.archive.lists.MOST_OPENED", 0)
    manager = member("branch_manager")
    segment = kept(manager, one(Condition("fact:household_size", "from", "2")), lived)
    client = signed_in("branch_manager")
    for address in (reverse("segments"), reverse("segment", args=[segment.pk])):
        assert client.get(address).context["too_wide"]
    act = reverse("segment_act", args=[segment.pk])
    assert client.post(act, {"act": "export", "purpose": "service", "why": "x"}).status_code == 400
    nightly.evaluate(lived)
    assert not segment.members.exists()


def test_a_campaign_is_for_a_segment(signed_in, run, member):
    manager = member("branch_manager")
    gate = Gate(manager, run)
    segment = kept(manager, one(Condition("products", "from", "2")), run)
    client = signed_in("branch_manager")
    view = f"segment={segment.pk}"
    assert client.get(reverse("campaigns"), {"segment": segment.pk}).context["form"].initial["view"] == view
    values = {"title": "Two", "view": view, "from_on": run.work_date, "to_on": run.work_date + timedelta(days=30)}
    client.post(reverse("campaigns"), {**values, "control": 20, "wave_size": 5, "stop_share": 20})
    campaign = Campaign.objects.latest("pk")
    page = client.get(reverse("campaign", args=[campaign.pk]))
    assert page.context["conditions"] and page.context["segment"] == segment.pk
    answering = [row for row in reading.page(gate, Definition.kept(segment.definition), 0, 10**6) if row.primary_id]
    assert check(campaign, gate, run.rulebook, run.work_date).customers == len(answering) > 0
    seen = page.context["seen"]
    segment.definition = one(Condition("products", "from", "3")).written()
    segment.save()
    second = signed_in("rm_supervisor")
    answer = second.post(reverse("campaign", args=[campaign.pk]), {"act": "start", "seen": seen})
    assert answer.context["refused"] and not campaign.targets.exists(), (
        "the conditions are not those that were looked at"
    )
    segment.definition = one(Condition("products", "from", "2")).written()
    segment.save()
    start(campaign, gate, run.rulebook, "somebody else", run.work_date)
    assert set(campaign.targets.values_list("customer_id", flat=True)) <= {row.customer_id for row in answering}
    segment.delete()
    assert client.get(reverse("campaign", args=[campaign.pk])).context["conditions"] == []


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en-US")])
def test_a_manager_builds_the_example_and_saves_it(desk, server, width, language):
    page = desk(width, language, "branch_manager")
    page.goto(server.url + reverse("segment_build"))
    preview, value = page.locator("#segment-preview"), page.locator("[name=g0-r0-value]")
    value.fill("100")
    counted = preview.locator("[data-count]")
    preview.locator("[data-unused]").wait_for(state="detached")
    before = int(counted.get_attribute("data-count"))
    page.locator("[name=add]").click()
    page.locator("[name=g0-r1-field]").select_option("holds")
    page.locator("[name=g0-r1-comparison] option[value=has_not]").wait_for(state="attached")
    page.locator("[name=g0-r1-comparison]").select_option("has_not")
    page.locator("select[name=g0-r1-value]").wait_for()
    page.locator("[name=g0-r1-value]").select_option("wealth")
    preview.locator("[data-unused]").wait_for(state="detached")
    after = int(counted.get_attribute("data-count"))
    assert 0 < after <= before
    assert page.locator("[name=g0-r0-value]").input_value() == "100"
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.fill("[name=name]", "No wealth")
    page.locator(".segment-builder .btn-primary").click()
    page.locator("[data-total]").wait_for()
    assert int(page.locator("[data-total]").text_content().replace(",", "")) == after
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []
    page.goto(server.url + reverse("segments"))
    assert page.locator("[data-size]").get_attribute("data-size") == str(after)
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []

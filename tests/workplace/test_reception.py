"""Service cards: found by a whole number, open for minutes and for acts alone, within the limits of a day."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.workplace.test_gate import OF_A_CUSTOMER, reached_by_rules
from weihu.rules import rulebook
from weihu.workplace.act.reception.finding import customers_of
from weihu.workplace.act.reception.models import Memo, Miss
from weihu.workplace.api import systems
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Account, Customer, Staff, Standing
from weihu.workplace.base.channels import Channel
from weihu.workplace.base.models import Entry
from weihu.workplace.base.words import amount_text
from weihu.workplace.contact.models import Contact, Outcome, Way
from weihu.workplace.customer.merging import merge
from weihu.workplace.gate import cards
from weihu.workplace.gate.models import Absence, Referral, ServiceCard, Taken
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.models import BenefitUse
from weihu.workplace.know.archive.facts import FactContent, record_fact
from weihu.workplace.know.archive.models import Confidence, Fact
from weihu.workplace.know.archive.search import index_of
from weihu.workplace.know.complaints.models import Complaint
from weihu.workplace.know.life.models import LifeQuestion

BOOK = rulebook.load("brief")
RECEIVE = [key for key, post in BOOK.posts.items() if post.receives]
OF_A_CARD = {"service_card": "get", "card_facts": "post", "card_act": "post"}
TELLER = "high_counter"


@pytest.fixture
def strangers(run, member):
    """Customers of a post's branch who are not in its reach, and of whom something is missing."""

    def find(post=TELLER, **conditions):
        gate = Gate(member(post), run)
        own = gate.standings().values("customer_id")
        return gate.of_branch().filter(customer__phone__isnull=False, **conditions).exclude(customer_id__in=own)

    return find


@pytest.fixture
def opened(signed_in, strangers):
    """A card that a post has opened by telephone: the client, the customer's standing."""

    def open_one(post=TELLER, **conditions):
        client, standing = signed_in(post), strangers(post, **conditions).order_by("-aum")[0]
        answer = search(client, standing.customer.phone, customer=standing.customer_id)
        assert answer.status_code == 302
        return client, standing

    return open_one


def search(client, number, why="business", **more):
    return client.post(reverse("reception"), {"number": number, "why": why, **more})


def account_of(standing):
    return Account.objects.filter(customer_id=standing.customer_id, account_number_index__isnull=False).first()


def numbers_of(standing):
    """Whole numbers of a customer, with what each is."""
    number = "6230 0000 1111 222"
    Account.objects.filter(pk=account_of(standing).pk).update(account_number_index=index_of(number, "account_number"))
    return {
        "phone": standing.customer.phone,
        "identity": standing.customer.identity_number.lower(),
        "account": number,
    }


@pytest.mark.parametrize("post", RECEIVE)
def test_any_customer_of_the_branch_is_found_by_a_whole_number(post, signed_in, strangers, member, run):
    standing = strangers(post, customer__identity_number__isnull=False)[0]
    client = signed_in(post)
    for found_by, number in numbers_of(standing).items():
        ServiceCard.objects.all().delete()
        answer = search(client, number, customer=standing.customer_id)
        assert answer.headers["Location"] == reverse("service_card", args=[standing.customer_id])
        card = ServiceCard.objects.get()
        assert (card.found_by, card.staff_id, card.why) == (found_by, member(post).staff_id, "business")
        assert card.until - card.opened_at == timedelta(minutes=BOOK.reception.minutes)
        assert Entry.objects.filter(action="card.open", customer_id=standing.customer_id).exists()
        assert client.get(answer.headers["Location"]).status_code == 200


def test_delivered_account_numbers_find_their_customer(run, member):
    gate = Gate(member(TELLER), run)
    indexed = Account.objects.exclude(account_number_index=None)
    assert indexed.count() == Account.objects.count()
    number = "623000000000000"
    account = indexed.filter(customer_id__in=gate.of_branch().values("customer_id"))[0]
    Account.objects.filter(pk=account.pk).update(account_number_index=index_of(number, "account_number"))
    found_by, rows = customers_of(gate, " 6230-0000 0000-000 ")
    assert (found_by, [row.customer_id for row in rows]) == ("account", [account.customer_id])


def test_a_number_that_the_customer_told_finds_him_too(run, member, strangers):
    standing, number = strangers()[0], "13912345678"
    content = FactContent("phone", number, Channel.SERVICE, Confidence.TOLD)
    record_fact(standing.customer_id, content, [], "x", run.work_date, uuid.uuid4())
    found_by, rows = customers_of(Gate(member(TELLER), run), number)
    assert (found_by, [row.customer_id for row in rows]) == ("phone", [standing.customer_id])


@pytest.mark.parametrize("part", [4, 6, 10])
def test_a_part_of_a_number_finds_nobody(part, signed_in, strangers):
    client, phone = signed_in(TELLER), strangers()[0].customer.phone
    for number in (phone[:part], phone[-part:]):
        assert search(client, number).status_code == 422
    assert not ServiceCard.objects.exists()


@pytest.mark.parametrize("post", [post for post in BOOK.posts if post not in RECEIVE])
def test_other_posts_have_no_reception(post, signed_in, run):
    client, customer = signed_in(post), Standing.objects.at(run)[0].customer_id
    for address in (reverse("reception"), reverse("called"), reverse("service_card", args=[customer])):
        assert client.get(address).status_code == 404
    assert search(client, Customer.objects.get(pk=customer).phone or "none yet").status_code == 404


@pytest.mark.parametrize(
    ("post", "first"), [*((post, "reception") for post in RECEIVE), ("relationship_manager", "today")]
)
@pytest.mark.parametrize("asked", ["", "/"])
def test_who_receives_begins_with_the_search(post, first, asked, client, member):
    staff = member(post)
    staff.set_password("a long password")
    staff.save()
    fields = {"username": staff.pk, "password": "a long password"}
    assert client.post(reverse("login"), {**fields, "next": asked}).headers["Location"] == reverse(first)
    client.logout()
    answer = client.post(reverse("login"), {**fields, "next": reverse("customers")})
    assert answer.headers["Location"] == reverse("customers")


def test_of_several_with_one_telephone_the_counter_says_who_is_here(signed_in, strangers):
    first, second = strangers().order_by("customer_id")[:2]
    number = first.customer.phone
    Customer.objects.filter(pk=second.customer_id).update(phone_index=index_of(number, "phone"))
    client = signed_in(TELLER)
    page = search(client, number)
    assert {row.customer_id for row in page.context["several"]} >= {first.customer_id, second.customer_id}
    assert second.customer.name not in page.content.decode()
    assert not ServiceCard.objects.exists()
    assert Entry.objects.filter(action="card.several").count() == 1
    search(client, number, customer=second.customer_id)
    assert ServiceCard.objects.get().customer_id == second.customer_id
    search(client, number, customer=Standing.objects.exclude(branch_id=first.branch_id)[0].customer_id)
    assert ServiceCard.objects.count() == 1


def answers(client, customer_id, names=OF_A_CARD):
    fields = {"token": str(uuid.uuid4()), "act": "told", "text": "x"}
    return {
        name: getattr(client, how)(reverse(name, args=[customer_id]), fields).status_code for name, how in names.items()
    }


@pytest.mark.parametrize("post", RECEIVE)
def test_nothing_opens_before_the_card_or_after_it_has_closed(post, signed_in, opened, strangers):
    client = signed_in(post)
    customer = strangers(post).order_by("-aum")[0].customer_id
    assert set(answers(client, customer).values()) == {404}
    opened(post)
    assert 404 not in answers(client, customer).values()
    ServiceCard.objects.update(until=timezone.now())
    assert set(answers(client, customer).values()) == {404}
    name = Customer.objects.get(pk=customer).name
    assert name not in client.get(reverse("reception")).content.decode()


def test_an_open_card_opens_nothing_but_itself(opened, member, run):
    """No other page, list, count or rule over everybody reaches the customer: a sum would tell the balance."""
    gate = Gate(member(TELLER), run)
    before, rules = sorted(gate.standings().values_list("customer_id", flat=True)), reached_by_rules(gate)
    client, standing = opened()
    assert [row.customer_id for row in gate.served(timezone.now())] == [standing.customer_id]
    for name, (method, more) in OF_A_CUSTOMER.items():
        answer = getattr(client, method)(
            reverse(name, args=[standing.customer_id, *more]), {"field": "phone", "why": "x"}
        )
        assert answer.status_code == 404, name
    assert sorted(gate.standings().values_list("customer_id", flat=True)) == before
    assert reached_by_rules(Gate(member(TELLER), run)) == rules == before


def test_a_card_is_its_opener_s_alone(opened, member):
    _client, standing = opened()
    other = Staff.objects.filter(post=TELLER, branch_id=standing.branch_id).exclude(pk=member(TELLER).pk).first()
    client = Client()
    client.force_login(other or member("low_counter"))
    assert set(answers(client, standing.customer_id).values()) == {404}


def test_a_card_closes_by_hand(opened):
    client, standing = opened()
    client.post(reverse("card_act", args=[standing.customer_id]), {"act": "close", "token": uuid.uuid4()})
    assert set(answers(client, standing.customer_id).values()) == {404}
    assert Entry.objects.filter(action="card.close", customer_id=standing.customer_id).exists()


def test_of_other_branches_nobody_is_found_and_the_search_counts(signed_in, member, run):
    other = Standing.objects.at(run).exclude(branch_id=member(TELLER).branch_id).select_related("customer")
    stranger = other.filter(customer__phone__isnull=False)[0]
    here = Standing.objects.at(run).filter(customer__phone_index=stranger.customer.phone_index)
    Standing.objects.filter(pk__in=here).update(branch_id=stranger.branch_id)
    page = search(signed_in(TELLER), stranger.customer.phone)
    assert page.status_code == 422
    assert stranger.customer.name not in page.content.decode()
    assert Miss.objects.filter(staff_id=member(TELLER).pk, on=run.work_date).count() == 1
    assert Entry.objects.filter(action="card.miss", staff_id=member(TELLER).pk).count() == 1


def test_who_moves_to_another_branch_or_leaves_closes_the_card(opened, member, run):
    client, standing = opened()
    Standing.objects.filter(pk=standing.pk).update(branch_id="elsewhere")
    assert set(answers(client, standing.customer_id).values()) == {404}
    Standing.objects.filter(pk=standing.pk).update(branch_id=standing.branch_id)
    assert client.get(reverse("service_card", args=[standing.customer_id])).status_code == 200
    Staff.objects.filter(pk=member(TELLER).pk).update(is_active=False)
    assert not Gate(member(TELLER), run).served(timezone.now()).exists()
    assert client.get(reverse("service_card", args=[standing.customer_id])).status_code != 200


def test_a_merged_number_opens_the_customer_who_is_kept(signed_in, strangers, run):
    kept, gone = strangers().order_by("customer_id")[:2]
    merge(kept.customer_id, gone.customer_id, "x", run.work_date)
    client = signed_in(TELLER)
    answer = search(client, gone.customer.phone, customer=kept.customer_id)
    assert answer.headers["Location"] == reverse("service_card", args=[kept.customer_id])
    assert set(answers(client, gone.customer_id).values()) == {404}


def used_up(staff, run, less):
    """A day's cards but for some."""
    Taken.objects.create(staff_id=staff.pk, on=run.work_date, kind="cards", count=BOOK.reception.cards_per_day - less)
    at = timezone.now() - timedelta(hours=2)
    values = {"on": run.work_date, "opened_at": at, "until": at, "found_by": "phone", "why": "other"}
    ServiceCard.objects.bulk_create(
        ServiceCard(token=uuid.uuid4(), staff_id=staff.pk, customer_id="C", branch_id=staff.branch_id, **values)
        for _ in range(BOOK.reception.cards_per_day - less)
    )


def test_a_day_has_so_many_cards_and_an_open_one_counts_once(signed_in, strangers, member, run):
    used_up(member(TELLER), run, 1)
    first, second = strangers().order_by("customer_id")[:2]
    client = signed_in(TELLER)
    for _ in range(3):
        assert search(client, first.customer.phone, customer=first.customer_id).status_code == 302
    assert search(client, second.customer.phone, customer=second.customer_id).status_code == 422
    assert set(answers(client, second.customer_id).values()) == {404}
    assert ServiceCard.objects.count() == BOOK.reception.cards_per_day


def test_after_so_many_searches_that_find_nobody_nobody_is_found(signed_in, strangers, member, run):
    limit = BOOK.reception.misses_per_day
    client, standing = signed_in(TELLER), strangers()[0]
    for _ in range(limit + 2):
        assert search(client, "13000000000").status_code == 422
    assert Miss.objects.count() == limit
    assert search(client, standing.customer.phone, customer=standing.customer_id).status_code == 422
    assert not ServiceCard.objects.exists()


def test_several_calls_at_once_stay_within_the_limit(server):
    run = current()
    staff = Staff.objects.filter(post=TELLER).order_by("staff_id")[0]
    used_up(staff, run, 1)
    token = systems.add("queue-2", "branch_manager", staff.branch_id, Channel.TERMINAL, run.business_date)
    rows = Gate(staff, run).of_branch().filter(customer__identity_number__isnull=False).order_by("customer_id")[:4]
    numbers = [row.customer.identity_number for row in rows]

    def call(number):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
        body = {"staff_id": staff.pk, "ticket": "A1", "number": number}
        return httpx.post(f"{server.url}/api/v1/queue/calls", json=body, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(call, numbers))
    assert sorted(statuses) == [200, 429, 429, 429]
    assert cards.cards_left(Gate(staff, run)) == 0


def test_balances_are_for_posts_whose_reach_has_them(opened, signed_in, member, run):
    client, standing = opened(aum__gte=60000)
    page = client.get(reverse("service_card", args=[standing.customer_id]))
    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        text = client.get(reverse("service_card", args=[standing.customer_id])).content.decode()
        assert amount_text(standing.aum) not in text
        assert f"{standing.aum:,.2f}" not in text
    assert page.context["money"] is None
    own = Gate(member(TELLER), run).standings().filter(customer__phone__isnull=False)[0]
    search(client, own.customer.phone, customer=own.customer_id)
    assert client.get(reverse("service_card", args=[own.customer_id])).context["money"]["aum"] == own.aum


@pytest.mark.parametrize(
    ("post", "grades"),
    [
        ("high_counter", {"ordinary", "potential", "valued", "major"}),
        ("low_counter", {"ordinary"}),
        ("vip_counter", {"ordinary"}),
        ("relationship_manager", {"potential", "valued", "major"}),
        ("lobby_manager", set()),
    ],
)
def test_the_duties_are_the_brief_s(post, grades):
    assert BOOK.duty_ranks(post) == {BOOK.rank(grade) for grade in grades}


@pytest.mark.parametrize("post", ["high_counter", "low_counter", "lobby_manager"])
def test_the_card_asks_what_the_post_s_duty_names(post, signed_in, strangers):
    client = signed_in(post)
    for rank in range(len(BOOK.grades)):
        standing = strangers(post, grade_rank=rank).first()
        if standing:
            search(client, standing.customer.phone, customer=standing.customer_id)
            page = client.get(reverse("service_card", args=[standing.customer_id]))
            assert page.context["owed"] == (rank in BOOK.duty_ranks(post))
            assert len(page.context["form"].known) == min(page.context["lacking"], BOOK.ask_at_once)


def fill_in(client, standing, **values):
    fields = {"token": str(uuid.uuid4()), **{f"seen-{key}": "" for key in values}, **values}
    return client.post(reverse("card_facts", args=[standing.customer_id]), fields)


def test_what_payments_let_one_ask_is_asked_first_and_not_why(opened, run):
    client, standing = opened()
    address = reverse("service_card", args=[standing.customer_id])
    before = list(client.get(address).context["form"].known)
    since = run.business_date - timedelta(days=40)
    paid = {"comes": True, "party": "长江软件有限公司", "before": "旧单位", "times": 2, "amount": 18_000}
    LifeQuestion.objects.create(customer_id=standing.customer_id, kind="job", on=run.business_date, since=since, **paid)
    page = client.get(address)
    keys = list(page.context["form"].known)
    assert keys[0] == "employer"
    assert keys[1:] == [key for key in before if key != "employer"][: len(keys) - 1]
    assert "长江软件" not in page.content.decode()


def test_what_is_learned_comes_from_serving_and_is_a_contact_and_is_told(opened, member, run):
    client, standing = opened(primary_id__isnull=False)
    by = member(TELLER).staff_id
    assert fill_in(client, standing, hobbies="fishing", postcode="100000").status_code == 302
    assert fill_in(client, standing, memo="likes tea").status_code == 302
    facts = Fact.objects.filter(customer_id=standing.customer_id, staff_id=by)
    assert {(row.field, row.value) for row in facts} == {
        ("hobbies", "fishing"),
        ("postcode", "100000"),
        ("memo", "likes tea"),
    }
    assert {(row.channel, row.confidence, row.on) for row in facts} == {
        (Channel.SERVICE, Confidence.TOLD, run.work_date)
    }
    contact = Contact.objects.get(customer_id=standing.customer_id, staff_id=by)
    assert (contact.way, contact.outcome, contact.on) == (Way.COUNTER, Outcome.SERVED, run.work_date)
    memos = Memo.objects.filter(to_id=standing.primary_id, customer_id=standing.customer_id)
    assert [row.kind for row in memos] == ["learned", "learned"]
    assert "100000" not in memos[0].text
    owner = Client()
    owner.force_login(Staff.objects.get(pk=standing.primary_id))
    page = owner.get(reverse("memos"))
    assert [row.pk for row, _ in page.context["rows"]] == [row.pk for row in memos.order_by("-pk")]
    owner.post(reverse("memos"), {"number": memos[0].pk})
    assert Memo.objects.get(pk=memos[0].pk).read_on == run.work_date


def test_a_fact_that_does_not_fit_saves_nothing(opened):
    client, standing = opened()
    page = fill_in(client, standing, postcode="1", memo="x")
    assert page.status_code == 422
    assert not Fact.objects.filter(customer_id=standing.customer_id).exists()
    assert not Contact.objects.filter(customer_id=standing.customer_id, outcome=Outcome.SERVED).exists()


def test_while_somebody_is_away_the_cover_is_told(opened, run):
    client, standing = opened(primary_id__isnull=False)
    cover = Staff.objects.filter(branch_id=standing.branch_id, post="branch_manager")[0]
    span = {"from_on": run.work_date, "to_on": run.work_date}
    Absence.objects.create(staff_id=standing.primary_id, cover_id=cover.pk, entered_by="x", agreed_by="y", **span)
    act(client, standing, "told", text="wants a call")
    assert Memo.objects.get().to_id == cover.pk


@pytest.mark.parametrize("deputy_too", [False, True])
def test_while_nobody_covers_a_deputy_who_is_there_is_told(opened, run, deputy_too):
    client, standing = opened(primary_id__isnull=False)
    deputy = Staff.objects.filter(branch_id=standing.branch_id, post="branch_manager")[0]
    Standing.objects.filter(pk=standing.pk).update(deputy_id=deputy.pk)
    span = {"from_on": run.work_date, "to_on": run.work_date, "entered_by": "x"}
    for absent in [standing.primary_id, deputy.pk][: 1 + deputy_too]:
        Absence.objects.create(staff_id=absent, **span)
    act(client, standing, "told", text="wants a call")
    assert Memo.objects.get().to_id == (standing.primary_id if deputy_too else deputy.pk)


def act(client, standing, name, **fields):
    fields = {"act": name, "token": str(uuid.uuid4()), **fields}
    return client.post(reverse("card_act", args=[standing.customer_id]), fields)


def test_a_benefit_is_used_in_one_step_and_not_beyond_its_quota(opened):
    client, standing = opened(grade_rank__gte=BOOK.rank("potential"))
    assert act(client, standing, "benefit", benefit="birthday_gift").status_code == 302
    assert act(client, standing, "benefit", benefit="birthday_gift").status_code == 422
    assert BenefitUse.objects.filter(customer_id=standing.customer_id, benefit="birthday_gift").count() == 1
    assert ServiceCard.objects.get().acts == 1


def test_a_referral_upward_says_no_amounts_to_a_post_without_them(opened, member):
    client, standing = opened("low_counter", grade_rank=BOOK.rank("ordinary"))
    offer = client.get(reverse("service_card", args=[standing.customer_id])).context["offer"]
    to = offer["receivers"][-1].staff_id
    assert act(client, standing, "referral", to=to, text="将有房款到账").status_code == 302
    referral = Referral.objects.get(customer_id=standing.customer_id)
    assert (referral.to_id, referral.target, referral.from_id) == (to, "potential", member("low_counter").staff_id)
    assert "将有房款到账" in referral.evidence
    assert amount_text(standing.aum) not in referral.evidence
    assert act(client, standing, "referral", to=to).status_code == 422
    card = client.get(reverse("service_card", args=[standing.customer_id]))
    assert card.context["offer"] is None
    assert card.context["people"][to].name in card.content.decode().partition('id="referred"')[2]


def test_a_complaint_opens_a_case_and_is_told(opened):
    client, standing = opened(primary_id__isnull=False)
    assert act(client, standing, "complaint", text="排队太久").status_code == 302
    case = Complaint.objects.get(customer_id=standing.customer_id)
    assert (case.subject, case.origin) == ("排队太久", "counter")
    assert Memo.objects.get(kind="complained").to_id == standing.primary_id


@pytest.mark.parametrize("name", ["complaint", "told"])
def test_without_words_nothing_is_told(name, opened):
    client, standing = opened()
    assert act(client, standing, name, text=" ").status_code == 422
    assert not Memo.objects.exists()
    assert not Complaint.objects.filter(customer_id=standing.customer_id).exists()


def test_the_supervisor_s_board_shows_unusual_use(signed_in, member, run):
    teller, limits = member(TELLER), BOOK.reception
    supervisor = Staff.objects.filter(branch_id=teller.branch_id, post="rm_supervisor")[0]
    client = Client()
    client.force_login(supervisor)
    assert client.get(reverse("board")).context["unusual"] == []
    Miss.objects.bulk_create(
        Miss(staff_id=teller.pk, on=run.work_date, at=timezone.now()) for _ in range(limits.watched_misses)
    )
    assert [use.staff.pk for use in client.get(reverse("board")).context["unusual"]] == [teller.pk]
    used_up(teller, run, limits.cards_per_day - limits.watched_idle)
    use = client.get(reverse("board")).context["unusual"][0]
    assert (use.cards, use.idle, use.misses) == (limits.watched_idle, limits.watched_idle, limits.watched_misses)
    assert signed_in("relationship_manager").get(reverse("board")).context["unusual"] == []


@pytest.fixture
def machine(run, member):
    """The branch's queue machine."""
    branch = member(TELLER).branch_id
    token = systems.add("queue-1", "branch_manager", branch, Channel.TERMINAL, run.business_date)

    def call(number, key, staff_id=None, ticket="A012"):
        body = {"staff_id": staff_id or member(TELLER).staff_id, "ticket": ticket, "number": number}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        return Client().post("/api/v1/queue/calls", json.dumps(body), "application/json", headers=headers)

    return call


def test_a_number_called_by_the_queue_machine_opens_the_card(machine, strangers, signed_in):
    standing = strangers(customer__identity_number__isnull=False)[0]
    number = standing.customer.identity_number
    answer = machine(number, "call-0001")
    assert answer.status_code == 200
    assert list(answer.json()) == ["until"]
    assert machine(number, "call-0001").json() == answer.json()
    card = ServiceCard.objects.get()
    assert (card.customer_id, card.found_by, card.ticket) == (standing.customer_id, "queue", "A012")
    client = signed_in(TELLER)
    assert standing.customer.name in client.get(reverse("called")).content.decode()
    assert client.get(reverse("service_card", args=[standing.customer_id])).status_code == 200


def test_the_queue_machine_opens_nothing_else(machine, strangers, member, run):
    number = strangers(customer__identity_number__isnull=False)[0].customer.identity_number
    other = Standing.objects.at(run).exclude(branch_id=member(TELLER).branch_id)
    elsewhere = other.filter(customer__identity_number__isnull=False)[0].customer.identity_number
    assert machine(elsewhere, "call-0001").status_code == 404
    assert machine(number, "call-0002", staff_id=member("relationship_manager").staff_id).status_code == 404
    abroad = Staff.objects.filter(post=TELLER).exclude(branch_id=member(TELLER).branch_id)[0]
    assert machine(number, "call-0003", staff_id=abroad.staff_id).status_code == 404
    used_up(member(TELLER), run, 0)
    assert machine(number, "call-0004").status_code == 429
    assert not ServiceCard.objects.filter(until__gt=timezone.now()).exists()

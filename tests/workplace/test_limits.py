"""What one person may take in a day holds for all kinds, and for many requests at once."""

import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from tests.attack import cases
from weihu.rules.rulebook import changed
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Staff, Standing
from weihu.workplace.base.models import Entry
from weihu.workplace.gate import limits
from weihu.workplace.gate.limits import Kind
from weihu.workplace.gate.models import Export, Taken
from weihu.workplace.gate.reach import Gate
from weihu.workplace.judge.benefits.using import UsedUp, due_to, use
from weihu.workplace.judge.portfolio import decisions


@pytest.fixture
def bound(run, monkeypatch):
    """The rule book with other limits."""

    def bind(**most):
        book = changed(run.rulebook, {"limits": most})
        monkeypatch.setattr(type(run), "rulebook", book)
        return book

    return bind


@pytest.fixture
def own(run, member):
    return list(Gate(member("branch_manager"), run).standings().filter(customer__phone__isnull=False)[:3])


@pytest.mark.parametrize("kind", Kind)
def test_of_each_kind_so_much_is_taken_as_the_book_allows_and_not_more(run, member, kind):
    gate = Gate(member("branch_manager"), run)
    most = limits.most_of(kind, run.rulebook)
    limits.take(kind, gate, most - 1)
    with pytest.raises(limits.LimitReached) as refused:
        limits.take(kind, gate, 2)
    assert (refused.value.left, limits.left(kind, gate)) == (1, 1)
    limits.take(kind, gate)
    limits.give_back(kind, gate)
    limits.take(kind, gate)
    assert limits.left(kind, gate) == 0
    assert limits.left(kind, Gate(member("rm_supervisor"), run)) == most, "each person has his own"


@pytest.mark.parametrize(("page", "kind", "form"), [
    ("reveal", "reveals_per_day", {"field": "phone", "why": "客户来电核实"}),
    ("data_copy", "copies_per_day", {"why": "本人申请"}),
    ("call", "calls_per_day", {}),
])  # fmt: skip
def test_values_copies_and_calls_end_with_the_day_s_limit(signed_in, own, bound, page, kind, form):
    bound(**{kind: 2})
    client = signed_in("branch_manager")
    answers = [client.post(reverse(page, args=[row.customer_id]), form) for row in own]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert "上限" in answers[-1].content.decode()
    action = {"reveal": "customer.reveal", "data_copy": "customer.copy", "call": "phone.call"}[page]
    assert Entry.objects.filter(action=action).count() == 2


@pytest.mark.parametrize("why", ["", ".", "x", "123", "aaa", "…"])
def test_a_copy_needs_a_reason_in_words(signed_in, own, why):
    client = signed_in("branch_manager")
    assert client.post(reverse("data_copy", args=[own[0].customer_id]), {"why": why}).status_code == 400
    assert not Taken.objects.exists()


def test_how_much_a_reason_says_is_a_rule_of_the_book(signed_in, own, bound):
    client, address = signed_in("branch_manager"), reverse("reveal", args=[own[0].customer_id])
    bound(reason_letters=6)
    assert client.post(address, {"field": "phone", "why": "客户来电"}).status_code == 400
    assert client.post(address, {"field": "phone", "why": "客户来电核实"}).status_code == 200


def test_the_morning_sheet_counts_with_the_exports(signed_in, bound, run, member):
    client, gate = signed_in("branch_manager"), Gate(member("branch_manager"), run)
    assert client.get(reverse("morning_pdf")).status_code == 200
    printed = Entry.objects.filter(action="customer.print").count()
    assert printed > 0
    assert limits.left(Kind.ROWS, gate) == run.rulebook.limits.export_rows_per_day - printed
    bound(export_rows_per_day=2 * printed - 1)
    assert client.get(reverse("morning_pdf")).status_code == 403
    assert Entry.objects.filter(action="customer.print").count() == printed
    listed = client.post(reverse("bulk"), {"act": "export", "purpose": "service", "why": "季度回访", "list": "grade=1"})
    assert listed.status_code == 403
    assert not Export.objects.exists()


AT_ONCE, MOST = cases(8, 40) if connection.vendor == "postgresql" else 8, 5
"""How many at once, and how many of them are allowed. SQLite has one writer at a time, and tells the others to come again."""


@pytest.fixture
def many(own_bank, tmp_path, monkeypatch):
    """Runs something in threads at once, each with a connection of its own; SQLite in a file, as an installation has it."""
    if connection.vendor == "sqlite":
        file = tmp_path / "copy.sqlite3"
        with contextlib.closing(sqlite3.connect(file)) as copy:
            connection.ensure_connection()
            connection.connection.backup(copy)
        monkeypatch.setitem(connections.settings["default"], "NAME", str(file))

    def at_once(act, things):
        start = threading.Barrier(len(things))

        def begin(thing):
            start.wait()
            try:
                return act(thing)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(things)) as threads:
            return list(threads.map(begin, things))

    return at_once


@pytest.mark.parametrize("kind", [Kind.ROWS, Kind.REVEALS, Kind.CARDS])
def test_many_at_once_take_no_more_than_the_limit(many, kind):
    run = current()
    gate = Gate(Staff.objects.filter(post="branch_manager").order_by("staff_id")[0], run)
    part = limits.most_of(kind, run.rulebook) // MOST

    def act(_):
        try:
            limits.take(kind, gate, part)
        except limits.LimitReached:
            return False
        return True

    assert sum(many(act, range(AT_ONCE))) == MOST
    [nothing] = many(lambda _: limits.left(kind, gate), [0])
    assert nothing < part


def test_parallel_requests_take_no_more_than_the_limit(many, monkeypatch, tried):
    run = current()
    limited = {
        "limits": {"reveals_per_day": MOST, "copies_per_day": MOST, "export_rows_per_day": 3 * MOST},
        "portfolios": {"claims_per_day": MOST},
    }
    monkeypatch.setattr(type(run), "rulebook", changed(run.rulebook, limited))
    manager = Staff.objects.filter(post="branch_manager").order_by("staff_id")[0]
    teller = Staff.objects.filter(post="high_counter").order_by("staff_id")[0]
    rows = list(Gate(manager, run).standings().filter(customer__phone__isnull=False)[:AT_ONCE])
    free = list(decisions.claimable(Gate(teller, run)).order_by("customer_id")[:AT_ONCE])
    why = {"field": "phone", "why": "客户来电核实"}
    few = {"act": "export", "purpose": "service", "why": "季度回访", "chosen": [row.customer_id for row in rows[:3]]}
    sent = {
        "exports": [(manager, reverse("bulk"), few) for _ in range(AT_ONCE)],
        "reveals": [(manager, reverse("reveal", args=[row.customer_id]), why) for row in rows],
        "copies": [(manager, reverse("data_copy", args=[row.customer_id]), why) for row in rows],
        "claims": [(teller, reverse("claims"), {"act": "claim", "customer_id": row.customer_id}) for row in free],
    }

    def send(one):
        staff, address, form = one
        client = Client()
        client.force_login(staff)
        return client.post(address, form).status_code

    for name, requests in sent.items():
        statuses = many(send, requests)
        assert sum(status < 400 for status in statuses) == MOST, (name, statuses)
        assert not [status for status in statuses if status >= 500] or connection.vendor == "sqlite", (name, statuses)
    tried("requests at once for what a day's limit allows few of", sum(map(len, sent.values())))


def test_a_benefit_asked_for_by_many_at_once_is_used_as_often_as_it_is_due(many, tried):
    run = current()
    row = Standing.objects.listed_at(run).filter(grade_rank=4).first()
    due = next(entry for entry in due_to(row, run.rulebook, run.work_date) if 1 < entry.benefit.quota < AT_ONCE)

    def act(_):
        try:
            use(row, due.key, run.rulebook, "a", run.work_date, uuid4())
        except UsedUp:
            return False
        return True

    assert sum(many(act, range(AT_ONCE))) == due.benefit.quota
    tried("uses of a benefit at once", AT_ONCE)

"""Signing in: wrong passwords make a number wait, and the audit log has all of it."""

import os
import shutil
import subprocess
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from click.testing import CliRunner
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from weihu import cli
from weihu.workplace.bank.models import Staff
from weihu.workplace.base import pace
from weihu.workplace.base.minutes import minutes
from weihu.workplace.base.models import Entry, Knock
from weihu.workplace.gate import sessions
from weihu.workplace.gate.models import SignIn

PASSWORD = "鱼-and-bicycle-7"


@pytest.fixture
def member(run):
    member = Staff.objects.filter(is_active=True).first()
    member.set_password(PASSWORD)
    member.save()
    return member


def sign_in(client, member, password):
    return client.post(reverse("login"), {"username": member.staff_id, "password": password})


def later(span):
    """Let time pass for what axes has counted."""
    for model in (AccessAttempt, AccessFailureLog):
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - span)


def acts(member):
    return list(Entry.objects.filter(staff_id=member.staff_id).order_by("id").values_list("action", flat=True))


def test_wrong_passwords_make_a_number_wait_twice_as_long_each_time(client, member):
    for waited in (1, 2, 4, 8):
        answers = [sign_in(client, member, "wrong").status_code for _ in range(settings.AXES_FAILURE_LIMIT)]
        assert answers == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
        waiting = sign_in(client, member, PASSWORD)
        assert waiting.status_code == 429
        assert f" {waited} " in waiting.content.decode()
        later(timedelta(minutes=waited, seconds=-5))
        assert sign_in(client, member, PASSWORD).status_code == 429
        later(timedelta(seconds=6))
    assert sign_in(client, member, PASSWORD).status_code == 302
    assert not AccessFailureLog.objects.exists()


def test_the_wait_has_an_end(client, member):
    AccessFailureLog.objects.bulk_create(
        AccessFailureLog(username=member.staff_id, attempt_time=timezone.now()) for _ in range(200)
    )
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in(client, member, "wrong")
    assert " 60 " in answer.content.decode()


def test_one_number_waits_and_no_other(client, member):
    other = Staff.objects.filter(is_active=True).exclude(pk=member.pk).first()
    other.set_password(PASSWORD)
    other.save()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, member, "wrong")
    assert sign_in(client, other, PASSWORD).status_code == 302


def test_the_audit_log_has_failures_sign_in_and_sign_out(client, member):
    sign_in(client, member, "wrong")
    sign_in(client, member, PASSWORD)
    assert SignIn.objects.filter(staff_id=member.staff_id).exists()
    client.post(reverse("logout"))
    assert not SignIn.objects.filter(staff_id=member.staff_id).exists()
    assert acts(member) == ["login.failed", "login.in", "login.out"]


def test_a_name_that_nobody_has_is_not_kept(client, member):
    client.post(reverse("login"), {"username": PASSWORD, "password": "x"})
    assert Entry.objects.filter(action="login.failed", staff_id="").count() == 1
    assert not Entry.objects.filter(staff_id=PASSWORD).exists()


def test_a_password_taken_away_ends_every_session(client, member):
    sign_in(client, member, PASSWORD)
    page = reverse("customers")
    assert client.get(page).status_code == 200
    home = ["--home", str(settings.HOME.root)]
    assert CliRunner().invoke(cli.main, [*home, "login", "remove", "nobody"]).exit_code == 1
    removed = CliRunner().invoke(cli.main, [*home, "login", "remove", member.staff_id])
    assert removed.exit_code == 0, removed.output
    assert client.get(page).status_code == 302
    assert sign_in(client, member, PASSWORD).status_code == 200


def test_a_waiting_number_is_let_in_from_the_command_line(client, member):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, member, "wrong")
    CliRunner().invoke(cli.main, ["--home", str(settings.HOME.root), "login", "unlock", member.staff_id])
    assert sign_in(client, member, PASSWORD).status_code == 302


@pytest.mark.parametrize("password", ["password123", "1234567890", "short", "qwertyuiop"])
def test_weak_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


def test_a_password_is_changed_by_who_knows_it_and_other_sessions_end(client, member):
    elsewhere = Client()
    for device in (client, elsewhere):
        sign_in(device, member, PASSWORD)
    page, new = reverse("password"), "another-小船-41"
    assert client.get(page).status_code == 200
    wrong = client.post(page, {"old_password": "x", "new_password1": new, "new_password2": new})
    weak = client.post(page, {"old_password": PASSWORD, "new_password1": "12345678", "new_password2": "12345678"})
    assert wrong.status_code == weak.status_code == 200
    changed = client.post(page, {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert changed.status_code == 302
    assert client.get(reverse("customers")).status_code == 200
    assert elsewhere.get(reverse("customers")).status_code == 302
    assert acts(member).count("login.password") == 1


def test_the_dialog_on_a_page_waits_as_the_sign_in_does(client, member):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = client.post(reverse("session"), {"username": member.staff_id, "password": "wrong"})
    assert answer.status_code == 429
    assert " 1 " in answer.json()["fault"]


# --- sign-ins on several devices ---


def test_sign_ins_are_listed_and_ended_everywhere_else(client, member):
    here, other = client, Client(headers={"user-agent": "Another device"})
    for device in (here, other):
        assert sign_in(device, member, PASSWORD).status_code == 302
    page = here.get(reverse("password"))
    assert {row.device for row in page.context["signed_in"]} == {"", "Another device"}
    assert "Another device" in page.content.decode()
    assert other.get(reverse("customers")).status_code == 200
    assert here.post(reverse("password"), {"act": "elsewhere"}).url == reverse("password")
    assert other.get(reverse("customers")).status_code == 302
    assert here.get(reverse("customers")).status_code == 200
    assert acts(member).count("login.elsewhere") == 1


def test_a_new_password_ends_the_other_sign_ins(client, member):
    other = Client()
    for device in (client, other):
        sign_in(device, member, PASSWORD)
    new = "another-鱼-and-bicycle-8"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("password"), form).status_code == 302
    assert SignIn.objects.filter(staff_id=member.staff_id).count() == 1
    assert client.get(reverse("customers")).status_code == 200
    assert other.get(reverse("customers")).status_code == 302


@pytest.mark.parametrize(("age", "idle", "holds"), [
    (sessions.LONGEST - timedelta(minutes=5), timedelta(minutes=5), True),
    (sessions.LONGEST + timedelta(minutes=5), timedelta(minutes=5), False),
    (timedelta(hours=3), sessions.IDLE - timedelta(minutes=5), True),
    (timedelta(hours=3), sessions.IDLE + timedelta(minutes=5), False),
])  # fmt: skip
def test_a_sign_in_ends_after_its_time_and_after_an_idle_one(client, member, age, idle, holds):
    sign_in(client, member, PASSWORD)
    now = timezone.now()
    SignIn.objects.update(at=now - age, seen_at=now - idle)
    assert client.get(reverse("customers")).status_code == (200 if holds else 302)
    if holds:
        assert SignIn.objects.get().seen_at > now - timedelta(minutes=1)


@pytest.mark.parametrize("said", ["4", "1441", "-20", "two hours", "30.5"])
def test_a_time_that_is_none_is_told_and_nothing_starts(said, monkeypatch):
    monkeypatch.setenv("WEIHU_IDLE_MINUTES", said)
    with pytest.raises(ImproperlyConfigured, match=r"WEIHU_IDLE_MINUTES.*from 5 to 1440"):
        minutes("WEIHU_IDLE_MINUTES", 120)


@pytest.mark.parametrize(("said", "so_long"), [("", 120), ("5", 5), (" 30 ", 30), ("1440", 1440)])
def test_how_long_a_sign_in_holds_is_a_setting(said, so_long, monkeypatch):
    monkeypatch.setenv("WEIHU_IDLE_MINUTES", said)
    assert minutes("WEIHU_IDLE_MINUTES", 120) == so_long


def test_the_command_says_which_setting_is_wrong(home):
    environment = {**os.environ, "WEIHU_IDLE_MINUTES": "soon"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    arguments = [shutil.which("weihu"), "--home", str(home.root), "keys", "status"]
    said = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "WEIHU_IDLE_MINUTES='soon'" in said.stderr and "Traceback" not in said.stderr


def test_a_leaver_is_cut_off_at_once_everywhere(client, member, run):
    sign_in(client, member, PASSWORD)
    client.post(reverse("feed_act"), {"act": "make"})
    address = client.get(reverse("occasions")).context["feed"]
    assert Client().get(address).status_code == 200
    CliRunner().invoke(cli.main, ["--home", str(settings.HOME.root), "login", "remove", member.staff_id])
    assert client.get(reverse("customers")).status_code == 302
    assert Client().get(address).status_code == 404
    assert not SignIn.objects.filter(staff_id=member.staff_id).exists()


# --- from one address ---


def test_who_guesses_many_numbers_from_one_address_waits_there(client, member, monkeypatch):
    monkeypatch.setattr(pace.SIGN_IN.__class__, "_key", lambda self, who: f"{self.kind} {who}")
    for number in range(pace.SIGN_IN.most):
        client.post(reverse("login"), {"username": f"nobody{number}", "password": "x"})
    for page in ("login", "session"):
        refused = client.post(reverse(page), {"username": member.staff_id, "password": PASSWORD})
        assert refused.status_code == 429
    assert client.get(reverse("login")).status_code == 200
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert sign_in(elsewhere, member, PASSWORD).status_code == 302


def test_forms_and_calendars_have_a_pace_for_each_address(client, run, monkeypatch):
    monkeypatch.setattr(pace.SIGN_IN.__class__, "_key", lambda self, who: f"{self.kind} {who}")
    for _ in range(pace.FEED.most):
        assert client.get("/calendar/none.ics").status_code == 404
    assert client.get("/calendar/none.ics").status_code == 429
    assert Client(REMOTE_ADDR="10.0.0.9").get("/calendar/none.ics").status_code == 404
    Knock.objects.create(key="form 127.0.0.1", until=timezone.now(), count=pace.FORM.most)
    assert client.post("/f/1:x/").status_code == 429
    assert client.get("/f/1:x/").status_code == 404


def test_what_was_counted_is_forgotten_after_its_span(run):
    slow = pace.Pace("test", 2, 600)
    assert [slow.knock("x") for _ in range(3)] == [True, True, False]
    assert slow.is_over("x") and not slow.is_over("y")
    pace.forget(timezone.now())
    assert slow.is_over("x")
    pace.forget(timezone.now() + timedelta(minutes=11))
    assert not slow.is_over("x")

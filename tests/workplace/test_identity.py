"""Signing in: wrong passwords make a number wait, and the audit log has all of it."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from click.testing import CliRunner
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from weihu import cli
from weihu.workplace.bank.models import Staff
from weihu.workplace.base.models import Entry

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
    for minutes in (1, 2, 4, 8):
        answers = [sign_in(client, member, "wrong").status_code for _ in range(settings.AXES_FAILURE_LIMIT)]
        assert answers == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
        waiting = sign_in(client, member, PASSWORD)
        assert waiting.status_code == 429
        assert f" {minutes} " in waiting.content.decode()
        later(timedelta(minutes=minutes, seconds=-5))
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
    client.post(reverse("logout"))
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

"""Second factors: apps, recovery codes and passkeys, who has to have one, and what the audit log has of it."""

import json
import time
from datetime import timedelta

import pyotp
import pytest
from click.testing import CliRunner
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests.workplace.conftest import WHOLE
from weihu import cli
from weihu.workplace.bank.models import Staff
from weihu.workplace.base.models import Entry
from weihu.workplace.gate import factors
from weihu.workplace.gate.models import Factor, RecoveryCode, SignIn
from weihu.workplace.see.health import checks

PASSWORD = "鱼-and-bicycle-7"
PAGE, STEP = "/password/second/", "/login/second/"


@pytest.fixture
def supervisor(run):
    """Somebody whose post decides."""
    member = Staff.objects.filter(is_active=True, post="rm_supervisor").first()
    member.set_password(PASSWORD)
    member.save()
    return member


@pytest.fixture
def app(client, supervisor):
    """The supervisor's app, added on the page; recovery codes in ``codes``."""
    sign_in(client, supervisor)
    assert "</svg>" in client.post(PAGE, {"act": "app"}, follow=True).content.decode()
    app = pyotp.TOTP(Factor.objects.get().secret)
    app.codes = client.post(PAGE, {"act": "confirm", "code": app.now()}).context["codes"]
    client.post(reverse("logout"))
    turn_back()
    return app


def sign_in(client, member, password=PASSWORD):
    return client.post(reverse("login"), {"username": member.staff_id, "password": password})


def turn_back():
    """As if the last code had been given a while ago."""
    Factor.objects.update(counter=0)


def acts(member):
    return list(Entry.objects.filter(staff_id=member.staff_id).order_by("id").values_list("action", flat=True))


def is_in(client):
    return client.get(reverse("customers")).status_code == 200


def test_the_password_alone_does_not_sign_in_who_has_an_app(client, supervisor, app):
    answer = sign_in(client, supervisor)
    assert answer.url == STEP
    assert not is_in(client)
    assert client.post(STEP, {"code": "000000"}).status_code == 422
    assert not is_in(client)
    answer = client.post(STEP, {"code": app.now()}, follow=True)
    assert answer.request["PATH_INFO"] == reverse("today")
    assert is_in(client)
    signing = ["login.in", "factor.add", "factor.codes", "login.out", "login.failed", "login.second", "login.in"]
    assert [act for act in acts(supervisor) if act.startswith(("login.", "factor."))] == signing


def test_the_page_that_was_asked_for_comes_after_the_second_step(client, supervisor, app):
    form = {"username": supervisor.staff_id, "password": PASSWORD, "next": reverse("customers")}
    assert client.post(reverse("login"), form).url == STEP
    assert client.post(STEP, {"code": app.now()}, follow=True).request["PATH_INFO"] == reverse("customers")
    assert client.get(STEP).url == reverse("login")


def test_a_code_counts_once(client, supervisor, app):
    code = app.now()
    for device, status in ((client, 302), (Client(), 422)):
        sign_in(device, supervisor)
        assert device.post(STEP, {"code": code}).status_code == status


def test_a_clock_may_be_wrong_by_one_step_and_no_more(client, supervisor, app, monkeypatch):
    now = time.time()
    monkeypatch.setattr(factors.time, "time", lambda: now)
    for away, status in ((-60, 422), (60, 422), (-30, 302), (30, 302)):
        device = Client()
        sign_in(device, supervisor)
        assert device.post(STEP, {"code": app.at(int(now) + away)}).status_code == status, away


def test_wrong_codes_make_the_number_wait_as_wrong_passwords_do(client, supervisor, app):
    sign_in(client, supervisor)
    answers = [client.post(STEP, {"code": "000000"}).status_code for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert answers == [422] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    assert client.post(STEP, {"code": app.now()}).status_code == 429
    assert not is_in(client)


def test_a_recovery_code_replaces_the_app_once(client, supervisor, app):
    assert len(set(app.codes)) == factors.CODES
    for device, status in ((client, 302), (Client(), 422)):
        sign_in(device, supervisor)
        assert device.post(STEP, {"code": app.codes[0].upper()}).status_code == status
    assert factors.codes_left(supervisor.staff_id) == factors.CODES - 1
    new = client.post(PAGE, {"act": "codes"}).context["codes"]
    assert not set(new) & set(app.codes)
    sign_in(other := Client(), supervisor)
    assert other.post(STEP, {"code": app.codes[1]}).status_code == 422
    assert other.post(STEP, {"code": new[1]}).status_code == 302


def test_secrets_are_sealed_and_codes_are_not_kept(supervisor, app):
    assert app.secret not in str(Factor.objects.values_list("secret", flat=True).get())
    kept = "".join(RecoveryCode.objects.values_list("code_index", flat=True))
    assert not any(code.replace("-", "") in kept for code in app.codes)


def test_the_second_step_is_due_for_some_minutes_only(client, supervisor, app, monkeypatch):
    sign_in(client, supervisor)
    later = time.time() + factors.PENDING_SECONDS + 1
    monkeypatch.setattr(factors.time, "time", lambda: later)
    late = client.post(STEP, {"code": app.at(int(later))})
    assert (late.status_code, late.context.get("late")) == (422, True)
    assert client.get(STEP).url == reverse("login")


def test_who_has_no_second_factor_signs_in_by_password(client, supervisor):
    assert sign_in(client, supervisor).url == reverse("today")
    assert client.get(reverse("password")).status_code == 200


def test_a_wrong_code_adds_no_app(client, supervisor):
    sign_in(client, supervisor)
    client.post(PAGE, {"act": "app"})
    assert client.post(PAGE, {"act": "confirm", "code": "000000"}, follow=True).status_code == 200
    assert factors.of(supervisor.staff_id) == []
    assert client.post(PAGE, {"act": "codes"}).status_code == 302
    assert factors.codes_left(supervisor.staff_id) == 0


def test_second_factors_change_soon_after_the_password_only(client, supervisor):
    sign_in(client, supervisor)
    SignIn.objects.update(at=timezone.now() - factors.FRESH - timedelta(seconds=1))
    client.post(PAGE, {"act": "app"})
    assert not Factor.objects.exists()


def test_a_first_factor_ends_the_sign_ins_that_had_none(client, supervisor):
    elsewhere = Client()
    for device in (client, elsewhere):
        sign_in(device, supervisor)
    client.post(PAGE, {"act": "app"})
    client.post(PAGE, {"act": "confirm", "code": pyotp.TOTP(Factor.objects.get().secret).now()})
    assert is_in(client)
    assert not is_in(elsewhere)


def test_a_post_that_has_to_have_one_comes_no_further_without(client, supervisor, monkeypatch):
    monkeypatch.setenv(factors.DEMANDED, "decides")
    sign_in(client, supervisor)
    assert client.get(reverse("customers")).url == PAGE
    assert client.get(PAGE).context["demanded"]
    client.post(PAGE, {"act": "app"})
    factor = Factor.objects.get()
    client.post(PAGE, {"act": "confirm", "code": pyotp.TOTP(factor.secret).now()})
    assert is_in(client)
    client.post(PAGE, {"act": "remove", "factor": factor.token})
    assert factors.of(supervisor.staff_id) == [factor]
    manager = Staff.objects.filter(is_active=True, post="relationship_manager").first()
    client.force_login(manager)
    assert is_in(client)


def test_the_last_factor_goes_with_its_recovery_codes_where_none_is_demanded(client, supervisor, app):
    sign_in(client, supervisor)
    client.post(STEP, {"code": app.now()})
    client.post(PAGE, {"act": "remove", "factor": "nothing"})
    assert len(factors.of(supervisor.staff_id)) == 1
    client.post(PAGE, {"act": "remove", "factor": Factor.objects.get().token})
    assert not Factor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert acts(supervisor).count("factor.remove") == 1


def test_the_dialog_on_a_page_asks_for_the_code(client, supervisor, app):
    said = {"username": supervisor.staff_id, "password": PASSWORD}
    asked = client.post(reverse("session"), said)
    assert (asked.status_code, asked.json()["second"]) == (422, True)
    assert client.post(reverse("session"), {**said, "code": "000000"}).status_code == 422
    assert client.post(reverse("session"), {**said, "code": app.now()}).json()["staff"] == supervisor.staff_id
    assert is_in(client)


def test_it_takes_lost_factors_away_only_with_somebody_else_who_decides(client, supervisor, app, member):
    manager = Staff.objects.filter(is_active=True, post="branch_manager", branch_id=supervisor.branch_id).first()
    manager.set_password(PASSWORD)
    manager.save()
    teller = member("low_counter")
    teller.set_password(PASSWORD)
    teller.save()

    def said(agreed, word):
        command = ["--home", str(settings.HOME.root), "login", "reset-factor", supervisor.staff_id, "--agreed", agreed]
        return CliRunner().invoke(cli.main, command, input=f"{word}\n")

    for agreed, word in (
        (supervisor.staff_id, app.now()),
        (teller.staff_id, PASSWORD),
        (manager.staff_id, "wrong"),
        ("x", "x"),
    ):
        refused = said(agreed, word)
        assert refused.exit_code == 1
        assert "another person" in refused.output
    assert factors.of(supervisor.staff_id)
    assert said(manager.staff_id, PASSWORD).exit_code == 0
    assert sign_in(client, supervisor).url == reverse("today")
    detail = f"{supervisor.staff_id} {manager.staff_id}"
    assert Entry.objects.filter(action="factor.reset", detail=detail).exists()
    assert Entry.objects.filter(action="factor.refused", detail=detail).count() == 1
    assert "no second factor" in said(manager.staff_id, PASSWORD).output


def test_who_has_a_second_factor_agrees_with_it_and_not_with_the_password(client, supervisor, app, member):
    other = Staff.objects.filter(is_active=True, post="branch_manager", branch_id=supervisor.branch_id).first()
    assert factors._agrees(other.staff_id, supervisor.staff_id, app.codes[0])
    assert not factors._agrees(other.staff_id, supervisor.staff_id, app.codes[0]), "a code counts once"
    assert not factors._agrees(other.staff_id, supervisor.staff_id, PASSWORD)


def test_the_check_names_posts_that_decide_without_a_second_factor(run, home, monkeypatch):
    def said():
        return " ".join(finding.en for finding in checks.findings(home) if not finding.safe)

    assert "WEIHU_SECOND_FACTOR=decides" in said()
    monkeypatch.setenv(factors.DEMANDED, "decides,tellers")
    assert "WEIHU_SECOND_FACTOR=decides" not in said()
    assert "(tellers)" in said()


# --- passkeys, in a browser with an authenticator of its own ---


@pytest.fixture(scope="module")
def browser(launched):
    """The whole one: the headless shell knows no passkeys."""
    running = launched(WHOLE)
    yield running
    running.close()


@pytest.fixture
def authenticator(desk):
    """A supervisor at a desk whose browser has an authenticator."""
    page = desk(1280, "en", "rm_supervisor")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "isUserVerified": True,
                     "hasUserVerification": True}},
    )  # fmt: skip
    return page, devtools


def test_a_passkey_is_added_and_signs_in(authenticator, server):
    page, _ = authenticator
    page.goto(f"{server.url}{PAGE}")
    page.fill("#label", "This computer")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".factor-codes li")).to_have_count(factors.CODES)
    expect(page.locator("#own")).to_be_visible()
    assert Factor.objects.get().label == "This computer"
    page.get_by_role("button", name="Sign out").click()
    page.locator("#id_username").wait_for()
    staff = Staff.objects.get(staff_id=Factor.objects.get().staff_id)
    staff.set_password("a long password")
    staff.save()
    page.fill("#id_username", staff.staff_id)
    page.fill("#id_password", "a long password")
    page.press("#id_password", "Enter")
    page.get_by_role("button", name="Use the passkey").click()
    expect(page.locator(".rail")).to_be_attached()
    assert Factor.objects.get().used_at


def test_in_the_dialog_on_a_page_the_code_comes_after_the_password(browser, server):
    staff = Staff.objects.filter(is_active=True, post="rm_supervisor").first()
    staff.set_password("a long password")
    staff.save()
    app, staff_id = pyotp.random_base32(), staff.staff_id
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{server.url}{reverse('login')}?next={reverse('work_log')}")
    page.fill("#id_username", staff_id)
    page.fill("#id_password", "a long password")
    page.press("#id_password", "Enter")
    expect(page.locator("[name=minutes]").first).to_be_visible()
    Factor.objects.create(
        token="0" * 32, staff_id=staff_id, kind="app", secret=app, confirmed=True, added_at=timezone.now()
    )
    SignIn.objects.filter(staff_id=staff_id).delete()
    page.locator("[name=text]").first.fill("A visit")
    page.locator("[name=minutes]").first.fill("20")
    page.locator("[name=minutes]").first.press("Enter")
    expect(page.locator("#sign-in-again")).to_be_visible()
    page.fill("#password-again", "a long password")
    page.press("#password-again", "Enter")
    page.fill("#code-again", pyotp.TOTP(app).now())
    page.press("#code-again", "Enter")
    expect(page.locator("#sign-in-again")).to_be_hidden()
    expect(page.get_by_text("A visit")).to_be_visible()
    context.close()


def test_answers_of_passkeys_hold_for_their_question_only(client, supervisor):
    sign_in(client, supervisor)
    for answer in ("", "{}", "[]", "x", json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {}})):
        client.post(PAGE, {"act": "passkey", "passkey": answer})
    assert not Factor.objects.exists()
    Factor.objects.create(
        token="0" * 32, staff_id=supervisor.staff_id, kind="passkey", confirmed=True, added_at=timezone.now(),
        secret="AAAAAAAAAAAAAAAAAAAAAAABAKUBAgMmIAEhWCBrF9HS4fLhR9MXq-lK5XHxPzCfGL2vYjOcH0Zb3PDYAyJYIIYBcxVyN9gaLyaC2sVYOnB4vv1XNn3-GIBkMvwFYDMP",
    )  # fmt: skip
    device = Client()
    assert sign_in(device, supervisor).url == STEP
    assert '"challenge"' in device.get(STEP).context["passkey"]
    for answer in ("{}", "x", json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {}})):
        assert device.post(STEP, {"passkey": answer}).status_code == 422

"""The bank's single sign-on, with a provider that runs as a process of its own."""

import socket
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from click.testing import CliRunner
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from weihu import cli
from weihu.workplace.bank.models import Staff
from weihu.workplace.base.models import Entry
from weihu.workplace.gate import factors, oidc
from weihu.workplace.gate import provider as bank
from weihu.workplace.gate.models import Factor

START = "/login/bank/"


@pytest.fixture(scope="module")
def provider():
    """The address of a provider on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        "--require-nonce",
        "true",
    ]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=nothing, stderr=nothing) as running:
        address = f"http://localhost:{port}"
        wait_for(address)
        yield address
        running.terminate()


def wait_for(address):
    for _ in range(600):
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the provider does not begin")


@pytest.fixture
def sso(provider, monkeypatch, tmp_path):
    """The provider as the bank's single sign-on, which says staff numbers in a claim of their own."""
    (tmp_path / "secret").write_text("a secret\n")
    monkeypatch.setenv("WEIHU_OIDC_ISSUER", provider)
    monkeypatch.setenv("WEIHU_OIDC_CLIENT", "weihu")
    monkeypatch.setenv("WEIHU_OIDC_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("WEIHU_OIDC_CLAIM", "staff_number")
    bank.registered.cache_clear()
    yield provider
    bank.registered.cache_clear()


@pytest.fixture
def member(run):
    return Staff.objects.filter(is_active=True, post="rm_supervisor").first()


def known(provider, staff_id, **claims):
    """The provider knows somebody by a name of its own, and the staff number as a claim."""
    httpx.put(f"{provider}/users/{staff_id}@bank", json={"staff_number": staff_id, **claims}).raise_for_status()


def go(client, staff_id, then=""):
    """Sign in at the provider and come back: the answer to that."""
    to = client.get(START, {"next": then}).url
    asked = parse_qs(urlsplit(to).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    return client.get(httpx.post(to, data={"sub": f"{staff_id}@bank"}).headers["Location"])


def is_in(client):
    return client.get(reverse("customers")).status_code == 200


def test_who_is_signed_in_at_the_bank_is_signed_in_here(client, member, sso):
    known(sso, member.staff_id)
    assert START in client.get(reverse("login")).content.decode()
    answer = go(client, member.staff_id, reverse("customers"))
    assert client.get(answer.url).url == reverse("customers")
    assert is_in(client)
    assert Entry.objects.filter(staff_id=member.staff_id, action="login.in").exists()


@pytest.mark.parametrize("then", ["https://elsewhere.example/", "//elsewhere.example", "javascript:x"])
def test_nobody_is_sent_elsewhere(then, client, member, sso):
    known(sso, member.staff_id)
    assert client.get(go(client, member.staff_id, then).url).url == reverse("today")


def test_a_number_that_is_no_staff_is_refused_in_words(client, run, sso):
    known(sso, "nobody")
    answer = go(client, "nobody")
    assert answer.status_code == 403
    assert "科技部门" in answer.content.decode()
    assert not is_in(client)


def test_who_says_no_at_the_bank_is_told_so(client, run, sso):
    to = client.get(START).url
    denied = httpx.post(to, data={"action": "deny"}).headers["Location"]
    assert client.get(denied).status_code == 403
    assert Entry.objects.filter(action="login.failed", detail="single sign-on").exists()


def test_a_leaver_is_cut_off_at_once(client, member, sso):
    known(sso, member.staff_id)
    go(client, member.staff_id)
    assert is_in(client)
    home = ["--home", str(settings.HOME.root)]
    CliRunner().invoke(cli.main, [*home, "login", "remove", member.staff_id])
    assert not is_in(client)
    assert go(client, member.staff_id).status_code == 403
    allowed = CliRunner().invoke(cli.main, [*home, "login", "set", member.staff_id, "--password", "鱼-and-bicycle-7"])
    assert allowed.exit_code == 0, allowed.output
    assert go(client, member.staff_id).status_code == 302
    Staff.objects.filter(pk=member.pk).update(is_active=False)
    assert not is_in(client)
    assert go(client, member.staff_id).status_code == 403


def test_an_answer_to_another_question_is_refused(client, member, sso):
    known(sso, member.staff_id)
    to = client.get(START).url
    answer = httpx.post(to, data={"sub": f"{member.staff_id}@bank"}).headers["Location"]
    stranger = Client()
    assert stranger.get(answer).status_code == 403
    assert not is_in(stranger)
    assert client.get(answer).status_code == 302
    assert client.get(answer).status_code == 403


def test_a_token_of_another_issuer_is_refused(client, member, sso, monkeypatch):
    known(sso, member.staff_id)
    monkeypatch.setenv("WEIHU_OIDC_ISSUER", f"{sso}/")  # its keys are found there, and its tokens say another name
    assert go(client, member.staff_id).status_code == 403


def test_a_second_factor_here_is_asked_for_unless_the_bank_has_asked(client, member, sso):
    app = pyotp.random_base32()
    Factor.objects.create(
        token="0" * 32, staff_id=member.staff_id, kind="app", secret=app, confirmed=True, added_at=timezone.now()
    )
    known(sso, member.staff_id)
    assert go(client, member.staff_id).url == reverse("second_step")
    assert not is_in(client)
    client.post(reverse("second_step"), {"code": pyotp.TOTP(app).now()})
    assert is_in(client)
    known(sso, member.staff_id, amr=["pwd", "mfa"])
    assert go(other := Client(), member.staff_id).url.startswith(reverse("login"))
    assert is_in(other)
    assert other.session[factors.PROVEN]


def test_a_strong_sign_in_at_the_bank_is_enough_for_a_post_that_has_to_have_a_factor(client, member, sso, monkeypatch):
    monkeypatch.setenv(factors.DEMANDED, "decides")
    known(sso, member.staff_id)
    go(client, member.staff_id)
    assert client.get(reverse("customers")).url == reverse("factors")
    known(sso, member.staff_id, amr="mfa")  # no list: not as the standard has it
    go(other := Client(), member.staff_id)
    assert not is_in(other)
    known(sso, member.staff_id, amr=["mfa"])
    somebody = Staff.objects.filter(is_active=True, post="relationship_manager").first()
    (third := Client()).force_login(somebody)
    go(third, member.staff_id)
    assert is_in(third)


def test_a_provider_that_does_not_answer_leaves_the_password(client, member, sso, monkeypatch):
    monkeypatch.setenv("WEIHU_OIDC_ISSUER", "http://127.0.0.1:1")
    refused = client.get(START)
    assert refused.status_code == 503
    assert 'name="password"' in refused.content.decode()
    monkeypatch.delenv("WEIHU_OIDC_ISSUER")
    assert client.get(START).status_code == 404
    assert START not in client.get(reverse("login")).content.decode()


def test_tokens_are_taken_by_keys_of_the_issuer_alone(sso):
    told = bank.client().load_server_metadata()
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    told["id_token_signing_alg_values_supported"] = ["none", "HS256"]
    assert bank.client().load_server_metadata()["id_token_signing_alg_values_supported"] == []


def test_a_secret_that_is_not_there_leaves_the_password(client, run, sso, monkeypatch):
    monkeypatch.setenv("WEIHU_OIDC_SECRET_FILE", "/nothing/here")
    assert client.get(START).status_code == 503


def test_signing_out_ends_the_sign_in_at_the_bank_where_there_is_one(client, member, sso, monkeypatch):
    known(sso, member.staff_id)
    go(client, member.staff_id)
    out = client.post(reverse("logout"))
    address = urlsplit(out.headers["Refresh"].removeprefix("0; url="))
    assert f"{address.scheme}://{address.netloc}" == sso
    assert {"id_token_hint", "post_logout_redirect_uri", "client_id"} <= set(parse_qs(address.query))
    assert not is_in(client)
    go(client, member.staff_id)
    monkeypatch.setenv("WEIHU_OIDC_ISSUER", "http://127.0.0.1:1")
    assert client.post(reverse("logout")).url == reverse("login")
    client.force_login(member)
    assert client.post(reverse("logout")).url == reverse("login")


def test_the_token_is_sealed_in_the_session(client, member, sso):
    known(sso, member.staff_id)
    go(client, member.staff_id)
    assert not client.session[oidc.TOKEN].startswith("ey")


def test_in_a_browser_from_the_link_to_signing_out(browser, server, sso):
    somebody = Staff.objects.filter(is_active=True, post="rm_supervisor").first()
    known(sso, somebody.staff_id)
    context = browser.new_context(locale="en")
    page = context.new_page()
    page.goto(f"{server.url}/login/")
    page.get_by_role("link", name="Sign in with the bank's single sign-on").click()
    page.fill("input[name=sub]", f"{somebody.staff_id}@bank")
    page.get_by_role("button", name="Authorize").click()
    expect(page.locator(".rail")).to_be_attached()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{sso}/oauth2/end_session**")
    context.close()

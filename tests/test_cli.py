"""The command line: what each command does, and what it answers to those it refuses.

The commands run in the tests' process and home, on the published bank; as processes of their own, with kills and
locks, in tests/nightly/test_command.py.
"""

import json
import re
import shutil
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta

import filelock
import pytest
from click.testing import CliRunner
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tests.conftest import LEDGER, PUBLISHED_DAYS
from weihu.cli import main
from weihu.rules import rulebook
from weihu.workplace.bank.models import CurrentRun, Staff, Standing
from weihu.workplace.base import audit
from weihu.workplace.base.models import Entry


@pytest.fixture
def call(monkeypatch, home):
    """Calls the command in the tests' home, or in another."""

    def call(*arguments: object, at=home.root, env=None):
        monkeypatch.setenv("WEIHU_HOME", str(home.root))  # what the command sets is taken back afterwards
        return CliRunner().invoke(main, ["--home", str(at), *map(str, arguments)], env=env)

    return call


def refused(result, *words: str) -> None:
    """It failed, and said why in plain words: no traceback."""
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    for word in words:
        assert word in result.output, result.output


def test_a_home_is_made_with_the_book_asked_for_and_its_secrets_are_kept(call, db, tmp_path):
    made = call("init", "--rulebook", "state_bank", at=tmp_path / "home")
    assert made.exit_code == 0
    assert rulebook.load("state_bank").zh in made.output
    assert (tmp_path / "home" / "rulebook.toml").read_bytes() == (rulebook.BOOKS / "state_bank.toml").read_bytes()
    secrets = tmp_path / "home" / "keys.json"
    before = secrets.read_bytes()
    assert secrets.stat().st_mode & 0o077 == 0
    assert call("init", at=tmp_path / "home").exit_code == 0
    assert secrets.read_bytes() == before
    assert call("init", "--rulebook", "state_bank", at=tmp_path / "home").exit_code == 0


def test_a_home_keeps_its_rule_book(call, db, tmp_path):
    call("init", "--rulebook", "state_bank", at=tmp_path / "home")
    refused(call("init", "--rulebook", "brief", at=tmp_path / "home"), "rulebook.toml", "is not replaced", "不会被替换")
    assert (tmp_path / "home" / "rulebook.toml").read_bytes() == (rulebook.BOOKS / "state_bank.toml").read_bytes()


def test_no_home_is_made_for_a_faulty_book(call, tmp_path):
    book = tmp_path / "book.toml"
    book.write_text('extends = "brief"\nunheard_of = 1\n')
    refused(call("init", "--rulebook", book, at=tmp_path / "home"), "unheard_of")
    refused(call("rulebook", "check", book), "unheard_of")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("key", sorted(rulebook.builtin_books()))
def test_a_built_in_book_is_found_right(key, call):
    checked = call("rulebook", "check", rulebook.BOOKS / f"{key}.toml")
    assert checked.exit_code == 0
    assert f"{len(rulebook.load(key).grades)} grades" in checked.output


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--date", "2026-06-01"],
        ["replay", "."],
        ["status"],
        ["customer", "1"],
        ["duplicates"],
        ["login", "set", "1", "--password", "a long password"],
        ["token", "add", "site", "--post", "personal_banking"],
        ["token", "revoke", "site"],
        ["audit", "verify"],
        ["serve"],
    ],
    ids=" ".join,
)
def test_where_no_home_was_made_a_command_says_so(command, call, tmp_path):
    refused(call(*command, at=tmp_path / "nowhere"), "weihu init")
    assert not (tmp_path / "nowhere").exists()


def test_a_synthetic_bank_is_delivered_one_folder_a_day(call, tmp_path):
    out = tmp_path / "bank"
    made = call("source", "synthetic", "--customers", 40, "--days", 3, "--to", "2026-03-01", "--out", out)
    assert made.exit_code == 0
    assert sorted(folder.name for folder in out.iterdir() if folder.name[0] != ".") == [
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
    ]
    assert (out / "2026-02-27" / "branches.csv").read_text(encoding="utf-8").count(",B000\n") == 3  # by default
    refused(call("source", "synthetic", "--customers", 0, "--days", 3, "--out", out), "customers")


def test_a_synthetic_bank_is_checked_and_a_check_that_fails_is_an_error(call, tmp_path):
    made = call("source", "synthetic", "--customers", 60, "--days", 3, "--out", tmp_path / "bank", "--report")
    *checks, sums = [line for line in made.stdout.splitlines() if line]
    held = [line.startswith("✓") for line in checks]
    assert all(line[0] in "✓✗" and "[" in line for line in checks)
    assert sums == f"{sum(held)} / {len(held)}"
    assert not all(held), "three days of sixty customers are too few to be believed"
    assert made.exit_code == 1


def test_a_ledger_that_is_none_is_refused_by_its_missing_file(call, tmp_path):
    days = ["--from", "1993-01-01", "--to", "1993-01-02", "--out", tmp_path / "out"]
    refused(call("source", "czech", tmp_path, *days), "no such file of the ledger", ".asc")


@pytest.mark.skipif(not LEDGER.is_dir(), reason=f"the Czech ledger is not at {LEDGER}")
def test_a_ledger_is_delivered_one_folder_a_day(call, tmp_path):
    days = ["--from", "1993-01-01", "--to", "1993-01-02", "--out", tmp_path / "out"]
    assert call("source", "czech", LEDGER, *days).exit_code == 0
    assert {"1993-01-01", "1993-01-02"} <= {folder.name for folder in (tmp_path / "out").iterdir()}


def test_the_next_night_is_run_from_the_inbox_and_again_is_nothing_new(call, run, home, deliveries):
    waiting = deliveries[PUBLISHED_DAYS]
    shutil.copytree(waiting, home.inbox / waiting.name)
    done = call("run", "--date", waiting.name)
    assert not list(home.inbox.iterdir()), "what is in clear is removed once it is taken"
    again = call("run", "--date", waiting.name)
    assert (done.exit_code, again.exit_code) == (0, 0)
    stated = json.loads((waiting / "manifest.json").read_text())["totals"]
    assert f"{int(stated['customers']):,} 客户 customers, AUM {stated['aum']}" in done.stderr
    assert "nothing new" in again.stderr
    assert CurrentRun.objects.get().run.number == run.number + 1


def test_a_replay_passes_over_what_is_published(call, run, deliveries):
    assert call("replay", deliveries[0].parent).exit_code == 0
    latest = CurrentRun.objects.get().run
    assert (latest.number, str(latest.business_date)) == (len(deliveries), deliveries[-1].name)


def test_a_replay_of_an_empty_folder_is_refused(call, run, tmp_path):
    refused(call("replay", tmp_path), "no deliveries")


def test_a_delivery_of_another_date_is_not_run(call, run, deliveries):
    asked = run.work_date + timedelta(days=1)
    refused(call("run", "--date", asked, "--delivery", deliveries[PUBLISHED_DAYS]), f"not {asked}")
    assert CurrentRun.objects.get().run == run


def test_a_faulty_delivery_is_refused_with_a_report(call, run, home, deliveries, tmp_path):
    faulty = shutil.copytree(deliveries[PUBLISHED_DAYS], tmp_path / deliveries[PUBLISHED_DAYS].name)
    lines = (faulty / "balances.csv").read_text(encoding="utf-8").splitlines()
    lines[2] = lines[2].rsplit(",", 1)[0] + ",x"
    (faulty / "balances.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = call("run", "--date", run.work_date, "--delivery", faulty)
    refused(result, "拒收", "balances.csv")
    assert result.exit_code == 2
    report = json.loads((home.root / "refused" / f"{faulty.name}.json").read_text(encoding="utf-8"))
    assert "balances.csv" in json.dumps(report)
    assert CurrentRun.objects.get().run == run


def test_a_late_delivery_is_refused_by_its_date(call, run, deliveries):
    refused(call("run", "--date", deliveries[0].name, "--delivery", deliveries[0]), "business_date")


def test_while_a_run_works_here_another_is_refused(call, run, home, deliveries):
    with filelock.FileLock(home.root / "run.lock"):
        refused(call("replay", deliveries[0].parent), "another run")


def test_the_status_says_what_the_night_reported(call, run):
    answer = json.loads(call("status", "--json").stdout)
    assert answer["run"] == run.number
    assert answer["customers"] == Standing.objects.at(run).count()
    assert answer["effective"] == Standing.objects.at(run).filter(effective=True).count()
    assert sum(answer["grades"].values()) == answer["customers"]
    assert answer["reconciled"] is True
    assert f"aum: {answer['aum']}" in call("status").stdout.splitlines()


@pytest.mark.parametrize("command", ["status", "duplicates"])
def test_before_the_first_night_there_is_nothing_to_say(command, call, run):
    CurrentRun.objects.all().delete()
    refused(call(command), "no night has been published")


def test_a_customer_is_shown_to_the_operator_and_the_look_is_logged(call, run):
    standing = Standing.objects.at(run).order_by("-aum").first()
    answer = json.loads(call("customer", standing.customer_id, "--json").stdout)
    assert answer["history"]
    assert standing.customer_id in json.dumps(answer)
    entry = Entry.objects.get(action="cli.customer")
    assert entry.customer_id == standing.customer_id
    refused(call("customer", "nobody"), "no such customer")
    assert Entry.objects.filter(action="cli.customer").count() == 1


def test_pairs_that_may_be_one_person_are_counted(call, run):
    from weihu.workplace.customer.models import Candidate

    result = call("duplicates")
    assert result.exit_code == 0
    assert f"{Candidate.objects.count():,} 对疑似重复" in result.output


def test_a_password_is_given_if_it_is_a_good_one(call, run):
    member = Staff.objects.order_by("pk").first()
    refused(call("login", "set", member.pk, "--password", "short"), "10")
    refused(call("login", "set", "nobody", "--password", "a long password"), "no such member of staff")
    assert call("login", "set", member.pk, env={"WEIHU_PASSWORD": "a long password"}).exit_code == 0
    assert Entry.objects.filter(action="login.set", detail=member.pk).count() == 1
    member.refresh_from_db()
    assert member.check_password("a long password")


def test_a_token_opens_the_interface_until_it_is_revoked(call, run):
    def answer(token: str) -> int:
        return Client().get("/api/v1/catalogue", headers={"Authorization": f"Bearer {token}"}).status_code

    refused(call("token", "add", "site", "--post", "relationship_manager"), "has to be one of", "personal_banking")
    first = call("token", "add", "site", "--post", "personal_banking").stdout.strip()
    second = call("token", "add", "site", "--post", "personal_banking").stdout.strip()
    assert (answer(first), answer(second)) == (401, 200)
    refused(call("token", "add", "x", "--post", "personal_banking", "--scope", "all"), "has to be one of", "archive")
    call("token", "add", "desk", "--post", "personal_banking", "--scope", "find", "--days", "30", "--calls", "60")
    listed = call("token", "list").stdout.splitlines()
    assert [line.split(":")[0] for line in listed] == ["desk", "site"]
    assert "[find]" in listed[0] and "a minute 60" in listed[0] and "last used -" in listed[0]
    assert call("token", "revoke", "site").exit_code == 0
    assert answer(second) == 401
    refused(call("token", "revoke", "site"), "no such system")


def test_a_changed_log_is_found_with_the_entry(call, run):
    for customer in ("a", "b", "c"):
        audit.record("x", "customer.open", customer)
    whole = call("audit", "verify")
    assert whole.exit_code == 0
    assert str(audit.tail()) in whole.output
    changed = Entry.objects.order_by("pk")[1]
    Entry.objects.filter(pk=changed.pk).update(customer_id="another")
    refused(call("audit", "verify"), f"at entry {changed.place}: changed")


def test_a_port_in_use_is_refused_with_the_way_out(call, run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(call("serve", "--port", taken.getsockname()[1]), "--port")


def test_a_database_of_another_version_is_not_served(call, run):
    MigrationRecorder.Migration.objects.filter(app="bank").delete()
    refused(call("serve", "--port", 0), "weihu init")


def test_behind_a_proxy_that_speaks_https_people_can_sign_in(weihu, monkeypatch):
    """One setting: the proxy's word that a browser came by HTTPS counts, forms of that address are taken, cookies are
    for HTTPS only; a plain request is sent there, but for the health checks."""
    weihu("init")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("WEIHU_URL", "https://weihu.bank.example:8443/")
    opener = urllib.request.build_opener(StayHere)

    def ask(path: str, data: dict[str, str] | None = None, **headers: str):
        content = urllib.parse.urlencode(data).encode() if data else None
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", content, headers)
        try:
            return opener.open(request)
        except urllib.error.HTTPError as answer:
            return answer

    process = weihu("serve", "--port", port, start=True)
    try:
        while process.poll() is None:
            try:
                ask("/healthz")
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        name = {"Host": "weihu.bank.example"}  # as most proxies pass it, without the port
        proxied = {**name, "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3"}
        plain, secure = ask("/login/", **name), ask("/login/", **proxied)
        assert (plain.status, plain.headers["Location"]) == (301, "https://weihu.bank.example/login/")
        assert secure.status == 200
        assert all("Secure" in value for value in secure.headers.get_all("Set-Cookie"))
        assert "object-src 'none'" in secure.headers["Content-Security-Policy"]
        assert secure.headers["Set-Cookie"].startswith("__Host-csrf=")
        assert secure.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        cookie = secure.headers["Set-Cookie"].split(";")[0]
        proof = re.search(r'csrfmiddlewaretoken" value="(\w+)"', secure.read().decode())[1]
        form = {"csrfmiddlewaretoken": proof, "username": "001kh1", "password": "a long password"}
        browser = {**proxied, "Cookie": cookie}
        elsewhere = ask("/login/", form, **browser, Origin="https://elsewhere.example")
        assert elsewhere.status == 403
        tried = ask("/login/", form, **browser, Origin="https://weihu.bank.example:8443")
        assert tried.status == 200, "asked again, since nobody works here yet"
        assert ask("/healthz").status != 301
    finally:
        process.terminate()
        process.wait()


class StayHere(urllib.request.HTTPRedirectHandler):
    """An answer that leads elsewhere is itself the answer."""

    def redirect_request(self, *_: object) -> None:
        return None

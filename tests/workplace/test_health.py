"""Health: alarms that reach a person, figures for Prometheus, and what is unsafe."""

import io
import json
import logging
import os
import shutil
import threading
import uuid
from collections import namedtuple
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, OperationalError
from django.urls import reverse
from django.utils import timezone

from tests.test_cli import refused
from weihu.cli import main
from weihu.workplace.act.messaging.models import Message, Template
from weihu.workplace.base import audit
from weihu.workplace.base.logs import REQUESTS, JsonLines, settings_for
from weihu.workplace.base.models import Entry
from weihu.workplace.see.health import alarms, checks, sending

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def well(home, monkeypatch):
    """A home in which nothing is wrong; what a test leaves in it is gone afterwards."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 50, 50))
    shutil.rmtree(home.refused, ignore_errors=True)  # other tests' deliveries
    yield home
    for path in (home.alarms, home.backed_up):
        path.unlink(missing_ok=True)
    shutil.rmtree(home.refused, ignore_errors=True)


@pytest.fixture
def hook(monkeypatch):
    """A webhook on this machine, and what it was told."""
    told = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("WEIHU_ALARM_URL", f"http://127.0.0.1:{server.server_port}/")
        yield told
        server.shutdown()


def codes(home, now):
    return [alarm.code for alarm in alarms.alarms(home, now)]


def at(run, days, hour):
    day = run.business_date + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.get_current_timezone())


def test_a_night_is_late_from_its_hour_on(run, well, monkeypatch):
    assert codes(well, at(run, 9, 12)) == []
    monkeypatch.setenv("WEIHU_NIGHT_BY", "07:00")
    assert codes(well, at(run, 1, 12)) == []
    assert codes(well, at(run, 2, 6)) == []
    assert codes(well, at(run, 2, 7)) == ["late"]


def test_a_night_that_is_late_stays_so_over_midnight_until_it_is_published(run, well, monkeypatch):
    for written in ("7:00", "07:00", " 07:00 "):
        monkeypatch.setenv("WEIHU_NIGHT_BY", written)
        seen = [codes(well, at(run, 2 + hour // 24, hour % 24)) for hour in range(7, 7 + 48)]
        assert seen == [["late"]] * 48
        assert [codes(well, at(run, 1, hour)) for hour in range(24)] == [[]] * 24


@pytest.mark.parametrize("written", ["7", "25:00", "07:00:00", "soon"])
def test_an_hour_that_is_none_is_an_alarm_and_unsafe(written, run, well, monkeypatch):
    monkeypatch.setenv("WEIHU_NIGHT_BY", written)
    monkeypatch.setenv("WEIHU_ALARM_URL", "http://127.0.0.1:1/")
    assert codes(well, timezone.now()) == ["hour"]
    assert any("WEIHU_NIGHT_BY" in finding.en and not finding.safe for finding in checks.findings(well))


def test_a_queue_that_stands_is_an_alarm(run, well):
    now = timezone.now()
    template = Template.objects.create(medium="sms", title="x", text="x", made_by="x", made_on=now.date())
    message = Message.objects.create(
        token=uuid.uuid4(), template=template, customer_id="x", staff_id="x", on=now.date(), at=now, address="x",
        text="x", state=Message.State.SENDING,
    )  # fmt: skip
    assert codes(well, now + alarms.STANDS) == []
    assert codes(well, now + alarms.STANDS * 2) == ["queue"]
    message.state = Message.State.SENT
    message.save()
    Entry.objects.create(at=now, staff_id="x", action="x", digest="not ours")
    (alarm,) = alarms.alarms(well, now + alarms.STANDS * 2)
    assert (alarm.code, alarm.detail) == ("queue", "1 audit entries")


def test_what_is_wrong_is_seen(run, well, monkeypatch):
    now = timezone.now()
    well.refused.mkdir()
    (well.refused / "2026-06-03.json").write_text("{}")
    well.backed_up.touch()
    os.utime(well.backed_up, (now.timestamp() - 27 * 3600,) * 2)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 91, 9))
    audit.record("x", "one")
    audit.record("x", "two")
    Entry.objects.filter(action="one").update(action="another")
    alarms.verify_audit(well, now)
    assert codes(well, now) == ["refused", "audit", "disk", "backup"]
    os.utime(well.refused / "2026-06-03.json", (0, 0))  # before the last night was published
    assert "refused" not in codes(well, now)
    monkeypatch.setattr(audit, "verify", lambda: pytest.fail("once a day is enough"))
    alarms.verify_audit(well, now + timedelta(hours=23))


def test_a_database_that_does_not_answer_is_an_alarm_and_not_ready(run, well, client, monkeypatch):
    assert client.get("/readyz").json() == {"ready": True, "alarms": []}

    def silent():
        raise DatabaseError

    monkeypatch.setattr(alarms, "current", silent)
    monkeypatch.setenv("WEIHU_NIGHT_BY", "00:00")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"ready": False, "alarms": ["database"] if not well.refused.exists() else []},
    )
    assert client.get("/livez").content == b"ok"


def test_an_alarm_is_sent_once_again_the_next_day_and_when_it_is_over(run, well, hook):
    now, disk = timezone.now(), [alarms.Alarm("disk", "1 GiB")]
    for later, found in ((0, disk), (1, disk), (25, disk), (26, [])):
        alarms.send_new(well, found, now + timedelta(hours=later), sending.ways())
    assert [(len(told["alarms"]), len(told["over"])) for told in hook] == [(1, 0), (1, 0), (0, 1)]
    assert "磁盘空间不足 (1 GiB)" in hook[0]["alarms"][0]
    assert "The disk is filling up (1 GiB)" in hook[0]["alarms"][0]


def test_what_reached_nobody_is_sent_again(run, well, hook, monkeypatch):
    address = os.environ["WEIHU_ALARM_URL"]
    disk = [alarms.Alarm("disk")]
    monkeypatch.setenv("WEIHU_ALARM_URL", "http://127.0.0.1:1/")
    with pytest.raises(alarms.NobodyReached):
        alarms.send_new(well, disk, timezone.now(), sending.ways())
    monkeypatch.setenv("WEIHU_ALARM_URL", address)
    alarms.send_new(well, disk, timezone.now(), sending.ways())
    assert len(hook) == 1


def test_what_one_way_did_not_take_is_sent_again_by_that_way_alone(run, well, hook, monkeypatch):
    letters, down = [], [True]

    def send(self, letter):
        if down:
            raise sending.NotSent("down")
        letters.append(letter)

    monkeypatch.setattr(sending.Smtp, "send", send)
    monkeypatch.setenv("WEIHU_ALARM_MAIL", "it@bank.example")
    monkeypatch.setenv("WEIHU_SMTP_URL", "smtp://mail.bank.example")
    now, disk = timezone.now(), [alarms.Alarm("disk")]
    for _ in range(2):
        with pytest.raises(alarms.NobodyReached, match="mail"):
            alarms.send_new(well, disk, now, sending.ways())
    assert (len(hook), len(letters)) == (1, 0)
    down.clear()
    for _ in range(2):
        alarms.send_new(well, disk, now, sending.ways())
    assert (len(hook), len(letters)) == (1, 1)
    alarms.send_new(well, [], now, sending.ways())
    assert (len(hook), len(letters)) == (2, 2)


def test_a_database_that_does_not_answer_is_told(run, well, hook, monkeypatch):
    def silent(*_):
        raise OperationalError

    monkeypatch.setattr(alarms, "current", silent)
    monkeypatch.setattr(checks, "current", silent)
    monkeypatch.setattr(audit, "verify", silent)
    monkeypatch.setenv("WEIHU_NIGHT_BY", "00:00")
    monkeypatch.setenv("WEIHU_HOME", str(well.root))
    refused(CliRunner().invoke(main, ["--home", str(well.root), "alarms"]), "The database does not answer")
    assert len(hook) == 1
    assert "the database answers" in [finding.en.split(":")[0] for finding in checks.findings(well)]


def test_an_alarm_comes_by_mail(run, well, monkeypatch):
    letters = []
    monkeypatch.setattr(sending.Smtp, "send", lambda self, letter: letters.append((self.url, letter)))
    monkeypatch.setenv("WEIHU_ALARM_MAIL", "it@bank.example")
    monkeypatch.setenv("WEIHU_SMTP_URL", "smtp://mail.bank.example")
    assert list(sending.ways()) == ["mail"]
    alarms.send_new(well, [alarms.Alarm("late", "x")], timezone.now(), sending.ways())
    ((url, letter),) = letters
    assert (url, letter.address) == ("smtp://mail.bank.example", "it@bank.example")
    assert "批次延误" in letter.subject


def test_the_command_says_what_is_wrong_and_the_page_of_runs_shows_it(run, well, hook, signed_in, monkeypatch):
    command = ["--home", str(well.root), "alarms"]
    monkeypatch.setenv("WEIHU_HOME", str(well.root))
    assert CliRunner().invoke(main, command).exit_code == 0
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 99, 1))
    refused(CliRunner().invoke(main, command), "磁盘空间不足", "The disk is filling up")
    assert len(hook) == 1
    post = next(key for key, post in run.rulebook.posts.items() if post.sees_runs)
    assert "磁盘空间不足" in signed_in(post).get(reverse("runs")).content.decode()
    monkeypatch.setenv("WEIHU_ALARM_URL", "http://127.0.0.1:1/")
    well.alarms.unlink()
    refused(CliRunner().invoke(main, command), "could not be sent")


def test_figures_are_for_this_machine_or_who_has_the_token(run, well, client, monkeypatch):
    client.get(reverse("login"))
    said = client.get("/metrics").content.decode()
    assert 'weihu_requests_total{method="GET",page="login",status="200"}' in said
    assert 'weihu_alarm{alarm="late"} 0.0' in said
    assert f"weihu_customers {run.report['reconciliation']['customers']:.1f}" in said
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 403
    monkeypatch.setenv("WEIHU_METRICS_TOKEN", "a token")
    assert client.get("/metrics").status_code == 403
    bearer = {"Authorization": "Bearer a token"}
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9", headers=bearer).status_code == 200


def test_what_is_unsafe_is_explained_in_one_page(run, well, monkeypatch):
    monkeypatch.setenv("WEIHU_SMS_URL", "http://sms.bank.example/")
    monkeypatch.setenv("WEIHU_SMTP_URL", "smtp://mail.bank.example/?tls=none")
    monkeypatch.setenv("WEIHU_HOME", str(well.root))
    (well.root / "demo.json").touch(mode=0o644)
    (well.root / "demo.json").chmod(0o644)
    old = well.inbox / "2026-01-01"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    try:
        result = CliRunner().invoke(main, ["--home", str(well.root), "check"])
    finally:
        (well.root / "demo.json").unlink()
        old.rmdir()
    assert result.exit_code == 1
    unsafe = "".join(line for line in result.output.splitlines() if line.startswith("✗"))
    for word in (
        "WEIHU_URL",
        "WEIHU_KEYS_FILE",
        "chmod -R go=",
        "2026-01-01",
        "WEIHU_SMS_URL, WEIHU_SMTP_URL",
        "告警",
        "演示",
    ):
        assert word in unsafe
    assert all(finding.zh and finding.en for finding in checks.findings(well))


def test_the_key_of_the_audit_log_lies_apart_from_data_and_keys(run, well, monkeypatch, tmp_path):
    def unsafe():
        return [finding.en for finding in checks.findings(well) if not finding.safe and "audit" in finding.en]

    assert len(unsafe()) == 1
    key = tmp_path / "audit.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    monkeypatch.setenv("WEIHU_AUDIT_KEY_FILE", str(key))
    assert [text.split(":")[0] for text in unsafe()] == ["the key of the audit log is readable by its owner only"]
    key.chmod(0o600)
    assert unsafe() == []
    monkeypatch.setattr(well.keys, "file", tmp_path / "keys.json")
    (tmp_path / "keys.json").touch(mode=0o600)
    assert len(unsafe()) == 1


def test_the_output_is_json_with_the_number_of_its_request_and_nothing_of_a_customer():
    config = settings_for(None, as_json=True)
    assert config["loggers"][REQUESTS]["level"] == "INFO"
    assert settings_for(None)["loggers"][REQUESTS]["level"] == "CRITICAL"
    lines, phone = io.StringIO(), "".join(map(str, range(1, 10)))
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("a test of the output")
    log.propagate = False
    log.setLevel("INFO")
    log.addHandler(handler)
    try:
        log.info("answered %s", "张三", extra={"method": "GET", "page": "today", "secret": phone})
        raise KeyError(phone)
    except KeyError:
        log.exception("it failed for %s", phone)
    finally:
        log.removeHandler(handler)
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert (first["event"], first["method"], first["page"], first["level"]) == ("answered …", "GET", "today", "info")
    assert set(first) == {"event", "method", "page", "level", "logger", "at", "reference"}
    assert "KeyError" in second["exception"]
    assert phone not in lines.getvalue()

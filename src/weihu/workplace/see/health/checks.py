"""What is unsafe in an installation (安全检查), each with what to do. For the operator, in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.db import connection
from django.utils import timezone

from weihu.engine.lake import Home
from weihu.workplace.see.health.alarms import room
from weihu.workplace.see.health.sending import ways

OUTWARD = ("WEIHU_SMS_URL", "WEIHU_WECOM_URL", "WEIHU_ALARM_URL")
LOCAL = ("", "127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``safe`` or what to do, in both languages."""

    safe: bool
    zh: str
    en: str


def findings(home: Home) -> Iterator[Finding]:
    """Everything that is looked at, in the order of the page."""
    yield from _address()
    yield from _django()
    yield from _keys(home)
    yield from _files(home)
    yield from _database()
    yield from _outward()
    yield from _watched(home)


def _address() -> Iterator[Finding]:
    yield Finding(
        settings.HTTPS,
        "浏览器经 HTTPS 访问:设 WEIHU_URL=https://…,前面放反向代理",
        "browsers come by HTTPS: set WEIHU_URL=https://… and put a reverse proxy in front",
    )


def _django() -> Iterator[Finding]:
    found = [message for message in run_checks(include_deployment_checks=settings.HTTPS) if message.level >= WARNING]
    silenced = set(settings.SILENCED_SYSTEM_CHECKS)
    said = ", ".join(sorted({message.id or "?" for message in found} - silenced))
    yield Finding(not said, f"Django 自身检查 {said}".strip(), f"Django's own checks {said}".strip())


def _keys(home: Home) -> Iterator[Finding]:
    file = home.keys.file
    if file:
        yield Finding(
            file.stat().st_mode & 0o077 == 0,
            f"密钥文件仅属主可读:chmod 600 {file}",
            f"the keys are readable by their owner only: chmod 600 {file}",
        )
    yield Finding(
        file is None or home.root not in file.resolve().parents,
        "密钥与数据分开存放:移走文件并设 WEIHU_KEYS_FILE,或设 WEIHU_KEYS_COMMAND 取自密钥库",
        "the keys are apart from the data: move the file and set WEIHU_KEYS_FILE, or WEIHU_KEYS_COMMAND for a key store",
    )


def _files(home: Home) -> Iterator[Finding]:
    opened = next((path for path in _kept(home) if path.stat().st_mode & 0o077), None)
    yield Finding(
        opened is None,
        f"数据目录仅属主可进入:chmod -R go= {home.root}" + (f"(如 {opened})" if opened else ""),
        f"the home is its owner's alone: chmod -R go= {home.root}" + (f" (such as {opened})" if opened else ""),
    )
    old = timezone.now().timestamp() - timedelta(days=2).total_seconds()
    waiting = [path.name for path in home.inbox.glob("[!.]*") if path.stat().st_mtime < old]
    yield Finding(
        not waiting,
        _named("没有明文文件长期留在 inbox", waiting[:5]),
        _named("no delivery in clear stays in the inbox", waiting[:5]),
    )
    yield Finding(
        not (home.root / "demo.json").is_file(),
        "没有演示登录名:演示数据不得用于生产",
        "no logins of the demo: a demo is not for production",
    )


def _kept(home: Home) -> Iterator[Path]:
    yield home.root
    yield from (path for path in home.root.glob("*") if not path.is_symlink())
    yield from (home.root / "lake").glob("*/*")


def _database() -> Iterator[Finding]:
    if connection.vendor != "postgresql":
        return
    given = connection.settings_dict
    mode = str(given["OPTIONS"].get("sslmode") or os.environ.get("PGSSLMODE", ""))
    host = str(given["HOST"])
    yield Finding(
        host in LOCAL or host.startswith("/") or mode in ("verify-full", "verify-ca"),
        "到数据库的连接加密并验证证书:WEIHU_DATABASE_URL 后加 ?sslmode=verify-full",
        "the way to the database is encrypted and verified: add ?sslmode=verify-full to WEIHU_DATABASE_URL",
    )


def _outward() -> Iterator[Finding]:
    plain = [name for name in OUTWARD if _is_plain(os.environ.get(name, ""))]
    mail = urlsplit(os.environ.get("WEIHU_SMTP_URL", ""))
    if parse_qs(mail.query).get("tls") == ["none"] and mail.hostname not in LOCAL:
        plain.append("WEIHU_SMTP_URL")
    yield Finding(
        not plain,
        _named("发往其他系统的内容经加密通道", plain),
        _named("what is sent to other systems is encrypted on its way", plain),
    )


def _named(text: str, names: list[str]) -> str:
    """A text with what is wrong, if anything is."""
    return f"{text} ({', '.join(names)})" if names else text


def _is_plain(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOCAL


def _watched(home: Home) -> Iterator[Finding]:
    yield Finding(
        bool(ways()) and bool(os.environ.get("WEIHU_NIGHT_BY")),
        "告警有人收到:设 WEIHU_NIGHT_BY,以及 WEIHU_ALARM_MAIL 或 WEIHU_ALARM_URL,并定时运行 weihu alarms",
        "alarms reach somebody: set WEIHU_NIGHT_BY, and WEIHU_ALARM_MAIL or WEIHU_ALARM_URL; run weihu alarms by a timer",
    )
    yield Finding(
        home.backed_up.is_file(),
        "有备份:定时运行 weihu backup take",
        "there are backups: run weihu backup take by a timer",
    )
    has_room, free = room(home)
    yield Finding(has_room, f"磁盘有余量:尚余 {free}", f"the disk has room: {free} are free")

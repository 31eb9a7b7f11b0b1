"""The key of the audit log: its own, and apart from the log where ``WEIHU_AUDIT_KEY_FILE`` says so."""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

from django.conf import settings


def audit_key() -> bytes:
    """The key, 32 bytes; the first use makes its file, which its owner alone can read."""
    return _read(_file())


def head_file() -> Path:
    """The copy of the end of the log, beside the key."""
    file = _file()
    return file.with_name(file.name + ".head")


def _file() -> Path:
    return Path(os.environ.get("WEIHU_AUDIT_KEY_FILE") or settings.HOME.root / "audit.key")


@lru_cache(maxsize=4)
def _read(file: Path) -> bytes:
    if not file.is_file():
        staged = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as made:
            made.write(secrets.token_hex(32) + "\n")
        try:
            os.link(staged, file)  # of two processes at once one makes it
        except FileExistsError:
            pass
        finally:
            staged.unlink()
    return bytes.fromhex(file.read_text(encoding="ascii").strip())

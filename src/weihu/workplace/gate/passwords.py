"""Which passwords are refused besides short and common ones: those easily guessed, and those known from breaches.

``WEIHU_BREACHED_FILE``: a list of breached passwords as Have I Been Pwned gives it away (SHA-1 in capitals, a colon and
a count, one a line, ordered by the digest). It is looked through where it lies; nothing is asked of anybody.
"""

from __future__ import annotations

import hashlib
import logging
import mmap
import os
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin
from zxcvbn import zxcvbn

from weihu.workplace.bank.models import Staff

log = logging.getLogger("weihu.workplace")
SCORE = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses."""
READ = 72
"""So many characters are judged; a longer password is none the worse."""


class GuessedValidator:
    """Refuses what is soon guessed: words, names, dates, rows of keys, and what the person is called."""

    def validate(self, password: str, user: Staff | None = None) -> None:
        """Raises ValidationError."""
        if zxcvbn(password[:READ], user_inputs=_own_words(user))["score"] < SCORE:
            raise ValidationError(_("This password is soon guessed: take some words that do not belong together."))

    def get_help_text(self) -> str:
        """What the page says of it."""
        return _("No word, name, date or row of keys by itself.")


class BreachedValidator:
    """Refuses what stands in the bank's list of breached passwords, if it has one."""

    def validate(self, password: str, user: Staff | None = None) -> None:
        """Raises ValidationError."""
        file = breached_file()
        try:
            is_known = file is not None and _stands_in(file, password)
        except (OSError, ValueError):  # not there, or empty
            log.exception("the list of breached passwords cannot be read: %s", file)
            raise ValidationError(_("The list of breached passwords cannot be read: tell IT.")) from None
        if is_known:
            raise ValidationError(_("This password is known from a breach elsewhere: take another one."))

    def get_help_text(self) -> str:
        """What the page says of it."""
        return _("None that is known from a breach.")


def breached_file() -> Path | None:
    """The bank's list of breached passwords."""
    file = os.environ.get("WEIHU_BREACHED_FILE")
    return Path(file) if file else None


def _own_words(user: Staff | None) -> list[str]:
    """What somebody is called, in letters too, and what the system is."""
    if user is None:
        return ["weihu"]
    spelt = lazy_pinyin(user.name)
    return ["weihu", user.staff_id, user.branch_id, user.name, *spelt, "".join(spelt), "".join(reversed(spelt))]


def _stands_in(file: Path, password: str) -> bool:
    """Whether a list ordered by digest has a password: by halves, so that a list of any length is read in some steps."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        low, high = 0, len(lines)
        while low < high:
            begin = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = lines.find(b"\n", begin)
            end = len(lines) if end < 0 else end
            found = lines[begin:end].split(b":")[0].strip().upper()
            if found == wanted:
                return True
            low, high = (end + 1, high) if found < wanted else (low, begin)
    return False

"""By what beginnings a customer is found: the name from each of its characters on, pinyin, initials."""

from __future__ import annotations

import unicodedata


def keys_of(name: str, pinyin: str, initials: str) -> set[str]:
    """What a customer is found by: ``明`` and ``小明`` and ``王小明``; words of other scripts from their first letter."""
    text = plain(name)
    starts = [at for at in range(len(text)) if not text[at].isascii() or at == 0 or text[at - 1] == " "]
    return {key for key in ({text[at:] for at in starts} | {plain(pinyin), plain(initials)}) if key}


def plain(text: str) -> str:
    """A name as it is compared: one form of each character, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())

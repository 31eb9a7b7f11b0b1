"""The search keys of a customer: every ending of the name, its pinyin and its initials, each searched by prefix."""

from __future__ import annotations

import unicodedata


def keys_of(name: str, pinyin: str, initials: str) -> set[str]:
    """The search keys of a name: ``王小明``, ``小明`` and ``明``; in other scripts one key from each word on."""
    text = plain(name)
    starts = [at for at in range(len(text)) if not text[at].isascii() or at == 0 or text[at - 1] == " "]
    return {key for key in ({text[at:] for at in starts} | {plain(pinyin), plain(initials)}) if key}


def plain(text: str) -> str:
    """A name normalised for comparison: Unicode NFKC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())

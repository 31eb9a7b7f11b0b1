"""A model as one JSON file in a folder of the home, replaced as a whole; and what is said where nothing can be learned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from weihu.rules.sections.entry import Bilingual

FILE = "model.json"


class TooFew(Bilingual):
    """The home has not kept enough to learn from, and what is lacking."""


def save(folder: Path, content: dict[str, Any]) -> None:
    """Keep a model; an earlier one there is replaced."""
    fresh = folder.with_name(f".{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / FILE).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def load(folder: Path) -> dict[str, Any] | None:
    """The kept model; None if there is none."""
    file = folder / FILE
    if not file.is_file():
        return None
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content

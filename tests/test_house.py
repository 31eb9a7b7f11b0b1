"""Who may import whom, downwards only."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "weihu"
MAY = {
    "rules": {"rules"},
    "engine": {"engine"},
    "sources": {"sources", "engine", "rules"},
    "nightly": {"nightly", "engine", "rules", "workplace"},
    "insight": {"insight", "engine", "rules"},
    "workplace": {"workplace", "insight", "sources", "engine", "rules"},
}
KNOW_THE_WORKPLACE = {"publish.py", "gather.py", "noted.py", "run.py", "followups.py"}


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in named if name.startswith("weihu.")}


@pytest.mark.parametrize("room", MAY)
def test_a_room_imports_only_what_lies_below(room):
    for path in (SOURCE / room).rglob("*.py"):
        for name in imports(path):
            assert name.split(".")[1] in MAY[room], f"{path}: {name}"


def test_only_publication_and_reading_the_day_know_the_workplace():
    for path in (SOURCE / "nightly").glob("*.py"):
        if any(name.startswith("weihu.workplace") for name in imports(path)):
            assert path.name in KNOW_THE_WORKPLACE


def test_nothing_below_the_command_line_asks_what_day_it_is():
    for room in ("rules", "engine", "sources", "nightly"):
        for path in (SOURCE / room).rglob("*.py"):
            assert not re.search(r"\b(date\.today|datetime\.now|timezone\.now|time\.time)\(", path.read_text()), path


def test_every_word_of_the_pages_is_translated():
    from babel.messages.pofile import read_po

    workplace = SOURCE / "workplace"
    with (workplace / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        known = {message.id for message in read_po(file) if message.string}
    used = set()
    for path in workplace.rglob("*.html"):
        text = path.read_text()
        used |= {found[1] for found in re.findall(r"{%\s*translate\s+([\"'])(.*?)\1", text)}
        blocks = re.findall(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate", text, re.DOTALL)
        used |= {re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", block) for block in blocks}
    assert used - known == set()

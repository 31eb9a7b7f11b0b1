"""What holds all over the house, besides who may import whom (import-linter's contracts, in `make lint`)."""

import ast
import re
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "weihu"


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
    for path in workplace.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "lazy", "gettext"):
                used |= {part.value for part in node.args[:1] if isinstance(part, ast.Constant)}
    assert used - known == set()

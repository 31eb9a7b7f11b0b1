"""What holds all over the house, besides who may import whom (import-linter's contracts, in `make lint`)."""

import ast
import re
from pathlib import Path

from django.utils.translation import trim_whitespace

SOURCE = Path(__file__).parents[1] / "src" / "weihu"


def test_nothing_below_the_command_line_asks_what_day_it_is():
    for room in ("rules", "engine", "sources", "nightly"):
        for path in (SOURCE / room).rglob("*.py"):
            assert not re.search(r"\b(date\.today|datetime\.now|timezone\.now|time\.time)\(", path.read_text()), path


def test_every_word_of_the_pages_is_translated():
    from babel.messages.pofile import read_po

    workplace = SOURCE / "workplace"
    with (workplace / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        messages = [message.id for message in read_po(file) if message.string]
    known = {text if isinstance(text, str) else text[0] for text in messages}
    used = set()
    for path in workplace.rglob("*.html"):
        text = path.read_text()
        used |= {row[1] for row in re.findall(r"{%\s*translate\s+([\"'])(.*?)\1", text)}
        used |= {match[1] for match in re.findall(r"\b_\(([\"'])(.*?)\1\)", text)}
        blocks = re.findall(r"{%\s*blocktranslate([^%]*)%}(.*?){%\s*endblocktranslate", text, re.DOTALL)
        used |= {
            re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", trim_whitespace(block) if "trimmed" in options else block)
            for options, both in blocks
            for block in both.split("{% plural %}")[:1]
        }
    for path in workplace.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "lazy", "gettext"):
                used |= {part.value for part in node.args[:1] if isinstance(part, ast.Constant)}
    assert used - known == set()


def test_the_architecture_page_names_every_room_and_the_settings_keep_its_order():
    workplace = SOURCE / "workplace"
    page = (SOURCE.parents[1] / "docs" / "architecture.md").read_text()
    floors = page[page.index("### The floors of the workplace") : page.index("`INSTALLED_APPS` and")]
    rows = [row.split("|")[1:3] for row in floors.splitlines() if row.startswith("| ") and "---" not in row][1:]
    named = [f"{floor.strip().strip('`')}.{room}" for floor, rooms in rows for room in re.findall(r"`(\w+)`", rooms)]
    named = [name.removeprefix("ground.").removeprefix("top.").lstrip(".") for name in named]
    rooms = {str(path.parent.relative_to(workplace)).replace("/", ".") for path in workplace.rglob("__init__.py")}
    groups = {
        room.split(".")[0] for room in rooms if "." in room and room.split(".")[0] in ("know", "judge", "act", "see")
    }
    rooms = {room for room in rooms if "migrations" not in room and "models" not in room} - groups - {"."}
    assert set(named) == rooms
    settings = (workplace / "settings.py").read_text()
    assert re.findall(r'"weihu\.workplace\.([\w.]+)",\n', settings.split("INSTALLED_APPS")[1].split("]")[0]) == named

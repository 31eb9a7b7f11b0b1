"""Documents that must say what the code does, each thing under its own heading."""

import re
from pathlib import Path

import click
import pytest

from weihu.cli import main
from weihu.engine.contract import FILES, Column

ROOT = Path(__file__).parents[1]
DOCS, SOURCE = ROOT / "docs", ROOT / "src" / "weihu"
ENGLISH, CHINESE = ".md", ".zh-CN.md"
IN_BOTH_LANGUAGES = (
    "README",
    "docs/archive",
    "docs/working-day",
    "docs/portfolio",
    "docs/rulebook",
    "docs/core-files",
    "docs/insight",
)
VARIABLE = re.compile(r"\bWEIHU_[A-Z_]+\b|(?<=environ\.get\(\")[A-Z_]+(?=\")")
SET_BY_THE_SYSTEM = {"USER"}
"""Variables that Weihu reads but nobody sets for it."""
TYPES = {
    ENGLISH: {"text": "text", "date": "date", "money": "amount", "flag": "flag", "choice": "choice"},
    CHINESE: {"text": "文本", "date": "日期", "money": "金额", "flag": "是否", "choice": "选项"},
}
YES = {ENGLISH: "yes", CHINESE: "是"}


def sections(page: str) -> dict[str, str]:
    """The text below each heading of a page, up to the next heading of any level; lines of code are no headings."""
    texts: dict[str, str] = {}
    heading, in_code = "", False
    for line in page.splitlines():
        in_code ^= line.startswith("```")
        if line.startswith("#") and not in_code:
            heading = line.lstrip("#").strip()
            texts[heading] = ""
        elif heading:
            texts[heading] += f"{line}\n"
    return texts


def without_heading(page: str, names: list[str]) -> list[str]:
    """Those names that no heading of a page contains as a whole word, or whose heading has no text below it.

    For kinds of signal and models too: ``assert without_heading(page("docs/rulebook", language), kinds) == []``.
    """
    written = [heading for heading, text in sections(page).items() if text.strip()]
    return [
        name for name in names if not any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for text in written)
    ]


def page(name: str, language: str = ENGLISH) -> str:
    """A page of the documentation in one language."""
    return (ROOT / f"{name}{language}").read_text()


def leaves(group: click.Group, prefix: str = "weihu") -> dict[str, click.Command]:
    """Every command below a group by its full name."""
    commands: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        inner = f"{prefix} {name}"
        commands |= leaves(command, inner) if isinstance(command, click.Group) else {inner: command}
    return commands


def variables() -> list[str]:
    """Every environment variable that the program reads."""
    names = {name for path in SOURCE.rglob("*.py") for name in VARIABLE.findall(path.read_text())}
    return sorted(names - SET_BY_THE_SYSTEM)


def row_faults(column: Column, text: str, language: str) -> list[str]:
    """What the row of a column lacks in the section of its file."""
    rows = [line.split("|") for line in text.splitlines() if line.startswith(f"| {column.name} |")]
    if len(rows) != 1:
        return [f"{len(rows)} rows"]
    _, _, kind, required, notes, *_ = (cell.strip() for cell in rows[0])
    expected = [*column.choices, *([f"→ {column.references}"] if column.references else [])]
    faults = [name for name in expected if not re.search(rf"{re.escape(name)}(?!\w)", notes)]
    if kind != TYPES[language][column.kind]:
        faults.append(f"type {kind}")
    if (required == YES[language]) != column.required:
        faults.append("required")
    if column.sealed and "C2" not in notes:
        faults.append("C2")
    return faults


def test_a_missing_heading_is_named():
    text = "# A\n\n## weihu run\n\nRuns.\n\n## empty\n\n```\n# weihu code\n```\n\n## near_grade_up\n\nUp.\n"
    assert without_heading(text, ["weihu run", "weihu", "near_grade", "code", "gone"]) == ["near_grade", "code", "gone"]
    assert without_heading("## empty\n\n## full\n\ntext\n", ["empty", "full"]) == ["empty"]


def test_every_command_has_its_heading():
    assert without_heading(page("docs/operations"), list(leaves(main))) == []


def test_every_option_and_argument_stands_under_its_command():
    texts = sections(page("docs/operations"))
    for name, command in leaves(main).items():
        for parameter in command.params:
            shown = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.name.upper()
            assert shown in texts[name], f"{name}: {shown}"


def test_every_environment_variable_has_its_heading():
    assert {"WEIHU_HOME", "WEIHU_DATABASE_URL", "TZ"} <= set(variables())
    assert without_heading(page("docs/operations"), variables()) == []


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_readme_lists_every_command(language):
    for name in leaves(main):
        assert f"| `{name}` |" in page("README", language), name


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_every_gateway_variable_is_told_to_who_sends_messages(language):
    gateways = (SOURCE / "workplace").rglob("gateways.py")
    for name in {name for path in gateways for name in VARIABLE.findall(path.read_text())}:
        assert f"`{name}`" in page("docs/working-day", language), name


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_every_core_file_has_its_heading_and_every_column_its_row(language):
    text = page("docs/core-files", language)
    assert without_heading(text, [file.name for file in FILES]) == []
    for file in FILES:
        section = sections(text)[file.name]
        for column in file.columns:
            assert row_faults(column, section, language) == [], f"{file.name}.{column.name}"
        described = re.findall(r"^\| ([a-z]\w*) \|", section, re.MULTILINE)
        assert described == [column.name for column in file.columns], file.name


@pytest.mark.parametrize("name", IN_BOTH_LANGUAGES)
def test_a_page_in_two_languages_links_the_other_at_its_top_and_has_as_many_headings(name):
    file = Path(name).name
    english, chinese = page(name), page(name, CHINESE)
    assert f"[中文]({file}{CHINESE})" in english.splitlines()[2]
    assert f"[English]({file}{ENGLISH})" in chinese.splitlines()[2]
    assert len(sections(english)) == len(sections(chinese))


@pytest.mark.parametrize("name", IN_BOTH_LANGUAGES)
def test_an_english_page_has_no_sentence_in_chinese(name):
    prose = re.sub(r"```.*?```|`[^`]*`", "", page(name), flags=re.DOTALL)
    sentences = [
        line for line in prose.splitlines() if re.search(r"[\u4e00-\u9fff][^。]{6,}。|[\u4e00-\u9fff]{8}", line)
    ]
    assert sentences == []


def test_every_link_and_picture_of_a_page_exists():
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        targets = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", path.read_text())
        for target in ("".join(pair).split("#")[0] for pair in targets):
            if target and "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_six_paths_of_the_architecture_page_exist():
    section = sections(page("docs/architecture"))["Where is it?"]
    paths = re.findall(r"^\| [^|]+\? \| `([^`]+)` \|$", section, re.MULTILINE)
    assert len(paths) == 6
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_what_the_asvs_page_names_as_evidence_is_there():
    rows = re.findall(r"^\| ([\d.,–\s]+) \| .+? \| (\S+) \| (.*) \|$", page("docs/asvs"), re.MULTILINE)
    assert {met for _, met, _ in rows} == {"yes", "partly", "no", "–"}
    assert [item for item, met, evidence in rows if met == "yes" and not evidence] == []
    named = {name for _, _, evidence in rows for name in re.findall(r"`([\w/.]+\.(?:py|html))`", evidence)}
    assert len(named) > 40
    assert [
        name for name in sorted(named) if not any((root / name).is_file() for root in (ROOT / "tests", SOURCE))
    ] == []

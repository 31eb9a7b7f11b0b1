"""docs/rulebook: every section, every kind of signal and every setting of each under its own heading, in both languages."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.rules.test_rulebook import models_in
from weihu.rules import rulebook
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.entry import Section
from weihu.rules.sections.fields import Choice
from weihu.rules.sections.signals import SIGNALS, Signal

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["rulebook.md", "rulebook.zh-CN.md"]
SECTIONS = [name for name, field in RuleBook.model_fields.items() if models_in(field.annotation)]
TOP_LEVEL = {"rulebook.md": "Top level", "rulebook.zh-CN.md": "最外层"}


def under(page: str, heading: str, level: str = "##") -> str:
    """The text under a heading, up to the next one."""
    text = (DOCS / page).read_text(encoding="utf-8")
    result = re.search(rf"^{level} {heading}\b.*?\n(.*?)(?=^#{{2,3}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert result, f"{page} has no heading {level} {heading}"
    return result[1]


def settings_of(model: type[BaseModel]) -> set[str]:
    """The settings of a model and of the tables and arrays in it."""
    names = set(model.model_fields)
    for field in model.model_fields.values():
        names |= set().union(*(settings_of(inner) for inner in models_in(field.annotation) if inner is not Choice))
    return names


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_of_a_section_stands_under_its_heading(page, section):
    text = under(page, section)
    models = {Signal} if section == "signals" else models_in(RuleBook.model_fields[section].annotation)
    for name in (
        set().union(*map(settings_of, models)) - {"kind"}
        if section == "signals"
        else set().union(*map(settings_of, models))
    ):
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", SIGNALS)
def test_every_kind_of_signal_has_exactly_its_own_settings_under_its_heading(page, kind):
    own = set(SIGNALS[kind].model_fields) - set(Signal.model_fields)
    assert set(re.findall(r"^- `(\w+)`", under(page, kind, "###"), re.MULTILINE)) == own


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_outside_the_sections_stands_under_the_top_level(page):
    text = under(page, TOP_LEVEL[page])
    for name in set(RuleBook.model_fields) - set(SECTIONS) - {"targets"}:
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("page", PAGES)
def test_every_target_and_every_built_in_book_is_named(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    assert all(f"`{name}`" in under(page, "targets") for name in rulebook.load("brief").targets)
    assert all(f"| `{book}` |" in text for book in rulebook.builtin_books())


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_are_books(page, tmp_path):
    examples = re.findall(
        r"^```(?:toml)?\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(examples) >= 3
    for example in examples:
        text = (
            example if tomllib.loads(example, parse_float=Decimal).get("extends") else f'extends = "brief"\n{example}'
        )
        path = tmp_path / "book.toml"
        path.write_text(text, encoding="utf-8")
        assert isinstance(rulebook.load(path), Section)

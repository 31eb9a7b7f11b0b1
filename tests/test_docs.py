"""Documents that must say what the code does."""

from pathlib import Path

import pytest
from weihu.rules.working_day import (
    SIGNAL_NEEDS,
    CarePlan,
    Effects,
    Fatigue,
    Habits,
    Losses,
    Offer,
    Planning,
    Signal,
    Step,
    Suitability,
)

from weihu.cli import main
from weihu.engine.contract import FILES
from weihu.rules.rulebook import builtin_books
from weihu.rules.sections.benefits import Benefit
from weihu.rules.sections.complaints import Care
from weihu.rules.sections.consents import Consent
from weihu.rules.sections.duties import Duty
from weihu.rules.sections.effective import Effective
from weihu.rules.sections.festivals import Festival
from weihu.rules.sections.fields import CatalogueField
from weihu.rules.sections.grades import Grade
from weihu.rules.sections.limits import Limits
from weihu.rules.sections.measures import Measure
from weihu.rules.sections.occasions import Occasion
from weihu.rules.sections.policy import Policy
from weihu.rules.sections.portfolios import Portfolios
from weihu.rules.sections.posts import Post
from weihu.rules.sections.relations import Relation
from weihu.rules.sections.retirement import Retirement
from weihu.rules.sections.stages import Stage

ARCHIVE_ENTRIES = (CatalogueField, Relation, Occasion, Festival, Stage, Retirement, Consent, Care, Limits)
GRADING_ENTRIES = (Measure, Policy, Grade, Effective, Post, Duty, Portfolios, Benefit)
WORKING_DAY_ENTRIES = (Signal, Planning, Habits, Suitability, Offer, CarePlan, Step, Fatigue, Effects, Losses)
DOCS = Path(__file__).parents[1] / "docs"


def test_core_files_names_every_file_and_column():
    text = (DOCS / "core-files.md").read_text()
    for file in FILES:
        assert f"## {file.name}" in text
        for column in file.columns:
            assert f"| {column.name} |" in text.split(f"## {file.name}")[1].split("\n## ")[0], (file.name, column.name)


@pytest.mark.parametrize("page", ["rulebook.md", "rulebook.zh-CN.md"])
def test_rulebook_names_every_entry_and_kind(page):
    text = (DOCS / page).read_text()
    for model in (*GRADING_ENTRIES, *WORKING_DAY_ENTRIES, *ARCHIVE_ENTRIES):
        for name in model.model_fields:
            assert f"`{name}`" in text, (model.__name__, name)
    for name in (*SIGNAL_NEEDS, *builtin_books()):
        assert f"`{name}`" in text, name


def test_readme_names_every_command():
    text = (DOCS.parent / "README.md").read_text()
    for name in main.commands:
        assert f"weihu {name}" in text, name

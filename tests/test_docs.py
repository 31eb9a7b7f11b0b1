"""Documents that must say what the code does."""

from pathlib import Path

from weihu.cli import main
from weihu.engine.contract import FILES
from weihu.rules.entries import Care, CatalogueField, Consent, Festival, Limits, Occasion, Relation, Retirement, Stage
from weihu.rules.rulebook import SIGNAL_NEEDS, Duty, Grade, Policy, Post, Signal

ARCHIVE_ENTRIES = (CatalogueField, Relation, Occasion, Festival, Stage, Retirement, Consent, Care, Limits)
DOCS = Path(__file__).parents[1] / "docs"


def test_core_files_names_every_file_and_column():
    text = (DOCS / "core-files.md").read_text()
    for file in FILES:
        assert f"## {file.name}" in text
        for column in file.columns:
            assert f"| {column.name} |" in text.split(f"## {file.name}")[1].split("\n## ")[0], (file.name, column.name)


def test_rulebook_names_every_entry_and_kind():
    text = (DOCS / "rulebook.md").read_text()
    for model in (Policy, Grade, Post, Duty, Signal, *ARCHIVE_ENTRIES):
        for name in model.model_fields:
            assert f"`{name}`" in text, (model.__name__, name)
    for kind in SIGNAL_NEEDS:
        assert f"`{kind}`" in text, kind


def test_readme_names_every_command():
    text = (DOCS.parent / "README.md").read_text()
    for name in main.commands:
        assert f"weihu {name}" in text, name

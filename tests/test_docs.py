"""Documents that must say what the code does."""

from pathlib import Path

from weihu.cli import main
from weihu.engine.contract import FILES

DOCS = Path(__file__).parents[1] / "docs"


def test_core_files_names_every_file_and_column():
    text = (DOCS / "core-files.md").read_text()
    for file in FILES:
        assert f"## {file.name}" in text
        for column in file.columns:
            assert f"| {column.name} |" in text.split(f"## {file.name}")[1].split("\n## ")[0], (file.name, column.name)


def test_readme_names_every_command():
    text = (DOCS.parent / "README.md").read_text()
    for name in main.commands:
        assert f"weihu {name}" in text, name

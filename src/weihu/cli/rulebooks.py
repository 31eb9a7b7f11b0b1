"""``weihu rulebook``: check a book, print its schema."""

from __future__ import annotations

from pathlib import Path

import click

from weihu.cli.base import (
    main,
    refuse_book,
)
from weihu.rules import rulebook


@main.group("rulebook")
def rulebook_group() -> None:
    """Rule books (制度)."""


@rulebook_group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def rulebook_check(file: Path) -> None:
    """Check a rule book; every fault with its line, what was found and what was expected."""
    try:
        book = rulebook.load(file)
    except rulebook.FaultyBook as faulty:
        refuse_book(faulty)
    click.echo(f"{file}: {book.zh} / {book.en}, {len(book.grades)} grades, {len(book.signals)} signals: ok")


@rulebook_group.command("schema")
def rulebook_schema() -> None:
    """The JSON Schema of rule books, for editors."""
    click.echo(rulebook.schema_text(), nl=False)

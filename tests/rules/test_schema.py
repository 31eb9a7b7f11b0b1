"""The schema by which editors complete and check is that of the models, and every built-in book keeps to it."""

import json
import tomllib
from datetime import date

import pytest
from jsonschema import Draft7Validator

from weihu.rules import rulebook
from weihu.rules.sections.signals import SIGNALS

SCHEMA = json.loads(rulebook.SCHEMA.read_text(encoding="utf-8"))
BOOKS = sorted([*rulebook.BOOKS.glob("*.toml"), *rulebook.COMMON.glob("*.toml")])


def as_editors_see(value):
    """Dates are text in JSON."""
    if isinstance(value, dict):
        return {key: as_editors_see(inner) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def faults(text: str) -> list[str]:
    return [error.json_path for error in Draft7Validator(SCHEMA).iter_errors(as_editors_see(tomllib.loads(text)))]


def test_the_schema_that_is_shipped_is_that_of_the_models():
    assert rulebook.SCHEMA.read_text(encoding="utf-8") == rulebook.schema_text(), "weihu rulebook schema > the file"


def test_it_is_a_schema():
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.name)
def test_built_in_books_keep_to_it_and_name_it(path):
    text = path.read_text(encoding="utf-8")
    assert faults(text) == []
    named = text.splitlines()[0].removeprefix("#:schema ")
    assert (path.parent / named).resolve() == rulebook.SCHEMA


@pytest.mark.parametrize("kind", SIGNALS)
def test_an_editor_knows_the_settings_of_every_kind(kind):
    settings = SCHEMA["definitions"][SCHEMA["properties"]["signals"]["properties"][kind]["$ref"].rpartition("/")[2]]
    assert set(settings["properties"]) == set(SIGNALS[kind].model_fields) - {"kind"}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[signals.grade_up]\namount = 1", "$.signals.grade_up"),
        ('[grades.small]\nweight = "0.5"', "$.grades.small.weight"),
        ("[signals.birthdy]\nweight = 1", "$.signals"),
        ('extends = "breif"', "$.extends"),
        ('[offers.fund]\nanswers = ["large"]', "$.offers.fund.answers[0]"),
        ("[care_plans.welcome]\nsteps = [{ day = 1 }]", "$.care_plans.welcome.steps[0]"),
    ],
)
def test_an_editor_sees_what_is_wrong(text, path):
    assert path in faults(text)


def test_a_book_that_changes_little_is_whole_to_an_editor():
    assert (
        faults('extends = "brief"\ndrop = ["grades.small"]\n[grades.new]\nstands_for = ["small"]\nminimum = 10.5') == []
    )

"""Templates keep to the width of the code, and the pieces they share do what they say."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

TEMPLATES = Path(__file__).parents[1] / "src/weihu/workplace/templates"
WIDTH = 120


def render(source: str, language: str = "en", **context: object) -> str:
    with translation.override(language):
        return Template(source).render(Context(context))


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_line_of_a_template_is_wider_than_the_code(path):
    wide = [number for number, line in enumerate(path.read_text().splitlines(), 1) if len(line) > WIDTH]
    assert wide == []


def test_an_icon_is_passed_over_by_screen_readers():
    assert render('{% icon "phone" %}') == '<i class="ti ti-phone" aria-hidden="true"></i>'
    assert render('{% icon "phone" "text-danger" %}') == '<i class="ti ti-phone text-danger" aria-hidden="true"></i>'


@pytest.mark.parametrize(
    ("change", "colour"),
    [
        (Decimal("0.01"), "text-success"),
        (Decimal(0), ""),
        (Decimal("-0.01"), "text-danger"),
        (-3, "text-danger"),
        (None, ""),
    ],
)
def test_what_rose_is_green_and_what_fell_is_red(change, colour):
    assert render("{{ change|rise }}", change=change) == colour


def test_items_are_separated_as_the_language_does_and_nothing_follows_the_last():
    source = "{% for name in names %}{{ name }}{% separator %}{% endfor %}"
    assert render(source, names=["a", "b"]) == "a, b"
    assert render(source, "zh-hans", names=["甲", "乙", "丙"]) == "甲、乙、丙"
    assert render('{% for name in names %}{{ name }}{% separator " · " %}{% endfor %}', names=["a", "b"]) == "a · b"


def test_a_day_in_an_address_is_written_alike_in_every_language():
    for language in ("en", "zh-hans"):
        assert render("{{ day|iso }}|{{ none|iso }}", language, day=date(2026, 3, 31), none=None) == "2026-03-31|"


def test_the_label_of_a_line_of_text_is_its_name_and_is_escaped():
    shown = render("{% text_input 'why' label 200 'mb-2' required=True %}", label='"Why" & <who>')
    for part in (
        'class="form-control mb-2"',
        'name="why"',
        'maxlength="200"',
        "required",
        'aria-label="&quot;Why&quot; &amp; &lt;who&gt;"',
    ):
        assert part in shown
    assert "required" not in render("{% text_input 'why' 'Why' %}")
    assert "maxlength" not in render("{% text_input 'why' 'Why' %}")

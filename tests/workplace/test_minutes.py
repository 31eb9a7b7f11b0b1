"""Times that an installation sets in its environment."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from weihu.workplace.base.minutes import LEAST, MOST, minutes

NAME = "WEIHU_IDLE_MINUTES"


@pytest.mark.parametrize(
    ("text", "expected"), [(None, 120), (" ", 120), (" 30 ", 30), (str(LEAST), LEAST), (str(MOST), MOST)]
)
def test_a_time_is_the_environments_or_the_usual_one(text, expected, monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    if text is not None:
        monkeypatch.setenv(NAME, text)
    assert minutes(NAME, 120) == expected


@pytest.mark.parametrize("text", [str(LEAST - 1), str(MOST + 1), "-30", "2.5", "an hour", "9" * 5000])
def test_a_time_of_no_use_is_told_with_what_is_expected(text, monkeypatch):
    monkeypatch.setenv(NAME, text)
    with pytest.raises(ImproperlyConfigured, match=rf"{NAME}=.*{LEAST} to {MOST}"):
        minutes(NAME, 120)

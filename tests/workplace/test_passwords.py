"""Which passwords are refused, with the 20,000 common ones as a list of breached passwords."""

import gzip
import hashlib
import random
from pathlib import Path

import pytest
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from weihu.workplace.bank.models import Staff
from weihu.workplace.gate.passwords import BreachedValidator, GuessedValidator
from weihu.workplace.see.health import checks

SOMEBODY = Staff(staff_id="001kh1", name="韩慧", branch_id="001")


def refuses(validator, password, user=SOMEBODY):
    try:
        validator.validate(password, user)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("password", [
    "Password123!", "qwer1234asdf", "ceshi123456", "1qaz2wsx3edc", "aaaaaaaaaaaa", "hanhui1234", "huihan2026", "001kh1001kh1",
    "weihu2026",
])  # fmt: skip
def test_what_is_soon_guessed_is_refused(password):
    assert refuses(GuessedValidator(), password)


@pytest.mark.parametrize("password", ["鱼-and-bicycle-7", "correct horse battery", "x7Kp!mQz94Lw", "x7Kp!mQz94Lw" * 20])
def test_what_is_hard_to_guess_is_taken_however_long(password):
    assert not refuses(GuessedValidator(), password)
    password_validation.validate_password(password, SOMEBODY)


@pytest.fixture(scope="module")
def common():
    path = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return sorted({line.strip() for line in file})


@pytest.fixture
def breached(common, tmp_path, monkeypatch):
    """Writes the list of breached passwords with some line ends, and with or without a last one."""

    def write(words, end="\n", last=True):
        digests = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in words)
        content = end.join(f"{digest}:{place}" for place, digest in enumerate(digests, 1)) + (end if last else "")
        (tmp_path / "breached.txt").write_bytes(content.encode())
        monkeypatch.setenv("WEIHU_BREACHED_FILE", str(tmp_path / "breached.txt"))

    return write


def test_every_breached_password_is_found_and_no_other(common, breached):
    breached(common)
    assert all(refuses(BreachedValidator(), word) for word in (*common[:50], *common[::20]))
    drawn = random.Random(7)
    others = [f"{drawn.choice(common)}~{drawn.random()}" for _ in range(1_000)]
    assert not any(refuses(BreachedValidator(), word) for word in others)


@pytest.mark.parametrize("count", [1, 2, 3, 17])
@pytest.mark.parametrize(("end", "last"), [("\n", True), ("\n", False), ("\r\n", True), ("\r\n", False)])
def test_short_lists_and_any_line_ends(count, end, last, common, breached):
    words = common[:count]
    breached(words, end, last)
    assert [refuses(BreachedValidator(), word) for word in (*words, *common[count : count + 20])] == (
        [True] * count + [False] * 20
    )


def test_without_a_list_nothing_is_breached(monkeypatch):
    monkeypatch.delenv("WEIHU_BREACHED_FILE", raising=False)
    assert not refuses(BreachedValidator(), "password")


@pytest.mark.parametrize("content", [None, ""])
def test_a_list_that_cannot_be_read_lets_nothing_through(content, tmp_path, monkeypatch):
    monkeypatch.setenv("WEIHU_BREACHED_FILE", str(tmp_path / "list.txt"))
    if content is not None:
        (tmp_path / "list.txt").write_text(content)
    assert refuses(BreachedValidator(), "鱼-and-bicycle-7")


def test_the_check_asks_for_a_list_that_can_be_read(run, home, common, breached, monkeypatch):
    def is_safe():
        return [finding.safe for finding in checks.findings(home) if "WEIHU_BREACHED_FILE" in finding.en]

    breached(common[:3])
    assert is_safe() == [True]
    monkeypatch.setenv("WEIHU_BREACHED_FILE", "/nothing/here")
    assert is_safe() == [False]


def test_the_pages_say_what_is_asked_for():
    assert len(password_validation.password_validators_help_texts()) == 6

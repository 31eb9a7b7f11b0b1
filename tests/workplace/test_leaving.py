"""A warning of leaving in words: every input has some, with the customer's own number, and it says what warned."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from weihu.rules.attrition import LONG_AGO, NAMES
from weihu.rules.kinds.leaving import Why
from weihu.workplace.act.signals.leaving import LONG_SINCE, in_words, warned_by
from weihu.workplace.bank.models import Signal

pytestmark = pytest.mark.sqlite


def written(*inputs: tuple[str, int], by: str = "trees", learned_on: str = "2026-05-31", chance: int = 143) -> str:
    return Why(by, learned_on, chance, list(inputs)).written()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", NAMES)
def test_every_input_is_said_with_its_value(name, language):
    with override(language):
        words = in_words(written((name, 3)), "CNY")
        assert "%" not in words.replace("0.3%", "")
        assert any(number in words for number in ("0.3%", "3", "4,000"))
        if name in LONG_SINCE:
            assert not any(sign.isdigit() for sign in in_words(written((name, LONG_AGO)), "CNY"))


def test_reasons_stand_in_their_order_in_the_readers_language():
    detail = written(("went_month", 310), ("contact_days", 95))
    with override("en"):
        assert in_words(detail, "CNY") == (
            "31% of the own level went to other banks in 4 weeks, last contact 95 days ago"
        )
    with override("zh-hans"):
        assert in_words(detail, "CNY") == "近 4 周转往他行的相当于自身水平的 31%、最近一次联系在 95 天前"
        assert in_words(written(("size", 0)), "CNY") != in_words(written(("size", 7)), "CNY")
        assert in_words(written(("risk", 0)), "CNY") == "没有风险测评"


def test_it_says_which_model_warned_of_which_date_and_how_likely_it_is():
    def said(**why: object) -> str:
        return warned_by(Signal(kind="leaving", detail=written(("left", 600), **why)))

    with override("en"):
        assert said(by="rule", learned_on="", chance=0) == "warned by the rule"
        told = said()
        assert "boosted trees" in told and "14.3%" in told
        from weihu.workplace.base.words import day

        assert day(date(2026, 5, 31)) in told
        assert warned_by(Signal(kind="dormant", detail="x")) == ""

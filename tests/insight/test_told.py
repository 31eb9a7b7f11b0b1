"""The report on the model of who leaves says everything that is known of it, in both languages."""

import pytest

from weihu.insight.leaving import DRIFTED
from weihu.insight.told import KINDS, told

AREA = {"auc": 0.71}
FACTS = {
    "kind": "trees",
    "period": ["2025-01-05", "2026-06-28"],
    "rows": 20_000,
    "left": 400,
    "judged": [{"on": "2026-05-31", "left": 21, "customers": 1_050, **dict.fromkeys(KINDS, AREA)}],
    "metrics": {kind: {"auc": (0.71, 0.66, 0.75), "precision": (0.3, 0.2, 0.4)} for kind in KINDS},
    "calibration": {"error": 0.0123, "tenths": [(105, 0.004, 0.0095), (105, 0.11, 0.0952)]},
    "stability": {"left": DRIFTED, "size": DRIFTED / 2},
    "fairness": {
        "sex": [{"group": "F", "customers": 500, "left": 0.02, "warned": 0.03, "auc": 0.7}],
        "branch": [{"group": "", "customers": 3, "left": 0.0, "warned": 0.0, "auc": None}],
    },
}


def test_a_report_has_a_line_for_everything_that_is_known():
    lines = told(FACTS).splitlines()
    for expected in (
        "流失预警 / attrition: 提升树 / boosted trees",
        "  起止 / from, to: 2025-01-05 – 2026-06-28",
        "  数据 / rows: 20,000, 流失 / left: 400 = 2.0%",
        "    2026-05-31: 21 / 1,050; AUC rule 0.710, regression 0.710, trees 0.710",
        "  校准误差 / calibration error: 0.0123 (人数, 预测, 实际 / customers, told, came)",
        "         105 11.0% 9.5%",
        f"  有变化 / drifted (PSI): left {DRIFTED:.2f}",
        "    F: 500; 2.0%, 3.0%, 0.700",
        "    —: 3; 0.0%, 0.0%, —",
    ):
        assert expected in lines
    assert not any("挑战者" in line for line in lines)


@pytest.mark.parametrize(("took_over", "verdict"), [(True, "the challenger took over"), (False, "the champion stays")])
def test_what_is_not_known_yet_is_no_line_and_the_challenger_has_one(took_over, verdict):
    duel = {"months": ["2026-06-28"], "champion": [0.7], "challenger": [0.72]}
    text = told({**FACTS, "calibration": {}, "stability": {}, "duel": duel, "took_over": took_over})
    assert f"{verdict}: 2026-06-28 0.700 : 0.720" in text
    assert "calibration error" not in text
    assert "drifted (PSI): —" in text
    none_yet = {"months": [], "champion": [], "challenger": []}
    assert "no month yet" in told({**FACTS, "duel": none_yet, "took_over": took_over})

"""What is known of the estimates of assets elsewhere, as lines to read."""

from __future__ import annotations

from typing import Any

KINDS = {"peers": "同类客户 / peers", "flows": "资金往来 / flows", "both": "两者合用 / both"}
MEASURES = {
    "error": "份额误差 / error of the share",
    "in_band": "档位正确 / right band",
    "covered": "在区间内 / in the range",
}
REASONS = {
    "assets": "本行资产 / assets here",
    "income": "收入 / income",
    "stage": "人生阶段 / stage of life",
    "salary": "代发工资 / salary",
    "use": "日常支付 / daily payments",
    "transfers": "他行往来 / transfers",
}


def told(facts: dict[str, Any]) -> str:
    """A report: what was told and when, measures on what was told later, the candidates, grades, what counts most."""
    lines = [
        f"钱包份额 / wallet share: {KINDS[facts['kind']]}",
        f"  告知期间 / told from, to: {facts['period'][0]} – {facts['period'][1]}; {facts['told']:,}",
        f"  {facts['then']} 之后告知的 {facts['judged']:,} 人上 / on {facts['judged']:,} who told after {facts['then']}, 95 %:",
    ]
    for kind, measures in facts["metrics"].items():
        lines.append(f"    {KINDS[kind]}: {'; '.join(_measure(name, measures[name]) for name in MEASURES)}")
    for row in facts["grades"]:
        shown = "; ".join(f"{MEASURES[name]} {row[name]:.3f}" for name in MEASURES)
        lines.append(f"    {row['grade']}: {row['judged']:,}; {shown}")
    heavy = sorted(facts["weights"].items(), key=lambda pair: -pair[1])
    lines.append(f"  影响 / weight: {', '.join(f'{REASONS[reason]} {weight:.2f}' for reason, weight in heavy)}")
    return "\n".join(lines)


def _measure(name: str, found: list[float]) -> str:
    return f"{MEASURES[name]} {found[0]:.3f} [{found[1]:.3f}, {found[2]:.3f}]"

"""What is known of the worth of customers, as lines to read."""

from __future__ import annotations

from typing import Any

KINDS = {
    "held": "保持现有水平 / level held",
    "changing": "按历史变化 / change learned",
    "rule": "规则:近 12 个月贡献 / rule: contribution of 12 months",
    "aum": "规则:AUM 从高到低 / rule: largest AUM first",
}
MEASURES = {
    "rank": "排序相关 / rank correlation",
    "fifth": "前五分之一带来 / brought by the best fifth",
    "error": "逐户误差 / error by customer",
    "tenths": "按十分组误差 / error by tenths",
    "total": "总额误差 / error of the total",
}


def told(facts: dict[str, Any]) -> str:
    """A report: the period, measures on later months beside the simple rules, tenths, and what the history tells."""
    first, last = facts["period"]
    lines = [
        f"客户价值 / worth of customers: {KINDS[facts['kind']]}",
        f"  {first} – {last}; {facts['origin']} 起 {facts['months']} 个月,{facts['judged']:,} 户"
        f" / {facts['months']} months from {facts['origin']}, {facts['judged']:,} customers, 95 %:",
    ]
    for kind, measures in facts["metrics"].items():
        shown = "; ".join(_measure(name, found) for name, found in measures.items())
        lines.append(f"    {KINDS[kind]}: {shown}")
    lines.append("  十分组:户数、户均预计、户均实际 / tenths: customers, said and came each")
    lines += [f"    {many:,.0f}: {said:,.0f} → {came:,.0f}" for many, said, came in facts["tenths"]]
    stays = ", ".join(f"{grade} {share:.3f}" for grade, share in facts["stays"].items())
    lines.append(f"  一年后仍在 / here a year later: {stays}")
    return "\n".join(lines)


def _measure(name: str, found: list[float]) -> str:
    return f"{MEASURES[name]} {found[0]:.3f} [{found[1]:.3f}, {found[2]:.3f}]"

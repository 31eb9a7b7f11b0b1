"""What is known of the model of who leaves, as lines to read."""

from __future__ import annotations

from typing import Any

from weihu.insight.leaving import DRIFTED

KINDS = {"rule": "规则 / rule", "regression": "逻辑回归 / regression", "trees": "提升树 / boosted trees"}
MEASURES = {
    "auc": "AUC",
    "average_precision": "平均精度 / average precision",
    "precision": "预警准确率 / precision of warnings",
}
GROUPS = {"sex": "性别 / sex", "age": "年龄 / age", "branch": "网点 / branch"}


def told(facts: dict[str, Any]) -> str:
    """A report: data, measures on later months with the rule beside, months, chances, stability, groups, challenger."""
    parts = (_data, _measures, _months, _chances, _stability, _groups, _duel)
    return "\n".join(line for part in parts for line in part(facts))


def _data(facts: dict[str, Any]) -> list[str]:
    return [
        f"流失预警 / attrition: {KINDS[facts['kind']]}",
        f"  起止 / from, to: {facts['period'][0]} – {facts['period'][1]}",
        f"  数据 / rows: {facts['rows']:,}, 流失 / left: {facts['left']:,} = {facts['left'] / facts['rows']:.1%}",
    ]


def _measures(facts: dict[str, Any]) -> list[str]:
    lines = [f"  其后 {len(facts['judged'])} 期上 / on {len(facts['judged'])} later months, 95 %:"]
    for kind, measures in facts["metrics"].items():
        shown = "; ".join(
            f"{MEASURES[name]} {at:.3f} [{low:.3f}, {high:.3f}]" for name, (at, low, high) in measures.items()
        )
        lines.append(f"    {KINDS[kind]}: {shown}")
    return lines


def _months(facts: dict[str, Any]) -> list[str]:
    return [
        f"    {row['on']}: {row['left']:,} / {row['customers']:,}; AUC "
        + ", ".join(f"{kind} {row[kind]['auc']:.3f}" for kind in KINDS)
        for row in facts["judged"]
    ]


def _chances(facts: dict[str, Any]) -> list[str]:
    found = facts["calibration"]
    if not found:
        return []
    lines = [f"  校准误差 / calibration error: {found['error']:.4f} (人数, 预测, 实际 / customers, told, came)"]
    return lines + [f"    {rows:>8,} {said:.1%} {came:.1%}" for rows, said, came in found["tenths"]]


def _stability(facts: dict[str, Any]) -> list[str]:
    moved = [f"{name} {value:.2f}" for name, value in facts["stability"].items() if value >= DRIFTED]
    return [f"  有变化 / drifted (PSI): {', '.join(moved) or '—'}"]


def _groups(facts: dict[str, Any]) -> list[str]:
    lines = []
    for by, rows in facts["fairness"].items():
        lines.append(f"  {GROUPS[by]}: 流失率, 预警率, AUC / left, warned, AUC")
        for row in rows:
            area = "—" if row["auc"] is None else f"{row['auc']:.3f}"
            lines.append(
                f"    {row['group'] or '—'}: {row['customers']:,}; {row['left']:.1%}, {row['warned']:.1%}, {area}"
            )
    return lines


def _duel(facts: dict[str, Any]) -> list[str]:
    duel = facts.get("duel")
    if duel is None:
        return []
    verdict = "挑战者接任 / the challenger took over" if facts["took_over"] else "原模型保留 / the champion stays"
    each = [
        f"{on} {old:.3f} : {new:.3f}"
        for on, old, new in zip(duel["months"], duel["champion"], duel["challenger"], strict=True)
    ]
    return [f"  {verdict}: {', '.join(each) or '尚无双方未见的月份 / no month yet that neither has seen'}"]

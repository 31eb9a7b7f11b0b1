"""What is known of whom a contact helps, as lines to read."""

from __future__ import annotations

from typing import Any

from weihu.insight.leaving import DRIFTED

RANKINGS = {
    "regression": "模型 / model",
    "kinds": "按商机平均 / by the kinds' averages",
    "aum": "按资产 / by AUM",
}
WORDS = {"call": "宜联系 / call", "same": "差别不明 / no sure difference", "leave": "不打扰为宜 / leave alone"}


def told(facts: dict[str, Any]) -> str:
    """A report: averages by kind; how good the ranking is on later trials, and its fifths; or how many are lacking."""
    lines = [
        f"联系对谁有帮助 / whom a contact helps: {facts['trials']:,} 条对照 / trials",
        f"  起止 / from, to: {facts['period'][0]} – {facts['period'][1]}",
        "  通知, 留出, 通知中已联系; 资产变动之差 (元/户) / told of, kept back, contacted; difference in AUM a customer",
    ]
    for row in facts["averages"]:
        groups = f"{row['told']:,}, {row['held']:,}, {row['contacted']:.0%}"
        lines.append(f"    {row['kind'] or '合计 / all'}: {groups}; {_difference(row['yuan'], ',.0f')}")
    if facts["needed"]:
        lines.append(f"  太少,还需 {facts['needed']:,} 条 / too few: {facts['needed']:,} more needed")
    elif not facts["models"]:
        lines.append("  时间跨度不够 / the trials lie too close together in time to judge by later ones")
    return "\n".join([*lines, *(line for kind, found in facts["models"].items() for line in _model(kind, found))])


def _model(kind: str, found: dict[str, Any]) -> list[str]:
    lines = [f"  {kind or '合计 / all'}: {found['judged']:,} 条, 自 / later trials, from {found['from']}; Qini, 95 %:"]
    for name, (value, low, high) in found["metrics"].items():
        lines.append(f"    {RANKINGS[name]}: {value:.4f} [{low:.4f}, {high:.4f}]")
    lines.append("    五等分: 预测, 实际 (占资产) / fifths: said, came (share of the AUM)")
    lines += [
        f"      {row['said']:+.1%} {_difference(row['share'], '+.1%')} {WORDS[row['word']]}" for row in found["fifths"]
    ]
    moved = [f"{name} {value:.2f}" for name, value in found["stability"].items() if value >= DRIFTED]
    return [*lines, f"    有变化 / drifted (PSI): {', '.join(moved) or '—'}"]


def _difference(found: list[float] | None, shown: str) -> str:
    if found is None:
        return "—"
    value, low, high = (format(part, shown) for part in found)
    return f"{value} [{low}, {high}]"

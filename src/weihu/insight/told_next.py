"""What is known of the model of the next product, as lines to read."""

from __future__ import annotations

from typing import Any

KINDS = {"popular": "同等级最常买 / most popular in the grade", "trees": "提升树 / boosted trees"}


def told(facts: dict[str, Any]) -> str:
    """A report: data, MAP@3 among later buyers with the rule beside, what was bought."""
    lines = [
        f"下一产品 / next product: {KINDS[facts['kind']]}",
        f"  起止 / from, to: {facts['period'][0]} – {facts['period'][1]}",
        f"  购买 / bought: {', '.join(f'{kind} {count:,}' for kind, count in facts['bought'].items())}",
        f"  {', '.join(facts['judged'])} 的 {facts['buyers']:,} 位购买者上 / on {facts['buyers']:,} later buyers, 95 %:",
    ]
    for kind, (value, low, high) in facts["metrics"].items():
        lines.append(f"    {KINDS[kind]}: MAP@3 {value:.3f} [{low:.3f}, {high:.3f}]")
    return "\n".join(lines)

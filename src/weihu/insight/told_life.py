"""What is known of the questions that payments gave rise to, as lines to read."""

from __future__ import annotations

from typing import Any

COUNTS = {"new": "新增 / new", "open": "待询问 / open", "yes": "属实 / yes", "no": "不属实 / no"}


def told(facts: dict[str, Any]) -> str:
    """A line for each event of the book: new and open questions, and how the others were answered."""
    lines = [f"人生事件 / life events: {facts['on']}"]
    for kind, counts in facts["counts"].items():
        lines.append(f"  {kind}: {'; '.join(f'{COUNTS[name]} {count:,}' for name, count in counts.items())}")
    return "\n".join(lines)

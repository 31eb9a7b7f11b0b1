"""``[targets]``: a cockpit's target lines (目标)."""

from __future__ import annotations

from typing import Literal

TargetName = Literal["cadence", "completeness", "done", "lost"]
"""The figures that may have a target: kept, known and done at least, lost at most."""

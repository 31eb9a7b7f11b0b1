"""A model that is kept: its scores, what is known of it, its folder."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from weihu.insight.columns import Encoder, Raw, raw, texts
from weihu.insight.measures import Floats, Ints
from weihu.insight.response.candidates import Learned
from weihu.insight.response.choice import shifted
from weihu.insight.response.drift import DRIFTED, psi
from weihu.insight.response.tables import Refused, check_readable, need, no_time
from weihu.insight.timeline import PACE, Clock, NoTime, Tail

SCORE = "score"
DIGITS = 9
NAME = re.compile(r"[\w-]{1,60}")
FORMAT = 1
DIGEST = "sha256"
"""The file beside a model's others that has their digest."""


@dataclass(frozen=True)
class Model:
    """What was learned, and everything that is known of it."""

    facts: dict[str, Any]
    learned: Learned
    rule: Learned
    """The simple rule beside it."""

    def score(self, table: pa.Table, by_rule: bool = False) -> tuple[Floats, dict[str, float]]:
        """A probability for each row in the table's order, and the columns that drifted. Raises Refused."""
        learned = self.rule if by_rule else self.learned
        columns, order = self._columns(table, learned.encoder)
        rows = table.num_rows
        shift = self.facts["rule_calibration" if by_rule else "calibration"]
        found = shifted(learned.logits(columns, rows), shift) if rows else np.zeros(0)
        scores = np.empty(rows)
        scores[order] = found
        return scores, self._drifted(columns) if rows else {}

    def _columns(self, table: pa.Table, encoder: Encoder) -> tuple[dict[str, Raw], Ints]:
        facts = self.facts
        clock = Clock(**facts["clock"]) if facts["clock"] else None
        used = [column for column in encoder.columns if facts["groups"][column.name] != "pace"]
        paced = len(used) < len(encoder.columns)
        timed = clock.columns if clock and paced else []
        need(table, [*(column.name for column in used), *timed])
        order = np.arange(table.num_rows)
        columns: dict[str, Raw] = {}
        if clock and paced:
            try:
                timeline = clock.read(table, Tail(**facts["tail"]) if facts["tail"] else None)
            except NoTime as fault:
                raise no_time(str(clock.time), fault, order) from None
            order = timeline.order
            columns[PACE] = timeline.pace if timeline.pace is not None else np.zeros(0)
        for column in used:
            cells = texts(table[column.name])
            columns[column.name] = raw(cells, column.kind)[order]
            check_readable(column.name, column.kind, cells)
        return columns, order

    def _drifted(self, columns: dict[str, Raw]) -> dict[str, float]:
        found = {name: psi(self.facts["spread"][name], values) for name, values in columns.items()}
        return {name: value for name, value in sorted(found.items(), key=lambda item: -item[1]) if value >= DRIFTED}

    def save(self, folder: Path) -> None:
        """To a folder of JSON and model texts; an earlier model there is replaced as a whole."""
        fresh = folder.with_name(f".{folder.name}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        kept = self.facts | {"learned": self.learned.kept(fresh), "by_rule": self.rule.kept(fresh)}
        (fresh / "model.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (fresh / DIGEST).write_text(_digest(fresh) + "\n", encoding="ascii")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)

    @classmethod
    def load(cls, folder: Path) -> Model:
        """From what ``save`` wrote; raises Refused."""
        if not (folder / "model.json").is_file():
            raise Refused(f"没有模型“{folder.name}”", f"there is no model {folder.name}")
        digest = folder / DIGEST
        whole = digest.is_file() and digest.read_bytes().decode("ascii", "replace").strip() == _digest(folder)
        kept = json.loads((folder / "model.json").read_text(encoding="utf-8")) if whole else {}
        if kept.get("format") != FORMAT:
            raise Refused(
                f"模型“{folder.name}”已损坏或由其他版本写成,请重新学习",
                f"the model {folder.name} is damaged or was written by another version; learn it again",
            )
        learned, rule = (Learned.read(kept.pop(key), folder) for key in ("learned", "by_rule"))
        return cls(kept, learned, rule)


def _digest(folder: Path) -> str:
    """Of everything in a model's folder."""
    found = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.name != DIGEST):
        content = file.read_bytes()
        found.update(f"{file.name} {len(content)}\n".encode() + content)
    return found.hexdigest()


def scored(model: Model, table: pa.Table) -> tuple[pa.Table, dict[str, float]]:
    """The table with the column ``score``, and the columns that drifted. Raises Refused."""
    if SCORE in table.column_names:
        raise Refused(f"表中已有列“{SCORE}”", f"the table has a column {SCORE} already")
    scores, drifted = model.score(table)
    return table.append_column(SCORE, pa.array(scores.round(DIGITS), pa.float64())), drifted


def check_name(name: str) -> None:
    """Refuse a name that is no plain word."""
    if not NAME.fullmatch(name):
        raise Refused(
            f"名称“{name}”只能用文字、数字、“-”和“_”,最多 60 个",
            f"the name {name!r} may have letters, digits, - and _ only, at most 60",
        )

"""The model of who leaves as a home keeps it: what scores, what its reasons are worked out from, what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from weihu.insight import files
from weihu.rules.attrition import NAMES
from weihu.rules.scores import Scorer

NAME = "attrition"
"""The folder of the home's models in which it is kept."""
UPLIFT = "uplift"
"""That of whom a contact helps (``insight.uplift``)."""
WORTH = "worth"
"""That of what customers are worth (``insight.worth``)."""
RULE = Scorer(kind="rule", weights={"left": 1})


class Grounds(BaseModel):
    """What reasons are worked out from. ``booster``: the trees as LightGBM writes them; ``usual``: the notches that the
    customers whom a regression was learned from reach on average."""

    model_config = ConfigDict(frozen=True)

    booster: str = ""
    usual: dict[str, float] = {}


@dataclass(frozen=True)
class Model:
    """What scores now and everything that is known of it. ``facts`` is what the report and the page show."""

    scorer: Scorer
    facts: dict[str, Any]
    grounds: Grounds = field(default_factory=Grounds)

    @property
    def learned_on(self) -> str:
        """The date of the last week that it was chosen by; empty for the rule alone."""
        return str(self.facts.get("learned_on", ""))

    def save(self, folder: Path) -> None:
        """To a folder; an earlier model there is replaced as a whole."""
        content = {"scorer": self.scorer.model_dump(), "grounds": self.grounds.model_dump(), "facts": self.facts}
        files.save(folder, content)

    @classmethod
    def load(cls, folder: Path) -> Model | None:
        """The kept model; None if there is none, or if it looks at inputs that are not worked out any more."""
        kept = files.load(folder)
        if kept is None:
            return None
        model = cls(Scorer.model_validate(kept["scorer"]), kept["facts"], Grounds.model_validate(kept["grounds"]))
        return model if model.scorer.inputs <= set(NAMES) else None


RULE_ALONE = Model(RULE, {})
"""What scores where no model is kept, or where somebody has switched it off."""

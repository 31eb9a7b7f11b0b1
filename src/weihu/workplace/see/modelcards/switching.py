"""The switch of a model: while it is off, the rule beside it takes its place from the next night on."""

from __future__ import annotations

from django.utils import timezone

from weihu.engine.lake import Home
from weihu.insight import files
from weihu.insight.kept import NAME, RULE_ALONE, WORTH, Model
from weihu.rules.worth import UNLEARNED, Outlook
from weihu.workplace.base import audit
from weihu.workplace.see.modelcards.models import Switch


def last_switch(model: str) -> Switch | None:
    """What was decided last about a model; None if nothing ever was: it is on."""
    return Switch.objects.filter(model=model).order_by("-pk").first()


def is_on(model: str) -> bool:
    """Whether a model may score."""
    last = last_switch(model)
    return last is None or last.on


def switch(model: str, on: bool, reason: str, staff_id: str) -> None:
    """Switch a model on or off, with an entry of the audit log."""
    Switch.objects.create(model=model, on=on, reason=reason, staff_id=staff_id, at=timezone.now())
    audit.record(staff_id, f"{model}.{'on' if on else 'off'}", detail=reason)


def scoring(home: Home) -> Model:
    """What scores who leaves tonight: the kept model, or the rule where there is none or it is switched off."""
    model = Model.load(home.insight / NAME) if is_on(NAME) else None
    return model or RULE_ALONE


def looking_ahead(home: Home) -> Outlook:
    """What tonight's worth of customers goes by: what was learned, or nothing where it is switched off."""
    content = files.load(home.insight / WORTH) if is_on(WORTH) else None
    return Outlook.model_validate(content["outlook"]) if content else UNLEARNED

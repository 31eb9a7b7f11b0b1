"""What customers tell when they are asked for what is missing in their archive."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from weihu.rules.catalogue import read
from weihu.workplace.bank.models import Run, Signal
from weihu.workplace.base.channels import Channel
from weihu.workplace.contact.models import Contact
from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts
from weihu.workplace.know.archive.models import Confidence

ANSWERED = {
    "employer": ["市第一中学", "恒通物流公司", "人民医院", "华新机械厂", "区税务局", "自营商店"],
    "occupation": ["教师", "医生", "企业主", "工程师", "公务员", "退休"],
    "income": ["8000", "1.2万", "2万", "3.5万"],
}
"""What customers say when they are asked for a field without choices."""
TOLD_SHARE, REFUSED_SHARE = 0.6, 0.08
SOURCE = "电话回访"


def tell(run: Run, answered: dict[str, list[Signal]], contacts: dict[str, Contact], rng: np.random.Generator) -> None:
    """Of what was missing, customers told some and refused a little; each member of staff records what he heard."""
    by_staff: dict[str, list[NewFact]] = defaultdict(list)
    for customer_id, signals in answered.items():
        asked = [key for signal in signals if signal.kind == "missing_facts" for key in signal.detail.split(",")]
        by_staff[contacts[customer_id].staff_id] += _told(run, customer_id, asked, rng)
    for staff_id, facts in by_staff.items():
        if facts:
            record_facts(facts, staff_id, run.work_date, SOURCE)


def _told(run: Run, customer_id: str, asked: Sequence[str], rng: np.random.Generator) -> list[NewFact]:
    facts = []
    for key in asked:
        field = run.rulebook.fields[key]
        values = [choice.key for choice in field.choices] or ANSWERED.get(key, [])
        if not values or rng.random() > TOLD_SHARE:
            continue
        refused = bool(rng.random() < REFUSED_SHARE)
        value = "" if refused else read(field, values[int(rng.integers(len(values)))])
        written = FactContent(key, value, Channel.SERVICE, Confidence.TOLD, refused, SOURCE)
        facts.append(NewFact(customer_id, written, uuid.UUID(bytes=rng.bytes(16))))
    return facts

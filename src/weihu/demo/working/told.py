"""What customers tell when they are asked for what is missing in their archive: the truth, if they tell."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from weihu.demo.working.person import Person
from weihu.rules.catalogue import read
from weihu.sources.synthetic import SyntheticBank
from weihu.workplace.bank.models import Run, Signal
from weihu.workplace.base.channels import Channel
from weihu.workplace.contact.models import Contact, Way
from weihu.workplace.know.archive.facts import FactContent, NewFact, record_facts
from weihu.workplace.know.archive.models import Confidence

TOLD_SHARE, REFUSED_SHARE = 0.6, 0.06
SOURCES = {Way.PHONE: "电话回访", Way.VISIT: "客户拜访", Way.COUNTER: "柜面办理业务", Way.MESSAGE: "短信往来"}


def tell(run: Run, answered: dict[str, list[Signal]], contacts: dict[str, Contact], customers: SyntheticBank) -> None:
    """Of what was missing, customers told some and refused a little; each member of staff records what he heard."""
    rng = np.random.default_rng([run.number, 1])
    heard: dict[tuple[str, str], list[NewFact]] = defaultdict(list)
    for customer_id, signals in answered.items():
        asked = [key for signal in signals if signal.kind == "missing_facts" for key in signal.detail.split(",")]
        contact = contacts[customer_id]
        told = _told(run, Person(customers, customer_id), asked, SOURCES[Way(contact.way)], rng)
        heard[contact.staff_id, SOURCES[Way(contact.way)]] += told
    for (staff_id, source), facts in heard.items():
        if facts:
            record_facts(facts, staff_id, run.work_date, source)


def _told(run: Run, person: Person, asked: Sequence[str], source: str, rng: np.random.Generator) -> list[NewFact]:
    facts = []
    for key in asked:
        answer, tells, refuses = person.answer(key), rng.random() < TOLD_SHARE, rng.random() < REFUSED_SHARE
        if not answer or not tells:
            continue
        value = "" if refuses else read(run.rulebook.fields[key], answer)
        written = FactContent(key, value, Channel.SERVICE, Confidence.TOLD, refuses, source)
        facts.append(NewFact(person.customer_id, written, uuid.UUID(bytes=rng.bytes(16))))
    return facts

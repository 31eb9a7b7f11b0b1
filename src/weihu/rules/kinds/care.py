"""Keeping up the relationship: wishes, facts to ask, contacts owed, what the workplace noted (M1, M5, M19, M20)."""

from __future__ import annotations

import ibis
from ibis.expr.types import IntegerValue, Table

from weihu.rules.completeness import to_ask, with_archive
from weihu.rules.grade import contact_due
from weihu.rules.kinds.night import Night, signals_of
from weihu.rules.sections.signals import NOTED_KINDS


def birthday(night: Night) -> Table:
    """A birthday within the lead days of the next working day."""
    born = night.profiles.filter(night.profiles.birth_date.notnull())
    born = born.select(
        "customer_id", month_day=born.birth_date.month().cast("int64") * 100 + born.birth_date.day().cast("int64")
    )
    soon = born.join(night.occasions, "month_day").select("customer_id", "on")
    found = night.due("birthday").join(soon, "customer_id")
    return signals_of(found, "birthday", subject=found["on"].cast("string"), on_date=found["on"])


def missing_facts(night: Night) -> Table:
    """Facts that the grade expects and the archive lacks, for the grades whose facts some post collects."""
    customers = night.due("missing_facts")
    customers = customers.filter(customers.grade_rank.isin(night.book.collected_ranks()))
    lacking = customers.filter(customers.facts_known < customers.facts_expected)
    found = with_archive(lacking, night.profiles, night.facts)
    return signals_of(found, "missing_facts", detail=to_ask(found, night.book))


def cadence_due(night: Night) -> Table:
    """The grade's longest time between contacts ends by the next working day."""
    found = night.due("cadence_due")
    found = found.mutate(due=contact_due(found, night.book))
    found = found.filter(found.due <= night.today + ibis.interval(days=1))
    return signals_of(found, "cadence_due", on_date=found.due)


def follow_up(night: Night) -> Table:
    """A contact agreed on a date that is the next working day or past, with no contact since."""
    found = night.due("follow_up")
    agreed = (found.follow_up_on > found.last_contact_on) & (found.follow_up_on <= night.today + ibis.interval(days=1))
    found = found.filter(agreed)
    return signals_of(found, "follow_up", subject=found.follow_up_on.cast("string"), on_date=found.follow_up_on)


def festival(night: Night) -> Table:
    """A festival within the lead days of the next working day."""
    found = night.due("festival").cross_join(night.festivals)
    return signals_of(
        found,
        "festival",
        subject=found.festival + " " + found["on"].cast("string"),
        on_date=found["on"],
        detail=found.festival,
    )


def noted(night: Night) -> Table:
    """The kinds whose evidence the workplace noted during the day, for the grades of each, in one look at everybody."""
    kinds = [kind for kind in NOTED_KINDS if kind in night.book.signals]
    found = night.noted.filter(night.noted.kind.isin(kinds)).join(night.customers, "customer_id")
    lowest = {kind: night.book.rank(night.rule(kind).from_grade) for kind in kinds}
    highest = {kind: night.rule(kind).to_grade for kind in kinds}
    last = len(night.book.grades) - 1
    ranks = {kind: night.book.rank(grade) if grade else last for kind, grade in highest.items()}
    best = ibis.greatest(found.grade_rank, ibis.coalesce(found.rank_before, found.grade_rank))

    def of_kind(values: dict[str, int]) -> IntegerValue:
        return ibis.cases(*((found.kind == kind, rank) for kind, rank in values.items()), else_=last + 1)

    found = found.filter((best >= of_kind(lowest)) & (found.grade_rank <= of_kind(ranks)))
    evidence = {"subject": found.subject, "on_date": found.on_date, "detail": found.detail}
    return signals_of(found, found.kind, **evidence)

"""Keeping up the relationship: wishes, facts to ask, contacts owed, what the workplace noted (M1, M5, M19, M20)."""

from __future__ import annotations

import ibis
from ibis.expr.types import IntegerValue, Table

from weihu.rules.completeness import to_ask, with_archive
from weihu.rules.grade import with_contact_due
from weihu.rules.kinds.common import ahead, due, signals_of
from weihu.rules.rulebook import RuleBook
from weihu.rules.sections.signals import NOTED_KINDS, Birthday, FestivalGreeting


def birthday(compared: Table, profiles: Table, occasions: Table, book: RuleBook) -> Table:
    """A birthday within the lead days of a day that the next list is for."""
    born = profiles.filter(profiles.birth_date.notnull())
    born = born.select(
        "customer_id", month_day=born.birth_date.month().cast("int64") * 100 + born.birth_date.day().cast("int64")
    )
    soon = born.join(occasions, "month_day").select("customer_id", "on")
    customers = due("birthday", compared, book).join(soon, "customer_id")
    customers = customers.filter(customers["on"] <= ahead(customers, book.rule(Birthday).lead_days + 1))
    return signals_of(customers, "birthday", subject=customers["on"].cast("string"), on_date=customers["on"])


def missing_facts(compared: Table, profiles: Table, facts_known: Table, book: RuleBook) -> Table:
    """Facts that the grade expects and the archive lacks, for the grades whose facts some post collects."""
    customers = due("missing_facts", compared, book)
    customers = customers.filter(customers.grade_rank.isin(book.collected_ranks()))
    lacking = customers.filter(customers.facts_known < customers.facts_expected)
    asked = with_archive(lacking, profiles, facts_known)
    return signals_of(asked, "missing_facts", detail=to_ask(asked, book))


def cadence_due(compared: Table, cadences: Table, book: RuleBook) -> Table:
    """The grade's longest time between contacts ends before the list after the next."""
    customers = with_contact_due(due("cadence_due", compared, book), cadences, book)
    customers = customers.filter(customers.contact_due <= customers.through)
    return signals_of(customers, "cadence_due", on_date=customers.contact_due)


def follow_up(compared: Table, book: RuleBook) -> Table:
    """A contact agreed on a date before the list after the next, with no contact since."""
    customers = due("follow_up", compared, book)
    agreed = customers.follow_up_on > customers.last_contact_on
    customers = customers.filter(agreed & (customers.follow_up_on <= customers.through))
    return signals_of(
        customers, "follow_up", subject=customers.follow_up_on.cast("string"), on_date=customers.follow_up_on
    )


def festival(compared: Table, festivals: Table, book: RuleBook) -> Table:
    """A festival within the lead days of a day that the next list is for."""
    customers = due("festival", compared, book).cross_join(festivals)
    customers = customers.filter(customers["on"] <= ahead(customers, book.rule(FestivalGreeting).lead_days + 1))
    return signals_of(
        customers,
        "festival",
        subject=customers.festival + " " + customers["on"].cast("string"),
        on_date=customers["on"],
        detail=customers.festival,
    )


def noted_kinds(compared: Table, noted: Table, book: RuleBook) -> Table:
    """The kinds whose evidence the workplace noted during the day, for the grades of each, in one look at everybody."""
    kinds = [kind for kind in NOTED_KINDS if kind in book.signals]
    customers = noted.filter(noted.kind.isin(kinds)).join(compared, "customer_id")
    customers = customers.filter(customers.due_on.isnull() | (customers.due_on <= customers.through))
    lowest = {kind: book.rank(book.signals[kind].from_grade) for kind in kinds}
    highest = {kind: book.signals[kind].to_grade for kind in kinds}
    last = len(book.grades) - 1
    ranks = {kind: book.rank(grade) if grade else last for kind, grade in highest.items()}
    best = ibis.greatest(customers.grade_rank, ibis.coalesce(customers.rank_before, customers.grade_rank))

    def of_kind(values: dict[str, int]) -> IntegerValue:
        return ibis.cases(*((customers.kind == kind, rank) for kind, rank in values.items()), else_=last + 1)

    customers = customers.filter((best >= of_kind(lowest)) & (customers.grade_rank <= of_kind(ranks)))
    evidence = {"subject": customers.subject, "on_date": customers.on_date, "detail": customers.detail}
    return signals_of(customers, customers.kind, **evidence)

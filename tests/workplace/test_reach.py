"""One statement of the reach: pages, rules over everybody and a plain reading of it give the same customers."""

import os
import random
from datetime import timedelta
from uuid import uuid4

import ibis
from django.db import transaction
from django.utils import timezone

from weihu.engine.duck import DuckEngine
from weihu.rules import rulebook
from weihu.workplace.bank.models import Branch, Staff, Standing
from weihu.workplace.gate.models import Absence, HandedCustomer, Handover, Merge, Placement, Referral
from weihu.workplace.gate.reach import Gate
from weihu.workplace.gate.scope import COLUMN_OF, Reach, within

CASES = int(os.environ.get("WEIHU_REACH_CASES", "6"))
"""Random banks; a thousand were tried before a release."""
POSTS = list(rulebook.load("brief").posts)
TABLE = ibis.schema(dict.fromkeys(COLUMN_OF.values(), "string"))


def reached(standings, reach, parts):
    return standings.filter(within(standings, reach, parts)).select("customer_id")


def shuffled(rng: random.Random, run, staff: list[Staff]) -> None:
    """Another bank: other branches above others, other people who answer, absences, merges, decisions."""
    branches = [branch.pk for branch in Branch.objects.order_by("pk")]
    for branch in branches:
        above = rng.choice([None, *branches])
        Branch.objects.filter(pk=branch).update(parent_id=above if above != branch else None)
    people = [member.staff_id for member in staff]
    rows = rng.sample(list(Standing.objects.listed_at(run)), 40)
    for row in rows:
        row.branch_id, row.primary_id = rng.choice(branches), rng.choice([None, *people])
        row.deputy_id = rng.choice([None, *people])
    Standing.objects.bulk_update(rows, ["branch_id", "primary_id", "deputy_id"])
    ids = [row.customer_id for row in rows]
    day = run.work_date
    for gone, kept in zip(rng.sample(ids, 4), rng.sample(ids, 4), strict=True):
        if gone != kept and not Merge.objects.filter(gone_id=gone).exists():
            undone = rng.choice([None, day])
            Merge.objects.create(kept_id=kept, gone_id=gone, by="x", on=day, at=timezone.now(), undone_on=undone)
    for customer in rng.sample(ids, 6):
        spread = day + timedelta(days=rng.choice([-1, 0, 1]))
        Placement.objects.create(
            customer_id=customer, staff_id=rng.choice(people), on=spread, origin="claim", decided_by="x"
        )
    for customer in rng.sample(ids, 4):
        state = rng.choice(list(Referral.State))
        common = {"branch_id": branches[0], "from_id": "x", "grade": "ordinary", "target": "potential", "on": day}
        key = customer if state == Referral.State.OPEN else None
        values = {"open_key": key, "due_on": day, "state": state, **common}
        Referral.objects.create(customer_id=customer, to_id=rng.choice(people), **values)
    for _ in range(4):
        away, cover = rng.sample(people, 2)
        dates = {"from_on": day - timedelta(days=1), "to_on": day + timedelta(days=rng.choice([-1, 0, 2]))}
        agreed, withdrawn = rng.choice(["", "y"]), rng.random() < 0.2
        Absence.objects.create(
            staff_id=away, cover_id=cover, entered_by="x", agreed_by=agreed, withdrawn=withdrawn, **dates
        )
    offer = {"token": uuid4(), "from_id": "x", "branch_id": branches[0], "on": day, "proposed_by": "x"}
    handover = Handover.objects.create(to_id=rng.choice(people), proposed_on=day, due_on=day, **offer)
    HandedCustomer.objects.create(handover=handover, customer_id=rng.choice(ids))


def meant(staff: Staff, run) -> set[str]:
    """The reach read from the rule book's words, customer by customer."""
    post, day = run.rulebook.posts[staff.post], run.work_date
    above = dict(Branch.objects.values_list("pk", "parent_id"))

    def is_below(branch: str | None, seen: tuple[str, ...] = ()) -> bool:
        if branch is None or branch in seen:
            return False
        return branch == staff.branch_id or is_below(above.get(branch), (*seen, branch))

    last = {}
    for row in Absence.objects.filter(withdrawn=False, to_on__gt=run.business_date).order_by("pk"):
        if row.from_on <= Gate(Staff.objects.get(pk=row.staff_id), run).list_day <= row.to_on and (
            row.agreed_by and row.cover_id == staff.staff_id
        ):
            last[row.staff_id] = row
    mine = {staff.staff_id, *last}
    given = {row.customer_id for row in Placement.objects.filter(staff_id=staff.staff_id, on__gte=day)}
    given |= {row.customer_id for row in Referral.objects.filter(to_id=staff.staff_id, state="open")}
    merged = {row.gone_id for row in Merge.objects.filter(undone_on__isnull=True)}
    by_reach = {
        "bank": lambda row: True,
        "branch": lambda row: is_below(row.branch_id),
        "own": lambda row: row.primary_id in mine or row.deputy_id == staff.staff_id or row.customer_id in given,
        "none": lambda row: False,
    }
    has = by_reach[post.reach]
    return {row.customer_id for row in Standing.objects.listed_at(run) if row.customer_id not in merged and has(row)}


def test_pages_and_rules_reach_the_same_customers_of_random_banks(run, member):
    staff = [member(post) for post in POSTS]
    tellers = Staff.objects.filter(post="relationship_manager").order_by("pk")[:2]
    everybody = list({row.staff_id: row for row in [*staff, *tellers]}.values())
    engine = DuckEngine.in_memory()
    reach, tried = Reach(engine), 0
    for seed in range(CASES):
        with transaction.atomic():
            shuffled(random.Random(seed), run, everybody)
            rows = list(Standing.objects.listed_at(run).values_list(*COLUMN_OF.values()))
            engine.bind_rows("standings", TABLE, rows)
            for person in everybody:
                gate = Gate(person, run)
                scope = gate.scope
                table = engine.answer(reached, ibis.table(TABLE, name="standings"), reach.of(scope), parts=scope.parts)
                by_rules = {row["customer_id"] for row in table}
                by_pages = set(gate.standings().values_list("customer_id", flat=True))
                assert by_pages == by_rules == meant(person, run), (seed, person.post)
                tried += len(by_pages)
            transaction.set_rollback(True)
    assert tried > CASES

"""The audit log's chain of entries."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weihu.workplace.base import audit
from weihu.workplace.base.models import Entry

pytestmark = pytest.mark.django_db
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
ACTS = st.builds(audit.Act, staff_id=TEXT, action=TEXT, customer_id=TEXT, detail=TEXT)


@given(batches=st.lists(st.lists(ACTS, max_size=4), min_size=1, max_size=4))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_entries_of_many_acts_are_chained_in_their_order(batches, db):
    before = Entry.objects.count()
    for acts in batches:
        audit.record("0011", "single")
        audit.record_many(acts)
    kept = [(row.staff_id, row.action, row.customer_id, row.detail) for row in Entry.objects.order_by("id")][before:]
    meant = []
    for acts in batches:
        meant.append(("0011", "single", "", ""))
        meant += [(act.staff_id, act.action, act.customer_id, act.detail) for act in acts]
    assert kept == meant
    assert audit.verify() is None


def test_more_acts_than_one_statement_holds_are_one_chain():
    audit.record_many(audit.Act("0011", "sheet.export", f"P{number}") for number in range(2 * audit.AT_ONCE + 1))
    assert audit.verify() is None
    middle = Entry.objects.order_by("id")[audit.AT_ONCE]
    Entry.objects.filter(pk=middle.pk).update(customer_id="another")
    assert audit.verify() == middle.pk


def test_acts_that_are_not_all_written_leave_no_entry():
    def acts():
        yield audit.Act("0011", "first")
        raise RuntimeError

    before = audit.tail()
    with pytest.raises(RuntimeError):
        audit.record_many(acts())
    assert audit.tail() == before

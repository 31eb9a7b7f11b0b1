"""The audit log: a chain of entries with a signed end, from which nothing is taken and in which nothing is changed unseen."""

import random
import stat

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attack import cases
from weihu.workplace.base import audit
from weihu.workplace.base.audit_key import _read, audit_key, head_file
from weihu.workplace.base.models import Entry, Head

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
ACTS = st.builds(audit.Act, staff_id=TEXT, action=TEXT, customer_id=TEXT, detail=TEXT)
CASES = cases(60, 1_000)
"""Random changes of a log."""
LENGTH = cases(60, 100_000)


@pytest.fixture(autouse=True)
def own_key(tmp_path, monkeypatch):
    """A key and a copy of the end that no other test has."""
    monkeypatch.setenv("WEIHU_AUDIT_KEY_FILE", str(tmp_path / "apart" / "audit.key"))
    (tmp_path / "apart").mkdir()
    return tmp_path / "apart"


@pytest.fixture
def log(own_key, db):
    """An empty log."""
    Entry.objects.all().delete()
    Head.objects.all().delete()


@pytest.fixture
def committed(own_key, own_bank):
    """An empty log whose entries are committed."""
    Entry.objects.all().delete()
    Head.objects.all().delete()


@given(batches=st.lists(st.lists(ACTS, max_size=4), min_size=1, max_size=4))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_entries_of_many_acts_are_chained_in_their_order(batches, log):
    before = Entry.objects.count()
    for acts in batches:
        audit.record("0011", "single")
        audit.record_many(acts)
    assert audit.verify() is None
    kept = [(row.staff_id, row.action, row.customer_id, row.detail) for row in Entry.objects.order_by("place")][before:]
    meant = []
    for acts in batches:
        meant.append(("0011", "single", "", ""))
        meant += [(act.staff_id, act.action, act.customer_id, act.detail) for act in acts]
    assert kept == meant
    assert audit.tail().place == len(kept) + before


def test_more_acts_than_are_chained_at_once_are_one_chain(log):
    audit.record_many(audit.Act("0011", "sheet.export", f"P{number}") for number in range(2 * audit.AT_ONCE + 1))
    assert audit.verify() is None
    assert audit.tail().place == 2 * audit.AT_ONCE + 1
    Entry.objects.filter(place=audit.AT_ONCE).update(customer_id="another")
    assert audit.verify() == audit.Broken(audit.AT_ONCE, "changed")


def test_acts_that_are_not_all_written_leave_no_entry(log):
    def acts():
        yield audit.Act("0011", "first")
        raise RuntimeError

    before = audit.tail()
    with pytest.raises(RuntimeError):
        audit.record_many(acts())
    assert audit.tail() == before


def changed(rng: random.Random) -> int:
    """Do to a log what somebody with the database, and not the key, can do; the first place that is touched."""
    rows = list(Entry.objects.order_by("place").values_list("pk", "place"))
    first = rng.randrange(len(rows))
    pk, place = rows[first]
    here = Entry.objects.filter(pk=pk)
    match rng.choice(("edit", "delete", "swap", "cut", "insert", "renumber", "everything", "copy")):
        case "edit":
            field = rng.choice(("staff_id", "action", "customer_id", "detail", "digest"))
            here.update(**{field: f"changed {rng.random()}"[:40]})
        case "delete":
            here.delete()
        case "swap" if first + 1 < len(rows):
            other = rows[rng.randrange(first + 1, len(rows))]
            here.update(place=-1)
            Entry.objects.filter(pk=other[0]).update(place=place)
            here.update(place=other[1])
        case "cut":
            Entry.objects.filter(place__gte=place).delete()
            last = Entry.objects.order_by("-place").first()
            end = {"place": last.place, "digest": last.digest} if last else {"place": 0, "digest": audit.ORIGIN}
            Head.objects.update(**end)
        case "insert":
            Entry.objects.create(at=here.get().at, staff_id="x", action="y", digest="0" * 64)
            place = len(rows) + 1
        case "renumber":
            Entry.objects.filter(place__gt=place).delete()
            here.update(place=place + 1)
        case "everything":
            Entry.objects.all().delete()
            Head.objects.all().delete()
            place = 1
        case _:
            double = here.get()
            double.pk, double.place = None, len(rows) + 1
            double.save()
            place = len(rows) + 1
    return place


def test_no_random_change_goes_unseen_and_the_first_place_is_named(log, tried):
    """The copy beside the key is of the whole log, as it is a second after the last entry."""
    audit.record_many(
        audit.Act(f"00{number % 7}", "customer.view", f"P{number}", "a detail") for number in range(LENGTH)
    )
    assert audit.verify() is None
    end = audit.tail()
    assert end.place == LENGTH
    head_file().write_text(f"{end}\n")
    for seed in range(CASES):
        mark = transaction.savepoint()
        place = changed(random.Random(seed))
        broken = audit.verify()
        assert broken is not None, seed
        assert broken.place == place, (seed, broken)
        transaction.savepoint_rollback(mark)
    assert audit.verify() is None
    tried(f"changes of an audit log of {LENGTH:,} entries", CASES)


def test_an_end_kept_elsewhere_finds_what_was_put_back_altogether(committed):
    for number in range(5):
        audit.record("0011", "customer.view", f"P{number}")
    early = audit.tail()
    copy = head_file().read_text()
    audit.record("0011", "customer.view", "P9")
    kept = audit.tail()
    Entry.objects.filter(place__gt=early.place).delete()
    Head.objects.update(place=early.place, digest=early.digest, signature=early.signature)
    assert audit.verify() == audit.Broken(6, "cut off"), "the copy beside the key"
    head_file().write_text(copy)
    assert audit.verify() is None
    assert audit.verify(audit.End.read(str(kept))) == audit.Broken(6, "cut off")


def test_an_end_that_was_not_signed_is_none(committed):
    audit.record("0011", "customer.view")
    end = audit.tail()
    assert audit.End.read(str(end)) == end
    for text in (
        "",
        "1",
        "x y z",
        f"{end.place + 1} {end.digest} {end.signature}",
        f"{end.place} {end.digest} {'0' * 64}",
    ):
        assert audit.End.read(text) is None
    head_file().write_text("nonsense")
    assert audit.verify() == audit.Broken(2, "cut off")
    head_file().unlink()
    assert audit.verify() is None
    Head.objects.update(signature="0" * 64)
    assert audit.verify() == audit.Broken(1, "end not genuine")


def test_the_key_is_a_file_of_its_own_for_its_owner_alone(own_key, log):
    key = audit_key()
    file = own_key / "audit.key"
    assert len(key) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    _read.cache_clear()
    assert audit_key() == key
    file.write_text("ab" * 32)
    _read.cache_clear()
    audit.record("0011", "customer.view")
    file.write_text(key.hex())
    _read.cache_clear()
    assert audit.verify() is not None, "under another key it is another log"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer, and an entry waits for it")
def test_who_reads_does_not_wait_for_who_is_still_at_work(committed):
    import threading

    begun, end = threading.Event(), threading.Event()

    def long_work():
        with transaction.atomic():
            audit.record("0011", "import.step")
            begun.set()
            end.wait(30)
        connection.close()

    worker = threading.Thread(target=long_work)
    worker.start()
    assert begun.wait(30)
    audit.record("0012", "customer.view")
    assert Entry.objects.filter(action="customer.view", place=1).exists(), "chained, while the other works"
    end.set()
    worker.join()
    assert audit.verify() is None
    assert list(Entry.objects.order_by("place").values_list("action", flat=True)) == ["customer.view", "import.step"]


def test_an_entry_that_waits_to_be_chained_was_written_by_the_workplace(log, monkeypatch):
    """Somebody's contact is committed while the log is being read."""
    monkeypatch.setattr(audit, "chain", lambda: None)
    audit.record("0011", "contact.record")
    assert Entry.objects.get().place is None
    assert audit.verify() is None
    Entry.objects.update(detail="another")
    assert audit.verify().why == "not written by the workplace"


def test_no_character_that_a_database_refuses_stops_an_entry(log):
    audit.record("0011", "customers", detail="a\0b")
    assert Entry.objects.get().detail == "ab"


def test_an_end_that_cannot_be_copied_stops_nobody(committed, monkeypatch, caplog):
    nowhere = head_file().parent / "missing" / "head"
    monkeypatch.setattr(audit, "head_file", lambda: nowhere)
    audit.tail()
    assert "cannot be copied" in caplog.text

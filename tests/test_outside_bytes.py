"""Bytes from outside that somebody changed at random: each is understood or refused in words, and no secret is guessed."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.attack import cases
from weihu.engine.keys import Keys, KeysLost
from weihu.engine.landing.faults import DeliveryRefused
from weihu.engine.landing.manifest import read_manifest
from weihu.rules import catalogue, rulebook
from weihu.rules.catalogue import Unfit
from weihu.sources import cells
from weihu.workplace.act.schedule.models import Feed
from weihu.workplace.base import audit
from weihu.workplace.base.fields import seal
from weihu.workplace.know.intake.models import Invitation
from weihu.workplace.know.intake.replies import invitation_of, link_of

STRANGE = (
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b'"',
        b"'",
        b"\\",
        b"\r",
        b"\n",
        b"\n\n",
        b",",
        b"\t",
        b"=",
        b"[[",
        b"{" * 40,
    ),
    *(
        b"9" * 400,
        b"-1",
        b"1e9999",
        b"nan",
        b"\xe5\xae",
        "客户".encode("gb18030"),
        "é１\u202e".encode(),
        b"\xed\xa0\x80",
    ),
)
pytestmark = pytest.mark.sqlite


def changed(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four changes: a bit, a cut, a piece twice, something strange."""
    bytes_ = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(bytes_) + 1)
        other = chance.randrange(len(bytes_) + 1)
        match chance.randrange(5):
            case 0 if place < len(bytes_):
                bytes_[place] ^= 1 << chance.randrange(8)
            case 1:
                del bytes_[place : place + chance.randrange(1, 40)]
            case 2:
                bytes_[place:place] = bytes_[other : other + chance.randrange(1, 60)]
            case 3:
                bytes_[place:place] = chance.choice(STRANGE)
            case _:
                del bytes_[place:]
    return bytes(bytes_)


def texts(content: str, chance: random.Random) -> str:
    """A text changed in the same way."""
    return changed(content.encode(), chance).decode("utf-8", chance.choice(["replace", "ignore", "surrogateescape"]))


def each(number: int) -> Iterator[random.Random]:
    """So many draws, the same ones every time."""
    return map(random.Random, range(number))


def test_a_manifest_is_read_or_refused(deliveries, tmp_path, tried):
    original = (deliveries[0] / "manifest.json").read_bytes()
    for file in deliveries[0].glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes()[:100])
    number = cases(300, 200_000)
    for chance in each(number):
        (tmp_path / "manifest.json").write_bytes(content := changed(original, chance))
        try:
            read = read_manifest(tmp_path)
        except DeliveryRefused as refused:
            assert all(fault.text("zh") and fault.text("en") for fault in refused.faults)
        else:
            assert json.loads(content.decode("utf-8-sig"))["business_date"] == str(read.business_date)
    tried("changed manifests", number)


def test_a_text_table_is_read_or_refused(deliveries, tried):
    original = (deliveries[0] / "customers.csv").read_bytes()[:3_000]
    number = cases(300, 300_000)
    for chance in each(number):
        try:
            _, _, rows = cells.text_rows(changed(original, chance))
            assert all(cell is None or cell == cell.strip() for row in rows for cell in row)
        except cells.Fault:
            continue
    tried("changed text tables", number)


def test_what_is_accepted_in_a_field_means_the_same_once_it_is_kept(tried):
    book = rulebook.load("brief")
    samples = (
        "13812345678",
        "1980-05-01",
        "11010119900307803X",
        "12,345.60",
        "是",
        "五月初五",
        "a@bank.cn",
        "100010",
        "王小明",
    )
    number = cases(600, 400_000)
    fields = list(book.fields.values())
    for chance in each(number):
        field = chance.choice(fields)
        written = chance.choice([*samples, *(choice.key for choice in field.choices)])
        try:
            kept = catalogue.read(field, texts(written, chance))
        except Unfit as unfit:
            assert unfit.zh and unfit.en
        else:
            assert catalogue.read(field, kept) == kept, (field.kind, written)
    tried("changed values of the archive's fields", number)


def test_a_rule_book_is_read_or_refused_with_its_places(tmp_path: Path, tried):
    original = (rulebook.BOOKS / "brief.toml").read_bytes()
    number = cases(12, 5_000)
    for chance in each(number):
        (tmp_path / "book.toml").write_bytes(changed(original, chance))
        try:
            assert rulebook.load(tmp_path / "book.toml").grades
        except rulebook.FaultyBook as faulty:
            assert all(fault.text("zh") and fault.text("en") for fault in faulty.faults)
    tried("changed rule books", number)


def test_an_end_of_the_log_or_keys_that_were_changed_are_none(db, tried):
    end, keys = str(audit.End.of(7, "a" * 64)), Keys.fresh()
    number = cases(300, 100_000)
    for chance in each(number):
        read = audit.End.read(texts(end, chance))
        assert read is None or str(read) == end
        try:
            assert Keys.read(texts(keys.text(), chance), "a file").seal.current
        except KeysLost as lost:
            assert not any(secret.hex() in lost.en for secret in keys.seal.keys.values())
    tried("changed ends of an audit log", number)


@pytest.fixture
def secrets_in_addresses(run, member, client) -> dict[str, Callable[[str], bool]]:
    """Secrets that stand in an address, each with whether another one opens what it opens."""
    staff, secret = member("relationship_manager"), "s" * 43
    values = {"staff_id": staff.staff_id, "secret": secret, "secret_index": seal().token(secret, "feed")}
    Feed.objects.create(made_on=run.work_date, **values)
    days = {"opens_on": run.work_date, "closes_on": run.work_date}
    branch = {"staff_id": staff.staff_id, "branch_id": staff.branch_id}
    form = Invitation.objects.create(title="x", channel="event", fields=[], purpose="event", **days, **branch)
    return {
        secret: lambda other: client.get("/calendar/" + quote(other, errors="replace") + ".ics").status_code == 200,
        link_of(form).split("/")[-2]: lambda other: invitation_of(other) is not None,
    }


def test_a_secret_that_was_changed_opens_nothing(secrets_in_addresses, tried):
    number = cases(60, 20_000)
    for chance in each(number):
        for secret, opens in secrets_in_addresses.items():
            other = texts(secret, chance)
            assert other == secret or not opens(other), other
    tried("changed secrets of calendars and public forms", 2 * number)

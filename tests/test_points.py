"""Commands that fail or die at each point where they change something: nothing is lost, half-done or done twice.

Each one is done once undisturbed, which enumerates its points. Then it is struck at one point after the other: by a
full disk, or by the death of the process. Readers see what was before or all of what comes after; the operator is told
in words; the same act again finishes, and leaves what it leaves undisturbed.
"""

import hashlib
import shutil

import pytest
from click.testing import CliRunner

from tests.conftest import PUBLISHED_DAYS
from tests.points import Act, Outcome, strike
from weihu.cli import main
from weihu.nightly import rotation as whole
from weihu.workplace.bank.current import current
from weihu.workplace.bank.models import Customer, Signal, Standing, Task
from weihu.workplace.base import audit
from weihu.workplace.know.archive.search import numbered

pytestmark = [pytest.mark.sqlite, pytest.mark.long, pytest.mark.xdist_group("points")]


def command(home, arguments: list[str], prepare, seen) -> Act:
    """A command of the operator."""

    def do():
        answer = CliRunner().invoke(main, ["--home", str(home.root), *arguments])
        in_words = isinstance(answer.exception, SystemExit) and "运行" in answer.output
        return Outcome(answer.exit_code == 0, answer.output, in_words)

    return Act(prepare, seen, do)


def published(home) -> tuple:
    """What readers see of the published run, and the files of the lake."""
    run = current()
    # until when a row holds is noted before the commit that makes it true
    said = {
        model: [field.name for field in model._meta.fields if field.name != "until_run"] for model in (Standing, Signal)
    }
    rows = [list(model.objects.at(run).order_by("pk").values_list(*names)) for model, names in said.items()]
    tasks = list(Task.objects.filter(run=run).order_by("staff_id", "position").values_list("customer_id", "score"))
    named = sorted(str(path.relative_to(home.root)) for path in (home.root / "lake").rglob("*.parquet"))
    plain = [[tuple(value for value in row[1:]) for row in table] for table in rows]
    return run.number, hashlib.sha256(repr((plain, tasks)).encode()).hexdigest(), named


@pytest.fixture
def night(home, deliveries):
    name = deliveries[PUBLISHED_DAYS].name

    def prepare():
        shutil.rmtree(home.inbox, ignore_errors=True)
        shutil.copytree(deliveries[PUBLISHED_DAYS], home.inbox / name)

    yield command(home, ["run", "--date", name], prepare, lambda: published(home))
    shutil.rmtree(home.inbox, ignore_errors=True)


@pytest.fixture
def backup(home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backups")
    vault = folder / "vault"

    def prepare():
        shutil.rmtree(vault, ignore_errors=True)
        CliRunner().invoke(main, ["--home", str(home.root), "backup", "take", str(vault)])
        audit.record("0011", "customer.view")

    def seen():
        store = home.vault(vault)
        backups = [store.read(name) for name in store.names()]
        for one in backups:
            store.verify(one)
        return backups[-1].notes["audit"] == str(audit.tail()), sorted(backups[-1].files)

    yield command(home, ["backup", "take", str(vault)], prepare, seen)
    (home.root / "backed-up").unlink(missing_ok=True)
    shutil.rmtree(home.root / ".backup", ignore_errors=True)


@pytest.fixture
def rotation(home):
    kept = home.keys.file.read_bytes()

    def prepare():
        home.keys.file.write_bytes(kept)

    def seen():
        rows = [(row.pk, row.phone, row.identity_number) for row in Customer.objects.order_by("pk")]
        return len(home.keys.keys().seal.keys) > 1, rows

    yield command(home, ["keys", "rotate"], prepare, seen)
    home.keys.file.write_bytes(kept)


@pytest.fixture
def reindexing(home, monkeypatch):
    monkeypatch.setattr(whole, "SETTLES", 0)
    kept = home.keys.file.read_bytes()

    def prepare():
        home.keys.file.write_bytes(kept)

    def seen():
        """Who is found by which number and what the lake says, which nothing changes; and under which keys."""
        rows = [(row.pk, row.phone) for row in Customer.objects.exclude(phone=None).order_by("pk")[:100]]
        found = numbered("phone", [phone for _, phone in rows])
        for folder in (*home.runs.iterdir(), *home.landed.iterdir()):
            home.checksums.verify(folder, [path.name for path in folder.glob("*.parquet")])
        return (
            len(home.keys.keys().index.keys) > 1,
            [(row, row[0] in found[row[1]]) for row in rows],
            whole.counted(home),
        )

    yield command(home, ["keys", "rotate", "--purpose", "index"], prepare, seen)
    home.keys.file.write_bytes(kept)


@pytest.mark.parametrize("dies", [False, True], ids=["fails", "dies"])
@pytest.mark.parametrize("name", ["night", "backup", "rotation", "reindexing"])
def test_an_act_that_is_struck_anywhere_loses_nothing_and_is_finished_by_doing_it_again(
    name, dies, own_bank, home, monkeypatch, request, tried
):
    monkeypatch.setenv("WEIHU_HOME", str(home.root))
    points, total = strike(request.getfixturevalue(name), home.root.parent, dies, monkeypatch)
    tried(f"points at which a {name} {'dies' if dies else 'fails'}, of {total}", points)

"""The way from past contacts to a ranking, through the command."""

import builtins
import csv
import json
import shutil
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.insight.contacts import OUTCOME, made
from weihu.cli import main
from weihu.insight import response
from weihu.insight.learners import SMALL
from weihu.insight.measures import auc
from weihu.insight.response import Refused, candidates, model
from weihu.insight.response.tables import outcome
from weihu.sources import tables

pytestmark = pytest.mark.xdist_group("response")  # one process fits the model


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    return written(made(), tmp_path_factory.mktemp("past") / "past.csv")


@pytest.fixture(scope="module")
def fitted(past, tmp_path_factory):
    """A home with one model, learned in time, and what the command said."""
    home = tmp_path_factory.mktemp("home")
    result = call(home, "fit", "deposits", "--table", past, "--target", OUTCOME, "--time", "day")
    assert result.exit_code == 0, result.output
    return home, result


def written(table, path, delimiter=","):
    tables.write(table, path, delimiter)
    return path


def call(home, *arguments):
    return CliRunner().invoke(main, ["--home", str(home), "insight", *map(str, arguments)])


def refused(result, *words):
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    for word in words:
        assert word in result.output, result.output


def later():
    return made(days=30, seed=2, first=date(2026, 6, 8))


def test_what_was_left_out_and_why_is_said(fitted):
    _, result = fitted
    assert "talk" in result.stderr
    assert "--keep" in result.stderr
    for words in ("answer = yes", "tell the time, not the customer: rate", "number: 每行各异", "within days", "rule:"):
        assert words in result.stdout


def test_later_rows_are_scored_in_their_order_better_than_by_the_rule(fitted, tmp_path):
    home, _ = fitted
    table = later()
    shuffled = table.take(np.random.default_rng(1).permutation(table.num_rows))
    out = tmp_path / "scored.csv"
    result = call(home, "score", "deposits", "--table", written(shuffled, tmp_path / "list.csv"), "--out", out)
    assert result.exit_code == 0, result.output
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == [str(number) for number in shuffled["number"].to_pylist()]
    scores = np.array([float(row["score"]) for row in rows])
    outcomes = np.array([row[OUTCOME] == "yes" for row in rows], float)
    assert ((scores > 0) & (scores < 1)).all()
    assert auc(outcomes, scores) > 0.65
    assert abs(scores.mean() - outcomes.mean()) < 0.1
    model = response.Model.load(home / "insight" / "deposits")
    assert auc(outcomes, scores) > auc(outcomes, model.score(shuffled, by_rule=True)[0]) + 0.02


def test_the_same_rows_give_the_same_model_and_the_same_scores(fitted, tmp_path):
    home, _ = fitted
    again = response.fit(made(), OUTCOME, time="day")
    again.save(tmp_path / "deposits")
    first = home / "insight" / "deposits" / "model.json"
    assert (tmp_path / "deposits" / "model.json").read_bytes() == first.read_bytes()
    kept = response.Model.load(tmp_path / "deposits")
    assert np.array_equal(kept.score(later())[0], again.score(later())[0])


def test_a_damaged_model_is_refused_in_words_whatever_was_damaged(fitted, past, tmp_path):
    home, _ = fitted
    for file in sorted((home / "insight" / "deposits").iterdir()):
        for damage in ("flipped", "cut", "gone"):
            copy = tmp_path / f"{file.name}-{damage}"
            shutil.copytree(home / "insight", copy / "insight")
            hurt, content = copy / "insight" / "deposits" / file.name, file.read_bytes()
            middle = len(content) // 2
            flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            hurt.write_bytes(content[:middle] if damage == "cut" else flipped)
            if damage == "gone":
                hurt.unlink()
            scored = call(copy, "score", "deposits", "--table", past, "--out", tmp_path / "out.csv")
            refused(scored, "no model" if (file.name, damage) == ("model.json", "gone") else "damaged")


def test_a_model_of_another_version_is_refused_in_words(fitted, tmp_path, monkeypatch):
    home, _ = fitted
    monkeypatch.setattr(model, "FORMAT", model.FORMAT + 1)
    refused(call(home, "report", "deposits"), "another version")


def test_a_list_needs_the_columns_that_are_used_and_no_others(fitted, tmp_path):
    home, _ = fitted
    bare = later().drop_columns([OUTCOME, "talk", "number"])
    more = bare.append_column("note", pa.array(["…"] * bare.num_rows))
    out = tmp_path / "out.parquet"
    for table in (bare, more):
        result = call(home, "score", "deposits", "--table", written(table, tmp_path / "list.parquet"), "--out", out)
        assert result.exit_code == 0, result.output
        assert pq.read_table(out).column_names == [*table.column_names, "score"]
    lacking = written(bare.drop_columns(["job"]), tmp_path / "lacking.csv")
    refused(
        call(home, "score", "deposits", "--table", lacking, "--out", out), "表中没有列: job", "the table lacks: job"
    )


def test_values_never_seen_and_empty_cells_are_scored(fitted):
    home, _ = fitted
    model = response.Model.load(home / "insight" / "deposits")
    table = later()
    for name, cells in (("job", ["astronaut"]), ("job", [None]), ("since", [None]), ("age", ["?"])):
        odd = table.slice(0, 9)
        place = odd.column_names.index(name)
        kept = [str(cell) for cell in odd[name].to_pylist()][1:]
        odd = odd.set_column(place, name, pa.array(cells + kept))
        scores, _ = model.score(odd)
        assert np.isfinite(scores).all()
    assert len(model.score(table.slice(0, 0))[0]) == 0


def test_a_list_unlike_the_training_rows_is_said_to_have_drifted(fitted, tmp_path):
    home, _ = fitted
    table = later()
    place = table.column_names.index("job")
    students = table.set_column(place, "job", pa.array(["student"] * table.num_rows))
    path = written(students, tmp_path / "students.csv")
    result = call(home, "score", "deposits", "--table", path, "--out", tmp_path / "out.csv")
    assert "job: 与训练数据相比已变化" in result.stderr
    assert "age" not in result.stderr


def test_the_report_is_kept_with_the_model_as_text(fitted):
    home, result = fitted
    again = call(home, "report", "deposits")
    assert again.stdout == result.stdout
    facts = json.loads(call(home, "report", "deposits", "--json").stdout)
    assert facts["period"] == ["2026-01", "2026-06"]
    assert [found["column"] for found in facts["leaks"]] == ["talk"]
    assert facts["groups"]["rate"] == "time"
    kept = {path.name for path in (home / "insight" / "deposits").iterdir()}
    assert {name for name in kept if not name.endswith((".json", ".txt"))} == {model.DIGEST}
    value, low, high = facts["metrics"]["model"]["auc"]
    assert low < value < high


def test_whoever_knows_a_column_beforehand_says_so(past):
    kept = response.fit(tables.read(past), OUTCOME, keep=["talk"])
    assert kept.facts["leaks"] == []
    assert kept.facts["metrics"]["model"]["auc"][0] > 0.9
    assert kept.facts["left_out"]["day"] == "date"


def test_trees_are_kept_as_text_and_are_the_same_afterwards(tmp_path):
    table = made(days=40)
    columns = {
        "age": np.array(table["age"].to_pylist(), float),
        "job": np.array(table["job"].to_pylist(), object),
    }
    outcomes = np.array([answer == "yes" for answer in table[OUTCOME].to_pylist()], float)
    rows = candidates.Rows(columns, dict.fromkeys(columns, "row"), outcomes, None)
    both = candidates.Candidate("both", ("row",), (candidates.REGRESSION, SMALL))
    learned = rows.learn(both, np.arange(len(outcomes)))
    kept = json.loads(json.dumps(learned.kept(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["trees-1.txt"]
    again = candidates.Learned.read(kept, tmp_path)
    assert np.array_equal(again.logits(columns, len(outcomes)), learned.logits(columns, len(outcomes)))


def test_rows_in_order_are_learned_in_order(past):
    table = tables.read(past)
    months = [cell[5:7] for cell in table["day"].to_pylist()]
    names = ["jan", "feb", "mar", "apr", "may", "jun", "jul"]
    weekdays = [date.fromisoformat(cell).strftime("%a").lower() for cell in table["day"].to_pylist()]
    table = table.drop_columns(["day", "talk"])
    table = table.append_column("weekday", pa.array(weekdays))
    table = table.append_column("month", pa.array([names[int(month) - 1] for month in months]))
    facts = response.fit(table, OUTCOME, in_order=True, without=["age"]).facts
    assert facts["clock"] == {"time": None, "weekday": "weekday", "month": "month"}
    assert facts["groups"]["month"] == facts["groups"]["weekday"] == "time"
    assert facts["left_out"]["age"] == "asked"
    assert "pace" in facts["groups"]


def test_the_outcome_may_be_any_two_values():
    def found(cells, positive=None):
        return outcome(pa.table({"y": pa.array(cells)}), "y", positive)

    assert found([True, False, True] * 100)[2] == "True"
    assert found(["是", "否", "否"] * 100)[2] == "是"
    assert found([1, 0, 1] * 100)[2] == "1"
    outcomes, known, positive = found(["kept", "left", "kept", None] * 100)
    assert positive == "left"
    assert (outcomes.sum(), known.sum()) == (100, 300)
    assert found(["kept", "left"] * 100, "kept")[2] == "kept"
    for cells, asked, words in (
        (["a", "b", "c"] * 100, None, "it has 3: a, b, c"),
        (["a", "b"] * 100, "c", "no value c"),
        (["a"] * 300 + ["b"], None, "too few rows: 1 are b"),
    ):
        with pytest.raises(Refused, match=words):
            found(cells, asked)


def test_tables_that_cannot_be_learned_from_are_refused_in_words(past, fitted, tmp_path):
    home, _ = fitted
    fit = ("fit", "x", "--table", past)
    refused(call(home, *fit, "--target", "nothing"), "表中没有列: nothing", "It has: number")
    refused(call(home, *fit, "--target", OUTCOME, "--time", "job"), "第 2 行", "is no date")
    refused(call(home, "fit", "a/b", "--table", past, "--target", OUTCOME), "名称")
    refused(call(home, "report", "nobody"), "没有模型“nobody”")
    assert call(home, *fit, "--target", OUTCOME, "--time", "day", "--in-order").exit_code == 2
    score = ("score", "deposits", "--table", past, "--out")
    refused(call(home, *score, tmp_path / "out.doc"), "输出文件须为")
    refused(call(home, *score, tmp_path / "nowhere" / "out.csv"), "无法写入")
    words = later().set_column(2, "age", pa.array(["old"] * later().num_rows))
    path = written(words, tmp_path / "words.csv")
    refused(call(home, "score", "deposits", "--table", path, "--out", tmp_path / "o.csv"), "应为数字", "'old'")
    twice = written(later().append_column("score", pa.array([0] * later().num_rows)), tmp_path / "twice.csv")
    refused(call(home, "score", "deposits", "--table", twice, "--out", tmp_path / "o.csv"), "已有列“score”")


def test_too_little_is_refused():
    few = pa.table({"a": list("xy") * 45, "y": [1, 0, 0] * 30})
    with pytest.raises(Refused, match="too few rows: 30"):
        response.fit(few, "y")
    with pytest.raises(Refused, match="no column is left"):
        response.fit(pa.table({"a": ["x"] * 300, "y": [1, 0, 0] * 100}), "y")
    late = pa.table({"a": list("xyz") * 100, "y": [0] * 255 + [1] * 45})
    with pytest.raises(Refused, match="before and after an origin"):
        response.fit(late, "y", in_order=True, keep=["a"])


def test_a_system_without_openmp_is_told_what_to_install(monkeypatch, tmp_path):
    def lacking(name, *rest):
        if name == "weihu.insight" and "response" in rest[2]:
            raise OSError("libgomp.so.1: cannot open shared object file")
        return real(name, *rest)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", lacking)
    refused(call(tmp_path, "report", "deposits"), "install libgomp1")

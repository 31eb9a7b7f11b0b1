"""Where Spark left alone would answer otherwise than DuckDB: each trap that rules could fall into, on real engines."""

import os
import random
import shutil
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.engines import both
from weihu.engine.duck import DuckEngine
from weihu.engine.parts import parts_of
from weihu.rules.value import average

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

MONEY = "decimal(18, 2)"
ROW = ibis.schema(
    {
        "n": "int64",
        "whole": "int64",
        "days": "int64",
        "money": MONEY,
        "other": MONEY,
        "wide": "decimal(38, 2)",
        "share": "float64",
        "text": "string",
        "on": "date",
        "sure": "boolean",
    }
)
KEYS = "sex,", "sex,phone,", ",a,b,c,d", "", ",a", "维护,客户,"


def random_rows(many, seed=5):
    """Rows of every kind with something empty in most columns: the edges more often than chance would have it."""
    chance = random.Random(seed)

    def maybe(value):
        return None if chance.random() < 0.1 else value

    def cents(digits):
        return Decimal(chance.choice((0, 1, -1, 5, chance.randrange(-(10**digits), 10**digits)))).scaleb(-2)

    rows = [
        {
            "n": n,
            "whole": maybe(chance.choice((0, 1, -7, chance.randrange(-(10**9), 10**9)))),
            "days": chance.randrange(1, 32),
            "money": maybe(cents(12)),
            "other": maybe(cents(9)),
            "wide": maybe(cents(20)),
            "share": maybe(chance.choice((0.0, 0.5, chance.uniform(-10, 10)))),
            "text": maybe(chance.choice(KEYS)),
            "on": maybe(date(2026, 1, 31) + timedelta(days=chance.randrange(-800, 800))),
            "sure": maybe(chance.random() < 0.5),
        }
        for n in range(many)
    ]
    return pa.Table.from_pylist(rows, schema=ROW.to_pyarrow())


def probes(rows):
    """Expressions of the kinds that rules are made of."""
    return rows.select(
        "n",
        sum_of=rows.money + rows.other,
        product=(rows.money.cast("decimal(38, 2)") * rows.days).cast(MONEY),
        cents=(rows.money * 100).cast("int64"),
        yuan=rows.money.cast("int64"),
        whole_share=(rows.share * 3).cast("int64"),
        quotient=((rows.money * 100).cast("int64") / rows.days).cast("float64"),
        by_zero=(rows.whole % ibis.ifelse(rows.whole == 0, ibis.null("int64"), rows.whole)),
        halves=rows.whole >> 1,
        rest=rows.whole % 7,
        average=average(rows.other, rows.days),
        share=(rows.share * 100).cast("float64"),
        parts=rows.text.split(",")[1:3].join(","),
        past_the_end=rows.text.split(",")[7:9].join(","),
        has=rows.text.contains("sex,"),
        known=ibis.coalesce(rows.text, ""),
        longer=rows.text + "·",
        ahead=(rows.on + ibis.interval(days=31)).cast("date"),
        month_day=rows.on.month().cast("int64") * 100 + rows.on.day().cast("int64"),
        apart=rows.on.delta(ibis.date("2026-06-01"), unit="day").cast("int64"),
        largest=ibis.greatest(rows.money, rows.other),
        least=ibis.least(rows.money),
        either=rows.sure | (rows.money > 0),
        case=ibis.cases((rows.money > 0, 1), (rows.money < 0, -1), else_=0).cast("int64"),
        text_of=rows.days.cast("string"),
        digest=rows.text.hexdigest("sha256"),
    )


def test_expressions_of_rules_are_equal_on_200_000_random_rows(spark):
    """Row for row and in the same types: dates, decimals to integers, NULLs, slices past the end of a split."""
    ours, theirs = both(spark, probes, (ROW, random_rows(200_000)))
    assert ours.schema == theirs.schema
    for name in ours.column_names:
        assert ours[name].equals(theirs[name]), name


def product_and_quotient(rows):
    """A product of long decimals that is cut to cents, and a quotient of two."""
    wide = rows.wide.cast("decimal(30, 10)") * ibis.literal(Decimal("0.0000000125"), "decimal(20, 10)")
    return rows.select("n", product=wide.cast("decimal(38, 15)").cast("decimal(38, 9)"))


def test_decimals_are_rounded_once(spark):
    """By Spark's own setting they would be rounded to fewer digits first: the test sees that it does."""
    ours, theirs = both(spark, product_and_quotient, (ROW, random_rows(3_000)))
    assert ours == theirs
    name = "spark.sql.decimalOperations.allowPrecisionLoss"
    spark._session.conf.set(name, "true")
    try:
        assert both(spark, product_and_quotient, (ROW, random_rows(3_000)))[1] != ours
    finally:
        spark._session.conf.set(name, "false")


def divided(rows):
    return rows.select(
        "n",
        whole=(rows.whole.nullif(0) % rows.whole.nullif(0)),
        quotient=(rows.other / (rows.money * 0).nullif(0)).cast("float64"),
    )


def test_nothing_stops_at_a_division_by_nothing(spark):
    ours, theirs = both(spark, divided, (ROW, random_rows(200)))
    assert ours == theirs
    assert set(theirs["quotient"].to_pylist()) == {None}


def ranked(rows):
    order = [rows.on.desc(), rows.text.asc(), rows.n.desc()]
    return rows.select("n", turn=ibis.row_number().over(group_by="sure", order_by=order))


def first_of(rows):
    return rows.order_by(rows.money, rows.n).limit(50).select("n", "money")


@pytest.mark.parametrize("rule", [ranked, first_of])
def test_what_is_empty_comes_last_in_every_order(spark, rule):
    ours, theirs = both(spark, rule, (ROW, random_rows(2_000)))
    assert ours == theirs


def joined_texts(rows):
    return rows.group_by("days").agg(texts=rows.text.group_concat(",", order_by=rows.text))


def test_texts_are_joined_in_their_own_order(spark):
    ours, theirs = both(spark, joined_texts, (ROW, random_rows(2_000)))
    assert ours == theirs


def test_a_plan_is_cut_before_it_grows_too_long(spark, monkeypatch):
    """What is read once stays part of its reader's statement only as long as both are short enough together."""
    from weihu.engine.spark import engine

    monkeypatch.setattr(engine, "LONGEST", 2_000)
    rows = spark.bind_arrow("rows", ROW, random_rows(10))
    spark.expect(dict.fromkeys(("first", "second", "third"), 1))
    for name in ("first", "second"):
        spark.derive(name, probes, rows)
        assert not spark.computed(name)
    spark.derive(
        "third",
        lambda first, second: first.union(second),
        *(ibis.table(spark._held[name].schema, name=name) for name in ("first", "second")),
    )
    assert spark.computed("first") and spark.computed("second")
    assert spark._held["third"].weight <= 2_000
    assert spark.rows("third") == 20


def test_many_rows_are_written_as_a_folder_of_sorted_parts(spark, tmp_path, monkeypatch):
    """And read back by either engine; what few columns an earlier version kept are filled up."""
    from weihu.engine.spark import engine

    monkeypatch.setattr(engine, "FEW", 100)
    rows = random_rows(9_000)
    for number, columns in enumerate((ROW.names, [name for name in ROW.names if name != "text"])):
        pq.write_table(rows.select(columns), tmp_path / f"{number}.parquet")
    wanted = [{**row, "text": None} if place else row for place in (0, 1) for row in rows.to_pylist()]
    spark.bind("rows", ROW, [tmp_path / "0.parquet", tmp_path / "1.parquet"])
    assert spark.rows("rows") == 18_000
    spark._session.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    try:
        spark.write("rows", tmp_path / "table.parquet", ("on", "n", "text"))
    finally:
        spark._session.conf.unset("spark.sql.adaptive.coalescePartitions.enabled")
    parts = parts_of(tmp_path / "table.parquet")
    assert len(parts) > 1
    found = pa.concat_tables(pq.read_table(part) for part in parts)
    assert found.schema.remove_metadata() == ROW.to_pyarrow()

    def last_if_empty(row):
        return [(row[name] is None, row[name]) for name in ("on", "n")] + [(row["text"] is None, row["text"] or "")]

    assert found.to_pylist() == sorted(wanted, key=last_if_empty)
    duck = DuckEngine.in_memory()
    duck.bind("rows", ROW, [tmp_path / "table.parquet"])
    assert duck.rows("rows") == 18_000
    duck.close()
    spark.bind("again", ROW, [tmp_path / "table.parquet"])
    assert spark.read("again") == found.replace_schema_metadata()


def halved(rows):
    return rows.group_by("days").agg(n=rows.n.max())


@pytest.mark.parametrize("bank", ["", "7"])
def test_partitions_grow_with_the_rows_unless_the_bank_has_said_how_many(tmp_path, monkeypatch, bank):
    from weihu.engine.spark import engine

    monkeypatch.setattr(engine, "ROWS_OF_A_PARTITION", 1_000)
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--conf {engine.PARTITIONS}={bank} pyspark-shell" if bank else "")
    made = engine.SparkEngine(tmp_path / "spark", threads=2)
    made._session.conf.set(engine.PARTITIONS, bank or "200")
    for many, wanted in ((10, "2"), (4_500, "5")):
        rows = made.bind_arrow("rows", ROW, random_rows(many))
        for ask in (lambda rows=rows: made.answer(halved, rows), lambda rows=rows: made.derive("made", halved, rows)):
            made._session.conf.set(engine.PARTITIONS, bank or "200")
            ask()
            assert made._session.conf.get(engine.PARTITIONS) == (bank or wanted)
    made.close()


JAVA = """
import os
from weihu.engine.spark.session import session
running = session(1)
print(running.sparkContext._jvm.java.lang.System.getProperty("java.version"), running.range(7).count())
"""


def test_no_java_need_be_installed(tmp_path):
    """Python alone brings Spark and a Java for it."""
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "sh", "dirname", "ps", "env", "tr", "uname", "nice", "hostname", "cat", "readlink"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    environment["PATH"] = str(programs)
    command = [sys.executable, "-c", JAVA]
    printed = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
    assert printed.split()[0].startswith("21.")
    assert printed.split()[1] == "7"


def test_the_banks_configuration_goes_first_except_for_what_answers_depend_on(tmp_path, monkeypatch):
    from weihu.engine.spark import session

    (tmp_path / "spark-defaults.conf").write_text(
        "# the bank's\nspark.master  spark://master:7077\nspark.sql.autoBroadcastJoinThreshold=10MB\n\nspark.sql.ansi.enabled true\n"
    )
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--conf spark.ui.enabled=true pyspark-shell")
    wanted = session.settings(2)
    assert not {"spark.master", "spark.driver.bindAddress"} & set(wanted)
    assert "spark.sql.autoBroadcastJoinThreshold" not in wanted
    assert "spark.ui.enabled" not in wanted
    assert wanted["spark.sql.ansi.enabled"] == "false"
    assert wanted["spark.executor.defaultJavaOptions"] == "-Duser.timezone=UTC"
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--master yarn pyspark-shell")
    monkeypatch.delenv("SPARK_CONF_DIR")
    assert "spark.master" not in session.settings(2)
    monkeypatch.delenv("PYSPARK_SUBMIT_ARGS")
    assert session.settings(2)["spark.master"] == "local[2]"
    assert session.settings(None)["spark.master"] == "local[*]"
    assert session.settings(None)["spark.driver.bindAddress"] == "127.0.0.1"


def test_nothing_of_a_night_is_left_in_its_working_folder(spark, tmp_path):
    rows = spark.bind_arrow("rows", ROW, random_rows(10))
    spark.derive("made", probes, rows)
    assert any(Path(tmp_path / "spark").iterdir())
    spark.clear()
    assert not (tmp_path / "spark").exists()

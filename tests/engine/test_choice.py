"""WEIHU_ENGINE names who computes."""

import sys

import pytest

from weihu.engine.choice import NoSuchEngine, opened
from weihu.engine.duck import DuckEngine
from weihu.engine.lake import Home


def test_without_a_choice_it_is_the_embedded_engine(tmp_path, monkeypatch):
    monkeypatch.delenv("WEIHU_ENGINE", raising=False)
    engine = opened(Home(tmp_path), 1)
    assert isinstance(engine, DuckEngine)
    engine.close()


def test_what_is_no_engine_is_said_with_those_that_are(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIHU_ENGINE", "pandas")
    with pytest.raises(NoSuchEngine, match=r"WEIHU_ENGINE=pandas: 可用.* / the engines are duckdb, spark"):
        opened(Home(tmp_path), 1)


def test_what_is_not_installed_is_said_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIHU_ENGINE", "spark")
    monkeypatch.delitem(sys.modules, "weihu.engine.spark.engine", raising=False)
    monkeypatch.delitem(sys.modules, "weihu.engine.spark.session", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(NoSuchEngine, match=r"weihu\[spark\]"):
        opened(Home(tmp_path), 1)


@pytest.mark.spark
@pytest.mark.xdist_group("spark")
def test_spark_by_its_name(tmp_path, monkeypatch):
    from weihu.engine.spark.engine import SparkEngine

    monkeypatch.setenv("WEIHU_ENGINE", "spark")
    engine = opened(Home(tmp_path), 2)
    assert isinstance(engine, SparkEngine)
    engine.close()

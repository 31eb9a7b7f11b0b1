"""The engines that tests ask."""

import pytest

from weihu.engine.duck import DuckEngine

ENGINES = ["duckdb", pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.xdist_group("spark")])]


@pytest.fixture
def spark(tmp_path):
    """Spark in this process; its session is the test run's."""
    from weihu.engine.spark.engine import SparkEngine

    made = SparkEngine(tmp_path / "spark", threads=2)
    yield made
    made.close()


@pytest.fixture(params=ENGINES)
def engine(request):
    """Each engine in turn."""
    if request.param == "spark":
        yield request.getfixturevalue("spark")
        return
    made = DuckEngine.in_memory()
    yield made
    made.close()

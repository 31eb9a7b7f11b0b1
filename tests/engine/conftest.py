"""The engines that tests ask."""

import pytest

from weihu.engine.duck import DuckEngine


def pytest_collection_modifyitems(items):
    """What an engine lacks is said by name (``lacks``): its test must fail by saying so, and tells when it does no more."""
    for item in items:
        for mark in item.iter_markers("lacks"):
            engine, what = mark.args
            if getattr(item, "callspec", None) and item.callspec.params.get("engine") == engine:
                reason = f"{engine} lacks: {what}"
                item.add_marker(pytest.mark.xfail(raises=NotImplementedError, strict=True, reason=reason))


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

"""What every test of the rules begins with."""

import os

from weihu.engine.duck import DuckEngine


def pytest_runtest_setup():
    """Tests share what a rule compiled to, and only the first of them calls it: while mutants are tried, every test
    compiles its own, so that mutmut knows which tests call which rule."""
    if "MUTANT_UNDER_TEST" in os.environ:
        DuckEngine._memory.clear()

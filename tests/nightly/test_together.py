"""Jobs at the same time: each after those that it waits for, and failing as if they were done in order."""

from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weihu.nightly.together import carry_out

pytestmark = pytest.mark.sqlite
ALONE_AND_TOGETHER = pytest.mark.parametrize("at_once", [1, 3])


class Failed(Exception):
    pass


@st.composite
def waiting(draw):
    """Jobs that wait for some of those that stand before them, and which of them fail."""
    count = draw(st.integers(1, 12))
    jobs = {
        str(place): [str(earlier) for earlier in sorted(draw(st.sets(st.integers(0, place - 1), max_size=3)))]
        if place
        else []
        for place in range(count)
    }
    return jobs, draw(st.sets(st.sampled_from(list(jobs)), max_size=3))


@given(waiting(), st.integers(1, 4))
def test_each_job_comes_after_those_it_waits_for_and_fails_as_in_order(drawn, at_once):
    jobs, failing = drawn
    done: list[str] = []
    began: list[str] = []

    def do(job):
        assert set(jobs[job]) <= set(done)
        if job in failing:
            raise Failed(job)
        done.append(job)

    first = next((job for job in jobs if job in failing), None)
    if first is None:
        carry_out(jobs, do, at_once, began.append)
        assert sorted(done) == sorted(began) == sorted(jobs)
    else:
        with pytest.raises(Failed, match=f"^{first}$"):
            carry_out(jobs, do, at_once, began.append)
        before = list(jobs)[: list(jobs).index(first)]
        assert set(before) <= set(done)


def test_the_job_that_most_others_wait_for_in_a_row_begins_first():
    began: list[str] = []
    jobs = {"alone": (), "first": (), "second": ("first",), "third": ("second",)}
    carry_out(jobs, lambda job: None, 2, began.append)
    assert began[:2] == ["first", "alone"]


def test_jobs_that_wait_for_none_are_done_at_the_same_time():
    barrier = Barrier(2, timeout=30)
    carry_out({"one": (), "other": ()}, lambda job: barrier.wait(), 2)


@ALONE_AND_TOGETHER
def test_a_stop_by_hand_goes_through(at_once):
    def do(job):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out({"one": (), "other": ("one",)}, do, at_once)

"""Jobs of which some wait for others, several of them at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from heapq import heappop, heappush


def carry_out(
    jobs: Mapping[str, Collection[str]],
    do: Callable[[str], None],
    at_once: int,
    begins: Callable[[str], None] = lambda job: None,
) -> None:
    """Do every job after those that it waits for, which stand before it, up to ``at_once`` at the same time: first the
    one with the longest chain of jobs that wait for it.

    ``begins`` hears of each job, in the caller's thread. What is raised is what doing them in order would raise: the
    failure of the first in order that fails; of those after it none begins any more.
    """
    if at_once == 1:
        for job in jobs:
            begins(job)
            do(job)
        return
    names = list(jobs)
    places = {job: place for place, job in enumerate(names)}
    chains = _chains(jobs)
    waiting = TopologicalSorter(jobs)
    waiting.prepare()
    ready: list[tuple[int, int]] = []
    running: dict[Future[None], int] = {}
    failed: dict[int, BaseException] = {}
    with ThreadPoolExecutor(at_once) as threads:
        while waiting.is_active():
            for job in waiting.get_ready():
                heappush(ready, (-chains[job], places[job]))
            while ready and len(running) < at_once:
                _, place = heappop(ready)
                if place < min(failed, default=len(names)):
                    begins(names[place])
                    running[threads.submit(do, names[place])] = place
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                place = running.pop(future)
                if failure := future.exception():
                    failed[place] = failure
                else:
                    waiting.done(names[place])
    if failed:
        raise failed[min(failed)]


def _chains(jobs: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How many jobs in a row wait for each."""
    chains = dict.fromkeys(jobs, 0)
    for job in reversed(list(jobs)):
        for waited_for in jobs[job]:
            chains[waited_for] = max(chains[waited_for], chains[job] + 1)
    return chains

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
    """Do every job after those that it waits for, which stand before it, up to ``at_once`` at the same time.

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
    waiting = TopologicalSorter(jobs)
    waiting.prepare()
    ready: list[int] = []
    running: dict[Future[None], int] = {}
    failed: dict[int, BaseException] = {}
    with ThreadPoolExecutor(at_once) as threads:
        while waiting.is_active():
            for job in waiting.get_ready():
                heappush(ready, places[job])
            while ready and len(running) < at_once and ready[0] < min(failed, default=len(names)):
                place = heappop(ready)
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

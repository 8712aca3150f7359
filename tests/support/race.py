"""Threads that start at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier


def race[T](call: Callable[[int], T], *, threads: int) -> list[T]:
    """What each of the calls `call(0)`, `call(1)`, … gave; the first that failed is raised."""
    start = Barrier(threads)

    def run(number: int) -> T:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))

"""The processes in which the local cloud runs functions: found, and killed."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Final

from local.deployment import Deployment

PROC: Final = Path("/proc")
PAUSE_S: Final = (0.3, 1.5)


def workers(deployed: Deployment) -> list[int]:
    """The processes that the cloud we started has started; Linux only."""
    return [pid for pid in map(int, _numbers()) if _parent(pid) == deployed.cloud.process.pid]


@contextmanager
def killing(deployed: Deployment, chance: random.Random) -> Iterator[list[int]]:
    """Kill one worker after the other without warning until the block ends. Yields their ids."""
    killed: list[int] = []
    is_over = Event()

    def kill() -> None:
        while not is_over.wait(chance.uniform(*PAUSE_S)):
            if alive := workers(deployed):
                victim = chance.choice(alive)
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)

    killer = Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        is_over.set()
        killer.join()


def _numbers() -> Iterator[str]:
    return (path.name for path in PROC.iterdir() if path.name.isdigit())


def _parent(pid: int) -> int | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The name of a program may hold spaces and parentheses; its parent is the second field after.
    return int(stat.rpartition(")")[2].split()[1])

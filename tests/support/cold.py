"""Forget what a warm function keeps, so that every test starts as a cold container does.

Clients stay: they keep nothing of a test, and making them is most of its time. So does what
`loyalty.domain` keeps, which follows from its arguments alone.
"""

import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType


def forget(*, clients: bool = False) -> None:
    """Clear the caches of the product's modules: settings, programs, secrets, and the clients."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(("functions.", "loyalty.")) or name.startswith("loyalty.domain."):
            continue
        if name == "loyalty.edge.aws.clients":
            if clients:
                module.forget()
            continue
        for clear in _caches(module):
            clear()


@cache
def _caches(module: ModuleType) -> tuple[Callable[[], object], ...]:
    """What clears each cache of a module. Those that a test puts there end with the test."""
    clears = (getattr(value, "cache_clear", None) for value in vars(module).values())
    return tuple(clear for clear in clears if callable(clear))

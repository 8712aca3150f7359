"""Forget what a warm function keeps, so that every test starts as a cold container does.

Clients stay: they keep nothing of a test, and making them is most of its time.
"""

import sys


def forget(*, clients: bool = False) -> None:
    """Clear the caches of the product's modules: settings, programs, secrets, and the clients."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in ("functions", "loyalty"):
            continue
        if name == "loyalty.edge.aws.clients":
            if clients:
                module.forget()
            continue
        for value in list(vars(module).values()):
            clear = getattr(value, "cache_clear", None)
            if callable(clear):
                clear()

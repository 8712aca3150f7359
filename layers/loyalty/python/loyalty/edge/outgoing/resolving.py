"""Finds the addresses of hosts that others name."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Final

RESOLVE_SECONDS_MAX: Final = 2.0

type Resolve = Callable[[str, int], Sequence[str]]


def addresses_of(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, IPv4 first, because not every function can reach IPv6.

    Raises:
        OSError: the name has no address, or it could not be resolved in time.
    """
    found: Future[list[str]] = Future()

    def look() -> None:
        try:
            found_addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            found.set_exception(error)
        else:
            four_first = sorted(found_addresses, key=lambda each: each[0] != socket.AF_INET)
            found.set_result([str(each[4][0]) for each in four_first])

    # The system's resolver takes no timeout.
    Thread(target=look, daemon=True).start()
    return found.result(RESOLVE_SECONDS_MAX)

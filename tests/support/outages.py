"""A service that is out: a real socket on this machine, which fails in one way."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Final, Literal

# `refused`: nothing listens. `silent`: it accepts and never answers. `slow`: it fails after a
# while. `failing`: it fails at once.
type Failure = Literal["refused", "silent", "slow", "failing"]

SLOW_S: Final = 0.8
_ANSWER: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"Content-Length: 32\r\nConnection: close\r\n\r\n"
    b'{"__type":"ServiceUnavailable"}\n'
)


@contextmanager
def outage(failure: Failure) -> Iterator[str]:
    """Fail for as long as the block lasts; gives the address of the service."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if failure == "refused":
        listener.close()
        yield origin
        return
    is_over = Event()
    Thread(target=_fail, args=(listener, failure, is_over), daemon=True).start()
    try:
        yield origin
    finally:
        is_over.set()
        listener.close()


def _fail(listener: socket.socket, failure: Failure, is_over: Event) -> None:
    held = []
    with suppress(OSError):
        while not is_over.is_set():
            connected, _ = listener.accept()
            if failure == "silent":
                # Kept, because a socket that nobody refers to is closed.
                held.append(connected)
            else:
                pause = SLOW_S if failure == "slow" else 0
                Thread(target=_answer, args=(connected, pause, is_over), daemon=True).start()
    for each in held:
        each.close()


def _answer(connected: socket.socket, pause: float, is_over: Event) -> None:
    with connected, suppress(OSError):
        connected.recv(65536)
        is_over.wait(pause)
        connected.sendall(_ANSWER)

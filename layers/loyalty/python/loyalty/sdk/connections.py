"""Connections to one host that are kept between requests."""

import socket
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, Final, NamedTuple

from loyalty.sdk.responses import NoResponse, read_response

# More wait beside this many only while many threads call at once.
KEPT_MAX: Final = 10


class Unanswered(Exception):
    """No answer came. The request may have arrived and taken effect."""


class Reply(NamedTuple):
    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """The seconds that a connection may take to open, and that an answer may be silent."""

    connect: float
    read: float


class _Connection(NamedTuple):
    socket: socket.socket
    stream: BinaryIO

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class KeptConnections:
    """Sends requests to one endpoint. Threads may share it."""

    def __init__(self, endpoint: str, *, limits: TimeLimits) -> None:
        scheme, _, rest = endpoint.partition("://")
        self.host = rest.partition("/")[0]
        self._is_encrypted = scheme == "https"
        self._address = _address(self.host, port=443 if self._is_encrypted else 80)
        self._limits = limits
        self._idle: deque[_Connection] = deque(maxlen=KEPT_MAX)

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send a request and return its answer, whatever the answer says.

        A service closes connections that were idle for long. So a request that finds a kept one
        closed is sent again on a new one.

        Raises:
            Unanswered: no answer came in time.
        """
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = f"content-length: {len(body)}\r\n\r\n"
        request = f"{method} {path} HTTP/1.1\r\n{lines}{length}".encode("latin-1") + body
        while True:
            connection = self._idle_connection()
            is_kept = connection is not None
            try:
                if connection is None:
                    connection = self._open()
                return self._ask(connection, request)
            except (OSError, NoResponse) as fault:
                if connection is not None:
                    connection.close()
                if not is_kept or isinstance(fault, TimeoutError):
                    raise Unanswered(type(fault).__name__) from fault

    def close(self) -> None:
        """Close what is idle. A copy of this process would otherwise share the connections."""
        while (connection := self._idle_connection()) is not None:
            connection.close()

    def _idle_connection(self) -> _Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _open(self) -> _Connection:
        opened = socket.create_connection(self._address, timeout=self._limits.connect)
        try:
            # Requests are sent in one piece, and none is to wait for the acknowledgment of another.
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._is_encrypted:
                opened = _trust().wrap_socket(opened, server_hostname=self._address[0])
            opened.settimeout(self._limits.read)
        except BaseException:
            opened.close()
            raise
        return _Connection(opened, opened.makefile("rb"))

    def _ask(self, connection: _Connection, request: bytes) -> Reply:
        connection.socket.sendall(request)
        response = read_response(connection.stream)
        if response.keeps_connection and len(self._idle) < KEPT_MAX:
            self._idle.append(connection)
        else:
            connection.close()
        return Reply(response.status, response.body)


def _address(host: str, *, port: int) -> tuple[str, int]:
    """The name and the port of a host, which may state another port."""
    name, _, stated = host.rpartition(":")
    if name and stated.isdigit():
        return name.strip("[]"), int(stated)
    return host.strip("[]"), port


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()

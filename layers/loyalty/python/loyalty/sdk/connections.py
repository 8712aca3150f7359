"""Connections to one host that are kept between requests."""

import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

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


class KeptConnections:
    """Sends requests to one endpoint. Threads may share it."""

    def __init__(self, endpoint: str, *, limits: TimeLimits) -> None:
        parts = urlsplit(endpoint)
        self.host = parts.netloc
        self._is_encrypted = parts.scheme == "https"
        self._limits = limits
        self._idle: deque[HTTPConnection] = deque(maxlen=KEPT_MAX)

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
                return self._ask(connection, method, request)
            except (OSError, HTTPException) as fault:
                if connection is not None:
                    connection.close()
                if not is_kept or isinstance(fault, TimeoutError):
                    raise Unanswered(type(fault).__name__) from fault

    def close(self) -> None:
        """Close what is idle. A copy of this process would otherwise share the connections."""
        while (connection := self._idle_connection()) is not None:
            connection.close()

    def _idle_connection(self) -> HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _open(self) -> HTTPConnection:
        connection = (
            HTTPSConnection(self.host, timeout=self._limits.connect, context=_trust())
            if self._is_encrypted
            else HTTPConnection(self.host, timeout=self._limits.connect)
        )
        connection.connect()
        connection.sock.settimeout(self._limits.read)
        return connection

    def _ask(self, connection: HTTPConnection, method: str, request: bytes) -> Reply:
        # In one piece: `HTTPConnection.request` sends headers and body one after the other.
        connection.sock.sendall(request)
        response = HTTPResponse(connection.sock, method=method)
        try:
            response.begin()
            body = response.read()
        finally:
            response.close()
        if response.will_close:
            connection.close()
        elif len(self._idle) < KEPT_MAX:
            self._idle.append(connection)
        else:
            connection.close()
        return Reply(response.status, body)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()

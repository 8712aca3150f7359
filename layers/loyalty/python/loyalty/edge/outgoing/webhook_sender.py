"""Sends signed webhooks to addresses that others chose, on the public Internet only.

We resolve the name once, and all its addresses must be public. We connect to one of the checked
addresses, and the certificate must still match the name. So a name that resolves differently a
moment later has no effect. We follow no redirects, use no proxy from the environment, and no slow
response holds a function beyond a fixed time.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer
from typing import Final, Self

from loyalty.domain.webhooks_out.addresses import (
    HTTPS_PORT,
    AddressRefused,
    Target,
    is_public,
    read_address,
)
from loyalty.domain.webhooks_out.deliveries import AttemptResult
from loyalty.edge.aws.endpoint_secrets import key_of
from loyalty.edge.outgoing.resolving import Resolve, addresses_of
from loyalty.storefronts.signatures import standard

CONNECT_SECONDS_MAX: Final = 3.0
# The second address is for when the first is down; each has the full time to connect.
ADDRESSES_TRIED_MAX: Final = 2
# The time for handshake, request and response together.
EXCHANGE_SECONDS_MAX: Final = 5.0
# We do not use a response's body; reading a little lets the other side finish writing it.
ANSWER_BYTES_MAX: Final = 4 * 1024
USER_AGENT: Final = "Loyalty-Webhooks/1"


@cache
def public_tls() -> ssl.SSLContext:
    """A context that verifies names and certificates; made once, because it takes 20 ms."""
    return ssl.create_default_context()


class WebhookSender:
    """Implements `Send`.

    `allow_local` allows plain HTTP to this machine. Tests can replace the rest: `resolve` gives the
    addresses of a name, `is_allowed` says which may be called, `tls` verifies certificates.
    """

    def __init__(
        self,
        *,
        allow_local: bool = False,
        resolve: Resolve = addresses_of,
        is_allowed: Callable[[str], bool] = is_public,
        tls: Callable[[], ssl.SSLContext] = public_tls,
        exchange_seconds_max: float = EXCHANGE_SECONDS_MAX,
    ) -> None:
        self._allow_local = allow_local
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._tls = tls
        self._exchange_seconds_max = exchange_seconds_max

    def __call__(
        self, url: str, *, event_id: str, body: str, secrets: Sequence[str], now: datetime
    ) -> AttemptResult:
        try:
            # We check again: the rules may be stricter now than when it was registered.
            target = read_address(url, allow_local=self._allow_local)
        except AddressRefused:
            return AttemptResult(trouble="not_public")
        try:
            addresses = self._addresses(target)
        except OSError:
            return AttemptResult(trouble="unresolved")
        if not addresses:
            return AttemptResult(trouble="not_public")
        try:
            connected = _connected(addresses, target.port)
        except OSError:
            return AttemptResult(trouble="unreachable")
        headers = signed_headers(event_id, body=body, secrets=secrets, now=now)
        return self._exchange(connected, target, body.encode(), headers)

    def _addresses(self, target: Target) -> Sequence[str]:
        """All addresses of a name; none at all if we must not call one of them."""
        if target.is_local:
            return (target.host,)
        found = self._resolve(target.host, target.port)
        return found if all(self._is_allowed(each) for each in found) else ()

    def _exchange(
        self, connected: socket.socket, target: Target, body: bytes, headers: dict[str, str]
    ) -> AttemptResult:
        connected.settimeout(self._exchange_seconds_max)
        # A socket's own timeout restarts with every byte, so slow single bytes could hold it open.
        with connected, _Deadline(connected, self._exchange_seconds_max) as deadline:
            try:
                if target.is_local:
                    return _post(connected, target, body, headers)
                with self._tls().wrap_socket(
                    connected, server_hostname=target.host, do_handshake_on_connect=False
                ) as secured:
                    deadline.watch(secured)
                    secured.do_handshake()
                    return _post(secured, target, body, headers)
            except (OSError, HTTPException) as error:
                if deadline.has_passed or isinstance(error, TimeoutError):
                    return AttemptResult(trouble="timeout")
                return _trouble(error)


class _Deadline:
    """Shuts a connection down when its time is up, whatever it is doing."""

    def __init__(self, connected: socket.socket, seconds: float) -> None:
        self.has_passed = False
        self._connected = connected
        self._timer = Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        """Watch the same connection under its TLS socket, which takes over the descriptor."""
        self._connected = connected

    def _shut(self) -> None:
        self.has_passed = True
        with suppress(OSError):
            # TLS's own shutdown would drop the session that another thread is reading from.
            socket.socket.shutdown(self._connected, socket.SHUT_RDWR)


def signed_headers(
    event_id: str, *, body: str, secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """The headers of Standard Webhooks, with one signature for each secret."""
    timestamp = str(int(now.timestamp()))
    signed = f"{event_id}.{timestamp}.{body}".encode()
    signatures = [f"v1,{standard(key_of(secret), signed).decode()}" for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
        "user-agent": USER_AGENT,
    }


def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    """A connection to the first of these addresses that accepts one.

    Raises:
        OSError: no address accepts a connection.
    """
    refusal = OSError("no address")
    for address in addresses[:ADDRESSES_TRIED_MAX]:
        try:
            return socket.create_connection((address, port), timeout=CONNECT_SECONDS_MAX)
        except OSError as error:
            refusal = error
    raise refusal


def _post(
    connected: socket.socket, target: Target, body: bytes, headers: dict[str, str]
) -> AttemptResult:
    standing = 80 if target.is_local else HTTPS_PORT
    host = target.host if target.port == standing else f"{target.host}:{target.port}"
    connection = HTTPConnection(target.host, target.port)
    # `http.client` uses our connection and makes none of its own.
    connection.sock = connected
    connection.request(
        "POST", target.path, body=body, headers={"host": host, "connection": "close", **headers}
    )
    with connection.getresponse() as answer:
        # Nothing after the status line can change the status.
        with suppress(OSError, HTTPException):
            _skim(answer)
        return AttemptResult(status=answer.status, retry_after=_retry_after(answer))


def _skim(answer: HTTPResponse) -> None:
    """Read a little of a response's body, or of a chunked one the raw bytes that have arrived.

    We do not decode chunks: `http.client` would read a chunk of -1 bytes without an end.
    """
    if answer.chunked:
        answer.fp.peek()
    else:
        answer.read(ANSWER_BYTES_MAX)


def _retry_after(answer: HTTPResponse) -> timedelta | None:
    """How long to wait, if the response says so in seconds."""
    header = answer.headers.get("retry-after", "")
    is_seconds = header.isascii() and header.isdigit() and len(header) <= 6
    return timedelta(seconds=int(header)) if is_seconds else None


def _trouble(error: OSError | HTTPException) -> AttemptResult:
    if isinstance(error, ssl.SSLError):
        return AttemptResult(trouble="tls")
    # An error for a connection closed without a response belongs to both classes.
    if isinstance(error, HTTPException):
        return AttemptResult(trouble="no_http")
    return AttemptResult(trouble="unreachable")

"""Reads the responses of HTTP/1.1 that AWS services send.

The standard library's client reads headers with its parser of mails. Importing that takes as long
as everything else of this package together.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

LINE_BYTES_MAX: Final = 64 * 1024
LINES_MAX: Final = 100
_CHUNKED: Final = b"chunked"


class NoResponse(Exception):
    """What arrived is no HTTP, or is cut off."""


class HttpResponse(NamedTuple):
    """A whole response, and whether its connection can be used again."""

    status: int
    body: bytes
    keeps_connection: bool


def read_response(stream: BinaryIO) -> HttpResponse:
    """Read one response and nothing after it.

    Raises:
        NoResponse: there is none.
        OSError: the connection broke or was silent for too long.
    """
    version, _, rest = _line(stream).partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise NoResponse("no HTTP")
    headers = dict(_headers(stream))
    keeps_connection = version != b"HTTP/1.0" and headers.get(b"connection") != b"close"
    if headers.get(b"transfer-encoding") == _CHUNKED:
        body = b"".join(_chunks(stream))
    elif b"content-length" in headers:
        body = _exactly(stream, _number(headers[b"content-length"], base=10))
    else:
        body = stream.read()
        keeps_connection = False
    return HttpResponse(_number(rest[:3], base=10), body, keeps_connection)


def _headers(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(LINES_MAX):
        line = _line(stream)
        if not line:
            return
        name, _, value = line.partition(b":")
        yield name.lower(), value.strip().lower()
    raise NoResponse("too many headers")


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while size := _number(_line(stream).partition(b";")[0], base=16):
        yield _exactly(stream, size)
        _line(stream)
    # Headers may follow the last chunk.
    for _ in _headers(stream):
        pass


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(LINE_BYTES_MAX)
    if not line.endswith(b"\n"):
        raise NoResponse("a line is cut off")
    return line.rstrip(b"\r\n")


def _exactly(stream: BinaryIO, size: int) -> bytes:
    read = stream.read(size)
    if len(read) < size:
        raise NoResponse("the body is cut off")
    return read


def _number(text: bytes, *, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise NoResponse("a number is not one") from None

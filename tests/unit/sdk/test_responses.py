"""Responses of HTTP/1.1 as bytes."""

from io import BytesIO

import pytest

from loyalty.sdk.responses import LINE_BYTES_MAX, LINES_MAX, HttpResponse, NoResponse, read_response

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("raw", "response"),
    [
        (HEAD + b"Content-Length: 2\r\n\r\nhi", HttpResponse(200, b"hi", keeps_connection=True)),
        (HEAD + b"content-length:0\r\n\r\n", HttpResponse(200, b"", keeps_connection=True)),
        (
            b"HTTP/1.1 400 \r\nContent-Length: 2\r\nConnection: Close\r\n\r\nno",
            HttpResponse(400, b"no", keeps_connection=False),
        ),
        (
            HEAD + b"Transfer-Encoding: Chunked\r\n\r\n2;a=b\r\nhi\r\nA\r\n, everyone\r\n0\r\n\r\n",
            HttpResponse(200, b"hi, everyone", keeps_connection=True),
        ),
        (HEAD + b"\r\nto the end", HttpResponse(200, b"to the end", keeps_connection=False)),
        (
            b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            HttpResponse(200, b"hi", keeps_connection=False),
        ),
    ],
)
def test_a_response_is_read_in_each_of_its_forms(raw: bytes, response: HttpResponse) -> None:
    assert read_response(BytesIO(raw)) == response


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 2\r\n\r\nhi",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-after: 1\r\n\r\n",
    ],
)
def test_nothing_after_a_response_is_read(body: bytes) -> None:
    stream = BytesIO((HEAD + body) * 2)

    assert [read_response(stream).body for _ in range(2)] == [b"hi", b"hi"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200",
        HEAD + b"Content-Length: 3\r\n\r\nhi",
        HEAD + b"Content-Length: two\r\n\r\nhi",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhi",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nhi",
        HEAD + b"x: 1\r\n" * (LINES_MAX + 1),
        HEAD + b"x: " + b"1" * LINE_BYTES_MAX + b"\r\n\r\n",
    ],
)
def test_what_is_cut_off_or_no_http_is_no_response(raw: bytes) -> None:
    with pytest.raises(NoResponse):
        read_response(BytesIO(raw))

"""Requests over HTTPS to servers of others, with limits on their time and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

# botocore includes urllib3, here and in the Lambda runtime.
import urllib3

BYTES_MAX: Final = 4 * 1024 * 1024
HTTPS_PORT: Final = 443


class NoWebAnswer(Exception):
    """No response came. The request may have arrived and taken effect."""


class ResponseTooLarge(Exception):
    """The response has more than `BYTES_MAX` bytes."""


class WebAnswer(NamedTuple):
    status: int
    body: bytes
    retry_after: str


class Web:
    """Sends requests without following redirects: that would send tokens to another server.

    `connect_s` and `read_s` are the longest waits for a connection and for a response.
    """

    def __init__(self, *, connect_s: float, read_s: float) -> None:
        self._timeout = urllib3.Timeout(connect=connect_s, read=read_s)
        self._pool = urllib3.PoolManager(timeout=self._timeout, retries=False)

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None
    ) -> WebAnswer:
        """Send a request to an address.

        Raises:
            NoWebAnswer: no response came.
            ResponseTooLarge: more of it came than we read.
        """
        return self._ask(self._pool, method, url, headers=headers, body=body)

    def ask_at(
        self,
        address: str,
        name: str,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> WebAnswer:
        """Send a request to an IP address, whose certificate must match the name.

        Raises:
            As `ask`.
        """
        pool = urllib3.HTTPSConnectionPool(
            address,
            port=HTTPS_PORT,
            timeout=self._timeout,
            retries=False,
            server_hostname=name,
            assert_hostname=name,
        )
        return self._ask(pool, method, path, headers={**headers, "host": name}, body=body)

    def close(self) -> None:
        self._pool.clear()

    def _ask(
        self,
        pool: urllib3.PoolManager | urllib3.HTTPSConnectionPool,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> WebAnswer:
        try:
            response = pool.request(
                method, url, body=body, headers=headers, redirect=False, preload_content=False
            )
            read = response.read(BYTES_MAX + 1)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoWebAnswer(type(error).__name__) from error
        if len(read) > BYTES_MAX:
            response.close()
            raise ResponseTooLarge
        response.release_conn()
        return WebAnswer(response.status, read, response.headers.get("retry-after", "0"))

"""Signature Version 4: proves to AWS who sends a request and that nobody changed it."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

ALGORITHM: Final = "AWS4-HMAC-SHA256"
NOTHING_SIGNED: Final = sha256(b"").hexdigest()


class Credentials(NamedTuple):
    """Who sends a request; `token` belongs to temporary credentials."""

    access_key: str
    secret_key: str
    token: str | None = None


@dataclass(slots=True)
class _Day:
    """The key of a day; deriving it takes four digests, which every request would repeat."""

    name: str = ""
    secret_key: str = ""
    key: bytes = b""


class Signer:
    """Signs the requests to one service in one region."""

    def __init__(self, *, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._day = _Day()

    def signed(
        self,
        headers: Mapping[str, str],
        *,
        method: str = "POST",
        path: str = "/",
        query: str = "",
        body_digest: str,
        credentials: Credentials,
        now: datetime,
    ) -> dict[str, str]:
        """Return the headers with those that prove them.

        `headers` have lowercase names and include the host. `path` and `query` are encoded as they
        are sent, and the query is sorted.
        """
        moment = now.strftime("%Y%m%dT%H%M%SZ")
        proven = {**headers, "x-amz-date": moment}
        if credentials.token:
            proven["x-amz-security-token"] = credentials.token
        names = sorted(proven)
        lines = "".join(f"{name}:{proven[name]}\n" for name in names)
        signed_names = ";".join(names)
        request = f"{method}\n{path}\n{query}\n{lines}\n{signed_names}\n{body_digest}"
        day = moment[:8]
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        digest = sha256(request.encode()).hexdigest()
        statement = f"{ALGORITHM}\n{moment}\n{scope}\n{digest}"
        key = self._key(day, credentials.secret_key)
        signature = hmac.digest(key, statement.encode(), "sha256").hex()
        proven["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={signed_names}, Signature={signature}"
        )
        return proven

    def _key(self, day: str, secret_key: str) -> bytes:
        last_day = self._day
        if last_day.name == day and last_day.secret_key == secret_key:
            return last_day.key
        key = f"AWS4{secret_key}".encode()
        for part in (day, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._day = _Day(day, secret_key, key)
        return key

"""What somebody sent who says to be a storefront."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from loyalty.domain.storefront import Received

AT: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
URL: Final = "https://api.example.com/v1/programs/bean/webhooks/online"


def received(
    body: bytes, headers: Mapping[str, str], *, url: str = URL, at: datetime = AT
) -> Received:
    return Received(body=body, headers=headers, url=url, at=at)

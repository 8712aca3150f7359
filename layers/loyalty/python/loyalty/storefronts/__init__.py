"""One module per platform: verify a signature, say what a delivery is about, translate it."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from re import Pattern
from typing import Protocol, cast

from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.storefront import (
    Command,
    Envelope,
    FetchNeeded,
    OrderFilter,
    Platform,
    PlatformApi,
    Received,
    Storefront,
)


class Dialect(Protocol):
    """How a platform speaks. Headers come with their names in lower case.

    `HEADERS` names those worth keeping: the others are about the transport. A body that matches
    `GREETING` is unsigned and asks only whether somebody is there. `STATUSES` matches the names
    of those of an order's statuses among which a manager may choose what earns. At `GRANT_PATH` an
    app is granted a token for its secret.
    """

    HEADERS: Sequence[str]
    GREETING: Pattern[bytes] | None
    GRANT_PATH: str | None
    STATUSES: Pattern[str] | None
    HAS_CHANNELS: bool
    HAS_TAGS: bool
    TELLS_CONSENT: bool
    HAS_MEMBERSHIPS: bool

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether it was signed with one of the secrets, and not too long ago."""
        ...

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """What a delivery is about. Any body will do."""
        ...

    @property
    def TOPICS(self) -> Mapping[str, object]:  # noqa: N802  # a constant of the module
        """Each topic that means something here, with the shape that its body must have."""
        ...

    def translate(
        self, topic: str, body: bytes, *, source: str, earns: OrderFilter, store: str | None
    ) -> Command | PrivacyRequest | FetchNeeded:
        """What a delivery asks for. Any body will do: what makes no sense is parked.

        Where `store` is given, a body that names another shop is parked as `other_shop`.
        """
        ...

    def complete(
        self, topic: str, body: bytes, fetched: Sequence[bytes], *, source: str, earns: OrderFilter
    ) -> Command:
        """What a delivery asks for, once what it wanted was fetched. Any bodies will do."""
        ...

    def api(self, storefront: Storefront, *, access_token: str) -> PlatformApi:
        """How the platform is asked."""
        ...


def dialect(platform: Platform) -> Dialect:
    """The platform's module, imported when it is first needed."""
    return cast("Dialect", import_module(f"loyalty.storefronts.{platform}"))

"""What the use cases need of a platform that a shop runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from re import Pattern
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.shops.storefront import (
    Command,
    Delivery,
    Envelope,
    FetchNeeded,
    PlatformApi,
    PlatformName,
    Received,
    SendingShop,
    ShopKeys,
    Storefront,
)

if TYPE_CHECKING:
    # Only the function that creates discount codes loads what these need.
    from loyalty.domain.people.privacy_requests import PrivacyRequest
    from loyalty.domain.shops.checks import Finding
    from loyalty.domain.shops.needs import OrderNeeds
    from loyalty.domain.shops.products import ProductsNeeded
    from loyalty.usecases.shops.shop_codes import DiscountCodes


class Unfetchable(Exception):
    """The platform cannot give what a delivery needs, and asking again would change nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PlatformReader(Protocol):
    """Reads from the platforms' own APIs on behalf of a connected shop."""

    def fetch(
        self, delivery: Delivery, paths: Sequence[str], *, body: bytes | None = None
    ) -> Sequence[bytes]:
        """Read these paths and return their responses; a `body`, if any, is posted to each.

        Raises:
            Unfetchable: the shop is no longer connected, or the platform refuses.
            TryAgain: the platform does not answer.
        """
        ...


type Send = Callable[[str, bytes], bytes]
"""Posts a body to a path of a shop's API and returns the body of the response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAccess:
    """How to call a platform's API.

    `of` builds the address and the headers of a shop's API from its access token. `grant_path` is
    where an app gets a token for its secret, None where the platform grants none that way.
    """

    of: Callable[[Storefront, str], PlatformApi]
    grant_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCatalog:
    """How to ask a platform about its products.

    `request` reads some products by their ids, at most `at_once_max`. `has_skus`: an order's lines
    name no SKUs, so the products are read for every order.
    """

    request: Callable[[Sequence[str]], ProductsNeeded]
    at_once_max: int
    has_skus: bool = False


class AskPlatform(Protocol):
    """Calls the platform of a shop that is checked: gets a path, or posts a body to it.

    Raises:
        Unfetchable: the platform refuses, or there is no token.
        TryAgain: the platform does not answer, or there is no time left.
    """

    def __call__(self, path: str, body: bytes | None = None) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedShop:
    """A connection that is checked, and all that its platform needs for that.

    `currency` and `needs` are the program's; `sells_plans`: a plan of it is billed by this shop.
    `webhook_path` is where the shop should
    deliver; `seen_topics` it has delivered in 30 days, the latest with `last_headers`.
    """

    storefront: Storefront
    keys: ShopKeys
    currency: str
    needs: OrderNeeds
    sells_plans: bool
    webhook_path: str
    seen_topics: frozenset[str]
    last_headers: Mapping[str, str]
    today: date
    ask: AskPlatform

    def is_address(self, url: str | None) -> bool:
        """Whether this is the address that the shop should deliver to."""
        own = self.storefront.notification_url
        return bool(url) and (url == own if own else str(url).endswith(self.webhook_path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a platform's webhooks look like, and what a manager may choose by.

    `headers` are those worth storing, in lower case; the others are about the transport. `topics`
    are the topics that mean something here. A body that matches `greeting` is unsigned and only
    checks whether the address answers. `statuses` matches the order statuses among which a manager
    may choose which ones earn; None where orders have none. `channels` matches the channels of its
    orders; None where shops name channels of their own.
    """

    headers: tuple[str, ...]
    topics: frozenset[str]
    greeting: Pattern[bytes] | None = None
    statuses: Pattern[str] | None = None
    channels: Pattern[str] | None = None
    has_channels: bool = False
    has_tags: bool = False
    has_consents: bool = False


class Platform(Protocol):
    """A platform that shops run on. Header names are in lower case."""

    @property
    def traits(self) -> Traits: ...

    @property
    def api(self) -> ApiAccess | None:
        """None where we never call the platform."""
        ...

    @property
    def codes(self) -> Callable[[Send], DiscountCodes] | None:
        """The discount codes of a shop; None where we create none."""
        ...

    @property
    def catalog(self) -> ProductCatalog | None:
        """The products of a shop; None where it sells nothing."""
        ...

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        """What the platform's own settings keep from working, asked of its API.

        Raises:
            TryAgain: the platform does not answer.
        """
        ...

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether a request was signed with one of the secrets, and not too long ago."""
        ...

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """What a delivery is about. Accepts any body."""
        ...

    def translate(
        self, topic: str, body: bytes, shop: SendingShop
    ) -> Command | PrivacyRequest | FetchNeeded:
        """What a delivery means. Accepts any body: one that makes no sense is parked.

        If `shop.store` is set, a body that names another shop is parked as `other_shop`.
        """
        ...


type FindPlatform = Callable[[PlatformName], Platform]

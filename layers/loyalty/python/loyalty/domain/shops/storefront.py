"""Storefronts: connected shops, their webhook deliveries, and what a delivery can mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from loyalty.domain.engagement.activities import ActivityRemoved, ReportedActivity
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Order, fingerprint
from loyalty.domain.shops.customers import PersonCommand

if TYPE_CHECKING:
    from loyalty.domain.ledger.order_vouchers import VoucherStep
    from loyalty.domain.people.identity import Identity
    from loyalty.domain.people.privacy_requests import DataRequest

# What happens to orders that were not paid in the program's currency.
OtherCurrencies = Literal["convert", "park", "ignore"]
PlatformName = Literal[
    "shopify", "woocommerce", "stripe", "square", "bigcommerce", "judgeme", "standard", "flow"
]

Status = Literal[
    "received",
    "earned",
    "edited",
    "refunded",
    "guest",
    "waiting",
    "enrolled",
    "linked",
    "unlinked",
    "granted",
    "ended",
    "recorded",
    "retracted",
    "ignored",
    "parked",
    "failed",
    "data_requested",
    "erasing",
]
# Statuses that a person may have to look at.
TROUBLES: Final[frozenset[Status]] = frozenset({"parked", "failed", "data_requested"})

# The reason for parking a delivery whose signed body names a different shop.
OTHER_SHOP: Final = "other_shop"

# The id of the refund for a cancelled order. No platform uses it for a refund of its own.
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which of a shop's paid orders earn; an empty field excludes none.

    Statuses and channels are the platform's own words, compared without case. An order earns if it
    has any of `tags_any` and none of `tags_none`.
    """

    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()

    def excludes(
        self, *, status: str = "", channel: str | None = None, tags: Sequence[str] = ()
    ) -> str | None:
        """Why an order does not earn, as a stable code; None if it earns."""
        if self.statuses and not _any_of(self.statuses, (status,)):
            return "status_excluded"
        if self.channels and not _any_of(self.channels, (channel or "",)):
            return "channel_excluded"
        if self.tags_any and not _any_of(self.tags_any, tags):
            return "tags_excluded"
        if _any_of(self.tags_none, tags):
            return "tags_excluded"
        return None

    def is_decided_by(self, tags: Sequence[str]) -> bool:
        """Whether these tags decide, whatever other tags the order has."""
        if _any_of(self.tags_none, tags):
            return True
        return not self.tags_none and (not self.tags_any or _any_of(self.tags_any, tags))


# The filter of a shop for which no manager has set one.
ALL_EARN: Final = OrderFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Storefront:
    """A connected shop. `source` names the shop in orders. Its secrets are stored elsewhere.

    `notification_url` is the address that the shop delivers to, if it is not our own. Some
    platforms need `store` and `sandbox` for requests to their API. `enroll_customers`: customers
    who consent in the shop become members.
    `create_codes`: vouchers' codes are created in the shop as discount codes. `client_id` is the
    app that calls the shop's API, if the shop grants tokens for the app's secret.
    `counts_tax`: amounts count with their tax. `other_currencies`: what happens to orders that were
    paid in another currency than the program's; `convert` uses the rate that the platform states.
    `has_access_token`: the connection has a token of its own for the platform's API.
    """

    storefront_id: str
    platform: PlatformName
    source: str
    connected_at: datetime
    changed_at: datetime
    notification_url: str | None = None
    store: str | None = None
    client_id: str | None = None
    sandbox: bool = False
    earns: OrderFilter = ALL_EARN
    enroll_customers: bool = False
    create_codes: bool = False
    has_access_token: bool = False
    counts_tax: bool = False
    other_currencies: OtherCurrencies = "convert"

    @property
    def can_be_asked(self) -> bool:
        """Whether the connection has what the platform's API asks for."""
        return self.has_access_token or self.client_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopKeys:
    """The secrets that a shop signs with, two during a rotation, and the token for its API."""

    secrets: tuple[str, ...]
    access_token: str | None = None


@dataclass(frozen=True, slots=True)
class SendingShop:
    """The part of a connected shop that a translation needs.

    `source` names the shop in our orders. `store` is the platform's own name of the shop, None if
    the connection has none. `names_products`: the lines of an order should name their products,
    which some platforms list only on request. `names_tenders`: an order should say how it was
    paid, and the platform can be asked.
    """

    source: str
    earns: OrderFilter = ALL_EARN
    store: str | None = None
    names_products: bool = False
    names_tenders: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A webhook request whose signature has not been verified yet.

    Names of `headers` are in lower case. `url` is the address that the storefront delivers to.
    """

    body: bytes
    headers: Mapping[str, str]
    url: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of a webhook exactly as it was received, with a verified signature.

    Platform and source are those of the connection at that time, so the delivery can still be
    applied after the connection has changed.
    """

    program_id: str
    storefront_id: str
    platform: PlatformName
    source: str
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a delivery is about, as far as it can be known without judging its content.

    `name` is the platform's name for what happened, the same for a retry; without one, a digest of
    the body. `order_id` is None if the delivery names no order, `customer_id` if it is not about a
    customer. `event` is an id that the platform gives to only one event of a topic; None if it has
    no such id. `stable_body` is the part that never changes between retries; None if that is the
    whole body.
    """

    topic: str
    name: str
    order_id: str | None
    customer_id: str | None = None
    event: str | None = None
    stable_body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid:
    """The current state of a paid order, with the refunds that the shop lists with it.

    Currency and customer are in the shop's words. `refunds` are all that stand; None: the shop
    lists none with its orders. `traded_in` is the value of returned goods that was not paid back,
    by line and with tax: it paid for added goods, if there were any. `excluded` is why the order
    does not earn; it may still have to be applied for other reasons. `codes` are the discounts that
    may be vouchers; None: the shop lists none. `all_given_back`: nothing of the order is left.
    `products` are the ids of the products in the shop's catalog, by line. `paid_currency` is what
    the customer paid in, if the amounts were converted from it.
    """

    order: Order
    currency: str
    identities: tuple[Identity, ...]
    refunds: tuple[RequestedRefund, ...] | None = None
    traded_in: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    excluded: str | None = None
    codes: tuple[str, ...] | None = None
    all_given_back: bool = False
    paid_currency: str | None = None
    products: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class OrdersPaid:
    """Several orders at once: an invoice that is paid in parts is one order for each payment."""

    orders: tuple[OrderPaid, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded:
    """Money of an order was refunded, or the whole order was cancelled.

    `currency` is None if no amount is named. `all_given_back`: nothing of the order is left.
    `if_recorded`: the refund counts only if the order is on file, because the platform also
    cancels orders that were never paid; for others it does not wait.
    """

    source: str
    order_id: str
    refund: RequestedRefund
    currency: str | None
    all_given_back: bool = False
    if_recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """The money of a refund came back to the shop, so the refund no longer counts.

    The platform does not say which of our refunds it was. It is one of `amount_minor` whose id
    begins with `id_prefix`; `failure_id` names the failure.
    """

    source: str
    order_id: str
    failure_id: str
    id_prefix: str
    amount_minor: int
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that needs no action; `reason` is a stable code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A delivery that a person should look at; another attempt would change nothing.

    `reason` is a stable code. `pointer` is a place in the body, and never quotes what is there.
    """

    reason: str
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class PlatformApi:
    """The address of a platform's API, and the headers that authenticate a request.

    Paths begin with `prefix`. `is_own_host`: the host is the merchant's own, so only public
    addresses may be called.
    """

    origin: str
    headers: Mapping[str, str]
    prefix: str = ""
    is_own_host: bool = False


@dataclass(frozen=True, slots=True)
class FetchNeeded:
    """A delivery that only refers to what happened: `paths` of the platform's API must be read.

    `complete` takes the responses in the order of `paths`, and returns what the delivery means or
    what else must be read. A `body` is posted to the paths, because some platforms take queries
    that way. `without` is what the delivery means if the platform refuses; None: it is parked.
    """

    paths: tuple[str, ...]
    complete: Callable[[Sequence[bytes]], Command | FetchNeeded] = field(compare=False, repr=False)
    body: bytes | None = None
    without: Command | None = field(default=None, compare=False, repr=False)


type OrderCommand = OrderPaid | OrdersPaid | OrderRefunded | RefundFailed | Ignored | Parked
type ActivityCommand = ReportedActivity | ActivityRemoved
type Command = OrderCommand | PersonCommand | ActivityCommand
"""What a delivery asks for, in the same form for every platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of applying a delivery; `replayed`: an earlier delivery already had this effect.

    `request` is a request that a person, or the merchant's system, has to answer.
    """

    status: Status
    reason: str | None = None
    pointer: str | None = None
    member_id: str | None = None
    entry_id: str | None = None
    points: int = 0
    replayed: bool = False
    vouchers: tuple[VoucherStep, ...] = ()
    request: DataRequest | None = None


def given_back(
    refund_id: str,
    *,
    occurred_at: datetime,
    amounts_minor: Mapping[str, int],
    amount_minor: int = 0,
) -> RequestedRefund:
    """A refund by amounts: for lines, and for no particular line."""
    amounts = {line_id: minor for line_id, minor in amounts_minor.items() if minor}
    return RequestedRefund(
        refund_id=refund_id,
        occurred_at=occurred_at,
        amounts_minor=amounts,
        amount_minor=amount_minor,
        is_revocable=True,
        fingerprint=fingerprint(amounts, amount_minor),
    )


def cancelled(*, occurred_at: datetime, is_revocable: bool = False) -> RequestedRefund:
    """The refund of a cancelled order: one for the whole order, however often it is delivered.

    `is_revocable`: the platform lets a merchant undo the cancellation.
    """
    return RequestedRefund(
        refund_id=CANCELLED,
        occurred_at=occurred_at,
        whole=True,
        is_revocable=is_revocable,
        fingerprint=fingerprint(CANCELLED),
    )


def _any_of(named: Sequence[str], found: Sequence[str]) -> bool:
    return not {each.casefold() for each in named}.isdisjoint(each.casefold() for each in found)

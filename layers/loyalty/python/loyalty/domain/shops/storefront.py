"""Storefronts: a shop that tells of its orders by webhook, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.order_vouchers import VoucherStep
from loyalty.domain.orders.order import Order, fingerprint
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.privacy_requests import DataRequest
from loyalty.domain.shops.customers import PersonTold

PlatformName = Literal["shopify", "woocommerce", "stripe", "square", "bigcommerce"]

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
    "ignored",
    "parked",
    "failed",
    "data_requested",
    "erasing",
]
# What a person may have to look at.
TROUBLES: Final[frozenset[Status]] = frozenset({"parked", "failed", "data_requested"})

# Why a delivery is parked whose signed body names another shop than the one that is connected.
OTHER_SHOP: Final = "other_shop"

# The refund's id of an order that was cancelled; platforms call refunds by other names.
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which of a shop's paid orders earn: where something is named, no others.

    Statuses and channels are the platform's own words; capitals do not count. An order earns with
    any of `tags_any`, and with none of `tags_none`.
    """

    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()

    def excludes(
        self, *, status: str = "", channel: str | None = None, tags: Sequence[str] = ()
    ) -> str | None:
        """Why an order does not earn: a stable code."""
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
        """Whether these tags of an order decide, whatever further tags it has."""
        if _any_of(self.tags_none, tags):
            return True
        return not self.tags_none and (not self.tags_any or _any_of(self.tags_any, tags))


# What a shop's orders do as long as nobody chooses among them.
ALL_EARN: Final = OrderFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Storefront:
    """A connected shop. `source` names the shop in orders; what it must not tell is kept elsewhere.

    `notification_url` is where the shop was told to deliver, if that is not our own address;
    `store` and `sandbox` are what some platforms need to be asked for an order. `enroll_customers`:
    whoever consents in the shop becomes a member; `memberships` are the levels of its paid plans.
    `create_codes`: it is given the codes of vouchers as discount codes of its own. `client_id` is
    the app that asks it, where a token is granted for the app's secret.
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
    memberships: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopKeys:
    """What a shop signs with, two while one replaces the other, and what it is asked by."""

    secrets: tuple[str, ...]
    access_token: str | None = None


@dataclass(frozen=True, slots=True)
class SendingShop:
    """The connected shop that a delivery came from, as far as a translation needs it.

    `source` names it in our books. `store` is the platform's own name of the shop, None if the
    connection has none.
    """

    source: str
    earns: OrderFilter = ALL_EARN
    store: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What somebody sent who says to be a storefront: not believed yet.

    `headers` have their names in lower case; `url` is where the storefront was told to deliver.
    """

    body: bytes
    headers: Mapping[str, str]
    url: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of a webhook exactly as it was received, its signature verified.

    Platform and source are those of the connection at that time, so that the delivery can still
    be applied after the shop was connected otherwise.
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
    """What a delivery is about, as far as it can be told without judging its content.

    `name` is the platform's name for what happened, the same for a retry; where it gave none, a
    digest of the body. `order_id` is None where the delivery names no order, `customer_id` where it
    is about no customer. `event` is an id that the platform gives to one event of a topic and to no
    other, None where it has none; `stable_body` is the part that
    never changes between retries, None where that is the whole body.
    """

    topic: str
    name: str
    order_id: str | None
    customer_id: str | None = None
    event: str | None = None
    stable_body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid:
    """An order that is paid, as the shop tells it now, with the refunds that it tells beside it.

    Currency and customer are the shop's words. `refunds` are all that stand (None: the shop lists
    none with its orders). `traded_in` is the money of returned goods that was not given back, by
    line and with tax: it paid for goods that were added, if any were. `excluded` says why the order
    does not earn, whatever else is to be done with it. `codes` are those of its discounts that may
    be vouchers (None: the shop lists none). `all_given_back`: nothing of the order is left.
    """

    order: Order
    currency: str
    identities: tuple[Identity, ...]
    refunds: tuple[RequestedRefund, ...] | None = None
    traded_in: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    excluded: str | None = None
    codes: tuple[str, ...] | None = None
    all_given_back: bool = False


@dataclass(frozen=True, slots=True)
class OrdersPaid:
    """Several orders at once: an invoice that was paid in parts is an order for each payment."""

    orders: tuple[OrderPaid, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded:
    """Money of an order was given back, or all of it was cancelled.

    `currency` is None where no money is named. `all_given_back`: nothing of the order is left.
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
    """Understood, and nothing is to be done; `reason` is a stable code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """Something a person should look at; trying again would change nothing.

    `reason` is a stable code; `pointer` says where in the body, and never what was there.
    """

    reason: str
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class PlatformApi:
    """Where a platform is asked, and how the request shows who asks.

    Paths begin with `prefix`.
    """

    origin: str
    headers: Mapping[str, str]
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class FetchNeeded:
    """A delivery only points to what happened; `paths` of the platform's API must be read first.

    `complete` takes the responses in the order of `paths` and says what the delivery means, or what
    else must be read. If there is a `body`, it is posted to the paths: some platforms take queries
    that way. `without` is what the delivery means if the platform refuses (None: it is parked).
    """

    paths: tuple[str, ...]
    complete: Callable[[Sequence[bytes]], Command | FetchNeeded] = field(compare=False, repr=False)
    body: bytes | None = None
    without: Command | None = field(default=None, compare=False, repr=False)


type OrderCommand = OrderPaid | OrdersPaid | OrderRefunded | RefundFailed | Ignored | Parked
type Command = OrderCommand | PersonTold
"""What a delivery asks for, in the same few words for every platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a delivery; `replayed` says that it had come of another one before.

    `request` is what a person, or a merchant's system, has to answer.
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
    """A refund by what was given back: for lines, and without one."""
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
    """A cancelled order is one whole refund, in however many deliveries it appears.

    `is_revocable`: the platform lets a merchant set the order back.
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

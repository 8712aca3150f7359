"""Storefronts and their deliveries, as managers connect and read them."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, NamedTuple, get_args

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.shops.deliveries import read_log_id
from loyalty.domain.shops.storefront import (
    Delivery,
    OrderFilter,
    OtherCurrencies,
    PlatformName,
    ShopKeys,
    Status,
    Storefront,
)
from loyalty.domain.webhooks_out.addresses import AddressRefused, read_address
from loyalty.edge.http.paging import decode_cursor, next_cursor
from loyalty.edge.http.params import Path
from loyalty.edge.http.schemas import (
    AnswerPart,
    ExternalId,
    Instant,
    Label,
    NextCursor,
    RequestPart,
)
from loyalty.edge.models.delivery_reasons import REASONS
from loyalty.edge.models.order_vouchers import VoucherStepAnswer, steps_answer
from loyalty.storefronts import platform_named
from loyalty.usecases.shops.deliveries import Health, ListedDelivery, Replayed, Span

StorefrontId = Annotated[
    str, Path(pattern=EXTERNAL_ID, description="The storefront's id, of your own choosing.")
]
# Visible ASCII: anything else in a secret is a mistake in copying.
Secret = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,256}$")]
ClientId = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
AccessToken = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,1024}$")]
HttpsUrl = Annotated[StrictStr, Field(pattern=r"^https://[\x21-\x7e]{1,500}$")]
StoreName = Annotated[StrictStr, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$")]

NAMES_MAX: Final = 20
# Far below what the gateway lets through; a webhook has a few kilobytes, and at most 4 MB.
BODY_BYTES_SHOWN: Final = 500_000

# A guess of it would be a valid request.
FLOW_SECRET_MIN: Final = 32

_STANDARD_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}", re.ASCII)
_WOOCOMMERCE_KEY: Final = re.compile(r"[\x21-\x39\x3b-\x7e]+:[\x21-\x39\x3b-\x7e]+", re.ASCII)

# The fields that a platform needs beyond its secrets, and the other fields that it may have.
NEEDS: Final[dict[PlatformName, frozenset[str]]] = {
    "square": frozenset({"access_token"}),
    "bigcommerce": frozenset({"access_token", "store"}),
    "shopify": frozenset({"store"}),
}
# Platforms that name a store by its host; others use a name or a hash without dots.
NAMED_BY_HOST: Final[frozenset[PlatformName]] = frozenset({"woocommerce", "judgeme"})
MAY: Final[dict[PlatformName, frozenset[str]]] = {
    "square": frozenset({"notification_url", "sandbox"}),
    "shopify": frozenset({"access_token", "create_codes"}),
    "woocommerce": frozenset({"access_token", "store"}),
    "stripe": frozenset({"access_token"}),
    "judgeme": frozenset({"store"}),
}
PARTS: Final = (
    "access_token",
    "client_id",
    "notification_url",
    "store",
    "sandbox",
    "create_codes",
)

Names = Annotated[tuple[Label, ...], Field(max_length=NAMES_MAX)]


class EarningOrders(RequestPart):
    """Which paid orders earn. An empty list allows every order; case does not matter."""

    statuses: Annotated[
        Names, Field(description="Statuses in which an order earns, by the platform's names.")
    ] = ()
    channels: Annotated[
        Names,
        Field(
            description="Channels whose orders earn. Stripe: `checkout`, `invoice` and `payment`; "
            "payments outside of Checkout and invoices earn only if `payment` is listed."
        ),
    ] = ()
    tags_any: Annotated[
        Names, Field(description="Shopify, Stripe: an order needs one of these tags to earn.")
    ] = ()
    tags_none: Annotated[
        Names, Field(description="Shopify, Stripe: an order with one of these tags does not earn.")
    ] = ()

    def earns(self) -> OrderFilter:
        return OrderFilter(
            statuses=self.statuses,
            channels=self.channels,
            tags_any=self.tags_any,
            tags_none=self.tags_none,
        )

    def faults(self, platform: PlatformName) -> Iterator[Fault]:
        """Filters by something that the platform's orders do not have, and unknown statuses."""
        traits = platform_named(platform).traits
        for name, has in (
            ("statuses", traits.statuses is not None),
            ("channels", traits.has_channels),
            ("tags_any", traits.has_tags),
            ("tags_none", traits.has_tags),
        ):
            if getattr(self, name) and not has:
                yield Fault(
                    f"/earns/{name}", "not_for_platform", f"Orders of {platform} do not have it"
                )
        for number, status in enumerate(self.statuses):
            if traits.statuses and not traits.statuses.fullmatch(status):
                detail = f"{platform} has no such status in which an order can earn"
                yield Fault(f"/earns/statuses/{number}", "unknown_status", detail)
        for number, channel in enumerate(self.channels):
            if traits.channels and not traits.channels.fullmatch(channel):
                detail = f"Orders of {platform} have no such channel"
                yield Fault(f"/earns/channels/{number}", "unknown_channel", detail)


class StorefrontRequest(RequestPart):
    """A shop to connect. A second request replaces the first one as a whole."""

    platform: Annotated[PlatformName, Field(description="The shop's platform.")]
    source: Annotated[
        ExternalId,
        Field(
            description="The shop's name in orders, of your own choosing. Keep it: under a "
            "different name the same order would earn again."
        ),
    ]
    secrets: Annotated[
        tuple[Secret, ...],
        Field(
            min_length=1,
            max_length=2,
            description="The keys that sign its webhooks; two while one replaces the other.",
        ),
    ]
    access_token: Annotated[
        AccessToken | None,
        Field(
            description="The token to call the platform's API with. Square and BigCommerce need it "
            "to read orders. Stripe: a restricted key, for the payments of invoices. WooCommerce: "
            "a key and its secret, as `ck_…:cs_…`. Shopify: needed only without a `client_id`. "
            "With it the categories of goods are read, too, if a rule of the program names some."
        ),
    ] = None
    client_id: Annotated[
        ClientId | None,
        Field(
            description="Shopify: the app's client id; with the first secret it gets tokens. "
            "They create voucher codes, and read the tags of customers and the categories of goods."
        ),
    ] = None
    notification_url: Annotated[
        HttpsUrl | None,
        Field(
            description="Square: the address it delivers to, if that is not this API's own address."
        ),
    ] = None
    store: Annotated[
        StoreName | None,
        Field(
            description="The store's name in deliveries. Shopify: the part before "
            "`.myshopify.com`. BigCommerce: the store's hash. WooCommerce: the site's host. "
            "Judge.me: the shop's domain there. A delivery that names a different store is not "
            "applied."
        ),
    ] = None
    sandbox: Annotated[
        StrictBool, Field(description="Square: whether the shop is in its sandbox.")
    ] = False
    earns: Annotated[EarningOrders, Field(description="Which paid orders earn.")] = EarningOrders()
    enroll_customers: Annotated[
        StrictBool,
        Field(
            description="Shopify: whether customers who consent to marketing in the shop become "
            "members."
        ),
    ] = False
    create_codes: Annotated[
        StrictBool,
        Field(
            description="Shopify: whether voucher codes become discount codes of the shop. Needs "
            "`client_id` or `access_token`."
        ),
    ] = False
    counts_tax: Annotated[
        StrictBool,
        Field(
            description="Whether amounts count with their tax. Change it before the first order: "
            "an order that is changed later is counted again."
        ),
    ] = False
    other_currencies: Annotated[
        OtherCurrencies,
        Field(
            description="Orders that were paid in another currency than the program's. `convert`: "
            "at the rate that the platform states, else parked. `park`: a person decides. "
            "`ignore`: they do not earn."
        ),
    ] = "convert"

    def connection(self, storefront_id: str, *, now: datetime) -> tuple[Storefront, ShopKeys]:
        """The shop to connect, and its secrets.

        Raises:
            ValidationFailed: the platform needs a field that is missing, or does not use one that
                is there.
        """
        faults = tuple(self._faults())
        if faults:
            raise ValidationFailed(faults[0].detail, faults=faults)
        storefront = Storefront(
            storefront_id=storefront_id,
            platform=self.platform,
            source=self.source,
            connected_at=now,
            changed_at=now,
            notification_url=self.notification_url,
            store=self.store,
            client_id=self.client_id,
            sandbox=self.sandbox,
            earns=self.earns.earns(),
            enroll_customers=self.enroll_customers,
            create_codes=self.create_codes,
            has_access_token=self.access_token is not None,
            counts_tax=self.counts_tax,
            other_currencies=self.other_currencies,
        )
        return storefront, ShopKeys(secrets=self.secrets, access_token=self.access_token)

    def _faults(self) -> Iterator[Fault]:
        needs = NEEDS.get(self.platform, frozenset())
        may = MAY.get(self.platform, frozenset())
        if self.platform == "shopify":
            access = {"client_id"} if self.access_token is None else {"access_token"}
            needs, may = (needs | access, may) if self.create_codes else (needs, may | access)
        if self.platform == "woocommerce" and self.access_token:
            needs = needs | {"store"}
            yield from self._faults_of_own_host()
        if self.store and "." in self.store and self.platform not in NAMED_BY_HOST:
            yield Fault("/store", "store_form", "Give the name of the store without its domain")
        for name in PARTS:
            is_given = bool(getattr(self, name))
            if name in needs and not is_given:
                yield Fault(f"/{name}", "missing", f"{self.platform} needs this field")
            if is_given and name not in needs | may:
                yield Fault(
                    f"/{name}", "not_for_platform", f"{self.platform} does not use this field"
                )
        traits = platform_named(self.platform).traits
        if self.enroll_customers and not traits.has_consents:
            detail = f"{self.platform} does not support this"
            yield Fault("/enroll_customers", "not_for_platform", detail)
        yield from self.earns.faults(self.platform)
        yield from self._faults_of_secrets()

    def _faults_of_secrets(self) -> Iterator[Fault]:
        """Secrets that could not sign, or that are easy to guess."""
        for number, secret in enumerate(self.secrets):
            place = f"/secrets/{number}"
            if self.platform == "standard" and not _STANDARD_SECRET.fullmatch(secret):
                detail = "Write whsec_ and 24 to 64 random bytes in base64"
                yield Fault(place, "secret_form", detail)
            if self.platform == "flow" and len(secret) < FLOW_SECRET_MIN:
                detail = f"Flow sends it with each request: use {FLOW_SECRET_MIN} random characters"
                yield Fault(place, "secret_form", detail)

    def _faults_of_own_host(self) -> Iterator[Fault]:
        """What keeps a merchant's own server from being called."""
        if not _WOOCOMMERCE_KEY.fullmatch(self.access_token or ""):
            detail = "Join the consumer key and its secret by a colon: ck_…:cs_…"
            yield Fault("/access_token", "key_form", detail)
        try:
            read_address(f"https://{self.store or 'shop.example'}")
        except AddressRefused as refusal:
            yield Fault("/store", refusal.reason, str(refusal))


class StorefrontAnswer(AnswerPart):
    """A connected shop. Its secrets are never shown."""

    id: Annotated[str, Field(description="The storefront's id, of your own choosing.")]
    platform: Annotated[PlatformName, Field(description="The shop's platform.")]
    source: Annotated[str, Field(description="The shop's name in orders.")]
    connected_at: Annotated[datetime, Field(description="When it was connected, in UTC.")]
    changed_at: Annotated[datetime, Field(description="When it was changed last, in UTC.")]
    webhook_path: Annotated[
        str, Field(description="The path, at this API, that the shop delivers its webhooks to.")
    ]
    notification_url: Annotated[
        str | None,
        Field(description="Square: the address it delivers to, if it is a different one."),
    ] = None
    store: Annotated[str | None, Field(description="The store's name in deliveries.")] = None
    client_id: Annotated[str | None, Field(description="Shopify: the app's client id.")] = None
    has_access_token: Annotated[
        bool, Field(description="Whether it has an access token, which is never shown.")
    ] = False
    sandbox: Annotated[bool, Field(description="Square: whether it is in its sandbox.")] = False
    earns: Annotated[EarningOrders, Field(description="Which paid orders earn.")] = EarningOrders()
    enroll_customers: Annotated[
        bool,
        Field(description="Shopify: whether customers who consent to marketing become members."),
    ] = False
    create_codes: Annotated[
        bool, Field(description="Shopify: whether voucher codes become discount codes of the shop.")
    ] = False
    counts_tax: Annotated[bool, Field(description="Whether amounts count with their tax.")] = False
    other_currencies: Annotated[
        OtherCurrencies,
        Field(description="What happens to orders paid in another currency than the program's."),
    ] = "convert"


class StorefrontList(AnswerPart):
    """The connected shops of a program."""

    items: Annotated[list[StorefrontAnswer], Field(description="All of them, by id.")]
    next_cursor: NextCursor = None


DeliveryStatus = Annotated[
    Status,
    Field(
        description="The outcome. `received`: it waits. `parked`, `failed` and "
        "`data_requested`: a person has to look at it. `ignored`: it changes nothing."
    ),
]


class DeliveryAnswer(AnswerPart):
    """A delivery, and its latest outcome."""

    id: Annotated[str, Field(description="The delivery's id; use it to replay the delivery.")]
    topic: Annotated[str | None, Field(description="The platform's name for this kind of event.")]
    name: Annotated[str | None, Field(description="The platform's own id of the event.")]
    source: Annotated[str | None, Field(description="The shop's name in orders.")]
    order_id: Annotated[str | None, Field(description="The order it is about, if it is about one.")]
    received_at: Annotated[datetime, Field(description="When it was received, in UTC.")]
    applied_at: Annotated[
        datetime | None, Field(description="When it was applied last, in UTC; null: it waits.")
    ]
    attempts: Annotated[
        int,
        Field(description="How often it was tried when it was applied last; it fails after five."),
    ]
    status: DeliveryStatus
    reason: Annotated[
        str | None,
        Field(
            description="Why it was ignored, parked or failed, as a stable code.",
            json_schema_extra={"enum": [*REASONS, None]},
        ),
    ]
    pointer: Annotated[
        str | None, Field(description="A JSON pointer to the mistake in its body, if there is one.")
    ]
    member_id: Annotated[str | None, Field(description="The id of the member it concerned.")]
    entry_id: Annotated[str | None, Field(description="The id of the entry that it caused.")]
    points: Annotated[int, Field(description="The points that it moved, pending ones included.")]
    replayed: Annotated[
        bool, Field(description="Whether an earlier delivery had already had this effect.")
    ]
    vouchers: Annotated[
        list[VoucherStepAnswer], Field(description="What happened to the order's vouchers.")
    ]


class DeliveryContent(DeliveryAnswer):
    """A delivery with what the shop sent."""

    body: Annotated[
        str | None,
        Field(
            description="The body as text; null if it was erased, or after 30 days. What is not "
            "UTF-8 in it is replaced."
        ),
    ]
    is_cut: Annotated[
        bool, Field(description="Whether only the beginning of a very large body is shown.")
    ]


class DeliveryReceipt(AnswerPart):
    """The delivery is stored and will be applied; the list of deliveries shows its outcome."""

    status: Annotated[
        Literal["received", "greeted"],
        Field(
            description="`received`: it will be applied. `greeted`: the platform only checked that "
            "the address answers."
        ),
    ] = "received"
    delivery_id: Annotated[
        str | None, Field(description="The delivery's id, to list and to replay it.")
    ]


class DeliveryPage(AnswerPart):
    """A page of a storefront's deliveries, newest first."""

    items: Annotated[list[DeliveryAnswer], Field(description="The deliveries of this page.")]
    next_cursor: NextCursor


class ReplayAnswer(AnswerPart):
    """The delivery is queued to be applied again; nothing counts twice."""

    status: Annotated[Literal["queued"], Field(description="It waits to be applied.")] = "queued"
    delivery: Annotated[DeliveryAnswer, Field(description="The delivery as it stands.")]


class BegunReplay(NamedTuple):
    """The last delivery that was queued, and when the replay was requested first."""

    after: str
    requested_at: datetime


class ReplayRequest(RequestPart):
    """Asks to apply deliveries again: those received in a period."""

    since: Annotated[
        Instant, Field(alias="from", description="The start of the period (RFC 3339), included.")
    ]
    before: Annotated[
        Instant, Field(alias="to", description="The end of the period (RFC 3339), excluded.")
    ]
    statuses: Annotated[
        tuple[Status, ...],
        Field(
            max_length=len(get_args(Status)),
            description="Only those in one of these statuses; if left out, all of them.",
        ),
    ] = ()
    cursor: Annotated[
        StrictStr | None,
        Field(max_length=2000, description="`next_cursor` of the previous answer, to continue."),
    ] = None

    def begun(self, *, of: str) -> BegunReplay | None:
        """How far the replay has come.

        Raises:
            InvalidCursor: the cursor belongs to a different replay.
        """
        if not self.cursor:
            return None
        return decode_cursor(self.cursor, of=of, read=_read_begun, pointer="/cursor")

    def span(self) -> Span:
        """The period; raises `ValidationFailed` if it ends before it begins."""
        if self.since >= self.before:
            fault = Fault("/to", "out_of_range", "`to` must come after `from`")
            raise ValidationFailed(fault.detail, faults=(fault,))
        return Span(since=self.since, before=self.before, statuses=frozenset(self.statuses))


class SpanReplayAnswer(AnswerPart):
    """Deliveries are queued to be applied again; nothing counts twice."""

    status: Annotated[Literal["queued"], Field(description="They wait to be applied.")] = "queued"
    queued: Annotated[int, Field(description="How many deliveries were queued by this request.")]
    next_cursor: Annotated[
        str | None,
        Field(description="Send the same request with it as `cursor` to queue more; null: done."),
    ]


class DeliveryCounts(AnswerPart):
    """How many deliveries came to which status; at most a thousand are counted."""

    since: Annotated[datetime, Field(description="Counted from this moment on, in UTC.")]
    by_status: Annotated[dict[str, int], Field(description="How many deliveries, by status.")]
    is_all: Annotated[bool, Field(description="False: there were more than were counted.")]


class StorefrontState(StorefrontAnswer):
    """A connected shop, and its deliveries of the last day."""

    last_delivery: Annotated[
        DeliveryAnswer | None, Field(description="The latest delivery, if there is one.")
    ]
    last_trouble: Annotated[
        DeliveryAnswer | None,
        Field(description="The latest delivery that was parked or failed, if there is one."),
    ]
    deliveries: Annotated[
        DeliveryCounts, Field(description="The last day's deliveries in figures.")
    ]


def delivery_answer(line: ListedDelivery) -> DeliveryAnswer:
    stored, handled = line
    envelope, outcome = handled.envelope, handled.outcome
    return DeliveryAnswer(
        id=stored.log_id,
        topic=envelope.topic if envelope else None,
        name=envelope.name if envelope else None,
        source=handled.source,
        order_id=envelope.order_id if envelope else None,
        received_at=stored.received_at,
        applied_at=handled.applied_at,
        attempts=handled.attempts,
        status=outcome.status,
        reason=outcome.reason,
        pointer=outcome.pointer,
        member_id=outcome.member_id,
        entry_id=outcome.entry_id,
        points=outcome.points,
        replayed=outcome.replayed,
        vouchers=steps_answer(outcome.vouchers),
    )


def delivery_content(line: ListedDelivery, delivery: Delivery | None) -> DeliveryContent:
    """A delivery and what was sent; `delivery` is None if that was erased."""
    body = None if delivery is None else delivery.body
    return DeliveryContent(
        **delivery_answer(line).model_dump(),
        body=None if body is None else body[:BODY_BYTES_SHOWN].decode(errors="replace"),
        is_cut=body is not None and len(body) > BODY_BYTES_SHOWN,
    )


def span_replay_answer(done: Replayed, *, requested_at: datetime, of: str) -> SpanReplayAnswer:
    rest = f"{done.next} {requested_at.isoformat()}" if done.next else None
    return SpanReplayAnswer(queued=done.queued, next_cursor=next_cursor(rest, of=of))


def _read_begun(position: str) -> BegunReplay | None:
    after, _, text = position.partition(" ")
    try:
        requested_at = datetime.fromisoformat(text)
    except ValueError:
        return None
    # An instant without an offset could not be compared with any other.
    if read_log_id(after) is None or requested_at.utcoffset() != timedelta():
        return None
    return BegunReplay(after, requested_at)


def storefront_state(storefront: Storefront, health: Health, *, program_id: str) -> StorefrontState:
    return StorefrontState(
        **storefront_answer(storefront, program_id=program_id).model_dump(),
        last_delivery=delivery_answer(health.last) if health.last else None,
        last_trouble=delivery_answer(health.last_trouble) if health.last_trouble else None,
        deliveries=DeliveryCounts(
            since=health.since, by_status=dict(health.counts), is_all=health.is_all
        ),
    )


def webhook_path(program_id: str, storefront_id: str) -> str:
    return f"/v1/programs/{program_id}/webhooks/{storefront_id}"


def storefront_answer(storefront: Storefront, *, program_id: str) -> StorefrontAnswer:
    return StorefrontAnswer(
        id=storefront.storefront_id,
        platform=storefront.platform,
        source=storefront.source,
        connected_at=storefront.connected_at,
        changed_at=storefront.changed_at,
        webhook_path=webhook_path(program_id, storefront.storefront_id),
        notification_url=storefront.notification_url,
        store=storefront.store,
        client_id=storefront.client_id,
        has_access_token=storefront.has_access_token,
        sandbox=storefront.sandbox,
        earns=EarningOrders(**asdict(storefront.earns)),
        enroll_customers=storefront.enroll_customers,
        create_codes=storefront.create_codes,
        counts_tax=storefront.counts_tax,
        other_currencies=storefront.other_currencies,
    )

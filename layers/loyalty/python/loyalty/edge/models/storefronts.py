"""Storefronts as managers connect them, and what they are answered."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, NamedTuple, get_args

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import ConfigDict, Field, StrictBool, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import EXTERNAL_ID
from loyalty.domain.program.document import Program
from loyalty.domain.shops.deliveries import read_log_id
from loyalty.domain.shops.storefront import (
    OrderFilter,
    PlatformName,
    ShopKeys,
    Status,
    Storefront,
)
from loyalty.edge.http.paging import decode_cursor, next_cursor
from loyalty.edge.http.schemas import AnswerPart, ExternalId, Instant, Label, RequestPart
from loyalty.edge.models.order_vouchers import VoucherStepAnswer, steps_answer
from loyalty.storefronts import platform_named
from loyalty.usecases.shops.deliveries import Health, ListedDelivery, Replayed, Span

StorefrontId = Annotated[str, Path(pattern=EXTERNAL_ID, description="A name of your own choosing.")]
# Visible ASCII: what else a copied secret carries is a mistake in copying.
Secret = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,256}$")]
ClientId = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
AccessToken = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,1024}$")]
HttpsUrl = Annotated[StrictStr, Field(pattern=r"^https://[\x21-\x7e]{1,500}$")]
StoreName = Annotated[StrictStr, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$")]

NAMES_MAX: Final = 20

# What a platform needs beyond its secrets, and what else it may be told.
NEEDS: Final[dict[PlatformName, frozenset[str]]] = {
    "square": frozenset({"access_token"}),
    "bigcommerce": frozenset({"access_token", "store"}),
    "shopify": frozenset({"store"}),
}
# Where a store is named by its host; the others have a name or a hash, without dots.
NAMED_BY_HOST: Final[frozenset[PlatformName]] = frozenset({"woocommerce"})
MAY: Final[dict[PlatformName, frozenset[str]]] = {
    "square": frozenset({"notification_url", "sandbox"}),
    "shopify": frozenset({"create_codes"}),
    "woocommerce": frozenset({"store"}),
    "stripe": frozenset({"access_token"}),
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
    """Which paid orders earn: where something is named, no others. Capitals do not count."""

    statuses: Annotated[
        Names, Field(description="The platform's names of the statuses in which an order earns.")
    ] = ()
    channels: Annotated[
        Names, Field(description="Shopify, WooCommerce, Square, BigCommerce: where it was bought.")
    ] = ()
    tags_any: Annotated[Names, Field(description="Shopify: one of these is needed.")] = ()
    tags_none: Annotated[Names, Field(description="Shopify: none of these may be there.")] = ()

    def earns(self) -> OrderFilter:
        return OrderFilter(
            statuses=self.statuses,
            channels=self.channels,
            tags_any=self.tags_any,
            tags_none=self.tags_none,
        )

    def faults(self, platform: PlatformName) -> Iterator[Fault]:
        """What the platform does not tell of an order, or does not call so."""
        traits = platform_named(platform).traits
        for name, has in (
            ("statuses", traits.statuses is not None),
            ("channels", traits.has_channels),
            ("tags_any", traits.has_tags),
            ("tags_none", traits.has_tags),
        ):
            if getattr(self, name) and not has:
                yield Fault(f"/earns/{name}", "not_for_platform", f"{platform} tells none")
        for number, status in enumerate(self.statuses):
            if traits.statuses and not traits.statuses.fullmatch(status):
                detail = f"An order of {platform} earns in no such status"
                yield Fault(f"/earns/statuses/{number}", "unknown_status", detail)


PlanId = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,192}$")]


class PaidLevel(RequestPart):
    level: Annotated[ExternalId, Field(description="One of the program's, as long as it is paid.")]


class StorefrontRequest(RequestPart):
    """A shop to connect. Sent again, it replaces all that was said before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "platform": "shopify",
                    "source": "shop",
                    "store": "bean-and-leaf",
                    "secrets": ["shpss_…"],
                }
            ]
        }
    )

    platform: PlatformName
    source: Annotated[
        ExternalId,
        Field(description="Names the shop in orders. Told under another name, an order is new."),
    ]
    secrets: Annotated[
        tuple[Secret, ...],
        Field(
            min_length=1,
            max_length=2,
            description="What its webhooks are signed with; two while one replaces the other.",
        ),
    ]
    access_token: Annotated[
        AccessToken | None,
        Field(
            description="Square, BigCommerce: by which their orders are read. "
            "Stripe: a restricted key, by which the payments of invoices are. "
            "Shopify: by which codes are created, where there is no `client_id`."
        ),
    ] = None
    client_id: Annotated[
        ClientId | None,
        Field(description="Shopify: the app's; tokens are asked for with it and the first secret."),
    ] = None
    notification_url: Annotated[
        HttpsUrl | None,
        Field(description="Square: where it delivers, if not at this API's own address."),
    ] = None
    store: Annotated[
        StoreName | None,
        Field(
            description="Names the shop in its deliveries. Shopify: what comes before "
            "`.myshopify.com`. BigCommerce: the store's hash. WooCommerce: the host of the site. "
            "A delivery that names another shop is not applied."
        ),
    ] = None
    sandbox: Annotated[StrictBool, Field(description="Square: a shop of its sandbox.")] = False
    earns: EarningOrders = EarningOrders()
    enroll_customers: Annotated[
        StrictBool,
        Field(description="Shopify: who consents to marketing in the shop becomes a member."),
    ] = False
    create_codes: Annotated[
        StrictBool,
        Field(
            description="Shopify: vouchers' codes are discount codes of the shop. "
            "Needs `client_id` or `access_token`."
        ),
    ] = False
    memberships: Annotated[
        dict[PlanId, PaidLevel],
        Field(
            default_factory=dict,
            max_length=NAMES_MAX,
            description="Square, Stripe: the plans, by the platform's ids, that pay for a level.",
        ),
    ]

    def connection(
        self, storefront_id: str, *, document: Program, now: datetime
    ) -> tuple[Storefront, ShopKeys]:
        """The shop, and what it must not tell.

        Raises:
            ValidationFailed: something is missing that the platform needs, or told that it has
                no use for.
        """
        faults = (*self._faults(), *self._unknown_levels(document))
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
            memberships={plan: paid.level for plan, paid in self.memberships.items()},
        )
        return storefront, ShopKeys(secrets=self.secrets, access_token=self.access_token)

    def _unknown_levels(self, document: Program) -> Iterator[Fault]:
        for plan, paid in self.memberships.items():
            if document.tiers is None or document.tiers.level(paid.level) is None:
                detail = f"There is no level “{paid.level}”"
                yield Fault(f"/memberships/{plan}/level", "unknown_level", detail)

    def _faults(self) -> Iterator[Fault]:
        needs = NEEDS.get(self.platform, frozenset())
        may = MAY.get(self.platform, frozenset())
        if self.platform == "shopify" and self.create_codes:
            needs |= {"client_id" if self.access_token is None else "access_token"}
        if self.store and "." in self.store and self.platform not in NAMED_BY_HOST:
            yield Fault("/store", "store_form", "Give the name of the store without its domain")
        for name in PARTS:
            is_told = bool(getattr(self, name))
            if name in needs and not is_told:
                yield Fault(f"/{name}", "missing", f"{self.platform} needs it")
            if is_told and name not in needs | may:
                yield Fault(f"/{name}", "not_for_platform", f"{self.platform} has no use for it")
        traits = platform_named(self.platform).traits
        for name, has in (
            ("enroll_customers", traits.has_consents),
            ("memberships", traits.has_memberships),
        ):
            if getattr(self, name) and not has:
                yield Fault(f"/{name}", "not_for_platform", f"{self.platform} tells of none")
        yield from self.earns.faults(self.platform)


class StorefrontAnswer(AnswerPart):
    """A connected shop. Its secrets are never told."""

    id: str
    platform: PlatformName
    source: str
    connected_at: datetime
    changed_at: datetime
    webhook_path: Annotated[str, Field(description="Where the shop is to deliver its webhooks.")]
    notification_url: str | None = None
    store: str | None = None
    client_id: str | None = None
    sandbox: bool = False
    earns: EarningOrders = EarningOrders()
    enroll_customers: bool = False
    create_codes: bool = False
    memberships: Annotated[dict[str, PaidLevel], Field(default_factory=dict)]


class DeliveryAnswer(AnswerPart):
    """A delivery and what came of it, the last time it was applied. What it says is not told."""

    id: Annotated[str, Field(description="By which it is replayed.")]
    topic: str | None
    name: Annotated[str | None, Field(description="The platform's own id of it.")]
    source: str | None
    order_id: str | None
    received_at: datetime
    applied_at: Annotated[
        datetime | None, Field(description="When this came of it; null: it still waits.")
    ]
    attempts: Annotated[
        int, Field(description="How often it was tried the last time; given up after five.")
    ]
    status: Status
    reason: Annotated[
        str | None, Field(description="Why it was ignored, parked, or failed: a stable code.")
    ]
    pointer: Annotated[str | None, Field(description="Where in the body the mistake is.")]
    member_id: str | None
    entry_id: str | None
    points: Annotated[int, Field(description="What it moved, pending points included.")]
    replayed: Annotated[bool, Field(description="Another delivery had told the same before.")]
    vouchers: Annotated[
        list[VoucherStepAnswer], Field(description="What became of the order's vouchers.")
    ]


class DeliveryPage(AnswerPart):
    items: list[DeliveryAnswer]
    next_cursor: str | None


class ReplayAnswer(AnswerPart):
    """The delivery is queued to be applied once more; what counted does not count again."""

    status: Literal["queued"] = "queued"
    delivery: DeliveryAnswer


class BegunReplay(NamedTuple):
    """The last delivery that was looked at, and when the replay was first asked for."""

    after: str
    asked_at: datetime


class ReplayRequest(RequestPart):
    """Deliveries to be applied once more: those received from a moment on and before another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from": "2026-11-21T00:00:00Z",
                    "to": "2026-11-22T00:00:00Z",
                    "statuses": ["parked", "failed"],
                }
            ]
        }
    )

    since: Annotated[Instant, Field(alias="from")]
    before: Annotated[Instant, Field(alias="to")]
    statuses: Annotated[
        tuple[Status, ...],
        Field(max_length=len(get_args(Status)), description="Those that came to this; else all."),
    ] = ()
    cursor: Annotated[
        StrictStr | None,
        Field(max_length=2000, description="`next_cursor` of the answer before, to go on."),
    ] = None

    def begun(self, *, of: str) -> BegunReplay | None:
        """What was done before; raises `InvalidCursor` where the cursor tells of another."""
        if not self.cursor:
            return None
        return decode_cursor(self.cursor, of=of, read=_read_begun, pointer="/cursor")

    def span(self) -> Span:
        """Raises `ValidationFailed` where it ends before it begins."""
        if self.since >= self.before:
            fault = Fault("/to", "out_of_range", "It must come after `from`")
            raise ValidationFailed(fault.detail, faults=(fault,))
        return Span(since=self.since, before=self.before, statuses=frozenset(self.statuses))


class SpanReplayAnswer(AnswerPart):
    """So many deliveries are queued; what counted does not count again."""

    status: Literal["queued"] = "queued"
    queued: int
    next_cursor: Annotated[
        str | None, Field(description="More follow: send the same request with it as `cursor`.")
    ]


class DeliveryCounts(AnswerPart):
    """How deliveries fared since a time, by status; at most a thousand are looked at."""

    since: datetime
    by_status: dict[str, int]
    is_all: Annotated[bool, Field(description="False: there were more than were looked at.")]


class StorefrontState(StorefrontAnswer):
    """A connected shop, and how its deliveries of the last day fared."""

    last_delivery: DeliveryAnswer | None
    last_trouble: Annotated[
        DeliveryAnswer | None, Field(description="The last one that was parked, or that failed.")
    ]
    deliveries: DeliveryCounts


def delivery_answer(line: ListedDelivery) -> DeliveryAnswer:
    kept, handled = line
    envelope, outcome = handled.envelope, handled.outcome
    return DeliveryAnswer(
        id=kept.log_id,
        topic=envelope.topic if envelope else None,
        name=envelope.name if envelope else None,
        source=handled.source,
        order_id=envelope.order_id if envelope else None,
        received_at=kept.received_at,
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


def span_replay_answer(done: Replayed, *, asked_at: datetime, of: str) -> SpanReplayAnswer:
    rest = f"{done.next} {asked_at.isoformat()}" if done.next else None
    return SpanReplayAnswer(queued=done.queued, next_cursor=next_cursor(rest, of=of))


def _read_begun(position: str) -> BegunReplay | None:
    after, _, told = position.partition(" ")
    try:
        asked_at = datetime.fromisoformat(told)
    except ValueError:
        return None
    # An instant without an offset could not be compared with any other.
    if read_log_id(after) is None or asked_at.utcoffset() != timedelta():
        return None
    return BegunReplay(after, asked_at)


def storefront_state(storefront: Storefront, health: Health, *, program_id: str) -> StorefrontState:
    return StorefrontState(
        **storefront_answer(storefront, program_id=program_id).model_dump(),
        last_delivery=delivery_answer(health.last) if health.last else None,
        last_trouble=delivery_answer(health.last_trouble) if health.last_trouble else None,
        deliveries=DeliveryCounts(
            since=health.since, by_status=dict(health.counts), is_all=health.is_all
        ),
    )


def storefront_answer(storefront: Storefront, *, program_id: str) -> StorefrontAnswer:
    return StorefrontAnswer(
        id=storefront.storefront_id,
        platform=storefront.platform,
        source=storefront.source,
        connected_at=storefront.connected_at,
        changed_at=storefront.changed_at,
        webhook_path=f"/v1/programs/{program_id}/webhooks/{storefront.storefront_id}",
        notification_url=storefront.notification_url,
        store=storefront.store,
        client_id=storefront.client_id,
        sandbox=storefront.sandbox,
        earns=EarningOrders(**asdict(storefront.earns)),
        enroll_customers=storefront.enroll_customers,
        create_codes=storefront.create_codes,
        memberships={
            plan: PaidLevel(level=level) for plan, level in storefront.memberships.items()
        },
    )

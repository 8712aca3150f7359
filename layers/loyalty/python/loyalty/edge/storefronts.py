"""Storefronts as managers connect them, and what they are answered."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import ConfigDict, Field, StrictBool, StrictStr

from loyalty.domain.errors import Fault, ValidationFailed
from loyalty.domain.fields import EXTERNAL_ID
from loyalty.domain.storefront import Handled, Platform, ShopKeys, Status, Storefront
from loyalty.edge.schemas import AnswerPart, ExternalId, RequestPart
from loyalty.usecases.storefronts import Health

StorefrontId = Annotated[str, Path(pattern=EXTERNAL_ID, description="A name of your own choosing.")]
# Visible ASCII: what else a copied secret carries is a mistake in copying.
Secret = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,256}$")]
AccessToken = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,1024}$")]
HttpsUrl = Annotated[StrictStr, Field(pattern=r"^https://[\x21-\x7e]{1,500}$")]
StoreHash = Annotated[StrictStr, Field(pattern=r"^[a-z0-9]{1,32}$")]

# What a platform needs beyond its secrets, and what else it may be told.
NEEDS: Final[dict[Platform, frozenset[str]]] = {
    "square": frozenset({"access_token"}),
    "bigcommerce": frozenset({"access_token", "store"}),
}
MAY: Final[dict[Platform, frozenset[str]]] = {"square": frozenset({"notification_url", "sandbox"})}


class StorefrontRequest(RequestPart):
    """A shop to connect. Sent again, it replaces all that was said before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"platform": "shopify", "source": "shop", "secrets": ["shpss_…"]}]
        }
    )

    platform: Platform
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
        Field(description="Square, BigCommerce: by which their orders are read."),
    ] = None
    notification_url: Annotated[
        HttpsUrl | None,
        Field(description="Square: where it delivers, if not at this API's own address."),
    ] = None
    store: Annotated[StoreHash | None, Field(description="BigCommerce: the store's hash.")] = None
    sandbox: Annotated[StrictBool, Field(description="Square: a shop of its sandbox.")] = False

    def connection(self, storefront_id: str, *, now: datetime) -> tuple[Storefront, ShopKeys]:
        """The shop, and what it must not tell.

        Raises:
            ValidationFailed: something is missing that the platform needs, or told that it has
                no use for.
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
            sandbox=self.sandbox,
        )
        return storefront, ShopKeys(secrets=self.secrets, access_token=self.access_token)

    def _faults(self) -> Iterator[Fault]:
        needs = NEEDS.get(self.platform, frozenset())
        may = MAY.get(self.platform, frozenset())
        for name in ("access_token", "notification_url", "store", "sandbox"):
            is_told = bool(getattr(self, name))
            if name in needs and not is_told:
                yield Fault(f"/{name}", "missing", f"{self.platform} needs it")
            if is_told and name not in needs | may:
                yield Fault(f"/{name}", "not_for_platform", f"{self.platform} has no use for it")


class StorefrontAnswer(AnswerPart):
    """A connected shop. Its secrets are never told."""

    id: str
    platform: Platform
    source: str
    connected_at: datetime
    changed_at: datetime
    webhook_path: Annotated[str, Field(description="Where the shop is to deliver its webhooks.")]
    notification_url: str | None = None
    store: str | None = None
    sandbox: bool = False


class DeliveryAnswer(AnswerPart):
    """A delivery and what came of it, the last time it was applied. What it says is not told."""

    id: Annotated[str, Field(description="By which it is replayed.")]
    topic: str
    name: Annotated[str, Field(description="The platform's own id of it.")]
    source: str
    order_id: str | None
    received_at: datetime
    applied_at: datetime
    status: Status
    reason: Annotated[
        str | None, Field(description="Why it was ignored, parked, or failed: a stable code.")
    ]
    pointer: Annotated[str | None, Field(description="Where in the body the mistake is.")]
    member_id: str | None
    entry_id: str | None
    points: Annotated[int, Field(description="What it moved, pending points included.")]
    replayed: Annotated[bool, Field(description="Another delivery had told the same before.")]


class DeliveryPage(AnswerPart):
    items: list[DeliveryAnswer]
    next_cursor: str | None


class ReplayAnswer(AnswerPart):
    """The delivery is queued to be applied once more; what counted does not count again."""

    status: Literal["queued"] = "queued"
    delivery: DeliveryAnswer


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


def delivery_answer(handled: Handled) -> DeliveryAnswer:
    outcome = handled.outcome
    return DeliveryAnswer(
        id=handled.log_id,
        topic=handled.topic,
        name=handled.name,
        source=handled.source,
        order_id=handled.order_id,
        received_at=handled.received_at,
        applied_at=handled.applied_at,
        status=outcome.status,
        reason=outcome.reason,
        pointer=outcome.pointer,
        member_id=outcome.member_id,
        entry_id=outcome.entry_id,
        points=outcome.points,
        replayed=outcome.replayed,
    )


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
        sandbox=storefront.sandbox,
    )

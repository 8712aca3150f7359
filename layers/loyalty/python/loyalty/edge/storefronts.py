"""Storefronts as managers connect them, and what they are answered."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import ConfigDict, Field, StrictStr

from loyalty.domain.fields import EXTERNAL_ID
from loyalty.domain.storefront import Platform, Storefront
from loyalty.edge.schemas import AnswerPart, ExternalId, RequestPart

StorefrontId = Annotated[str, Path(pattern=EXTERNAL_ID, description="A name of your own choosing.")]
# Visible ASCII: what else a copied secret carries is a mistake in copying.
Secret = Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,256}$")]


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


class StorefrontAnswer(AnswerPart):
    """A connected shop. Its secrets are never told."""

    id: str
    platform: Platform
    source: str
    connected_at: datetime
    changed_at: datetime
    webhook_path: Annotated[str, Field(description="Where the shop is to deliver its webhooks.")]


def storefront_answer(storefront: Storefront, *, program_id: str) -> StorefrontAnswer:
    return StorefrontAnswer(
        id=storefront.storefront_id,
        platform=storefront.platform,
        source=storefront.source,
        connected_at=storefront.connected_at,
        changed_at=storefront.changed_at,
        webhook_path=f"/v1/programs/{program_id}/webhooks/{storefront.storefront_id}",
    )

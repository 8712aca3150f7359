"""Holdouts: members from whom campaigns are withheld, so that their effect can be measured.

Only a comparison with members who were chosen at random shows what a campaign brought, because
members who buy more also earn more from it.
"""

from typing import Annotated

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import ExternalId
from loyalty.domain.program.parts import DocumentPart

HoldoutPercent = Annotated[
    StrictInt, Field(ge=1, le=90, description="How many of 100 members are held out, by lot.")
]


class CampaignHoldout(DocumentPart):
    """Members who get no points of a campaign and do not see it."""

    percent: HoldoutPercent
    salt: Annotated[
        ExternalId | None,
        Field(
            description="Decides who is held out; null: the campaign's id. Another salt holds "
            "other members out."
        ),
    ] = None


class UniversalHoldout(DocumentPart):
    """Members who get no points of any campaign and see none."""

    percent: HoldoutPercent
    salt: Annotated[
        ExternalId,
        Field(
            description="Decides who is held out, such as `2026-h2`. Choose another one after some "
            "months, so that it is not always the same members."
        ),
    ]

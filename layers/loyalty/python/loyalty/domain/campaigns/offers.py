"""Offers: campaigns that apply only to members who were offered them, until a day.

An offer says why it was made, in one of a few ways that a member can check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

type OfferReasonKind = Literal["you_bought", "been_away", "popular_here", "in_turn", "by_lot"]


class OfferReason(NamedTuple):
    """Why a campaign was offered to a member.

    `you_bought` has the kind and the id of a thing that they bought, `been_away` the days since
    their latest order, and `popular_here` their level, None for any. `in_turn`: no reason favored a
    campaign, so the order of the document decided. `by_lot`: it was drawn.
    """

    kind: OfferReasonKind
    thing_kind: Literal["sku", "category"] | None = None
    thing_id: str | None = None
    days: int | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A campaign that was offered to a member: since when, and its last day.

    `chosen_of` says of how many campaigns that were possible it was chosen.
    """

    offered_at: datetime
    until: date
    because: OfferReason
    chosen_of: int

    def is_open(self, moment: datetime) -> bool:
        """Whether an order of this local time counts.

        Many tills and shops tell the time of an order to the second only.
        """
        return self.offered_at.replace(microsecond=0) <= moment and moment.date() <= self.until

    def rests_until(self, days: int) -> date:
        """The last day on which the campaign is not offered again to the member."""
        return self.until + timedelta(days=days)


def united_offers(survivor: Mapping[str, Offer], merged: Mapping[str, Offer]) -> dict[str, Offer]:
    """The offers of one member who was two: of the same campaign, the one that lasts longer."""
    together = dict(survivor)
    for campaign_id, offer in merged.items():
        mine = together.get(campaign_id)
        if mine is None or mine.until < offer.until:
            together[campaign_id] = offer
    return together

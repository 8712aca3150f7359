"""What a member is targeted by, beside what their account and profile say.

Different writers change different parts of it, each only its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from loyalty.domain.campaigns.offers import Offer, united_offers
from loyalty.domain.program.kinds import CAMPAIGNS_MAX

# Joined campaigns are kept after the document dropped them: it may have them again.
JOINED_MAX: Final = CAMPAIGNS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeting:
    """What a member is targeted by: since when they take part in the campaigns that they joined.

    `segments` are the computed ones that they are in, each with the fingerprint of the definition
    by which they are; `segments_as_of` is when they were found, and `segments_since`
    since when they are in each. `offers` are the campaigns that
    were offered to them, with those that ended some time ago.
    """

    member_id: str
    joined: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    offers: Mapping[str, Offer] = field(default_factory=lambda: MappingProxyType({}))
    segments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    segments_as_of: datetime | None = None
    segments_since: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSegments:
    """The computed segments that a member is in as of a moment, all of them, as in `Targeting`."""

    member_id: str
    as_of: datetime
    segments: Mapping[str, str]
    since: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def entered(self) -> frozenset[str]:
        """The segments that they entered with the run of this moment."""
        return frozenset(name for name, since in self.since.items() if since == self.as_of)


def joining(
    joined: Mapping[str, datetime], campaign_id: str, *, now: datetime, offered: Collection[str]
) -> dict[str, datetime]:
    """The campaigns of a member who joins another one; of one they joined before nothing changes.

    `offered` are the campaigns of the document. Only if there are too many, others are forgotten.
    """
    together = {campaign_id: now, **joined}
    if len(together) <= JOINED_MAX:
        return together
    return {
        name: since for name, since in together.items() if name == campaign_id or name in offered
    }


def united(survivor: Targeting, merged: Targeting) -> Targeting:
    """What one member is targeted by who was two: they joined when the first of both did.

    They keep what was offered to either. The survivor stays in their own segments until the next
    run, which knows what the other did.
    """
    joined = dict(survivor.joined)
    for campaign_id, since in merged.joined.items():
        joined[campaign_id] = min(since, joined.get(campaign_id, since))
    return replace(survivor, joined=joined, offers=united_offers(survivor.offers, merged.offers))

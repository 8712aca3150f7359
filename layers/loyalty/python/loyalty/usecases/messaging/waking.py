"""The events after which a member is checked at once."""

from __future__ import annotations

from typing import Final

from loyalty.domain import events

# What these bring may come up before the next check.
# Points of an order need no check: they live so long that the next check comes first.
WAKING_EVENTS: Final = (
    events.MemberEnrolled,
    events.ProfileChanged,
    events.MemberMerged,
    events.PointsAdjusted,
    events.PointsTransferred,
    events.PointsReturned,
    events.RewardRedeemed,
    events.TierChanged,
    events.ChallengeCompleted,
    events.BadgeEarned,
)
# But an order that arrives late has aged already: its first stage may come before the next check.
WAKING_IF_LATE: Final = (events.PointsEarned,)

"""What a posting changes of what orders count, and of members' progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty.domain.engagement.activities import ActivityRef
    from loyalty.domain.engagement.counting import Tallies
    from loyalty.domain.engagement.progress import CountedProgress
    from loyalty.domain.orders.order import OrderRef


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShare:
    """What an order counts under one counter, as it was added to a member's progress.

    `occurred_at` is the order's own time. `revision` guards the item; 0: there is none yet.
    """

    order: OrderRef
    counter: str
    occurred_at: datetime
    tallies: Tallies = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareChange:
    """What an order counts from now on.

    It relies on the order being in the state that it was decided from: on the counter of that state
    (None: nothing has changed the order). Otherwise a look that began before a refund could count
    the order in full, after a look that found nothing to count.
    """

    becomes: OrderShare
    state_counter: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityShare:
    """What an activity counts under one counter, as it was added to a member's progress.

    `revision` guards the item; 0: there is none yet.
    """

    ref: ActivityRef
    counter: str
    tallies: Tallies = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityShareChange:
    """What an activity counts from now on; it relies on the activity's revision being as seen."""

    becomes: ActivityShare
    activity_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementChange:
    """What an order or an activity counts, and the progress that it counts in.

    Each relies on the item with a revision one lower; the first relies on there being none.
    """

    share: ShareChange | None = None
    activity_share: ActivityShareChange | None = None
    progress: tuple[CountedProgress, ...] = ()

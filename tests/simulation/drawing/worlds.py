"""Random programs, in places and at times with unusual days."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tests.simulation import naive, programs
from tests.simulation.drawing.campaigns import with_campaigns
from tests.simulation.world import World

# Places and times with unusual days: both ends of daylight saving (at 1:00, at 2:00, at midnight,
# by half an hour), the first and last place where a day begins, a leap day, a year's end.
PLACES: Final[tuple[tuple[str, date], ...]] = (
    ("Europe/Berlin", date(2026, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 24)),
    ("America/New_York", date(2026, 3, 7)),
    ("America/New_York", date(2026, 10, 31)),
    ("America/Havana", date(2026, 3, 7)),
    ("America/Havana", date(2026, 10, 31)),
    ("Africa/Cairo", date(2026, 4, 23)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Santiago", date(2026, 4, 4)),
    ("America/Santiago", date(2026, 9, 5)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Asia/Kathmandu", date(2026, 12, 31)),
    ("Pacific/Kiritimati", date(2026, 2, 27)),
    ("Etc/GMT+12", date(2026, 12, 30)),
    ("UTC", date(2028, 2, 28)),
    ("Asia/Kolkata", date(2026, 1, 30)),
)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)


def drawn_world(
    draw: random.Random,
    *,
    rush: bool,
    claim_days: int,
    min_age_days: int,
    late_minutes: int,
    campaigns: random.Random | None,
    trace: Callable[[str], None] | None,
) -> World:
    """A world with a program; it has campaigns if there is a generator to draw them from."""
    zone_name, day = draw.choice(PLACES)
    zone = ZoneInfo(zone_name)
    day += _DAY * draw.choice((-1, 0, 0, 1))
    clock = time(draw.choice((0, 1, 12, 22, 23)), draw.choice((0, 58)), tzinfo=zone)
    now = datetime.combine(day, clock)
    if rush:
        midnight = naive.midnight_told(day.isoformat(), zone_name)
        now = datetime.fromisoformat(midnight) - _SECOND
    now = datetime.fromtimestamp(now.timestamp(), UTC)
    quiet = draw.random() < 0.15
    tiers = draw.choice(programs.TIERS) if draw.random() < 0.15 else None
    first = programs.document(
        zone_name,
        expiry=draw.choice(programs.QUIET_EXPIRIES if quiet else programs.EXPIRIES),
        inactivity=draw.choice(programs.QUIETS) if quiet else None,
        expiry_by_source=programs.BY_SOURCE[now.toordinal() % len(programs.BY_SOURCE)],
        rules=programs.TIERED if tiers else draw.choice(programs.RULES),
        tiers=tiers,
        pending_days=draw.choice((0, 0, 1, 2)),
        clawback=draw.choice(("unlimited", "unlimited", "within_balance", "only_pending")),
        reinstate_days=draw.choice((0, 0, 2)),
        hold_minutes=draw.choice((1, 15, 600)),
        claim_days=claim_days,
        min_age_days=min_age_days,
        late_redemption_minutes=late_minutes,
    )
    since = day - _DAY * draw.choice((1, 20, 31)) if quiet else None
    versions = [programs.published(first, published_at=now - 90 * _DAY, inactivity_since=since)]
    if not quiet and draw.random() < 0.2:
        second = programs.changed(
            first,
            {
                "expiry": draw.choice(programs.EXPIRIES),
                "earning_rules": draw.choice(programs.RULES),
                "clawback": draw.choice(("unlimited", "within_balance")),
            },
        )
        later = now + timedelta(hours=draw.choice((0, 1, 12)))
        versions.append(programs.published(second, published_at=later, version=2))
    if campaigns is not None:
        versions = with_campaigns(campaigns, versions, now=now)
    return World(
        *versions, now=now, reported=draw.choice(("all", "all", "first", "last")), trace=trace
    )

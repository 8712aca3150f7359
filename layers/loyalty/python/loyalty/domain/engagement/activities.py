"""What members did besides buying, as its source reported it, and what it is worth now.

A source numbers its activities, and says when it wrote the content of each. So the latest content
counts, in whatever sequence the reports arrive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loyalty.domain.kernel.errors import ActivityConflict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from loyalty.domain.people.identity import Identity
    from loyalty.domain.program.activities import RewardedActivity

# How an activity stands, as stored, in events, in facts and in the API.
ActivityState = Literal["awarded", "limited", "waiting", "retracted"]
# Why an activity is not worth anything, as stored and in the API.
ActivityReason = Literal["per_subject", "per_day_max", "ever_max", "no_order"]

_AWARD: Final = "activity."


class ActivityRef(NamedTuple):
    """An activity by its source and the source's own number."""

    source: str
    activity_id: str

    @property
    def award_id(self) -> str:
        """The id of its award. It is stored; no source and no id contains the slash."""
        return f"{_AWARD}{self.source}/{self.activity_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityContent:
    """Who did what, when, and about what. `attributes` are those that are true, such as `photo`."""

    activity: str
    member_id: str
    occurred_at: datetime
    subject: str | None = None
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedActivity:
    """An activity as its source reports it; it names the member by id or by identities.

    `changed_at` is when the source wrote this content. Identities matter only the first time: an
    activity stays with its member.
    """

    ref: ActivityRef
    activity: str
    member_id: str | None
    identities: Sequence[Identity] = ()
    occurred_at: datetime
    changed_at: datetime
    subject: str | None = None
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRemoved:
    """An activity was removed at its source, for example because a review was rejected."""

    ref: ActivityRef
    removed_at: datetime


class MovingEntry(NamedTuple):
    """An entry of the activity's award: its kind, and the step of the award."""

    kind: Literal["bonus", "clawback"]
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedActivity:
    """An activity as it stands.

    `content` is None if only its removal is known yet. `changed_at` is when its source wrote what
    is known. `points` are those that stand. `uses` names the uses of its limits that it takes up.
    `program_version` is the version that judges it, from when it first counted. `moved_by` names
    the entry by which its last change moved points. `revision` counts the changes and guards the
    item.
    """

    ref: ActivityRef
    content: ActivityContent | None
    changed_at: datetime
    state: ActivityState
    reason: ActivityReason | None = None
    points: int = 0
    uses: tuple[str, ...] = ()
    program_version: int | None = None
    moved_by: MovingEntry | None = None
    first_recorded_at: datetime
    recorded_at: datetime
    recorded_by: str | None = None
    revision: int = 1

    @property
    def is_removed(self) -> bool:
        return self.state == "retracted"


class ActivityLimit(NamedTuple):
    """How often a member may use a limit; `use` names it. Limits are in the order of the checks."""

    use: str
    most: int
    reason: ActivityReason


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTaken:
    """A use of a limit that a member takes up or, without `below`, gives back.

    Taking it up relies on the member having fewer than `below` of it.
    """

    member_id: str
    activity: str
    use: str
    below: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityChange:
    """An activity from now on, with the uses of limits that it takes up or gives back.

    It relies on the item with a revision one lower; the first one relies on there being none.
    `waited`: it was listed among those that wait for an order of the member.
    """

    becomes: RecordedActivity
    uses: tuple[UseTaken, ...] = ()
    waited: bool = False


def is_news(seen: RecordedActivity | None, content: ActivityContent, changed_at: datetime) -> bool:
    """Whether a report of an activity is new, and counts from now on.

    An activity that waits for an order is new until it stops waiting. `content` and the stored
    activity name the same owner, also after a merge.

    Raises:
        ActivityConflict: it was recorded as another activity, or at the same time with other
            attributes.
    """
    if seen is None:
        return True
    if seen.content is None:
        return changed_at > seen.changed_at
    if replace(content, attributes=seen.content.attributes) != seen.content:
        detail = "The member, subject, time and kind of an activity cannot change"
        raise ActivityConflict(detail)
    if changed_at == seen.changed_at and not seen.is_removed:
        if content.attributes != seen.content.attributes:
            detail = "An edit needs a later `changed_at` than the content that it replaces"
            raise ActivityConflict(detail)
        return seen.state == "waiting"
    return changed_at > seen.changed_at


def limits_of(
    terms: RewardedActivity, content: ActivityContent, *, day: date
) -> Iterator[ActivityLimit]:
    """What an activity of a day takes up of the member's limits."""
    if terms.per_subject and content.subject is not None:
        yield ActivityLimit(f"subject#{content.subject}", 1, "per_subject")
    if terms.per_day_max is not None:
        yield ActivityLimit(f"day#{day.isoformat()}", terms.per_day_max, "per_day_max")
    if terms.ever_max is not None:
        yield ActivityLimit("ever", terms.ever_max, "ever_max")


def exceeded(limits: tuple[ActivityLimit, ...], used: Mapping[str, int]) -> ActivityReason | None:
    """The first limit that is used up; None if one more fits into each."""
    return next((each.reason for each in limits if used.get(each.use, 0) >= each.most), None)


def has_ordered(terms: RewardedActivity, *, day: date, bought_on: date | None) -> bool:
    """Whether the member's latest order is recent enough for an activity of a day."""
    if terms.needs_order_days is None:
        return True
    return bought_on is not None and bought_on >= day - timedelta(days=terms.needs_order_days)

"""A household: members who can spend each other's points.

The household lists its members, but their accounts decide: a member who just left, was merged or
was erased is not in the household, even if the list has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

# Invitations that nobody has accepted yet. The oldest gives way to a new one.
INVITATIONS_MAX: Final = 10
INVITED_FOR: Final = timedelta(days=7)

HouseholdChange = Literal["joined", "left", "shares"]


class HeldHousehold(NamedTuple):
    """The household that a member is in, or left last, by local days of the program.

    They are in it from the day `since`; `left_on` is the day on which they left, None while they
    are in it. `shares_max` is the most points in a month that the others may spend; None: no limit
    of the member's own.
    """

    household_id: str
    since: date
    shares_max: int | None = None
    left_on: date | None = None

    @property
    def is_left(self) -> bool:
        return self.left_on is not None

    def is_over(self, waits_days: int, *, day: date) -> bool:
        """Whether the waiting time after joining is over on a day."""
        return self.since + timedelta(days=waits_days) <= day

    def may_join_again(self, rejoin_days: int, *, day: date) -> bool:
        """Whether a member who left may be in a household again on a day."""
        return self.left_on is not None and self.left_on + timedelta(days=rejoin_days) <= day


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """The members of a household, in the sequence in which they joined, each with the day.

    `invitations` maps the digest of an invitation to when it ends. `revision` counts the changes.
    """

    household_id: str
    owner_id: str
    members: Mapping[str, date]
    invitations: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 1

    def inviting(self, digest: str, *, now: datetime) -> Household:
        """The same with one more invitation, which ends after a week."""
        ends = {**self._open(now), digest: now + INVITED_FOR}
        latest = sorted(ends, key=lambda each: ends[each])[-INVITATIONS_MAX:]
        return self._changed(invitations={each: ends[each] for each in latest})

    def has_invited(self, digest: str, *, now: datetime) -> bool:
        return digest in self._open(now)

    def joined_by(self, member_id: str, digest: str, *, day: date, now: datetime) -> Household:
        """The same with a member who accepted an invitation, which counts once."""
        invitations = {each: end for each, end in self._open(now).items() if each != digest}
        return self._changed(members={**self.members, member_id: day}, invitations=invitations)

    def without(self, member_id: str) -> Household:
        """The same without a member. If they owned it, the one in it longest becomes the owner."""
        members = {each: day for each, day in self.members.items() if each != member_id}
        owner_id = self.owner_id
        if owner_id == member_id:
            owner_id = min(members, key=lambda each: members[each], default=member_id)
        return self._changed(members=members, owner_id=owner_id)

    def _open(self, now: datetime) -> dict[str, datetime]:
        return {each: end for each, end in self.invitations.items() if end > now}

    def _changed(
        self,
        *,
        members: Mapping[str, date] | None = None,
        owner_id: str | None = None,
        invitations: Mapping[str, datetime] | None = None,
    ) -> Household:
        return replace(
            self,
            members=self.members if members is None else members,
            owner_id=owner_id or self.owner_id,
            invitations=self.invitations if invitations is None else invitations,
            revision=self.revision + 1,
        )


def household_change(
    before: HeldHousehold | None, after: HeldHousehold | None
) -> HouseholdChange | None:
    """What a change of an account says of the member's household; None if nothing."""
    if after is None or after == before:
        return None
    if after.is_left:
        return "left"
    if before is None or before.is_left or before.household_id != after.household_id:
        return "joined"
    return "shares"

"""What a merge would do, in numbers, computed from the merge itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.people.member import UNITED_IDENTITIES_MAX, united

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.holding import Holding
    from loyalty.domain.people.identity import IdentityKind
    from loyalty.domain.people.member import Member
    from loyalty.domain.program.document import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedPoints:
    """What both hold, and what the member who remains would hold.

    `paid_debt` is the debt that points of the other one pay. `lots_joined` are lots whose points
    move to a later one, because an account has a limited number of lots.
    """

    merged: Holding
    remaining: Holding
    after: Holding
    paid_debt: int
    lots_joined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedLevels:
    """The levels of both, and of the member who remains; None: no level."""

    merged: str | None
    remaining: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedPerson:
    """What of a person moves, by name; what the one who remains has already is lost.

    `identities` counts by kind those that move. They stay apart if both together have too many.
    """

    identities: Mapping[IdentityKind, int]
    identities_stay_apart: bool
    fields_taken: tuple[str, ...]
    fields_lost: tuple[str, ...]
    consents_taken: Mapping[str, bool]
    consents_lost: tuple[str, ...]
    presents_from: date | None


def merged_points(merged: Account, remaining: Account, after: Account) -> MergedPoints:
    """Compare two settled accounts with the one that a merge makes of them."""
    together = merged.holding + remaining.holding
    return MergedPoints(
        merged=merged.holding,
        remaining=remaining.holding,
        after=after.holding,
        paid_debt=together.debt - after.holding.debt,
        lots_joined=len(together.netted().lots) - len(after.holding.lots),
    )


def merged_levels(
    merged: Account, remaining: Account, after: Account, program: Program, *, day: date
) -> MergedLevels:
    before, other, then = (
        level_on(account, program, day=day) for account in (merged, remaining, after)
    )
    return MergedLevels(
        merged=before.id if before else None,
        remaining=other.id if other else None,
        after=then.id if then else None,
    )


def merged_person(merged: Member, remaining: Member) -> MergedPerson:
    after = united(remaining, merged)
    stays_apart = len(after.identities) > UNITED_IDENTITIES_MAX
    theirs, ours = _fields(merged), _fields(remaining)
    return MergedPerson(
        identities={} if stays_apart else Counter(each.kind for each in merged.identities),
        identities_stay_apart=stays_apart,
        fields_taken=() if stays_apart else tuple(name for name in theirs if name not in ours),
        fields_lost=tuple(name for name in theirs if ours.get(name, theirs[name]) != theirs[name]),
        consents_taken={}
        if stays_apart
        else {
            kind: consent.given
            for kind, consent in merged.consents.items()
            if kind not in remaining.consents
        },
        consents_lost=tuple(
            kind
            for kind, consent in merged.consents.items()
            if kind in remaining.consents and remaining.consents[kind].given != consent.given
        ),
        presents_from=remaining.presents_from if stays_apart else after.presents_from,
    )


def _fields(member: Member) -> dict[str, object]:
    """The fields of a profile that have a value, by name."""
    profile = member.profile
    fields: dict[str, object] = {
        "name": profile.name,
        "locale": profile.locale,
        "birthday": profile.birthday,
        **{f"attributes.{name}": value for name, value in profile.attributes.items()},
    }
    return {name: value for name, value in fields.items() if value}

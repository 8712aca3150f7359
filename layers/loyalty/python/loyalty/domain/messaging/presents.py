"""Presents: what a member is given for a day of theirs, once a year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal

from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.messaging.occasions import BIRTHDAY_DAYS, Person, birthday_bonus

if TYPE_CHECKING:
    from loyalty.domain.messaging.correspondence import Correspondence
    from loyalty.domain.people.member import Member
    from loyalty.domain.program.document import Program

# How many days a missed present can still be given.
SIGN_UP_DAYS: Final = 7
SIGN_UP_DAYS_WITH_ORDER: Final = 365
ANNIVERSARY_DAYS: Final = 13
# How long to remember what was given, so that most checks read nothing about it.
REMEMBERED_DAYS: Final = 366

# How long somebody who was erased gets no presents if they return.
RETURNING_DAYS: Final = 365

PresentOccasion = Literal["birthday", "sign_up", "completed_profile", "anniversary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Points, or a reward, from the day `on` to the day `until`.

    `year` is a part of its cause: a member gets one present of a kind in a year, whatever day it
    moves to. A sign-up and a completed profile have none.
    """

    occasion: PresentOccasion
    year: str
    on: date
    until: date
    points: int = 0
    reward_id: str | None = None

    @property
    def name(self) -> str:
        return f"{self.occasion}/{self.year}"

    def cause(self, member_id: str) -> str:
        """Names the request that gives it to a member."""
        return f"{self.occasion}:{member_id}:{self.year}"


def presents_of(
    person: Person, correspondence: Correspondence, document: Program, *, today: date
) -> Iterator[Present]:
    """Every present that a member gets now, or will get; those that were given are left out.

    A member who was erased before, and returned, gets none until a year after that.
    """
    if person.member.presents_from and today < person.member.presents_from:
        return
    birthday = birthday_bonus(person, correspondence, document, today=today)
    if birthday is not None:
        yield Present(
            occasion="birthday",
            year=birthday.name.partition("/")[2],
            on=birthday.on,
            until=birthday.on + timedelta(days=BIRTHDAY_DAYS),
            points=birthday.points,
        )
    for present in (
        *_sign_up(person, document),
        *_completed_profile(person, document, today),
        *_anniversaries(person, document, today),
    ):
        if today <= present.until and present.name not in correspondence.reminded:
            yield present


def gives_presents(document: Program) -> bool:
    """Whether there is anything that a member could get again by leaving and returning."""
    birthday, presents = document.reminders.birthday, document.presents
    return bool(
        (birthday and birthday.bonus_points)
        or presents.sign_up
        or presents.completed_profile
        or presents.anniversary
    )


def needs_order(document: Program) -> bool:
    """Whether any present depends on a member's first order."""
    birthday, sign_up = document.reminders.birthday, document.presents.sign_up
    return bool(
        (birthday and birthday.after_first_order) or (sign_up and sign_up.after_first_order)
    )


def _sign_up(person: Person, document: Program) -> Iterator[Present]:
    rule = document.presents.sign_up
    if rule is None or (rule.after_first_order and not person.has_bought):
        return
    enrolled_on = document.today(person.member.enrolled_at)
    days = SIGN_UP_DAYS_WITH_ORDER if rule.after_first_order else SIGN_UP_DAYS
    yield Present(
        occasion="sign_up",
        year="",
        on=enrolled_on,
        until=enrolled_on + timedelta(days=days),
        points=rule.bonus_points,
    )


def _completed_profile(person: Person, document: Program, today: date) -> Iterator[Present]:
    rule = document.presents.completed_profile
    if rule is None or not all(_has(person.member, field) for field in rule.fields):
        return
    yield Present(
        occasion="completed_profile", year="", on=today, until=today, points=rule.bonus_points
    )


def _has(member: Member, field: str) -> bool:
    """Whether a member has told a field of the profile, an attribute, an e-mail or a phone."""
    section, _, attribute = field.partition(".")
    match section:
        case "attributes":
            return bool(member.profile.attributes.get(attribute, "").strip())
        case "email" | "phone":
            return any(identity.kind == section for identity in member.identities)
        case _:
            return bool(getattr(member.profile, section))


def _anniversaries(person: Person, document: Program, today: date) -> Iterator[Present]:
    """This year's and next year's anniversary; early in a year also last year's."""
    rule = document.presents.anniversary
    if rule is None:
        return
    enrolled_on = document.today(person.member.enrolled_at)
    for year in (today.year - 1, today.year, today.year + 1):
        if year <= enrolled_on.year:
            continue
        on = add_months(enrolled_on, 12 * (year - enrolled_on.year))
        yield Present(
            occasion="anniversary",
            year=str(year),
            on=on,
            until=on + timedelta(days=ANNIVERSARY_DAYS),
            points=rule.bonus_points or 0,
            reward_id=rule.reward_id,
        )

"""Occasions: what a member could be reminded of now, and what will come up if nothing happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.kernel.calendar import NEVER, end_of_month
from loyalty.domain.ledger.account import Account, lapse_of
from loyalty.domain.ledger.holding import ends_on
from loyalty.domain.ledger.standing import (
    standing,
)

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.messaging.correspondence import Correspondence, Reminded
    from loyalty.domain.people.member import Member
    from loyalty.domain.program.document import Program, PublishedProgram
    from loyalty.domain.program.kinds import MessageKind
    from loyalty.domain.program.messages import BirthdayMessage

# How many days a missed message can still be sent.
WELCOME_DAYS: Final = 7
BIRTHDAY_DAYS: Final = 13
LAPSED_DAYS: Final = 90
SEGMENT_DAYS: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member, their account as it counts today, and their vouchers, newest first.

    `has_bought` is false for a member without an order, where a present depends on it. `collected`
    are the occasions that challenges bring. `entered` says since when they are in segments that
    have a message.
    """

    member: Member
    account: Account
    vouchers: Sequence[Voucher] = ()
    has_bought: bool = True
    collected: Sequence[Occasion] = ()
    entered: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A reason to write to a member, from the day `on` to the day `until`.

    `name` identifies it, so that it causes one message for each `stage` (days ahead).
    `remember_until` is how long to remember that it was used; None: until `until`.
    """

    kind: MessageKind
    name: str
    on: date
    until: date
    stage: int = 0
    remember_until: date | None = None
    points: int = 0
    about: date | None = None
    level: str | None = None
    missing: int = 0
    label: str | None = None
    segment: str | None = None

    @property
    def is_present(self) -> bool:
        """Whether it gives points, which needs no consent to mail."""
        return self.kind == "birthday" and self.points > 0

    def is_new(self, reminded: Mapping[str, Reminded]) -> bool:
        """Whether the member was not reminded of it yet, at this stage or a later one."""
        before = reminded.get(self.name)
        return before is None or self.stage < before.stage


def occasions(
    person: Person,
    correspondence: Correspondence,
    *,
    program: PublishedProgram,
    today: date,
    now: datetime,
) -> Iterator[Occasion]:
    """Every occasion that a member has now, or will have if nothing else happens."""
    document = program.document
    yield from _points_expiring(person, correspondence.reminded, program, today)
    yield from _vouchers_expiring(person, document, now)
    yield from _tier_ending(person, document, today)
    yield from _birthdays(person, document, today)
    yield from person.collected
    enrolled_on = document.today(person.member.enrolled_at)
    if document.reminders.welcome:
        until = enrolled_on + timedelta(days=WELCOME_DAYS)
        yield Occasion(kind="welcome", name="welcome", on=enrolled_on, until=until)
    yield from _segments_entered(person, program)
    if lapsed := document.reminders.lapsed:
        since = max(correspondence.bought_on or enrolled_on, enrolled_on)
        on = since + timedelta(days=lapsed.after_days)
        yield Occasion(
            kind="lapsed",
            name=f"lapsed/{since.isoformat()}",
            on=on,
            until=on + timedelta(days=LAPSED_DAYS),
            about=since,
        )


def _segments_entered(person: Person, program: PublishedProgram) -> Iterator[Occasion]:
    """The segments that a member entered; none that announces what they are held out of."""
    document = program.document
    messages = document.reminders.segment_entered
    held_out = held_out_of(program, person.member.member_id) if messages else frozenset[str]()
    for message in messages:
        since = person.entered.get(message.segment)
        if since is None or message.announces in held_out:
            continue
        on = document.today(since)
        yield Occasion(
            kind="segment_entered",
            name=f"segment/{message.segment}",
            on=on,
            until=on + timedelta(days=SEGMENT_DAYS),
            remember_until=on + timedelta(days=max(SEGMENT_DAYS, message.again_after_days)),
            segment=message.segment,
        )


def birthday_bonus(
    person: Person, correspondence: Correspondence, document: Program, *, today: date
) -> Occasion | None:
    """The birthday points that a member gets today, if any."""
    for each in _birthdays(person, document, today):
        is_today = each.on <= today <= each.until
        if each.is_present and is_today and each.name not in correspondence.reminded:
            return each
    return None


def _points_expiring(
    person: Person, reminded: Mapping[str, Reminded], program: PublishedProgram, today: date
) -> Iterator[Occasion]:
    expiring = program.document.reminders.points_expiring
    if expiring is None:
        return
    lapses_after = lapse_of(person.account, program)
    for lot, points in sorted(person.account.holding.lots.items()):
        last = ends_on(lot, lapses_after, spared=person.account.reinstated)
        if not points or last == NEVER:
            continue
        name, left = f"lot/{last.isoformat()}", (last - today).days
        before = reminded[name].stage if name in reminded else left + max(expiring.days_before) + 1
        # Of several missed stages only the last one is used, with today's number of points.
        passed = [stage for stage in expiring.days_before if stage >= left]
        coming = [stage for stage in expiring.days_before if stage < min(left, before)]
        for stage in (*([min(passed)] if passed else ()), *([max(coming)] if coming else ())):
            yield Occasion(
                kind="points_expiring",
                name=name,
                stage=stage,
                on=last - timedelta(days=stage),
                until=last,
                points=points,
                about=last,
            )


def _vouchers_expiring(person: Person, document: Program, now: datetime) -> Iterator[Occasion]:
    expiring = document.reminders.voucher_expiring
    if expiring is None:
        return
    for voucher in person.vouchers:
        if voucher.expires_at is None or voucher.state_at(now) != "issued":
            continue
        last = document.today(voucher.expires_at - timedelta(microseconds=1))
        on = last - timedelta(days=expiring.days_before)
        reward = document.reward(voucher.reward_id)
        # A short-lived voucher was issued so recently that it needs no reminder.
        if reward is not None and on > document.today(voucher.issued_at):
            yield Occasion(
                kind="voucher_expiring",
                name=f"voucher/{voucher.redemption_id}",
                on=on,
                until=last,
                points=voucher.points,
                about=last,
                label=reward.name_in(person.member.profile.locale or document.messages.locale),
            )


def _tier_ending(person: Person, document: Program, today: date) -> Iterator[Occasion]:
    ending = document.reminders.tier_ending
    now = standing(person.account, document, day=today) if ending else None
    if ending is None or now is None or now.level is None or now.holds_until is None:
        return
    on = now.holds_until - timedelta(days=ending.days_before)
    if now.keep is not None or now.is_lost or on > today:
        yield Occasion(
            kind="tier_ending",
            name=f"tier/{now.level.id}/{now.holds_until.isoformat()}",
            on=on,
            until=now.holds_until,
            about=now.holds_until,
            level=now.level.name,
            missing=now.keep.missing if now.keep else 0,
        )


def _present(rule: BirthdayMessage, person: Person, document: Program, *, on: date) -> int:
    """The points for a birthday.

    None for members who are too new, have returned too soon, have just changed the day, or have not
    bought anything.
    """
    member = person.member
    is_new = (on - document.today(member.enrolled_at)).days < rule.min_member_days
    is_new |= member.presents_from is not None and on < member.presents_from
    if changed_at := member.birthday_changed_at:
        is_new |= (on - document.today(changed_at)).days < rule.min_unchanged_days
    if is_new or (rule.after_first_order and not person.has_bought):
        return 0
    return rule.bonus_points or 0


def _birthdays(person: Person, document: Program, today: date) -> Iterator[Occasion]:
    """This year's and next year's birthday; early in a year also last year's."""
    birthday, rule = person.member.profile.birthday, document.reminders.birthday
    if birthday is None or rule is None:
        return
    for year in (today.year - 1, today.year, today.year + 1):
        first = birthday.replace(year=year, day=1)
        on = min(first + timedelta(days=birthday.day - 1), end_of_month(first))
        until = on + timedelta(days=BIRTHDAY_DAYS)
        if until >= today and on >= document.today(person.member.enrolled_at):
            yield Occasion(
                kind="birthday",
                name=f"birthday/{year}",
                on=on,
                until=until,
                # A member who changes the day gets no second present in the same year.
                remember_until=date(year + 1, 1, 31),
                points=_present(rule, person, document, on=on),
            )

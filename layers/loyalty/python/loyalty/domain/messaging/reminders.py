"""Reminders: what a member is to be told today, and when to look again.

Nothing that moves points takes part in this. A member is looked at when something about them is
known to come up, and once in a while for what may have come up since: a lot that is earned after
a look expires so late that its first stage is never missed (`horizon_days`). What was told is
remembered by its cause, so that it is told once however often one looks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.kernel.calendar import NEVER, end_of_month, midnight
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import ends_on
from loyalty.domain.ledger.tiers import standing
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.people.member import Member, Strength
from loyalty.domain.program.document import Expiry, FixedDateExpiry, Program, PublishedProgram
from loyalty.domain.program.messages import KINDS, MessageKind, QuietHours
from loyalty.domain.program.publication import expiry_policies, life_days_min

# A changed document reaches every member within this time; a look is 3 reads and at most 4 writes.
HORIZON_DAYS_MAX: Final = 30

# For so long a missed day is still made up for.
WELCOME_DAYS: Final = 7
BIRTHDAY_DAYS: Final = 13
LAPSED_DAYS: Final = 90

type MessageState = Literal["waiting", "sent", "dropped", "bounced", "complained"]

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
MINUTE: Final = timedelta(minutes=1)


class Reminded(NamedTuple):
    """That something was told; `stage` is how many days before, `until` when to forget it."""

    stage: int
    until: date


class Written(NamedTuple):
    day: date
    kind: MessageKind


class Stopped(NamedTuple):
    """Why nothing is sent to an address any more, by its digest: mail is for the next one."""

    why: Literal["bounced", "complained"]
    address: str
    at: datetime


def _nothing() -> Mapping[str, Reminded]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """What a member was told, and when they are looked at next.

    `written` is what was written to them in the last seven days, `bought_on` the last purchase
    that is known of. `revision` is what the next write relies on; 0: none yet.
    """

    member_id: str
    revision: int = 0
    told: Mapping[str, Reminded] = field(default_factory=_nothing)
    written: tuple[Written, ...] = ()
    bought_on: date | None = None
    look_at: datetime | None = None
    stopped: Stopped | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One of several things that a message tells of."""

    day: date
    points: int
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to be told to a member; in which words is decided when it is sent.

    `day` is the program's day on which it was written: there is one message of a kind a day.
    `until` is the last day on which it makes sense. `about` is the day that it tells of, the
    soonest, with the `points` of that day; `rows` is what it tells of one by one. `settled_at` is
    when it came to its `state`, unless it waits; a mail that bounced or complained was sent.
    """

    member_id: str
    kind: MessageKind
    day: date
    written_at: datetime
    until: date
    about: date | None = None
    points: int = 0
    level: str | None = None
    missing: int = 0
    rows: tuple[Row, ...] = ()
    state: MessageState = "waiting"
    sent_at: datetime | None = None
    settled_at: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.day.isoformat()}/{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What there is to know of a member: `account` as it counts today, vouchers newest first."""

    member: Member
    account: Account
    vouchers: Sequence[Voucher] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something to be told from the day `on` to the day `until`."""

    kind: MessageKind
    name: str
    on: date
    until: date
    stage: int = 0
    known_until: date | None = None
    points: int = 0
    about: date | None = None
    level: str | None = None
    missing: int = 0
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is written to a member now, and the correspondence after it."""

    messages: tuple[Message, ...]
    after: Correspondence


def decide(
    person: Person, correspondence: Correspondence, *, program: PublishedProgram, now: datetime
) -> Decision:
    """Decide what a member is told now, and when to look again.

    What the quiet hours or the week's share do not allow stays untold, and the member is looked
    at when they do. Who does not agree is told nothing, unless they do before it is too late.
    """
    document = program.document
    today = document.today(now)
    told = {name: each for name, each in correspondence.told.items() if each.until >= today}
    written = [each for each in correspondence.written if each.day > today - WEEK]
    kinds = [kind for kind in KINDS if agrees(person.member, correspondence, kind)]
    every = occasions(person, correspondence, program=program, today=today, now=now)
    # A present is given, whether or not anybody may be written to.
    coming = [each for each in every if each.kind in kinds or _is_present(each)]
    ready = [each for each in coming if each.on <= today <= each.until and _is_untold(each, told)]
    wanted = [each for each in ready if each.kind in kinds]
    done = [each for each in ready if each.kind not in kinds]
    quiet = document.messages.quiet_hours
    opens_at = waking(now, quiet, document.zone)
    messages: list[Message] = []
    days = [each.on for each in coming if each.on > today]
    days.append(today + timedelta(days=horizon_days(document, today=today)))
    looks: list[datetime] = []
    if wanted and opens_at > now:
        looks.append(opens_at)
    else:
        for kind in kinds:
            these = [each for each in wanted if each.kind == kind]
            if these and Written(today, kind) in written:
                days.append(today + DAY)
            elif these and len(written) >= document.messages.per_week_max:
                days.append(written[0].day + WEEK)
            elif these:
                messages.append(_message(kind, these, person, today=today, now=now))
                written.append(Written(today, kind))
                done += these
    told |= {each.name: Reminded(each.stage, each.known_until or each.until) for each in done}
    looks += (waking(midnight(day, document.zone), quiet, document.zone) for day in days)
    after = replace(
        correspondence,
        told=told,
        written=tuple(written),
        look_at=_sooner(correspondence.look_at, max(min(looks), now + MINUTE), now=now),
    )
    return Decision(tuple(messages), after)


def _sooner(seen: datetime | None, wanted: datetime, *, now: datetime) -> datetime:
    """A look that is to come may stay, if it is early: so most looks at a change write nothing."""
    return seen if seen is not None and now < seen <= wanted else wanted


def occasions(
    person: Person,
    correspondence: Correspondence,
    *,
    program: PublishedProgram,
    today: date,
    now: datetime,
) -> Iterator[Occasion]:
    """Everything that there is to tell a member of now, or will be if nothing else happens."""
    document = program.document
    yield from _points_expiring(person, correspondence.told, program, today)
    yield from _vouchers_expiring(person, document, now)
    yield from _tier_ending(person, document, today)
    yield from _birthdays(person, document, today)
    enrolled_on = document.today(person.member.enrolled_at)
    if document.reminders.welcome:
        until = enrolled_on + timedelta(days=WELCOME_DAYS)
        yield Occasion(kind="welcome", name="welcome", on=enrolled_on, until=until)
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


def birthday_bonus(
    person: Person, correspondence: Correspondence, document: Program, *, today: date
) -> Occasion | None:
    """The present that a member is to be given today, if any."""
    for each in _birthdays(person, document, today):
        is_today = each.on <= today <= each.until
        if _is_present(each) and is_today and each.name not in correspondence.told:
            return each
    return None


def address_digest(member_id: str, address: str) -> str:
    """What an address is called where it must not be told."""
    return hashlib.sha256(f"{member_id}\0{address.lower()}".encode()).hexdigest()[:32]


def agrees(member: Member, correspondence: Correspondence, kind: MessageKind) -> bool:
    """Whether a member may be sent a kind of message: they agreed, and mail reaches them."""
    email, of_kind = member.consents.get("email"), member.consents.get(kind)
    address = address_of(member)
    if address is None or email is None or not email.given:
        return False
    stopped = correspondence.stopped
    if stopped is not None and stopped.address == address_digest(member.member_id, address):
        return False
    return of_kind is None or of_kind.given


def address_of(member: Member) -> str | None:
    """The e-mail address to write to: one that was proven, or else one that is claimed.

    One that is only noted may be another person's.
    """
    known = [
        (not proven, each.value)
        for each, proven in member.identities.items()
        if each.kind == "email" and member.strength(each) > Strength.NOTED
    ]
    return min(known)[1] if known else None


def waking(moment: datetime, quiet: QuietHours | None, zone: ZoneInfo) -> datetime:
    """The first moment, from this one on, that is not in the quiet hours of a zone.

    A clock that is put back can make the same hours quiet twice. Where one that is put forward
    skips their end, they end that much later by its hands.
    """
    if quiet is None or not is_quiet(moment, quiet, zone):
        return moment
    day = moment.astimezone(zone).date()
    ends = (
        datetime.combine(day + timedelta(days=ahead), quiet.ends_at, zone).replace(fold=fold)
        for ahead in (0, 1, 2)
        for fold in (0, 1)
    )
    return min(end.astimezone(UTC) for end in ends if end.astimezone(UTC) > moment)


def is_quiet(moment: datetime, quiet: QuietHours, zone: ZoneInfo) -> bool:
    """Whether nobody is to be written to at a moment."""
    at = moment.astimezone(zone).time()
    if quiet.starts_at < quiet.ends_at:
        return quiet.starts_at <= at < quiet.ends_at
    return at >= quiet.starts_at or at < quiet.ends_at


def horizon_days(document: Program, *, today: date) -> int:
    """In how many days to look again at somebody of whom nothing is known to come up."""
    expiring = document.reminders.points_expiring
    if expiring is None:
        return HORIZON_DAYS_MAX
    stages = expiring.days_before
    return min(_horizon_of(policy, stages, today=today) for policy in expiry_policies(document))


def _horizon_of(policy: Expiry, stages: Sequence[int], *, today: date) -> int:
    """In how many days points that come today can bring a first stage, under one policy."""
    if isinstance(policy, FixedDateExpiry):
        last = expires_on(policy, available_on=today)
        ahead = [(last - today).days - stage for stage in stages]
        return min([HORIZON_DAYS_MAX, *(days for days in ahead if days > 0)])
    life_days = life_days_min(policy)
    if life_days is None:
        return HORIZON_DAYS_MAX
    return max(1, min(HORIZON_DAYS_MAX, life_days - max(stages)))


def _is_present(occasion: Occasion) -> bool:
    return occasion.kind == "birthday" and occasion.points > 0


def _is_untold(occasion: Occasion, told: Mapping[str, Reminded]) -> bool:
    before = told.get(occasion.name)
    return before is None or occasion.stage < before.stage


def _points_expiring(
    person: Person, told: Mapping[str, Reminded], program: PublishedProgram, today: date
) -> Iterator[Occasion]:
    expiring = program.document.reminders.points_expiring
    if expiring is None:
        return
    undated_until = program.undated_until(person.account.active_on)
    for lot, points in sorted(person.account.holding.lots.items()):
        last = ends_on(lot, undated_until)
        if not points or last == NEVER:
            continue
        name, left = f"lot/{last.isoformat()}", (last - today).days
        before = told[name].stage if name in told else left + max(expiring.days_before) + 1
        # Of stages that were missed only the last is told, and what it tells is today's number.
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
        # One that is short-lived has just been handed out.
        if reward is not None and on > document.today(voucher.issued_at):
            yield Occasion(
                kind="voucher_expiring",
                name=f"voucher/{voucher.redemption_id}",
                on=on,
                until=last,
                points=voucher.points,
                about=last,
                label=reward.name,
            )


def _tier_ending(person: Person, document: Program, today: date) -> Iterator[Occasion]:
    ending = document.reminders.tier_ending
    now = standing(person.account, document, day=today) if ending else None
    if ending is None or now is None or now.level is None or now.holds_until is None:
        return
    on = now.holds_until - timedelta(days=ending.days_before)
    if now.keep is not None or on > today:
        yield Occasion(
            kind="tier_ending",
            name=f"tier/{now.level.id}/{now.holds_until.isoformat()}",
            on=on,
            until=now.holds_until,
            about=now.holds_until,
            level=now.level.name,
            missing=now.keep.missing if now.keep else 0,
        )


def _birthdays(person: Person, document: Program, today: date) -> Iterator[Occasion]:
    """This year's and the next one's; last year's where this year has just begun."""
    birthday, wanted = person.member.profile.birthday, document.reminders.birthday
    if birthday is None or wanted is None:
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
                # Whoever changes the day has had this year's all the same.
                known_until=date(year + 1, 1, 31),
                points=wanted.bonus_points or 0,
            )


def _message(
    kind: MessageKind, these: Sequence[Occasion], person: Person, *, today: date, now: datetime
) -> Message:
    """One message of everything that there is to tell of a kind, the soonest first."""
    first = min(these, key=lambda each: (each.about or each.on, each.name))
    rows = sorted(
        (
            Row(day=each.about, points=each.points, label=each.label)
            for each in these
            if each.about and each.points
        ),
        key=lambda row: row.day,
    )
    return Message(
        member_id=person.member.member_id,
        kind=kind,
        day=today,
        written_at=now,
        until=max(each.until for each in these),
        about=first.about,
        points=sum(each.points for each in these if each.about == first.about),
        level=first.level,
        missing=first.missing,
        rows=tuple(rows),
    )

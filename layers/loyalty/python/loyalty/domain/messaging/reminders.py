"""Reminders: which messages a member gets now, and when to check on them again.

Nothing here moves points. A member is checked when something about them comes up, and at least
once in `horizon_days` for what may have come up since: a lot earned after a check expires so late
that its first stage is never missed. A reminder is remembered by its occasion, so that it is given
once, however often a member is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.messaging.correspondence import Correspondence, Reminded, Written, may_write
from loyalty.domain.messaging.messages import Message, Row
from loyalty.domain.messaging.occasions import Occasion, Person, occasions
from loyalty.domain.messaging.presents import presents_of
from loyalty.domain.messaging.quiet_hours import end_of_quiet
from loyalty.domain.program.kinds import KINDS, MessageKind
from loyalty.domain.program.lives import expiry_policies, life_days_min, months_days_min
from loyalty.domain.recommendations.ending import reward_for

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program, PublishedProgram

# A changed document reaches every member in this time; a check is 3 reads and at most 4 writes.
HORIZON_DAYS_MAX: Final = 30

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
MINUTE: Final = timedelta(minutes=1)


type HeldBackBy = Literal["quiet_hours", "one_a_day", "weekly_limit"]


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A message that is due and is not written yet: why, and when it can be."""

    kind: MessageKind
    by: HeldBackBy
    until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The messages that a member gets now, and their correspondence afterwards.

    `held_back` are those that are due and have to wait.
    """

    messages: tuple[Message, ...]
    after: Correspondence
    held_back: tuple[HeldBack, ...] = ()


def decide(
    person: Person, correspondence: Correspondence, *, program: PublishedProgram, now: datetime
) -> Decision:
    """Decide which messages a member gets now, and when to check again.

    A message that the quiet hours or the weekly limit do not allow is put off, and the member is
    checked when it is allowed. A member who does not agree gets it if they agree before it is too
    late.
    """
    document = program.document
    today = document.today(now)
    reminded = {name: each for name, each in correspondence.reminded.items() if each.until >= today}
    written = [each for each in correspondence.written if each.day > today - WEEK]
    kinds = [kind for kind in KINDS if may_write(person.member, correspondence, kind)]
    every = occasions(person, correspondence, program=program, today=today, now=now)
    # A present is given even if the member may not be written to.
    coming = [each for each in every if each.kind in kinds or each.is_present]
    ready = [each for each in coming if each.on <= today <= each.until and each.is_new(reminded)]
    due = [each for each in ready if each.kind in kinds]
    done = [each for each in ready if each.kind not in kinds]
    quiet = document.messages.quiet_hours
    opens_at = end_of_quiet(now, quiet, document.zone)
    coming_on = {each.on for each in coming} | {
        each.on for each in presents_of(person, correspondence, document, today=today)
    }
    days = [day for day in coming_on if day > today]
    days.append(today + timedelta(days=horizon_days(document, today=today)))
    messages, held_back = list[Message](), list[HeldBack]()

    def first_moment(day: date) -> datetime:
        return end_of_quiet(midnight(day, document.zone), quiet, document.zone)

    for kind in kinds:
        of_kind = [each for each in due if each.kind == kind]
        if not of_kind:
            continue
        if opens_at > now:
            held_back.append(HeldBack(kind, "quiet_hours", opens_at))
        elif Written(today, kind) in written:
            held_back.append(HeldBack(kind, "one_a_day", first_moment(today + DAY)))
        elif len(written) >= document.messages.per_week_max:
            held_back.append(HeldBack(kind, "weekly_limit", first_moment(written[0].day + WEEK)))
        else:
            messages.append(_message(kind, of_kind, person, program=program, now=now))
            written.append(Written(today, kind))
            done += of_kind
    reminded |= {
        each.name: Reminded(each.stage, each.remember_until or each.until) for each in done
    }
    checks = [each.until for each in held_back] + [first_moment(day) for day in days]
    after = replace(
        correspondence,
        reminded=reminded,
        written=tuple(written),
        look_at=_sooner(correspondence.look_at, max(min(checks), now + MINUTE), now=now),
    )
    return Decision(tuple(messages), after, tuple(held_back))


def horizon_days(document: Program, *, today: date) -> int:
    """In how many days to check again on a member with nothing coming up."""
    expiring = document.reminders.points_expiring
    if expiring is None:
        return HORIZON_DAYS_MAX
    stages = expiring.days_before
    days = [HORIZON_DAYS_MAX]
    for policy in expiry_policies(document):
        if policy.model == "fixed_date":
            last = expires_on(policy, available_on=today)
            days += [left for stage in stages if (left := (last - today).days - stage) > 0]
        elif (life_days := life_days_min(policy)) is not None:
            days.append(life_days - max(stages))
    if document.inactivity:
        days.append(months_days_min(document.inactivity.months) - max(stages))
    return max(1, min(days))


def _sooner(planned: datetime | None, needed: datetime, *, now: datetime) -> datetime:
    """A planned check stays if it is early enough, so that most checks write nothing."""
    return planned if planned is not None and now < planned <= needed else needed


def _message(
    kind: MessageKind,
    these: Sequence[Occasion],
    person: Person,
    *,
    program: PublishedProgram,
    now: datetime,
) -> Message:
    """One message about all occasions of a kind, the soonest first."""
    first = min(these, key=lambda each: (each.about or each.on, each.name))
    rows = sorted(
        (
            Row(day=each.about, points=each.points, label=each.label)
            for each in these
            if each.about and (each.points or each.label)
        ),
        key=lambda row: row.day,
    )
    points = sum(each.points for each in these if each.about == first.about)
    is_chosen = kind == "points_expiring" and not person.member.objects_to_personalization
    return Message(
        member_id=person.member.member_id,
        kind=kind,
        day=program.document.today(now),
        written_at=now,
        until=max(each.until for each in these),
        about=first.about,
        points=points,
        level=first.level,
        segment=first.segment,
        missing=first.missing,
        rows=tuple(rows),
        pays_for=(
            reward_for(points, person.account, program=program, now=now) if is_chosen else None
        ),
    )

"""Messages about challenges: what members completed, earned, and may miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.messaging.occasions import Occasion

if TYPE_CHECKING:
    from loyalty.domain.engagement.member_challenges import MemberChallenge
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.messages import ChallengeEndingMessage

# How many days a missed message can still be sent.
COLLECTED_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A member's progress in the challenges of the version in force, and what those gave lately."""

    challenges: Sequence[MemberChallenge] = ()
    awards: Sequence[MemberAward] = ()


def occasions_of_challenges(
    collected: Collected, document: Program, *, today: date
) -> Iterator[Occasion]:
    """Every occasion by challenges that a member has now, or will have if nothing happens.

    A completion that was undone is no occasion, not even if it is given again.
    """
    names = {each.id: each.name for each in document.challenges}
    badges = {each.id: each.name for each in document.badges}
    reminders = document.reminders
    for award in collected.awards:
        if not award.stands or award.given_at is None or award.rule_id not in names:
            continue
        on = document.today(award.given_at)
        until = on + timedelta(days=COLLECTED_DAYS)
        if reminders.challenge_completed:
            yield Occasion(
                kind="challenge_completed",
                name=f"award/{award.award_id}",
                on=on,
                until=until,
                about=on,
                points=award.points,
                label=names[award.rule_id],
            )
        for badge_id in award.badges if reminders.badge_earned else ():
            if badge_id in badges:
                yield Occasion(
                    kind="badge_earned",
                    name=f"badge/{badge_id}/{award.award_id}",
                    on=on,
                    until=until,
                    about=on,
                    label=badges[badge_id],
                )
    if ending := reminders.challenge_ending:
        for each in collected.challenges:
            if _is_near(each, ending) and each.until and each.until >= today:
                yield Occasion(
                    kind="challenge_ending",
                    name=f"ending/{each.challenge.id}/{each.until}",
                    on=each.until - timedelta(days=ending.days_before),
                    until=each.until,
                    about=each.until,
                    points=each.terms.points,
                    label=each.challenge.name,
                )


def _is_near(challenge: MemberChallenge, ending: ChallengeEndingMessage) -> bool:
    """Whether a member has begun, and not more is left to do than the message is for."""
    takes_part = challenge.challenge.activation == "auto" or challenge.joined_at is not None
    left_max = challenge.target * ending.missing_percent_max
    is_begun = challenge.state == "running" and challenge.amount > 0
    return takes_part and is_begun and 0 < challenge.missing * 100 <= left_max

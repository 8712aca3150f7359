"""A check of a member reads what they collect, if a message is about it, and tells them once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from loyalty.domain.ledger.account import Account
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Consent, Member, Profile
from loyalty.table.engine import Persistent
from loyalty.table.messages import TableLetters
from loyalty.usecases.messaging.reminders import check_member
from tests.support.challenges import challenge
from tests.support.club import ANA
from tests.support.engagement import Collecting
from tests.support.memory import NOW

CARD: Final = challenge(target=2, times_max=2, gives=[{"points": 5}, {"badge": "regular"}])


class Corresponding(Collecting):
    """A club that writes to Ana of what she collects."""

    def __init__(self, **reminders: Any) -> None:
        badges = [{"id": "regular", "name": "Regular"}]
        super().__init__(CARD, members=(), badges=badges, reminders=reminders)
        ana = Member(
            member_id=ANA,
            enrolled_at=NOW,
            enrolled_by="",
            profile=Profile(),
            identities={Identity("email", "ana@example.com"): True},
            consents={"email": Consent(given=True, given_at=NOW)},
        )
        self.members.enroll(ana, Account(member_id=ANA, enrolled_at=NOW, orders=0))

    def tells(self) -> list[str]:
        """The kinds of the messages that a check writes."""
        engine = Persistent(self.engine, pause=lambda _attempt: None)
        letters = TableLetters(engine, program_id="bean")
        before = letters.correspondence(ANA)
        check_member(
            ANA, letters=letters, members=self.members, collected=self.shelf, desk=self.desk
        )
        after = letters.correspondence(ANA)
        written = after.written if after else ()
        return [each.kind for each in written if not before or each not in before.written]

    def buys(self, *order_ids: str) -> None:
        for order_id in order_ids:
            self.sells(order_id)
            self.looks_at(order_id)


def test_a_completion_and_its_badge_are_told_once() -> None:
    club = Corresponding(challenge_completed={}, badge_earned={})
    club.buys("1")
    assert club.tells() == []

    club.buys("2")

    assert club.tells() == ["challenge_completed", "badge_earned"]
    club.now += timedelta(days=1)
    assert club.tells() == []


def test_what_was_undone_before_it_could_be_told_is_not() -> None:
    club = Corresponding(challenge_completed={})
    club.buys("1", "2")
    club.refunds("2", whole=True)
    club.looks_at("2")

    assert club.tells() == []


def test_what_was_completed_long_ago_is_not_told() -> None:
    club = Corresponding(challenge_completed={})
    club.buys("1", "2")
    club.now += timedelta(days=9)

    assert club.tells() == []


def test_nothing_is_read_where_no_message_is_about_challenges() -> None:
    club = Corresponding(welcome={})
    club.buys("1", "2")
    club.program = replace(club.program, counts_since=None)

    assert club.tells() == ["welcome"]

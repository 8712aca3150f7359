"""Members join a challenge: orders before it do not count, whenever they are looked at."""

from datetime import timedelta
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import NotFound, WrongState
from loyalty.usecases.engagement.joining import join, leave
from loyalty.usecases.engagement.viewing import challenges_of_member
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.challenges import challenge
from tests.support.club import ANA, BOB
from tests.support.engagement import Collecting
from tests.support.memory import NOW

HOUR: Final = timedelta(hours=1)


class Joining(Collecting):
    def __init__(self, **parts: Any) -> None:
        super().__init__(challenge(activation="join", **parts), members=(ANA, BOB))

    def takes_part(self, member: str = ANA) -> None:
        join(member, "three", shelf=self.shelf, desk=self.desk)

    def quits(self, member: str = ANA) -> None:
        leave(member, "three", shelf=self.shelf, desk=self.desk)

    def buys(self, order_id: str, member: str = ANA) -> None:
        """An order of this moment."""
        since = (NOW - self.now).total_seconds() / 86_400
        self.sells(order_id, member=member, days_ago=since)
        self.looks_at(order_id)

    def counted(self, member: str = ANA) -> int:
        windows = self.progress(member).windows
        return sum(windows["ever"].tally.values()) if windows else 0


def test_only_orders_that_occur_while_a_member_takes_part_count() -> None:
    club = Joining()
    club.buys("1")
    club.now += HOUR
    club.takes_part()
    club.now += HOUR
    club.buys("2")
    club.now += HOUR
    club.quits()
    club.now += HOUR
    club.buys("3")

    club.looks_at("1", "2", "3")

    assert club.counted() == 1


def test_to_join_and_to_leave_again_changes_nothing() -> None:
    club = Joining()
    club.takes_part()
    items = dict(club.engine.items)
    club.now += HOUR
    club.takes_part()
    assert club.engine.items == items

    club.quits()
    items = dict(club.engine.items)
    club.quits()
    assert club.engine.items == items


def test_a_member_sees_since_when_they_take_part() -> None:
    club = Joining()
    club.takes_part()

    (seen,) = challenges_of_member(ANA, shelf=club.shelf, desk=club.desk)

    assert seen.joined_at == club.now


def test_a_survivor_takes_part_from_the_merge_on_and_earlier_orders_stay_as_they_are() -> None:
    club = Joining()
    club.takes_part(BOB)
    club.now += HOUR
    club.buys("1")
    club.buys("2", BOB)
    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)
    club.unites(BOB)
    club.now += HOUR
    club.buys("3")

    club.looks_at("1", "2", "3")

    assert club.counted() == 2
    club.must_be_consistent()


def test_a_challenge_without_joining_or_one_that_is_over_is_not_joined() -> None:
    with pytest.raises(WrongState, match="needs no joining"):
        join(ANA, "three", shelf=(club := Collecting(challenge())).shelf, desk=club.desk)
    over = Joining(ends_on="2026-11-01")
    with pytest.raises(WrongState, match="is over"):
        over.takes_part()
    for change in (join, leave):
        with pytest.raises(NotFound):
            change(ANA, "other", shelf=over.shelf, desk=over.desk)
        with pytest.raises(NotFound):
            change("nobody", "three", shelf=over.shelf, desk=over.desk)

"""What members see of challenges, read from the table."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from loyalty.domain.engagement.progress import CountedProgress
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.program.challenges import Badge
from loyalty.usecases.engagement.viewing import badges_of_member, challenges_of_member
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.challenges import challenge
from tests.support.club import ANA, BOB
from tests.support.engagement import Collecting

BADGES = [{"id": "regular", "name": "Regular"}, {"id": "taster", "name": "Taster"}]
WEARS = challenge(gives=[{"badge": "regular"}], times_max=5)


class Unread:
    """What must not be read."""

    def all_progress(self, member_id: str, *, strong: bool) -> Sequence[CountedProgress]:
        raise AssertionError((member_id, strong))

    def badges(self, member_ids: Sequence[str]) -> set[str]:
        raise AssertionError(member_ids)


def collected(club: Collecting, member: str = ANA) -> list[tuple[str, int, int]]:
    found = challenges_of_member(member, shelf=club.shelf, desk=club.desk)
    return [(each.challenge.id, each.amount, each.completed) for each in found]


def badges(club: Collecting, member: str = ANA) -> list[Badge]:
    return list(badges_of_member(member, shelf=club.shelf, desk=club.desk))


def bought(club: Collecting, *order_ids: str) -> None:
    for order_id in order_ids:
        club.sells(order_id)
        club.looks_at(order_id)


def test_a_member_sees_what_orders_brought_and_a_refund_took() -> None:
    club = Collecting(WEARS, challenge(id="ten", target=10), badges=BADGES)
    assert (collected(club), badges(club)) == ([("three", 0, 0), ("ten", 0, 0)], [])

    bought(club, "1", "2", "3", "4")
    assert collected(club) == [("three", 1, 1), ("ten", 4, 0)]
    assert [each.name for each in badges(club)] == ["Regular"]

    for order_id in ("3", "4"):
        club.refunds(order_id, whole=True)
        club.looks_at(order_id)
    assert (collected(club)[0], badges(club)) == (("three", 2, 0), [])


def test_a_badge_outlives_its_challenge_and_its_window() -> None:
    year = challenge(gives=[{"badge": "regular"}], window="month", target=1)
    club = Collecting(year, badges=BADGES)
    bought(club, "1")
    club.now += timedelta(days=730)
    club.sells("2", days_ago=-730)
    club.looks_at("2")
    assert len(club.progress().windows) == 1

    club.publishes(challenge(id="other"))

    assert club.progress().past == 1
    assert [each.id for each in badges(club)] == ["regular"]
    assert collected(club) == [("other", 0, 0)]


def test_a_merged_member_sees_what_the_survivor_has() -> None:
    club = Collecting(WEARS, badges=BADGES, members=(ANA, BOB))
    bought(club, "1", "2")
    merge_members(ANA, into=BOB, request_id="m", desk=club.desk)
    club.unites(ANA)

    assert collected(club, ANA) == collected(club, BOB) == [("three", 2, 0)]


def test_a_badge_of_a_merged_member_is_the_survivors() -> None:
    club = Collecting(WEARS, badges=BADGES, members=(ANA, BOB))
    bought(club, "1", "2", "3")
    merge_members(ANA, into=BOB, request_id="m", desk=club.desk)
    club.unites(ANA)

    assert [each.id for each in badges(club, BOB)] == ["regular"]


def test_nobody_sees_anything_of_who_does_not_exist() -> None:
    club = Collecting(WEARS, badges=BADGES)
    for view in (badges, collected):
        with pytest.raises(NotFound):
            view(club, "nobody")


def test_a_program_without_challenges_and_badges_reads_nothing_of_members() -> None:
    club = Collecting()

    assert challenges_of_member(ANA, shelf=Unread(), desk=club.desk) == []
    assert badges_of_member(ANA, shelf=Unread(), desk=club.desk) == []

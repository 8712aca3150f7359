"""Members join campaigns and leave them, while others write, merge and erase."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, cast

import pytest

from loyalty.domain.campaigns.targeting import JOINED_MAX
from loyalty.domain.kernel.errors import NotFound, WrongState
from loyalty.table import keys
from loyalty.table.operations import Item, Value
from loyalty.usecases.campaigns.membership import campaigns_of
from loyalty.usecases.people import members as people
from tests.support.campaigns import campaign
from tests.support.club import ANA, BOB, Club
from tests.support.memory import NOW, BusyTable

TO_JOIN: Final = campaign(activation="join", when={"ends_on": "2026-11-30"})


def targeting(club: Club, member_id: str = ANA) -> Item | None:
    return club.engine.items.get(keys.targeting("bean", member_id))


def joined(club: Club, member_id: str = ANA) -> dict[str, Value]:
    item = targeting(club, member_id)
    return dict(cast("dict[str, Value]", item["joined"])) if item else {}


def merge(club: Club, loser: str = BOB, into: str = ANA) -> None:
    people.merge(loser, into=into, request_id="m", members=club.members, desk=club.desk)


def enrolled(*campaigns: dict[str, Any], engine: BusyTable | None = None) -> Club:
    club = Club(*campaigns, members=(), engine=engine)
    club.enrolls(ANA)
    club.enrolls(BOB)
    return club


def test_to_join_twice_changes_nothing_and_to_leave_twice_neither() -> None:
    club = Club(TO_JOIN)

    first = club.joins(ANA, "welcome")
    club.now = NOW + timedelta(hours=1)
    again = club.joins(ANA, "welcome")

    assert first.campaign.joined_at == again.campaign.joined_at == NOW
    assert not again.campaign.can_join
    club.leaves(ANA, "welcome")
    club.leaves(ANA, "welcome")
    assert joined(club) == {}
    assert club.joins(ANA, "welcome").campaign.joined_at == NOW + timedelta(hours=1)


def test_orders_count_from_the_second_of_joining_until_leaving() -> None:
    club = Club(TO_JOIN)
    club.now = NOW + timedelta(microseconds=999_999)
    club.joins(ANA, "welcome")
    club.now = NOW

    assert club.sells("1").opened == ("welcome",)
    assert club.sells("2", days_ago=1).opened == ()
    club.leaves(ANA, "welcome")
    assert club.sells("3").opened == ()
    # What it earned stays, and so does what a refund takes back.
    club.refunds("1", whole=True)
    assert club.account(ANA).balance == 20
    club.must_add_up(ANA)


def test_only_a_campaign_that_has_to_be_joined_and_is_not_over_can_be() -> None:
    club = Club(TO_JOIN, campaign(id="all"))

    with pytest.raises(WrongState):
        club.joins(ANA, "all")
    with pytest.raises(NotFound):
        club.joins(ANA, "nothing")
    with pytest.raises(NotFound):
        club.leaves(ANA, "nothing")
    with pytest.raises(NotFound):
        club.joins("mem_nobody", "welcome")
    club.joins(ANA, "welcome")
    club.now = NOW + timedelta(days=10)
    assert club.joins(ANA, "welcome").campaign.joined_at == NOW
    club.leaves(ANA, "welcome")
    with pytest.raises(WrongState):
        club.joins(ANA, "welcome")


def test_a_campaign_that_the_document_dropped_can_still_be_left() -> None:
    club = Club(TO_JOIN)
    club.joins(ANA, "welcome")
    club.program = Club().program

    club.leaves(ANA, "welcome")

    assert joined(club) == {}


def test_two_campaigns_joined_at_once_are_both_joined() -> None:
    table = BusyTable()
    club = Club(TO_JOIN, campaign(id="other", activation="join"), engine=table)
    club.joins(ANA, "welcome")
    club.leaves(ANA, "welcome")
    table.rivals = [lambda: club.joins(ANA, "other")]

    club.joins(ANA, "welcome")

    assert set(joined(club)) == {"welcome", "other"}


def test_an_answer_that_is_lost_does_not_join_anew() -> None:
    table = BusyTable()
    club = Club(TO_JOIN, engine=table)
    table.answers_lost = 1

    assert club.joins(ANA, "welcome").campaign.joined_at == NOW


def test_only_campaigns_that_the_document_dropped_are_forgotten_and_only_if_there_are_many() -> (
    None
):
    club = Club(TO_JOIN, campaign(id="kept", activation="join"))
    club.joins(ANA, "kept")
    item = targeting(club)
    assert item is not None
    since = keys.instant(NOW)
    item["joined"] = joined(club) | {f"old-{number}": since for number in range(JOINED_MAX - 2)}

    club.joins(ANA, "welcome")
    assert len(joined(club)) == JOINED_MAX

    club.leaves(ANA, "welcome")
    item = targeting(club)
    assert item is not None
    item["joined"] = joined(club) | {"old": since}
    club.joins(ANA, "welcome")
    assert set(joined(club)) == {"kept", "welcome"}


def test_members_who_become_one_joined_when_the_first_of_both_did() -> None:
    club = enrolled(TO_JOIN, campaign(id="other", activation="join"))
    club.joins(BOB, "welcome")
    club.joins(BOB, "other")
    club.now = NOW + timedelta(hours=1)
    club.joins(ANA, "welcome")

    merge(club)

    assert joined(club) == {"welcome": keys.instant(NOW), "other": keys.instant(NOW)}
    assert targeting(club, BOB) is None
    assert club.sells("1", member=BOB).opened == ("other", "welcome")
    merge(club)
    assert joined(club) == {"welcome": keys.instant(NOW), "other": keys.instant(NOW)}


@pytest.mark.parametrize("had_joined", [True, False])
@pytest.mark.parametrize("step", range(4))
def test_whoever_joins_while_two_become_one_has_joined_as_both(step: int, had_joined: bool) -> None:
    table = BusyTable()
    club = enrolled(TO_JOIN, campaign(id="other", activation="join"), engine=table)
    if had_joined:
        club.joins(BOB, "other")
    nothing: Callable[[], object] = lambda: None  # noqa: E731 - a list needs a value
    table.rivals = [nothing] * step + [lambda: club.joins(BOB, "welcome")]

    merge(club)
    while table.rivals:
        table.rivals.pop(0)()

    assert set(joined(club)) == ({"welcome", "other"} if had_joined else {"welcome"})
    assert targeting(club, BOB) is None


@pytest.mark.parametrize("had_joined", [True, False])
def test_nothing_is_left_of_a_member_who_is_erased_while_they_join(had_joined: bool) -> None:
    table = BusyTable()
    club = enrolled(TO_JOIN, campaign(id="other", activation="join"), engine=table)
    if had_joined:
        club.joins(ANA, "other")
    table.rivals = [lambda: people.erase(ANA, members=club.members, desk=club.desk)]

    with pytest.raises(NotFound):
        club.joins(ANA, "welcome")

    assert targeting(club) is None


def test_a_member_sees_the_campaigns_that_are_theirs_or_can_become_so() -> None:
    club = Club(
        TO_JOIN,
        campaign(id="first", **{"for": {"fact": "first_order"}}),
        campaign(id="third", **{"for": {"fact": "order_number", "is": 3}}),
        campaign(id="over", when={"ends_on": "2026-11-20"}),
        campaign(
            id="coming", when={"starts_on": "2026-12-01"}, limits={"per_member": {"points": 5}}
        ),
        campaign(id="fr", **{"for": {"fact": "locale", "is_in": ["fr"]}}),
        members=(),
    )
    club.enrolls(ANA, locale="de")
    club.sells("1")

    found = {each.campaign.id: each for each in campaigns_of(ANA, desk=club.desk)}

    assert list(found) == ["welcome", "third", "coming"]
    assert {name: each.is_eligible for name, each in found.items()} == {
        "welcome": False,
        "third": False,
        "coming": False,
    }
    assert [each.used for each in found["coming"].caps] == [0]
    club.sells("2")
    (third,) = (each for each in campaigns_of(ANA, desk=club.desk) if each.campaign.id == "third")
    assert third.is_eligible
    with pytest.raises(NotFound):
        campaigns_of("mem_nobody", desk=club.desk)

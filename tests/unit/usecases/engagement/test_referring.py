"""Codes for friends, claims with them, and what managers decide."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty.domain.kernel.errors import NotFound, WrongState
from loyalty.usecases.engagement.referring import (
    require_code,
)
from tests.support.bringing import CLEO, DAN, Bringing
from tests.support.club import ANA, BOB
from tests.support.memory import NOW

DEVICE: dict[str, Any] = {"signals": [{"signal": "device", "then": "hold"}]}


def test_a_code_stays_the_same_and_finds_its_member() -> None:
    club = Bringing()

    assert club.code_of(ANA) == club.code
    assert club.friends.owner_of(club.code) == ANA
    assert require_code(club.code, shelf=club.friends, desk=club.desk).friend is not None


def test_nobody_has_an_unknown_code() -> None:
    club = Bringing()

    with pytest.raises(NotFound):
        require_code("ZZZZZZZZZZ", shelf=club.friends, desk=club.desk)
    with pytest.raises(NotFound):
        club.claims(code="ZZZZZZZZZZ")


def test_a_friend_is_brought_once_and_the_same_claim_again_changes_nothing() -> None:
    club = Bringing()

    first, again = club.claims(), club.claims()

    assert (first.is_new, again.is_new) == (True, False)
    assert again.referral == first.referral
    assert club.refusal(code=club.code_of(CLEO)) == "already_referred"


def test_nobody_brings_themself_not_even_as_another_member_whom_they_were_merged_into() -> None:
    club = Bringing()
    assert club.refusal(ANA) == "self"

    club.merges(ANA, BOB)

    assert club.refusal(BOB) == "self"


def test_a_friend_who_bought_before_is_refused_unless_the_program_takes_them() -> None:
    club, other = Bringing(), Bringing(new_only=False)
    for each in (club, other):
        each.sells("1", member=BOB, days_ago=1)

    assert club.refusal() == "not_new"
    assert other.claims().is_new


def test_after_a_refusal_another_code_is_accepted() -> None:
    club = Bringing()
    assert club.refusal(ANA) == "self"

    claimed = club.claims(ANA, code=club.code_of(CLEO))

    assert (claimed.referral.state, claimed.referral.revision) == ("claimed", 2)


def test_the_device_of_the_member_or_of_another_friend_holds_a_claim() -> None:
    club = Bringing(**DEVICE)
    club.friends.note(ANA, "device", "d1", now=NOW, kept_for=timedelta(days=1))

    assert club.claims(BOB, digests={"device": "d1"}).referral.signals == ("device",)
    assert club.claims(CLEO, digests={"device": "d2"}).referral.state == "claimed"
    assert club.claims(DAN, digests={"device": "d2"}).referral.state == "held"


def test_two_friends_who_claim_at_once_with_one_device_are_noticed() -> None:
    club = Bringing(**DEVICE)
    # Both are written down before either looks.
    for friend in (BOB, CLEO):
        club.friends.note(friend, "device", "d1", now=NOW, kept_for=timedelta(days=1))
    club.claims(BOB, digests={"device": "d1"})

    assert club.claims(CLEO, digests={"device": "d1"}).referral.state == "held"


def test_more_friends_from_one_network_than_the_program_takes_in_a_week_are_refused() -> None:
    club = Bringing(signals=[{"signal": "network", "per_week_max": 1, "then": "refuse"}])
    club.claims(BOB, digests={"network": "n1"})
    assert club.refusal(CLEO, digests={"network": "n1"}) == "network"

    club.now += timedelta(days=8)

    assert club.claims(CLEO, digests={"network": "n1"}).referral.state == "claimed"


def test_an_email_like_the_members_holds_a_claim() -> None:
    club = Bringing(signals=[{"signal": "email_alike", "then": "hold"}])
    club.has_email(ANA, "ana@example.com")
    club.has_email(BOB, "ana+1@example.com")

    assert club.claims(BOB).referral.signals == ("email_alike",)
    assert club.claims(CLEO).referral.state == "claimed"


def held_club() -> Bringing:
    club = Bringing(**DEVICE)
    club.friends.note(ANA, "device", "d1", now=NOW, kept_for=timedelta(days=1))
    club.claims(BOB, digests={"device": "d1"})
    return club


def test_what_is_held_is_listed_until_a_person_decides() -> None:
    club = held_club()
    (waiting,) = club.friends.held(limit=5, after=None).items
    assert waiting.friend_id == BOB

    approved = club.decides("approved")

    assert (approved.state, club.decides("approved")) == ("claimed", approved)
    assert club.friends.held(limit=5, after=None).items == []
    with pytest.raises(WrongState):
        club.decides("refused")


def test_what_a_person_refused_cannot_be_claimed_again() -> None:
    club = held_club()
    club.decides("refused")

    assert club.refusal(code=club.code_of(CLEO)) == "decided"
    with pytest.raises(WrongState):
        club.decides("approved")


def test_only_what_is_held_is_decided() -> None:
    club = Bringing()
    with pytest.raises(NotFound):
        club.decides("approved")
    club.claims()

    with pytest.raises(WrongState):
        club.decides("approved")


def test_a_page_of_held_ones_goes_on_after_its_last() -> None:
    club = held_club()
    club.claims(CLEO, digests={"device": "d1"})

    first = club.friends.held(limit=1, after=None)
    second = club.friends.held(limit=1, after=first.next)

    assert [each.friend_id for each in (*first.items, *second.items)] == [BOB, CLEO]
    assert second.next is None


def test_a_member_sees_how_far_friends_are_and_a_friend_who_brought_them_not() -> None:
    club = Bringing(caps={"per_month": 2})
    club.claims()
    club.now += timedelta(days=61)
    club.claims(CLEO)

    seen, own = club.sees(), club.sees(BOB).own

    assert [each.stage for each in seen.friends] == ["claimed", "lapsed"]
    assert (seen.left_in_month, seen.left_ever, seen.own) == (2, None, None)
    assert own is not None
    assert (own.stage, own.orders) == ("lapsed", 0)


def test_the_digests_of_a_member_are_forgotten_wherever_they_are_listed() -> None:
    club = held_club()

    club.friends.forget(BOB)

    left = [key for key, item in club.engine.items.items() if item.get("kind") == "signal"]
    assert all(ANA in str(key) for key in left)
    assert len(left) == 2

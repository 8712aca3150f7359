"""The nightly audit: awards are what entries add up to, and progress what orders count."""

from dataclasses import replace
from datetime import timedelta

from loyalty.domain.engagement.progress import WindowSum
from loyalty.domain.orders.order import OrderRef
from loyalty.table import keys
from loyalty.table.operations import Put
from loyalty.table.records.engagement import award_to_item
from loyalty.table.records.progress import progress_to_item
from loyalty.usecases.engagement.auditing import audit_engagement
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.challenges import challenge
from tests.support.club import ANA, BOB
from tests.support.documents import reward
from tests.support.engagement import Collecting


def found(club: Collecting) -> list[str]:
    audited = audit_engagement(ANA, shelf=club.shelf, desk=club.desk)
    return [each.what for each in audited.differences]


def undone_and_restored() -> Collecting:
    """An award that was given, forgiven in part when it was taken back, and given again."""
    club = Collecting(challenge(target=1))
    club.sells("1")
    club.looks_at("1")
    club.adjust_balance(ANA, -40)
    club.refunds("1", whole=True)
    club.looks_at("1")
    club.sells("2")
    club.looks_at("2")
    return club


def test_an_award_agrees_with_its_entries_however_often_it_changed() -> None:
    club = undone_and_restored()

    (award,) = club.awards().values()
    assert (award.step, award.target) == (3, 50)
    assert found(club) == []


def test_every_figure_of_an_award_that_differs_is_named() -> None:
    club = undone_and_restored()
    (award,) = club.awards().values()
    standing = replace(award.standing, clawed=1, owed=1, forgiven=1, excused=1, given=())
    item = award_to_item(replace(award, standing=standing), "bean")
    club.engine.write([Put(keys.award("bean", award.award_id), item)])

    assert found(club) == [
        "award_given",
        "award_clawed",
        "award_owed",
        "award_forgiven",
        "award_excused",
        "award_unbalanced",
    ]


def test_an_award_that_gave_nothing_but_a_reward_is_audited_too() -> None:
    only = challenge(target=1, gives=[{"reward_id": "latte"}])
    club = Collecting(only, rewards=[reward(offered=False, cost_points=0)])
    club.sells("1")
    club.looks_at("1")
    assert found(club) == []

    (award,) = club.awards().values()
    item = award_to_item(replace(award, code="another"), "bean")
    club.engine.write([Put(keys.award("bean", award.award_id), item)])

    assert found(club) == ["award_voucher_lost"]


def test_progress_that_differs_from_what_orders_count_is_named() -> None:
    club = Collecting(challenge(), challenge(id="weeks", window="week"), members=(ANA, BOB))
    for order_id, member in (("1", ANA), ("2", BOB), ("3", BOB)):
        club.sells(order_id, member=member)
        club.looks_at(order_id)
    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)
    club.unites(BOB)
    assert found(club) == []

    progress = club.progress()
    wrong = {"ever": WindowSum(1, {"*": 7})}
    item = progress_to_item(replace(progress, windows=wrong))
    club.engine.write([Put(keys.member_progress("bean", ANA, progress.counter), item)])

    assert found(club) == ["progress challenge.three ever"]


def test_windows_that_were_forgotten_are_not_compared() -> None:
    club = Collecting(challenge(window="month", target=1))
    club.sells("1")
    club.looks_at("1")
    club.now += timedelta(days=730)
    club.sells("2", days_ago=-730)
    club.looks_at("2")
    assert club.progress().since is not None

    assert found(club) == []


def test_orders_of_the_last_days_are_looked_at_again() -> None:
    club = Collecting(challenge(target=1))
    club.sells("1")
    club.now += timedelta(days=10)
    club.sells("2")
    assert club.bonuses() == 0

    lost = audit_engagement(ANA, shelf=club.shelf, desk=club.desk).orders

    assert lost == (OrderRef("till", "2"),)
    club.looks_at(*(each.order_id for each in lost))
    assert club.bonuses() == 50


def test_of_a_program_that_never_had_a_challenge_nothing_counts() -> None:
    club = Collecting(challenge(target=1))
    club.sells("1")
    desk = replace(club.desk, program=replace(club.program, counts_since=None))

    assert audit_engagement(ANA, shelf=club.shelf, desk=desk) == ([], ())

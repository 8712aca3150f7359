"""The nightly audit of awards: each is what its entries add up to."""

from dataclasses import replace

from loyalty.table import keys
from loyalty.table.operations import Put
from loyalty.table.records.engagement import award_to_item
from loyalty.usecases.engagement.auditing import audit_awards
from tests.support.challenges import challenge
from tests.support.club import ANA
from tests.support.documents import reward
from tests.support.engagement import Collecting


def found(club: Collecting) -> list[str]:
    return [each.what for each in audit_awards(ANA, awards=club.shelf, desk=club.desk)]


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

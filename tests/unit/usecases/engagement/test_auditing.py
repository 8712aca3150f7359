"""The nightly audit of awards: each is what its entries add up to."""

from collections.abc import Sequence
from dataclasses import replace

from loyalty.domain.ledger.entries import Entry
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.table import keys
from loyalty.table.operations import Put
from loyalty.table.records.engagement import award_to_item
from loyalty.usecases.engagement.auditing import audit_awards
from tests.support.challenges import challenge
from tests.support.club import ANA
from tests.support.engagement import Collecting


class NoAwards:
    """Awards that must not be read."""

    def award_on_record(self, award_id: str) -> tuple[MemberAward, Sequence[Entry]] | None:
        raise AssertionError(award_id)


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
    item = award_to_item(replace(award, standing=standing))
    club.engine.write([Put(keys.award("bean", award.award_id), item)])

    assert found(club) == [
        "award_given",
        "award_clawed",
        "award_owed",
        "award_forgiven",
        "award_excused",
        "award_unbalanced",
    ]


def test_a_program_that_never_had_a_challenge_is_not_read_for_awards() -> None:
    club = undone_and_restored()
    desk = replace(club.desk, program=replace(club.program, counts_since=None))

    assert audit_awards(ANA, awards=NoAwards(), desk=desk) == []

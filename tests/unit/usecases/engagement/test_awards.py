"""Awards for anything: given and taken back by their ids, each in one transaction."""

from dataclasses import replace
from typing import Any, Final

import pytest

from loyalty.domain.engagement.award_terms import AwardTerms
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.postings import Posting
from loyalty.usecases.engagement.awards import give_award, take_award
from loyalty.usecases.engagement.viewing import badges_of_member
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.ledger.redemption import cancel, use_voucher
from tests.support.club import ANA, BOB
from tests.support.documents import reward
from tests.support.engagement import Collecting, Killed

LATTE: Final = reward(offered=False, cost_points=0)
BADGES: Final = [{"id": "regular", "name": "Regular"}]
ALL: Final = AwardTerms(
    given_for="challenge",
    rule_id="prize",
    version=1,
    points=50,
    reward_id="latte",
    badges=("regular",),
)
AWARD_ID: Final = "prize.november.1"


class Giving(Collecting):
    def __init__(self, **parts: Any) -> None:
        super().__init__(rewards=[LATTE], badges=BADGES, members=(ANA, BOB), **parts)

    def gives(self, member: str = ANA, terms: AwardTerms = ALL, **more: Any) -> MemberAward | None:
        return give_award(
            AWARD_ID, member_id=member, terms=terms, shelf=self.shelf, desk=self.desk, **more
        )

    def takes(self) -> MemberAward | None:
        return take_award(AWARD_ID, shelf=self.shelf, desk=self.desk)

    def vouchers(self, *members: str) -> list[str]:
        found = self.desk.books.vouchers(members or (ANA,), limit=10, start=None).items
        return [f"{each.state} for {each.points}" for each in found]

    def badges(self, member: str = ANA) -> list[str]:
        found = badges_of_member(member, shelf=self.shelf, desk=self.desk)
        return [each.id for each in found]


def test_an_award_gives_points_a_reward_and_a_badge_at_once() -> None:
    club = Giving()

    award = club.gives()

    assert award is not None
    assert award.stands
    assert (club.bonuses(), club.vouchers(), club.badges()) == (50, ["issued for 0"], ["regular"])
    club.must_add_up(ANA)


def test_giving_and_taking_again_changes_nothing() -> None:
    club = Giving()
    club.gives()
    given = dict(club.engine.items)
    assert club.gives()
    assert club.engine.items == given

    club.takes()
    taken = dict(club.engine.items)

    assert club.takes()
    assert club.engine.items == taken
    assert (club.bonuses(), club.vouchers(), club.badges()) == (0, ["cancelled for 0"], [])
    club.must_add_up(ANA)


@pytest.mark.parametrize("terms", [
    replace(ALL, points=0),
    replace(ALL, points=0, badges=()),
    replace(ALL, reward_id=None),
    replace(ALL, points=0, reward_id=None),
])  # fmt: skip
def test_any_of_them_may_be_left_out(terms: AwardTerms) -> None:
    club = Giving()
    club.gives(terms=terms)
    got = club.bonuses(), len(club.vouchers()), len(club.badges())
    assert got == (terms.points, bool(terms.reward_id), len(terms.badges))

    club.takes()
    club.gives(terms=terms)

    assert (club.bonuses(), len(club.badges())) == (terms.points, len(terms.badges))
    assert club.vouchers().count("issued for 0") == bool(terms.reward_id)
    club.must_add_up(ANA)


def test_a_used_voucher_is_kept_and_not_given_twice() -> None:
    club = Giving()
    award = club.gives()
    assert award is not None
    assert award.code is not None
    use_voucher(award.code, request_id="till", order=None, desk=club.desk)

    taken = club.takes()

    assert taken is not None
    assert taken.reward_kept
    assert (club.bonuses(), club.vouchers()) == (0, ["used for 0"])
    club.gives()
    assert (club.bonuses(), club.vouchers()) == (50, ["used for 0"])


def test_a_voucher_that_staff_cancelled_stays_so_until_the_award_is_given_again() -> None:
    club = Giving()
    award = club.gives()
    assert award is not None
    assert award.code is not None
    voucher = club.desk.books.voucher(award.code)
    assert voucher is not None
    cancel(voucher.redemption_id, member_id=None, desk=club.desk)

    club.gives(terms=replace(ALL, points=70))

    assert (club.bonuses(), club.vouchers()) == (70, ["cancelled for 0"])


@pytest.mark.parametrize("points", [20, 80])
def test_other_points_replace_those_that_stand(points: int) -> None:
    club = Giving()
    club.gives()

    club.gives(terms=replace(ALL, points=points))

    assert (club.bonuses(), club.vouchers()) == (points, ["issued for 0"])
    club.must_add_up(ANA)
    club.must_be_consistent()


def test_a_merged_members_award_is_taken_from_whom_they_became() -> None:
    club = Giving()
    club.gives(BOB)
    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)
    assert club.badges(ANA) == ["regular"]

    club.takes()

    assert club.account(ANA).balance == 0
    assert (club.vouchers(ANA, BOB), club.badges(ANA)) == (["cancelled for 0"], [])
    club.gives(BOB)
    assert (club.account(ANA).balance, club.badges(ANA)) == (50, ["regular"])


def test_nothing_is_given_to_or_taken_from_somebody_who_was_erased() -> None:
    club = Giving()
    club.gives()
    club.puts(replace(club.stored(), status="closed"))
    items = dict(club.engine.items)

    assert club.takes() is None
    assert club.engine.items == items
    assert give_award("prize.2", member_id=ANA, terms=ALL, shelf=club.shelf, desk=club.desk) is None
    assert take_award("prize.3", shelf=club.shelf, desk=club.desk) is None


def test_what_is_written_beside_it_is_part_of_the_transaction() -> None:
    club = Giving()

    def beside(posting: Posting) -> Posting:
        return replace(posting, active=BOB)

    club.puts(replace(club.stored(BOB), status="closed"))
    with pytest.raises(Exception, match="Too many others"):
        club.gives(beside=beside)

    assert (club.bonuses(), club.vouchers()) == (0, [])


@pytest.mark.parametrize("takes_effect", [False, True])
def test_a_caller_who_was_killed_calls_again(*, takes_effect: bool) -> None:
    club = Giving()
    club.table.dies_at, club.table.takes_effect = 0, takes_effect
    with pytest.raises(Killed):
        club.gives()

    club.gives()

    assert (club.bonuses(), club.vouchers()) == (50, ["issued for 0"])

"""What moves between two people, and what does not fit."""

from datetime import date, timedelta

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.merging import merged_person, merged_points
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import UNITED_IDENTITIES_MAX, Consent, Member, Profile
from loyalty.domain.program.kinds import LOTS_MAX
from tests.support.ledger import NOON


def someone(member_id: str, *, cards: int) -> Member:
    return Member(
        member_id=member_id,
        enrolled_at=NOON,
        enrolled_by="",
        profile=Profile(name=member_id),
        consents={member_id: Consent(given=True, given_at=NOON)},
        identities={Identity("card", f"{member_id}-{each}"): False for each in range(cards)},
    )


def test_nothing_of_a_person_moves_if_both_have_too_many_identities() -> None:
    half = UNITED_IDENTITIES_MAX // 2

    fits = merged_person(someone("a", cards=half), someone("b", cards=half))
    apart = merged_person(someone("a", cards=half), someone("b", cards=half + 1))

    assert (fits.identities, fits.consents_taken) == ({"card": half}, {"a": True})
    assert apart.identities_stay_apart
    assert (apart.identities, apart.fields_taken, apart.consents_taken) == ({}, (), {})


def test_lots_that_do_not_fit_join_later_ones() -> None:
    days = [date(2027, 1, 1) + timedelta(days=each) for each in range(LOTS_MAX + 2)]
    merged = Account(member_id="a", holding=Holding(lots=dict.fromkeys(days[:3], 1)))
    remaining = Account(member_id="b", holding=Holding(lots=dict.fromkeys(days[3:], 1), debt=1))
    after = Account(member_id="b", holding=Holding(lots=dict.fromkeys(days[2:], 1)))

    points = merged_points(merged, remaining, after)

    # The first lot pays the debt, and the second joins the third.
    assert (points.paid_debt, points.lots_joined) == (1, 1)

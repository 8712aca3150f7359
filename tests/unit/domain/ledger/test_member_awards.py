"""Awards, and how their points stand."""

from datetime import date

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.settled import Settled

GIVEN = Part(date(2026, 11, 21), date(2027, 11, 30), 50)


def test_an_award_is_balanced_if_every_point_that_was_given_stands_or_is_settled() -> None:
    award = MemberAward(
        award_id="challenge.three.ana.ever.1",
        member_id="ana",
        given_for="challenge",
        rule_id="three",
        points=50,
        available_on=GIVEN.available_on,
        expires_on=GIVEN.expires_on,
        standing=Settled(given=(GIVEN,), taken=(20,), clawed=20, owed=30),
        target=0,
    )

    assert award.points_given == 50
    assert award.is_balanced

"""Counters name a rule of the document, and what an award for it gives."""

from typing import Final, get_args

from loyalty.domain.engagement.award_terms import AwardOccasion, AwardTerms
from loyalty.domain.engagement.counters import (
    KINDS,
    award_terms,
    challenge_counter,
    id_of,
    rule_of,
)
from loyalty.domain.program.document import Program
from tests.support.challenges import challenge
from tests.support.documents import program

GIVES: Final = [{"points": 5}, {"reward_id": "latte"}, {"points": 2}, {"badge": "regular"}]
DOCUMENT: Final = Program.model_validate(
    program(challenges=[challenge(id="a.b", gives=GIVES, wait_days=3)])
)


def test_a_counter_names_the_rule_that_it_adds_up_for() -> None:
    counter = challenge_counter("a.b")

    assert (counter, id_of(counter)) == ("challenge.a.b", "a.b")
    assert rule_of(counter, DOCUMENT) == DOCUMENT.challenges[0]
    assert rule_of(challenge_counter("other"), DOCUMENT) is None


def test_an_award_gives_all_that_the_rule_does_together() -> None:
    terms = award_terms("challenge.a.b", DOCUMENT.challenges[0], version=4)

    assert terms == AwardTerms(
        given_for="challenge",
        rule_id="a.b",
        version=4,
        points=7,
        wait_days=3,
        reward_id="latte",
        badges=("regular",),
    )


def test_what_every_kind_of_counters_gives_has_an_occasion() -> None:
    assert {kind.given_for for kind in KINDS.values()} <= set(get_args(AwardOccasion))

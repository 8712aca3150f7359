"""Who may decide a review, and that a decision stays."""

from dataclasses import replace

import pytest

from loyalty.domain.kernel.errors import SecondManager, WrongState
from loyalty.domain.ledger.reviews import decided, review_id
from loyalty.domain.orders.order import OrderRef
from tests.support.event_examples import REVIEW, VERDICT


def test_a_review_is_open_until_it_is_decided() -> None:
    assert REVIEW.state == "open"
    assert decided(REVIEW, VERDICT).state == "released"


def test_the_first_decision_stays() -> None:
    first = decided(REVIEW, VERDICT)

    assert decided(first, replace(VERDICT, by="chief", reason="Me too")) is first
    with pytest.raises(WrongState):
        decided(first, replace(VERDICT, verdict="rejected"))


def test_whoever_caused_it_does_not_decide_nor_repeat_a_decision() -> None:
    for review in (REVIEW, decided(REVIEW, VERDICT)):
        with pytest.raises(SecondManager):
            decided(review, replace(VERDICT, by="clerk"))


def test_it_names_the_people_who_caused_and_decided_it() -> None:
    assert decided(REVIEW, VERDICT).people == ("clerk", "boss")
    assert replace(REVIEW, caused_by=None).people == ()


def test_an_order_has_one_review_by_the_same_id_for_ever() -> None:
    assert review_id(OrderRef("pos", "1001")) == "rev_84a7e58b3004a6df2ccd7184"

"""Rules and campaigns that earn by means of payment: each on its own share of an order."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from loyalty.domain.program.document import PublishedProgram
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.documents import rule
from tests.support.http import Answer

PREPAID: Final = campaign(
    id="card-week",
    effect={"kind": "rate", "points": 1, "per_minor": 100, "tenders": ["stored_value"]},
)


@pytest.fixture(autouse=True)
def ana(publish: Callable[..., PublishedProgram]) -> str:
    publish(
        earning_rules=[
            rule(id="money", tenders=["card", "cash"]),
            rule(id="prepaid", points=2, tenders=["stored_value"]),
        ],
        campaigns=[PREPAID],
    )
    return till.enroll()


def paid(**kinds: int) -> list[dict[str, Any]]:
    return [{"kind": kind, "amount": till.money(amount)} for kind, amount in kinds.items()]


def earned(answer: Answer) -> dict[str, int]:
    return {share["rule_id"]: share["points"] for share in answer.body["entry"]["breakdown"]}


def test_an_order_paid_in_several_ways_earns_on_each_share_and_nothing_on_points_and_gift_cards(
    ana: str,
) -> None:
    tenders = paid(card=2000, stored_value=2000, points=1000, gift_card=500, store_credit=500)

    answer = till.earn(ana, 6000, tenders=tenders, order_id="1")

    assert earned(answer) == {"money": 20, "prepaid": 40, "card-week": 20}
    quoted = till.quote(till.order(6000, member_id=ana, tenders=tenders)).body
    assert quoted["points"] == 80
    half = till.refund("1", amount=till.money(3000))
    assert half.body["entry"]["points"] == -40
    till.refund("1", "r2", whole=True)
    assert till.member(ana)["balance"] == 0


def test_an_order_that_says_nothing_of_payment_earns_nothing_by_it(ana: str) -> None:
    assert earned(till.earn(ana, 6000)) == {}


def test_a_correction_of_how_an_order_was_paid_counts(ana: str) -> None:
    till.earn(ana, 6000, tenders=paid(gift_card=6000), order_id="1")
    assert till.member(ana)["balance"] == 0

    corrected = till.order(6000, member_id=ana, order_id="1", tenders=paid(stored_value=6000))
    till.correct_order(corrected)

    assert till.member(ana)["balance"] == 120 + 60

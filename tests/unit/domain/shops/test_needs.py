"""What a program reads of orders decides what shops are asked for."""

from typing import Any

import pytest

from loyalty.domain.shops.needs import OrderNeeds, needs_of
from tests.support.campaigns import campaign, with_campaigns
from tests.support.documents import program, rule

NOTHING = OrderNeeds()
PRODUCTS = OrderNeeds(products=True)
TENDERS = OrderNeeds(tenders=True)
RATE = {"kind": "rate", "points": 1, "per_minor": 100}


def amount_of(**of: Any) -> dict[str, Any]:
    return {"fact": "amount", "at_least_minor": 1, "of": of}


@pytest.mark.parametrize(
    ("parts", "needs"),
    [
        ({}, NOTHING),
        ({"include_categories": ["coffee"]}, PRODUCTS),
        ({"exclude_categories": ["sale"]}, PRODUCTS),
        # Orders tell charges by themselves.
        ({"exclude_categories": ["gift_card"]}, NOTHING),
        ({"include_skus": ["MUG"]}, NOTHING),
        ({"tenders": ["card"]}, TENDERS),
    ],
)
def test_an_earning_rule_may_need_to_know_more_of_an_order(
    parts: dict[str, Any], needs: OrderNeeds
) -> None:
    assert needs_of(program(earning_rules=[rule(**parts)])) == needs


@pytest.mark.parametrize(
    ("parts", "needs"),
    [
        ({}, NOTHING),
        ({"lines": {"skus": ["MUG"]}}, NOTHING),
        ({"lines": {"categories": ["coffee"]}}, PRODUCTS),
        ({"lines": {"not_categories": ["sale"]}}, PRODUCTS),
        ({"lines": {"brands": ["House"]}}, PRODUCTS),
        ({"if": {"any": [{"not": amount_of(tags=["new"])}, amount_of()]}}, PRODUCTS),
        ({"if": {"not": {"fact": "tender", "is_in": ["card"]}}}, TENDERS),
        ({"if": {"fact": "channel", "is_in": ["web"]}}, NOTHING),
        ({"effect": RATE}, NOTHING),
        ({"effect": RATE | {"tenders": ["card"]}}, TENDERS),
        (
            {"effect": RATE | {"tenders": ["card"]}, "lines": {"tags": ["new"]}},
            OrderNeeds(products=True, tenders=True),
        ),
    ],
)
def test_a_campaign_may_need_to_know_more_of_an_order(
    parts: dict[str, Any], needs: OrderNeeds
) -> None:
    assert needs_of(with_campaigns(campaign(**parts))) == needs

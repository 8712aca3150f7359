"""Plans in the program document: what is refused when it is published."""

from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from tests.support.documents import program
from tests.support.levels import tiers


def test_a_plan_gives_only_a_level_of_the_program_and_has_an_id_of_its_own() -> None:
    gold = {"id": "prime", "name": "Prime", "benefits": {"level": "gold"}}
    lost = gold | {"benefits": {"level": "platinum"}}

    assert [*faults(program(plans=[gold], tiers=tiers()))] == []
    assert [(each.pointer, each.code) for each in faults(program(plans=[gold]))] == [
        ("/plans/0/benefits/level", "unknown_level")
    ]
    wrong = program(plans=[gold, lost], tiers=tiers())
    assert {(each.pointer, each.code) for each in faults(wrong)} == {
        ("/plans/1/id", "duplicate_id"),
        ("/plans/1/benefits/level", "unknown_level"),
    }


@pytest.mark.parametrize(
    ("billing", "pointer", "code"),
    [
        ({}, "", "billing_unclear"),
        ({"prices": ["p"], "skus": ["s"], "storefront": "shop"}, "", "billing_unclear"),
        ({"prices": ["p"]}, "/storefront", "missing"),
        ({"skus": ["s"]}, "/months", "missing"),
        ({"skus": ["s"], "months": 1, "storefront": "shop"}, "", "contradiction"),
        ({"prices": ["p"], "months": 1, "storefront": "shop"}, "", "contradiction"),
        ({"skus": ["YEAR"], "months": 1}, "/skus/0", "duplicate_price"),
    ],
)
def test_a_plan_is_paid_by_subscriptions_or_by_products(
    billing: dict[str, Any], pointer: str, code: str
) -> None:
    year = {"skus": ["YEAR"], "months": 12}
    plans = [
        {"id": plan_id, "name": plan_id, "billing": [each]}
        for plan_id, each in (("basic", year), ("prime", billing))
    ]

    found = [(each.pointer, each.code) for each in faults(program(plans=plans))]

    assert (f"/plans/1/billing/0{pointer}", code) in found


def test_a_shop_sells_only_one_plan_under_a_name() -> None:
    plans = [
        {
            "id": plan_id,
            "name": plan_id,
            "billing": [{"storefront": shop, "prices": ["price_1", f"price_{plan_id}"]}],
        }
        for plan_id, shop in (("basic", "shop"), ("prime", "shop"), ("other", "elsewhere"))
    ]

    assert [(each.pointer, each.code) for each in faults(program(plans=plans))] == [
        ("/plans/1/billing/0/prices/0", "duplicate_price")
    ]

"""Orders that are easy to count wrongly end at the right balance, in memory.

`tests/e2e/test_shop_cases.py` delivers the same ones to the deployed cloud.
"""

import json

import pytest

from loyalty.domain.shops.storefront import OrderFilter
from tests.support.shop_cases import NOW, Case, cases
from tests.support.shop_stories import ConnectedShop


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.name}: {case.title}")
def test_an_order_ends_at_its_balance(case: Case) -> None:
    connection = case.connection
    shop = ConnectedShop(
        connection["platform"],
        currency=case.currency,
        now=NOW,
        source=case.name,
        store=connection.get("store"),
        has_access_token="access_token" in connection,
        enroll_customers=connection.get("enroll_customers", False),
        earns=OrderFilter(**connection.get("earns", {})),
    )
    if case.customer:
        shop.enroll(case.customer)

    for step in case.steps:
        # The prefix is a store's, which the API's address is given.
        paths = {path.removeprefix("/stores/abc123"): each for path, each in step.answers.items()}
        shop.responses |= paths
        outcome = shop.deliver(step.topic, json.loads(step.body))
        balance = shop.balance if case.customer else 0

        assert balance in (step.balances or (balance,)), outcome
        assert outcome.status in (step.statuses or (outcome.status,)), outcome

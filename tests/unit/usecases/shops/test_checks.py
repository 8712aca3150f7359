"""A check of a connection looks at deliveries and settings, and asks the platform for a while."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.deliveries import Handled, StoredDelivery, kept_as
from loyalty.domain.shops.storefront import (
    Delivery,
    Envelope,
    Outcome,
    PlatformApi,
    ShopKeys,
    Storefront,
)
from loyalty.storefronts import platform_named
from loyalty.usecases.ports import Listed
from loyalty.usecases.shops.checks import CheckedConnection, check_connection
from loyalty.usecases.shops.deliveries import Files
from loyalty.usecases.shops.platforms import Unfetchable
from tests.support.documents import published, rule
from tests.support.received import RECEIVED_AT, delivery, storefront

BY_CATEGORY = rule(include_categories=["Coffee"])


class Deliveries:
    """An inbox and a log with one delivery, if it has an outcome."""

    def __init__(
        self, outcome: Outcome | None, headers: dict[str, str], refused: datetime | None
    ) -> None:
        self.refused = refused
        self.delivery = delivery(headers=headers)
        self.envelope = Envelope(topic="orders/paid", name="1", order_id="1")
        self.stored = kept_as(self.delivery, self.envelope)
        self.outcome = outcome

    def read(self, stored: StoredDelivery) -> Delivery | None:
        return self.delivery

    def refused_at(self, program_id: str, storefront_id: str) -> datetime | None:
        return self.refused

    def find(self, program_id: str, storefront_id: str, log_id: str) -> StoredDelivery | None:
        raise NotImplementedError

    def oldest(self, *_where: str, since: str, before: str, limit: int) -> Listed[StoredDelivery]:
        raise NotImplementedError

    def newest(
        self,
        program_id: str,
        storefront_id: str,
        *,
        since: datetime,
        before: datetime,
        before_id: str | None,
        limit: int,
    ) -> Listed[StoredDelivery]:
        return Listed([self.stored] if self.outcome else [])

    def outcomes(self, _stored: Any) -> dict[StoredDelivery, Handled]:
        if self.outcome is None:
            return {}
        handled = Handled(
            envelope=self.envelope, source="shop", outcome=self.outcome, applied_at=None, attempts=1
        )
        return {self.stored: handled}


class Caller:
    """A platform that gives the same answer to everything."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.calls = 0

    def api(self, program_id: str, storefront_id: str) -> PlatformApi:
        return PlatformApi("https://example.com", {})

    def call(self, api: PlatformApi, path: str, body: bytes | None) -> bytes:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def check(
    connection: Storefront,
    *,
    answer: bytes | Exception = b"{}",
    outcome: Outcome | None = None,
    rules: Sequence[Any] = (rule(),),
    headers: dict[str, str] | None = None,
    seconds: Iterator[float] | None = None,
    refused: datetime | None = None,
) -> tuple[CheckedConnection, Caller]:
    caller = Caller(answer)
    deliveries = Deliveries(outcome, headers or {}, refused)
    checked = check_connection(
        connection,
        ShopKeys(secrets=("whsec_1",)),
        program_id="bean",
        document=published(currency="USD", earning_rules=list(rules)).document,
        webhook_path="/v1/programs/bean/webhooks/online",
        files=Files(deliveries, log=deliveries, find_platform=platform_named),
        find_platform=platform_named,
        caller=caller,
        clock=lambda: next(seconds) if seconds else 0.0,
        now=RECEIVED_AT,
    )
    return checked, caller


def codes(checked: CheckedConnection) -> list[tuple[str, str]]:
    return [(each.code, each.severity) for each in checked.findings]


SHOP = storefront("shopify", store="bean-and-leaf")


def test_a_shop_that_has_not_delivered_yet_is_told_where_to() -> None:
    checked, caller = check(SHOP)

    assert codes(checked) == [("no_deliveries", "warning")]
    assert "/v1/programs/bean/webhooks/online" in checked.findings[0].step
    assert (checked.asked_platform, caller.calls) == (False, 0)


def test_a_wrong_secret_is_found_by_the_delivery_that_was_refused_last() -> None:
    checked, _ = check(SHOP, refused=RECEIVED_AT)
    assert codes(checked) == [("bad_signature", "error")]

    earned = Outcome(status="earned")
    for minutes, is_found in ((-1, False), (1, True)):
        refused = RECEIVED_AT + timedelta(minutes=minutes)
        checked, _ = check(SHOP, outcome=earned, refused=refused)
        assert (("bad_signature", "error") in codes(checked)) is is_found


def test_a_parked_delivery_is_named_with_its_reason() -> None:
    parked = Outcome(status="parked", reason="currency_mismatch")

    checked, _ = check(SHOP, outcome=parked, headers={"x-shopify-api-version": "2024-01"})

    assert [each.subject for each in checked.findings][:2] == ["currency_mismatch", "2024-01"]
    assert {each.code for each in checked.findings} == {
        "deliveries_parked",
        "api_version_old",
        "topic_unseen",
    }


def test_rules_about_categories_need_a_token() -> None:
    checked, _ = check(SHOP, rules=[BY_CATEGORY])

    assert codes(checked)[0] == ("categories_not_read", "error")


def test_a_platform_that_does_not_answer_is_a_finding() -> None:
    checked, caller = check(storefront("square", has_access_token=True), answer=TryAgain("down"))

    assert ("platform_silent", "warning") in codes(checked)
    assert (checked.asked_platform, caller.calls) == (False, 1)


def test_a_slow_platform_is_asked_nothing_more() -> None:
    # Each look at the clock is two seconds later than the one before.
    seconds = (float(second) for second in count(0, 2))

    checked, caller = check(storefront("square", has_access_token=True), seconds=seconds)

    assert ("platform_silent", "warning") in codes(checked)
    assert (checked.asked_platform, caller.calls) == (True, 1)


@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "square", "bigcommerce", "stripe"])
def test_a_platform_that_refuses_everything_is_a_finding(platform: Any) -> None:
    connection = replace(SHOP, platform=platform, has_access_token=True)

    checked, _ = check(connection, answer=Unfetchable("access_denied"))

    assert {"access_denied", "scope_missing"} & {code for code, _ in codes(checked)}
    assert checked.asked_platform

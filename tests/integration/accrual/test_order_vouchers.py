"""Orders of storefronts and tills use vouchers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.accrual.handler import handler as accrual
from functions.storefronts.handler import handler as storefronts
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.deliveries import MANAGER, PROGRAM_ID, connect, deliver, drain
from tests.support.http import Answer, call
from tests.support.shopify import OF_NOBODY, WITH_CUSTOMER, payload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
PATH = f"/v1/programs/{PROGRAM_ID}/storefronts/online"


@pytest.fixture(autouse=True)
def ana(publish: Callable[..., object]) -> str:
    """A member with points, in a program whose shop is connected."""
    publish(currency="USD")
    connect()
    member_id = till.enroll("bob.norman@mail.example.com")
    deliver(order(1))
    drain()
    return member_id


@pytest.fixture
def voucher(ana: str) -> tuple[str, str]:
    """Its code, and the redemption's id."""
    body = till.redeem(ana).body
    return body["voucher"]["code"], body["id"]


def order(number: int, *codes: str, name: str = WITH_CUSTOMER, **changes: Any) -> dict[str, Any]:
    """An order of which nothing was removed, and nothing given back."""
    body = payload(name, paid_at=NOW)
    fresh = {
        "id": number,
        "discount_codes": [{"code": code.lower(), "amount": "5.00"} for code in codes],
        "line_items": [each | {"current_quantity": 1} for each in body["line_items"]],
        "financial_status": "paid",
        "refunds": [],
    }
    return body | fresh | changes


def delivered(
    body: dict[str, Any], *, topic: str = "orders/paid", event_id: str = ""
) -> dict[str, Any]:
    """The outcome of a delivery."""
    before = {handled["id"] for handled in listed()}
    deliver(body, topic=topic, event_id=event_id or f"evt-{len(before)}")
    drain()
    (new,) = [handled for handled in listed() if handled["id"] not in before]
    return new


def listed() -> list[dict[str, Any]]:
    answer = call(storefronts, "GET", f"{PATH}/deliveries", as_=MANAGER)
    items: list[dict[str, Any]] = answer.body["items"]
    return items


def state(code: str) -> str:
    return str(till.check(code).body["state"])


def test_an_order_that_was_paid_with_a_voucher_uses_it_and_earns(
    ana: str, voucher: tuple[str, str]
) -> None:
    code, redemption_id = voucher

    handled = delivered(order(2, code))

    assert (handled["status"], handled["points"]) == ("earned", 587)
    assert handled["vouchers"] == [
        {
            "redemption_id": redemption_id,
            "status": "used",
            "reason": None,
            "replayed": False,
            "points": 0,
        }
    ]
    body = till.check(code).body
    assert (body["state"], body["used_by"]) == ("used", ana)
    assert body["used_order"] == {"source": "shop", "order_id": "2"}


def test_the_outcome_of_a_delivery_contains_no_voucher_code(
    voucher: tuple[str, str], dynamodb: Any
) -> None:
    delivered(order(2, voucher[0]))

    found = dynamodb.scan(TableName="ledger")["Items"]
    outcomes = [item for item in found if item["sk"]["S"].startswith("DELIVERY#")]
    assert outcomes
    assert voucher[0] not in str(outcomes).upper()


def test_the_same_order_by_other_deliveries_changes_nothing(voucher: tuple[str, str]) -> None:
    delivered(order(2, voucher[0]))

    again = delivered(order(2, voucher[0]), topic="orders/updated")

    assert [step["replayed"] for step in again["vouchers"]] == [True]
    assert state(voucher[0]) == "used"


def test_an_order_with_a_voucher_that_is_used_earns_all_the_same(voucher: tuple[str, str]) -> None:
    delivered(order(2, voucher[0]))

    handled = delivered(order(3, voucher[0]))

    assert (handled["status"], handled["points"]) == ("earned", 587)
    (step,) = handled["vouchers"]
    assert (step["status"], step["reason"]) == ("refused", "voucher_used")


def test_a_guest_order_uses_the_voucher_it_was_paid_with(voucher: tuple[str, str]) -> None:
    handled = delivered(order(2, voucher[0], name=OF_NOBODY))

    assert (handled["status"], handled["reason"]) == ("ignored", "no_customer")
    assert state(voucher[0]) == "used"
    assert till.check(voucher[0]).body["used_by"] is None


@pytest.mark.parametrize("is_late", [False, True])
def test_a_cancelled_order_gives_the_voucher_back_whenever_the_news_arrives(
    voucher: tuple[str, str], is_late: bool
) -> None:
    cancelled = order(2, voucher[0], cancelled_at=NOW.isoformat(), cancel_reason="customer")
    life = [(order(2, voucher[0]), "orders/paid"), (cancelled, "orders/cancelled")]

    for body, topic in reversed(life) if is_late else life:
        delivered(body, topic=topic)

    assert state(voucher[0]) == "issued"
    assert delivered(order(3, voucher[0]))["vouchers"][0]["status"] == "used"


def test_an_edit_that_drops_the_discount_gives_the_voucher_back(voucher: tuple[str, str]) -> None:
    delivered(order(2, voucher[0], updated_at=NOW.isoformat()))

    later = (NOW + timedelta(minutes=1)).isoformat()
    handled = delivered(order(2, updated_at=later), topic="orders/updated")

    assert [step["status"] for step in handled["vouchers"]] == ["given_back"]
    assert state(voucher[0]) == "issued"


def test_a_program_may_keep_used_vouchers_used(
    voucher: tuple[str, str], publish: Callable[..., object], time: Clock
) -> None:
    publish(version=2, currency="USD", reinstate_vouchers=False)
    time.now += timedelta(minutes=1)
    delivered(order(2, voucher[0]))

    cancelled = order(2, voucher[0], cancelled_at=NOW.isoformat())
    handled = delivered(cancelled, topic="orders/cancelled")

    (step,) = handled["vouchers"]
    assert (step["status"], step["reason"]) == ("kept", "not_reinstated")
    assert state(voucher[0]) == "used"


class TestATill:
    def post(self, ana: str, *codes: str, order_id: str = "9") -> Answer:
        body = till.order(0, order_id=order_id, member_id=ana, voucher_codes=list(codes))
        body["lines"] = [till.line(1000) | {"amount": till.money(1000, "USD")}]
        return till.post_order(body)

    def test_an_order_says_which_vouchers_it_was_paid_with(
        self, ana: str, voucher: tuple[str, str]
    ) -> None:
        answer = self.post(ana, voucher[0].lower(), "SUMMER10")

        assert answer.status == 201, answer.text
        assert answer.body["vouchers"] == [
            {
                "redemption_id": voucher[1],
                "status": "used",
                "reason": None,
                "replayed": False,
                "points": 0,
            }
        ]
        assert state(voucher[0]) == "used"

    def test_the_same_order_again_gets_the_same_answer(
        self, ana: str, voucher: tuple[str, str]
    ) -> None:
        self.post(ana, voucher[0])

        answer = self.post(ana, voucher[0])

        assert answer.status == 200
        assert [step["replayed"] for step in answer.body["vouchers"]] == [True]

    def test_an_order_is_no_way_around_a_used_voucher(
        self, ana: str, voucher: tuple[str, str]
    ) -> None:
        till.use(voucher[0])

        answer = self.post(ana, voucher[0])

        assert answer.status == 201
        (step,) = answer.body["vouchers"]
        assert (step["status"], step["reason"]) == ("refused", "voucher_used")

    @pytest.mark.parametrize("by", ["order", "use"])
    def test_a_full_refund_gives_back_the_vouchers_of_the_order(
        self, ana: str, voucher: tuple[str, str], by: str
    ) -> None:
        self.post(ana, *([voucher[0]] if by == "order" else []))
        if by == "use":
            till.use(voucher[0], order={"source": "pos", "order_id": "9"})

        answer = call(
            accrual,
            "POST",
            f"{till.PROGRAM}/orders/pos/9/refunds",
            body={"refund_id": "r1", "occurred_at": "2026-11-21T10:00:00Z", "whole": True},
            as_=till.CASHIER,
        )

        assert answer.status == 201, answer.text
        assert [step["status"] for step in answer.body["vouchers"]] == ["given_back"]
        assert state(voucher[0]) == "issued"

    def test_an_order_may_leave_it_to_us_to_net_its_vouchers(
        self, ana: str, voucher: tuple[str, str]
    ) -> None:
        body = till.order(0, order_id="9", member_id=ana, voucher_codes=[voucher[0]])
        dear, cheap = till.line(1000, "1", sku="LATTE-M"), till.line(400, "2", sku="Y")
        body["lines"] = [
            each | {"amount": till.money(each["amount"]["amount"], "USD")} for each in (dear, cheap)
        ]
        body["net_vouchers"] = True

        quoted = till.quote(body)
        posted = till.post_order(body)
        again = till.post_order(body)
        gross = till.post_order(body | {"net_vouchers": False})

        assert (quoted.status, quoted.body["points"]) == (200, 4)
        assert (posted.status, posted.body["entry"]["points"]) == (201, 4)
        assert (again.status, again.body["entry"]) == (200, posted.body["entry"])
        assert gross.code == "order_conflict"

    def test_a_correction_gives_back_the_voucher_that_it_no_longer_names(
        self, ana: str, voucher: tuple[str, str]
    ) -> None:
        self.post(ana, voucher[0])
        body = till.order(0, order_id="9", member_id=ana)
        body["lines"] = [till.line(2000) | {"amount": till.money(2000, "USD")}]

        corrected = till.correct_order(body)
        late = till.correct_order(
            body | {"voucher_codes": [voucher[0]], "changed_at": "2026-11-21T09:00:00Z"}
        )

        assert corrected.body["entry"]["points"] == 10
        assert [each["status"] for each in corrected.body["vouchers"]] == ["given_back"]
        assert (late.body["status"], late.body["vouchers"]) == ("outdated", [])
        assert state(voucher[0]) == "issued"

    def test_a_correction_leaves_refunds_and_vouchers_of_the_till_as_they_are(
        self, ana: str, voucher: tuple[str, str]
    ) -> None:
        self.post(ana)
        till.use(voucher[0], order={"source": "pos", "order_id": "9"})
        till.refund("9", amount=till.money(500, "USD"))
        body = till.order(0, order_id="9", member_id=ana)
        body["lines"] = [till.line(2000) | {"amount": till.money(2000, "USD")}]

        corrected = till.correct_order(body)

        assert corrected.body["entry"]["points"] == 10
        assert state(voucher[0]) == "used"

    def test_a_correction_from_the_future_would_outdate_all_others(self, ana: str) -> None:
        body = till.order(0, order_id="9", member_id=ana, lines=[])

        answer = till.correct_order(body | {"changed_at": "2027-11-21T10:00:00Z"})

        assert (answer.status, answer.pointers) == (422, {"/changed_at": "time_out_of_range"})

    def test_a_voucher_without_a_code_is_a_mistake(self, ana: str) -> None:
        answer = self.post(ana, "")

        assert answer.status == 422
        assert "/voucher_codes/0" in answer.pointers

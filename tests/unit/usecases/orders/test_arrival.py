"""An order or a refund arrives: one story for tills and storefronts, by example."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    NotFound,
    OrderConflict,
    ValidationFailed,
)
from loyalty.domain.ledger.entries import Redemption, RequestedRefund
from loyalty.domain.orders.order import Order
from loyalty.domain.people.identity import Identity
from loyalty.usecases.ledger.redemption import RequestedReward, redeem_reward
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept, NamedCustomer
from loyalty.usecases.orders.arrival import (
    ArrivedOrder,
    ArrivedRefund,
    NotRecorded,
    RecordedOrder,
    RecordedRefund,
    order_arrived,
    refund_arrived,
)
from loyalty.usecases.orders.edits import Edited, Outdated
from loyalty.usecases.orders.refunds import Refunded, Waiting
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from tests.support.memory import NOW, Shop
from tests.support.orders import line

ANA: Final = "mem_ana"
EMAIL: Final = Identity("email", "ana@example.com")
LATTE: Final = {"id": "latte", "name": "Latte", "kind": "experience", "cost_points": 40}


class Counter(Shop):
    """A shop whose orders come from a till and from a storefront."""

    def __init__(self) -> None:
        super().__init__(ANA, rewards=[LATTE])

    def record(self, order: Order, **parts: Any) -> RecordedOrder:
        """Record an order of Ana's, unless it names somebody else."""
        arrived: dict[str, Any] = {
            "customer": NamedCustomer(named=ANA, member_id=ANA),
            "mode": "record",
        }
        return order_arrived(
            ArrivedOrder(order=order, **arrived | parts), directory=self.members, desk=self.desk
        )

    def refund(self, order: Order, refund: RequestedRefund, **parts: Any) -> RecordedRefund:
        arrived: dict[str, Any] = {"mode": "record", "all_given_back": refund.whole}
        return refund_arrived(
            ArrivedRefund(ref=order.ref, request=refund, **arrived | parts), desk=self.desk
        )

    def voucher(self) -> str:
        recorded = redeem_reward(
            ANA, request=RequestedReward(reward_id="latte"), request_id="r", desk=self.desk
        )
        assert isinstance(recorded.entry.detail, Redemption)
        return recorded.entry.detail.code


@pytest.fixture
def shop() -> Counter:
    return Counter()


def order(order_id: str = "1", amount: int = 5000, *, minute: int = 0, **parts: Any) -> Order:
    return Order(
        source="shop",
        order_id=order_id,
        occurred_at=NOW,
        told_at=NOW + timedelta(minutes=minute),
        lines=(line(amount),),
        **parts,
    )


def back(name: str = "r1", **parts: Any) -> RequestedRefund:
    parts = parts or {"whole": True}
    return RequestedRefund(refund_id=name, occurred_at=NOW, fingerprint=f"{name} {parts}", **parts)


def test_an_order_earns_for_the_member_it_names(shop: Counter) -> None:
    recorded = shop.record(order())

    assert isinstance(recorded.order, Earned)
    assert recorded.order.entry.member_id == ANA
    assert shop.account(ANA).balance == 50


def test_an_order_that_names_an_identity_earns_for_the_member_who_has_it(shop: Counter) -> None:
    application = Application(member_id="mem_ben", claims=[IdentityClaim(EMAIL, verified=True)])
    enroll(application, members=shop.members, desk=shop.desk)

    shop.record(order(), customer=NamedCustomer(named="identities", identities=[EMAIL]))

    assert shop.account("mem_ben").balance == 50


def test_an_order_of_somebody_unknown_is_kept_as_a_guests_order(shop: Counter) -> None:
    named = NamedCustomer(named="identities", identities=[EMAIL])

    recorded = shop.record(order(), customer=named).order

    assert isinstance(recorded, GuestOrderKept)
    assert [recorded.placeholder.guest] == list(shop.members.guests([EMAIL]))


def test_an_order_without_a_customer_is_kept_for_nobody(shop: Counter) -> None:
    recorded = shop.record(order(), customer=NamedCustomer(named="")).order

    assert isinstance(recorded, GuestOrderKept)
    assert recorded.placeholder.guest == ""


def test_a_till_may_not_send_an_order_again_with_different_content(shop: Counter) -> None:
    shop.record(order())

    with pytest.raises(OrderConflict):
        shop.record(order(amount=6000))


@pytest.mark.parametrize("mode", ["correct", "follow"])
def test_a_correction_and_a_storefronts_later_version_change_the_points(
    shop: Counter, mode: str
) -> None:
    shop.record(order(), mode=mode)

    later = shop.record(order(amount=6000, minute=1), mode=mode).order
    earlier = shop.record(order(amount=7000, minute=-1), mode=mode).order

    assert isinstance(later, Edited)
    assert earlier == Outdated()
    assert shop.account(ANA).balance == 60


def test_an_order_uses_the_vouchers_that_it_was_paid_with(shop: Counter) -> None:
    shop.record(order())
    code = shop.voucher()

    first = shop.record(order("2"), codes=(code,)).vouchers
    again = shop.record(order("2"), codes=(code,)).vouchers

    assert [(step.status, step.replayed) for step in first + again] == [
        ("used", False),
        ("used", True),
    ]


def test_a_version_without_a_voucher_gives_it_back_only_if_its_storefront_lists_all_codes(
    shop: Counter,
) -> None:
    shop.record(order())
    code = shop.voucher()
    shop.record(order("2"), mode="follow", codes=(code,))

    unknown = shop.record(order("2", minute=1), mode="follow", codes=None).vouchers
    none_left = shop.record(order("2", minute=2), mode="follow", codes=()).vouchers

    assert unknown == ()
    assert [step.status for step in none_left] == ["given_back"]


def test_the_refunds_that_a_storefront_lists_with_an_order_are_recorded_with_it(
    shop: Counter,
) -> None:
    recorded = shop.record(order(), mode="follow", refunds=(back(amount_minor=2000),))

    (refunded,) = recorded.refunds
    assert isinstance(refunded, Refunded)
    assert shop.account(ANA).balance == 30


def test_the_refunds_of_an_outdated_version_do_not_count(shop: Counter) -> None:
    shop.record(order(minute=1), mode="follow")

    recorded = shop.record(order(amount=4000), mode="follow", refunds=(back(),))

    assert recorded == RecordedOrder(order=Outdated())


def test_an_order_that_is_not_to_earn_still_uses_its_vouchers(shop: Counter) -> None:
    shop.record(order())
    code = shop.voucher()

    recorded = shop.record(order("2"), mode="follow", is_excluded=True, codes=(code,))

    assert recorded.order == NotRecorded()
    assert [step.status for step in recorded.vouchers] == ["used"]


def test_an_order_that_is_no_longer_to_earn_is_still_refunded(shop: Counter) -> None:
    shop.record(order(), mode="follow")
    excluded = {"mode": "follow", "is_excluded": True, "refunds": (back(),)}

    of_this = shop.record(order(), **excluded).refunds
    of_one_that_never_earned = shop.record(order("2"), **excluded).refunds

    assert len(of_this) == 1
    assert of_one_that_never_earned == ()
    assert shop.account(ANA).balance == 0


def test_a_refusal_stops_a_till_and_is_an_answer_for_a_storefront(shop: Counter) -> None:
    ancient = replace(order(), occurred_at=NOW - timedelta(days=4000))
    nobody = NamedCustomer(named="mem_nobody", member_id="mem_nobody")

    for mode in ("record", "correct"):
        with pytest.raises(ValidationFailed):
            shop.record(ancient, mode=mode)
        with pytest.raises(NotFound):
            shop.record(order(), mode=mode, customer=nobody)
    too_old = shop.record(ancient, mode="follow").order
    unknown = shop.record(order(), mode="follow", customer=nobody).order

    assert isinstance(too_old, NotRecorded)
    assert isinstance(too_old.refusal, ValidationFailed)
    assert isinstance(unknown, NotRecorded)
    assert isinstance(unknown.refusal, NotFound)


def test_a_refund_of_everything_gives_the_orders_vouchers_back(shop: Counter) -> None:
    shop.record(order())
    code = shop.voucher()
    shop.record(order("2"), codes=(code,))

    part = shop.refund(order("2"), back("r1", amount_minor=1000))
    rest = shop.refund(order("2"), back("r2"))

    assert part.vouchers == ()
    assert [step.status for step in rest.vouchers] == ["given_back"]


def test_a_refund_waits_for_its_order_unless_it_counts_only_for_a_recorded_one(
    shop: Counter,
) -> None:
    cancelled = shop.refund(order("1"), back(), mode="follow", if_recorded=True)
    early = shop.refund(order("2"), back())

    assert cancelled.refund == NotRecorded()
    assert early.refund == Waiting()
    shop.record(order("1"))
    shop.record(order("2"))
    assert shop.account(ANA).balance == 50


def test_a_refund_with_different_content_is_refused_and_changes_nothing(shop: Counter) -> None:
    shop.record(order())
    shop.refund(order(), back("r1", amount_minor=1000))

    with pytest.raises(IdempotencyConflict):
        shop.refund(order(), back("r1", amount_minor=2000))
    of_storefront = shop.refund(order(), back("r1", amount_minor=2000), mode="follow").refund

    assert isinstance(of_storefront, NotRecorded)
    assert isinstance(of_storefront.refusal, IdempotencyConflict)
    assert shop.account(ANA).balance == 40

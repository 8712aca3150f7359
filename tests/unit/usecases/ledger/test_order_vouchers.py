"""Orders use vouchers: each once, by one order. A cancelled order gives its vouchers back."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from loyalty.domain.kernel.errors import VoucherAlreadyUsed, WrongState
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.ledger.corrections import adjust
from loyalty.usecases.ledger.order_vouchers import (
    OrderVoucherCodes,
    apply_vouchers,
    cancel_vouchers,
)
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    redeem_reward,
    release,
    use_voucher,
    voucher_of,
)
from tests.simulation.requests.points import WHY
from tests.support.documents import reward
from tests.support.memory import NOW, Shop

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def shop(**parts: Any) -> Shop:
    rewards = [reward(id="latte", cost_points=10, voucher_days=7)]
    cafe = Shop("ana", "ben", rewards=rewards, **parts)
    requested_adjustment = RequestedAdjustment(
        points=100, why=WHY, expiring_on=None, below_zero=False
    )
    adjust(
        "ana", adjustment=requested_adjustment, request_id="gift", allowance=None, desk=cafe.desk
    )
    return cafe


def redeemed(cafe: Shop, key: str = "k1", *, hold: bool = False) -> Voucher:
    """A voucher of Ana's."""
    requested_reward = RequestedReward(reward_id="latte", hold=hold)
    recorded = redeem_reward("ana", request=requested_reward, request_id=key, desk=cafe.desk)
    code: str = recorded.entry.detail.code  # type: ignore[union-attr]  # a redemption's
    return voucher_of(code, desk=cafe.desk)


def discounts(*codes: str, order: str = "o1", **changes: Any) -> OrderVoucherCodes:
    what: dict[str, Any] = {"ordered_at": NOW, "member_id": "ben", "is_list": True} | changes
    return OrderVoucherCodes(source="shop", order_id=order, codes=codes, **what)


def steps(found: Any) -> list[tuple[str, str | None]]:
    return [(step.status, step.reason) for step in found]


def state(cafe: Shop, voucher: Voucher) -> str:
    return voucher_of(voucher.code, desk=cafe.desk).state


def test_an_order_uses_a_voucher_among_its_discounts_no_matter_whose_it_is() -> None:
    cafe = shop()
    voucher = redeemed(cafe)

    (step,) = apply_vouchers(discounts(voucher.code), desk=cafe.desk)

    assert step.redemption_id == voucher.redemption_id
    assert (step.status, step.replayed) == ("used", False)
    used = voucher_of(voucher.code, desk=cafe.desk)
    assert (used.state, used.used_order, used.used_by) == ("used", OrderRef("shop", "o1"), "ben")
    assert used.used_at == NOW


def test_the_same_message_again_changes_nothing() -> None:
    cafe = shop()
    voucher = redeemed(cafe)
    apply_vouchers(discounts(voucher.code), desk=cafe.desk)
    before = dict(cafe.engine.items)
    cafe.now += DAY

    (step,) = apply_vouchers(discounts(voucher.code), desk=cafe.desk)

    assert (step.status, step.replayed) == ("used", True)
    assert cafe.engine.items == before


def test_a_second_order_is_refused_the_voucher_with_a_reason() -> None:
    cafe = shop()
    voucher = redeemed(cafe)
    apply_vouchers(discounts(voucher.code), desk=cafe.desk)

    found = apply_vouchers(discounts(voucher.code, order="o2"), desk=cafe.desk)

    assert steps(found) == [("refused", "voucher_used")]
    assert voucher_of(voucher.code, desk=cafe.desk).used_order == OrderRef("shop", "o1")


def test_a_code_of_no_voucher_is_skipped() -> None:
    cafe = shop()

    assert apply_vouchers(discounts("AAAABBBBCCCCDDDD"), desk=cafe.desk) == ()


def test_a_new_order_without_codes_reads_nothing() -> None:
    cafe = shop()
    before = dict(cafe.engine.items)

    assert apply_vouchers(discounts(is_first=True), desk=cafe.desk) == ()
    assert cafe.engine.items == before


def test_an_order_paid_with_a_held_voucher_completes_its_redemption() -> None:
    cafe = shop()
    voucher = redeemed(cafe, hold=True)

    found = apply_vouchers(discounts(voucher.code), desk=cafe.desk)

    assert steps(found) == [("used", None)]
    assert state(cafe, voucher) == "used"


class TestAVoucherCannotBeUsed:
    def test_after_it_was_cancelled(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        cancel(voucher.redemption_id, member_id="ana", desk=cafe.desk)

        found = apply_vouchers(discounts(voucher.code), desk=cafe.desk)

        assert steps(found) == [("refused", "voucher_cancelled")]

    def test_after_its_hold_ran_out(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe, hold=True)
        cafe.now += DAY

        found = apply_vouchers(discounts(voucher.code, ordered_at=cafe.now), desk=cafe.desk)

        assert steps(found) == [("refused", "voucher_cancelled")]

    def test_if_it_had_expired_when_the_order_was_made(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        cafe.now += 8 * DAY

        found = apply_vouchers(discounts(voucher.code, ordered_at=cafe.now), desk=cafe.desk)

        assert steps(found) == [("refused", "voucher_expired")]

    def test_but_may_expire_before_its_order_arrives(
        self,
    ) -> None:
        cafe = shop()
        late, later = redeemed(cafe, "k1"), redeemed(cafe, "k2")
        cafe.now += 8 * DAY
        release(later.code, desk=cafe.desk)

        found = apply_vouchers(
            discounts(late.code, later.code, ordered_at=NOW + DAY), desk=cafe.desk
        )

        assert steps(found) == [("used", None), ("refused", "voucher_expired")]
        assert voucher_of(late.code, desk=cafe.desk).used_at == NOW + DAY


class TestACancelledOrder:
    def test_gives_back_the_vouchers_it_used(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code), desk=cafe.desk)

        assert steps(cancel_vouchers("shop", "o1", desk=cafe.desk)) == [("given_back", None)]

        again = voucher_of(voucher.code, desk=cafe.desk)
        assert (again.state, again.used_at, again.used_order) == ("issued", None, None)
        assert again.due_at == voucher.expires_at

    def test_gives_nothing_back_twice(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code), desk=cafe.desk)
        cancel_vouchers("shop", "o1", desk=cafe.desk)
        apply_vouchers(discounts(voucher.code, order="o2"), desk=cafe.desk)

        assert cancel_vouchers("shop", "o1", desk=cafe.desk) == ()
        assert voucher_of(voucher.code, desk=cafe.desk).used_order == OrderRef("shop", "o2")

    def test_uses_no_voucher_afterwards_even_if_the_cancellation_arrived_first(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        cancel_vouchers("shop", "o1", desk=cafe.desk)

        found = apply_vouchers(discounts(voucher.code), desk=cafe.desk)

        assert steps(found) == [("refused", "order_cancelled")]
        assert state(cafe, voucher) == "issued"

    def test_keeps_a_voucher_that_expired_in_the_meantime(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code), desk=cafe.desk)
        cafe.now += 8 * DAY

        found = cancel_vouchers("shop", "o1", desk=cafe.desk)

        assert steps(found) == [("kept", "voucher_expired")]
        assert state(cafe, voucher) == "used"

    def test_gives_nothing_back_if_the_program_says_so(self) -> None:
        cafe = shop(reinstate_vouchers=False)
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code), desk=cafe.desk)

        found = cancel_vouchers("shop", "o1", desk=cafe.desk)

        assert steps(found) == [("kept", "not_reinstated")]
        assert state(cafe, voucher) == "used"

    def test_gives_back_a_voucher_that_can_then_be_cancelled_for_its_points(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code), desk=cafe.desk)
        cancel_vouchers("shop", "o1", desk=cafe.desk)

        cancel(voucher.redemption_id, member_id="ana", desk=cafe.desk)

        assert cafe.account("ana").balance == 100
        cafe.must_add_up("ana")


class TestAVoucherWhoseDiscountWasDropped:
    def test_the_order_gives_it_back(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code, told_at=NOW), desk=cafe.desk)

        found = apply_vouchers(discounts(told_at=NOW + MINUTE), desk=cafe.desk)

        assert steps(found) == [("given_back", None)]
        assert state(cafe, voucher) == "issued"

    def test_stays_given_back_when_an_older_version_arrives_late(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code, told_at=NOW), desk=cafe.desk)
        apply_vouchers(discounts(told_at=NOW + MINUTE), desk=cafe.desk)

        assert apply_vouchers(discounts(voucher.code, told_at=NOW), desk=cafe.desk) == ()
        assert state(cafe, voucher) == "issued"

    def test_can_be_used_again_by_a_later_version(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code, told_at=NOW), desk=cafe.desk)
        apply_vouchers(discounts(told_at=NOW + MINUTE), desk=cafe.desk)

        found = apply_vouchers(discounts(voucher.code, told_at=NOW + 2 * MINUTE), desk=cafe.desk)

        assert steps(found) == [("used", None)]


class TestTheTill:
    def test_an_order_adopts_a_voucher_that_a_till_used_for_it(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=cafe.desk)

        (step,) = apply_vouchers(discounts(voucher.code), desk=cafe.desk)

        assert (step.status, step.replayed) == ("used", True)

    def test_a_cancelled_order_gives_back_what_a_till_used_for_it(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=cafe.desk)

        assert steps(cancel_vouchers("shop", "o1", desk=cafe.desk)) == [("given_back", None)]

    def test_a_storefront_that_does_not_list_a_tills_voucher_does_not_give_it_back(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=cafe.desk)

        assert apply_vouchers(discounts(told_at=NOW), desk=cafe.desk) == ()
        assert state(cafe, voucher) == "used"

    def test_a_message_from_a_till_gives_nothing_back(self) -> None:
        cafe = shop()
        one, other = redeemed(cafe, "k1"), redeemed(cafe, "k2")
        apply_vouchers(discounts(one.code), desk=cafe.desk)

        apply_vouchers(discounts(other.code, is_list=False), desk=cafe.desk)

        assert (state(cafe, one), state(cafe, other)) == ("used", "used")

    def test_a_repeated_request_does_not_use_a_voucher_that_was_given_back(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=cafe.desk)
        cancel_vouchers("shop", "o1", desk=cafe.desk)

        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=cafe.desk)

        assert state(cafe, voucher) == "issued"

    def test_a_till_cannot_use_a_voucher_for_a_cancelled_order(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        cancel_vouchers("shop", "o1", desk=cafe.desk)

        with pytest.raises(WrongState):
            use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=cafe.desk)

    def test_a_till_cannot_use_a_voucher_that_an_order_used(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        apply_vouchers(discounts(voucher.code), desk=cafe.desk)

        with pytest.raises(VoucherAlreadyUsed):
            use_voucher(voucher.code, request_id="r1", order=None, desk=cafe.desk)


@pytest.mark.parametrize("told_in", list(permutations(range(4))))
def test_messages_about_an_order_lead_to_the_same_end_in_any_sequence(
    told_in: tuple[int, ...],
) -> None:
    cafe = shop()
    one, other = redeemed(cafe, "k1"), redeemed(cafe, "k2")
    life = (
        lambda: apply_vouchers(discounts(one.code, told_at=NOW), desk=cafe.desk),
        lambda: apply_vouchers(
            discounts(one.code, other.code, told_at=NOW + MINUTE), desk=cafe.desk
        ),
        lambda: apply_vouchers(discounts(other.code, told_at=NOW + 2 * MINUTE), desk=cafe.desk),
        lambda: cancel_vouchers("shop", "o1", desk=cafe.desk),
    )

    for number in told_in:
        life[number]()

    assert (state(cafe, one), state(cafe, other)) == ("issued", "issued")
    held = cafe.desk.books.order_vouchers("shop", "o1")
    assert held is not None
    assert (held.codes, held.is_cancelled) == ((), True)

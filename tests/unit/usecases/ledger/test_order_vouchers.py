"""Orders use vouchers: each once, by one order, and given back when the order came to nothing."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from loyalty.domain.kernel.errors import VoucherAlreadyUsed, WrongState
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.ledger.corrections import RequestedAdjustment, adjust
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
from tests.simulation.requests import WHY
from tests.support.documents import reward
from tests.support.memory import NOW, Shop

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def shop(**parts: Any) -> Shop:
    rewards = [reward(id="latte", cost_points=10, voucher_days=7)]
    at = Shop("ana", "ben", rewards=rewards, **parts)
    requested_adjustment = RequestedAdjustment(
        points=100, why=WHY, expiring_on=None, below_zero=False
    )
    adjust("ana", adjustment=requested_adjustment, request_id="gift", allowance=None, desk=at.desk)
    return at


def redeemed(at: Shop, key: str = "k1", *, hold: bool = False) -> Voucher:
    """A voucher of Ana's."""
    requested_reward = RequestedReward(reward_id="latte", hold=hold)
    recorded = redeem_reward("ana", request=requested_reward, request_id=key, desk=at.desk)
    code: str = recorded.entry.detail.code  # type: ignore[union-attr]  # a redemption's
    return voucher_of(code, desk=at.desk)


def told(*codes: str, order: str = "o1", **changes: Any) -> OrderVoucherCodes:
    what: dict[str, Any] = {"ordered_at": NOW, "member_id": "ben", "is_list": True} | changes
    return OrderVoucherCodes(source="shop", order_id=order, codes=codes, **what)


def steps(found: Any) -> list[tuple[str, str | None]]:
    return [(step.status, step.reason) for step in found]


def state(at: Shop, voucher: Voucher) -> str:
    return voucher_of(voucher.code, desk=at.desk).state


def test_a_voucher_is_used_by_the_order_that_tells_it_whoever_s_it_is() -> None:
    at = shop()
    voucher = redeemed(at)

    (step,) = apply_vouchers(told(voucher.code), desk=at.desk)

    assert step.redemption_id == voucher.redemption_id
    assert (step.status, step.replayed) == ("used", False)
    used = voucher_of(voucher.code, desk=at.desk)
    assert (used.state, used.used_order, used.used_by) == ("used", OrderRef("shop", "o1"), "ben")
    assert used.used_at == NOW


def test_told_again_it_changes_nothing() -> None:
    at = shop()
    voucher = redeemed(at)
    apply_vouchers(told(voucher.code), desk=at.desk)
    before = dict(at.engine.items)
    at.now += DAY

    (step,) = apply_vouchers(told(voucher.code), desk=at.desk)

    assert (step.status, step.replayed) == ("used", True)
    assert at.engine.items == before


def test_another_order_is_refused_and_hears_why() -> None:
    at = shop()
    voucher = redeemed(at)
    apply_vouchers(told(voucher.code), desk=at.desk)

    found = apply_vouchers(told(voucher.code, order="o2"), desk=at.desk)

    assert steps(found) == [("refused", "voucher_used")]
    assert voucher_of(voucher.code, desk=at.desk).used_order == OrderRef("shop", "o1")


def test_a_code_that_is_no_voucher_s_is_passed_over() -> None:
    at = shop()

    assert apply_vouchers(told("AAAABBBBCCCCDDDD"), desk=at.desk) == ()


def test_a_first_telling_without_codes_reads_nothing() -> None:
    at = shop()
    before = dict(at.engine.items)

    assert apply_vouchers(told(is_first=True), desk=at.desk) == ()
    assert at.engine.items == before


def test_a_held_redemption_is_completed_by_the_order_that_was_paid_with_it() -> None:
    at = shop()
    voucher = redeemed(at, hold=True)

    found = apply_vouchers(told(voucher.code), desk=at.desk)

    assert steps(found) == [("used", None)]
    assert state(at, voucher) == "used"


class TestWhatCannotBeUsed:
    def test_a_cancelled_one(self) -> None:
        at = shop()
        voucher = redeemed(at)
        cancel(voucher.redemption_id, member_id="ana", desk=at.desk)

        found = apply_vouchers(told(voucher.code), desk=at.desk)

        assert steps(found) == [("refused", "voucher_cancelled")]

    def test_one_whose_hold_ran_out(self) -> None:
        at = shop()
        voucher = redeemed(at, hold=True)
        at.now += DAY

        found = apply_vouchers(told(voucher.code, ordered_at=at.now), desk=at.desk)

        assert steps(found) == [("refused", "voucher_cancelled")]

    def test_one_that_had_expired_when_the_order_was_made(self) -> None:
        at = shop()
        voucher = redeemed(at)
        at.now += 8 * DAY

        found = apply_vouchers(told(voucher.code, ordered_at=at.now), desk=at.desk)

        assert steps(found) == [("refused", "voucher_expired")]

    def test_one_that_expired_before_its_order_was_told_can_be_until_that_is_recorded(self) -> None:
        at = shop()
        late, later = redeemed(at, "k1"), redeemed(at, "k2")
        at.now += 8 * DAY
        release(later.code, desk=at.desk)

        found = apply_vouchers(told(late.code, later.code, ordered_at=NOW + DAY), desk=at.desk)

        assert steps(found) == [("used", None), ("refused", "voucher_expired")]
        assert voucher_of(late.code, desk=at.desk).used_at == NOW + DAY


class TestAnOrderThatCameToNothing:
    def test_it_gives_back_what_it_used(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code), desk=at.desk)

        assert steps(cancel_vouchers("shop", "o1", desk=at.desk)) == [("given_back", None)]

        again = voucher_of(voucher.code, desk=at.desk)
        assert (again.state, again.used_at, again.used_order) == ("issued", None, None)
        assert again.due_at == voucher.expires_at

    def test_it_gives_nothing_back_twice(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code), desk=at.desk)
        cancel_vouchers("shop", "o1", desk=at.desk)
        apply_vouchers(told(voucher.code, order="o2"), desk=at.desk)

        assert cancel_vouchers("shop", "o1", desk=at.desk) == ()
        assert voucher_of(voucher.code, desk=at.desk).used_order == OrderRef("shop", "o2")

    def test_it_uses_none_any_more_also_where_the_cancel_came_first(self) -> None:
        at = shop()
        voucher = redeemed(at)
        cancel_vouchers("shop", "o1", desk=at.desk)

        found = apply_vouchers(told(voucher.code), desk=at.desk)

        assert steps(found) == [("refused", "order_cancelled")]
        assert state(at, voucher) == "issued"

    def test_what_expired_meanwhile_stays_used(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code), desk=at.desk)
        at.now += 8 * DAY

        found = cancel_vouchers("shop", "o1", desk=at.desk)

        assert steps(found) == [("kept", "voucher_expired")]
        assert state(at, voucher) == "used"

    def test_a_program_may_give_none_back(self) -> None:
        at = shop(reinstate_vouchers=False)
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code), desk=at.desk)

        found = cancel_vouchers("shop", "o1", desk=at.desk)

        assert steps(found) == [("kept", "not_reinstated")]
        assert state(at, voucher) == "used"

    def test_what_it_gave_back_can_be_cancelled_and_its_points_return(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code), desk=at.desk)
        cancel_vouchers("shop", "o1", desk=at.desk)

        cancel(voucher.redemption_id, member_id="ana", desk=at.desk)

        assert at.account("ana").balance == 100
        at.must_add_up("ana")


class TestADiscountThatIsDropped:
    def test_the_order_gives_it_back(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code, told_at=NOW), desk=at.desk)

        found = apply_vouchers(told(told_at=NOW + MINUTE), desk=at.desk)

        assert steps(found) == [("given_back", None)]
        assert state(at, voucher) == "issued"

    def test_it_stays_dropped_when_an_older_telling_comes_late(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code, told_at=NOW), desk=at.desk)
        apply_vouchers(told(told_at=NOW + MINUTE), desk=at.desk)

        assert apply_vouchers(told(voucher.code, told_at=NOW), desk=at.desk) == ()
        assert state(at, voucher) == "issued"

    def test_it_can_be_taken_up_again(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code, told_at=NOW), desk=at.desk)
        apply_vouchers(told(told_at=NOW + MINUTE), desk=at.desk)

        found = apply_vouchers(told(voucher.code, told_at=NOW + 2 * MINUTE), desk=at.desk)

        assert steps(found) == [("used", None)]


class TestTheTill:
    def test_an_order_takes_on_what_a_till_used_for_it(self) -> None:
        at = shop()
        voucher = redeemed(at)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=at.desk)

        (step,) = apply_vouchers(told(voucher.code), desk=at.desk)

        assert (step.status, step.replayed) == ("used", True)

    def test_a_cancelled_order_gives_back_what_a_till_used_for_it(self) -> None:
        at = shop()
        voucher = redeemed(at)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=at.desk)

        assert steps(cancel_vouchers("shop", "o1", desk=at.desk)) == [("given_back", None)]

    def test_a_storefront_that_does_not_list_what_a_till_used_does_not_give_it_back(self) -> None:
        at = shop()
        voucher = redeemed(at)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=at.desk)

        assert apply_vouchers(told(told_at=NOW), desk=at.desk) == ()
        assert state(at, voucher) == "used"

    def test_what_a_till_tells_gives_nothing_back(self) -> None:
        at = shop()
        one, other = redeemed(at, "k1"), redeemed(at, "k2")
        apply_vouchers(told(one.code), desk=at.desk)

        apply_vouchers(told(other.code, is_list=False), desk=at.desk)

        assert (state(at, one), state(at, other)) == ("used", "used")

    def test_a_request_that_is_sent_again_does_not_use_what_was_given_back(self) -> None:
        at = shop()
        voucher = redeemed(at)
        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=at.desk)
        cancel_vouchers("shop", "o1", desk=at.desk)

        use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=at.desk)

        assert state(at, voucher) == "issued"

    def test_nothing_is_used_for_a_cancelled_order(self) -> None:
        at = shop()
        voucher = redeemed(at)
        cancel_vouchers("shop", "o1", desk=at.desk)

        with pytest.raises(WrongState):
            use_voucher(voucher.code, request_id="r1", order=OrderRef("shop", "o1"), desk=at.desk)

    def test_what_an_order_used_no_till_uses(self) -> None:
        at = shop()
        voucher = redeemed(at)
        apply_vouchers(told(voucher.code), desk=at.desk)

        with pytest.raises(VoucherAlreadyUsed):
            use_voucher(voucher.code, request_id="r1", order=None, desk=at.desk)


@pytest.mark.parametrize("told_in", list(permutations(range(4))))
def test_in_whatever_order_an_order_s_life_is_told_the_end_is_the_same(
    told_in: tuple[int, ...],
) -> None:
    at = shop()
    one, other = redeemed(at, "k1"), redeemed(at, "k2")
    life = (
        lambda: apply_vouchers(told(one.code, told_at=NOW), desk=at.desk),
        lambda: apply_vouchers(told(one.code, other.code, told_at=NOW + MINUTE), desk=at.desk),
        lambda: apply_vouchers(told(other.code, told_at=NOW + 2 * MINUTE), desk=at.desk),
        lambda: cancel_vouchers("shop", "o1", desk=at.desk),
    )

    for number in told_in:
        life[number]()

    assert (state(at, one), state(at, other)) == ("issued", "issued")
    held = at.desk.books.order_vouchers("shop", "o1")
    assert held is not None
    assert (held.codes, held.is_cancelled) == ((), True)

"""A shop's code is active while its voucher is issued, in whatever order events arrive."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from loyalty.domain.kernel.errors import NotFound, TryAgain, WrongState
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.shops.shop_codes import KnownCode, ShopCode
from loyalty.usecases.ledger.corrections import adjust
from loyalty.usecases.ledger.order_vouchers import (
    OrderVoucherCodes,
    apply_vouchers,
    cancel_vouchers,
)
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    end_cancelling,
    give_code,
    redeem_reward,
    release,
    use_voucher,
    voucher_of,
)
from loyalty.usecases.shops.shop_codes import (
    CodeShop,
    DiscountCodes,
    ShopRefused,
    sync_code,
)
from tests.simulation.requests.points import WHY
from tests.support.documents import reward
from tests.support.memory import NOW, Shop


class Store:
    """A shop's discount codes, and what was done with them."""

    def __init__(self) -> None:
        self.codes: dict[str, KnownCode] = {}
        self.made: list[ShopCode] = []
        self.done: list[str] = []
        self.before_create: Callable[[], None] = lambda: None
        self.answers_lost = 0
        self.trouble: Exception | None = None
        self.ignores_deactivation = False

    def find(self, code: str) -> KnownCode | None:
        if self.trouble:
            raise self.trouble
        return self.codes.get(code)

    def create(self, code: ShopCode) -> None:
        self.before_create()
        if code.code not in self.codes:
            self.made.append(code)
            self.codes[code.code] = KnownCode(
                name=code.code, kind="amount_off", is_active=True, uses_max=code.uses_max
            )
        self._answer("create")

    def renew(self, code: KnownCode, *, uses_max: int) -> None:
        self.codes[code.name] = replace(code, is_active=True, uses_max=uses_max)
        self._answer("renew")

    def deactivate(self, code: KnownCode) -> None:
        if not self.ignores_deactivation:
            self.codes[code.name] = replace(code, is_active=False)
        self._answer("deactivate")

    def _answer(self, done: str) -> None:
        self.done.append(done)
        if self.answers_lost:
            self.answers_lost -= 1
            raise TryAgain("the answer was lost")


def bean(**parts: Any) -> Shop:
    offer = {"id": "five", "name": "5 € off", "kind": "amount_off", "amount_minor": 500}
    reward_parts = offer | {"cost_points": 10, "voucher_days": 7} | parts
    shop = Shop("ana", rewards=[reward(**reward_parts)])
    requested_adjustment = RequestedAdjustment(
        points=100, why=WHY, expiring_on=None, below_zero=False
    )
    adjust(
        "ana", adjustment=requested_adjustment, request_id="gift", allowance=None, desk=shop.desk
    )
    return shop


def redeemed(shop: Shop) -> Voucher:
    recorded = redeem_reward(
        "ana", request=RequestedReward(reward_id="five"), request_id="k1", desk=shop.desk
    )
    return voucher_of(recorded.entry.detail.code, desk=shop.desk)  # type: ignore[union-attr]


def code_shop(codes: DiscountCodes, storefront_id: str = "online") -> CodeShop:
    return CodeShop(storefront_id=storefront_id, codes=codes)


def reconciled(shop: Shop, voucher: Voucher, store: Store) -> list[str]:
    return list(sync_code(voucher.redemption_id, shops=[code_shop(store)], desk=shop.desk))


def used(shop: Shop, voucher: Voucher) -> None:
    order = OrderVoucherCodes(
        source="shop", order_id="o1", codes=(voucher.code,), ordered_at=shop.now, member_id=None
    )
    apply_vouchers(order, desk=shop.desk)


def test_a_redeemed_reward_s_code_is_created_in_the_shop() -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)

    assert reconciled(shop, voucher, store) == ["created"]

    (made,) = store.made
    assert (made.code, made.currency, made.uses_max) == (voucher.code, "EUR", 1)
    assert (made.discount.kind, made.discount.amount_minor) == ("amount_off", 500)
    assert (made.starts_at, made.ends_at) == (NOW, voucher.expires_at)


def test_a_repeated_event_changes_nothing() -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)
    reconciled(shop, voucher, store)

    assert reconciled(shop, voucher, store) == ["unchanged"]
    assert store.done == ["create"]


def test_a_code_whose_answer_was_lost_is_created_once() -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)
    store.answers_lost = 1
    with pytest.raises(TryAgain):
        reconciled(shop, voucher, store)

    reconciled(shop, voucher, store)

    assert len(store.made) == 1


@pytest.mark.parametrize("end", ["cancelled", "used", "expired"])
def test_a_code_is_active_no_longer_than_its_voucher(end: str) -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)
    reconciled(shop, voucher, store)
    match end:
        case "cancelled":
            cancel(voucher.redemption_id, member_id="ana", desk=shop.desk)
        case "used":
            used(shop, voucher)
        case _:
            shop.now += timedelta(days=8)
            release(voucher.code, desk=shop.desk)

    assert reconciled(shop, voucher, store) == ["deactivated"]
    assert not store.codes[voucher.code].is_active


def test_a_voucher_that_was_given_back_can_be_used_once_more() -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)
    reconciled(shop, voucher, store)
    used(shop, voucher)
    reconciled(shop, voucher, store)
    cancel_vouchers("shop", "o1", desk=shop.desk)

    assert reconciled(shop, voucher, store) == ["renewed"]
    assert store.codes[voucher.code] == KnownCode(
        name=voucher.code, kind="amount_off", is_active=True, uses_max=2
    )


def test_late_events_create_no_code_of_an_ended_voucher() -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)
    cancel(voucher.redemption_id, member_id="ana", desk=shop.desk)

    assert reconciled(shop, voucher, store) == ["unchanged"]
    assert store.codes == {}


def test_a_cancellation_while_a_code_is_created_leaves_no_active_code() -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)

    def cancelled() -> None:
        store.before_create = lambda: None
        cancel(voucher.redemption_id, member_id="ana", desk=shop.desk)
        # The run of that event is faster, and finds no code.
        sync_code(voucher.redemption_id, shops=[code_shop(store)], desk=shop.desk)

    store.before_create = cancelled

    assert reconciled(shop, voucher, store) == ["deactivated"]
    assert not store.codes[voucher.code].is_active


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "free_product", "amount_minor": None},
        {"kind": "experience", "amount_minor": None},
        {"kind": "gift_card"},
    ],
)
def test_a_reward_that_no_discount_can_express_makes_no_code(parts: dict[str, Any]) -> None:
    shop, store = bean(**parts), Store()

    assert reconciled(shop, redeemed(shop), store) == ["no_code"]
    assert store.codes == {}


class Closed(Store):
    """A shop that does not want to."""

    def find(self, code: str) -> KnownCode | None:
        raise ShopRefused("access_denied")


def test_a_shop_that_refuses_delays_no_other_and_is_reported() -> None:
    shop, store = bean(), Store()
    voucher = redeemed(shop)

    shops = [code_shop(Closed(), "closed"), code_shop(store)]
    with pytest.raises(ShopRefused, match="access_denied"):
        sync_code(voucher.redemption_id, shops=shops, desk=shop.desk)

    assert store.done == ["create"]


class TestCancelling:
    """A voucher whose code a shop has: its points return once the shop has deactivated it."""

    def test_the_points_return_once_the_shop_has_deactivated_the_code(self) -> None:
        shop, store = bean(), Store()
        voucher = redeemed(shop)
        reconciled(shop, voucher, store)

        cancelled = cancel(voucher.redemption_id, member_id="ana", desk=shop.desk)

        assert (cancelled.state, shop.account("ana").balance) == ("cancelling", 90)
        assert reconciled(shop, voucher, store) == ["deactivated"]
        assert not store.codes[voucher.code].is_active
        assert state(shop, voucher) == "cancelled"
        assert shop.account("ana").balance == 100
        shop.must_add_up("ana")

    def test_points_return_once_however_often_the_shop_confirms(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)
        reconciled(shop, voucher, store)

        reconciled(shop, voucher, store)
        end_cancelling(voucher.code, was_used=False, desk=shop.desk)

        assert shop.account("ana").balance == 100

    def test_cancelling_again_changes_nothing(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)

        assert cancel(voucher.redemption_id, member_id="ana", desk=shop.desk).state == "cancelling"
        assert shop.account("ana").balance == 90

    @pytest.mark.parametrize("trouble", [TryAgain(), ShopRefused("access_denied")])
    def test_no_points_return_while_the_shop_does_not_answer(self, trouble: Exception) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)
        store.trouble = trouble

        with pytest.raises(type(trouble)):
            reconciled(shop, voucher, store)

        assert (state(shop, voucher), shop.account("ana").balance) == ("cancelling", 90)
        store.trouble = None
        reconciled(shop, voucher, store)
        assert shop.account("ana").balance == 100

    def test_no_points_return_before_every_shop_has_deactivated_the_code(self) -> None:
        shop, store, other = bean(), Store(), Store()
        voucher = redeemed(shop)
        shops = [code_shop(store), code_shop(other, "other")]
        sync_code(voucher.redemption_id, shops=shops, desk=shop.desk)
        cancel(voucher.redemption_id, member_id="ana", desk=shop.desk)
        other.trouble = TryAgain()

        with pytest.raises(TryAgain):
            sync_code(voucher.redemption_id, shops=shops, desk=shop.desk)

        assert not store.codes[voucher.code].is_active
        assert shop.account("ana").balance == 90

    def test_a_shop_that_confirms_but_keeps_the_code_active_is_not_done(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)
        store.ignores_deactivation = True

        with pytest.raises(TryAgain):
            reconciled(shop, voucher, store)

        assert shop.account("ana").balance == 90

    def test_a_code_that_was_used_meanwhile_returns_no_points(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)
        store.codes[voucher.code] = replace(store.codes[voucher.code], uses=1)

        reconciled(shop, voucher, store)

        assert state(shop, voucher) == "used"
        assert shop.account("ana").balance == 90
        order = OrderVoucherCodes(
            source="shop", order_id="o1", codes=(voucher.code,), ordered_at=shop.now, member_id=None
        )
        (step,) = apply_vouchers(order, desk=shop.desk)
        assert (step.status, step.replayed) == ("used", True)

    def test_an_order_paid_with_the_code_meanwhile_uses_the_voucher(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)

        used(shop, voucher)
        reconciled(shop, voucher, store)

        assert state(shop, voucher) == "used"
        assert shop.account("ana").balance == 90

    def test_a_till_no_longer_accepts_a_voucher_that_is_being_cancelled(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)

        with pytest.raises(WrongState, match="cancelling"):
            use_voucher(voucher.code, request_id="u1", order=None, desk=shop.desk)

    def test_a_cancellation_waits_for_a_code_on_its_way_to_the_shop(self) -> None:
        shop, store = bean(), Store()
        voucher = redeemed(shop)
        give_code(voucher.code, storefront_id="online", desk=shop.desk)
        cancel(voucher.redemption_id, member_id="ana", desk=shop.desk)

        reconciled(shop, voucher, store)

        assert not store.codes[voucher.code].is_active
        assert shop.account("ana").balance == 100

    def test_a_cancellation_that_missed_a_shop_is_decided_again(self) -> None:
        shop = bean()
        voucher = redeemed(shop)
        seen = shop.desk.books.voucher

        def read(code: str) -> Voucher | None:
            found = seen(code)
            give_code(code, storefront_id="online", desk=shop.desk)
            return found

        desk = shop.desk
        desk.books.voucher = read  # type: ignore[method-assign]

        assert cancel(voucher.redemption_id, member_id="ana", desk=desk).state == "cancelling"
        assert shop.account("ana").balance == 90

    def test_a_shop_that_is_no_longer_connected_is_not_waited_for(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)

        sync_code(voucher.redemption_id, shops=[], desk=shop.desk)

        assert shop.account("ana").balance == 100

    def test_a_shop_that_gets_no_new_codes_still_deactivates_old_ones(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)
        without_new_codes = CodeShop(storefront_id="online", codes=store, creates=False)

        sync_code(voucher.redemption_id, shops=[without_new_codes], desk=shop.desk)

        assert not store.codes[voucher.code].is_active
        assert shop.account("ana").balance == 100

    def test_points_return_even_if_the_voucher_expires_meanwhile(self) -> None:
        shop, store = bean(), Store()
        voucher = cancelling(shop, store)
        del store.codes[voucher.code]
        shop.now += timedelta(days=8)

        reconciled(shop, voucher, store)

        assert store.codes == {}
        assert shop.account("ana").balance == 100


def cancelling(shop: Shop, store: Store) -> Voucher:
    """A voucher that staff cancelled while a shop has its code."""
    voucher = redeemed(shop)
    reconciled(shop, voucher, store)
    return cancel(voucher.redemption_id, member_id="ana", desk=shop.desk)


def state(shop: Shop, voucher: Voucher) -> str:
    return voucher_of(voucher.code, desk=shop.desk).state


def test_an_unknown_redemption_is_not_found() -> None:
    shop = bean()

    with pytest.raises(NotFound):
        sync_code("red_unknown", shops=[code_shop(Store())], desk=shop.desk)

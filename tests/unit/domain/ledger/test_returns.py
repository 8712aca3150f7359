"""Points come back: of a cancelled redemption, and of an order that points paid for."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.postings import DueTime, Posting
from loyalty.domain.ledger.redemptions import Price, redeem
from loyalty.domain.ledger.refunds import OrderState
from loyalty.domain.ledger.returns import (
    due_back,
    give_back,
    give_back_share,
    slices_between,
    take_share_again,
)
from loyalty.domain.ledger.stock import unit_of
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.orders.order import Line, Order, OrderRef
from loyalty.domain.program.rewards import Reward
from tests.support.accounts import account, effect_of
from tests.support.documents import published, reward
from tests.support.ledger import voucher

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = date(2026, 11, 21)
SOON, LATER = date(2026, 11, 25), date(2027, 3, 1)


def program_with(**parts: Any) -> Any:
    return published(time_zone="UTC", rewards=[reward(**parts)], reinstate_days=14)


def latte(**parts: Any) -> Reward:
    found = program_with(**parts).document.reward("latte")
    assert isinstance(found, Reward)
    return found


def redeemed(held: Account, *, hold: bool = False, **parts: Any) -> Posting:
    program = program_with(**parts)
    return redeem(
        latte(**parts),
        account=held,
        price=Price(40, None),
        program=program,
        request_id="r1",
        fingerprint="f",
        code="CODE",
        stock=unit_of("latte", parts["stock"], shard=0) if "stock" in parts else None,
        hold=hold,
        now=NOW,
    )


def issued(posting: Posting) -> Voucher:
    assert posting.issues is not None
    return posting.issues


def cancelled(
    redemption: Voucher, held: Account, *, now: datetime = NOW, by_member: bool = False
) -> Posting:
    return give_back(
        redemption,
        why="cancelled",
        by_member=by_member,
        account=held,
        program=program_with(),
        now=now,
    )


def test_a_cancelled_redemption_returns_every_slice_to_its_lot() -> None:
    redemption = issued(redeemed(account({SOON: 30, LATER: 100})))

    posting = cancelled(redemption, account({LATER: 90}))

    assert effect_of(posting) == Holding(lots={SOON: 30, LATER: 10})
    assert posting.voucher is not None
    assert posting.voucher.becomes.state == "cancelled"


def test_returned_points_pay_a_debt_first() -> None:
    redemption = issued(redeemed(account({LATER: 40})))

    posting = cancelled(redemption, account(debt=15))

    assert effect_of(posting) == Holding(lots={LATER: 25}, debt=-15)


def test_points_that_lapsed_while_they_were_spent_are_reinstated_from_the_day_they_lapsed() -> None:
    program = published(
        time_zone="UTC",
        reinstate_days=14,
        inactivity={"months": 6},
        inactivity_since=date(2026, 1, 1),
    )
    voucher, lapsed_on = issued(redeemed(account({LATER: 40}))), date(2026, 7, 1)
    reinstated = lapsed_on + timedelta(days=14)

    def cancelled_on(day: int) -> Posting:
        return give_back(
            voucher,
            why="cancelled",
            account=account(),
            program=program,
            now=datetime(2026, 7, day, 12, tzinfo=UTC),
        )

    assert effect_of(cancelled_on(2)) == Holding(lots={reinstated: 40})
    assert cancelled_on(2).changes[0].due == DueTime(reinstated + timedelta(days=1), moves=True)
    assert effect_of(cancelled_on(16)).is_empty


class TestPointsWhoseLotExpiredInTheMeantime:
    VOUCHER = issued(redeemed(account({SOON: 40})))
    AFTER = datetime(2026, 12, 1, tzinfo=UTC)
    REINSTATED = SOON + timedelta(days=14)

    def test_stay_valid_for_some_days_after_their_first_end(self) -> None:
        posting = cancelled(self.VOUCHER, account(), now=self.AFTER)

        assert effect_of(posting) == Holding(lots={self.REINSTATED: 40})
        assert posting.changes[0].reinstated == {self.REINSTATED: SOON}

    def test_expire_again_if_the_member_chose_to_cancel(self) -> None:
        posting = cancelled(self.VOUCHER, account(), now=self.AFTER, by_member=True)

        assert [each.kind for each in posting.entries] == ["return", "expiry"]
        assert effect_of(posting).is_empty

    def test_expire_again_if_those_days_are_over_too(self) -> None:
        long_after = datetime(2026, 12, 10, tzinfo=UTC)

        assert effect_of(cancelled(self.VOUCHER, account(), now=long_after)).is_empty

    def test_are_not_prolonged_twice_by_spending_and_cancelling_again(self) -> None:
        reinstated = account({self.REINSTATED: 40}, reinstated={self.REINSTATED: SOON})
        again = issued(redeemed(reinstated))
        now = datetime(2026, 12, 10, tzinfo=UTC)

        assert again.first_ends == {self.REINSTATED: SOON}
        assert effect_of(cancelled(again, account(), now=now)).is_empty


def test_a_cancellation_frees_the_members_limit_and_the_stock() -> None:
    redemption = issued(redeemed(account({LATER: 40}), per_member_max=1, stock=5))

    posting = cancelled(redemption, account())

    assert posting.changes[0].redeemed == {"latte": -1}
    assert posting.stock is not None
    assert posting.stock.units == -1


def order(*amounts_minor: int, quantity: int = 1) -> Order:
    lines = tuple(
        Line(line_id=f"l{number}", sku=None, category=None, quantity=quantity, amount_minor=amount)
        for number, amount in enumerate(amounts_minor)
    )
    return Order(source="till", order_id="1", occurred_at=NOW, lines=lines)


def paid_with(slices: dict[date, int], **parts: Any) -> Voucher:
    points = sum(slices.values())
    return voucher(
        "used", points=points, slices=slices, pays=True, used_order=OrderRef("till", "1"), **parts
    )


class TestTheShareOfPointsThatPaid:
    VOUCHER = paid_with({SOON: 30, LATER: 70})

    def test_is_the_refunded_share_of_the_order_rounded_down(self) -> None:
        bought = order(3000, 6000)

        assert due_back(self.VOUCHER, bought, OrderState()) == 0
        assert due_back(self.VOUCHER, bought, OrderState(amount_minor=3000)) == 33
        assert due_back(self.VOUCHER, bought, OrderState(quantities={"l1": 1})) == 66
        assert due_back(self.VOUCHER, bought, OrderState(whole=True)) == 100

    def test_is_by_units_where_points_paid_for_everything(self) -> None:
        free = order(0, quantity=4)

        assert due_back(self.VOUCHER, free, OrderState(quantities={"l0": 1})) == 25
        assert due_back(self.VOUCHER, free, OrderState(whole=True)) == 100
        assert due_back(self.VOUCHER, order(), OrderState()) == 0

    @given(
        points=st.integers(1, 10**6),
        amounts=st.lists(st.integers(0, 10**6), min_size=1, max_size=4),
        refunds=st.lists(st.integers(0, 10**6), max_size=6),
    )
    def test_grows_with_every_refund_and_is_all_in_the_end_and_never_more(
        self, points: int, amounts: list[int], refunds: list[int]
    ) -> None:
        paid, bought = paid_with({LATER: points}), order(*amounts)
        refunded = [sum(refunds[:number]) for number in range(len(refunds) + 1)]

        due = [due_back(paid, bought, OrderState(amount_minor=each)) for each in refunded]

        assert due == sorted(due)
        assert 0 <= due[0] <= due[-1] <= points
        assert due_back(paid, bought, OrderState(whole=True)) == points
        if sum(amounts) and refunded[-1] >= sum(amounts):
            assert due[-1] == points

    def test_comes_back_from_the_points_that_live_longest(self) -> None:
        posting = share_returned(self.VOUCHER, 80)

        assert effect_of(posting) == Holding(lots={SOON: 10, LATER: 70})
        assert posting.voucher is not None
        becomes = posting.voucher.becomes
        assert (becomes.state, becomes.returned, becomes.return_steps) == ("used", 80, 1)

    def test_is_the_same_in_one_step_and_in_several(self) -> None:
        first = share_returned(self.VOUCHER, 33)
        assert first.voucher is not None
        second = share_returned(first.voucher.becomes, 100)

        assert effect_of(first) + effect_of(second) == Holding(lots={SOON: 30, LATER: 70})
        causes = {entry.cause for posting in (first, second) for entry in posting.entries}
        assert len(causes) == 2

    def test_that_expired_meanwhile_is_reinstated_like_a_cancelled_redemption(self) -> None:
        now = datetime(2026, 12, 1, tzinfo=UTC)

        posting = share_returned(paid_with({SOON: 30}), 30, now=now)

        assert effect_of(posting) == Holding(lots={SOON + timedelta(days=14): 30})


class TestARefundThatWasWithdrawn:
    VOUCHER = paid_with({SOON: 30, LATER: 70}, returned=80, return_steps=1)

    def test_takes_the_points_from_where_they_returned_to(self) -> None:
        posting = taken_again(self.VOUCHER, 0, account({SOON: 500, LATER: 500}))

        assert effect_of(posting) == Holding(lots={SOON: -10, LATER: -70})
        assert posting.voucher is not None
        assert posting.voucher.becomes.returned == 0

    def test_leaves_a_debt_where_refunds_may(self) -> None:
        posting = taken_again(self.VOUCHER, 0, account({LATER: 50}), clawback="unlimited")

        assert effect_of(posting) == Holding(lots={LATER: -50}, debt=30)
        assert posting.voucher is not None
        assert posting.voucher.becomes.returned == 0

    def test_waives_what_the_member_does_not_have_and_never_returns_that_again(self) -> None:
        posting = taken_again(self.VOUCHER, 0, account({LATER: 50}), clawback="within_balance")

        assert posting.voucher is not None
        becomes = posting.voucher.becomes
        assert (becomes.returned, becomes.return_forgiven) == (30, 30)
        assert effect_of(share_returned(becomes, 100)).points == 70

    def test_does_not_take_points_that_expired_unspent(self) -> None:
        now = datetime(2026, 12, 1, tzinfo=UTC)

        posting = taken_again(self.VOUCHER, 0, account({LATER: 500}), expired={SOON: 10}, now=now)

        assert effect_of(posting) == Holding(lots={LATER: -70})
        assert posting.voucher is not None
        assert posting.voucher.becomes.returned == 0


@given(
    slices=st.dictionaries(st.dates(TODAY, LATER), st.integers(1, 50), min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 250), max_size=4),
)
def test_every_point_returns_to_its_lot_once(slices: dict[date, int], cuts: list[int]) -> None:
    paid = paid_with(slices)
    steps = sorted({0, *(min(cut, paid.points) for cut in cuts), paid.points})

    parts = [slices_between(paid, first, last) for first, last in pairwise(steps)]

    assert sum((Holding(lots=part) for part in parts), Holding()) == Holding(lots=slices)


def share_returned(paid: Voucher, due: int, *, now: datetime = NOW) -> Posting:
    return give_back_share(
        paid, due=due, account=account({LATER: 1}), program=program_with(), now=now
    )


def taken_again(
    paid: Voucher,
    due: int,
    held: Account,
    *,
    expired: dict[date, int] | None = None,
    clawback: str = "within_balance",
    now: datetime = NOW,
) -> Posting:
    program = published(time_zone="UTC", rewards=[], reinstate_days=14, clawback=clawback)
    return take_share_again(
        paid, due=due, account=held, expired=expired or {}, program=program, now=now
    )

"""Races of the real use cases on real transactions, with many threads."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from loyalty.domain.kernel.errors import InsufficientPoints, LimitReached, OutOfStock, Refusal
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.entries import Adjustment, Entry, Redemption, RequestedRefund
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Keyring
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
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
    use_voucher,
    voucher_of,
)
from loyalty.usecases.ledger.statements import audit_member
from loyalty.usecases.orders.accrual import Customer, Earned, GuestOrderKept, earn
from loyalty.usecases.orders.edits import record_refund
from loyalty.usecases.orders.refunds import Refunded
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.ports import Desk
from tests.support.documents import reward
from tests.support.orders import NOON, line, order
from tests.support.race import race

ANA: Final = "mem_ana"

type OpenDesk = Callable[..., Desk]


@pytest.fixture
def join(engine: Persistent, open_desk: OpenDesk) -> Callable[..., None]:
    """Enroll a member, with points if given."""
    ring = Keyring({"1": b"a key of the digests"}, current="1")
    members = TableMembers(engine, program_id="bean", keyring=lambda: ring)

    def join(member_id: str, *, points: int = 0) -> None:
        desk = open_desk(NOON)
        enroll(Application(member_id=member_id), members=members, desk=desk)
        if points:
            give(points, request_id=f"welcome-{member_id}", desk=desk, member_id=member_id)

    return join


def test_sixteen_threads_earn_and_redeem_on_one_member_and_no_call_fails(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    join(ANA, points=100)

    def earn_and_redeem(number: int) -> list[str]:
        codes = []
        for turn in range(3):
            buy(100, f"{number}-{turn}", desk=desk, months_ago=turn % 3)
            codes.append(code_of(spend(f"{number}-{turn}", desk=desk)))
            # The answers of both were lost, so the requests are repeated.
            assert buy(100, f"{number}-{turn}", desk=desk, months_ago=turn % 3).replayed
            assert code_of(spend(f"{number}-{turn}", desk=desk)) == codes[-1]
        return codes

    codes = [code for issued in race(earn_and_redeem, threads=16) for code in issued]

    assert len(set(codes)) == 48
    assert audit_member(ANA, desk=desk) == []
    account = account_of(ANA, desk=desk)
    assert (account.balance, account.entries) == (100 + 48 * (100 - 40), 1 + 48 + 48)


def test_only_as_many_redemptions_succeed_as_there_are_points_for(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    join(ANA, points=5 * 40 + 39)

    outcomes = Counter(
        race(lambda number: outcome(lambda: spend(f"{number}", desk=desk)), threads=16)
    )

    assert outcomes == {"done": 5, InsufficientPoints.code: 11}
    assert audit_member(ANA, desk=desk) == []
    assert account_of(ANA, desk=desk).balance == 39


def test_an_order_and_its_refund_sent_by_fifty_threads_cancel_each_other_out_once(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    """The refund waits for its order or follows it, whichever comes first; both count once."""
    desk = open_desk(NOON)
    join(ANA)

    def send(number: int) -> str | None:
        if number % 2:
            return buy(49, "1001", desk=desk).entry.id
        return give_back("1001", "r1", desk=desk)

    entry_ids = race(send, threads=50)
    clawback = give_back("1001", "r1", desk=desk)

    assert len(set(entry_ids[1::2])) == 1
    assert set(entry_ids[::2]) <= {clawback, None}
    assert clawback is not None
    assert audit_member(ANA, desk=desk) == []
    account = account_of(ANA, desk=desk)
    assert (account.balance, account.holding.debt, account.entries) == (0, 0, 2)


def test_an_order_that_half_of_fifty_threads_treat_as_a_guests_earns_once(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    join(ANA)

    def send(number: int) -> str:
        customer = Customer(
            member_id=ANA if number % 2 else None, named="shop", guest="email#1#ana"
        )
        recorded = earn(order(line(4900)), customer=customer, desk=desk)
        return "guest" if isinstance(recorded, GuestOrderKept) else recorded.entry.id

    answers = race(send, threads=50)

    assert len(set(answers) - {"guest"}) == 1
    assert "guest" not in answers[1::2]
    assert audit_member(ANA, desk=desk) == []
    account = account_of(ANA, desk=desk)
    assert (account.balance, account.entries) == (49, 1)


@pytest.mark.parametrize("stock", [1, 3, 17])
def test_the_last_units_of_a_stock_are_sold_once_among_twenty_members(
    open_desk: OpenDesk, join: Callable[..., None], stock: int
) -> None:
    desk = open_desk(NOON, rewards=[reward(stock=stock)])
    crowd = [f"mem_{number}" for number in range(20)]
    for member_id in crowd:
        join(member_id, points=40)

    outcomes = race(
        lambda number: outcome(lambda: spend(f"{number}", desk=desk, member_id=crowd[number])),
        threads=20,
    )

    assert Counter(outcomes) == {"done": stock, OutOfStock.code: 20 - stock}
    assert desk.books.stock("latte").taken == stock
    for member_id, what in zip(crowd, outcomes, strict=True):
        assert audit_member(member_id, desk=desk) == []
        assert account_of(member_id, desk=desk).balance == (0 if what == "done" else 40)


def test_one_member_redeems_no_more_often_than_their_limit(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON, rewards=[reward(per_member_max=2)])
    join(ANA, points=1000)

    outcomes = Counter(
        race(lambda number: outcome(lambda: spend(f"{number}", desk=desk)), threads=16)
    )

    assert outcomes == {"done": 2, LimitReached.code: 14}
    assert audit_member(ANA, desk=desk) == []


def test_a_voucher_used_at_twenty_tills_at_once_is_used_at_one(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    join(ANA, points=40)
    code = code_of(spend("1", desk=desk))

    outcomes = race(
        lambda till: outcome(
            lambda: use_voucher(code, request_id=f"till-{till}", order=None, desk=desk)
        ),
        threads=20,
    )

    assert Counter(outcomes) == {"done": 1, "voucher_used": 19}


def test_a_voucher_of_twenty_orders_at_once_is_used_by_one(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    join(ANA, points=40)
    code = code_of(spend("1", desk=desk))

    steps = race(lambda number: apply_vouchers(of_order(f"o{number}", code), desk=desk), threads=20)

    assert Counter(step.status for (step,) in steps) == {"used": 1, "refused": 19}


def test_an_order_paid_and_cancelled_at_once_leaves_its_voucher_unused(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    join(ANA, points=400)
    codes = [code_of(spend(f"{number}", desk=desk)) for number in range(8)]

    def apply(number: int) -> None:
        order, is_cancel = divmod(number, 2)
        if is_cancel:
            cancel_vouchers("shop", f"o{order}", desk=desk)
        else:
            apply_vouchers(of_order(f"o{order}", codes[order]), desk=desk)

    race(apply, threads=16)

    assert [voucher_of(code, desk=desk).state for code in codes] == ["issued"] * 8


def of_order(order_id: str, code: str) -> OrderVoucherCodes:
    return OrderVoucherCodes(
        source="shop", order_id=order_id, codes=(code,), ordered_at=NOON, member_id=None
    )


def test_eight_writers_do_everything_to_one_hot_member_and_no_call_fails(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    join(ANA, points=1000)

    def write(number: int) -> None:
        for turn in range(3):
            name = f"{number}-{turn}"
            buy(60, name, desk=desk, months_ago=turn)
            spend(name, desk=desk)
            assert give_back(name, "r1", desk=desk, minor=2000) is not None
            give(-5, request_id=f"take-{name}", desk=desk)
            cancel(f"red_{name}", member_id=ANA, desk=desk)

    race(write, threads=8)

    assert audit_member(ANA, desk=desk) == []
    account = account_of(ANA, desk=desk)
    assert account.balance == 1000 + 24 * (60 - 40 - 20 - 5 + 40)
    assert account.entries == 1 + 24 * 5


def test_the_day_a_lot_expires_eight_writers_record_its_expiry_once(
    open_desk: OpenDesk, join: Callable[..., None]
) -> None:
    desk = open_desk(NOON)
    later = open_desk(NOON + timedelta(days=330))
    join(ANA)
    # These points expire at the end of August 2027, the others at the end of November.
    buy(500, "old", desk=desk, months_ago=3)
    buy(600, "new", desk=desk)

    def write(number: int) -> None:
        if number % 2:
            buy(10, f"{number}", desk=later)
        else:
            spend(f"{number}", desk=later)

    race(write, threads=8)

    assert audit_member(ANA, desk=later) == []
    account = account_of(ANA, desk=later)
    assert account.balance == 600 + 4 * 10 - 4 * 40
    assert account.entries == 2 + 8 + 1


def buy(
    points: int, order_id: str, *, desk: Desk, months_ago: int = 0, member_id: str = ANA
) -> Earned:
    """An order that earned this many points some months ago; each month has its own lot."""
    bought = order(
        line(points * 100),
        order_id=order_id,
        occurred_at=desk.now - timedelta(days=29 * months_ago),
    )
    earned = earn(bought, customer=Customer(member_id=member_id, named=member_id), desk=desk)
    assert isinstance(earned, Earned)
    return earned


def spend(name: str, *, desk: Desk, member_id: str = ANA) -> Entry:
    latte = RequestedReward(reward_id="latte")
    return redeem_reward(member_id, request=latte, request_id=name, desk=desk).entry


def code_of(redemption: Entry) -> str:
    assert isinstance(redemption.detail, Redemption)
    return redemption.detail.code


def give_back(order_id: str, refund_id: str, *, desk: Desk, minor: int = 0) -> str | None:
    """Refund an order, all of it unless an amount is given. Returns the clawback's id, or None."""
    requested_refund = RequestedRefund(
        refund_id=refund_id,
        occurred_at=NOON,
        amount_minor=minor,
        whole=not minor,
        fingerprint=refund_id,
    )
    refunded = record_refund(OrderRef("pos", order_id), requested_refund, desk=desk)
    return refunded.entry.id if isinstance(refunded, Refunded) else None


def give(points: int, *, request_id: str, desk: Desk, member_id: str = ANA) -> None:
    why = Adjustment(reason="goodwill", reference=None)
    requested_adjustment = RequestedAdjustment(points=points, why=why)
    adjust(
        member_id, adjustment=requested_adjustment, request_id=request_id, allowance=None, desk=desk
    )


def outcome(call: Callable[[], object]) -> str:
    """`done`, or the code of the refusal."""
    try:
        call()
    except Refusal as refusal:
        return refusal.code
    return "done"


def account_of(member_id: str, *, desk: Desk) -> Account:
    account = desk.books.account(member_id, strong=True)
    assert account is not None
    return account

"""A released order is as if it had never been held, and a rejected one as if it earned nothing."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.accruals import accrue
from loyalty.domain.ledger.clawbacks import claw_back
from loyalty.domain.ledger.entries import Entry, RequestedRefund
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.orders_to_settle import OrderToSettle
from loyalty.domain.ledger.postings import Posting, after_change
from loyalty.domain.ledger.refunds import OrderState
from loyalty.domain.ledger.reviewing import reject, release
from loyalty.domain.program.document import PublishedProgram
from tests.support.accounts import account
from tests.support.documents import published, rule
from tests.support.orders import NOON, order_of

FIRST = {"id": "first", "count": "orders", "at_most": 1, "then": "hold", "hold_days": 14}
BUSY = {"day#orders#2026-11-21": 1}


def program(pending_days: int, **parts: Any) -> PublishedProgram:
    return published(
        earning_rules=[rule(per_minor=1, pending_days=pending_days)],
        expiry={"model": "after_earning", "days": 30, "round_to": "none"},
        time_zone="UTC",
        **parts,
    )


class Books:
    """One order on one account, through the rules themselves."""

    def __init__(self, minor: int, *, of: PublishedProgram) -> None:
        self.program = of
        self.state: OrderState | None = None
        posting = accrue(
            order_of(minor),
            account=account(redeemed=BUSY),
            program=of,
            fingerprint="f",
            now=NOON,
        )
        self.account: Account = account(redeemed=BUSY)
        self.entry: Entry = posting.entries[0]
        self._book(posting)

    def refund(self, number: int, minor: int) -> None:
        refund = RequestedRefund(
            refund_id=f"r{number}", occurred_at=NOON, fingerprint="r", amount_minor=minor
        )
        self._book(claw_back(refund, self._to_settle()))

    def release(self) -> None:
        recorded = self._to_settle()
        posting = release(
            earned=recorded.earned,
            state=self.state,
            account=self.account,
            program=self.program,
            now=NOON,
        )
        self._book(posting)

    def reject(self) -> None:
        self._book(reject(self._to_settle()))

    def _to_settle(self) -> OrderToSettle:
        return OrderToSettle(
            accrual=self.entry,
            state=self.state,
            account=self.account,
            expired={},
            decided_by=self.program,
            program=self.program,
            now=NOON,
        )

    def _book(self, posting: Posting) -> None:
        self.latest = posting
        for change in posting.changes:
            self.account = after_change(self.account, change)
        if posting.order_state:
            self.state = posting.order_state.state


@settings(max_examples=40)
@given(
    st.integers(1, 100),
    st.sampled_from((0, 3, 20)),
    st.lists(st.integers(1, 40), max_size=2),
    st.lists(st.integers(1, 40), max_size=2),
)
def test_a_released_order_is_as_if_it_had_never_been_held(
    minor: int, pending_days: int, before: list[int], after: list[int]
) -> None:
    held = Books(minor, of=program(pending_days, safeguards=[FIRST]))
    free = Books(minor, of=program(pending_days))

    for number, refunded in enumerate((*before, *after)):
        if number == len(before):
            held.release()
        held.refund(number, refunded)
        free.refund(number, refunded)
    if not after:
        held.release()

    assert held.account.holding.lots == free.account.holding.lots
    assert held.account.holding.pending == free.account.holding.pending
    assert held.account.balance == free.account.balance


@settings(max_examples=40)
@given(
    st.integers(1, 100),
    st.lists(st.integers(1, 40), max_size=2),
    st.lists(st.integers(1, 40), max_size=2),
)
def test_a_rejected_order_leaves_nothing_whatever_is_refunded(
    minor: int, before: list[int], after: list[int]
) -> None:
    books = Books(minor, of=program(0, safeguards=[FIRST]))

    for number, refunded in enumerate((*before, *after)):
        if number == len(before):
            books.reject()
        books.refund(number, refunded)
    if not after:
        books.reject()

    assert books.account.holding == Holding()
    assert books.state is not None
    assert (books.state.clawed, books.state.settled) == (minor, minor)


def test_the_order_beyond_a_limit_opens_a_review_and_one_within_it_does_not() -> None:
    held = Books(50, of=program(0, safeguards=[FIRST])).latest
    free = Books(50, of=program(0, safeguards=[FIRST | {"at_most": 2}])).latest

    assert free.review is None
    assert held.review is not None
    assert held.review.held_until == NOON.date() + timedelta(days=14)
    assert held.review.points == 50


def test_a_decision_relies_on_the_order_being_as_seen() -> None:
    books = Books(50, of=program(0, safeguards=[FIRST]))
    books.refund(1, 10)

    books.release()

    assert books.latest.order_state is not None
    assert books.latest.order_state.counter_seen == 1
    assert books.latest.order_state.state.counter == 2

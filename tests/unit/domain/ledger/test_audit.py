"""The audit names every figure on which an account and its entries disagree."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.audit import Difference, audit
from loyalty.domain.ledger.entries import Accrual, Clawback, Entry, OrderCause
from loyalty.domain.ledger.holding import Holding
from tests.support.accounts import account
from tests.support.documents import published
from tests.support.ledger import entry, order

PROGRAM = published(time_zone="UTC")
LOT = date(2027, 11, 30)
DUE = date(2027, 12, 1)
PARTS = (Part(date(2026, 11, 21), LOT, 50),)


def accrual() -> Entry:
    return entry(
        OrderCause("pos", "1001", "accrual"),
        Holding(lots={LOT: 50}),
        detail=Accrual(order=order(), shares=(), parts=PARTS),
    )


def clawback(points: int) -> Entry:
    return entry(
        OrderCause("pos", "1001", "clawback", "r1"),
        Holding(lots={LOT: -points}),
        detail=Clawback(
            source="pos",
            order_id="1001",
            refund_id="r1",
            amount_minor=points,
            clawed=points,
            owed=0,
            forgiven=0,
            excused=0,
            debt_after=0,
        ),
    )


def names(held: Account, *entries: Entry) -> set[str]:
    return {each.what for each in audit(held, entries, program=PROGRAM)}


def test_books_that_agree_have_no_difference() -> None:
    held = account({LOT: 50}, entries=1, due=DUE)

    assert audit(held, [accrual()], program=PROGRAM) == []


def test_a_difference_says_what_the_account_and_what_its_entries_hold() -> None:
    held = account({LOT: 50}, entries=2, due=DUE)

    assert audit(held, [accrual()], program=PROGRAM) == [Difference("entries", 2, 1)]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"balance": 49}, {"balance"}),
        ({"holding": Holding(lots={LOT: 60}, debt=10)}, {"lots", "debt", "debt_beside_lots"}),
        ({"holding": Holding(lots={LOT: 100, DUE: -50})}, {"lots", "negative"}),
        ({"due": None}, {"due_late"}),
        ({"due": date(2027, 12, 2)}, {"due_late"}),
        ({"due": None, "status": "closed"}, set()),
    ],
)
def test_every_kind_of_difference_has_a_name(changes: dict[str, Any], what: set[str]) -> None:
    held = replace(account({LOT: 50}, entries=1, due=DUE), **changes)

    assert names(held, accrual()) == what


def test_an_order_that_lost_more_than_it_earned_is_found() -> None:
    held = account({LOT: -10}, entries=2, due=DUE)

    assert "clawed_beyond_earned" in names(held, accrual(), clawback(60))
    assert "clawed_beyond_earned" not in names(account(entries=2), accrual(), clawback(50))


def test_a_refund_without_its_accrual_is_not_judged() -> None:
    """A member who was merged has the accrual, the survivor the clawback."""
    assert names(account({LOT: -10}, entries=1, due=DUE), clawback(10)) == {"negative"}

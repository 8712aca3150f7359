"""A request is carried out once, and every repetition gets the first answer."""

from collections.abc import Callable
from typing import Final

import pytest

from loyalty.domain.kernel.errors import IdempotencyConflict, InsufficientPoints, TryAgain
from loyalty.domain.ledger.corrections import add_points, take_points
from loyalty.domain.ledger.entries import RequestCause
from loyalty.domain.ledger.postings import Posting
from loyalty.usecases.ledger.accounts import open_account
from loyalty.usecases.ledger.once import Recorded, once
from loyalty.usecases.ports import DECISIONS_MAX, Overtaken
from tests.support.memory import WHY, BusyTable, Shop

ANA: Final = "mem_ana"


@pytest.fixture
def table() -> BusyTable:
    return BusyTable()


@pytest.fixture
def shop(table: BusyTable) -> Shop:
    return Shop(ANA, engine=table)


def adding(shop: Shop, points: int, *, key: str) -> Callable[[], Posting]:
    """Decides to add points to Ana's account."""
    return lambda: add_points(
        points,
        account=open_account(shop.desk, ANA, strong=True),
        program=shop.program,
        expiring_on=None,
        why=WHY,
        request_id=key,
        fingerprint=f"{points}",
        now=shop.now,
    )


def add(shop: Shop, points: int = 10, *, key: str = "k1") -> Recorded:
    cause = RequestCause(key, "adjustment")
    decide = adding(shop, points, key=key)
    return once(cause, fingerprint=f"{points}", decide=decide, desk=shop.desk)


def test_the_first_request_is_recorded(shop: Shop) -> None:
    recorded = add(shop)

    assert not recorded.replayed
    assert [recorded.entry] == shop.entries(ANA)


def test_the_same_request_again_gets_the_first_answer(shop: Shop) -> None:
    first, again = add(shop), add(shop)

    assert again.replayed
    assert again.entry == first.entry
    assert shop.account(ANA).balance == 10


def test_a_request_with_another_key_counts_again(shop: Shop) -> None:
    add(shop, key="k1")
    add(shop, key="k2")

    assert shop.account(ANA).balance == 20


def test_a_key_cannot_be_used_for_a_different_request(shop: Shop) -> None:
    add(shop, 10)

    with pytest.raises(IdempotencyConflict):
        add(shop, 20)
    assert shop.account(ANA).balance == 10


def test_a_request_whose_answer_was_lost_counts_once(shop: Shop, table: BusyTable) -> None:
    table.answers_lost = 1

    add(shop)

    assert shop.account(ANA).balance == 10
    assert len(shop.entries(ANA)) == 1


def test_two_who_send_one_request_at_once_get_one_answer(shop: Shop, table: BusyTable) -> None:
    answers: list[Recorded] = []
    table.rivals.append(lambda: answers.append(add(shop)))

    second = add(shop)

    assert second.replayed
    assert [second.entry] == [each.entry for each in answers] == shop.entries(ANA)


def test_a_refusal_is_raised_if_the_request_was_not_recorded_before(shop: Shop) -> None:
    with pytest.raises(InsufficientPoints):
        once(RequestCause("k1", "adjustment"), fingerprint="10", decide=_refuse, desk=shop.desk)
    assert shop.entries(ANA) == []


def test_a_repetition_that_would_be_refused_now_gets_the_first_answer(shop: Shop) -> None:
    first = add(shop)

    again = once(RequestCause("k1", "adjustment"), fingerprint="10", decide=_refuse, desk=shop.desk)

    assert again == Recorded(entry=first.entry, replayed=True)


def test_a_request_that_others_overtake_is_decided_again(shop: Shop, table: BusyTable) -> None:
    decisions: list[Posting] = []

    def take_more_than_there_is() -> Posting:
        # It leaves a debt, so it relies on the balance that it was decided from.
        account = open_account(shop.desk, ANA, strong=True)
        decisions.append(
            take_points(
                10,
                account=account,
                program=shop.program,
                why=WHY,
                request_id="k1",
                fingerprint="10",
                now=shop.now,
            )
        )
        return decisions[-1]

    table.rivals += [lambda: shop.adjust_balance(ANA, 4), lambda: None, lambda: None]
    once(
        RequestCause("k1", "adjustment"),
        fingerprint="10",
        decide=take_more_than_there_is,
        desk=shop.desk,
    )

    assert [each.entries[0].effect.debt for each in decisions] == [10, 6]
    assert shop.account(ANA).balance == -6
    shop.must_add_up(ANA)


def test_a_request_that_is_overtaken_every_time_answers_try_again(shop: Shop) -> None:
    attempts: list[int] = []

    def decide() -> Posting:
        attempts.append(1)
        raise Overtaken(entry=None, accounts={})

    with pytest.raises(TryAgain):
        once(RequestCause("k1", "adjustment"), fingerprint="10", decide=decide, desk=shop.desk)
    assert len(attempts) == DECISIONS_MAX


def _refuse() -> Posting:
    raise InsufficientPoints("Only 0 points are available")

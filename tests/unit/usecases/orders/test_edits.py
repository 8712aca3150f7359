"""Versions of storefront orders: the latest one wins, in whatever sequence they arrive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.earning.awarding import award
from loyalty.domain.kernel.errors import OrderConflict, ValidationFailed
from loyalty.domain.ledger.entries import Edit, RequestedRefund
from loyalty.domain.ledger.refunds import OrderState, refunded_with, unrefunded
from loyalty.domain.orders.order import Line, Order, OrderRef
from loyalty.usecases.ledger.redemption import RequestedReward, redeem_reward
from loyalty.usecases.orders.accrual import Customer, Earned, GuestOrderKept, earn
from loyalty.usecases.orders.edits import Edited, Outdated, record_refund, record_version
from loyalty.usecases.orders.refunds import Refunded
from tests.support.documents import published, rule
from tests.support.memory import NOW, Shop
from tests.support.orders import line

ANA = "mem_ana"
OF_ANA = Customer(member_id=ANA, named="storefront")
OF_A_GUEST = Customer(member_id=None, named="storefront", guest="email#1#digest")


def order(*lines: Line, minute: int = 0, **parts: Any) -> Order:
    """The version of the order that the shop sent at a minute."""
    fields: dict[str, Any] = {"source": "shop", "order_id": "1", "occurred_at": NOW}
    told_at = NOW + timedelta(minutes=minute)
    return Order(lines=lines, **(fields | {"told_at": told_at} | parts))


def back(name: str = "r1", **what: Any) -> RequestedRefund:
    return RequestedRefund(refund_id=name, occurred_at=NOW, fingerprint=name, **what)


def edit_of(recorded: object) -> Edit:
    assert isinstance(recorded, Edited)
    assert isinstance(recorded.entry.detail, Edit)
    return recorded.entry.detail


@pytest.fixture
def shop() -> Shop:
    return Shop(ANA)


def test_goods_that_were_added_earn_the_difference(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)

    recorded = record_version(
        order(line(2000), line(1550, "2"), minute=1), customer=OF_ANA, desk=shop.desk
    )

    assert isinstance(recorded, Edited)
    assert (recorded.entry.kind, recorded.entry.points) == ("edit", 15)
    assert edit_of(recorded).amount_minor == 1550
    assert shop.account(ANA).balance == 35
    shop.must_add_up(ANA)


def test_goods_that_were_removed_take_the_difference_back(shop: Shop) -> None:
    record_version(order(line(2000), line(1550, "2")), customer=OF_ANA, desk=shop.desk)

    recorded = record_version(order(line(2000), minute=1), customer=OF_ANA, desk=shop.desk)

    assert isinstance(recorded, Edited)
    assert recorded.entry.points == -15
    assert edit_of(recorded).clawed == 15
    assert shop.account(ANA).balance == 20
    shop.must_add_up(ANA)


def test_the_same_version_again_changes_nothing(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    changed = order(line(3000), minute=1)
    first = record_version(changed, customer=OF_ANA, desk=shop.desk)

    again = record_version(changed, customer=OF_ANA, desk=shop.desk)

    assert isinstance(first, Edited)
    assert again == Edited(entry=first.entry, replayed=True)
    assert shop.account(ANA).balance == 30


def test_a_version_older_than_the_latest_is_outdated(shop: Shop) -> None:
    record_version(order(line(3000), minute=5), customer=OF_ANA, desk=shop.desk)

    assert record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk) == Outdated()

    assert shop.account(ANA).balance == 30


def test_a_content_that_returns_counts_again(shop: Shop) -> None:
    for minute, amount in enumerate((2000, 3000, 2000, 3000)):
        record_version(order(line(amount), minute=minute), customer=OF_ANA, desk=shop.desk)

    assert shop.account(ANA).balance == 30
    assert [entry.points for entry in shop.entries(ANA)] == [20, 10, -10, 10]
    shop.must_add_up(ANA)


def test_a_change_that_was_undone_before_it_arrived_is_outdated(shop: Shop) -> None:
    """Cosmetic tellings count too: they say that the content was still the same."""
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    record_version(order(line(2000), minute=2), customer=OF_ANA, desk=shop.desk)

    recorded = record_version(order(line(9000), minute=1), customer=OF_ANA, desk=shop.desk)

    assert recorded == Outdated()
    assert shop.account(ANA).balance == 20


def test_a_cosmetic_change_makes_no_entry(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)

    recorded = record_version(order(line(2000), minute=7), customer=OF_ANA, desk=shop.desk)

    assert isinstance(recorded, Earned)
    assert recorded.replayed
    assert len(shop.entries(ANA)) == 1


def test_an_edit_is_decided_by_the_version_and_the_date_of_the_order(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    decided_by = shop.program
    shop.program = published(version=2, earning_rules=[rule(points=10)])
    later = replace(shop.desk, version={1: decided_by}.__getitem__, now=NOW + timedelta(days=40))

    recorded = record_version(order(line(3000), minute=1), customer=OF_ANA, desk=later)

    assert isinstance(recorded, Edited)
    assert (recorded.entry.program_version, recorded.entry.points) == (1, 10)
    assert set(shop.account(ANA).holding.lots) == {datetime(2027, 11, 30, tzinfo=UTC).date()}


def test_an_old_order_may_change_but_a_new_order_may_not_be_old(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    shop.now += timedelta(days=200)

    recorded = record_version(order(line(3000), minute=1), customer=OF_ANA, desk=shop.desk)
    with pytest.raises(ValidationFailed):
        record_version(order(line(2000), order_id="2"), customer=OF_ANA, desk=shop.desk)

    assert isinstance(recorded, Edited)
    assert shop.account(ANA).balance == 30


def test_points_that_an_edit_gives_after_their_last_day_expire_at_once(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    shop.now += timedelta(days=400)

    record_version(order(line(3000), minute=1), customer=OF_ANA, desk=shop.desk)
    recorded = record_refund(OrderRef("shop", "1"), back(whole=True), desk=shop.desk)

    assert shop.account(ANA).balance == 0
    assert isinstance(recorded, Refunded)
    assert recorded.entry.points == 0
    shop.must_add_up(ANA)


def test_added_points_wait_as_long_as_those_of_the_order(shop: Shop) -> None:
    shop = Shop(ANA, earning_rules=[rule(pending_days=14)])
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    shop.now += timedelta(days=3)

    record_version(order(line(3000), minute=1), customer=OF_ANA, desk=shop.desk)

    ((dates, points),) = shop.account(ANA).holding.pending.items()
    assert (dates.available_on.isoformat(), points) == ("2026-12-05", 30)
    shop.must_add_up(ANA)


def test_points_that_a_refund_forgave_are_not_given_a_second_time() -> None:
    shop = Shop(ANA, clawback="only_pending")
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    record_refund(OrderRef("shop", "1"), back(amounts_minor={"1": 2000}), desk=shop.desk)
    assert shop.account(ANA).balance == 20

    recorded = record_version(
        order(line(2000), line(2500, "2"), minute=1), customer=OF_ANA, desk=shop.desk
    )

    assert edit_of(recorded).forgiven == -20
    assert shop.account(ANA).balance == 25
    shop.must_add_up(ANA)


def test_an_edit_treats_spent_points_by_the_programs_clawback_policy() -> None:
    shop = Shop(ANA, clawback="unlimited")
    record_version(order(line(4000)), customer=OF_ANA, desk=shop.desk)
    redeem_reward(ANA, request=RequestedReward(reward_id="latte"), request_id="q1", desk=shop.desk)

    recorded = record_version(order(line(1000), minute=1), customer=OF_ANA, desk=shop.desk)

    assert (edit_of(recorded).owed, edit_of(recorded).debt_after) == (30, 30)
    assert shop.account(ANA).balance == -30
    shop.must_add_up(ANA)


def test_a_refund_of_a_line_counts_once_a_later_version_has_that_line(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)
    early = record_refund(OrderRef("shop", "1"), back(amounts_minor={"2": 1000}), desk=shop.desk)

    recorded = record_version(
        order(line(2000), line(1000, "2"), minute=1), customer=OF_ANA, desk=shop.desk
    )

    assert isinstance(early, Refunded)
    assert early.entry.points == 0
    assert isinstance(recorded, Edited)
    assert recorded.entry.points == 0
    assert shop.account(ANA).balance == 20


def test_different_content_through_the_api_stays_a_conflict(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)

    with pytest.raises(OrderConflict):
        earn(order(line(3000)), customer=OF_ANA, desk=shop.desk)


def test_a_guests_order_has_the_time_of_its_latest_version_even_if_nothing_changed(
    shop: Shop,
) -> None:
    record_version(order(line(2000)), customer=OF_A_GUEST, desk=shop.desk)
    record_version(order(line(2000), minute=2), customer=OF_A_GUEST, desk=shop.desk)

    recorded = record_version(order(line(9000), minute=1), customer=OF_A_GUEST, desk=shop.desk)

    assert recorded == Outdated()


def test_a_guests_order_may_change_before_it_is_claimed(shop: Shop) -> None:
    record_version(order(line(2000)), customer=OF_A_GUEST, desk=shop.desk)
    changed = record_version(order(line(3000), minute=2), customer=OF_A_GUEST, desk=shop.desk)
    outdated = record_version(order(line(9000), minute=1), customer=OF_A_GUEST, desk=shop.desk)

    recorded = record_version(order(line(2000)), customer=OF_ANA, desk=shop.desk)

    assert isinstance(changed, GuestOrderKept)
    assert outdated == Outdated()
    assert isinstance(recorded, Earned)
    assert recorded.entry.points == 30


TAXED = st.tuples(st.integers(0, 9_000), st.integers(0, 2_000), st.integers(1, 4))
CONTENTS = st.lists(TAXED, min_size=1, max_size=3)
POLICIES = st.sampled_from(["unlimited", "within_balance"])
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "points": st.integers(1, 30),
            "per_minor": st.integers(1, 500),
            "rounding": st.sampled_from(["floor", "half_up", "ceil"]),
            "pending_days": st.sampled_from([0, 3]),
        }
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Order], list[RequestedRefund]]:
    """The versions of an order, one for each minute, and all its refunds."""
    tellings = []
    for minute, content in enumerate(draw(st.lists(CONTENTS, min_size=1, max_size=4))):
        lines = [
            line(amount, str(number), quantity=units, gross_minor=amount + tax)
            for number, (amount, tax, units) in enumerate(content)
        ]
        tellings.append(order(*lines, minute=minute))
    refunds = [
        back(
            f"r{number}",
            amounts_minor=draw(st.dictionaries(st.sampled_from("0123"), st.integers(0, 6_000))),
            amount_minor=draw(st.just(0) | st.integers(0, 6_000)),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    return tellings, refunds


def live(shop: Shop, steps: Sequence[Order | RequestedRefund]) -> None:
    for step in steps:
        if isinstance(step, Order):
            record_version(step, customer=OF_ANA, desk=shop.desk)
        else:
            record_refund(OrderRef("shop", "1"), step, desk=shop.desk)
        shop.must_add_up(ANA)


@given(data=st.data(), life=lives(), rules=RULES, policy=POLICIES)
def test_versions_and_refunds_of_an_order_lead_to_the_same_end_in_any_sequence(
    data: st.DataObject,
    life: tuple[list[Order], list[RequestedRefund]],
    rules: list[dict[str, Any]],
    policy: str,
) -> None:
    tellings, refunds = life
    earning_rules = [rule(id=str(number), **parts) for number, parts in enumerate(rules)]
    shop = Shop(ANA, earning_rules=earning_rules, clawback=policy)
    once: list[Order | RequestedRefund] = [*tellings, *refunds]
    again = data.draw(st.lists(st.sampled_from(once), max_size=4))

    live(shop, data.draw(st.permutations([*once, *again])))

    state = OrderState()
    for each in refunds:
        state = refunded_with(state, each)
    target = award(unrefunded(tellings[-1], state), shop.program.document).points
    assert sum(each.points + each.pending_points for each in shop.entries(ANA)) == target


@given(life=lives(), rules=RULES)
def test_an_order_whose_whole_price_was_refunded_keeps_nothing(
    life: tuple[list[Order], list[RequestedRefund]], rules: list[dict[str, Any]]
) -> None:
    tellings, refunds = life
    earning_rules = [rule(id=str(number), **parts) for number, parts in enumerate(rules)]
    shop = Shop(ANA, earning_rules=earning_rules)
    live(shop, [*tellings, *refunds])
    line_ids = {each.line_id for each in tellings[-1].lines}
    returned = sum(each.amount_minor for each in refunds) + sum(
        amount
        for each in refunds
        for name, amount in each.amounts_minor.items()
        if name in line_ids
    )
    paid = sum(each.paid_minor for each in tellings[-1].lines)

    rest = back("rest", amount_minor=max(0, paid - returned))
    record_refund(OrderRef("shop", "1"), rest, desk=shop.desk)

    entries = shop.entries(ANA)
    assert sum(entry.points + entry.pending_points for entry in entries) == 0
    shop.must_add_up(ANA)

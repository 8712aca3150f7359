"""Deliveries that race each other on a bare local cloud."""

import random
import time
from datetime import UTC, datetime
from itertools import count

import pytest

from loyalty.domain.people.identity import Keyring, identify
from loyalty.domain.shops.storefront import OrderPaid, Outcome
from loyalty.storefronts.shopify import SHOPIFY
from loyalty.table.books import TableBooks
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.ports import Desk
from loyalty.usecases.shops.intake import apply
from tests.support.documents import published
from tests.support.race import race
from tests.support.received import SHOP
from tests.support.shopify import WITH_CUSTOMER, encoded, payload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
MEMBER = "mem_bob"


@pytest.fixture
def desk(engine: Persistent) -> Desk:
    program = published(currency="USD")
    codes = count(1)
    return Desk(
        books=TableBooks(engine, program_id="bean", zone=program.document.zone),
        program=program,
        version=lambda _version: program,
        now=NOW,
        new_code=lambda: f"CODE{next(codes)}",
        pause=lambda attempt: time.sleep(random.uniform(0, 0.02 * 2**attempt)),
    )


@pytest.fixture
def members(engine: Persistent, desk: Desk) -> TableMembers:
    """The program's members, with Bob as a customer of the shop."""
    ring = Keyring({"1": b"a key of the digests"}, current="1")
    members = TableMembers(engine, program_id="bean", keyring=lambda: ring)
    customer = IdentityClaim(identify("customer", "207119551", source="shop"))
    enroll(Application(member_id=MEMBER, claims=[customer]), members=members, desk=desk)
    return members


def paid(order_id: int) -> OrderPaid:
    body = encoded(payload(WITH_CUSTOMER, paid_at=NOW, id=order_id))
    translated = SHOPIFY.translate("orders/paid", body, SHOP)
    assert isinstance(translated, OrderPaid)
    return translated


def test_one_of_fifty_simultaneous_deliveries_of_an_order_earns(
    desk: Desk, members: TableMembers
) -> None:
    def take(_number: int) -> Outcome:
        return apply(paid(1), desk=desk, directory=members)

    outcomes = race(take, threads=50)

    assert {outcome.status for outcome in outcomes} == {"earned"}
    assert len({outcome.entry_id for outcome in outcomes}) == 1
    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * 49
    account = desk.books.account(MEMBER, strong=True)
    assert account is not None
    assert (account.balance, account.entries) == (587, 1)


def test_orders_of_one_member_at_once_all_earn(desk: Desk, members: TableMembers) -> None:
    def take(number: int) -> Outcome:
        return apply(paid(1 + number), desk=desk, directory=members)

    outcomes = race(take, threads=16)

    assert not any(outcome.replayed for outcome in outcomes)
    account = desk.books.account(MEMBER, strong=True)
    assert account is not None
    assert (account.balance, account.entries) == (16 * 587, 16)


@pytest.mark.parametrize("deliveries", [1, 49])
def test_an_order_delivered_while_its_customer_enrolls_earns_exactly_once(
    engine: Persistent, desk: Desk, deliveries: int
) -> None:
    """It does not matter which is first, and the order need not be delivered again."""
    ring = Keyring({"1": b"a key of the digests"}, current="1")
    members = TableMembers(engine, program_id="bean", keyring=lambda: ring)
    customer = IdentityClaim(identify("customer", "207119551", source="shop"), verified=True)

    def take(number: int) -> Outcome | None:
        if number < deliveries:
            return apply(paid(1), desk=desk, directory=members)
        begun = enroll(Application(member_id=MEMBER, claims=[customer]), members=members, desk=desk)
        claim_orders(begun.member, orders_max=10, directory=members, desk=desk)
        return None

    outcomes = [outcome for outcome in race(take, threads=deliveries + 1) if outcome]

    assert {outcome.status for outcome in outcomes} <= {"earned", "guest"}
    assert sum(outcome.status == "earned" and not outcome.replayed for outcome in outcomes) <= 1
    account = desk.books.account(MEMBER, strong=True)
    assert account is not None
    assert (account.balance, account.entries) == (587, 1)

"""An order's points enter the books, less the refunds that arrived before the order."""

from datetime import UTC, date, datetime

import pytest

from loyalty.domain.ledger.accruals import accrue
from loyalty.domain.ledger.entries import Accrual, Clawback, Placeholder, RequestedRefund
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.orders.order import Order
from loyalty.domain.program.document import PublishedProgram
from tests.support.accounts import account, effect_of
from tests.support.documents import published, rule
from tests.support.orders import NOON, order_of

# One point for each minor unit; points live for one month.
PLAIN = published(
    earning_rules=[rule(per_minor=1)],
    expiry={"model": "after_earning", "months": 1, "round_to": "none"},
    time_zone="UTC",
)
LOT = date(2026, 12, 21)


def record(
    bought: Order,
    *,
    program: PublishedProgram = PLAIN,
    debt: int = 0,
    now: datetime = NOON,
    replaces: Placeholder | None = None,
) -> Posting:
    return accrue(
        bought,
        account=account(debt=debt),
        program=program,
        fingerprint="f",
        now=now,
        replaces=replaces,
    )


def refund(refund_id: str, amount_minor: int) -> RequestedRefund:
    return RequestedRefund(
        refund_id=refund_id, occurred_at=NOON, fingerprint=refund_id, amount_minor=amount_minor
    )


def waiting(*refunds: RequestedRefund) -> Placeholder:
    return Placeholder(source="pos", order_id="1001", recorded_at=NOON, count=1, refunds=refunds)


def test_an_order_adds_a_lot_with_the_day_on_which_it_expires() -> None:
    posting = record(order_of(50))

    assert [entry.kind for entry in posting.entries] == ["accrual"]
    assert effect_of(posting) == Holding(lots={LOT: 50})
    assert posting.changes[0].due is not None
    assert posting.changes[0].due.on == date(2026, 12, 22)


def test_pending_points_enter_with_both_of_their_dates() -> None:
    program = published(
        earning_rules=[rule(per_minor=1, pending_days=14)],
        expiry={"model": "after_earning", "months": 1, "round_to": "none"},
        time_zone="UTC",
    )

    posting = record(order_of(50), program=program)

    dates = PendingDates(date(2026, 12, 5), date(2027, 1, 5))
    assert effect_of(posting) == Holding(pending={dates: 50})


def test_new_points_pay_the_debt_first() -> None:
    posting = record(order_of(50), debt=20)

    assert effect_of(posting) == Holding(lots={LOT: 30}, debt=-20)


def test_an_order_that_arrives_after_the_last_day_of_its_points_records_their_expiry() -> None:
    posting = record(order_of(50), now=datetime(2026, 12, 22, tzinfo=UTC))

    assert [(entry.kind, entry.points) for entry in posting.entries] == [
        ("accrual", 50),
        ("expiry", -50),
    ]
    assert effect_of(posting).is_empty


def test_an_earn_relies_on_the_debt_it_saw_and_on_no_lot() -> None:
    (change,) = record(order_of(50)).changes

    assert change.debt_seen == 0
    assert (change.entries_seen, change.balance_seen) == (None, None)
    assert not change.lots_exactly
    assert not change.lots_at_least


def test_a_refund_that_waited_is_taken_from_the_award_in_the_same_transaction() -> None:
    posting = record(order_of(100), replaces=waiting(refund("r1", 30), refund("r2", 20)))

    assert [(entry.kind, entry.points) for entry in posting.entries] == [
        ("accrual", 100),
        ("clawback", -30),
        ("clawback", -20),
    ]
    assert effect_of(posting) == Holding(lots={LOT: 50})
    assert posting.order_state is not None
    assert posting.order_state.state.clawed == 50


def test_a_refund_that_waited_leaves_no_debt_however_much_it_gives_back() -> None:
    posting = record(order_of(100), replaces=waiting(refund("r1", 500)))

    clawback = posting.entries[1].detail
    assert isinstance(clawback, Clawback)
    assert (clawback.clawed, clawback.owed, clawback.debt_after) == (100, 0, 0)
    assert effect_of(posting).is_empty


def test_the_accrual_keeps_the_level_that_decided_it() -> None:
    levels = [{"id": "gold", "name": "Gold", "reached_at": 10, "multiplier_percent": 200}]
    program = published(
        earning_rules=[rule(per_minor=1)],
        tiers={"basis": "spend", "period": "calendar_year", "levels": levels},
        time_zone="UTC",
    )
    gold = account(qualifying={"s2026": 10})

    posting = accrue(order_of(50), account=gold, program=program, fingerprint="f", now=NOON)

    accrual = posting.entries[0].detail
    assert isinstance(accrual, Accrual)
    assert (accrual.tier, accrual.points) == ("gold", 100)
    assert posting.changes[0].qualifying == {"s2026": 50}


@pytest.mark.parametrize(("at_once", "tier", "points"), [(False, None, 50), (True, "gold", 100)])
def test_the_order_that_reaches_a_level_earns_at_it_where_levels_apply_at_once(
    *, at_once: bool, tier: str | None, points: int
) -> None:
    levels = [{"id": "gold", "name": "Gold", "reached_at": 50, "multiplier_percent": 200}]
    program = published(
        earning_rules=[rule(per_minor=1)],
        tiers={
            "basis": "qualifying_points",
            "period": "calendar_year",
            "levels": levels,
            "applies_at_once": at_once,
        },
        time_zone="UTC",
    )

    posting = accrue(order_of(50), account=account(), program=program, fingerprint="f", now=NOON)

    accrual, change = posting.entries[0].detail, posting.changes[0]
    assert isinstance(accrual, Accrual)
    assert (accrual.tier, accrual.points) == (tier, points)
    # At the basis of points it counts what it really earned.
    assert change.qualifying == {"p2026": points}
    assert change.announces is not None
    # Another order in between could have reached it, so all that counts must be as seen.
    assert change.qualifying_exactly == {"p2026": 0}


def test_an_order_that_stays_below_a_level_relies_on_staying_below_it() -> None:
    levels = [{"id": "gold", "name": "Gold", "reached_at": 50, "multiplier_percent": 200}]
    program = published(
        earning_rules=[rule(per_minor=1)],
        tiers={
            "basis": "spend",
            "period": "calendar_year",
            "levels": levels,
            "applies_at_once": True,
        },
        time_zone="UTC",
    )

    bronze = account(qualifying={"s2026": 5})

    posting = accrue(order_of(30), account=bronze, program=program, fingerprint="f", now=NOON)

    assert posting.changes[0].qualifying_at_most == {"s2026": 19}

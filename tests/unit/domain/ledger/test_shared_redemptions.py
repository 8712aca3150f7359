"""Redemptions from a household: whose points pay, in which sequence, and what is relied on."""

from datetime import date, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.households.household import HeldHousehold
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.redemptions import Price, redeem
from loyalty.domain.ledger.shared_redemptions import SharedPool, with_shares
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.program.households import Households
from tests.support.documents import published, reward
from tests.support.memory import NOW

TODAY: Final = NOW.date()
SOON, LATER, LAST = (TODAY + timedelta(days=days) for days in (5, 50, 500))
RULES: Final = Households(waits_days=0)
PROGRAM: Final = published(rewards=[reward()], households={"waits_days": 0})


def account(member_id: str, lots: dict[date, int], *, shares_max: int | None = None) -> Account:
    held = HeldHousehold("hh_1", TODAY, shares_max)
    holding = Holding(lots=lots)
    return Account(member_id=member_id, balance=holding.points, holding=holding, household=held)


def pool(*others: Account, rules: Households = RULES) -> SharedPool:
    return SharedPool.of(others, rules, asker=account("ana", {}), today=TODAY)


def redeemed(points: int, own: dict[date, int], *others: Account, rules: Households = RULES):  # type: ignore[no-untyped-def]  # the posting and its voucher
    asker = account("ana", own)
    posting = redeem(
        PROGRAM.document.rewards[0],
        account=asker,
        price=Price(points, None),
        program=PROGRAM,
        request_id="r1",
        fingerprint="f",
        code="CODE",
        stock=None,
        hold=False,
        now=NOW,
    )
    shared = SharedPool.of(others, rules, asker=asker, today=TODAY)
    return with_shares(posting, shared, program=PROGRAM)


def test_own_points_pay_first_and_then_the_soonest_expiry_over_all_others() -> None:
    posting = redeemed(
        60, {LAST: 20}, account("ben", {LATER: 30}), account("cem", {SOON: 25, LAST: 99})
    )

    voucher: Voucher = posting.issues
    assert voucher.slices == {LAST: 20}
    assert {name: part.slices for name, part in voucher.shared.items()} == {
        "cem": {SOON: 25},
        "ben": {LATER: 15},
    }
    assert voucher.points == 60
    assert [(entry.member_id, entry.kind, entry.points) for entry in posting.entries] == [
        ("ana", "redemption", -20),
        ("cem", "contribution", -25),
        ("ben", "contribution", -15),
    ]


def test_a_redemption_that_own_points_pay_is_as_any_other() -> None:
    posting = redeemed(20, {LAST: 20}, account("ben", {SOON: 30}))

    assert len(posting.entries) == len(posting.changes) == 1
    assert not posting.issues.shared
    assert posting.changes[0].household_seen is None


def test_every_change_relies_on_the_household_and_on_what_may_be_drawn() -> None:
    posting = redeemed(30, {}, account("ben", {SOON: 30}, shares_max=40))

    own, bens = posting.changes
    assert own.household_seen == HeldHousehold("hh_1", TODAY)
    assert bens.household_seen == HeldHousehold("hh_1", TODAY, 40)
    assert bens.lots_at_least == {SOON: 30}
    assert bens.redeemed == {"drawn#2026-11": 30}
    assert bens.redeemed_below == {"drawn#2026-11": 11}


@given(
    st.dictionaries(st.sampled_from("bcdef"), st.integers(0, 40), min_size=1),
    st.integers(0, 30),
    st.integers(0, 250),
)
def test_what_is_taken_is_what_was_asked_for_or_all_that_may_be_taken(
    balances: dict[str, int], most: int, points: int
) -> None:
    others = [account(name, {SOON: each // 2, LAST: each}) for name, each in balances.items()]
    shared = pool(*others, rules=Households(waits_days=0, drawn_per_month_max=most or None))

    taken = {name: part.spendable for name, part in shared.take(points, program=PROGRAM).items()}

    assert sum(taken.values()) == min(points, shared.spendable)
    assert all(part <= shared.limits[name] for name, part in taken.items())

"""Where points that are taken back come from, and what happens if the member has spent them."""

from collections.abc import Mapping
from datetime import date

import pytest

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.settled import Settled
from loyalty.domain.ledger.taking_back import sources_of
from tests.support.accounts import NO_LOTS, account
from tests.support.documents import program

SOON, LATER = date(2026, 12, 1), date(2027, 3, 1)
PART = Part(date(2026, 11, 21), LATER, 50)


def taken_from(
    held: Account,
    owing: int,
    *,
    parts: tuple[Part, ...] = (PART,),
    expired: Mapping[date, int] = NO_LOTS,
    clawback: str = "unlimited",
    state: Settled | None = None,
) -> dict[str, object]:
    sources = sources_of(
        owing,
        parts=parts,
        before=state or Settled(taken=(0,) * len(parts)),
        account=held,
        expired=expired,
        policy=program(clawback=clawback),
    )
    return {
        "taken": sources.taken,
        "excused": sources.excused,
        "owed": sources.owed,
        "forgiven": sources.forgiven,
    }


def test_its_own_pending_points_are_taken_first() -> None:
    dates = PendingDates(SOON, LATER)
    held = account({LATER: 100}, pending={dates: 50})

    taken = taken_from(held, 30, parts=(Part(*dates, 50),))

    assert taken["taken"] == Holding(pending={dates: 30})


def test_its_own_lot_is_taken_from_before_lots_that_expire_sooner() -> None:
    held = account({SOON: 100, LATER: 100})

    taken = taken_from(held, 60)

    assert taken["taken"] == Holding(lots={LATER: 50, SOON: 10})


@pytest.mark.parametrize(
    ("clawback", "owed", "forgiven"), [("unlimited", 30, 0), ("within_balance", 0, 30)]
)
def test_spent_points_become_debt_or_are_forgiven_as_the_program_says(
    clawback: str, owed: int, forgiven: int
) -> None:
    taken = taken_from(account({LATER: 20}), 50, clawback=clawback)

    assert taken == {
        "taken": Holding(lots={LATER: 20}),
        "excused": 0,
        "owed": owed,
        "forgiven": forgiven,
    }


def test_a_program_may_take_back_pending_points_only() -> None:
    taken = taken_from(account({LATER: 50}), 50, clawback="only_pending")

    assert taken == {"taken": Holding(), "excused": 0, "owed": 0, "forgiven": 50}


def test_points_that_expired_unspent_are_excused() -> None:
    part = Part(date(2026, 1, 1), date(2026, 6, 1), 50)

    taken = taken_from(account({LATER: 5}), 50, parts=(part,), expired={date(2026, 6, 1): 40})

    assert (taken["excused"], taken["owed"]) == (40, 5)


def test_points_excused_once_are_not_excused_again() -> None:
    part = Part(date(2026, 1, 1), date(2026, 6, 1), 50)
    before = Settled(taken=(0,), excused=40)

    taken = taken_from(account(), 10, parts=(part,), expired={date(2026, 6, 1): 40}, state=before)

    assert (taken["excused"], taken["owed"]) == (0, 10)

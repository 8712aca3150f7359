"""Sweeps and tills on the same members at once, on real transactions."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from loyalty.domain.kernel.errors import InsufficientPoints
from loyalty.domain.ledger.account import view
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.audit import audit
from loyalty.domain.ledger.entries import Adjustment
from loyalty.domain.people.identity import Keyring
from loyalty.table.due import TableDues, TableProgress
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
from loyalty.usecases.ledger.corrections import adjust
from loyalty.usecases.ledger.redemption import RequestedReward, redeem_reward
from loyalty.usecases.ledger.sweeps import DueItem, Finder, wake
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.ports import Desk
from tests.support.orders import NOON
from tests.support.race import race
from tests.support.sweeping import ListedPages

MEMBERS: Final = [f"mem_{number}" for number in range(4)]
LATER: Final = NOON + timedelta(days=10)

type OpenDesk = Callable[..., Desk]


@pytest.fixture
def desk(engine: Persistent, open_desk: OpenDesk) -> Desk:
    """A desk ten days later, when each member has 30 expired points and two expired holds of 40.

    Another 130 points of each member are still valid.
    """
    before = open_desk(NOON)
    ring = Keyring({"1": b"a key of the digests"}, current="1")
    members = TableMembers(engine, program_id="bean", keyring=lambda: ring)
    for member_id in MEMBERS:
        enroll(Application(member_id=member_id), members=members, desk=before)
        for points, days in ((110, 5), (130, 300)):
            requested_adjustment = RequestedAdjustment(
                points=points,
                why=Adjustment(reason="goodwill", reference=None),
                expiring_on=before.today + timedelta(days=days),
            )
            name = f"{member_id}-{days}"
            adjust(
                member_id,
                adjustment=requested_adjustment,
                request_id=name,
                allowance=None,
                desk=before,
            )
        for hold in range(2):
            latte = RequestedReward(reward_id="latte", hold=True)
            redeem_reward(
                member_id, request=latte, request_id=f"{member_id}-hold-{hold}", desk=before
            )
    return open_desk(LATER)


def sweep(engine: Persistent, desk: Desk) -> int:
    """One whole sweep by one worker."""
    pages = ListedPages()
    dues = TableDues(engine, program_id="bean")
    found = Finder(program_id="bean", dues=dues, pages=pages, now=desk.now).hand_out(
        progress=TableProgress(engine, program_id="bean", of="expiry"), began=NOON.date
    )
    for page in pages.sent:
        for item in page.items:
            wake(DueItem(item), dues=dues, desk=desk)
    return found


def test_two_sweeps_and_ten_redemptions_on_the_same_members_at_once_leave_exact_books(
    engine: Persistent, desk: Desk
) -> None:
    def act(number: int) -> Counter[str]:
        if number < 2:
            return Counter(found=sweep(engine, desk))
        counts: Counter[str] = Counter()
        for member_id in MEMBERS:
            latte = RequestedReward(reward_id="latte")
            try:
                redeem_reward(
                    member_id, request=latte, request_id=f"{member_id}-{number}", desk=desk
                )
            except InsufficientPoints:
                counts[f"refused {member_id}"] += 1
            else:
                counts[f"redeemed {member_id}"] += 1
        return counts

    counts = sum(race(act, threads=12), Counter[str]())
    sweep(engine, desk)

    for member_id in MEMBERS:
        account = desk.books.account(member_id, strong=True)
        assert account is not None
        entries = desk.books.entries(member_id)
        kinds = Counter(entry.kind for entry in entries)
        assert audit(account, entries, program=desk.program) == []
        assert (
            view(account, program=desk.program, now=desk.now).holding.lots == account.holding.lots
        )
        # Points that the holds return are reinstated for the program's fourteen days.
        assert kinds["return"] == 2
        bought = counts[f"redeemed {member_id}"]
        assert bought in (3, 4, 5)
        assert bought + counts[f"refused {member_id}"] == 10
        assert account.balance == 130 + 2 * 40 - 40 * bought
        assert -sum(entry.points for entry in entries if entry.kind == "expiry") == 30
        assert account.entries == 2 + 2 + 1 + 2 + bought
    assert sweep(engine, desk) == 0


def test_four_sweeps_at_once_do_everything_once(engine: Persistent, desk: Desk) -> None:
    found = race(lambda _number: sweep(engine, desk), threads=4)

    # Each member once, and each hold once.
    assert max(found) == 3 * len(MEMBERS)
    for member_id in MEMBERS:
        kinds = Counter(entry.kind for entry in desk.books.entries(member_id))
        assert kinds == {"adjustment": 2, "redemption": 2, "expiry": 1, "return": 2}
    assert sweep(engine, desk) == 0

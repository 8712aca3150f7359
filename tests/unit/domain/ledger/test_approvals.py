"""Who may decide an adjustment that waits, and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from loyalty.domain.kernel.errors import SecondManager, WrongState
from loyalty.domain.ledger.approvals import Approval, ApprovalDecision, Verdict, decided
from tests.support.event_examples import APPROVAL, DECISION
from tests.support.ledger import NOON

LAST: timedelta = timedelta(days=14)


def decision(
    verdict: Verdict = "approved", *, by: str = "boss", after: timedelta
) -> ApprovalDecision:
    return replace(DECISION, verdict=verdict, by=by, decided_at=NOON + after)


def state_after(approval: Approval, age: timedelta) -> str:
    return approval.state_at(NOON + age)


def test_it_waits_and_then_expires() -> None:
    assert state_after(APPROVAL, LAST - timedelta(seconds=1)) == "held"
    assert state_after(APPROVAL, LAST) == "expired"


@pytest.mark.parametrize("verdict", ["approved", "refused"])
def test_a_decision_stays_whatever_the_time(verdict: Verdict) -> None:
    made = decided(APPROVAL, decision(verdict, after=timedelta(days=1)))

    assert state_after(made, 2 * LAST) == verdict


def test_nobody_decides_what_they_have_requested() -> None:
    with pytest.raises(SecondManager):
        decided(APPROVAL, decision(by=APPROVAL.requested_by, after=timedelta()))


def test_nobody_decides_too_late() -> None:
    with pytest.raises(WrongState):
        decided(APPROVAL, decision(after=LAST))


def test_the_first_decision_counts() -> None:
    made = decided(APPROVAL, decision("refused", after=timedelta(days=1)))

    assert decided(made, decision("refused", by="chief", after=2 * LAST)) is made
    with pytest.raises(WrongState):
        decided(made, decision("approved", after=timedelta(days=2)))

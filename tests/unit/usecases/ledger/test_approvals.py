"""Adjustments that wait are carried out once, whoever is faster and whatever answer is lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    InsufficientPoints,
    LimitReached,
    NotFound,
    SecondManager,
    WrongState,
)
from loyalty.domain.ledger.approvals import Approval, RequestedAdjustment
from loyalty.table.approvals import TableApprovals
from loyalty.table.engine import Persistent
from loyalty.usecases.ledger import approvals
from loyalty.usecases.ledger.approvals import ApprovalRule
from loyalty.usecases.ledger.corrections import Allowance
from loyalty.usecases.ledger.once import Recorded
from tests.support.memory import NOW, WHY, BusyTable, Shop

ANA = "mem_ana"
RULE = ApprovalRule(above=5000, days=14)


class Office:
    """A shop where adjustments of more than 5,000 points wait."""

    def __init__(self) -> None:
        self.table = BusyTable()
        self.shop = Shop(ANA, engine=self.table)
        self.approvals = TableApprovals(
            Persistent(self.table, pause=lambda _attempt: None), program_id="bean"
        )

    def adjust(
        self,
        points: int = 6000,
        *,
        key: str = "k1",
        rule: ApprovalRule | None = RULE,
        allowance: Allowance | None = None,
        **parts: Any,
    ) -> Recorded | Approval:
        return approvals.adjust_or_hold(
            ANA,
            adjustment=RequestedAdjustment(points=points, why=WHY, **parts),
            request_id=key,
            by="clerk",
            allowance=allowance,
            rule=rule,
            approvals=self.approvals,
            desk=self.shop.desk,
        )

    def hold(self, points: int = 6000, *, key: str = "k1", **parts: Any) -> str:
        approval = self.adjust(points, key=key, **parts)
        assert isinstance(approval, Approval)
        return approval.approval_id

    def decide(self, how: Callable[..., Approval], approval_id: str, by: str = "boss") -> Approval:
        return how(
            approval_id,
            by=by,
            reason="checked",
            approvals=self.approvals,
            desk=self.shop.desk,
        )

    def approve(self, approval_id: str, by: str = "boss") -> Approval:
        return self.decide(approvals.approve, approval_id, by)

    def refuse(self, approval_id: str, by: str = "boss") -> Approval:
        return self.decide(approvals.refuse, approval_id, by)

    def state(self, approval_id: str) -> str:
        approval = self.approvals.find(approval_id)
        assert approval is not None
        return approval.state_at(self.shop.now)

    @property
    def balance(self) -> int:
        self.shop.must_add_up(ANA)
        return self.shop.account(ANA).balance


@pytest.fixture
def office() -> Office:
    return Office()


class TestHolding:
    @pytest.mark.parametrize("points", [5000, -5000])
    def test_an_adjustment_up_to_the_limit_is_carried_out(
        self, points: int, office: Office
    ) -> None:
        assert isinstance(office.adjust(points, below_zero=points < 0), Recorded)

    @pytest.mark.parametrize("points", [5001, -5001])
    def test_a_larger_one_moves_no_points_until_it_is_approved(
        self, points: int, office: Office
    ) -> None:
        approval_id = office.hold(points, below_zero=points < 0)
        assert office.balance == 0

        approved = office.approve(approval_id)

        assert office.balance == points
        (entry,) = office.shop.entries(ANA)
        assert (entry.recorded_by, entry.fingerprint) == ("clerk", approved.fingerprint)
        assert approved.decision is not None
        assert approved.decision.entry_id == entry.id

    def test_the_same_request_finds_its_approval_and_then_its_entry(self, office: Office) -> None:
        approval_id = office.hold()

        assert office.hold() == approval_id
        office.approve(approval_id)
        again = office.adjust()

        assert isinstance(again, Recorded)
        assert (again.replayed, office.balance) == (True, 6000)
        with pytest.raises(IdempotencyConflict):
            office.adjust(7000)

    def test_a_request_keeps_its_outcome_when_the_rule_changes(self, office: Office) -> None:
        held = office.hold(key="held")
        made = office.adjust(6000, key="made", rule=None)

        assert office.hold(key="held", rule=None) == held
        again = office.adjust(6000, key="made")
        assert isinstance(made, Recorded)
        assert isinstance(again, Recorded)
        assert (again.entry, again.replayed) == (made.entry, True)

    def test_a_request_that_was_refused_is_not_carried_out_later(self, office: Office) -> None:
        office.refuse(office.hold())

        office.hold(rule=None)

        assert office.balance == 0

    def test_a_lost_answer_holds_it_once(self, office: Office) -> None:
        office.table.answers_lost = 1

        approval_id = office.hold()

        assert office.state(approval_id) == "held"

    def test_what_would_be_refused_is_not_held(self, office: Office) -> None:
        for refusal, parts in (
            (InsufficientPoints, {"points": -6000}),
            (LimitReached, {"allowance": Allowance("clerk", each_max=5500)}),
            (LimitReached, {"allowance": Allowance("clerk", per_day_max=5500)}),
        ):
            with pytest.raises(refusal):
                office.adjust(**parts)

        assert office.approvals.find("apr_k1") is None

    def test_an_approved_adjustment_uses_nobody_s_limit_of_a_day(self, office: Office) -> None:
        allowance = Allowance("clerk", per_day_max=6000)
        office.approve(office.hold(allowance=allowance))

        assert isinstance(office.adjust(5000, key="k2", allowance=allowance), Recorded)


class TestDeciding:
    def test_a_lost_answer_approves_it_once(self, office: Office) -> None:
        approval_id = office.hold()
        office.table.answers_lost = 1

        approved = office.approve(approval_id)

        assert office.balance == 6000
        assert office.approve(approval_id) == approved
        assert office.balance == 6000

    def test_two_managers_at_once_approve_it_once(self, office: Office) -> None:
        approval_id = office.hold()
        office.table.rivals = [lambda: office.approve(approval_id, by="chief")]

        approved = office.approve(approval_id)

        assert office.balance == 6000
        assert approved.decision is not None
        assert approved.decision.by == "chief"

    def test_of_approving_and_refusing_at_once_the_first_counts(self, office: Office) -> None:
        approval_id = office.hold()
        office.table.rivals = [lambda: office.refuse(approval_id, by="chief")]
        with pytest.raises(WrongState):
            office.approve(approval_id)
        assert (office.balance, office.state(approval_id)) == (0, "refused")

        other = office.hold(key="k2")
        office.table.rivals = [lambda: office.approve(other, by="chief")]
        with pytest.raises(WrongState):
            office.refuse(other)
        assert (office.balance, office.state(other)) == (6000, "approved")

    def test_a_lost_answer_refuses_it_once(self, office: Office) -> None:
        approval_id = office.hold()
        office.table.answers_lost = 1

        refused = office.refuse(approval_id)

        assert office.refuse(approval_id) == refused
        assert (office.balance, office.state(approval_id)) == (0, "refused")

    @pytest.mark.parametrize("how", [Office.approve, Office.refuse])
    def test_who_requested_it_does_not_decide(
        self, how: Callable[..., Approval], office: Office
    ) -> None:
        approval_id = office.hold()

        with pytest.raises(SecondManager):
            how(office, approval_id, "clerk")

        assert office.state(approval_id) == "held"

    @pytest.mark.parametrize("how", [Office.approve, Office.refuse])
    def test_it_expires(self, how: Callable[..., Approval], office: Office) -> None:
        approval_id = office.hold()
        office.shop.now += timedelta(days=14)

        with pytest.raises(WrongState):
            how(office, approval_id)

        assert (office.balance, office.state(approval_id)) == (0, "expired")

    def test_points_that_would_be_over_already_are_not_added(self, office: Office) -> None:
        approval_id = office.hold(expiring_on=NOW.date() + timedelta(days=2))
        office.shop.now += timedelta(days=3)

        with pytest.raises(WrongState):
            office.approve(approval_id)

    def test_points_that_were_spent_meanwhile_are_not_taken(self, office: Office) -> None:
        office.shop.adjust_balance(ANA, 6000)
        approval_id = office.hold(-6000)
        office.shop.adjust_balance(ANA, -1)

        with pytest.raises(InsufficientPoints):
            office.approve(approval_id)
        office.shop.adjust_balance(ANA, 1)
        office.approve(approval_id)

        assert office.balance == 0

    def test_there_is_nothing_to_decide_under_another_id(self, office: Office) -> None:
        with pytest.raises(NotFound):
            office.approve("apr_unknown")

"""What waits is carried out once, whoever is faster and whatever answer is lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    InsufficientPoints,
    LimitReached,
    NotFound,
    OutOfStock,
    RewardUnavailable,
    SecondManager,
    WrongState,
)
from loyalty.domain.ledger.approvals import Approval, RequestedAdjustment
from loyalty.domain.ledger.entries import Redemption, RewardGrant
from loyalty.table.approvals import TableApprovals
from loyalty.table.engine import Persistent
from loyalty.usecases.ledger import approvals
from loyalty.usecases.ledger.approvals import ApprovalRule
from loyalty.usecases.ledger.corrections import Allowance
from loyalty.usecases.ledger.once import Recorded
from tests.support.documents import published, reward
from tests.support.memory import NOW, WHY, BusyTable, Shop

ANA = "mem_ana"
RULE = ApprovalRule(above=5000, days=14)
BROKEN = RewardGrant(granted_for="manager", reason="It arrived broken", reference="case 13")


class Office:
    """A shop where adjustments and presents of more than 5,000 points wait."""

    def __init__(self) -> None:
        self.table = BusyTable()
        self.shop = Shop(ANA, engine=self.table, rewards=[reward(), machine()])
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

    def give(
        self,
        reward_id: str = "machine",
        *,
        key: str = "k1",
        rule: ApprovalRule | None = RULE,
        why: RewardGrant = BROKEN,
    ) -> Recorded | Approval:
        return approvals.give_or_hold(
            ANA,
            reward_id=reward_id,
            why=why,
            request_id=key,
            by="clerk",
            rule=rule,
            approvals=self.approvals,
            desk=self.shop.desk,
        )

    def hold_grant(self, reward_id: str = "machine", *, key: str = "k1") -> str:
        approval = self.give(reward_id, key=key)
        assert isinstance(approval, Approval)
        return approval.approval_id

    def offer(self, **parts: Any) -> None:
        """Publish the machine with other terms."""
        version = self.shop.program.version + 1
        self.shop.program = published(version=version, rewards=[machine(**parts)])

    def vouchers(self) -> int:
        return len(self.shop.desk.books.vouchers((ANA,), limit=100, start=None).items)

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


def machine(**parts: Any) -> dict[str, Any]:
    return reward(**{"id": "machine", "cost_points": 5001, **parts})


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


class TestGrants:
    def test_a_reward_up_to_the_limit_is_given_at_once(self, office: Office) -> None:
        office.offer(cost_points=5000)

        assert isinstance(office.give(), Recorded)

    def test_a_dearer_one_is_given_when_it_is_approved(self, office: Office) -> None:
        approval_id = office.hold_grant()
        assert office.vouchers() == 0

        approved = office.approve(approval_id)

        assert (office.vouchers(), office.balance) == (1, 0)
        (entry,) = office.shop.entries(ANA)
        assert isinstance(entry.detail, Redemption)
        assert (entry.detail.reward_id, entry.detail.grant) == ("machine", BROKEN)
        assert (entry.recorded_by, entry.fingerprint) == ("clerk", approved.fingerprint)
        assert approved.decision is not None
        assert approved.decision.entry_id == entry.id
        assert approved == office.approvals.find(approval_id)

    def test_the_same_request_finds_its_approval_and_then_its_entry(self, office: Office) -> None:
        approval_id = office.hold_grant()

        assert office.hold_grant() == approval_id
        assert office.give(rule=None) == office.approvals.find(approval_id)
        with pytest.raises(IdempotencyConflict):
            office.give("latte")
        office.approve(approval_id)
        again = office.give()

        assert isinstance(again, Recorded)
        assert (again.replayed, office.vouchers()) == (True, 1)

    def test_one_key_is_for_an_adjustment_and_for_a_grant(self, office: Office) -> None:
        adjusting, giving = office.hold(key="k1"), office.hold_grant(key="k1")

        office.approve(giving)
        assert (office.balance, office.vouchers(), office.state(adjusting)) == (0, 1, "held")
        office.approve(adjusting)
        assert (office.balance, office.vouchers()) == (6000, 1)

    def test_a_refused_one_is_never_given(self, office: Office) -> None:
        office.refuse(office.hold_grant())

        office.give(rule=None)

        assert office.vouchers() == 0

    def test_what_cannot_be_given_is_not_held(self, office: Office) -> None:
        for refusal, parts in (
            (OutOfStock, {"stock": 0}),
            (
                RewardUnavailable,
                {"kind": "amount_off", "pay": {"amount_minor": 1, "per_points": 1}},
            ),
        ):
            office.offer(**parts)
            with pytest.raises(refusal):
                office.give()
        with pytest.raises(NotFound):
            office.give("unknown")

        assert office.approvals.find("apr_grant_k1") is None

    def test_the_last_unit_is_given_once(self, office: Office) -> None:
        office.offer(stock=1)
        first, second = office.hold_grant(key="a"), office.hold_grant(key="b")
        office.approve(first)

        with pytest.raises(OutOfStock):
            office.approve(second)

        assert (office.vouchers(), office.state(second)) == (1, "held")

    def test_a_reward_that_costs_something_else_by_now_is_requested_again(
        self, office: Office
    ) -> None:
        approval_id = office.hold_grant()
        office.offer(cost_points=90_000)
        with pytest.raises(WrongState, match="costs 90000 points by now"):
            office.approve(approval_id)
        office.shop.program = published(version=9, rewards=[reward()])
        with pytest.raises(WrongState, match="not have this reward"):
            office.approve(approval_id)

        assert (office.vouchers(), office.state(approval_id)) == (0, "held")

    def test_a_lost_answer_holds_and_gives_it_once(self, office: Office) -> None:
        office.table.answers_lost = 1
        approval_id = office.hold_grant()
        office.table.answers_lost = 1

        office.approve(approval_id)

        assert (office.vouchers(), office.state(approval_id)) == (1, "approved")

    def test_of_two_managers_at_once_the_first_decides(self, office: Office) -> None:
        approval_id = office.hold_grant()
        office.table.rivals = [lambda: office.approve(approval_id, by="chief")]
        approved = office.approve(approval_id)
        assert office.vouchers() == 1
        assert approved.decision is not None
        assert approved.decision.by == "chief"

        other = office.hold_grant(key="k2")
        office.table.rivals = [lambda: office.refuse(other, by="chief")]
        with pytest.raises(WrongState):
            office.approve(other)
        assert (office.vouchers(), office.state(other)) == (1, "refused")

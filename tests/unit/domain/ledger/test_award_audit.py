"""The audit of an award names every figure that its entries do not add up to."""

from dataclasses import replace
from datetime import date
from typing import Final

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.award_audit import audit_award
from loyalty.domain.ledger.entries import AwardCause, AwardClawback, Bonus
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.settled import Settled
from tests.support.ledger import LOT, entry, voucher

AWARD: Final = MemberAward(
    award_id="challenge.three.ana.ever.1",
    member_id="ana",
    given_for="challenge",
    rule_id="three",
    points=50,
    available_on=date(2026, 11, 21),
    expires_on=LOT,
    standing=Settled(
        given=(Part(date(2026, 11, 21), LOT, 50),), taken=(20,), clawed=20, forgiven=30
    ),
    step=2,
)
# The bonus paid a debt of 5.
GIVEN: Final = entry(
    AwardCause(AWARD.award_id, "bonus", 1),
    Holding(lots={LOT: 45}, debt=-5),
    detail=Bonus(given_for="challenge", rule_id="three"),
)
TAKEN: Final = entry(
    AwardCause(AWARD.award_id, "clawback", 2),
    Holding(lots={LOT: -20}),
    detail=AwardClawback(
        given_for="challenge", rule_id="three", clawed=20, owed=0, forgiven=30, excused=0,
        debt_after=0,
    ),
)  # fmt: skip


def test_an_award_is_the_sum_of_its_entries() -> None:
    assert audit_award(AWARD, [GIVEN, TAKEN]) == []


def test_a_lost_voucher_and_one_that_is_left_are_named() -> None:
    gave = replace(AWARD, reward_id="latte", code="C1")
    left = replace(voucher(state="issued"), reward_id="latte")
    assert [each.what for each in audit_award(gave, [GIVEN, TAKEN])] == ["award_voucher_lost"]
    assert [each.what for each in audit_award(gave, [GIVEN, TAKEN], voucher=left)] == [
        "award_voucher_left"
    ]
    cancelled = replace(left, state="cancelled")
    assert audit_award(gave, [GIVEN, TAKEN], voucher=cancelled) == []
    used = replace(gave, reward_kept=True)
    assert audit_award(used, [GIVEN, TAKEN], voucher=left) == []


def test_a_lost_entry_and_points_that_nobody_settled_are_named() -> None:
    assert [each.what for each in audit_award(AWARD, [GIVEN])] == ["award_clawed", "award_forgiven"]
    assert [each.what for each in audit_award(replace(AWARD, target=50), [GIVEN, TAKEN])] == [
        "award_unbalanced"
    ]

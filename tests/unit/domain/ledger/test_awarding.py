"""Awards are given, taken back and given again; every point is accounted for."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.engagement.award_terms import AwardTerms
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.awarding import AwardSettlement, new_award, settle_award
from loyalty.domain.ledger.entries import AwardCause, AwardClawback, Bonus, Entry
from loyalty.domain.ledger.holding import Holding, PendingDates, total
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.postings import after_change
from loyalty.domain.program.document import PublishedProgram
from tests.support.accounts import account
from tests.support.documents import published
from tests.support.orders import NOON

TODAY: Final = date(2026, 11, 21)
LOT: Final = date(2026, 12, 21)


def rules(**parts: Any) -> PublishedProgram:
    expiry = {"model": "after_earning", "months": 1, "round_to": "none"}
    return published(expiry=expiry, time_zone="UTC", **parts)


def award_of(points: int = 50, *, wait_days: int = 0) -> MemberAward:
    return new_award(
        "challenge.three.ana.ever.1",
        member_id="ana",
        terms=AwardTerms(
            given_for="challenge", rule_id="three", version=1, points=points, wait_days=wait_days
        ),
        program=rules(),
        now=NOON,
    )


class Owner:
    """A member with an award."""

    def __init__(self, award: MemberAward, held: Account, **policy: Any) -> None:
        self.award, self.account = award, held
        self.program = rules(**policy)
        self.entries: list[Entry] = []

    def lets_stand(self, target: int, *, now: datetime = NOON, **expired: Any) -> AwardSettlement:
        # What should stand may change, as for an activity that was edited.
        promised = replace(self.award, points=target) if target else self.award
        done = settle_award(
            promised,
            stands=target > 0,
            account=self.account,
            program=self.program,
            now=now,
            **expired,
        )
        self.award = done.award
        self.entries += done.entries
        for change in done.changes:
            self.account = after_change(self.account, change)
        return done


def test_an_award_is_a_bonus_that_expires_as_the_program_says() -> None:
    ana = Owner(award_of(), account())

    (entry,) = ana.lets_stand(50).entries

    assert entry.cause == AwardCause("challenge.three.ana.ever.1", "bonus", 1)
    assert entry.detail == Bonus(given_for="challenge", rule_id="three")
    assert ana.account.holding == Holding(lots={LOT: 50})


def test_points_that_wait_are_taken_back_from_pending_points_without_a_debt() -> None:
    ana = Owner(award_of(wait_days=14), account(), clawback="unlimited")
    ana.lets_stand(50)
    assert ana.account.holding.pending == {PendingDates(date(2026, 12, 5), date(2027, 1, 5)): 50}

    (entry,) = ana.lets_stand(0).entries

    assert entry.cause == AwardCause("challenge.three.ana.ever.1", "clawback", 2)
    assert ana.account.holding == Holding()


def test_spent_points_are_owed_or_forgiven_as_the_program_says() -> None:
    details = {}
    for clawback in ("unlimited", "within_balance"):
        ana = Owner(award_of(), account(), clawback=clawback)
        ana.lets_stand(50)
        ana.account = account({LOT: 20})
        details[clawback] = ana.lets_stand(0).entries[0].detail

    base = AwardClawback(
        given_for="challenge", rule_id="three", clawed=20, owed=30, forgiven=0, excused=0,
        debt_after=30,
    )  # fmt: skip
    assert details == {
        "unlimited": base,
        "within_balance": replace(base, owed=0, forgiven=30, debt_after=0),
    }


def test_what_was_forgiven_counts_first_when_the_award_is_given_again() -> None:
    ana = Owner(award_of(), account(), clawback="within_balance")
    ana.lets_stand(50)
    ana.account = account({LOT: 20})
    ana.lets_stand(0)

    (entry,) = ana.lets_stand(50).entries

    assert entry.detail == Bonus(given_for="challenge", rule_id="three", stands_again=30)
    assert (entry.points, ana.account.balance) == (20, 20)


def test_points_that_expired_unspent_are_not_taken_back() -> None:
    ana = Owner(award_of(), account(), clawback="unlimited")
    ana.lets_stand(50)
    ana.account = account()

    (entry,) = ana.lets_stand(0, expired={LOT: 50}).entries

    assert entry.effect == Holding()
    assert ana.award.standing.excused == 50


def test_an_award_that_comes_back_after_its_last_day_expires_at_once() -> None:
    ana = Owner(award_of(), account(), clawback="unlimited")
    ana.lets_stand(50)
    ana.lets_stand(0)

    entries = ana.lets_stand(50, now=NOON + timedelta(days=60)).entries

    assert [entry.kind for entry in entries] == ["bonus", "expiry"]
    assert (ana.account.balance, ana.award.standing.expired) == (0, {LOT: 50})


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), min_size=1, max_size=8),
    st.sampled_from(["unlimited", "within_balance", "only_pending"]),
    st.integers(0, 3),
)
@settings(max_examples=60)
def test_every_point_that_was_given_stands_or_is_settled(
    steps: list[tuple[int, int]], clawback: str, wait_days: int
) -> None:
    ana = Owner(award_of(60, wait_days=wait_days), account({LOT: 10}), clawback=clawback)
    spent = 0
    for target, spends in steps:
        ana.lets_stand(target)
        assert ana.award.is_balanced
        assert not ana.account.holding.is_negative
        taken = ana.account.holding.take(spends)
        ana.account = replace(
            ana.account,
            holding=ana.account.holding - taken,
            balance=ana.account.balance - taken.spendable,
        )
        spent += taken.spendable

    held, moved = ana.account.holding, total(entry.effect for entry in ana.entries)
    assert held.points + held.pending_points == 10 - spent + moved.points + moved.pending_points

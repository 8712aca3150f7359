"""Explanations and quotes say exactly what the ledger recorded, and what it will record."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.limits import LimitRoom, uses
from loyalty.domain.campaigns.planning import AwardContext, compiled, freeze
from loyalty.domain.earning.awarding import points_by_giver
from loyalty.domain.ledger.campaign_counts import moved
from loyalty.domain.ledger.entries import Accrual, RequestedRefund
from loyalty.domain.ledger.order_explaining import explain_order, quote_refund
from loyalty.domain.ledger.refunds import refunded_with, remainder_of, state_of, to_settle
from loyalty.domain.program.document import Program
from tests.support.campaigns import orders, programs

TODAY: Final = date(2026, 11, 21)
REFUNDS: Final = st.lists(
    st.one_of(
        st.just({"whole": True}),
        st.integers(1, 9000).map(lambda amount: {"amount_minor": amount}),
        st.integers(1, 3).map(lambda units: {"quantities": {"0": units}}),
    ),
    max_size=4,
)


@st.composite
def accruals(draw: st.DrawFn, program: Program) -> Accrual:
    """What an order earned, with limits that may have left less than it would have got."""
    bought = draw(orders())
    every = compiled(program)
    left = draw(st.dictionaries(st.sampled_from(["c0", "c1"]), st.integers(0, 90)))
    room = {each: LimitRoom("cap", points) for each, points in left.items()}
    ceilings = freeze(every, every.purchase(bought, tier=None), AwardContext(), rooms=room)
    context = AwardContext(ceilings=ceilings)
    earned = full_award(bought, bought=bought, program=program, context=context)
    return Accrual(order=bought, shares=earned.shares, parts=earned.parts, ceilings=ceilings)


def refund(number: int, what: dict[str, Any]) -> RequestedRefund:
    name = f"r{number}"
    when = datetime(2026, 11, 21, tzinfo=UTC)
    return RequestedRefund(refund_id=name, occurred_at=when, fingerprint=name, **what)


@given(st.data(), programs(), REFUNDS)
def test_an_explanation_adds_up_to_what_was_earned_and_to_what_is_kept(
    data: st.DataObject, program: Program, refunds: list[dict[str, Any]]
) -> None:
    accrual = data.draw(accruals(program))
    state = state_of(accrual, None)
    for number, what in enumerate(refunds):
        state = refunded_with(state, refund(number, what))

    explained = explain_order(accrual, state, program)

    assert explained.points == points_by_giver(accrual.shares)
    assert sum(explained.points_kept.values()) == accrual.points - to_settle(
        accrual, before=state_of(accrual, None), after=remainder_of(accrual, state, program)
    )
    for each in explained.campaigns:
        assert each.points == explained.points.get(each.campaign.id, 0)
        assert explained.points_kept.get(each.campaign.id, 0) <= each.points
    for rule in explained.rules:
        gives = explained.points.get(rule.rate.rule.id, 0) > 0
        assert gives == (not any(one.matters for one in rule.findings))


@given(st.data(), programs(), REFUNDS)
def test_quotes_of_refunds_add_up_to_all_that_was_earned_and_limits_get_it_back(
    data: st.DataObject, program: Program, refunds: list[dict[str, Any]]
) -> None:
    accrual = data.draw(accruals(program))
    state = state_of(accrual, None)
    total, returned = 0, 0
    for number, what in enumerate([*refunds, {"whole": True}]):
        requested = refund(number, what)
        quoted = quote_refund(requested, accrual, state, program, today=TODAY)
        before = remainder_of(accrual, state, program)
        after = remainder_of(accrual, refunded_with(state, requested), program)
        assert quoted.points == -to_settle(accrual, before=state, after=after)
        step = moved(accrual, program, before=before, after=after, forgiven=0, today=TODAY)
        total += quoted.points
        returned += sum(each.points for each in quoted.limits)
        clawed = state.clawed - quoted.points
        state = replace(after.state, counted=step.counted, clawed=clawed)

    assert total == -accrual.points
    taken = uses(program, TODAY, today=TODAY, before={}, after=points_by_giver(accrual.shares))
    assert returned == sum(use.amount for use in taken if not use.limit.endswith("#orders"))

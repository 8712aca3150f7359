"""Holdings add up like numbers, and points are taken from them soonest expiry first."""

from datetime import date, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.earning.awarding import Part
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.holding import Holding, PendingDates, total

TODAY: Final = date(2026, 11, 21)
NOTHING: Final = Holding()

days = st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3)) | st.just(NEVER)
pending_dates = st.builds(PendingDates, days, days)


def holdings(*, least: int) -> st.SearchStrategy[Holding]:
    """Holdings of at least this many points in every place."""
    points = st.integers(least, 100)
    return st.builds(
        Holding,
        lots=st.dictionaries(days, points, max_size=5),
        debt=points,
        pending=st.dictionaries(pending_dates, points, max_size=5),
    )


effects = holdings(least=-100)
held = holdings(least=0)
parts = st.lists(st.builds(Part, days, days, st.integers(-100, 100)), max_size=6)


@given(one=effects, other=effects, third=effects)
def test_holdings_form_a_commutative_group(one: Holding, other: Holding, third: Holding) -> None:
    assert one + other == other + one
    assert (one + other) + third == one + (other + third)
    assert one + NOTHING == one
    assert one - one == NOTHING
    assert one - other == one + -other
    assert NOTHING - (NOTHING - one) == one


@given(st.lists(effects, max_size=5))
def test_a_total_is_the_sum_in_every_place(several: list[Holding]) -> None:
    assert total(several) == sum(several, NOTHING)
    assert total(several).points == sum(each.points for each in several)
    assert total(several).pending_points == sum(each.pending_points for each in several)


@given(one=effects)
def test_places_without_points_are_left_out(one: Holding) -> None:
    assert all((one + one).lots.values())
    assert Holding(lots={TODAY: 0}, pending={PendingDates(TODAY, NEVER): 0}) == NOTHING
    assert one.is_empty == (one == NOTHING)


@given(one=effects)
def test_a_holding_is_negative_if_any_place_is_below_zero(one: Holding) -> None:
    places = (one.debt, *one.lots.values(), *one.pending.values())

    assert one.is_negative == any(points < 0 for points in places)


@given(one=parts, other=parts)
def test_parts_of_awards_are_pending_until_their_day_and_add_up(
    one: list[Part], other: list[Part]
) -> None:
    whole = Holding.from_parts(one + other, today=TODAY)

    assert whole == Holding.from_parts(one, today=TODAY) + Holding.from_parts(other, today=TODAY)
    assert whole.debt == 0
    assert all(dates.available_on > TODAY for dates in whole.pending)
    assert whole.spendable == sum(each.points for each in one + other if each.available_on <= TODAY)
    assert whole.pending_points == sum(
        each.points for each in one + other if each.available_on > TODAY
    )


@given(one=held, points=st.integers(0, 700))
def test_points_are_taken_soonest_expiry_first(one: Holding, points: int) -> None:
    taken = one.take(points)

    assert taken.points == taken.spendable == min(points, one.spendable)
    assert not (one - taken).is_negative
    last = max(taken.lots, default=None)
    assert all(
        taken.lots.get(sooner) == one.lots[sooner] for sooner in one.lots if last and sooner < last
    )


@given(one=held, prefer=st.dictionaries(days, st.integers(0, 100)), points=st.integers(0, 700))
def test_preferred_lots_are_taken_first_and_never_beyond_what_was_preferred(
    one: Holding, prefer: dict[date, int], points: int
) -> None:
    taken = one.take(points, prefer=prefer)

    preferred = {lot: min(prefer[lot], one.lots.get(lot, 0)) for lot in prefer}
    assert taken.spendable == min(points, one.spendable)
    assert not (one - taken).is_negative
    if points >= sum(preferred.values()):
        assert all(taken.lots.get(lot, 0) >= share for lot, share in preferred.items())
    else:
        assert all(points <= preferred.get(lot, 0) for lot, points in taken.lots.items())


@given(one=held)
def test_lots_pay_the_debt_and_the_balance_stays(one: Holding) -> None:
    netted = one.netted()

    assert netted.points == one.points
    assert netted.pending == one.pending
    assert netted.debt == max(0, one.debt - one.spendable)
    assert not (netted.debt and netted.lots)
    assert not netted.is_negative


def test_a_holding_is_due_when_points_become_available_or_their_last_day_is_over() -> None:
    tomorrow = TODAY + timedelta(days=1)

    assert NOTHING.first_due() is None
    assert Holding(lots={NEVER: 5}, debt=3).first_due() is None
    assert Holding(lots={NEVER: 5}).first_due(lapses_after=TODAY) == tomorrow
    assert Holding(lots={TODAY: 5}).first_due() == tomorrow
    assert Holding(pending={PendingDates(TODAY, NEVER): 5}).first_due() == TODAY

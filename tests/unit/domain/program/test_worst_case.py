"""The most that an order can earn is known before a document is published."""

from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.limits import rooms
from loyalty.domain.campaigns.planning import AwardContext, compiled, freeze
from loyalty.domain.orders.order import Order
from loyalty.domain.program.document import Program
from loyalty.domain.program.worst_case import EarningBound, worst_case
from tests.support.campaigns import campaign, orders, programs, with_campaigns
from tests.support.documents import rule

MILLION: Final = 10**6
SINCE: Final = date(2026, 1, 1)
LEVELS: Final = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [
        {"id": "silver", "name": "Silver", "reached_at": 1, "multiplier_percent": 110},
        {"id": "gold", "name": "Gold", "reached_at": 2, "multiplier_percent": 150},
    ],
}


def overall(*campaigns: dict[str, Any], **parts: Any) -> tuple[float, float, float]:
    bound = worst_case(with_campaigns(*campaigns, **parts), since=SINCE).overall
    return tuple(each / MILLION for each in bound)  # type: ignore[return-value]  # three of them


@given(programs(), orders())
def test_no_order_earns_more_than_the_worst_case(program: Program, bought: Order) -> None:
    bound = worst_case(program, since=SINCE).overall

    every = compiled(program)
    day = program.today(bought.occurred_at)
    ceilings = freeze(
        every,
        every.purchase(bought, tier=None),
        AwardContext(),
        rooms=rooms(program, day, today=day, used={}),
    )
    context = AwardContext(ceilings=ceilings)
    award = full_award(bought, bought=bought, program=program, context=context)

    assert bound.covers(
        award.points,
        amount_minor=bought.amount_minor,
        units=sum(line.quantity for line in bought.lines),
        major_minor=100,
    )


@pytest.mark.parametrize(
    ("campaigns", "parts", "figures"),
    [
        ([], {}, (1, 0, 0)),
        ([], {"tiers": LEVELS}, (1.5, 0, 0)),
        ([], {"earning_rules": [rule(rounding="ceil", per_minor=300)]}, (0.333334, 0, 1)),
        ([{"effect": {"kind": "multiply", "percent": 200}}], {"tiers": LEVELS}, (3, 0, 0)),
        ([{"effect": {"kind": "rate", "points": 2, "per_minor": 50}}], {}, (5, 0, 0)),
        ([{"effect": {"kind": "per_unit", "points": 3, "every": 2}}], {}, (1, 1.5, 0)),
        ([{}, {"id": "more"}], {}, (1, 0, 20)),
        ([{}, {"id": "more"}], {"campaign_points_per_order_max": 15}, (1, 0, 15)),
        ([{"limits": {"per_order": 4}}], {}, (1, 0, 4)),
        (
            [{"effect": {"kind": "multiply", "percent": 1000}, "limits": {"per_order": 4}}],
            {},
            (1, 0, 4),
        ),
        (
            [{"group": "one"}, {"id": "more", "group": "one"}],
            {"campaign_groups": [{"id": "one", "choose": "best"}]},
            (1, 0, 10),
        ),
    ],
)
def test_it_adds_up_what_can_hold_at_once(
    campaigns: list[dict[str, Any]], parts: dict[str, Any], figures: tuple[float, float, float]
) -> None:
    assert overall(*(campaign(**each) for each in campaigns), **parts) == figures


def test_every_stretch_of_the_calendar_has_its_own() -> None:
    program = with_campaigns(
        campaign(when={"starts_on": "2026-12-01", "ends_on": "2026-12-31", "weekdays": ["tue"]}),
        campaign(
            id="night", when={"weekdays": ["fri"], "hours": [{"from": "22:00", "until": "02:00"}]}
        ),
    )

    found = worst_case(program, since=date(2026, 11, 30))

    rows = [
        (each.starts_on, each.ends_on, each.weekdays, bound.beside // MILLION)
        for each, bound in found.by_stretch
    ]
    assert rows[0] == (date(2026, 11, 30), date(2026, 11, 30), ("mon",), 0)
    assert rows[1] == (date(2026, 12, 1), date(2026, 12, 1), ("tue",), 10)
    december = [row for row in rows if row[0] == date(2026, 12, 2)]
    assert december == [
        (date(2026, 12, 2), date(2026, 12, 31), ("mon", "wed", "thu", "sun"), 0),
        # Its hours last until Saturday.
        (date(2026, 12, 2), date(2026, 12, 31), ("fri", "sat"), 10),
        (date(2026, 12, 2), date(2026, 12, 31), ("tue",), 10),
    ]
    assert rows[-1][1] is None
    assert found.overall == EarningBound(by_money=MILLION, beside=10 * MILLION)


def test_days_that_are_over_are_left_out() -> None:
    past = campaign(when={"ends_on": "2025-12-31"})

    assert overall(past) == (1, 0, 0)

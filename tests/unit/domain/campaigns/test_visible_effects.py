"""How small an effect a holdout could show."""

from math import sqrt
from random import Random
from statistics import correlation, stdev
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.visible_effects import Purchases, least_effect

BOUGHT: Final = st.lists(
    st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9)), min_size=2, max_size=30
)


def purchases(pairs: list[tuple[int, int]]) -> Purchases:
    """The sums over members, of what each bought before and then."""
    return Purchases(
        members=len(pairs),
        x=sum(x for x, _ in pairs),
        y=sum(y for _, y in pairs),
        xx=sum(x * x for x, _ in pairs),
        xy=sum(x * y for x, y in pairs),
        yy=sum(y * y for _, y in pairs),
    )


@given(BOUGHT)
def test_the_spread_is_what_is_left_when_the_past_is_taken_out(
    pairs: list[tuple[int, int]],
) -> None:
    before, then = zip(*pairs, strict=True)
    shared = correlation(before, then) if len({*before}) > 1 and len({*then}) > 1 else 0.0

    found = purchases(pairs).spread_minor()

    assert found == pytest.approx(stdev(then) * sqrt(max(0.0, 1 - shared**2)), rel=1e-4, abs=100)


def test_the_effect_is_that_of_the_formula() -> None:
    """Purchases of a month spread by 30.00, and 9,000 members are compared with 1,000."""
    pairs = [(0, 3000 - 3000), (0, 3000 + 3000)] * 5000

    found = least_effect(purchases(pairs), members=10_000, held_out_percent=10)

    assert (found.members, found.held_out) == (9_000, 1_000)
    assert found.minor == 281  # 2.8 * 3,000.15 * sqrt(1/9,000 + 1/1,000), rounded up
    assert found.per_mille == 94


def test_such_an_effect_is_proven_in_four_of_five_campaigns() -> None:
    draw = Random(11)

    def members(count: int) -> list[tuple[int, int]]:
        regular = [draw.expovariate(1 / 2000) for _ in range(count)]
        return [
            (int(x + draw.expovariate(0.001)), int(x + draw.expovariate(0.001))) for x in regular
        ]

    least = least_effect(purchases(members(5_000)), members=2_000, held_out_percent=20).minor
    assert least is not None
    proven = 0
    for _ in range(150):
        campaign, held_out = members(1_600), members(400)
        pooled = purchases(campaign + held_out)
        theta = _slope(campaign + held_out)
        mean_x = pooled.x / pooled.members
        sides = [
            [y + effect - theta * (x - mean_x) for x, y in side]
            for side, effect in ((campaign, least), (held_out, 0))
        ]
        (more, few) = sides
        error = sqrt(stdev(more) ** 2 / len(more) + stdev(few) ** 2 / len(few))
        proven += sum(more) / len(more) - sum(few) / len(few) > 1.96 * error
    assert 0.7 < proven / 150 < 0.9


def _slope(pairs: list[tuple[int, int]]) -> float:
    found, count = purchases(pairs), len(pairs)
    return (count * found.xy - found.x * found.y) / (count * found.xx - found.x**2)


def test_few_members_on_one_side_show_nothing() -> None:
    pairs = [(0, 0), (0, 6000)] * 500

    assert least_effect(purchases(pairs), members=999, held_out_percent=10).minor is None
    assert least_effect(purchases(pairs), members=1_000, held_out_percent=10).minor is not None
    assert least_effect(purchases(pairs), members=1_000, held_out_percent=95).minor is None
    both = least_effect(purchases(pairs), members=2_000, held_out_percent=10, elsewhere_percent=40)
    assert (both.members, both.held_out) == (1_080, 120)


def test_members_who_bought_nothing_have_no_share() -> None:
    found = least_effect(purchases([(0, 0)] * 500), members=2_000, held_out_percent=10)

    assert (found.minor, found.per_mille) == (0, None)

"""What of the multipliers of a level and a plan counts."""

import pytest

from loyalty.domain.program.multipliers import multipliers
from loyalty.domain.program.plans import Plan, PlanBenefits


@pytest.mark.parametrize(
    ("level", "plan", "stacks", "counts"),
    [
        (150, 200, "higher", (100, 200)),
        (250, 200, "higher", (250, 100)),
        (200, 200, "higher", (200, 100)),
        (150, 125, "product", (150, 125)),
    ],
)
def test_the_higher_multiplier_counts_or_both(
    level: int, plan: int, stacks: str, counts: tuple[int, int]
) -> None:
    benefits = PlanBenefits.model_validate({"multiplier_percent": plan, "stacks": stacks})

    assert multipliers(level, Plan(id="prime", name="Prime", benefits=benefits)) == counts


def test_without_a_plan_the_levels_multiplier_counts() -> None:
    assert multipliers(150, None) == (150, 100)

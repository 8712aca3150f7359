"""What rewards cost: the report takes the first of several answers that it knows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.changes import Record
from loyalty.domain.orders.order import Line, OrderRef
from tests.support.documents import program, reward
from tests.support.lake import NOVEMBER, Home, Row
from tests.support.ledger import accrual, change, order, voucher

NOON: Final = datetime(2026, 11, 5, 12, tzinfo=UTC)
USED: Final[dict[str, Any]] = {"issued_at": NOON, "used_at": NOON}
WITH_ORDER: Final = USED | {"used_order": OrderRef("pos", "1001")}


def rows(home: Path, records: Sequence[Record], **document: Any) -> list[Row]:
    made = Home(home)
    made.write([change(item) for item in records], name="costs")
    return made.rows("rewards", NOVEMBER, document=program(**document))


def bought(*lines: Line) -> Record:
    paid = order("1001", occurred_at=NOON)
    return accrual(replace(paid, lines=lines) if lines else paid, recorded_at=NOON)


def line(amount_minor: int, *, category: str | None = None) -> Line:
    return Line(
        line_id=str(amount_minor),
        sku=None,
        category=category,
        quantity=1,
        amount_minor=amount_minor,
    )


@pytest.mark.parametrize(
    ("parts", "cost_minor"),
    [
        ({"cost_minor": 90}, 2 * 90),
        ({"kind": "gift_card", "amount_minor": 1000}, 2 * 1000),
        # A gift card that is bought for less than it is worth.
        ({"kind": "gift_card", "amount_minor": 1000, "cost_minor": 950}, 2 * 950),
        ({"cost_minor": 0}, 0),
        ({}, None),
    ],
)
def test_a_reward_costs_what_the_document_says_or_nobody_knows(
    parts: dict[str, Any], cost_minor: int | None, tmp_path: Path
) -> None:
    used = [voucher("used", redemption_id=f"red_{number}", **USED) for number in (1, 2)]
    unused = voucher("issued", redemption_id="red_3", issued_at=NOON)

    (row,) = rows(tmp_path, [*used, unused], rewards=[reward(**parts)])

    assert row["cost_minor"] == cost_minor


def test_points_that_pay_cost_what_they_paid(tmp_path: Path) -> None:
    pay = {"amount_minor": 1, "per_points": 2}
    paid = [
        voucher("used", redemption_id=f"red_{minor}", amount_minor=minor, pays=True, **USED)
        for minor in (20, 30)
    ]

    (row,) = rows(tmp_path, paid, rewards=[reward(kind="amount_off", pay=pay)])

    assert row["cost_minor"] == 50


def test_a_percentage_costs_what_it_took_off_the_goods_of_its_order(tmp_path: Path) -> None:
    """Goods of 20.00 are 17.00 with 15 % off; the shipping and the card cost what they did."""
    paid = bought(line(1700), line(500, category="shipping"), line(2500, category="gift_card"))

    (row,) = rows(
        tmp_path,
        [paid, voucher("used", **WITH_ORDER)],
        rewards=[reward(kind="percent_off", percent=15)],
    )

    assert row["cost_minor"] == 300


@pytest.mark.parametrize(
    ("parts", "use"),
    [
        ({"percent": 15}, USED),
        ({"percent": 15}, WITH_ORDER | {"used_order": OrderRef("pos", "of-somewhere-else")}),
        ({"percent": 15, "skus": ["MUG"]}, WITH_ORDER),
        ({"percent": 100}, WITH_ORDER),
        ({}, WITH_ORDER),
    ],
)
def test_what_a_percentage_took_off_is_not_always_known(
    parts: dict[str, Any], use: dict[str, Any], tmp_path: Path
) -> None:
    records = [bought(), voucher("used", **use)]

    (row,) = rows(tmp_path, records, rewards=[reward(kind="percent_off", **parts)])

    assert row["cost_minor"] is None


def test_a_percentage_can_have_a_cost_of_its_own(tmp_path: Path) -> None:
    document = {"rewards": [reward(kind="percent_off", percent=15, cost_minor=200)]}

    (row,) = rows(tmp_path, [bought(), voucher("used", **WITH_ORDER)], **document)

    assert row["cost_minor"] == 200


def test_points_spent_are_worth_what_the_program_says(tmp_path: Path) -> None:
    value = {"amount_minor": 1, "per_points": 3}

    (row,) = rows(tmp_path, [voucher("issued", issued_at=NOON)], point_value=value)

    assert (row["points"], row["points_worth_minor"]) == (40, 13)

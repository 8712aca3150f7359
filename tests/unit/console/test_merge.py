"""What two managers changed at once, as one document."""

from typing import Any

import pytest

from tests.support.scripts import run_script

BASE: dict[str, Any] = {
    "name": "Bean",
    "expiry": {"model": "never"},
    "rewards": [{"id": "a", "cost": 1}, {"id": "b", "cost": 2}, {"id": "c", "cost": 3}],
}


def put_together(
    theirs: dict[str, Any], mine: dict[str, Any], *, taking: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[str]]:
    """The merged document, and the places of the conflicts; `taking`: where their side counts."""
    document, places = run_script(
        """
        const both = merged(base, { ...base, ...theirs }, { ...base, ...mine });
        const document = decided(both, ({ pointer }) => taking.includes(pointer));
        return [document, both.conflicts.map(({ pointer }) => pointer)];
        """,
        imports={"merge.js": "decided, merged"},
        base=BASE,
        theirs=theirs,
        mine=mine,
        taking=taking,
    )
    return document, places


def a(cost: int) -> dict[str, Any]:
    return {"id": "a", "cost": cost}


B, C, D = {"id": "b", "cost": 2}, {"id": "c", "cost": 3}, {"id": "d", "cost": 4}


@pytest.mark.parametrize(
    ("theirs", "mine", "merged"),
    [
        ({"name": "Leaf"}, {}, {"name": "Leaf"}),
        ({}, {"name": "Leaf"}, {"name": "Leaf"}),
        ({"name": "Leaf"}, {"name": "Leaf"}, {"name": "Leaf"}),
        ({"rewards": [a(9), B, C]}, {"rewards": [a(1), B]}, {"rewards": [a(9), B]}),
        ({"rewards": [a(1), B, C, D]}, {"rewards": [B, C]}, {"rewards": [B, C, D]}),
        ({"rewards": [C, B, a(1)]}, {"rewards": [a(5), B, C]}, {"rewards": [C, B, a(5)]}),
        ({"rewards": [a(7), B, C]}, {"rewards": [C, B, a(1)]}, {"rewards": [C, B, a(7)]}),
    ],
)
def test_what_only_one_side_changed_is_taken_over(
    theirs: dict[str, Any], mine: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert put_together(theirs, mine) == (BASE | merged, [])


def test_what_both_changed_is_mine_until_somebody_decides() -> None:
    theirs: dict[str, Any] = {"name": "Leaf", "rewards": [a(5), B]}
    mine: dict[str, Any] = {"name": "Tree", "rewards": [a(6), B, C | {"cost": 4}]}

    document, places = put_together(theirs, mine)

    assert document == BASE | mine
    assert places == ["/name", "/rewards/0/cost", "/rewards/2"]
    assert put_together(theirs, mine, taking=("/rewards/0/cost", "/rewards/2")) == (
        BASE | {"name": "Tree", "rewards": [a(5), B]},
        places,
    )


def test_a_thing_that_i_removed_and_they_changed_can_come_back_in_its_place() -> None:
    theirs = {"rewards": [a(1), B | {"cost": 9}, C]}

    document, places = put_together(theirs, {"rewards": [a(1), C]})

    assert (document["rewards"], places) == ([a(1), C], ["/rewards/1"])
    back, _ = put_together(theirs, {"rewards": [a(1), C]}, taking=("/rewards/1",))
    assert back["rewards"] == theirs["rewards"]


def test_different_models_are_not_mixed() -> None:
    _, places = put_together(
        {"expiry": {"model": "after_earning", "months": 6}},
        {"expiry": {"model": "fixed_date", "month": 1, "day": 31}},
    )

    assert places == ["/expiry"]

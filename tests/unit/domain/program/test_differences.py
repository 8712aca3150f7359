"""Two documents, compared: each difference once, at its field, in a sentence."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.program.differences import DocumentDifference, differences
from loyalty.domain.program.document import Program
from tests.support.campaigns import campaign
from tests.support.documents import document, reward

LEVELS: Final = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [
        {"id": "gold", "name": "Gold", "reached_at": 10_000},
        {"id": "black", "name": "Black", "reached_at": 50_000},
    ],
}


def program(**parts: Any) -> Program:
    return Program.model_validate(document(**parts))


def compared(before: dict[str, Any], after: dict[str, Any]) -> tuple[DocumentDifference, ...]:
    return differences(program(**before), program(**after))


def test_equal_documents_have_no_differences() -> None:
    assert compared({"tiers": LEVELS}, {"tiers": LEVELS}) == ()


def test_a_difference_has_its_field_both_values_and_a_sentence() -> None:
    before, after = [{"rewards": [reward(cost_points=cost)]} for cost in (40, 45)]

    (difference,) = compared(before, after)

    assert difference == DocumentDifference(
        pointer="/rewards/0/cost_points",
        kind="changed",
        before=40,
        after=45,
        text="The reward “Latte” costs 45 instead of 40 points.",
    )


def test_things_are_compared_by_their_ids_and_not_by_their_places() -> None:
    latte, cake = reward(), reward(id="cake", name="Cake")

    added = compared({"rewards": [latte]}, {"rewards": [cake, latte]})
    removed = compared({"rewards": [cake, latte]}, {"rewards": [latte]})
    moved = compared({"rewards": [cake, latte]}, {"rewards": [latte, cake]})

    assert [(each.pointer, each.kind, each.text) for each in (*added, *removed, *moved)] == [
        ("/rewards/0", "added", "The reward “Cake” is new."),
        ("/rewards/0", "removed", "The reward “Cake” is removed."),
        ("/rewards", "changed", "The order of the rewards is different."),
    ]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({"name": "Bean"}, {"name": "Leaf"}, "The program: name is “Leaf” instead of “Bean”."),
        ({}, {"hold_minutes": 20}, "The program: hold minutes is 20 instead of 15."),
        (
            {},
            {"transfers": {"points_max": 1000}},
            (
                "The program: transfers is now points min 1, points max 1,000, per month max 10, "
                "min age days 30."
            ),
        ),
        (
            {"tiers": LEVELS},
            {"tiers": LEVELS | {"levels": LEVELS["levels"][:1]}},
            "The level “Black” is removed.",
        ),
        (
            {"reinstate_vouchers": True},
            {"reinstate_vouchers": False},
            "The program: reinstate vouchers is no instead of yes.",
        ),
        (
            {"expiry": {"model": "never"}},
            {"expiry": {"model": "after_earning", "months": 12, "round_to": "month"}},
            (
                "The program: expiry is model “after_earning”, months 12, round to “month” "
                "instead of model “never”."
            ),
        ),
    ],
)
def test_sentences_can_be_read_aloud(
    before: dict[str, Any], after: dict[str, Any], text: str
) -> None:
    assert [each.text for each in compared(before, after)] == [text]


def test_amounts_of_money_are_shown_in_the_currency() -> None:
    before, after = [
        {"earning_rules": [{"id": "base", "on": "order", "points": 1, "per_minor": per}]}
        for per in (100, 250)
    ]

    (difference,) = compared(before, after)

    assert difference.text == "The earning rule “base”: per is 2.50 EUR instead of 1.00 EUR."


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    ids = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4))
    rewards = [reward(id=each, name=each, cost_points=draw(st.integers(1, 3))) for each in ids]
    return {"rewards": rewards, "hold_minutes": draw(st.integers(14, 16))}


@given(documents(), documents())
def test_documents_without_a_difference_are_equal(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = compared(before, after)

    assert (found == ()) == (program(**before) == program(**after))
    assert len({(each.kind, each.pointer) for each in found}) == len(found)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (
            {},
            {"if": {"fact": "amount", "at_least_minor": 2000}},
            "the condition on orders was: none. It is now: the amount is at least 20.00 EUR.",
        ),
        (
            {"for": {"fact": "first_order"}},
            {
                "for": {
                    "all": [
                        {"fact": "order_number", "is": 3},
                        {"not": {"any": [{"fact": "tier", "is_in": ["gold", "black"]},
                                         {"fact": "locale", "is_in": ["fr"]}]}},
                    ]
                }
            },
            ("the condition on members was: it is the first order. It is now: the number of the "
             "order is exactly 3 and not (the level is “gold” or “black” or the locale is “fr”)."),
        ),
        (
            {"if": {"fact": "units", "at_least": 3, "of": {"categories": ["bean"]}}},
            {"if": {"fact": "channel", "is_in": ["app"]}},
            ("the condition on orders was: the number of units of lines with categories “bean” is "
             "at least 3. It is now: the channel is “app”."),
        ),
        (
            {},
            {"effect": {"kind": "fixed", "points": 20}},
            "effect points is 20 instead of 10.",
        ),
        (
            {},
            {"effect": {"kind": "multiply", "percent": 200}},
            ("effect is kind “multiply”, percent 200 instead of kind “fixed”, points 10, on refund "
             "“requalify”."),
        ),
        (
            {},
            {"limits": {"budget": {"amount_minor": 50_000}}},
            "limits budget is now amount 500.00 EUR, per “campaign”.",
        ),
    ],
)  # fmt: skip
def test_a_campaign_s_difference_is_said_in_words(
    before: dict[str, Any], after: dict[str, Any], text: str
) -> None:
    one, other = ({"campaigns": [campaign(**parts)]} for parts in (before, after))

    (difference,) = compared(one, other)

    assert difference.text == f"The campaign “Welcome”: {text}"


def test_a_campaign_is_added_and_removed_by_its_name() -> None:
    groups = [{"id": "one", "choose": "best"}]

    found = compared({"campaigns": [campaign()]}, {"campaign_groups": groups})

    assert [each.text for each in found] == [
        "The campaign “Welcome” is removed.",
        "The campaign group “one” is new.",
    ]

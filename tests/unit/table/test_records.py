"""What is written to the table is read back unchanged."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.accruals import accrue
from loyalty.domain.ledger.entries import (
    Adjustment,
    Bonus,
    Cause,
    Counterpart,
    Detail,
    Entry,
    Return,
)
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.orders.order import Order, OrderRef, Tender
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.recommendations.ending import PaidReward
from loyalty.table.records import (
    account_from_item,
    account_to_item,
    entry_from_item,
    entry_to_item,
    voucher_from_item,
    voucher_to_item,
)
from loyalty.table.records.causes import cause_key, cause_of
from loyalty.table.records.messages import message_from_item, message_to_item
from tests.support import ledger
from tests.support.campaigns import EFFECTS, campaign
from tests.support.causes import CAUSES
from tests.support.documents import published, rule
from tests.support.orders import NOON, line, order

CATEGORIES = st.sampled_from(["drink", "whole_bean", "gift_card", "tip", None])


@pytest.mark.parametrize("cause", CAUSES.values())
def test_the_key_of_an_entry_is_its_cause(cause: Cause) -> None:
    assert cause_of(cause_key("bean", cause)) == cause


@given(
    bought=st.lists(st.tuples(st.integers(0, 9999), CATEGORIES), max_size=12),
    pending_days=st.sampled_from([0, 7]),
)
def test_an_accruals_item_holds_what_every_line_earned_under_every_rule(
    bought: list[tuple[int, str | None]], pending_days: int
) -> None:
    program = published(
        pending_days=pending_days,
        earning_rules=[
            rule(id="base", exclude_categories=["gift_card"]),
            rule(id="at-home", include_categories=["whole_bean"], pending_days=3),
        ],
    )
    paid = order(
        *(line(minor, f"{number}", category=what) for number, (minor, what) in enumerate(bought))
    )

    posting = accrue(
        paid, account=Account(member_id="mem_ana"), program=program, fingerprint="f", now=NOON
    )
    entry = posting.entries[0]

    assert entry_from_item(entry_to_item(entry, "bean")) == entry


def recorded(paid: Order, program: PublishedProgram | None = None) -> Entry:
    """The accrual of a member's first order."""
    account = Account(member_id="mem_ana", orders=0)
    posting = accrue(
        paid, account=account, program=program or published(), fingerprint="f", now=NOON
    )
    return posting.entries[0]


@pytest.mark.parametrize("gross_minor", [None, 1100])
@pytest.mark.parametrize(
    "parts",
    [
        {"product_categories": ("Beans", "Sale")},
        {"brand": "house"},
        {"tags": ("hot",)},
        {"brand": "house", "product_categories": ("Beans",), "product_tags": ("oat",)},
        {"product_brand": "House"},
    ],
)
def test_a_line_keeps_what_is_known_of_its_product(
    gross_minor: int | None, parts: dict[str, Any]
) -> None:
    entry = recorded(order(line(1000, gross_minor=gross_minor, **parts)))

    assert entry_from_item(entry_to_item(entry, "bean")) == entry


def test_an_order_keeps_where_and_how_it_was_paid() -> None:
    entry = recorded(
        replace(
            order(line(1000)),
            location="lyon",
            tenders=(Tender("card", 700), Tender("gift_card", 300)),
            codes=("FLYER",),
        )
    )

    assert entry_from_item(entry_to_item(entry, "bean")) == entry


@st.composite
def limited_campaigns(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Campaigns that may be for nobody, withheld, or short, and count in limits of every kind."""
    periods = st.sampled_from(["day", "week", "month", "year", "campaign"])
    points = st.integers(1, 40)
    member_limits = st.fixed_dictionaries({"points": points, "per": periods}) | (
        st.fixed_dictionaries({"orders": st.just(2), "per": periods}, optional={"points": points})
    )
    limits = st.fixed_dictionaries(
        {},
        optional={
            "per_member": member_limits,
            "budget": st.fixed_dictionaries({"points": points, "per": periods}),
        },
    )
    holdouts = st.sampled_from([None, None, {"percent": 90}])
    members = st.sampled_from([{}, {"fact": "first_order"}, {"fact": "order_number", "is": 9}])
    return [
        campaign(
            id=f"c-{number}", effect=draw(EFFECTS), limits=draw(limits), holdout=draw(holdouts)
        )
        | ({"for": who} if (who := draw(members)) else {})
        for number in range(draw(st.integers(0, 4)))
    ]


@given(
    campaigns=limited_campaigns(),
    bought=st.lists(st.tuples(st.integers(0, 9999), CATEGORIES), min_size=1, max_size=4),
)
def test_an_accruals_item_holds_what_it_says_of_campaigns(
    campaigns: list[dict[str, Any]], bought: list[tuple[int, str | None]]
) -> None:
    paid = order(
        *(line(minor, f"{number}", category=what) for number, (minor, what) in enumerate(bought))
    )
    entry = recorded(paid, published(campaigns=campaigns))

    assert entry_from_item(entry_to_item(entry, "bean")) == entry


def test_an_accruals_item_has_the_id_of_each_campaign_once() -> None:
    for_first = {"for": {"fact": "first_order"}}
    limits = {
        "per_member": {"points": 4, "orders": 5, "per": "month"},
        "budget": {"points": 64, "per": "year"},
    }
    program = published(
        campaigns=[
            campaign(id="capped", limits=limits, **for_first),
            campaign(id="dear", **for_first | {"if": {"fact": "amount", "at_least_minor": 9000}}),
            campaign(id="doubled", effect={"kind": "multiply", "percent": 200}),
        ]
    )

    item = entry_to_item(recorded(order(line(1000), line(500, "2")), program), "bean")

    assert item["shares"] == [["base", 10, 5]]
    assert item["order"] == {
        "lines": [["1", None, None, 1, 1000], ["2", None, None, 1, 500]],
        "campaigns": [
            ["capped", [3, 1], [["2026-11", 4, 1], ["budget:2026", 4]], True, 4],
            ["doubled", [10, 5]],
            ["dear", [], [], True],
        ],
    }


def test_an_order_that_says_no_more_is_stored_as_it_always_was() -> None:
    item = entry_to_item(recorded(order(line(1000), line(500, "2", gross_minor=600))), "bean")

    assert item["order"] == {
        "lines": [["1", None, None, 1, 1000], ["2", None, None, 1, 500, 600]],
    }


@pytest.mark.parametrize(
    "given",
    [
        Bonus(given_for="birthday"),
        Bonus(given_for="survey", survey_id="recommend"),
        Bonus(given_for="survey", survey_id="visit", order=OrderRef("pos", "1001")),
    ],
)
def test_a_bonus_keeps_what_it_was_given_for(given: Bonus) -> None:
    entry = ledger.request("bonus", Holding(lots={ledger.LOT: 5}), detail=given)

    assert entry_from_item(entry_to_item(entry, "bean")) == entry


@pytest.mark.parametrize(
    "detail",
    [
        None,
        Adjustment(reason="goodwill", reference=None),
        Return(redemption_id="red_1", why="cancelled"),
        Counterpart(member_id="mem_2", direction="out"),
    ],
)
def test_an_entry_keeps_who_recorded_it(detail: Detail) -> None:
    kinds = {Adjustment: "adjustment", Return: "return", Counterpart: "transfer"}
    kind = kinds[type(detail)] if detail else "import"
    entry = ledger.request(kind, Holding(lots={ledger.LOT: 5}), detail=detail)
    recorded = replace(entry, recorded_by="cashier-1")

    assert entry_from_item(entry_to_item(recorded, "bean")) == recorded


def test_a_voucher_keeps_who_redeemed_and_used_it() -> None:
    used = ledger.voucher("used", recorded_by="cashier-1", use_recorded_by="cashier-2")

    assert voucher_from_item(voucher_to_item(used, "bean")) == used


def test_orders_of_an_account_from_before_they_were_counted_are_not_known_and_not_none() -> None:
    new = Account(member_id="mem_ana", orders=0)
    item = account_to_item(new, "bean")
    old = {name: value for name, value in item.items() if name != "orders"}

    assert account_from_item(item).orders == 0
    assert account_from_item(old).orders is None


@pytest.mark.parametrize("pays_for", [None, PaidReward("latte", 40)])
def test_a_message_is_read_as_it_was_written(pays_for: PaidReward | None) -> None:
    written = ledger.message("points_expiring", sent_at=None, points=40, pays_for=pays_for)

    assert message_from_item(message_to_item(written)) == written

"""Reports and the product compute the same levels, whatever the policy and whatever counted."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.domain.changes import Record
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Accrual, OrderCause, Qualifying
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.postings import summed
from loyalty.domain.ledger.tiers import counter, counting
from loyalty.domain.program.document import Program
from tests.support.documents import program
from tests.support.lake import NOVEMBER, Home
from tests.support.ledger import change, entry, order
from tests.support.levels import ENROLLED, FOR_LIFE, LEVELS, WHILE_ENOUGH, kept_at, tiers
from tests.support.recomputed import Recomputed

# Many members at a time: each example writes a lake and asks the engine.
thorough: Final = settings(
    max_examples=6,
    deadline=None,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
RECORDED: Final = datetime(2026, 11, 2, tzinfo=UTC)
NOW: Final = {"calendar_year": 2026, "membership_year": 2, "rolling_months": 2026 * 12 + 10}
FRIEND: Final = {"id": "friend", "name": "Friend", "reached_at": None}
POLICIES: Final[dict[str, list[dict[str, Any]]]] = {
    period: [
        {},
        {"holds": FOR_LIFE},
        {"one_step_down": True, "levels": [LEVELS[0], FRIEND, LEVELS[1]]},
        {"one_step_down": True, "holds": WHILE_ENOUGH},
        {"levels": kept_at(200, 600), "one_step_down": True},
        {"levels": kept_at(200, None)},
        {"holds": {"model": "months", "months": 7}, "one_step_down": True},
    ]
    for period in ("calendar_year", "membership_year")
} | {
    "rolling_months": [
        {"rolling_months": months, "holds": WHILE_ENOUGH, **more}
        for months in (1, 4)
        for more in ({}, {"levels": kept_at(200, 600)}, {"one_step_down": True})
    ]
}
MEMBERS: Final = st.lists(
    st.dictionaries(st.integers(-8, 1), st.integers(-200, 1200), max_size=5),
    min_size=20,
    max_size=30,
)


def history(members: list[dict[int, int]], *, now: int) -> list[Record]:
    """Members, each with an order for each amount that counts in a period from now."""
    items: list[Record] = []
    for number, counted in enumerate(members):
        member_id = f"mem_{number}"
        items.append(Account(member_id=member_id, enrolled_at=ENROLLED))
        for period, amount in counted.items():
            paid = order(f"{number}/{period}", occurred_at=RECORDED)
            items.append(
                entry(
                    OrderCause(paid.source, paid.order_id, "accrual"),
                    Holding(),
                    member_id=member_id,
                    happened_at=RECORDED,
                    recorded_at=RECORDED,
                    detail=Accrual(
                        order=paid,
                        shares=(),
                        parts=(),
                        qualifying=Qualifying(f"p{max(0, now + period)}", amount),
                    ),
                )
            )
    return items


@pytest.mark.slow
@pytest.mark.parametrize("period", sorted(POLICIES))
@thorough
@given(members=MEMBERS, data=st.data())
def test_a_member_has_the_same_level_in_reports_as_in_the_product(
    tmp_path_factory: pytest.TempPathFactory,
    period: str,
    members: list[dict[int, int]],
    data: st.DataObject,
) -> None:
    policy = data.draw(st.sampled_from(POLICIES[period]))
    document = program(tiers=tiers(period, **policy), time_zone="Europe/Paris")
    items = history(members, now=NOW[period])
    home = Home(Path(tmp_path_factory.mktemp("home")))
    home.write([change(item) for item in items], name="all")

    found = home.rows("tiers", NOVEMBER, document=document)

    assert found == Recomputed(items, NOVEMBER, document).rows("tiers")


def test_a_level_for_life_is_still_there_when_nothing_counted_for_years(tmp_path: Path) -> None:
    """The account keeps it without its counters; the lake has all that ever counted."""
    document = program(tiers=tiers(holds=FOR_LIFE), time_zone="Europe/Paris")
    home = Home(tmp_path)
    home.write([change(item) for item in history([{-8: 500}], now=2026)], name="all")

    found = home.rows("tiers", NOVEMBER, document=document)

    assert [(row["level_after"], row["members"]) for row in found] == [("silver", 1)]


MONTHS: Final[list[dict[str, Any]]] = [
    {"period": period, "holds": {"model": "months", "months": months}, "one_step_down": steps}
    for period in ("calendar_year", "membership_year", "rolling_months")
    for months in (1, 7)
    for steps in (False, True)
]
BOUGHT: Final = st.lists(
    st.lists(
        st.tuples(st.dates(date(2025, 9, 1), date(2026, 11, 29)), st.integers(1, 900)),
        max_size=5,
    ),
    min_size=12,
    max_size=16,
)


def recorded(bought: list[list[tuple[date, int]]], document: Program) -> list[Record]:
    """Members and what counted for them, day by day, as the product records it."""
    items: list[Record] = []
    assert document.tiers is not None
    for number, days in enumerate(bought):
        member = Account(member_id=f"mem_{number}", enrolled_at=ENROLLED)
        items.append(member)
        for place, (day, amount) in enumerate(sorted(days)):
            name = counter(document.tiers, member, document, day=day)
            decided = counting(member, document, counted={name: amount}, day=day)
            member = replace(
                member,
                qualifying=summed(member.qualifying, {name: amount}),
                tier_reached=decided.tier_reached or member.tier_reached,
            )
            paid = order(f"{number}/{place}", occurred_at=noon(day))
            it = entry(
                OrderCause(paid.source, paid.order_id, "accrual"),
                Holding(),
                member_id=member.member_id,
                happened_at=noon(day),
                recorded_at=noon(day),
                detail=Accrual(
                    order=paid, shares=(), parts=(), qualifying=Qualifying(name, amount)
                ),
            )
            items.append(replace(it, tier_reached=decided.tier_reached))
    return items


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.mark.slow
@thorough
@given(bought=BOUGHT, policy=st.sampled_from(MONTHS))
def test_levels_that_hold_for_months_are_the_same_in_reports_as_in_the_product(
    tmp_path_factory: pytest.TempPathFactory,
    bought: list[list[tuple[date, int]]],
    policy: dict[str, Any],
) -> None:
    document = program(tiers=tiers(**policy), time_zone="Europe/Paris")
    items = recorded(bought, document)
    home = Home(Path(tmp_path_factory.mktemp("home")))
    home.write([change(item) for item in items], name="all")

    found = home.rows("tiers", NOVEMBER, document=document)

    assert found == Recomputed(items, NOVEMBER, document).rows("tiers")

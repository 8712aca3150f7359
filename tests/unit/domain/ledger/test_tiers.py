"""Levels: a pure function of what was counted, the program and the day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from loyalty.domain.earning.awarding import award
from loyalty.domain.earning.qualifying import qualifies
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.accruals import accrue
from loyalty.domain.ledger.clawbacks import claw_back
from loyalty.domain.ledger.corrections import merge
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.orders_to_settle import OrderToSettle
from loyalty.domain.ledger.postings import DueTime, summed
from loyalty.domain.ledger.settling import settle
from loyalty.domain.ledger.tiers import (
    Counting,
    TierAnnouncement,
    changes_on,
    counter,
    counting,
    drops_on,
    level_on,
    level_seen,
    moved,
    relevant,
)
from loyalty.domain.program.document import Program
from tests.support.documents import published, rule
from tests.support.levels import ENROLLED, PERIODS, level, member, tiers, with_tiers
from tests.support.orders import NOON, line, order, order_of

# What an order, a refund or an edit counts: amounts by the number of their period.
COUNTED = st.dictionaries(st.integers(20, 38), st.integers(-600, 600), min_size=1, max_size=2)


@pytest.mark.parametrize(
    ("amount", "name"), [(0, None), (499, None), (500, "silver"), (999, "silver"), (1000, "gold")]
)
def test_a_level_is_reached_when_enough_counts_in_one_period(amount: int, name: str | None) -> None:
    assert level(member(p2026=amount), with_tiers(), date(2026, 11, 21)) == name


def test_a_level_holds_to_the_end_of_the_next_calendar_year() -> None:
    rules, ana = with_tiers(), member(p2026=700)

    assert level(ana, rules, date(2027, 12, 31)) == "silver"
    assert level(ana, rules, date(2028, 1, 1)) is None
    assert drops_on(ana, rules, day=date(2026, 11, 21)) == date(2028, 1, 1)


def test_a_year_of_membership_begins_on_the_day_of_enrollment() -> None:
    rules, ana = with_tiers("membership_year"), member(p2=700)

    assert counter_of(rules, ana, date(2027, 5, 16)) == "p2"
    assert counter_of(rules, ana, date(2027, 5, 17)) == "p3"
    assert level(ana, rules, date(2028, 5, 16)) == "silver"
    assert level(ana, rules, date(2028, 5, 17)) is None


def counter_of(rules: Program, account: Account, day: date) -> str:
    assert rules.tiers is not None
    return counter(rules.tiers, account, rules, day=day)


def test_twelve_rolling_months_count_together_and_hold_for_twelve_more() -> None:
    rules = with_tiers("rolling_months")
    january = 2026 * 12
    ana = member(**{f"p{january}": 300, f"p{january + 11}": 300})

    assert level(ana, rules, date(2026, 11, 30)) is None
    assert level(ana, rules, date(2026, 12, 1)) == "silver"
    assert level(ana, rules, date(2027, 12, 31)) == "silver"
    assert level(ana, rules, date(2028, 1, 1)) is None
    assert drops_on(ana, rules, day=date(2026, 12, 1)) == date(2028, 1, 1)


def test_a_floor_holds_to_its_own_day() -> None:
    granted = Account(
        member_id="mem_1",
        enrolled_at=ENROLLED,
        qualifying={"p2026": 700},
        tier_floor=TierFloor("gold", date(2026, 12, 24)),
    )
    rules = with_tiers()

    assert level(granted, rules, date(2026, 12, 24)) == "gold"
    assert level(granted, rules, date(2026, 12, 25)) == "silver"
    assert drops_on(granted, rules, day=date(2026, 11, 21)) == date(2026, 12, 25)


@pytest.mark.parametrize(
    ("basis", "amount"), [("qualifying_points", 40), ("spend", 4000), ("orders", 1)]
)
def test_an_order_counts_by_the_programs_basis_without_its_charges(basis: str, amount: int) -> None:
    bought = order(line(4000, "1"), line(500, "2", category="shipping"))

    assert qualifies(bought, points=award(bought, with_tiers()).points, basis=basis) == amount
    assert qualifies(order(line(0)), points=0, basis=basis) == 0


def test_the_level_multiplies_what_an_order_earns_and_is_stored_with_it() -> None:
    rules = published(tiers=tiers(), earning_rules=[rule()])
    silver = member(p2026=500)

    posting = accrue(order_of(1000), account=silver, program=rules, fingerprint="", now=NOON)

    (entry,), (change,) = posting.entries, posting.changes
    assert entry.points == 12
    assert entry.detail is not None
    assert getattr(entry.detail, "tier", None) == "silver"
    assert change.qualifying == {"p2026": 12}


def test_reaching_a_level_announces_it_and_makes_the_account_due_at_its_end() -> None:
    rules = published(tiers=tiers(), earning_rules=[rule()], expiry={"model": "never"})

    posting = accrue(order_of(50_000), account=member(), program=rules, fingerprint="", now=NOON)

    (change,) = posting.changes
    assert change.announces == TierAnnouncement("silver", is_up=True)
    assert change.due is not None
    assert change.due.on == date(2028, 1, 1)


def test_settling_announces_the_end_of_a_level_once() -> None:
    rules = published(tiers=tiers(), earning_rules=[rule()])
    silver = Account(
        member_id="mem_1",
        enrolled_at=ENROLLED,
        qualifying={"p2026": 700},
        tier_announced="silver",
        due=date(2028, 1, 1),
    )
    new_year = datetime(2027, 12, 31, 23, 0, tzinfo=UTC)

    early = settle(silver, program=rules, now=new_year - timedelta(seconds=1))
    posting = settle(silver, program=rules, now=new_year)

    assert early is None
    assert posting is not None
    after = posting.changes[0].becomes
    assert after is not None
    assert (after.tier_announced, after.due, after.qualifying) == (None, None, {})
    assert settle(after, program=rules, now=new_year) is None


@given(
    st.sampled_from(PERIODS),
    st.dictionaries(st.integers(0, 40), st.integers(0, 1200), max_size=6),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(0, 800),
)
def test_the_level_changes_only_on_the_predicted_days(
    period: str, counted: dict[int, int], day: date, later: int
) -> None:
    rules = with_tiers(period)
    base = {"calendar_year": 2024, "rolling_months": 2024 * 12, "membership_year": 0}[period]
    ana = member(**{f"p{base + number}": amount for number, amount in counted.items()})
    now = level_on(ana, rules, day=day)
    drops = drops_on(ana, rules, day=day)

    then = day + timedelta(days=later)

    after = level_on(ana, rules, day=then)
    if now is not None and (drops is None or then < drops):
        assert after is not None
        assert rules.tiers is not None
        assert rules.tiers.rank(after.id) >= rules.tiers.rank(now.id)


@given(
    st.sampled_from(PERIODS),
    st.dictionaries(st.integers(0, 40), st.integers(0, 1200), max_size=8),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_counters_that_settling_drops_never_matter_again(
    period: str, counted: dict[int, int], day: date
) -> None:
    rules = with_tiers(period)
    base = {"calendar_year": 2024, "rolling_months": 2024 * 12, "membership_year": 0}[period]
    # Nothing counts for later than the period to come: no till's clock is further ahead.
    last = int(counter_of(rules, member(), day)[1:]) + 1
    amounts = {base + number: amount for number, amount in counted.items() if base + number <= last}
    ana = member(**{f"p{number}": amount for number, amount in amounts.items()})
    pruned = member(**relevant(ana, rules, day=day))

    for days in (0, 1, 40, 200, 400, 800):
        then = day + timedelta(days=days)
        assert level_on(pruned, rules, day=then) == level_on(ana, rules, day=then)


def test_a_refund_that_ends_a_level_sooner_makes_the_account_due_sooner() -> None:
    """The level is the same today, so nothing is announced; it ends a year before it was due."""
    rules = published(tiers=tiers(), earning_rules=[rule()])
    silver = Account(
        member_id="mem_1",
        enrolled_at=ENROLLED,
        qualifying={"p2025": 700, "p2026": 600},
        tier_announced="silver",
        due=date(2028, 1, 1),
        holding=Holding(lots={date(2028, 6, 30): 600}),
        balance=600,
        entries=2,
    )
    bought = accrue(order_of(60_000), account=silver, program=rules, fingerprint="", now=NOON)

    posting = claw_back(
        RequestedRefund(refund_id="r1", occurred_at=NOON, amount_minor=20_000, fingerprint=""),
        OrderToSettle(
            accrual=bought.entries[0],
            state=None,
            account=silver,
            expired={},
            decided_by=rules,
            program=rules,
            now=NOON,
        ),
    )

    (change,) = posting.changes
    assert change.announces is None
    assert change.due == DueTime(date(2027, 1, 1), moves=True)
    assert change.qualifying_exactly == {"p2026": 600}


def test_an_account_is_due_when_a_year_begins_with_a_higher_level() -> None:
    """The clock of a till is ahead over New Year: what it counts does so from then on."""
    rules, ana = with_tiers(), member(p2027=600)

    assert level(ana, rules, date(2026, 12, 31)) is None
    assert changes_on(ana, rules, day=date(2026, 12, 31)) == date(2027, 1, 1)
    assert drops_on(ana, rules, day=date(2026, 12, 31)) is None


@given(
    st.sampled_from(PERIODS),
    st.dictionaries(st.integers(0, 36), st.integers(1, 1200), max_size=5),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    COUNTED,
    COUNTED,
)
@example("rolling_months", {36: 740}, date(2027, 1, 4), {35: 500}, {36: -450})
def test_two_writes_decided_from_the_same_account_announce_the_right_level_if_both_land(
    period: str,
    seen: dict[int, int],
    day: date,
    first: dict[int, int],
    second: dict[int, int],
) -> None:
    rules = with_tiers(period)
    ana = settled(member(**counters(period, seen)), rules, day)
    decided = counting(ana, rules, counted=counters(period, first), day=day)
    raced = counting(ana, rules, counted=counters(period, second), day=day)

    between = counted_on(ana, decided, counters(period, first))
    lands = holds(raced, on=between)
    both = counted_on(between, raced, counters(period, second)) if lands else between

    assert both.tier_announced == level(both, rules, day)
    drops = drops_on(both, rules, day=day)
    assert drops is None or (both.due is not None and both.due <= drops)


def test_orders_of_one_month_do_not_rely_on_what_other_orders_of_it_change() -> None:
    rules, ana = with_tiers(), replace(member(p2026=510), tier_announced="silver")
    day = date(2026, 11, 21)

    decided = counting(ana, rules, counted={"p2026": 20}, day=day)

    assert (decided.exactly, decided.revises) == ({}, False)
    assert decided.at_most == {"p2026": 999 - 20}
    assert holds(decided, on=counted_on(ana, decided, {"p2026": 20}))


def test_an_order_that_counts_nothing_relies_on_its_level_and_disturbs_no_other_order() -> None:
    rules, ana = with_tiers(), replace(member(p2026=510), tier_announced="silver", tier_revision=3)
    day = date(2026, 11, 21)

    of_order = counting(ana, rules, counted={"p2026": 0}, day=day, of_order={"p2026": 0})
    of_refund = counting(ana, rules, counted={"p2026": 0}, day=day)

    assert replace(of_order, changes_on=None) == level_seen(ana, rules)
    assert (of_order.exactly, of_order.revision, of_order.revises) == ({"p2026": 510}, 3, False)
    assert (of_refund.exactly, of_refund.revision) == ({}, None)


def test_an_order_whose_refunds_waited_for_it_relies_on_its_counters_exactly() -> None:
    rules, day = with_tiers(applies_at_once=True), date(2026, 11, 21)
    ana = replace(member(p2026=510), tier_announced="silver")

    # By itself it counts 480, and another order of 20 lets it reach gold.
    decided = counting(ana, rules, counted={"p2026": 30}, day=day, of_order={"p2026": 480})

    assert (decided.exactly, decided.at_most) == ({"p2026": 510}, {})
    assert not holds(decided, on=replace(ana, qualifying={"p2026": 530}))


@given(
    st.sampled_from(PERIODS),
    st.dictionaries(st.integers(0, 36), st.integers(1, 1200), max_size=5),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    COUNTED,
    st.integers(0, 400),
)
def test_what_relies_on_a_level_lands_only_if_another_write_has_not_changed_it(
    period: str, seen: dict[int, int], day: date, first: dict[int, int], days_before: int
) -> None:
    rules = with_tiers(period)
    ana = settled(member(**counters(period, seen)), rules, day)
    decided = counting(ana, rules, counted=counters(period, first), day=day)
    between = counted_on(ana, decided, counters(period, first))
    ordered_on = day - timedelta(days=days_before)

    assume(holds(level_seen(ana, rules), on=between))
    assert level(ana, rules, ordered_on) == level(between, rules, ordered_on)


def counters(period: str, numbered: dict[int, int]) -> dict[str, int]:
    base = {"calendar_year": 2024, "rolling_months": 2024 * 12, "membership_year": 0}[period]
    return {f"p{base + number}": amount for number, amount in numbered.items()}


def settled(account: Account, rules: Program, day: date) -> Account:
    """The account as it stands, its level made known and due on the day it changes."""
    announced = replace(account, tier_announced=level(account, rules, day))
    return replace(announced, due=changes_on(announced, rules, day=day))


def counted_on(account: Account, decided: Counting, counted: dict[str, int]) -> Account:
    """The account once a write has landed."""
    days = [each for each in (account.due, decided.changes_on) if each]
    return replace(
        account,
        qualifying=summed(account.qualifying, counted),
        tier_announced=decided.announces.level if decided.announces else account.tier_announced,
        tier_revision=account.tier_revision + decided.revises,
        due=min(days, default=None),
    )


def holds(decided: Counting, *, on: Account) -> bool:
    """Whether what a write relies on is still so."""
    amounts = on.qualifying
    return (
        decided.revision in (None, on.tier_revision)
        and all(amounts.get(name, 0) <= most for name, most in decided.at_most.items())
        and all(amounts.get(name, 0) == seen for name, seen in decided.exactly.items())
    )


def test_settling_drops_old_counters_and_keeps_a_floor_that_has_ended() -> None:
    rules = published(tiers=tiers(), earning_rules=[rule()])
    granted = replace(
        member(p24323=600, p2026=20),
        tier_floor=TierFloor("gold", date(2026, 12, 24)),
        tier_announced="gold",
        due=date(2026, 12, 25),
    )

    posting = settle(granted, program=rules, now=datetime(2026, 12, 26, 12, tzinfo=UTC))

    assert posting is not None
    after = posting.changes[0].becomes
    assert after is not None
    assert (after.tier_floor, after.tier_announced) == (granted.tier_floor, None)
    assert (after.tier_ups, after.tier_downs) == (0, 1)
    assert after.qualifying == {"p2026": 20}


def test_a_merge_counts_the_losers_membership_years_for_the_survivors_years_at_that_time() -> None:
    rules = with_tiers("membership_year")
    old = replace(member(p2=100), enrolled_at=datetime(2024, 5, 17, 10, 0, tzinfo=UTC))
    young = replace(member(p0=450), enrolled_at=datetime(2026, 8, 1, 10, 0, tzinfo=UTC))

    assert moved(young, old, rules, day=date(2026, 11, 21)) == {"p2": 450}


@pytest.mark.parametrize(
    ("others", "best", "announced"),
    [
        pytest.param(
            TierFloor("silver", date(2027, 10, 1)),
            TierFloor("silver", date(2027, 10, 1)),
            "silver",
            id="that still holds",
        ),
        pytest.param(
            TierFloor("silver", date(2026, 9, 1)),
            TierFloor("gold", date(2026, 10, 1)),
            None,
            id="of the survivor where none holds any more",
        ),
    ],
)
def test_a_merge_keeps_the_floor(others: TierFloor, best: TierFloor, announced: str | None) -> None:
    rules = published(tiers=tiers(), earning_rules=[rule()])
    over = replace(member(), tier_floor=TierFloor("gold", date(2026, 10, 1)))
    other = replace(member(), member_id="mem_2", tier_floor=others)

    posting = merge(other, over, program=rules, request_id="r", fingerprint="", now=NOON)

    survives = posting.changes[1].becomes
    assert survives is not None
    assert (survives.tier_floor, survives.tier_announced) == (best, announced)

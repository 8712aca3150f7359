"""Trials: the ledger's own rules over what happened to a member, in two worlds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.facts import CountedUse, EntryFact
from loyalty.domain.kernel.errors import Refusal
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.domain.trials.booked import repriced
from loyalty.domain.trials.happenings import LinesMissing, PersonFacts
from loyalty.domain.trials.rules import untried
from loyalty.domain.trials.sums import (
    Dimension,
    LevelMove,
    Measure,
    MemberGain,
    TrialSums,
    WorldName,
    added_up,
    gain_group,
)
from loyalty.domain.trials.trial import Trial, try_on
from tests.support.campaigns import campaign
from tests.support.documents import program, published, reward, rule
from tests.support.example_year import ANA, EXAMPLES, ExampleYear, goods
from tests.support.trials import facts_in, people_of, versions_of

FIRST: Final = date(2026, 1, 5)
LATER: Final = datetime(2028, 1, 1, tzinfo=UTC)
PROGRAMS: Final = sorted(path.stem for path in EXAMPLES.glob("*.json"))
SPENT: Final[dict[str, Any]] = {"fact": "spent", "days": 30, "at_least_minor": 20_000}
CATEGORIES: Final = (None, "drink", "whole_bean", "gift_card", "shoes", "shipping")


def random_year(name: str, seed: int) -> ExampleYear:
    """A member's year by the real use cases: what is refused does not happen.

    Each order is refunded at most once, because facts have only the totals of its refunds.
    """
    draw = Random(seed)
    year = ExampleYear(name, enrolled_on=FIRST, birthday=date(1990, 2, 28))
    rewards = [each.id for each in year.program.document.rewards] or ["none"]
    day, open_orders, number = FIRST, [], 0
    for _ in range(draw.randint(1, 12)):
        day += timedelta(days=draw.choice((1, 2, 7, 30, 60)))
        try:
            match draw.choice(("buy", "buy", "buy", "refund", "redeem", "check")):
                case "buy":
                    lines = [
                        goods(draw.randint(0, 20_000), f"{n}", category=draw.choice(CATEGORIES))
                        for n in range(draw.randint(1, 3))
                    ]
                    number += 1
                    year.buy(day, *lines)
                    open_orders.append(number)
                case "refund" if open_orders:
                    order = open_orders.pop(draw.randrange(len(open_orders)))
                    year.give_back(
                        day,
                        order,
                        **draw.choice(
                            (
                                {"whole": True},
                                {"quantities": {"0": 1}},
                                {"amount_minor": draw.randint(1, 9_000)},
                                {"amounts_minor": {"0": draw.randint(1, 9_000)}},
                            )
                        ),
                    )
                case "redeem":
                    year.redeem(day, draw.choice(rewards))
                case _:
                    year.check(day)
        except Refusal:
            continue
    year.must_add_up()
    return year


def person_of(year: ExampleYear) -> PersonFacts:
    (person,) = people_of(facts_in(year.items(), now=LATER))
    return person


def trial_of(
    in_force: PublishedProgram, proposed: Program | None = None, *, first: date = FIRST
) -> Trial:
    return Trial(
        proposed=replace(in_force, version=2, document=proposed or in_force.document),
        versions=versions_of(replace(in_force, published_at=datetime(2025, 1, 1, tzinfo=UTC))),
        first=first,
        last=date(2027, 12, 31),
    )


def total(
    sums: TrialSums,
    measure: Measure,
    world: WorldName,
    dimension: Dimension = "all",
    value: str = "",
) -> int:
    return sum(
        points
        for cell, points in sums.cells.items()
        if cell[:4] == (world, measure, dimension, value)
    )


class TestFidelity:
    @given(st.sampled_from(PROGRAMS), st.integers(0, 10**6), st.integers(0, 300))
    @settings(max_examples=60, deadline=None)
    def test_the_document_in_force_gives_what_the_ledger_booked(
        self, name: str, seed: int, days: int
    ) -> None:
        """From whichever day the trial begins."""
        year = random_year(name, seed)
        person = person_of(year)

        sums = try_on(person, trial_of(year.program, first=FIRST + timedelta(days=days)))

        assert (sums.fidelity.orders_exact, sums.fidelity.points_off) == (sums.fidelity.orders, 0)

    @given(st.sampled_from(PROGRAMS), st.integers(0, 10**6))
    @settings(max_examples=30, deadline=None)
    def test_at_the_end_the_member_holds_what_the_ledger_says(self, name: str, seed: int) -> None:
        year = random_year(name, seed)
        person = person_of(year)

        sums = try_on(person, trial_of(year.program))

        # At noon of the day after the period.
        assert total(sums, "held_after", "in_force") == held(year)

    def test_an_order_that_the_replay_decides_otherwise_is_off(self) -> None:
        year = ExampleYear("coffee", enrolled_on=FIRST)
        year.buy(FIRST, goods(5000))
        person = person_of(year)
        (booked,) = (each for each in person.entries if each.entry_kind == "accrual")
        wrong = replace(booked, points=booked.points + 3)

        fidelity = try_on(replace(person, entries=[wrong]), trial_of(year.program)).fidelity

        assert (fidelity.orders, fidelity.orders_exact, fidelity.points_off) == (1, 0, 3)

    @pytest.mark.parametrize("left", [0, 20])
    def test_an_order_that_found_a_budget_short_gets_what_it_got(self, left: int) -> None:
        year = ExampleYear("coffee", enrolled_on=FIRST)
        year.becomes(program(**PLAIN, campaigns=[WELCOME]))
        year.buy(FIRST, goods(5000))
        person = person_of(year)
        (booked,) = (each for each in person.entries if each.entry_kind == "accrual")
        uses = (CountedUse(limit="budget:welcome#all", amount=left),) if left else ()
        short = replace(booked, points=50 + left, counted=uses)

        sums = try_on(replace(person, entries=[short]), trial_of(year.program))

        assert (sums.fidelity.orders_exact, sums.fidelity.points_off) == (1, 0)
        assert total(sums, "issued", "in_force") == 50 + left


def held(year: ExampleYear) -> int:
    return year.balance(date(2028, 1, 1)) + sum(year.pending().values())


class TestWhatWouldBe:
    def test_twice_the_points_are_twice_the_points(self) -> None:
        sums, _ = bought(10_000, earning_rules=[rule(points=2)])

        assert total(sums, "issued", "in_force") == 100
        assert total(sums, "issued", "proposed") == 200
        assert total(sums, "issued", "proposed", "giver", "base") == 200
        assert sums.furthest_up == (MemberGain(100, ANA),)
        assert sums.furthest_down == ()
        assert sums.gains == {31: 1}

    def test_a_refund_takes_back_what_the_proposed_document_gave(self) -> None:
        sums, _ = bought(10_000, refunded=True, earning_rules=[rule(points=2)])

        assert total(sums, "taken_back", "in_force") == 100
        assert total(sums, "taken_back", "proposed") == 200
        assert sums.gains == {0: 1}

    def test_a_redemption_that_cannot_be_paid_does_not_happen(self) -> None:
        sums, _ = bought(10_000, redeems="latte", earning_rules=[rule(per_minor=1000)])

        assert total(sums, "spent", "in_force") == 40
        assert total(sums, "spent", "proposed") == 0
        assert total(sums, "unaffordable", "proposed") == 1
        assert total(sums, "unaffordable_points", "proposed") == 40
        assert total(sums, "expired", "proposed") == 10

    @pytest.mark.parametrize("price", [30, 60, 101])
    def test_a_redemption_costs_what_the_proposed_document_says(self, price: int) -> None:
        rewards = [{**reward(), "cost_points": price}]
        sums, _ = bought(10_000, redeems="latte", rewards=rewards)

        is_affordable = price <= 100
        assert total(sums, "spent", "in_force") == 40
        assert total(sums, "spent", "proposed") == (price if is_affordable else 0)
        assert total(sums, "unaffordable_points", "proposed") == (0 if is_affordable else price)

    @given(st.integers(1, 200), st.integers(1, 300))
    def test_what_a_cancellation_returns_follows_the_price(self, booked: int, price: int) -> None:
        lots = (date(2026, 12, 31), date(2027, 1, 31))
        parts = (booked // 3, booked - booked // 3)
        returned = returned_fact(dict(zip(lots, parts, strict=True)))

        again = repriced(returned, Fraction(price, booked))

        assert again.points == price
        assert sum(each.points for each in again.movements) == price
        assert all(each.points >= 0 for each in again.movements)

    def test_points_expire_by_the_proposed_document(self) -> None:
        expiry = {"model": "after_earning", "months": 1}
        sums, _ = bought(10_000, expiry=expiry)

        assert total(sums, "expired", "in_force") == 100
        assert [c.month for c in sums.cells if c[:2] == ("proposed", "expired")] == ["2026-03"]

    def test_what_is_held_at_the_end_is_divided_by_when_it_expires(self) -> None:
        expiry = {"model": "after_earning", "months": 9}
        sums, _ = bought(10_000, last=date(2026, 3, 31), expiry=expiry)

        left = {cell[:4]: points for cell, points in sums.cells.items() if cell[2] == "expires_in"}
        assert left == {
            ("in_force", "available", "expires_in", "2026-07"): 100,
            ("proposed", "available", "expires_in", "2026-10"): 100,
        }
        assert total(sums, "held_after", "proposed") == 100

    def test_members_whose_level_would_be_another_one_are_counted(self) -> None:
        tiers = {
            "basis": "spend",
            "period": "calendar_year",
            "levels": [{"id": "gold", "name": "Gold", "reached_at": 100}],
        }
        sums, _ = bought(10_000, last=date(2026, 12, 31), tiers=tiers)

        assert sums.levels == {LevelMove("", "gold"): 1}

    def test_a_budget_says_in_which_minute_how_much_is_taken_of_it(self) -> None:
        sums, _ = bought(10_000, campaigns=[WELCOME])

        assert {name for name, _ in sums.taken} == {"budget:welcome#all"}
        assert sum(sums.taken.values()) == 50

    def test_a_refund_gives_back_what_it_took_of_a_budget(self) -> None:
        sums, _ = bought(10_000, refunded=True, campaigns=[WELCOME])

        assert sum(sums.taken.values()) == 0

    def test_after_the_minute_in_which_a_budget_ends_its_campaign_gives_nothing(self) -> None:
        sums, document = bought(10_000, campaigns=[WELCOME])
        (spent,) = sums.taken
        year = ExampleYear("coffee", enrolled_on=FIRST)
        year.becomes(program(**PLAIN))
        year.buy(FIRST, goods(10_000))
        trial = trial_of(year.program, document)

        at_once, too_late = (
            try_on(person_of(year), replace(trial, ends={spent.budget: minute}))
            for minute in (spent.minute, spent.minute - 1)
        )

        assert total(at_once, "issued", "proposed") == 150
        assert total(too_late, "issued", "proposed") == 100
        assert too_late.taken == Counter()

    def test_what_a_campaign_asks_of_a_profile_is_known_only_if_it_was_asked(self) -> None:
        new = campaign(id="new", effect={"kind": "fixed", "points": 50}, **FOR_BIRTHDAY)
        sums, proposed = bought(10_000, campaigns=[new])

        assert total(sums, "issued", "proposed") == 100
        assert untried(proposed, program()) == ("new",)
        assert untried(proposed, program(campaigns=[new])) == ()

    def test_a_segment_that_means_something_else_is_asked_anew(self) -> None:
        before, after = (
            of_segment({"fact": "monetary", "is_in": [5], "days": d}) for d in (30, 90)
        )

        assert untried(before, before) == ()
        assert untried(after, before) == ("big",)
        assert untried(of_segment(SPENT), before) == ()

    @pytest.mark.parametrize(
        ("who", "issued"),
        [
            # 100 of each order, and 50 for those before which that was so.
            (SPENT, 350),
            ({"fact": "orders", "days": 30, "at_least": 2}, 350),
            ({"fact": "orders", "days": 5, "at_least": 1}, 350),
            ({"fact": "days_since_order", "at_least": 3}, 350),
            ({"not": {"fact": "days_since_order", "at_most": 3650}}, 350),
            ({"all": [SPENT, {"fact": "member_days", "at_most": 5}]}, 300),
            ({"any": [SPENT, {"fact": "orders", "days": 30, "at_least": 1}]}, 400),
        ],
    )
    def test_who_was_in_a_computed_segment_follows_from_what_they_had_bought(
        self, who: dict[str, Any], issued: int
    ) -> None:
        """Three orders of 100.00, on the first day, two days later and six days after that."""
        year = ExampleYear("coffee", enrolled_on=FIRST)
        year.becomes(program(**PLAIN))
        for days in (0, 2, 8):
            year.buy(FIRST + timedelta(days=days), goods(10_000))

        sums = try_on(person_of(year), trial_of(year.program, of_segment(who)))

        assert total(sums, "issued", "proposed") == issued

    def test_who_is_held_out_gets_what_a_document_without_the_holdout_gives(self) -> None:
        """By this salt she is held out. It is for everybody without an attribute."""
        members = {"not": {"fact": "attribute", "name": "team", "is_in": ["red"]}}
        withheld = campaign(holdout={"percent": 50, "salt": "all"}, **{"for": members})
        plain = {"earning_rules": [rule()], "pending_days": 0}
        year = ExampleYear("coffee", enrolled_on=FIRST)
        year.becomes(program(**plain, campaigns=[withheld]))
        year.buy(FIRST, goods(10_000))

        document = program(**plain, campaigns=[withheld | {"holdout": None}])
        sums = try_on(person_of(year), trial_of(year.program, document))

        assert total(sums, "issued", "in_force") == 100
        assert total(sums, "issued", "proposed") == 110

    def test_an_order_that_would_earn_more_than_can_be_counted_is_counted_apart(self) -> None:
        too_much = [rule(points=10**6, per_minor=1)]
        sums, _ = bought(10_000_000, refunded=True, earning_rules=too_much)

        assert total(sums, "uncountable", "proposed") == 1
        assert total(sums, "issued", "proposed") == 0
        # A refund takes nothing that it never gave.
        assert total(sums, "taken_back", "proposed") == total(sums, "held_after", "proposed") == 0
        assert total(sums, "taken_back", "in_force") == 100_000

    @pytest.mark.parametrize("older", [{"v": 1, "sold": None}, {"v": 2}])
    def test_an_order_without_lines_is_not_guessed(self, older: dict[str, Any]) -> None:
        year = ExampleYear("coffee", enrolled_on=FIRST)
        year.buy(FIRST, goods(5000))
        person = person_of(year)
        without = {ref: replace(each, **older) for ref, each in person.orders.items()}

        with pytest.raises(LinesMissing):
            try_on(replace(person, orders=without), trial_of(year.program))

    def test_who_did_nothing_in_the_period_is_not_counted(self) -> None:
        person = PersonFacts(members=[], entries=[], orders={}, states={})

        assert try_on(person, trial_of(published())) == TrialSums()


PLAIN: Final[dict[str, Any]] = {
    "earning_rules": [rule()],
    "rewards": [reward()],
    "expiry": {"model": "after_earning", "months": 6},
    "pending_days": 0,
}
WELCOME: Final = campaign(
    id="welcome",
    effect={"kind": "fixed", "points": 50},
    limits={"budget": {"points": 1000, "per": "campaign"}},
)


def returned_fact(lots: dict[date, int]) -> EntryFact:
    """What came back of a redemption, from a fact of an order."""
    year = ExampleYear("coffee", enrolled_on=FIRST)
    year.becomes(program(**PLAIN))
    year.buy(FIRST, goods(1000))
    (earned,) = (each for each in person_of(year).entries if each.entry_kind == "accrual")
    (movement, *_) = earned.movements
    movements = [replace(movement, expires_on=lot, points=points) for lot, points in lots.items()]
    return replace(
        earned, entry_kind="return", points=sum(lots.values()), movements=tuple(movements)
    )


def of_segment(who: dict[str, Any]) -> Program:
    """A document with a campaign for a segment."""
    asking = campaign(
        id="big",
        effect={"kind": "fixed", "points": 50},
        **{"for": {"fact": "segment", "is_in": ["big"]}},
    )
    big = {"id": "big", "name": "Big", "who": who}
    return program(**PLAIN, campaigns=[asking], segments=[big])


FOR_BIRTHDAY: Final = {"for": {"fact": "birthday", "on": "month"}}


def bought(
    amount_minor: int,
    *,
    refunded: bool = False,
    redeems: str | None = None,
    last: date = date(2027, 12, 31),
    **proposed: Any,
) -> tuple[TrialSums, Program]:
    """A member bought once in a plain program, and this document is proposed instead."""
    year = ExampleYear("coffee", enrolled_on=FIRST)
    year.becomes(program(**PLAIN))
    year.buy(FIRST, goods(amount_minor))
    if refunded:
        year.give_back(FIRST, 1, whole=True)
    if redeems:
        year.redeem(FIRST + timedelta(days=1), redeems)
    document = program(**PLAIN | proposed)
    trial = replace(trial_of(year.program, document), last=last)
    return try_on(person_of(year), trial), document


@cache
def some_sums() -> tuple[TrialSums, ...]:
    """Sums of different members, in a document that gives twice as much."""
    coffee = ExampleYear("coffee", enrolled_on=FIRST).program
    rules = [
        each.model_copy(update={"points": 2 * each.points})
        for each in coffee.document.earning_rules
    ]
    doubled = coffee.document.model_copy(update={"earning_rules": rules})
    people = [person_of(random_year("coffee", seed)) for seed in range(12)]
    return tuple(
        renamed(try_on(person, trial_of(coffee, doubled)), f"mem_{number}")
        for number, person in enumerate(people)
    )


def renamed(sums: TrialSums, member_id: str) -> TrialSums:
    """The same for another member: all of them are called Ana."""

    def named(gains: Sequence[MemberGain]) -> tuple[MemberGain, ...]:
        return tuple(each._replace(member_id=member_id) for each in gains)

    return replace(
        sums, furthest_up=named(sums.furthest_up), furthest_down=named(sums.furthest_down)
    )


class TestSums:
    @given(st.permutations(range(12)), st.integers(1, 12))
    @settings(deadline=None)
    def test_it_does_not_matter_how_members_are_divided(
        self, order: Sequence[int], parts: int
    ) -> None:
        sums = some_sums()
        divided = [added_up(sums[number] for number in order[part::parts]) for part in range(parts)]

        assert added_up(divided) == added_up(sums)
        assert added_up(sums).members == 12

    @given(st.integers(-3000, 3000))
    def test_each_gain_is_in_one_group(self, points: int) -> None:
        bound = gain_group(points)

        assert bound is None or bound <= points

    def test_nobody_gains_or_loses_in_the_group_of_zero(self) -> None:
        assert (gain_group(-1), gain_group(0), gain_group(1)) == (-10, 0, 1)

"""Directed histories: orders meet in the limits of campaigns, change, and are refunded."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from loyalty.domain.people.identity import Identity
from loyalty.domain.program.campaigns import Campaign
from loyalty.domain.program.holdouts import UniversalHoldout
from tests.simulation import programs
from tests.simulation.naive_campaigns import given_by
from tests.simulation.programs import campaign
from tests.simulation.requests.campaigns import JoinCampaign
from tests.simulation.requests.common import EMAIL, PHONE
from tests.simulation.requests.members import Join, Merge, SignIn
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.points import Adjust
from tests.simulation.requests.rewards import Redeem
from tests.simulation.scene import (
    DAY,
    NOON,
    account,
    done,
    earned,
    entry_of,
    order,
    reading,
    refund,
    scene,
    shop_order,
    writing,
    writing_to,
)
from tests.simulation.world import Attempt, Fault, Newcomer, Request, World

FIRST = campaign(members={"fact": "first_order"})


def used_of_budget(world: World, name: str = "bonus") -> int:
    items: list[Any] = list(world.table.items.values())
    return sum(each["used"] for each in items if f"BUDGET#{name}#" in each["pk"])


def used_by(world: World, name: str, member_id: str = "ann") -> int:
    return account(world, member_id).redeemed.get(f"campaign#{name}", 0)


def of_campaign(world: World, order_id: str, name: str = "bonus") -> int:
    """What an order was given by a campaign when it was recorded."""
    items: dict[str, Any] = {
        key.pk.rsplit("#", 1)[1]: item
        for key, item in world.table.items.items()
        if key.sk == "ENTRY#accrual"
    }
    return given_by(items[order_id]).get(name, 0)


def at_once(world: World, requests: Sequence[Request]) -> None:
    """Start all requests, and let each in turn make one call on the table until all are done."""
    attempts: list[Attempt] = [world.start(each) for each in requests]
    while any(each.call is not None for each in attempts):
        for each in attempts:
            if each.call is not None:
                each.step()
    for each in attempts:
        done(each.answer)


def publish(world: World, *campaigns: Campaign) -> None:
    """A new version of the program in force, with these campaigns."""
    world.publish(programs.changed(world.program().document, {"campaigns": campaigns}))


class TestWhoItIsFor:
    def test_of_two_first_orders_at_once_one_gets_the_bonus(self) -> None:
        world = scene(campaigns=(FIRST,))

        at_once(world, [Earn(order("o1", 50), "ann"), Earn(order("o2", 50), "ann")])

        assert account(world).balance == 110
        assert account(world).orders == 2

    def test_an_order_that_is_refused_twice_reads_its_member_anew(self) -> None:
        second = campaign(members={"fact": "order_number", "every": 2})
        world = scene(campaigns=(second,))
        attempt = world.start(Earn(order("o1", 50), "ann"))
        for rival in ("o2", "o3"):
            attempt.run_to(writing)
            earned(world, 50, name=rival)
            attempt.step()

        assert attempt.call is not None
        assert reading(attempt.call)
        assert entry_of(attempt.finish()).points == 50

    def test_the_first_order_that_is_repeated_is_still_the_first(self) -> None:
        world, first = scene(campaigns=(FIRST,)), Earn(order("o1", 50), "ann")
        attempt = world.start(first)
        attempt.run_to(writing)
        attempt.step(Fault.ANSWER_LOST)
        earned(world, 50, name="o2")

        done(attempt.finish())
        again = entry_of(world.finish(first))

        assert again.points == 60
        assert account(world).balance == 110

    @pytest.mark.parametrize("names", [(EMAIL, PHONE), (PHONE, EMAIL)])
    def test_of_the_orders_of_a_guest_with_two_names_the_oldest_is_the_first(
        self, names: tuple[Identity, Identity]
    ) -> None:
        world = scene(campaigns=(FIRST,))
        for days, identity in ((1, names[0]), (3, names[1]), (2, names[0])):
            guests = order(f"o{days}", 50, occurred_at=NOON - days * DAY)
            done(world.finish(Earn(guests, None, (identity,))))

        done(world.finish(SignIn("pia", names)))

        assert [of_campaign(world, f"o{days}") for days in (1, 2, 3)] == [0, 0, 10]

    def test_who_enrolls_gets_the_bonus_for_their_oldest_order(self) -> None:
        world = scene(campaigns=(FIRST,))
        for days in (1, 3, 2):
            guests = order(f"o{days}", 50, occurred_at=NOON - days * DAY)
            done(world.finish(Earn(guests, None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert [of_campaign(world, f"o{days}") for days in (1, 2, 3)] == [0, 0, 10]

    def test_nobody_is_missed_whose_orders_are_not_all_known(self) -> None:
        missed = campaign(members={"fact": "days_since_order", "at_least": 2})
        world = scene("ann", campaigns=(missed,))
        world.enroll("bob", newcomer=lambda: Newcomer(orders=None))
        long_ago = order("o1", 50, occurred_at=NOON - 5 * DAY)
        done(world.finish(Earn(long_ago, "ann")))
        done(world.finish(Merge("bob", "ann", "m1")))
        earned(world, 50, name="o2")

        earned(world, 50, name="o3")

        assert (of_campaign(world, "o2"), of_campaign(world, "o3")) == (0, 0)

    def test_an_order_of_before_its_member_joined_does_not_count(self) -> None:
        world = scene(campaigns=(campaign(activation="join"),))
        done(world.finish(JoinCampaign("ann", "bonus")))

        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - DAY), "ann")))
        earned(world, 50, name="o2")

        assert (of_campaign(world, "o1"), of_campaign(world, "o2")) == (0, 10)

    def test_hours_are_those_of_the_program_and_belong_to_the_day_they_begin_on(self) -> None:
        when = {"weekdays": ["mon"], "hours": [{"from": "22:00", "until": "02:00"}]}
        night = campaign(members={"not": {"fact": "order_number", "is": 9}}, when=when)
        world = scene(zone="America/New_York", campaigns=(night,))
        # A Tuesday, one hour after midnight in New York, and two.
        counts, late = NOON.replace(hour=5), NOON.replace(hour=6)

        done(world.finish(Earn(order("o1", 50, occurred_at=counts), "ann")))
        done(world.finish(Earn(order("o2", 50, occurred_at=late), "ann")))

        assert (of_campaign(world, "o1"), of_campaign(world, "o2")) == (10, 0)

    def test_who_was_won_back_by_another_order_meanwhile_is_not_won_back_again(self) -> None:
        missed = campaign(members={"fact": "days_since_order", "at_least": 2})
        world = scene(campaigns=(missed,))
        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 5 * DAY), "ann")))
        attempt = world.start(Earn(order("o2", 50), "ann"))
        attempt.run_to(writing)
        done(world.finish(Earn(order("o3", 50, occurred_at=NOON - DAY), "ann")))

        done(attempt.finish())

        assert (of_campaign(world, "o2"), of_campaign(world, "o3")) == (0, 10)

    def test_an_older_order_that_is_recorded_at_once_is_not_the_latest(self) -> None:
        world = scene(campaigns=(campaign(),))
        older = world.start(Earn(order("o1", 50, occurred_at=NOON - DAY), "ann"))
        older.run_to(writing)
        earned(world, 50, name="o2")

        done(older.finish())

        assert (account(world).orders, account(world).bought_on) == (2, NOON.date())

    def test_an_order_to_which_goods_are_added_is_the_latest(self) -> None:
        missed = campaign(members={"fact": "days_since_order", "at_least": 2})
        world = scene(campaigns=(missed,))
        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 5 * DAY), "ann")))
        done(world.finish(Record(shop_order("o2", 0), "ann")))

        done(world.finish(Record(shop_order("o2", 50, seconds=1), "ann")))

        assert (account(world).orders, account(world).bought_on) == (2, NOON.date())
        earned(world, 50, name="o3")
        assert of_campaign(world, "o3") == 0

    def test_goods_count_that_are_added_to_an_order_whose_points_were_forgiven(self) -> None:
        world = scene(rules=programs.TIERED, clawback="within_balance")
        first = shop_order("o1", 20)
        taxed = replace(first, lines=(replace(first.lines[0], category="tax"),))
        done(world.finish(Record(taxed, "ann")))
        done(world.finish(Adjust("ann", -15, "j1")))
        done(world.finish(refund(taxed, amount=10)))
        assert (account(world).orders, account(world).bought_on) == (1, None)

        done(world.finish(Record(shop_order("o1", 50, seconds=1), "ann")))

        assert (account(world).orders, account(world).bought_on) == (1, NOON.date())


class TestRefunds:
    def test_the_winner_of_a_group_stays_though_less_of_the_order_would_choose_the_other(
        self,
    ) -> None:
        more = campaign(
            "more",
            effect={"kind": "fixed", "points": 30},
            orders={"fact": "amount", "at_least_minor": 50},
            group="best",
        )
        both = (more, campaign(group="best"))
        world = scene(campaigns=both, campaign_groups=programs.CAMPAIGN_GROUPS)
        bought = earned(world, 60)
        assert account(world).balance == 90

        done(world.finish(refund(bought, amount=20)))

        assert account(world).balance == 40

    def test_goods_that_cost_nothing_go_back_with_all_that_was_paid(self) -> None:
        each = campaign(effect={"kind": "per_unit", "points": 3})
        world = scene(campaigns=(each,))
        bought = order("o1", 50, 0)
        done(world.finish(Earn(bought, "ann")))
        assert account(world).balance == 56

        done(world.finish(refund(bought, amount=50)))

        assert account(world).balance == 0


class TestLimitsOfAMember:
    @pytest.mark.parametrize(
        ("limit", "orders", "points"),
        [({"points": 25}, 4, 25), ({"orders": 2, "per": "day"}, 4, 20)],
    )
    def test_orders_at_once_get_what_it_leaves_and_no_more(
        self, limit: dict[str, Any], orders: int, points: int
    ) -> None:
        world = scene(campaigns=(campaign(limits={"per_member": limit}),))

        at_once(world, [Earn(order(f"o{n}", 50), "ann") for n in range(orders)])

        assert account(world).balance == 50 * orders + points

    def test_a_refund_gives_back_what_it_took_and_not_what_was_forgiven(self) -> None:
        capped = campaign(limits={"per_member": {"points": 20}})
        world = scene(campaigns=(capped,), clawback="within_balance")
        one, other = earned(world, 50, name="o1"), earned(world, 50, name="o2")
        done(world.finish(Redeem("ann", "for-90", "k1")))
        done(world.finish(Redeem("ann", "for-10", "k2")))

        done(world.finish(refund(one)))
        done(world.finish(refund(other)))

        # Of 60 points each, 20 were there to be taken back, and then none.
        assert used_by(world, "bonus#all") == 20 - 10 * 20 // 60
        assert account(world).orders == 2

    def test_merged_members_have_used_together_more_than_one_may(self) -> None:
        capped = campaign(limits={"per_member": {"points": 15}})
        world = scene("ann", "bob", campaigns=(capped,))
        for number, member_id in enumerate(("ann", "ann", "bob", "bob")):
            earned(world, 50, by=member_id, name=f"o{number}")
        done(world.finish(Merge("bob", "ann", "m1")))

        earned(world, 50, name="o9")

        assert used_by(world, "bonus#all") == 30
        assert of_campaign(world, "o9") == 0


class TestBudgets:
    def test_orders_at_once_get_all_of_it_and_no_more(self) -> None:
        members = tuple("abcdefgh")
        budget = campaign(
            effect={"kind": "fixed", "points": 70}, limits={"budget": {"points": 1000}}
        )
        world = scene(*members, campaigns=(budget,))

        for round_ in range(3):
            names = [(f"o{round_}{who}", who) for who in members]
            at_once(world, [Earn(order(name, 50), who) for name, who in names])

        assert used_of_budget(world) == 1000
        given = [of_campaign(world, f"o{n}{who}") for n in range(3) for who in members]
        assert sum(given) == 1000
        assert sorted(given)[-14:] == [70] * 14

    def test_an_order_whose_answer_is_lost_takes_once(self) -> None:
        world = scene(campaigns=(campaign(limits={"budget": {"points": 1000}}),))
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing_to("BUDGET"))
        attempt.step(Fault.ANSWER_LOST)

        done(attempt.finish())

        assert used_of_budget(world) == 10

    def test_a_budget_that_is_raised_gives_more_and_one_that_is_lowered_gives_none(self) -> None:
        world = scene(campaigns=(campaign(limits={"budget": {"points": 15}}),))
        for name in ("o1", "o2", "o3"):
            earned(world, 50, name=name)

        publish(world, campaign(limits={"budget": {"points": 30}}))
        earned(world, 50, name="o4")
        publish(world, campaign(limits={"budget": {"points": 20}}))
        earned(world, 50, name="o5")

        assert [of_campaign(world, f"o{n}") for n in range(1, 6)] == [10, 5, 0, 10, 0]
        assert used_of_budget(world) == 25

    def test_what_a_refund_takes_back_can_be_given_again(self) -> None:
        world = scene("ann", "bob", campaigns=(campaign(limits={"budget": {"points": 10}}),))
        first = earned(world, 50, name="o1")
        done(world.finish(refund(first)))

        earned(world, 50, by="bob", name="o2")

        assert of_campaign(world, "o2") == 10
        assert used_of_budget(world) == 10

    def test_another_order_that_takes_the_rest_first_leaves_nothing(self) -> None:
        world = scene("ann", "bob", campaigns=(campaign(limits={"budget": {"points": 10}}),))
        attempt = world.start(Earn(order("o1", 50), "ann"))
        # It has read all shards, and is about to take from some of them.
        attempt.run_to(writing)
        attempt.step()
        attempt.run_to(writing)
        earned(world, 50, by="bob", name="o2")

        done(attempt.finish())

        assert (of_campaign(world, "o1"), of_campaign(world, "o2")) == (0, 10)


def _story() -> list[Request]:
    """Versions of an order and refunds of it."""
    return [
        Record(shop_order("o1", 50, 30), "ann"),
        Record(shop_order("o1", 90, seconds=1), "ann"),
        Record(shop_order("o1", 40, 40, quantity=2, seconds=2), "ann"),
        refund(shop_order("o1", 40), "r1", units={"l0": 1}),
        refund(shop_order("o1", 40), "r2", amount=25),
    ]


SHUFFLED = (
    campaign("more", effect={"kind": "multiply", "percent": 150}, group="best"),
    campaign("each", effect={"kind": "per_unit", "points": 30}, group="best"),
    campaign(limits={"per_member": {"points": 7}, "budget": {"points": 100}}),
    campaign(
        "steps",
        effect={
            "kind": "steps",
            "steps": [{"at_least_minor": 30, "points": 10}, {"at_least_minor": 60, "points": 80}],
        },
        limits={"per_member": {"points": 55, "orders": 1}},
        orders={"fact": "amount", "at_least_minor": 20},
    ),
)


def test_versions_of_an_order_and_its_refunds_end_alike_in_every_order() -> None:
    outcomes = set()
    for shuffled in permutations(_story()):
        world = scene(campaigns=SHUFFLED, campaign_groups=programs.CAMPAIGN_GROUPS)
        for request in shuffled:
            done(world.finish(request))
        counters = {name: used for name, used in account(world).redeemed.items() if used}
        held = account(world)
        outcomes.add((held.balance, held.orders, str(counters), used_of_budget(world)))

    assert len(outcomes) == 1


class TestHoldouts:
    """By this salt ann is held out, and bob is not."""

    HALF = campaign(holdout={"percent": 50, "salt": "half"})

    def test_what_is_withheld_stays_withheld_when_the_order_changes(self) -> None:
        world = scene("ann", "bob", campaigns=(self.HALF, campaign("all")))

        for member_id in ("ann", "bob"):
            of = shop_order(f"of-{member_id}", 50)
            done(world.finish(Record(of, member_id)))
            done(world.finish(Record(shop_order(of.order_id, 80, seconds=1), member_id)))
            done(world.finish(refund(of, "r1", amount=20)))

        assert [of_campaign(world, f"of-{each}") for each in ("ann", "bob")] == [0, 10]
        assert [of_campaign(world, f"of-{each}", "all") for each in ("ann", "bob")] == [10, 10]

    def test_a_version_without_the_holdout_gives_old_orders_nothing(self) -> None:
        world = scene("ann", campaigns=(self.HALF,))
        done(world.finish(Record(shop_order("o1", 50), "ann")))
        publish(world, campaign())

        done(world.finish(Record(shop_order("o1", 80, seconds=1), "ann")))
        done(world.finish(Earn(order("o2", 50), "ann")))

        assert sum(account(world, "ann").holding.lots.values()) == 80 + 50 + 10
        assert of_campaign(world, "o2") == 10

    def test_the_holdout_of_a_program_withholds_all_campaigns(self) -> None:
        everywhere = UniversalHoldout(percent=50, salt="half")
        world = scene("ann", "bob", campaigns=(campaign(),), universal_holdout=everywhere)

        for member_id in ("ann", "bob"):
            done(world.finish(Earn(order(f"of-{member_id}", 50), member_id)))

        assert [of_campaign(world, f"of-{each}") for each in ("ann", "bob")] == [0, 10]

    def test_a_group_gives_whoever_is_held_out_of_its_best_campaign_another_one(self) -> None:
        best = campaign(
            "best", holdout={"percent": 50, "salt": "half"}, group="best",
            effect={"kind": "fixed", "points": 30},
        )  # fmt: skip
        world = scene(
            "ann", "bob", campaigns=(best, campaign("next", group="best")),
            campaign_groups=programs.CAMPAIGN_GROUPS,
        )  # fmt: skip

        for member_id in ("ann", "bob"):
            done(world.finish(Earn(order(f"of-{member_id}", 50), member_id)))

        given = [of_campaign(world, f"of-{each}", "next") for each in ("ann", "bob")]
        assert given == [10, 0]

"""Directed histories: who gets the orders and the identities of guests."""

import pytest

from loyalty.table.operations import Query
from tests.simulation.requests.common import EMAIL, PHONE
from tests.simulation.requests.members import Join, Link, Merge, Note, SignIn
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.points import Adjust
from tests.simulation.scene import (
    DAY,
    NOON,
    account,
    done,
    kinds,
    living,
    order,
    refund,
    scene,
    shop_order,
    writing,
    writing_to,
)
from tests.simulation.world import Fault, Read, Request, Write


class TestIdentities:
    def test_a_person_who_signs_in_between_the_two_steps_of_a_merge_gets_their_guest_orders(
        self,
    ) -> None:
        world = scene("ann", "bob")
        done(world.finish(Note("ann", EMAIL)))
        done(world.finish(Earn(order("o1", 50), None, (PHONE,))))
        done(world.finish(Link("ann", EMAIL)))
        claiming = world.start(Link("ann", PHONE))
        claiming.run_to(lambda call: isinstance(call, Read) and isinstance(call.target, Query))
        merging = world.start(Merge("ann", "bob", "m0"))
        merging.run_to(writing_to("PROFILE"))

        done(world.finish(SignIn("pia", (EMAIL, PHONE))))

        assert account(world, "bob").balance == 50

    def test_a_survivor_gets_an_identity_that_a_half_done_merge_has_not_passed_on(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Link("ann", EMAIL)))
        merging = world.start(Merge("ann", "bob", "m0"))
        merging.run_to(writing_to("PROFILE"))

        done(world.finish(Link("bob", EMAIL)))

        done(merging.finish())
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))
        assert account(world, "bob").balance == 50

    def test_a_member_who_proves_an_address_takes_it_from_one_who_only_noted_it(self) -> None:
        world = scene("ann")
        done(world.finish(SignIn("mallory", (PHONE,))))
        (mallory,) = set(world.auditor.accounts) - {"ann"}
        done(world.finish(Note(mallory, EMAIL)))
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(SignIn("pia", (EMAIL,))))
        (pia,) = set(world.auditor.accounts) - {"ann", mallory}

        assert [account(world, each).balance for each in (mallory, pia)] == [0, 50]

    def test_a_member_enrolled_at_a_till_signs_in_to_the_same_account(self) -> None:
        world = scene("ann")
        done(world.finish(Note("ann", EMAIL)))
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(SignIn("pia", (EMAIL,))))

        assert set(world.auditor.accounts) == {"ann"}
        assert account(world).balance == 50

    def test_an_identity_noted_for_a_member_who_loses_an_address_meanwhile_is_kept(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Note("bob", EMAIL)))
        proving = world.start(Link("ann", EMAIL))
        proving.run_to(writing_to("PROFILE"))
        proving.step()
        proving.run_to(writing_to("PROFILE"))

        done(world.finish(Note("bob", PHONE)))
        done(proving.finish())
        buying = world.finish(Earn(order("o1", 50), None, (PHONE,)))

        done(buying)
        assert account(world, "bob").balance == 50

    def test_an_order_that_arrives_during_the_proof_goes_to_one_of_the_two_members(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Note("bob", EMAIL)))
        done(world.finish(Link("ann", PHONE)))
        buying = world.start(Earn(order("o1", 50), None, (EMAIL,)))
        buying.run_to(writing_to("ENTRY"))

        done(world.finish(Link("ann", EMAIL)))
        done(buying.finish())

        assert sorted(account(world, each).balance for each in ("ann", "bob")) == [0, 50]


class TestGuests:
    def test_a_new_member_gets_the_points_of_earlier_orders_less_their_refunds(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(Earn(of, None, (EMAIL,))))
        done(world.finish(refund(of, amount=20)))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 30
        assert kinds(world, "dan") == ["accrual", "clawback"]

    def test_a_member_who_proves_another_address_gets_the_orders_under_it(self) -> None:
        world = scene()
        for number, identity in enumerate((EMAIL, PHONE)):
            done(world.finish(Earn(order(f"o{number}", 50), None, (identity,))))

        done(world.finish(Link("ann", PHONE)))

        assert account(world).balance == 50

    def test_an_address_without_proof_claims_no_earlier_orders(self) -> None:
        world = scene()
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(Join("dan", verified=False)))
        before = account(world, "dan").balance
        done(world.finish(Link("dan")))

        assert (before, account(world, "dan").balance) == (0, 50)

    def test_an_order_kept_under_two_identities_is_claimed_once(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Earn(order("o1", 50), None, (EMAIL, PHONE))))

        done(world.finish(Link("ann", PHONE)))
        done(world.finish(Link("bob", EMAIL)))

        assert [account(world, each).balance for each in ("ann", "bob")] == [50, 0]

    def test_of_two_members_who_claim_an_order_at_once_one_gets_it(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Earn(order("o1", 50), None, (EMAIL, PHONE))))
        attempts = [world.start(Link("ann", PHONE)), world.start(Link("bob", EMAIL))]
        for attempt in attempts:
            attempt.run_to(writing_to("ENTRY"))

        for attempt in attempts:
            done(attempt.finish())

        assert [account(world, each).balance for each in ("ann", "bob")] == [50, 0]

    def test_an_order_that_is_kept_while_its_guest_enrolls_is_claimed(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), None, (EMAIL,)))
        attempt.run_to(writing)
        done(world.finish(Join("dan")))

        done(attempt.finish())

        assert account(world, "dan").balance == 50

    def test_an_order_that_is_kept_just_before_its_guest_claims_is_claimed(self) -> None:
        world = scene()
        attempt = world.start(Join("dan"))
        attempt.run_to(writing)
        earning = world.start(Earn(order("o1", 50), None, (EMAIL,)))
        earning.run_to(writing)
        attempt.step()
        earning.step()

        done(attempt.finish())

        assert account(world, "dan").balance == 50

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (Join("dan"), Earn(order("o1", 50), None, (EMAIL,))),
            (Earn(order("o1", 50), None, (EMAIL,)), Join("dan")),
        ],
    )
    def test_an_enrollment_and_an_order_at_once_find_each_other_even_if_every_index_is_behind(
        self, before: Request, after: Request
    ) -> None:
        world = scene()
        done(world.finish(before))
        attempt = world.start(after)

        while attempt.call is not None:
            attempt.step(Fault.STALE)

        assert account(world, "dan").balance == 50

    def test_an_order_that_cannot_be_claimed_does_not_block_the_others(self) -> None:
        world = scene()
        for name in ("o1", "o2"):
            done(world.finish(Record(shop_order(name, 50), None, (EMAIL,))))
        attempt = world.start(Join("dan"))
        attempt.run_to(writing_to("ENTRY"))
        # The oldest is claimed first.
        done(world.finish(Record(shop_order("o1", 80, seconds=1), None, (EMAIL,))))

        done(attempt.finish())

        assert account(world, "dan").balance == 80 + 50

    def test_the_oldest_order_is_claimed_first(self) -> None:
        world = scene()
        for days in (3, 1, 5, 2, 4):
            of = order(f"o{days}", 50, occurred_at=NOON - days * DAY)
            done(world.finish(Earn(of, None, (EMAIL,))))
        entries: list[str] = []
        attempt = world.start(Join("dan"))

        while (call := attempt.call) is not None:
            if isinstance(call, Write) and call.operations[0].key.sk == "ENTRY#accrual":
                entries.append(call.operations[0].key.pk[-2:])
            attempt.step()

        assert entries == ["o5", "o4", "o3", "o2", "o1"]

    def test_the_latest_version_of_a_guests_order_is_claimed(self) -> None:
        world = scene()
        for seconds, amount in ((0, 50), (2, 80), (1, 70)):
            done(world.finish(Record(shop_order("o1", amount, seconds=seconds), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 80

    def test_an_order_that_changes_while_it_is_claimed_is_claimed_in_its_new_version(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50), None, (EMAIL,))))
        attempt = world.start(Join("dan"))
        attempt.run_to(writing_to("ENTRY"))
        changed = world.start(Record(shop_order("o1", 80, seconds=1), None, (PHONE,)))
        changed.run_to(writing_to("ENTRY"))
        changed.step()
        while changed.call is not None:
            changed.step()

        done(attempt.finish())

        assert account(world, "dan").balance == 80

    def test_a_refund_that_arrives_while_its_order_is_claimed_counts(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(Earn(of, None, (EMAIL,))))
        attempt = world.start(Join("dan"))
        attempt.run_to(writing_to("ENTRY"))
        done(world.finish(refund(of, amount=20)))

        done(attempt.finish())

        assert account(world, "dan").balance == 30

    def test_a_waiting_refund_survives_every_change_of_a_guests_order(self) -> None:
        world = scene()
        done(world.finish(refund(order("o1", 50), "r1", amount=10)))
        done(world.finish(Record(shop_order("o1", 50), None, (EMAIL,))))
        done(world.finish(refund(order("o1", 50), "r2", amount=20)))
        done(world.finish(Record(shop_order("o1", 80, seconds=1), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 50

    def test_the_same_version_of_a_guests_order_again_writes_nothing(self) -> None:
        world = scene()
        request = Record(shop_order("o1", 50), None, (EMAIL,))
        done(world.finish(request))
        done(world.finish(Record(shop_order("o1", 80, seconds=1), None, (EMAIL,))))
        attempt = world.start(Record(shop_order("o1", 80, seconds=1), None, (EMAIL,)))

        attempt.run_to(writing_to("ORDER"))

        assert attempt.answer is not None
        assert world.table.items[request.cause]["count"] == 2

    def test_an_order_older_than_the_program_allows_is_not_claimed(self) -> None:
        world = scene(claim_days=2)
        for days in (1, 3):
            of = order(f"o{days}", 50, occurred_at=NOON - days * DAY)
            done(world.finish(Earn(of, None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert kinds(world, "dan") == ["accrual"]

    def test_a_program_without_claims_gives_no_points_for_guest_orders(self) -> None:
        world = scene(claim_days=0)
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 0

    def test_points_of_claimed_orders_expire_like_those_of_a_member(self) -> None:
        world = scene(expiry=living(1))
        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 2 * DAY), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert kinds(world, "dan") == ["accrual", "expiry"]

    def test_points_of_claimed_orders_pay_a_debt_first(self) -> None:
        world = scene()
        done(world.finish(Adjust("ann", -20, "j0", below_zero=True)))
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(Link("ann")))

        assert (account(world).holding.debt, account(world).balance) == (0, 30)

    def test_points_claimed_while_the_member_is_merged_go_to_the_survivor(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))
        attempt = world.start(Link("ann"))
        attempt.run_to(writing_to("ENTRY"))
        done(world.finish(Merge("ann", "bob", "m1")))

        done(attempt.finish())

        assert account(world, "bob").balance == 50

    def test_after_a_merge_the_survivor_is_found_by_the_others_identities(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Link("ann")))
        done(world.finish(Merge("ann", "bob", "m1")))

        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        assert account(world, "bob").balance == 50

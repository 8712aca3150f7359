"""Deliveries about customers and memberships count once, and the latest state wins."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any, Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.people.identity import Identity, Keyring, identify
from loyalty.domain.people.member import MemberUpdate
from loyalty.domain.plans.held_plan import HeldPlan
from loyalty.domain.shops.customers import CustomerErased, CustomerUpdated
from loyalty.domain.shops.memberships import MembershipUpdated
from loyalty.domain.shops.storefront import Outcome, Storefront
from loyalty.table.books import TableBooks
from loyalty.table.customers import TableCustomers
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
from loyalty.table.operations import Operation
from loyalty.usecases.people.enrollment import Application, enroll, enroll_oneself
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import change, erase, look_up
from loyalty.usecases.ports import Desk
from loyalty.usecases.shops.customers import apply_to_person
from tests.support.documents import published, rule
from tests.support.received import storefront

NOW: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
CUSTOMER: Final = identify("customer", "207", source="shop")
EMAIL: Final = identify("email", "ana@example.com")
OTHER: Final = identify("email", "ana@work.example.com")
PHONE: Final = identify("phone", "+33612345678")
RING: Final = Keyring({"1": b"secret"}, current="1")
PLAN: Final = {
    "id": "prime",
    "name": "Prime",
    "grace_days": 3,
    "billing": [{"storefront": "online", "prices": ["price_gold"]}],
}
PAID_UNTIL: Final = datetime(2026, 12, 21, 12, tzinfo=UTC)
PRIME: Final = HeldPlan("prime", NOW.date(), date(2026, 12, 24), "active", grace_days=3)


class Killed(Exception):
    """The function was killed at work."""


class Table(MemoryEngine):
    """A table that counts writes, and can kill the function at one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.dies_at: tuple[int, bool] | None = None

    def write(self, operations: Sequence[Operation]) -> None:
        self.writes += 1
        died_at, is_written = self.dies_at or (0, False)
        if self.writes != died_at:
            super().write(operations)
            return
        if is_written:
            super().write(operations)
        raise Killed


class Shop:
    """A connected shop that delivers its customers."""

    def __init__(self, **changes: Any) -> None:
        self.table = Table()
        self.program = published(plans=[PLAN], earning_rules=[rule()])
        self.now = NOW
        self.storefront: Storefront | None = storefront("stripe", connected_at=NOW, **changes)
        engine = Persistent(self.table, pause=lambda _attempt: None)
        self.members = TableMembers(engine, program_id="bean", keyring=lambda: RING)
        self.customers = TableCustomers(engine, program_id="bean", keyring=lambda: RING)

    @property
    def desk(self) -> Desk:
        return Desk(
            books=TableBooks(self.table, program_id="bean", zone=self.program.document.zone),
            program=self.program,
            version=lambda _number: self.program,
            now=self.now,
            new_code=lambda: "code",
            pause=lambda _attempt: None,
        )

    def tells(self, command: CustomerUpdated | CustomerErased | MembershipUpdated) -> Outcome:
        return apply_to_person(
            command,
            storefront=self.storefront,
            new_member_id=lambda customer: f"mem_{customer.value}",
            customers=self.customers,
            members=self.members,
            desk=self.desk,
        )

    def enrolls(self, *claims: IdentityClaim, member_id: str = "ana") -> None:
        enroll(
            Application(member_id=member_id, claims=claims), members=self.members, desk=self.desk
        )

    def known_as(self, member_id: str = "ana") -> dict[Identity, bool]:
        return dict(look_up(member_id, members=self.members, strong=True).member.identities)

    def plan(self, member_id: str = "ana") -> HeldPlan | None:
        account = self.desk.books.account(member_id, strong=True)
        assert account is not None
        return account.plan


@pytest.fixture
def shop() -> Shop:
    """Of which Ana is a member, by an e-mail that she has proven."""
    shop = Shop()
    shop.enrolls(IdentityClaim(EMAIL, verified=True))
    return shop


def customer(*contacts: Identity, **changes: Any) -> CustomerUpdated:
    what: dict[str, Any] = {"name": "Ana", "told_at": NOW} | changes
    return CustomerUpdated(customer=CUSTOMER, contacts=contacts, **what)


def membership(**changes: Any) -> MembershipUpdated:
    what: dict[str, Any] = {"paid_until": PAID_UNTIL, "told_at": NOW, "began_at": NOW} | changes
    return MembershipUpdated(
        customer=CUSTOMER, membership_id="sub_1", prices=("price_gold", "prod_gold"), **what
    )


class TestCustomers:
    def test_a_member_is_linked_by_their_e_mail(self, shop: Shop) -> None:
        outcome = shop.tells(customer(EMAIL, PHONE))

        assert (outcome.status, outcome.member_id) == ("linked", "ana")
        assert EMAIL in shop.known_as()
        assert CUSTOMER in shop.known_as()

    def test_the_customer_is_proven_only_where_the_platform_verified_the_contact(
        self, shop: Shop
    ) -> None:
        shop.tells(customer(EMAIL))
        assert shop.known_as() == {EMAIL: True, CUSTOMER: False}
        assert shop.members.member_of([CUSTOMER]) is None
        assert shop.members.earner_of([CUSTOMER]) == "ana"

        shop.tells(customer(EMAIL, verified=frozenset({EMAIL}), told_at=NOW + MINUTE))

        assert shop.known_as() == {EMAIL: True, CUSTOMER: True}
        assert shop.members.member_of([CUSTOMER]) == "ana"

    def test_a_shop_account_with_a_members_address_adds_no_other_address(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL))

        moved = customer(OTHER, verified=frozenset({OTHER}), told_at=NOW + MINUTE)
        shop.tells(moved)

        assert OTHER not in shop.known_as()

    def test_an_address_that_is_only_noted_links_no_member(self, shop: Shop) -> None:
        member_update = MemberUpdate(add={OTHER: False})
        change("ana", member_update, proven=None, members=shop.members, desk=shop.desk)

        outcome = shop.tells(customer(OTHER))

        assert (outcome.status, outcome.reason) == ("ignored", "no_member")

    def test_an_unproven_contact_does_not_prove_the_customer(self) -> None:
        shop = Shop()
        shop.enrolls(IdentityClaim(EMAIL, verified=False))

        shop.tells(customer(EMAIL))

        assert shop.known_as() == {EMAIL: False, CUSTOMER: False}

    def test_a_verified_e_mail_that_is_new_is_added(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL, verified=frozenset({EMAIL})))

        later = customer(OTHER, verified=frozenset({OTHER}), told_at=NOW + MINUTE)
        outcome = shop.tells(later)

        assert (outcome.status, outcome.replayed) == ("linked", False)
        assert shop.known_as() == {EMAIL: True, CUSTOMER: True, OTHER: True}

    def test_an_unverified_e_mail_is_not_added_to_a_member_with_a_proven_one(
        self, shop: Shop
    ) -> None:
        shop.tells(customer(EMAIL, verified=frozenset({EMAIL})))

        shop.tells(customer(OTHER, PHONE, told_at=NOW + MINUTE))

        assert shop.known_as() == {EMAIL: True, CUSTOMER: True}

    def test_an_unverified_e_mail_is_added_to_a_member_without_proven_identities(self) -> None:
        shop = Shop()
        shop.enrolls(IdentityClaim(EMAIL))

        shop.tells(customer(EMAIL, PHONE))

        assert shop.known_as() == {EMAIL: False, CUSTOMER: False, PHONE: False}
        assert shop.members.member_of([CUSTOMER]) == "ana"

    def test_an_e_mail_that_the_platform_verified_proves_a_member_enrolled_at_a_till(self) -> None:
        shop = Shop()
        shop.enrolls(IdentityClaim(EMAIL))

        shop.tells(customer(EMAIL, verified=frozenset({EMAIL})))

        assert shop.known_as() == {EMAIL: True, CUSTOMER: True}

    def test_a_repeated_delivery_changes_nothing(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL))
        before = dict(shop.table.items)

        outcome = shop.tells(customer(EMAIL))

        assert (outcome.status, outcome.replayed) == ("linked", True)
        assert shop.table.items == before

    def test_an_older_state_is_outdated(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL, told_at=NOW + MINUTE))

        outcome = shop.tells(customer(OTHER, told_at=NOW))

        assert (outcome.status, outcome.reason) == ("ignored", "outdated")
        assert OTHER not in shop.known_as()

    def test_an_e_mail_of_another_member_stays_theirs(self, shop: Shop) -> None:
        shop.enrolls(IdentityClaim(OTHER), member_id="ben")
        shop.tells(customer(EMAIL))

        shop.tells(customer(OTHER, told_at=NOW + MINUTE))

        assert OTHER not in shop.known_as()
        assert shop.known_as("ben") == {OTHER: False}

    def test_an_unknown_customer_is_not_enrolled_by_default(self, shop: Shop) -> None:
        outcome = shop.tells(customer(OTHER, consents={"email": True}))

        assert (outcome.status, outcome.reason) == ("ignored", "no_member")
        assert shop.members.find("mem_207", strong=True) is None

    def test_an_erased_customer_is_not_linked(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL))
        erase("ana", members=shop.members, desk=shop.desk)

        outcome = shop.tells(customer(EMAIL, told_at=NOW + MINUTE))

        assert (outcome.status, outcome.reason) == ("ignored", "no_member")


class TestEnrolling:
    @pytest.fixture
    def shop(self) -> Shop:
        return Shop(enroll_customers=True)

    def test_a_customer_who_consents_becomes_a_member(self, shop: Shop) -> None:
        outcome = shop.tells(customer(EMAIL, consents={"email": True}))

        assert (outcome.status, outcome.member_id) == ("enrolled", "mem_207")
        member = look_up("mem_207", members=shop.members).member
        assert member.profile.name == "Ana"
        assert member.consents["email"].given
        assert member.identities == {CUSTOMER: True, EMAIL: False}

    def test_a_proven_address_does_not_prove_the_owner_of_the_account(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL, consents={"email": True}))
        signed_in = identify("subject", "sub-ana")

        enrolled = enroll_oneself(
            Application(member_id="ana"),
            proven=[signed_in, EMAIL],
            members=shop.members,
            desk=shop.desk,
        )

        assert enrolled.member.member_id == "mem_207"
        assert shop.known_as("mem_207") == {signed_in: True, EMAIL: True, CUSTOMER: False}
        assert shop.members.member_of([CUSTOMER]) is None

    @pytest.mark.parametrize("consents", [{}, {"email": False}])
    def test_a_customer_without_consent_is_not_enrolled(
        self, shop: Shop, consents: dict[str, bool]
    ) -> None:
        outcome = shop.tells(customer(EMAIL, consents=consents))

        assert (outcome.status, outcome.reason) == ("ignored", "no_member")

    def test_a_customer_is_enrolled_once(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL, consents={"email": True}))

        outcome = shop.tells(customer(EMAIL, consents={"email": True}))

        assert (outcome.status, outcome.member_id) == ("linked", "mem_207")

    def test_an_erased_customer_is_not_enrolled_again(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL, consents={"email": True}))
        erase("mem_207", members=shop.members, desk=shop.desk)

        later = customer(EMAIL, consents={"email": True}, told_at=NOW + MINUTE)
        outcome = shop.tells(later)

        assert (outcome.status, outcome.reason) == ("ignored", "member_closed")

    def test_a_member_who_was_unlinked_is_not_linked_again(self, shop: Shop) -> None:
        shop.tells(customer(consents={"email": True}))
        parted = MemberUpdate(remove=frozenset({CUSTOMER}))
        change("mem_207", parted, proven=None, members=shop.members, desk=shop.desk)

        outcome = shop.tells(customer(PHONE, consents={"email": True}, told_at=NOW + MINUTE))

        assert (outcome.status, outcome.reason) == ("ignored", "member_closed")

    def test_a_customer_who_consents_later_is_enrolled_then(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL))

        outcome = shop.tells(customer(EMAIL, consents={"email": True}, told_at=NOW + MINUTE))

        assert outcome.status == "enrolled"


class TestErasedCustomers:
    def test_a_member_stays_a_member_and_is_unlinked_from_the_customer(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL))

        outcome = shop.tells(CustomerErased(customer=CUSTOMER))

        assert (outcome.status, outcome.member_id) == ("unlinked", "ana")
        assert shop.known_as() == {EMAIL: True}

    def test_a_late_delivery_does_not_link_a_deleted_customer(self, shop: Shop) -> None:
        shop.tells(CustomerErased(customer=CUSTOMER))

        outcome = shop.tells(customer(EMAIL))

        assert (outcome.status, outcome.reason) == ("ignored", "erased")
        assert shop.known_as() == {EMAIL: True}

    def test_a_repeated_delivery_changes_nothing(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL))
        shop.tells(CustomerErased(customer=CUSTOMER))
        before = dict(shop.table.items)

        outcome = shop.tells(CustomerErased(customer=CUSTOMER))

        assert (outcome.status, outcome.reason) == ("ignored", "no_member")
        assert shop.table.items == before


class TestMemberships:
    @pytest.fixture(autouse=True)
    def already_a_customer(self, shop: Shop) -> None:
        shop.tells(customer(EMAIL))

    def test_a_membership_that_is_paid_is_its_plan_with_days_of_grace(self, shop: Shop) -> None:
        outcome = shop.tells(membership())

        assert (outcome.status, outcome.member_id) == ("granted", "ana")
        assert shop.plan() == PRIME

    def test_a_repeated_delivery_changes_nothing(self, shop: Shop) -> None:
        shop.tells(membership())
        before = dict(shop.table.items)

        assert shop.tells(membership()).replayed
        assert shop.table.items == before

    def test_a_renewal_moves_the_day(self, shop: Shop) -> None:
        shop.tells(membership())

        later = PAID_UNTIL + timedelta(days=31)
        shop.tells(membership(paid_until=later, told_at=NOW + MINUTE))

        assert shop.plan() == PRIME._replace(until=date(2027, 1, 24))

    def test_a_membership_that_was_ended_is_over_with_that_day(self, shop: Shop) -> None:
        shop.tells(membership())
        ended_at = NOW + MINUTE

        outcome = shop.tells(membership(ends_at=ended_at, told_at=ended_at))

        assert outcome.status == "granted"
        assert shop.plan() == PRIME._replace(until=NOW.date(), grace_days=0)
        shop.now += timedelta(days=1)
        assert shop.tells(membership(ends_at=ended_at, told_at=ended_at)).status == "ended"

    def test_a_late_renewal_does_not_revive_an_ended_membership(self, shop: Shop) -> None:
        shop.tells(membership(ends_at=NOW - timedelta(days=1), told_at=NOW + MINUTE))
        ended = shop.plan()

        outcome = shop.tells(membership())

        assert outcome.reason == "outdated"
        assert shop.plan() == ended

    def test_a_shop_that_is_connected_again_gives_nothing_again(self, shop: Shop) -> None:
        shop.tells(membership())
        before = dict(shop.table.items)
        shop.storefront = storefront("stripe", connected_at=NOW + timedelta(days=1))

        assert shop.tells(membership()).replayed
        assert shop.table.items == before

    @pytest.mark.parametrize("storefront_id", ["elsewhere", None])
    def test_what_no_plan_of_the_shop_is_sold_as_is_ignored(
        self, shop: Shop, storefront_id: str | None
    ) -> None:
        shop.storefront = (
            storefront("stripe", connected_at=NOW, storefront_id=storefront_id)
            if storefront_id
            else None
        )

        assert shop.tells(membership()).reason == "unknown_plan"

    def test_nothing_is_stored_of_an_unknown_customer_so_that_the_delivery_can_be_replayed(
        self,
    ) -> None:
        shop = Shop()

        assert shop.tells(membership()).reason == "no_member"
        shop.enrolls(IdentityClaim(CUSTOMER))

        assert shop.tells(membership()).status == "granted"

    def test_a_membership_of_an_erased_member_is_ignored(self, shop: Shop) -> None:
        erase("ana", members=shop.members, desk=shop.desk)

        assert shop.tells(membership()).reason == "no_member"


LIFE: Final = (
    customer(EMAIL, told_at=NOW),
    customer(EMAIL, PHONE, told_at=NOW + MINUTE),
)
PAID: Final = (
    membership(told_at=NOW),
    membership(paid_until=PAID_UNTIL + timedelta(days=31), told_at=NOW + MINUTE),
    membership(ends_at=NOW + 2 * MINUTE, told_at=NOW + 2 * MINUTE),
)


@pytest.mark.parametrize("told_in", list(permutations(range(3))))
def test_deliveries_about_a_membership_lead_to_the_same_end_in_any_sequence(
    shop: Shop, told_in: tuple[int, ...]
) -> None:
    shop.tells(customer(EMAIL))

    for number in told_in:
        shop.tells(PAID[number])

    assert shop.plan() == PRIME._replace(until=NOW.date(), grace_days=0)


DEATHS: Final = [(number, is_written) for number in (1, 2, 3) for is_written in (False, True)]


@pytest.mark.parametrize("dies_at", DEATHS)
@pytest.mark.parametrize("command", [*LIFE, *PAID, CustomerErased(customer=CUSTOMER)])
def test_a_run_killed_at_any_write_is_completed_by_the_next(
    command: Any, dies_at: tuple[int, bool]
) -> None:
    books = []
    for is_killed in (False, True):
        shop = Shop()
        shop.enrolls(IdentityClaim(EMAIL, verified=True))
        shop.tells(customer(EMAIL, told_at=NOW - MINUTE))
        shop.tells(membership(told_at=NOW - MINUTE))
        shop.table.writes = 0
        if is_killed:
            shop.table.dies_at = dies_at
            try:
                shop.tells(command)
            except Killed:
                shop.table.dies_at = None
        shop.tells(command)
        books.append(dict(shop.table.items))

    assert books[0] == books[1]

"""Enrollment against lost answers, rivals, stale reads and keys that are being replaced."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import IdentityTaken, LimitReached, NotFound, TryAgain
from loyalty.domain.ledger.entries import OrderCause
from loyalty.domain.people.identity import Identity, Keyring, identify
from loyalty.domain.people.member import MemberUpdate
from loyalty.table import keys
from loyalty.table.books import TableBooks
from loyalty.table.engine import Engine, Persistent
from loyalty.table.members import TableMembers
from loyalty.table.operations import Assign, Item, Key, Operation, Transient, Update, equal
from loyalty.usecases.orders.accrual import Customer, earn
from loyalty.usecases.people.enrollment import Application, enroll, enroll_oneself
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import change, erase, history, look_up, unite
from loyalty.usecases.ports import Desk
from tests.support.documents import published
from tests.support.orders import line, order

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
EMAIL = identify("email", "ana@example.com")
PHONE = identify("phone", "+33612345678")
CARD = identify("card", "6034-1")
SUBJECT = identify("subject", "sub-ana")
RING = Keyring({"1": b"secret"}, current="1")


class Table(MemoryEngine):
    """A table on which a test lets things go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.before_write: list[Callable[[], None]] = []
        self.after_read: list[Callable[[], None]] = []
        self.answers_lost = 0
        self.stale: dict[Key, Item] | None = None

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        items = self.items if strong or self.stale is None else self.stale
        found = {key: items[key] for key in keys if key in items}
        if self.after_read:
            self.after_read.pop()()
        return found

    def write(self, operations: Sequence[Operation]) -> None:
        if self.before_write:
            self.before_write.pop()()
        super().write(operations)
        if self.answers_lost:
            self.answers_lost -= 1
            raise Transient("the answer was lost")


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def members(table: Table) -> TableMembers:
    return members_of(table)


@pytest.fixture
def desk(table: Table) -> Desk:
    program = published()
    return Desk(
        books=TableBooks(table, program_id="bean", zone=program.document.zone),
        program=program,
        version=lambda _number: program,
        now=NOW,
        new_code=lambda: "code",
        pause=no_pause,
    )


def no_pause(_attempt: int) -> None:
    pass


def members_of(engine: Engine, ring: Keyring = RING) -> TableMembers:
    persistent = Persistent(engine, pause=no_pause)
    return TableMembers(persistent, program_id="bean", keyring=lambda: ring)


def application(*identities: Identity, member_id: str = "mem_1", **details: Any) -> Application:
    claims = tuple(IdentityClaim(identity) for identity in identities)
    return Application(member_id=member_id, claims=claims, **details)


class TestLostAnswers:
    def test_an_enrollment_is_new_although_its_answer_was_lost(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.answers_lost = 1

        enrolled = enroll(application(EMAIL, CARD), members=members, desk=desk)

        assert enrolled.is_new
        assert enrolled.member.member_id == members.member_of([CARD]) == "mem_1"

    def test_enrolling_oneself_gives_the_member_although_the_answer_was_lost(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.answers_lost = 1

        enrolled = enroll_oneself(
            application(), proven=[SUBJECT, EMAIL], members=members, desk=desk
        )

        assert enrolled.is_new
        assert enrolled.member.member_id == members.member_of([SUBJECT]) == "mem_1"

    def test_a_change_is_made_once_although_its_answer_was_lost(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        table.answers_lost = 1

        changed = change(
            "mem_1",
            MemberUpdate(add={CARD: False}, remove=frozenset({EMAIL}), consents={"email": True}),
            proven=None,
            members=members,
            desk=desk,
        )

        assert set(changed.member.identities) == {CARD}
        assert changed.member.revision == 2
        assert members.member_of([EMAIL]) is None

    def test_an_erasure_is_made_although_its_answer_was_lost(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        table.answers_lost = 1

        erase("mem_1", members=members, desk=desk)

        assert members.member_of([EMAIL]) is None
        with pytest.raises(NotFound):
            look_up("mem_1", members=members)


class TestRivals:
    def test_a_person_who_signs_in_twice_at_once_is_one_member(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        mine = [SUBJECT, EMAIL]
        rival = application(member_id="mem_rival")
        table.before_write.append(
            lambda: _done(enroll_oneself(rival, proven=mine, members=members, desk=desk))
        )

        enrolled = enroll_oneself(application(), proven=mine, members=members, desk=desk)

        assert not enrolled.is_new
        assert enrolled.member.member_id == "mem_rival"

    def test_a_person_whom_a_till_enrolls_while_they_sign_in_is_linked(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        by_till = application(EMAIL, member_id="mem_till")
        table.before_write.append(lambda: _done(enroll(by_till, members=members, desk=desk)))

        enrolled = enroll_oneself(
            application(), proven=[SUBJECT, EMAIL], members=members, desk=desk
        )

        assert enrolled.member.member_id == members.member_of([SUBJECT]) == "mem_till"
        assert enrolled.member.identities == {EMAIL: True, SUBJECT: True}

    def test_a_person_whom_another_device_links_in_the_meantime_is_linked_once(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        mine = [SUBJECT, EMAIL]
        table.after_read.append(
            lambda: _done(enroll_oneself(application(), proven=mine, members=members, desk=desk))
        )

        enrolled = enroll_oneself(application(), proven=mine, members=members, desk=desk)

        assert enrolled.member.member_id == "mem_1"
        assert enrolled.member.revision == 2

    def test_a_merged_member_signs_in_as_the_survivor(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        mine = [SUBJECT, EMAIL]
        enroll_oneself(application(), proven=mine, members=members, desk=desk)
        enroll(application(CARD, member_id="mem_2"), members=members, desk=desk)
        merge("mem_1", into="mem_2", table=table)

        enrolled = enroll_oneself(application(), proven=mine, members=members, desk=desk)

        assert enrolled.member.member_id == "mem_2"

    def test_two_changes_at_once_are_both_kept(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        table.before_write.append(
            lambda: _done(
                change(
                    "mem_1",
                    MemberUpdate(profile={"name": "Ana"}),
                    proven=None,
                    members=members,
                    desk=desk,
                )
            )
        )

        change("mem_1", MemberUpdate(add={CARD: False}), proven=None, members=members, desk=desk)

        member = look_up("mem_1", members=members).member
        assert member.profile.name == "Ana"
        assert set(member.identities) == {EMAIL, CARD}
        assert member.revision == 3

    def test_an_identity_added_while_its_member_is_erased_is_free_afterwards(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        table.before_write.append(
            lambda: _done(
                change(
                    "mem_1",
                    MemberUpdate(add={CARD: False}),
                    proven=None,
                    members=members,
                    desk=desk,
                )
            )
        )

        erase("mem_1", members=members, desk=desk)

        assert members.holders([EMAIL, CARD]) == {}

    def test_a_change_of_a_member_who_was_just_erased_is_not_found(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        table.before_write.append(lambda: erase("mem_1", members=members, desk=desk))

        with pytest.raises(NotFound):
            change(
                "mem_1", MemberUpdate(add={CARD: False}), proven=None, members=members, desk=desk
            )

        assert members.holders([EMAIL, CARD]) == {}

    def test_a_request_overtaken_every_time_answers_try_again(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)

        def rename() -> None:
            member = look_up("mem_1", members=members).member
            table.before_write.append(lambda: None)
            members.change(member, replace(member, revision=member.revision + 1))
            table.before_write.append(rename)

        table.before_write.append(rename)

        with pytest.raises(TryAgain):
            change(
                "mem_1", MemberUpdate(add={CARD: False}), proven=None, members=members, desk=desk
            )


class TestStaleReads:
    def test_a_member_who_has_just_enrolled_is_found(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.stale = {}
        enroll(application(EMAIL), members=members, desk=desk)

        assert members.member_of([EMAIL]) == "mem_1"
        assert look_up("mem_1", members=members).member.member_id == "mem_1"

    def test_a_stale_profile_does_not_undo_a_change(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        table.stale = dict(table.items)
        for name in ("Ana", "Anita"):
            change(
                "mem_1",
                MemberUpdate(profile={"name": name}),
                proven=None,
                members=members,
                desk=desk,
            )

        change(
            "mem_1", MemberUpdate(consents={"email": True}), proven=None, members=members, desk=desk
        )

        assert look_up("mem_1", members=members, strong=True).member.profile.name == "Anita"


class TestReplacingTheKeyOfTheDigests:
    BOTH = Keyring({"1": b"secret", "2": b"new"}, current="1")
    REPLACED = Keyring({"1": b"secret", "2": b"new"}, current="2")

    @pytest.mark.parametrize(("first", "then"), [(RING, BOTH), (BOTH, REPLACED), (REPLACED, BOTH)])
    def test_no_member_is_lost_and_no_identity_is_claimed_twice(
        self, table: Table, desk: Desk, first: Keyring, then: Keyring
    ) -> None:
        enroll(application(EMAIL), members=members_of(table, first), desk=desk)
        members = members_of(table, then)

        with pytest.raises(IdentityTaken) as refused:
            enroll(application(CARD, EMAIL, member_id="mem_2"), members=members, desk=desk)

        assert refused.value.member_id == members.member_of([EMAIL]) == "mem_1"

    def test_erasing_finds_identities_claimed_under_an_old_key(
        self, table: Table, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members_of(table, RING), desk=desk)
        members = members_of(table, self.REPLACED)
        change("mem_1", MemberUpdate(add={CARD: False}), proven=None, members=members, desk=desk)

        erase("mem_1", members=members, desk=desk)

        assert {key.sk for key in table.items} - {"mem_1", "mem_2"} == {"ACCOUNT"}


class TestTheDirectory:
    def test_the_first_known_identity_decides_whose_an_order_is(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        enroll(application(CARD, member_id="mem_2"), members=members, desk=desk)

        assert members.member_of([PHONE, CARD, EMAIL]) == "mem_2"
        assert members.member_of([PHONE]) is None
        assert members.member_of([]) is None

    def test_a_guests_order_is_kept_under_identities_that_can_be_proven_later(
        self, members: TableMembers
    ) -> None:
        (by_email,), (by_phone,) = members.guests([EMAIL]), members.guests([PHONE])

        assert members.guests([CARD, PHONE, EMAIL])[:2] == [by_email, by_phone]
        assert members.guests([CARD, PHONE])[0] == by_phone
        assert by_email.startswith("email#1#")
        assert members.guests([]) == []

    def test_a_merged_member_is_shown_as_the_survivor(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        enroll(application(CARD, member_id="mem_2"), members=members, desk=desk)
        merge("mem_1", into="mem_2", table=table)

        assert look_up("mem_1", members=members).member.member_id == "mem_2"


class TestMerging:
    @pytest.fixture(autouse=True)
    def ana_merged_into_another(self, table: Table, members: TableMembers, desk: Desk) -> None:
        details: dict[str, Any] = {"profile": {"name": "Ana", "locale": "fr-FR"}}
        details |= {"consents": {"email": True}}
        enroll(application(EMAIL, **details), members=members, desk=desk)
        also_told: dict[str, Any] = {"profile": {"name": "Anita"}}
        also_told |= {"consents": {"email": False, "sms": True}}
        enroll(application(CARD, member_id="mem_2", **also_told), members=members, desk=desk)
        merge("mem_1", into="mem_2", table=table)

    def test_the_survivor_has_all_identities_and_keeps_their_profile(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.answers_lost = 1

        unite("mem_1", members=members, desk=desk)

        member = look_up("mem_2", members=members).member
        holders = members.holders([EMAIL, CARD])
        assert {holder.member_id for holder in holders.values()} == {"mem_2"}
        assert set(member.identities) == {EMAIL, CARD}
        assert (member.profile.name, member.profile.locale) == ("Anita", "fr-FR")
        assert {kind: consent.given for kind, consent in member.consents.items()} == {
            "email": False,
            "sms": True,
        }

    def test_a_merged_member_who_enrolls_again_is_the_survivor(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        again = application(EMAIL, profile={"name": "Ana", "locale": "fr-FR"})
        again = replace(again, consents={"email": True})

        enrolled = enroll(again, members=members, desk=desk)

        assert enrolled.member.member_id == "mem_2"
        assert EMAIL in enrolled.member.identities

    def test_a_merge_of_a_merged_member_merges_their_survivor(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        unite("mem_1", members=members, desk=desk)
        enroll(application(PHONE, member_id="mem_3"), members=members, desk=desk)
        # Asked for by the id of the first; the ledger moves the points of the one they became.
        merge("mem_2", into="mem_3", table=table)

        unite("mem_1", members=members, desk=desk)

        holders = members.holders([EMAIL, CARD, PHONE])
        assert {holder.member_id for holder in holders.values()} == {"mem_3"}
        merged = members.find("mem_2", strong=True)
        assert merged is not None
        assert merged.member is None

    def test_uniting_again_changes_nothing(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        unite("mem_1", members=members, desk=desk)
        before = dict(table.items)

        unite("mem_1", members=members, desk=desk)

        assert table.items == before

    def test_members_who_were_not_merged_are_not_united(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        before = dict(table.items)

        unite("mem_2", members=members, desk=desk)

        assert table.items == before

    def test_a_change_during_the_uniting_is_kept(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.before_write.append(
            lambda: _done(
                change(
                    "mem_2",
                    MemberUpdate(add={PHONE: True}),
                    proven=None,
                    members=members,
                    desk=desk,
                )
            )
        )

        unite("mem_1", members=members, desk=desk)

        assert set(look_up("mem_2", members=members).member.identities) == {CARD, EMAIL, PHONE}

    def test_a_survivor_with_too_many_identities_is_still_found_as_one_member(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        cards = [identify("card", f"card-{number}") for number in range(38)]
        enroll(application(*cards, member_id="mem_3"), members=members, desk=desk)
        enroll(application(PHONE, member_id="mem_4"), members=members, desk=desk)
        merge("mem_3", into="mem_2", table=table)
        merge("mem_4", into="mem_2", table=table)

        for merged_id in ("mem_1", "mem_3", "mem_4"):
            unite(merged_id, members=members, desk=desk)

        survivor = look_up("mem_2", members=members).member
        assert len(survivor.identities) == 40
        assert members.member_of([PHONE]) == "mem_4"
        assert look_up("mem_4", members=members).member == survivor

    @pytest.mark.parametrize("is_united", [True, False])
    def test_erasing_the_survivor_erases_both(
        self, table: Table, members: TableMembers, desk: Desk, *, is_united: bool
    ) -> None:
        if is_united:
            unite("mem_1", members=members, desk=desk)

        erase("mem_1", members=members, desk=desk)

        assert {key.sk for key in table.items} - {"mem_1", "mem_2"} == {"ACCOUNT"}


class TestHistory:
    def test_an_export_holds_the_entries_of_members_merged_into_the_member(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        for identity, member_id in ((EMAIL, "mem_1"), (CARD, "mem_2")):
            enroll(application(identity, member_id=member_id), members=members, desk=desk)
        for number in range(7):
            _earn(f"order-{number}", f"mem_{number % 2 + 1}", desk=desk, minutes=number)
        merge("mem_2", into="mem_1", table=table)

        pages = list(_pages("mem_1", limit=3, members=members))

        assert pages == [
            ["order-6", "order-5", "order-4"],
            ["order-3", "order-2", "order-1"],
            ["order-0"],
        ]

    @pytest.mark.parametrize(("orders", "pages"), [(0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3])])
    def test_the_last_page_says_that_it_is(
        self, members: TableMembers, desk: Desk, orders: int, pages: list[int]
    ) -> None:
        enroll(application(EMAIL), members=members, desk=desk)
        for number in range(orders):
            _earn(f"order-{number}", "mem_1", desk=desk, minutes=number)

        assert [len(page) for page in _pages("mem_1", limit=3, members=members)] == pages


class TestConsents:
    def test_a_consent_keeps_the_time_when_it_was_given(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL, consents={"email": True}), members=members, desk=desk)
        later = replace(desk, now=NOW + timedelta(days=1))

        same = MemberUpdate(consents={"email": True, "sms": False})
        changed = change("mem_1", same, proven=None, members=members, desk=later)

        assert changed.member.consents["email"].given_at == NOW
        assert changed.member.consents["sms"].given_at == later.now

    def test_a_change_that_changes_nothing_writes_nothing(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL, consents={"email": True}), members=members, desk=desk)

        same = MemberUpdate(consents={"email": True}, add={EMAIL: False}, profile={"name": None})
        changed = change("mem_1", same, proven=None, members=members, desk=desk)

        assert changed.member.revision == 1

    def test_attributes_add_up_to_a_bounded_number(self, members: TableMembers, desk: Desk) -> None:
        attributes = {f"a{number}": "x" for number in range(50)}
        enroll(application(EMAIL, profile={"attributes": attributes}), members=members, desk=desk)

        with pytest.raises(LimitReached):
            change(
                "mem_1",
                MemberUpdate(profile={"attributes": {"one-more": "x"}}),
                proven=None,
                members=members,
                desk=desk,
            )


def merge(loser: str, *, into: str, table: Table) -> None:
    """What merging writes that concerns us."""
    active = (equal(("status",), "active"),)
    is_merged = (Assign(("status",), "merged"), Assign(("into",), into))
    table.write(
        [
            Update(keys.account("bean", loser), is_merged, active),
            Update(keys.account("bean", into), (Assign(("absorbed",), [loser]),), active),
        ]
    )


def _earn(order_id: str, member_id: str, *, desk: Desk, minutes: int) -> None:
    occurred_at = NOW + timedelta(minutes=minutes)
    earn(
        order(line(5000), order_id=order_id, occurred_at=occurred_at),
        customer=Customer(member_id=member_id, named=member_id),
        desk=replace(desk, now=occurred_at),
    )


def _pages(member_id: str, *, limit: int, members: TableMembers) -> Iterator[list[str]]:
    start: str | None = None
    while True:
        page = history(member_id, limit=limit, start=start, members=members)
        yield [entry.cause.order_id for entry in page.items if isinstance(entry.cause, OrderCause)]
        if page.next is None:
            return
        start = page.next


def _done(_answer: object) -> None:
    pass

"""A better claim takes an identity from a weaker one, completely and once, under races."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import IdentityTaken
from loyalty.domain.people.identity import Identity, Keyring, identify
from loyalty.domain.people.member import Member, MemberUpdate, Strength, changed
from loyalty.table.erasures import erasure_from_item
from loyalty.table.members import TableMembers
from loyalty.usecases.people.enrollment import Application, enroll, enroll_oneself
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import change, erase, look_up, unite
from loyalty.usecases.ports import Desk
from tests.unit.usecases.people.test_enrollment import (
    CARD,
    EMAIL,
    NOW,
    PHONE,
    SUBJECT,
    Table,
    application,
    desk,
    members,
    members_of,
    merge,
    table,
)

__all__ = ["desk", "members", "table"]  # the fixtures

CUSTOMER: Final = identify("customer", "207", source="shop")
MALLORY: Final = identify("subject", "sub-mallory")
ELSEWHERE: Final = identify("email", "mallory@example.com")
EVERY: Final = (EMAIL, PHONE, CARD, CUSTOMER, SUBJECT)


@pytest.fixture
def mallory(members: TableMembers, desk: Desk) -> str:
    """A member who signs in, with a noted address of Ana's."""
    enroll_oneself(
        application(member_id="mallory"),
        proven=[MALLORY, ELSEWHERE],
        members=members,
        desk=desk,
    )
    change("mallory", MemberUpdate(add={EMAIL: False}), proven=None, members=members, desk=desk)
    return "mallory"


def holder(members: TableMembers, identity: Identity) -> tuple[str, Strength]:
    found = members.holders([identity])[identity]
    return found.member_id, found.strength


def sign_in(members: TableMembers, desk: Desk, *proven: Identity, as_: str = "ana") -> Member:
    mine = [SUBJECT, *(proven or (EMAIL,))]
    return enroll_oneself(
        application(member_id=as_), proven=mine, members=members, desk=desk
    ).member


def moves(members: TableMembers, member_id: str) -> list[tuple[str, str, str]]:
    member = look_up(member_id, members=members, strong=True).member
    return [(each.kind, each.from_member, each.to_member) for each in member.identity_moves]


class TestStrength:
    @given(st.dictionaries(st.sampled_from(EVERY), st.booleans()))
    def test_a_claim_counts_unless_another_identity_of_the_member_is_proven(
        self, identities: dict[Identity, bool]
    ) -> None:
        member = a_member(identities)
        is_proven = SUBJECT in identities or any(identities.get(each) for each in (EMAIL, PHONE))

        for identity, is_verified in identities.items():
            strength = member.strength(identity)
            if is_verified or identity is SUBJECT:
                assert strength is Strength.PROVEN
            elif identity is CARD or not is_proven:
                assert strength is Strength.CLAIMED
            else:
                assert strength is Strength.NOTED

    @given(
        st.dictionaries(st.sampled_from(EVERY), st.booleans()),
        st.dictionaries(st.sampled_from(EVERY), st.booleans()),
    )
    def test_only_a_shop_s_customer_stops_being_proven(
        self, before: dict[Identity, bool], add: dict[Identity, bool]
    ) -> None:
        after = changed(a_member(before), MemberUpdate(add=add), now=NOW)

        for identity in before.keys() | add.keys():
            was_or_becomes = before.get(identity, False) or add.get(identity, False)
            if identity is not CUSTOMER:
                assert after.identities[identity] == was_or_becomes
            else:
                assert after.identities[identity] in (was_or_becomes, add.get(identity, False))


class TestTakingOver:
    def test_both_members_have_it_on_record(
        self, mallory: str, members: TableMembers, desk: Desk
    ) -> None:
        ana = sign_in(members, desk)

        assert holder(members, EMAIL) == ("ana", Strength.PROVEN)
        assert EMAIL not in look_up(mallory, members=members).member.identities
        assert moves(members, "ana") == moves(members, mallory) == [("email", mallory, "ana")]
        assert ana.identity_moves[0].moved_at == NOW

    def test_again_changes_nothing(
        self, mallory: str, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        sign_in(members, desk)
        before = dict(table.items)

        sign_in(members, desk, as_="another-request")

        assert table.items == before

    def test_a_lost_answer_takes_it_once(
        self, mallory: str, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.answers_lost = 1

        sign_in(members, desk)

        assert moves(members, "ana") == moves(members, mallory) == [("email", mallory, "ana")]

    def test_whoever_signs_in_twice_at_once_takes_it_once(
        self, mallory: str, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.before_write.append(lambda: done(sign_in(members, desk, as_="rival")))

        assert sign_in(members, desk).member_id == "rival"
        assert moves(members, mallory) == [("email", mallory, "rival")]

    def test_a_change_of_the_one_who_loses_it_is_kept(
        self, mallory: str, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        rename = MemberUpdate(profile={"name": "Mallory"})
        table.before_write.append(
            lambda: done(change(mallory, rename, proven=None, members=members, desk=desk))
        )

        sign_in(members, desk)

        loser = look_up(mallory, members=members, strong=True).member
        assert loser.profile.name == "Mallory"
        assert EMAIL not in loser.identities
        assert holder(members, EMAIL) == ("ana", Strength.PROVEN)

    def test_a_member_who_proves_the_identity_a_moment_before_keeps_it(
        self, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(PHONE, member_id="till"), members=members, desk=desk)
        sign_in(members, desk)
        proof = MemberUpdate(add={PHONE: True})
        table.before_write.append(
            lambda: done(change("till", proof, proven=None, members=members, desk=desk))
        )

        sign_in(members, desk, EMAIL, PHONE)

        assert holder(members, PHONE) == ("till", Strength.PROVEN)
        assert moves(members, "ana") == []

    def test_nothing_is_left_of_a_member_who_is_erased_meanwhile(
        self, mallory: str, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        table.before_write.append(lambda: erase(mallory, members=members, desk=desk))

        sign_in(members, desk)

        assert holder(members, EMAIL) == ("ana", Strength.PROVEN)
        assert moves(members, "ana") == []

    def test_it_is_taken_under_whichever_key_it_was_claimed(
        self, mallory: str, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        ring = Keyring({"1": b"secret", "2": b"new"}, current="2")
        replaced = members_of(table, ring)

        sign_in(replaced, desk)

        assert holder(replaced, EMAIL) == ("ana", Strength.PROVEN)
        assert holder(members_of(table, Keyring({"2": b"new"}, "2")), EMAIL)[0] == "ana"
        assert members.holders([EMAIL]) == {}

    def test_an_identity_of_a_merged_member_is_taken_too(
        self, mallory: str, table: Table, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(CARD, member_id="other"), members=members, desk=desk)
        merge(mallory, into="other", table=table)

        sign_in(members, desk)
        unite(mallory, members=members, desk=desk)

        assert holder(members, EMAIL) == ("ana", Strength.PROVEN)
        assert moves(members, "other") == [("email", mallory, "ana")]

    @pytest.mark.parametrize("reads", [2, 3, 4])
    def test_a_claimant_who_is_merged_with_the_loser_meanwhile_has_it(
        self, table: Table, members: TableMembers, desk: Desk, reads: int
    ) -> None:
        enroll(application(PHONE, member_id="till"), members=members, desk=desk)
        sign_in(members, desk)
        becomes_one = [lambda: merge("ana", into="till", table=table)]
        table.after_read = becomes_one + [lambda: None] * (reads - 1)

        change("ana", MemberUpdate(add={PHONE: True}), proven=None, members=members, desk=desk)

        member_id, strength = holder(members, PHONE)
        assert strength is Strength.PROVEN
        assert look_up(member_id, members=members).account.member_id == "till"


class TestTheMemberOfAnIdentity:
    def test_a_noted_identity_finds_no_member(
        self, mallory: str, members: TableMembers, desk: Desk
    ) -> None:
        assert holder(members, EMAIL) == (mallory, Strength.NOTED)
        assert members.member_of([EMAIL]) is None
        assert members.earner_of([EMAIL]) is None
        assert members.earner_of([EMAIL, ELSEWHERE]) == mallory

    def test_a_claimed_identity_is_noted_once_another_is_proven(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL, PHONE, CARD), members=members, desk=desk)
        assert members.member_of([PHONE]) == "mem_1"

        sign_in(members, desk)

        assert members.member_of([EMAIL]) == members.member_of([CARD]) == "mem_1"
        assert members.member_of([PHONE]) is None

    def test_a_proven_identity_decides_before_a_claimed_one(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(PHONE, member_id="till"), members=members, desk=desk)
        sign_in(members, desk)

        assert members.member_of([PHONE, EMAIL]) == "ana"
        assert members.member_of([PHONE]) == "till"

    def test_a_service_learns_of_the_member_whom_a_till_enrolled(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL, member_id="till"), members=members, desk=desk)
        again = Application(member_id="twin", claims=[IdentityClaim(EMAIL, verified=True)])

        with pytest.raises(IdentityTaken) as refused:
            enroll(again, members=members, desk=desk)

        assert refused.value.member_id == "till"

    def test_a_member_who_proves_a_phone_takes_it_from_a_claimant(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(PHONE, CARD, member_id="till"), members=members, desk=desk)
        sign_in(members, desk)

        add = MemberUpdate(add={PHONE: True})
        change("ana", add, proven=[SUBJECT, EMAIL, PHONE], members=members, desk=desk)

        assert holder(members, PHONE) == ("ana", Strength.PROVEN)
        assert set(look_up("till", members=members).member.identities) == {CARD}

    def test_a_cashier_takes_no_claimed_identity_from_its_member(
        self, members: TableMembers, desk: Desk
    ) -> None:
        enroll(application(EMAIL, member_id="till"), members=members, desk=desk)
        enroll(application(CARD, member_id="other"), members=members, desk=desk)

        with pytest.raises(IdentityTaken):
            change(
                "other", MemberUpdate(add={EMAIL: False}), proven=None, members=members, desk=desk
            )

    def test_erasing_a_member_does_not_search_for_their_noted_identities(
        self, mallory: str, members: TableMembers, desk: Desk, table: Table
    ) -> None:
        erase(mallory, members=members, desk=desk)

        (note,) = (item for item in table.items.values() if item["kind"] == "erasure")
        erasure = erasure_from_item(note)
        assert set(erasure.identities) == {ELSEWHERE, MALLORY}
        assert members.holders([EMAIL]) == {}


def a_member(identities: dict[Identity, bool]) -> Member:
    return Member(member_id="m", enrolled_at=NOW, enrolled_by="", identities=identities)


def done(_answer: object) -> None:
    pass

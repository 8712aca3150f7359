"""The trace of what staff do, as data."""

from datetime import UTC, datetime
from typing import Final

from loyalty.domain.people.identity import identify
from loyalty.domain.people.member import MemberUpdate
from loyalty.domain.staff.actions import (
    CHANGES_MAX,
    ActionOutcome,
    ActionTarget,
    Change,
    StaffAction,
    changes_of_member,
)

BEGUN: Final = StaffAction(
    action_id="a1",
    name="member.look_up",
    began_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
    by="staff-1",
    roles=("cashier",),
    target=ActionTarget("member"),
    request_id="r1",
)


def test_an_action_is_begun_until_its_request_has_an_answer() -> None:
    assert BEGUN.state == "begun"
    assert BEGUN.failed().state == "failed"
    assert (BEGUN.refused("not_found").state, BEGUN.refused("not_found").code) == (
        "refused",
        "not_found",
    )


def test_the_target_can_become_known_by_carrying_out_the_request() -> None:
    assert BEGUN.done(ActionOutcome(target_id="mem_1")).target == ActionTarget("member", "mem_1")
    assert BEGUN.done(ActionOutcome()).target == ActionTarget("member")


def test_the_changes_of_an_action_are_bounded() -> None:
    changes = [Change(field=f"profile.{number}") for number in range(CHANGES_MAX + 1)]

    assert len(BEGUN.done(ActionOutcome(changes=changes)).changes) == CHANGES_MAX


def test_changes_of_a_member_name_fields_and_no_personal_values() -> None:
    update = MemberUpdate(
        profile={"name": "Ana", "birthday": None},
        consents={"email": False},
        add={identify("email", "ana@example.com"): True},
        remove=frozenset({identify("phone", "+4930123456")}),
        unlink=True,
    )

    changes = changes_of_member(update)

    assert changes == (
        Change(field="profile.birthday"),
        Change(field="profile.name"),
        Change(field="consents.email", after=False),
        Change(field="identities.email", after="added"),
        Change(field="identities.phone", before="removed"),
        Change(field="identities.subject", before="removed"),
    )

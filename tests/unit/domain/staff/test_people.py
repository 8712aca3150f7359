"""What is noted about staff, and when a token is older than what was decided."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from loyalty.domain.kernel.errors import OwnAccount, WrongState
from loyalty.domain.staff.people import (
    WITHDRAWN_AHEAD,
    StaffRecord,
    StaffRole,
    require_may_lose,
    roles_in,
)

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
BEA: Final = StaffRecord(subject="bea", email="bea@example.com", name="Bea")


def test_a_token_is_outdated_if_it_has_a_role_that_was_withdrawn_since() -> None:
    record = BEA.deprived({"manager"}, now=NOW)

    assert record.is_outdated({"manager", "cashier"}, issued_at=NOW - timedelta(hours=1))
    assert record.is_outdated({"manager"}, issued_at=NOW + WITHDRAWN_AHEAD)
    assert not record.is_outdated(
        {"manager"}, issued_at=NOW + WITHDRAWN_AHEAD + timedelta(seconds=1)
    )
    assert not record.is_outdated({"cashier"}, issued_at=NOW - timedelta(hours=1))
    assert not BEA.is_outdated({"manager"}, issued_at=NOW - timedelta(hours=1))


def test_a_role_that_is_given_back_is_no_longer_withdrawn() -> None:
    record = BEA.deprived({"manager", "cashier"}, now=NOW).granted({"manager"})

    assert not record.is_outdated({"manager"}, issued_at=NOW)
    assert record.is_outdated({"cashier"}, issued_at=NOW)


def test_a_name_is_kept_until_another_is_seen() -> None:
    assert BEA.seen_as(None, None) == BEA
    assert BEA.seen_as("b@example.com", None).name == "Bea"
    assert BEA.seen_as("b@example.com", None).email == "b@example.com"


def test_nothing_is_noted_about_somebody_who_was_erased_until_they_are_back() -> None:
    erased = BEA.erased()

    assert (erased.email, erased.name) == (None, None)
    assert erased.seen_as("bea@example.com", "Bea") == erased
    assert erased.granted({"cashier"}).seen_as("bea@example.com", "Bea") == BEA


@pytest.mark.parametrize("groups", [[], ["*/manager"], ["operator"], ["leaf/manager"], ["bean/x"]])
def test_other_groups_give_no_role_in_a_program(groups: list[str]) -> None:
    assert roles_in("bean", groups) == frozenset()


def may_lose(
    *roles: StaffRole, by: str = "ann", is_by_operator: bool = False, other_managers: bool = True
) -> None:
    require_may_lose(
        roles,
        subject="bea",
        by=by,
        is_by_operator=is_by_operator,
        other_managers=other_managers,
    )


def test_managers_stay_unless_others_remain() -> None:
    may_lose("manager")
    may_lose("cashier", by="bea", other_managers=False)
    may_lose("manager", is_by_operator=True, other_managers=False)

    with pytest.raises(OwnAccount):
        may_lose("manager", by="bea")
    with pytest.raises(WrongState):
        may_lose("manager", other_managers=False)

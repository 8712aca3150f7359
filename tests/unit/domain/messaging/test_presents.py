"""Presents: when each is due, for whom, and what it is."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty.domain.ledger.account import Account
from loyalty.domain.messaging.correspondence import Correspondence, Reminded
from loyalty.domain.messaging.occasions import Person
from loyalty.domain.messaging.presents import presents_of
from loyalty.domain.people.identity import Identity, identify
from loyalty.domain.people.member import Member, Profile
from loyalty.domain.program.presents import CompletedProfilePresent
from tests.support.documents import published

NO_PROFILE = Profile()
ENROLLED = datetime(2024, 2, 29, 12, tzinfo=UTC)


def due(
    today: date,
    *,
    reminded: tuple[str, ...] = (),
    has_bought: bool = True,
    profile: Profile = NO_PROFILE,
    identities: tuple[Identity, ...] = (),
    **presents: Any,
) -> list[tuple[str, date]]:
    member = Member(
        member_id="ana",
        enrolled_at=ENROLLED,
        enrolled_by="",
        profile=profile,
        identities=dict.fromkeys(identities, False),
    )
    person = Person(member=member, account=Account(member_id="ana"), has_bought=has_bought)
    correspondence = Correspondence(
        member_id="ana", reminded=dict.fromkeys(reminded, Reminded(0, date(2030, 1, 1)))
    )
    document = published(time_zone="UTC", presents=presents).document
    found = presents_of(person, correspondence, document, today=today)
    return [(each.name, each.on) for each in found]


def test_an_anniversary_is_on_the_day_of_the_enrollment_or_at_the_end_of_its_month() -> None:
    found = due(date(2027, 3, 1), anniversary={"bonus_points": 5})

    assert found == [
        ("anniversary/2027", date(2027, 2, 28)),
        ("anniversary/2028", date(2028, 2, 29)),
    ]


def test_it_is_given_up_to_thirteen_days_late() -> None:
    rule = {"bonus_points": 5}

    assert ("anniversary/2027", date(2027, 2, 28)) in due(date(2027, 3, 13), anniversary=rule)
    assert [name for name, _ in due(date(2027, 3, 14), anniversary=rule)] == ["anniversary/2028"]


def test_the_day_of_the_enrollment_is_no_anniversary() -> None:
    assert [name for name, _ in due(ENROLLED.date(), anniversary={"bonus_points": 5})] == [
        "anniversary/2025"
    ]


def test_what_was_given_is_not_due_again() -> None:
    today = date(2027, 3, 1)

    found = due(today, reminded=("anniversary/2027",), anniversary={"bonus_points": 5})

    assert [name for name, _ in found] == ["anniversary/2028"]


def test_a_sign_up_is_due_for_a_week_or_for_a_year_where_it_waits_for_an_order() -> None:
    waiting = {"bonus_points": 5, "after_first_order": True}

    assert due(date(2024, 3, 7), sign_up={"bonus_points": 5}) == [("sign_up/", ENROLLED.date())]
    assert due(date(2024, 3, 8), sign_up={"bonus_points": 5}) == []
    assert due(date(2025, 2, 27), sign_up=waiting) == [("sign_up/", ENROLLED.date())]
    assert due(date(2025, 2, 27), sign_up=waiting, has_bought=False) == []


TODAY = date(2027, 3, 1)
COMPLETE = Profile(name="Ana", birthday=date(1990, 2, 28), attributes={"milk": "oat", "size": " "})
PHONE = identify("phone", "+33612345678")


@pytest.mark.parametrize(
    ("fields", "is_complete"),
    [
        (["name", "birthday", "phone", "attributes.milk"], True),
        (["name", "locale"], False),
        (["email"], False),
        (["attributes.size"], False),
        (["attributes.cup"], False),
    ],
)
def test_a_profile_is_complete_once_it_has_everything_that_the_document_names(
    fields: list[str], is_complete: bool
) -> None:
    rule = {"bonus_points": 5, "fields": fields}

    found = due(TODAY, profile=COMPLETE, identities=(PHONE,), completed_profile=rule)

    assert found == ([("completed_profile/", TODAY)] if is_complete else [])


def test_a_completed_profile_counts_on_any_day_and_once() -> None:
    rule = {"bonus_points": 5, "fields": ["name"]}
    given = ("completed_profile/",)

    assert due(date(2034, 1, 1), profile=COMPLETE, completed_profile=rule)
    assert due(TODAY, profile=COMPLETE, reminded=given, completed_profile=rule) == []


@pytest.mark.parametrize("fields", [[], ["nickname"], ["attributes."], ["attributes.a b"], "name"])
def test_what_makes_a_profile_complete_is_named_exactly(fields: Any) -> None:
    with pytest.raises(ValidationError):
        CompletedProfilePresent.model_validate({"bonus_points": 5, "fields": fields})

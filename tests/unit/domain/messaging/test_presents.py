"""Presents: when each is due, for whom, and what it is."""

from datetime import UTC, date, datetime
from typing import Any

from loyalty.domain.ledger.account import Account
from loyalty.domain.messaging.correspondence import Correspondence, Reminded
from loyalty.domain.messaging.occasions import Person
from loyalty.domain.messaging.presents import presents_of
from loyalty.domain.people.member import Member
from tests.support.documents import published

ENROLLED = datetime(2024, 2, 29, 12, tzinfo=UTC)


def due(
    today: date, *, reminded: tuple[str, ...] = (), has_bought: bool = True, **presents: Any
) -> list[tuple[str, date]]:
    member = Member(member_id="ana", enrolled_at=ENROLLED, enrolled_by="", identities={})
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

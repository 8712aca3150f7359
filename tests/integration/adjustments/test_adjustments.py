"""Balances corrected by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.http import Claims, person, service, staff

pytestmark = pytest.mark.usefixtures("program")


def test_added_points_expire_as_points_earned_today_would_or_on_the_day_given() -> None:
    ana = till.enroll()

    by_the_program = till.adjust(ana, 100, reference="case 12")
    till.adjust(ana, 5, expires_on="2026-12-24")

    assert by_the_program.status == 201
    entry = by_the_program.body["entry"]
    assert (entry["kind"], entry["points"]) == ("adjustment", 100)
    assert (entry["reason"], entry["reference"]) == ("goodwill", "case 12")
    assert till.member(ana)["lots"] == [
        {"expires_on": "2026-12-24", "points": 5},
        {"expires_on": "2027-11-30", "points": 100},
    ]


def test_the_same_request_again_changes_nothing_and_different_content_is_a_conflict() -> None:
    ana = till.enroll()
    first = till.adjust(ana, 100, key="once")

    again = till.adjust(ana, 100, key="once")
    other = till.adjust(ana, 101, key="once")

    assert (again.status, again.body) == (200, first.body)
    assert (other.status, other.code) == (409, "idempotency_conflict")
    assert till.member(ana)["balance"] == 100


def test_a_deduction_stops_at_zero_unless_debt_is_allowed() -> None:
    ana = till.enroll()
    till.adjust(ana, 30)

    refused = till.adjust(ana, -50)
    answer = till.adjust(ana, -50, below_zero=True)

    assert (refused.status, refused.code) == (409, "insufficient_points")
    assert (answer.status, answer.body["entry"]["debt"]) == (201, 20)
    assert (till.member(ana)["balance"], till.member(ana)["debt"]) == (-20, 20)


def test_a_retried_deduction_of_all_points_is_not_refused() -> None:
    ana = till.enroll()
    till.adjust(ana, 30)
    first = till.adjust(ana, -30, key="once")

    again = till.adjust(ana, -30, key="once")

    assert (again.status, again.body) == (200, first.body)


@pytest.mark.parametrize(
    ("claims", "status", "code"),
    [
        (staff("bean", "manager"), 201, None),
        (staff("bean", "cashier"), 403, "forbidden"),
        (service("bean"), 403, "forbidden"),
        (staff("bean", "analyst"), 403, "forbidden"),
        (person("ana"), 403, "forbidden"),
        (staff("other", "manager"), 404, "not_found"),
    ],
)
def test_only_managers_adjust_unless_the_program_says_otherwise(
    claims: Claims, status: int, code: str | None
) -> None:
    answer = till.adjust(till.enroll(), 10, as_=claims)

    assert answer.status == status
    assert code is None or answer.code == code


def test_a_role_adjusts_within_its_limit(
    publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    publish(version=2, adjustments={"cashier": {"each": 50}})
    time.now += timedelta(minutes=1)
    ana = till.enroll()

    within = [till.adjust(ana, points, as_=till.CASHIER).status for points in (50, -50, 50)]
    beyond = till.adjust(ana, -51, as_=till.CASHIER)

    assert within == [201, 201, 201]
    assert (beyond.status, beyond.code) == (409, "limit_reached")


def test_a_caller_has_the_widest_limits_of_their_roles(
    publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    limits = {"cashier": {"each": 50, "per_day": 500}, "manager": {"per_day": 100}}
    publish(version=2, adjustments=limits)
    time.now += timedelta(minutes=1)
    ana = till.enroll()
    both = staff("bean", "cashier", "manager")

    statuses = [till.adjust(ana, points, as_=both).status for points in (400, 101, 100)]

    assert statuses == [201, 409, 201]


@pytest.mark.parametrize("limit", [{"each": 0}, {"per_day": 0}])
def test_a_limit_of_nothing_forbids_a_role_to_adjust(
    limit: dict[str, int], publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    publish(version=2, adjustments={"manager": limit})
    time.now += timedelta(minutes=1)

    assert till.adjust(till.enroll(), 1).code == "forbidden"


class TestTheLimitOfADay:
    """For cashiers 50 points, whosever accounts they adjust."""

    @pytest.fixture(autouse=True)
    def limited(
        self,
        publish: Callable[..., PublishedProgram],
        program: PublishedProgram,
        time: Clock,
    ) -> None:
        publish(version=program.version + 1, adjustments={"cashier": {"per_day": 50}})
        time.now += timedelta(minutes=1)

    def test_counts_all_adjustments_of_one_caller(self) -> None:
        ana, ben = till.enroll(), till.enroll("ben@example.com")

        statuses = [
            till.adjust(ana, 30, as_=till.CASHIER).status,
            till.adjust(ben, 20, as_=till.CASHIER).status,
            till.adjust(ben, 1, as_=till.CASHIER).status,
            till.adjust(ana, -1, as_=till.CASHIER).status,
        ]

        assert statuses == [201, 201, 409, 409]
        assert till.member(ben)["balance"] == 20

    def test_is_each_callers_own_and_begins_again_with_the_programs_day(self, time: Clock) -> None:
        ana = till.enroll()
        other = staff("bean", "cashier", subject="other")
        # The program's midnight is an hour before that of UTC.
        time.now = datetime(2026, 11, 21, 22, 59, tzinfo=UTC)

        assert till.adjust(ana, 50, as_=till.CASHIER).status == 201
        assert till.adjust(ana, 1, as_=till.CASHIER).code == "limit_reached"
        assert till.adjust(ana, 50, as_=other).status == 201
        time.now += timedelta(minutes=1)
        assert till.adjust(ana, 50, as_=till.CASHIER).status == 201

    def test_does_not_count_a_request_twice(self) -> None:
        ana = till.enroll()
        for _ in range(3):
            assert till.adjust(ana, 40, key="once", as_=till.CASHIER).status in (200, 201)

        assert till.adjust(ana, 10, as_=till.CASHIER).status == 201
        # Nothing is left, and what was done is answered all the same.
        assert till.adjust(ana, 40, key="once", as_=till.CASHIER).status == 200
        assert till.member(ana)["balance"] == 50

    def test_does_not_count_refused_requests(self) -> None:
        ana = till.enroll()

        assert till.adjust(ana, -50, as_=till.CASHIER).code == "insufficient_points"
        assert till.adjust(ana, 50, as_=till.CASHIER).status == 201

    def test_does_not_apply_to_roles_without_a_limit(self) -> None:
        ana = till.enroll()

        for _ in range(2):
            assert till.adjust(ana, 500, as_=till.MANAGER).status == 201


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ({"points": 0}, "/points", "nothing_to_do"),
        ({"points": 1.5}, "/points", "int_type"),
        ({"points": 10**13}, "/points", "less_than_equal"),
        ({"reason": ""}, "/reason", "string_too_short"),
        ({"expires_on": "2026-11-20"}, "/expires_on", "date_out_of_range"),
        ({"points": -1, "expires_on": "2026-12-20"}, "/expires_on", "date_out_of_range"),
    ],
)
def test_each_mistake_is_named_where_it_stands(
    parts: dict[str, Any], pointer: str, code: str
) -> None:
    answer = till.adjust(till.enroll(), **({"points": 1} | parts))

    assert (answer.status, answer.code) == (422, "validation_failed"), answer.text
    assert answer.pointers == {pointer: code}

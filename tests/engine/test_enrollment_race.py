"""One person enrolls at many tills and devices at once: real transactions, real threads."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from loyalty.domain.kernel.errors import IdentityTaken
from loyalty.domain.people.identity import Keyring, identify
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
from loyalty.usecases.people.enrollment import Application, enroll, enroll_oneself
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.ports import Desk
from tests.support.race import race

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
EMAIL = identify("email", "ana@example.com")
THREADS = 40


@pytest.fixture
def members(engine: Persistent) -> TableMembers:
    ring = Keyring({"1": b"secret"}, current="1")
    return TableMembers(engine, program_id="bean", keyring=lambda: ring)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk(NOW)


def test_forty_tills_enroll_one_email_and_it_is_one_member(
    dynamodb: "DynamoDBClient", table: str, members: TableMembers, desk: Desk
) -> None:
    def at_till(number: int) -> tuple[str, str | None]:
        card = identify("card", f"card-{number}")
        application = Application(
            member_id=f"mem_{number}", claims=(IdentityClaim(card), IdentityClaim(EMAIL))
        )
        try:
            enrolled = enroll(application, members=members, desk=desk)
        except IdentityTaken as refusal:
            return "taken", refusal.member_id
        return "new", enrolled.member.member_id

    answers = race(at_till, threads=THREADS)

    assert Counter(what for what, _ in answers) == {"new": 1, "taken": THREADS - 1}
    assert len({member_id for _, member_id in answers}) == 1
    assert _kinds(dynamodb, table) == {"account": 1, "profile": 1, "identity": 2}


def test_one_person_signs_in_on_forty_devices_and_is_one_member(
    dynamodb: "DynamoDBClient", table: str, members: TableMembers, desk: Desk
) -> None:
    proven = [identify("subject", "sub-ana"), EMAIL]

    def on_device(number: int) -> tuple[bool, str]:
        application = Application(member_id=f"mem_{number}")
        enrolled = enroll_oneself(application, proven=proven, members=members, desk=desk)
        return enrolled.is_new, enrolled.member.member_id

    answers = race(on_device, threads=THREADS)

    assert Counter(is_new for is_new, _ in answers) == {True: 1, False: THREADS - 1}
    assert len({member_id for _, member_id in answers}) == 1
    assert _kinds(dynamodb, table) == {"account": 1, "profile": 1, "identity": 2}


def test_tills_and_devices_enroll_one_person_and_link_them_once(
    dynamodb: "DynamoDBClient", table: str, members: TableMembers, desk: Desk
) -> None:
    proven = [identify("subject", "sub-ana"), EMAIL]

    def somewhere(number: int) -> str | None:
        application = Application(member_id=f"mem_{number}", claims=(IdentityClaim(EMAIL),))
        if number % 2:
            return enroll_oneself(
                application, proven=proven, members=members, desk=desk
            ).member.member_id
        try:
            return enroll(application, members=members, desk=desk).member.member_id
        except IdentityTaken as refusal:
            return refusal.member_id

    found = race(somewhere, threads=THREADS)

    assert set(found) == {members.member_of([proven[0]])}
    assert _kinds(dynamodb, table) == {"account": 1, "profile": 1, "identity": 2}


def _kinds(dynamodb: "DynamoDBClient", table: str) -> Counter[str]:
    items = dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
    return Counter(item["kind"]["S"] for item in items)

"""An erased person is found nowhere after the hourly run, and the books add up."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest
from botocore.client import BaseClient

from functions.accrual.handler import handler as accrual
from functions.enrollment.handler import handler as enrollment
from functions.privacy import handler as privacy
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.orders.order import OrderRef
from loyalty.edge.aws import clients
from loyalty.edge.desk import open_desk
from loyalty.sdk.services import JsonService
from loyalty.table import inbox, keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.erasures import TableErasures
from loyalty.table.operations import Put
from loyalty.table.records.targeting import targeting_to_item
from loyalty.usecases.ledger.statements import audit_member
from loyalty.usecases.ports import Raced
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.deliveries import apply, connect, deliver, drain, queued
from tests.support.erasing import finish, items
from tests.support.http import Context, call, service
from tests.support.inbox import inbox_texts
from tests.support.mailroom import Mailroom, refusal
from tests.support.queues import Message, receive, work_off
from tests.support.received import RECEIVED_AT
from tests.support.shopify import WITH_CUSTOMER, payload

SERVICE = service("bean")
CONTEXT: Any = Context()
EMAIL: dict[str, Any] = {"kind": "email", "value": "bob.norman@mail.example.com", "verified": True}
PHONE: dict[str, Any] = {"kind": "phone", "value": "+13125551212", "verified": True}
ANOTHER: dict[str, Any] = {"kind": "email", "value": "ana@example.com", "verified": True}
THIRD: dict[str, Any] = {"kind": "email", "value": "cleo@example.com", "verified": True}

type Switch = Callable[..., None]


@pytest.fixture(autouse=True)
def mailroom(monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    room = Mailroom()
    monkeypatch.setattr(clients, "ses", lambda: room.client)
    return room


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object]) -> None:
    publish(currency="USD")
    connect()


def enroll(*identities: dict[str, Any], **more: Any) -> str:
    body = {"identities": list(identities)} | more
    answer = call(enrollment, "POST", f"{till.PROGRAM}/members", body=body, as_=SERVICE)
    return str(answer.body["id"])


def order_of(email: str, **changes: Any) -> dict[str, Any]:
    """A shop's order that names nobody but by an e-mail."""
    delivered = payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, **changes)
    return delivered | {"customer": None, "phone": None, "email": email, "contact_email": email}


def orders_told() -> list[int]:
    """The orders that are still in the inbox."""
    return sorted(
        json.loads(delivered)["id"] for delivered in inbox_texts() if delivered != "erased"
    )


def guest_items(dynamodb: Any) -> list[str]:
    return [item["pk"]["S"] for item in items(dynamodb, TABLE) if "#GUEST#" in item["pk"]["S"]]


class TestTheInbox:
    def test_deliveries_about_them_are_erased_and_deliveries_about_others_stay(
        self, time: Clock
    ) -> None:
        bob, _ = enroll(EMAIL), enroll(ANOTHER)
        deliver(order_of(EMAIL["value"], id=1), event_id="1")
        deliver(order_of(ANOTHER["value"], id=2), event_id="2")
        drain()

        till.erase(bob)
        finish()

        erased, other = sorted(inbox_texts(), key=lambda delivered: delivered != "erased")
        assert erased == "erased"
        assert json.loads(other)["id"] == 2

    def test_a_refund_that_names_only_their_order_is_found_by_it(self) -> None:
        bob = enroll(EMAIL)
        deliver(order_of(EMAIL["value"], id=450789469), event_id="1")
        refund = payload("refund.509562969", order_id=450789469)
        deliver(refund, event_id="2", topic="refunds/create")
        drain()

        till.erase(bob)
        finish()

        assert inbox_texts() == ["erased", "erased"]

    @pytest.mark.parametrize(
        "body",
        [
            {"id": None, "email": EMAIL["value"].upper()},
            {"id": 7, "note": f"Please write to <{EMAIL['value']}>."},
            {"id": 7, "shipping_address": {"phone": "(312) 555-1212"}},
        ],
    )
    def test_a_delivery_that_failed_is_found_by_its_content(self, body: dict[str, Any]) -> None:
        bob = enroll(EMAIL, PHONE)
        deliver(body, topic="customers/update")
        drain()

        till.erase(bob)
        finish()

        assert inbox_texts() == ["erased"]

    @pytest.mark.parametrize(
        "body",
        [
            {"id": 7, "email": f"jim.{EMAIL['value']}"},
            {"id": 7, "email": f"{EMAIL['value']}.au"},
            {"id": 13125551213, "shipping_address": {"phone": "555-1213"}},
        ],
    )
    def test_deliveries_about_a_similar_identity_stay(self, body: dict[str, Any]) -> None:
        bob = enroll(EMAIL, PHONE)
        deliver(body, topic="customers/update")
        drain()

        till.erase(bob)
        finish()

        assert "erased" not in inbox_texts()

    def test_an_erased_delivery_that_still_waits_is_let_go(self) -> None:
        bob = enroll(EMAIL)
        deliver(order_of(EMAIL["value"]))
        waiting = queued()
        till.erase(bob)
        finish()

        assert apply(waiting) == []

    def test_a_long_inbox_is_searched_in_parts(
        self, monkeypatch: pytest.MonkeyPatch, log: Any
    ) -> None:
        monkeypatch.setattr(inbox, "SEARCHED_AT_ONCE", 2)
        # In order of time.
        monkeypatch.setattr(inbox, "_SHARDS", ("0",))
        monkeypatch.setattr(privacy, "SEARCH_SECONDS", 0)
        bob = enroll(EMAIL)
        for number in range(1, 6):
            deliver(order_of(EMAIL["value"], id=number), event_id=str(number))
        drain()

        till.erase(bob)
        finish()

        assert inbox_texts() == ["erased"] * 5
        searched = [json.loads(line) for line in log.getvalue().splitlines() if "searched" in line]
        assert [each["searched"] for each in searched] == [2, 2, 1]

    def test_without_an_erasure_no_delivery_is_read(self, log: Any) -> None:
        deliver(order_of(EMAIL["value"]))

        finish()

        assert "inbox searched" not in log.getvalue()


class TestGuests:
    def test_guest_orders_lose_their_identity(self, dynamodb: Any) -> None:
        claimable = {"kind": "email", "value": EMAIL["value"]}
        body = till.order(4999, identities=[claimable, {"kind": "phone", "value": PHONE["value"]}])
        body["lines"][0]["amount"]["currency"] = "USD"
        till.post_order(body)
        bob = enroll(EMAIL | {"verified": False})
        assert len(guest_items(dynamodb)) == 2

        till.erase(bob)
        finish()

        assert guest_items(dynamodb) == []
        path = f"{till.PROGRAM}/orders/pos/{body['order_id']}"
        story = call(accrual, "GET", path, as_=SERVICE)
        assert story.body["status"] == "ignored"
        assert "guest" not in str([i for i in items(dynamodb, TABLE) if "also" in i])

    def test_claimed_orders_are_no_longer_listed_under_any_identity(self, dynamodb: Any) -> None:
        deliver(payload(WITH_CUSTOMER, paid_at=RECEIVED_AT))
        drain()
        assert len(guest_items(dynamodb)) > 1

        bob = enroll(EMAIL)

        assert till.member(bob)["balance"] > 0
        assert guest_items(dynamodb) == []


class TestTheRest:
    def test_messages_and_suppressed_addresses_go(self, dynamodb: Any, mailroom: Mailroom) -> None:
        bob = enroll(EMAIL, PHONE)
        key = {"pk": {"S": f"PROGRAM#bean#MEMBER#{bob}"}, "sk": {"S": "MESSAGE#2026-11-21#welcome"}}
        dynamodb.put_item(TableName=TABLE, Item=key)

        till.erase(bob)
        finish()

        assert "Item" not in dynamodb.get_item(TableName=TABLE, Key=key)
        assert mailroom.lifted == [EMAIL["value"]]

    def test_the_books_add_up_and_nothing_is_left_to_do(
        self, dynamodb: Any, engine: DynamoEngine
    ) -> None:
        bob = enroll(EMAIL, PHONE, profile={"name": "Bob Norman", "birthday": "1990-02-28"})
        deliver(payload(WITH_CUSTOMER, paid_at=RECEIVED_AT))
        drain()
        till.redeem(bob)

        till.erase(bob)
        finish()

        assert audit_member(bob, desk=open_desk("bean", table=TABLE)) == []
        stored = json.dumps(items(dynamodb, TABLE)) + "".join(inbox_texts())
        for mark in ("bob.norman", "3125551212", "Norman", "1990-02-28", "#ERASURES", "#IDENTITY#"):
            assert mark not in stored, mark

    def test_members_merged_into_them_are_erased_with_them(self) -> None:
        bob, twin = enroll(EMAIL), enroll(ANOTHER)
        deliver(order_of(ANOTHER["value"], id=2))
        drain()
        till.merge(twin, into=bob)

        till.erase(bob)
        finish()

        assert inbox_texts() == ["erased"]


class TestKilledHalfway:
    @pytest.mark.parametrize("calls", range(2, 38, 3))
    def test_the_next_run_finishes_an_interrupted_erasure(
        self, calls: int, monkeypatch: pytest.MonkeyPatch, dynamodb: Any, mailroom: Mailroom
    ) -> None:
        members = enroll(EMAIL, PHONE), enroll(ANOTHER)
        deliver(order_of(EMAIL["value"], id=1), event_id="1")
        deliver(order_of(ANOTHER["value"], id=2), event_id="2")
        drain()
        for member_id in members:
            till.erase(member_id)

        with monkeypatch.context() as patched, suppress(_Killed):
            _kill_after(calls, patched)
            finish()
        finish()

        assert inbox_texts() == ["erased", "erased"]
        assert guest_items(dynamodb) == []
        assert unfinished(dynamodb) == []

    def test_a_service_that_does_not_answer_is_called_again(
        self, mailroom: Mailroom, dynamodb: Any
    ) -> None:
        bob = enroll(EMAIL)
        till.erase(bob)
        mailroom.refusals = [refusal("TooManyRequestsException")] * 2
        privacy.handler({}, CONTEXT)
        messages = receive(os.environ["LOYALTY_PRIVACY_QUEUE_URL"])
        answer = privacy.handler({"Records": messages}, CONTEXT)

        assert answer is not None
        assert answer["batchItemFailures"]
        assert "#ERASURES" in str(items(dynamodb, TABLE))
        mailroom.refusals = []
        finish()
        assert set(mailroom.lifted) == {EMAIL["value"]}
        assert "#ERASURES" not in str(items(dynamodb, TABLE))

    def test_an_address_that_the_mail_service_cannot_read_holds_up_nobody(
        self, mailroom: Mailroom, dynamodb: Any
    ) -> None:
        for identity in (EMAIL, ANOTHER):
            till.erase(enroll(identity))
        mailroom.refusals = [refusal("BadRequestException")]

        finish()

        assert len(mailroom.lifted) == 1
        assert "#ERASURES" not in str(items(dynamodb, TABLE))


class TestAnItemThatFailsEveryTime:
    """Of three, the one in the middle."""

    @pytest.fixture
    def poisoned(self) -> str:
        members = [enroll(identity) for identity in (EMAIL, ANOTHER, THIRD)]
        for number, identity in enumerate((EMAIL, ANOTHER, THIRD), 1):
            deliver(order_of(identity["value"], id=number), event_id=str(number))
        drain()
        for member_id in members:
            till.erase(member_id)
        return members[1]

    @pytest.fixture(params=["note", "entry"])
    def poison(self, poisoned: str, dynamodb: Any, request: Any) -> Switch:
        """Make an erasure's note or an entry unreadable, or readable again."""
        if request.param == "note":
            key = keys.erasure("bean", poisoned)
        else:
            key = keys.accrual("bean", "shop", "2")
        primary_key = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
        sound = dynamodb.get_item(TableName=TABLE, Key=primary_key)["Item"]
        broken = {
            name: value
            for name, value in sound.items()
            if name not in ("identities", "program_version")
        }

        def poison(*, mended: bool = False) -> None:
            dynamodb.put_item(TableName=TABLE, Item=sound if mended else broken)

        return poison

    def test_holds_up_no_other_and_is_reported_with_its_cause(
        self, poisoned: str, poison: Switch, time: Clock, dynamodb: Any
    ) -> None:
        poison()

        failed = run(time)

        assert orders_told() == [2]
        assert unfinished(dynamodb) == [poisoned]
        (page,) = (json.loads(message["body"]) for message in failed)
        assert (page["lane"], page["items"]) == ("traces", [poisoned])
        assert page["cause"]["at"]

    def test_is_finished_by_the_next_run_once_it_can_be(
        self, poison: Switch, time: Clock, dynamodb: Any
    ) -> None:
        poison()
        run(time)
        poison(mended=True)

        finish()

        assert inbox_texts() == ["erased"] * 3
        assert unfinished(dynamodb) == []

    def test_is_late_after_two_hours(
        self, poison: Switch, time: Clock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        poison()
        late = []
        for _ in range(3):
            capsys.readouterr()
            run(time)
            late += counted("ErasuresLate", capsys.readouterr().out)
            time.now += timedelta(minutes=50)

        assert late == [1]


class TestTheSearch:
    def test_waits_for_traces_that_are_not_gone_yet(self, dynamodb: Any) -> None:
        bob = enroll(EMAIL)
        deliver(order_of(EMAIL["value"]))
        drain()
        till.erase(bob)
        privacy.handler({}, CONTEXT)
        traces, search = receive(queue_url())

        privacy.handler({"Records": [search]}, CONTEXT)
        assert "erased" not in inbox_texts()
        assert delayed() == 1

        privacy.handler({"Records": [traces]}, CONTEXT)
        privacy.handler({"Records": [search]}, CONTEXT)
        work_off(privacy.handler, queue_url())
        assert inbox_texts() == ["erased"]
        assert unfinished(dynamodb) == []

    def test_finishes_only_members_searched_for_from_the_start(
        self, monkeypatch: pytest.MonkeyPatch, time: Clock, dynamodb: Any
    ) -> None:
        monkeypatch.setattr(inbox, "SEARCHED_AT_ONCE", 1)
        # In order of time.
        monkeypatch.setattr(inbox, "_SHARDS", ("0",))
        monkeypatch.setattr(privacy, "SEARCH_SECONDS", 0)
        bob, ana = enroll(EMAIL), enroll(ANOTHER)
        for number, identity in enumerate((ANOTHER, EMAIL, EMAIL), 1):
            time.now += timedelta(seconds=1)
            deliver(order_of(identity["value"], id=number), event_id=str(number))
        drain()
        till.erase(bob)
        privacy.handler({}, CONTEXT)
        privacy.handler({"Records": receive(queue_url())}, CONTEXT)
        privacy.handler({"Records": receive(queue_url())}, CONTEXT)
        going_on = receive(queue_url())

        till.erase(ana)
        privacy.forget("bean", ana)
        privacy.handler({"Records": going_on}, CONTEXT)
        work_off(privacy.handler, queue_url())

        assert orders_told() == [1]
        assert unfinished(dynamodb) == [ana]
        finish()
        assert inbox_texts() == ["erased"] * 3
        assert unfinished(dynamodb) == []

    def test_does_not_finish_a_member_requested_again_in_the_meantime(
        self, time: Clock, dynamodb: Any
    ) -> None:
        bob = enroll(EMAIL)
        till.erase(bob)
        privacy.handler({}, CONTEXT)
        privacy.handler({"Records": receive(queue_url())}, CONTEXT)
        search = receive(queue_url())

        time.now += timedelta(seconds=1)
        begin_anew(bob, time)
        privacy.handler({"Records": search}, CONTEXT)

        assert unfinished(dynamodb) == [bob]
        finish()
        assert unfinished(dynamodb) == []


def test_orders_that_two_runs_find_at_once_are_all_looked_for(engine: DynamoEngine) -> None:
    bob = enroll(EMAIL)
    till.erase(bob)
    erasures = TableErasures(engine, program_id="bean")
    erasure = erasures.find(bob)
    assert erasure

    erasures.add_orders(erasure, [OrderRef("shop", "1")])
    with pytest.raises(Raced):
        erasures.add_orders(erasure, [OrderRef("shop", "2")])

    noted = erasures.find(bob)
    assert noted
    assert noted.orders == {OrderRef("shop", "1")}


def run(time: Clock) -> list[Message]:
    """An hour's run in which the search has waited long enough; gives what failed."""
    privacy.handler({}, CONTEXT)
    time.now += privacy.PATIENCE
    return work_off(privacy.handler, queue_url())


def begin_anew(member_id: str, time: Clock) -> None:
    erasures = TableErasures(DynamoEngine(clients.dynamodb(), table=TABLE), program_id="bean")
    erasure = erasures.find(member_id)
    assert erasure
    erasures.begin(replace(erasure, begun_at=time.now))


def unfinished(dynamodb: Any) -> list[str]:
    return [each["sk"]["S"] for each in items(dynamodb, TABLE) if "#ERASURES" in each["pk"]["S"]]


def counted(metric: str, delivered: str) -> list[int]:
    written = [json.loads(line) for line in delivered.splitlines() if "_aws" in line]
    return [each[metric] for each in written if metric in each]


def queue_url() -> str:
    return os.environ["LOYALTY_PRIVACY_QUEUE_URL"]


def delayed() -> int:
    name: Final = "ApproximateNumberOfMessagesDelayed"
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=queue_url(), AttributeNames=[name])
    return int(answer["Attributes"][name])


class _Killed(BaseException):
    """The process was ended in the middle of its work."""


def _kill_after(calls: int, patched: pytest.MonkeyPatch) -> None:
    """Kill the function at its next call of the table or S3 after this many."""
    left = calls

    def counted(call_api: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal left
            if left == 0:
                raise _Killed
            left -= 1
            return call_api(*arguments)

        return call

    patched.setattr(BaseClient, "_make_api_call", counted(vars(BaseClient)["_make_api_call"]))
    patched.setattr(JsonService, "call", counted(JsonService.call))


def test_the_part_in_campaigns_that_a_killed_merge_left_is_found(engine: DynamoEngine) -> None:
    ana, bob = till.enroll(), till.enroll("bob@example.com")
    till.merge(bob, ana)
    left = keys.targeting("bean", bob)
    item = targeting_to_item(Targeting(member_id=bob, joined={"club": till.NOW}))
    engine.write([Put(left, item)])

    till.erase(ana)
    finish()

    assert engine.get(left, strong=True) is None

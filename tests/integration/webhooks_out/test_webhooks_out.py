"""Endpoints as a manager registers them, and events on their way there."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest
from pytest_socket import disable_socket, enable_socket

from functions.webhooks_out import handler as webhooks_out
from functions.webhooks_out.handler import handler
from tests.integration.conftest import ENDPOINT_SECRETS, TABLE, Clock
from tests.support.http import Answer, call, service, staff
from tests.support.queues import consume, receive
from tests.support.receiver import Receiver, Reply, receiving

PATH: Final = "/v1/programs/bean/endpoints"
MANAGER: Final = staff("bean", "manager")
URL: Final = "https://hooks.example.com/loyalty"
EARNED: Final = {
    "id": "evt_1",
    "program_id": "bean",
    "member_id": "mem_1",
    "occurred_at": "2026-11-21T10:00:00.000Z",
    "points": 49,
    "v": 1,
}

pytestmark = pytest.mark.usefixtures("program")


def register(endpoint_id: str = "crm", **parts: Any) -> Answer:
    body = {"url": URL, "events": ["PointsEarned"]} | parts
    return call(handler, "PUT", f"{PATH}/{endpoint_id}", body=body, as_=MANAGER)


def ask(method: str, path: str = "", **sent: Any) -> Answer:
    return call(handler, method, PATH + path, **({"as_": MANAGER} | sent))


def listed(endpoint_id: str = "crm", **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ask("GET", f"/{endpoint_id}/deliveries", query=query).body[
        "items"
    ]
    return items


def event_message(event: str = "PointsEarned", **detail: Any) -> dict[str, Any]:
    """An event for endpoints, as its queue hands it over."""
    body = {"v": 1, "event": event, "detail": EARNED | detail}
    return {
        "messageId": "m1",
        "receiptHandle": "r1",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:events",
    }


def queue_url() -> str:
    return webhooks_out.attempts()._url


def work() -> int:
    """Try what is due; gives how many messages there were."""
    messages = receive(queue_url())
    assert consume(handler, messages) == []
    for message in messages:
        boto3.client("sqs").delete_message(
            QueueUrl=queue_url(), ReceiptHandle=message["receiptHandle"]
        )
    return len(messages)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """An endpoint on this machine, of a cloud that is on it, too."""
    monkeypatch.setenv("LOYALTY_LOCAL_ENDPOINTS", "yes")
    monkeypatch.setattr(webhooks_out, "is_on_one_machine", lambda: True)
    enable_socket()
    with receiving() as receiver:
        yield receiver
    disable_socket()


class TestRegistering:
    def test_a_new_endpoint_is_answered_with_its_secret_and_never_again(self) -> None:
        answer = register(description="Our CRM")

        assert answer.status == 201
        secret = answer.body["secret"]
        assert secret.startswith("whsec_")
        assert answer.body == ask("GET", "/crm").body | {"secret": secret}
        assert (answer.body["enabled"], answer.body["disabled_because"]) == (True, None)
        assert secret not in ask("GET", "/crm").text + ask("GET").text + register().text

    def test_its_secret_is_in_the_secrets_manager_and_not_in_the_table(self, dynamodb: Any) -> None:
        secret = register().body["secret"]

        stored = boto3.client("secretsmanager").get_secret_value(
            SecretId=f"{ENDPOINT_SECRETS}bean/crm/signing"
        )
        assert json.loads(stored["SecretString"])["current"] == secret
        assert secret not in str(dynamodb.scan(TableName=TABLE))

    def test_the_same_request_changes_an_endpoint(self, time: Clock) -> None:
        first = register().body
        time.now += timedelta(hours=1)

        answer = register(events=["*"], enabled=False)

        assert (answer.status, answer.body["secret"]) == (200, None)
        assert answer.body["events"] == ["*"]
        assert (answer.body["enabled"], answer.body["disabled_because"]) == (False, "asked")
        assert answer.body["created_at"] == first["created_at"]
        assert answer.body["changed_at"] > first["changed_at"]

    def test_endpoints_are_listed_by_id(self) -> None:
        for endpoint_id in ("b", "a", "c:1"):
            register(endpoint_id)

        page = ask("GET").body

        assert [each["id"] for each in page["items"]] == ["a", "b", "c:1"]
        assert page["next_cursor"] is None

    def test_a_removed_endpoint_is_gone_with_its_secret(self) -> None:
        register()

        answer = ask("DELETE", "/crm")

        assert (answer.status, answer.text) == (204, "")
        assert ask("GET", "/crm").code == "not_found"
        assert ask("DELETE", "/crm").code == "not_found"
        stored = boto3.client("secretsmanager").list_secrets()["SecretList"]
        assert [each["Name"] for each in stored] == ["identity"]

    @pytest.mark.parametrize(
        ("parts", "pointer", "code"),
        [
            ({"url": "http://hooks.example.com/"}, "/url", "not_https"),
            ({"url": "http://127.0.0.1:8000/"}, "/url", "not_https"),
            ({"url": "https://127.0.0.1/"}, "/url", "not_public"),
            ({"url": "https://localhost/"}, "/url", "not_public"),
            ({"url": "https://user:secret@hooks.example.com/"}, "/url", "url_form"),
            ({"url": "https://hooks.example.com:25/"}, "/url", "port"),
            ({"events": ["PointsLost"]}, "/events/0", "unknown_event"),
            ({"events": ["*", "PointsLost"]}, "/events/1", "unknown_event"),
            ({"events": []}, "/events", "too_short"),
            ({"secret": "mine"}, "/secret", "extra_forbidden"),
        ],
    )
    def test_a_mistake_is_named(self, parts: dict[str, Any], pointer: str, code: str) -> None:
        answer = register(**parts)

        assert (answer.status, answer.code) == (422, "validation_failed")
        assert answer.pointers == {pointer: code}

    def test_the_twenty_first_is_refused(self) -> None:
        for number in range(20):
            assert register(f"e{number}").status == 201

        assert (register("more").status, register("more").code) == (409, "limit_reached")

    def test_this_machine_is_no_endpoint_where_only_the_setting_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A deployed function that has the setting still sees that AWS is not on this machine."""
        monkeypatch.setenv("LOYALTY_LOCAL_ENDPOINTS", "yes")

        assert register(url="http://127.0.0.1:8000/").pointers == {"/url": "not_https"}

    def test_only_a_manager_of_the_program_may(self) -> None:
        register()

        for method, path in (("GET", ""), ("GET", "/crm"), ("POST", "/crm/rotate")):
            assert ask(method, path, as_=staff("bean", "analyst")).code == "forbidden"
            assert ask(method, path, as_=service("bean")).code == "forbidden"
            assert ask(method, path, as_=staff("leaf", "manager")).code == "not_found"

    def test_a_program_that_was_never_published_has_none(self) -> None:
        answer = call(
            handler,
            "PUT",
            "/v1/programs/leaf/endpoints/crm",
            body={"url": URL, "events": ["*"]},
            as_=staff("leaf", "manager"),
        )

        assert (answer.status, answer.code) == (404, "not_found")


class TestDelivering:
    def test_an_event_reaches_its_endpoint_signed(self, receiver: Receiver) -> None:
        secret = register(url=f"{receiver.origin}/hooks").body["secret"]

        assert consume(handler, [event_message()]) == []
        work()

        (post,) = receiver.posts
        assert post.path == "/hooks"
        assert post.headers["webhook-id"] == "evt_1"
        assert post.is_signed_with(secret)
        assert post.payload == {
            "type": "PointsEarned",
            "timestamp": "2026-11-21T10:00:00.000Z",
            "data": EARNED,
        }
        (seen,) = listed()
        assert (seen["event_id"], seen["event"], seen["state"]) == (
            "evt_1",
            "PointsEarned",
            "delivered",
        )
        assert (seen["attempts"], seen["last_status"]) == (1, 204)

    def test_a_failed_attempt_is_listed_with_the_time_of_the_next(self, receiver: Receiver) -> None:
        receiver.answer("/hooks", Reply(503))
        register(url=f"{receiver.origin}/hooks")

        consume(handler, [event_message()])
        work()

        (seen,) = listed()
        assert (seen["state"], seen["last_status"], seen["attempts"]) == ("retrying", 503, 1)
        assert seen["next_attempt_at"] > seen["last_attempt_at"]
        delayed = boto3.client("sqs").get_queue_attributes(
            QueueUrl=queue_url(), AttributeNames=["ApproximateNumberOfMessagesDelayed"]
        )
        assert delayed["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "1"}

    def test_after_a_rotation_both_secrets_verify_and_a_day_later_only_the_new_one(
        self, receiver: Receiver, time: Clock
    ) -> None:
        old = register(url=f"{receiver.origin}/").body["secret"]
        rotated = ask("POST", "/crm/rotate").body
        new = rotated["secret"]

        consume(handler, [event_message()])
        work()
        time.now += timedelta(hours=24)
        consume(handler, [event_message(id="evt_2")])
        work()

        first, second = receiver.posts
        assert first.is_signed_with(old)
        assert first.is_signed_with(new)
        assert second.is_signed_with(new)
        assert not second.is_signed_with(old)
        assert rotated["previous_secret_until"] == "2026-11-22T10:00:00Z"
        assert ask("GET", "/crm").body["previous_secret_until"] is None

    def test_a_test_is_sent_on_request(self, receiver: Receiver) -> None:
        register(url=f"{receiver.origin}/", events=["MemberErased"])

        answer = ask("POST", "/crm/test")
        work()

        assert answer.status == 202
        assert receiver.posts[0].payload["type"] == "EndpointTested"
        assert receiver.posts[0].payload["data"]["id"] == answer.body["delivery"]["event_id"]

    def test_an_event_is_sent_once_more_on_request(self, receiver: Receiver) -> None:
        register(url=f"{receiver.origin}/")
        consume(handler, [event_message()])
        work()

        answer = ask("POST", "/crm/deliveries/evt_1/redeliver")
        work()

        assert (answer.status, answer.body["delivery"]["state"]) == (202, "retrying")
        assert [post.headers["webhook-id"] for post in receiver.posts] == ["evt_1", "evt_1"]
        assert listed()[0]["attempts"] == 2
        assert ask("POST", "/crm/deliveries/evt_9/redeliver").code == "not_found"
        register(url=f"{receiver.origin}/", enabled=False)
        assert ask("POST", "/crm/deliveries/evt_1/redeliver").code == "wrong_state"

    def test_an_endpoint_that_is_gone_is_disabled_until_it_is_registered_again(
        self, receiver: Receiver
    ) -> None:
        receiver.answer("/", Reply(410))
        register(url=f"{receiver.origin}/")
        consume(handler, [event_message()])
        work()

        assert ask("GET", "/crm").body["disabled_because"] == "gone"
        assert register(url=f"{receiver.origin}/").body["enabled"] is True

    def test_a_list_of_deliveries_pages_newest_first(self, time: Clock) -> None:
        register()
        for number in range(5):
            consume(handler, [event_message(id=f"evt_{number}")])
            time.now += timedelta(seconds=1)

        seen: list[str] = []
        query: dict[str, str] = {"limit": "2"}
        while True:
            page = ask("GET", "/crm/deliveries", query=query).body
            seen += [item["event_id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]

        assert seen == ["evt_4", "evt_3", "evt_2", "evt_1", "evt_0"]
        register("other")
        cursor = ask("GET", "/crm/deliveries", query={"limit": "1"}).body["next_cursor"]
        refused = ask("GET", "/other/deliveries", query={"cursor": cursor})
        assert refused.code == "invalid_cursor"

    def test_an_event_of_a_program_without_endpoints_is_left_alone(self) -> None:
        assert consume(handler, [event_message(program_id="leaf")]) == []
        assert receive(queue_url()) == []

    def test_an_invalid_message_fails_alone(self, receiver: Receiver) -> None:
        register(url=f"{receiver.origin}/")
        broken = event_message() | {"messageId": "broken", "body": json.dumps({"event": "X"})}

        assert consume(handler, [broken, event_message()]) == ["broken"]
        assert work() == 1

    def test_neither_address_nor_content_is_logged(self, receiver: Receiver, log: Any) -> None:
        register(url=f"{receiver.origin}/token-1234")
        consume(handler, [event_message(points=987654)])
        work()

        assert "token-1234" not in log.getvalue()
        assert "987654" not in log.getvalue()
        assert '"state":"delivered"' in log.getvalue()

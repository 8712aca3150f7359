"""Messages by mail: sent once, only with consent, with a working link to unsubscribe."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from io import StringIO
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError

from functions.enrollment.handler import handler as enrollment
from functions.notifications.handler import handler
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.messaging.messages import Message
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from loyalty.edge.settings import settings
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.messages import TableLetters, TableOutbox
from tests.integration.conftest import API_URL, MAIL_FROM, Clock
from tests.support import till
from tests.support.http import Answer, call
from tests.support.mailroom import Mailroom, refusal
from tests.support.planned_service import PlannedService
from tests.support.queues import consume, handed_over

FOOTER: Final = "Bean & Leaf, 1 rue du Four, Paris"
TODAY: Final = date(2026, 11, 21)
WELCOME: Final = "2026-11-21/welcome"


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(
        reminders={"welcome": {}, "points_expiring": {}},
        messages={"look": {"footer": FOOTER}, "reply_to": "hello@beanleaf.example"},
    )


@pytest.fixture
def mailroom(monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    room = Mailroom()
    monkeypatch.setattr(clients, "ses", lambda: room.client)
    return room


@pytest.fixture
def ana() -> str:
    """A member who agrees to mail."""
    member_id = till.enroll()
    agree(member_id, email=True)
    return member_id


class Post:
    """Messages to members: written as the reminders do, and what became of them."""

    def __init__(self, engine: DynamoEngine, *, time: Clock) -> None:
        self._engine = engine
        self._time = time

    def write(self, member_id: str, **parts: Any) -> Message:
        fields: dict[str, Any] = {
            "member_id": member_id,
            "kind": "welcome",
            "day": TODAY,
            "written_at": self._time.now,
            "until": TODAY + timedelta(days=7),
        }
        message = Message(**fields | parts)
        letters = TableLetters(self._engine, program_id="bean")
        before = letters.correspondence(member_id) or Correspondence(member_id=member_id)
        letters.write(before, before, (message,))
        return message

    def fate(self, message: Message) -> Any:
        """The message's state, and why."""
        key = keys.message("bean", message.member_id, message.day.isoformat(), message.kind)
        item = self._engine.get(key, strong=True)
        assert item is not None
        return item["state"], item.get("why")


@pytest.fixture
def post(engine: DynamoEngine, time: Clock) -> Post:
    return Post(engine, time=time)


def agree(member_id: str, **consents: bool) -> None:
    path = f"{till.PROGRAM}/members/{member_id}"
    answer = call(enrollment, "PATCH", path, body={"consents": consents}, as_=till.CASHIER)
    assert answer.status == 200


def due(message: Message) -> dict[str, Any]:
    detail = {
        "program_id": "bean",
        "member_id": message.member_id,
        "message_id": message.id,
        "message_kind": message.kind,
    }
    return {"source": "loyalty", "detail-type": "MessageDue", "detail": detail}


def tags(member_id: str) -> dict[str, list[str]]:
    """SES's report about the first mail to a member, with the tags that it was sent with."""
    day, _, kind = WELCOME.partition("/")
    return {"program": ["bean"], "member": [member_id], "day": [day], "kind": [kind]}


def bounced(member_id: str, *, kind: str = "Permanent") -> dict[str, Any]:
    recipients = [{"emailAddress": "Ana@Example.com", "status": "5.1.1"}]
    return {
        "source": "aws.ses",
        "detail-type": "Email Bounced",
        "detail": {
            "bounce": {"bounceType": kind, "bouncedRecipients": recipients},
            "mail": {"tags": tags(member_id)},
        },
    }


def complained(member_id: str) -> dict[str, Any]:
    return {
        "source": "aws.ses",
        "detail-type": "Email Complaint Received",
        "detail": {
            "complaint": {"complainedRecipients": [{"emailAddress": "ana@example.com"}]},
            "mail": {"tags": tags(member_id)},
        },
    }


def deliver(*events: dict[str, Any], receipt: str = "r") -> list[str]:
    """Hand events over as the queue does; gives the ids of those that go back."""
    records = [
        handed_over(f"m{number}", json.dumps(event), receipt=receipt)
        for number, event in enumerate(events)
    ]
    return consume(handler, records)


def headers(mail: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in mail["Content"]["Simple"]["Headers"]}


def body(mail: dict[str, Any], part: str) -> str:
    return str(mail["Content"]["Simple"]["Body"][part]["Data"])


def follow(link: str, method: str = "POST") -> Answer:
    assert link.startswith(API_URL)
    return call(enrollment, method, link.removeprefix(API_URL), raw="List-Unsubscribe=One-Click")


class TestSending:
    def test_a_message_is_sent_as_html_and_text_under_the_program_s_name(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        assert deliver(due(post.write(ana))) == []

        (mail,) = mailroom.mails
        assert mail["FromEmailAddress"] == f"Bean & Leaf <{MAIL_FROM}>"
        assert mail["Destination"] == {"ToAddresses": ["ana@example.com"]}
        assert mail["ReplyToAddresses"] == ["hello@beanleaf.example"]
        assert mail["ConfigurationSetName"] == "mail"
        assert mail["Content"]["Simple"]["Subject"]["Data"] == "Welcome to Bean & Leaf"
        assert "Bean &amp; Leaf, 1 rue du Four" in body(mail, "Html")
        assert FOOTER in body(mail, "Text")
        assert {each["Name"]: [each["Value"]] for each in mail["EmailTags"]} == tags(ana)

    def test_a_program_s_name_in_any_script_is_a_sender_s_name(
        self,
        ana: str,
        post: Post,
        mailroom: Mailroom,
        publish: Callable[..., PublishedProgram],
        time: Clock,
    ) -> None:
        publish(version=2, name="Café, “Crème”", reminders={"welcome": {}})
        time.now += timedelta(minutes=1)

        deliver(due(post.write(ana)))

        sender = mailroom.mails[0]["FromEmailAddress"]
        assert sender.isascii()
        assert str(make_header(decode_header(sender))) == f"Café, “Crème” <{MAIL_FROM}>"

    def test_ses_accepts_the_messages(self, ana: str, post: Post) -> None:
        message = post.write(ana)

        assert deliver(due(message)) == []

        assert post.fate(message) == ("sent", None)

    def test_a_message_delivered_twice_is_sent_once(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        message = post.write(ana)

        assert deliver(due(message), due(message)) == []
        assert deliver(due(message)) == []

        assert len(mailroom.mails) == 1

    def test_two_workers_do_not_send_the_same_message(
        self, ana: str, post: Post, mailroom: Mailroom, engine: DynamoEngine, time: Clock
    ) -> None:
        message = post.write(ana)
        outbox = TableOutbox(engine, program_id="bean")
        outbox.claim(message, now=time.now, until=time.now + timedelta(minutes=2))

        assert deliver(due(message)) == ["m0"]
        assert mailroom.mails == []
        time.now += timedelta(minutes=3)
        assert deliver(due(message)) == []

        assert len(mailroom.mails) == 1

    @pytest.mark.parametrize(
        "trouble",
        [
            refusal("TooManyRequestsException"),
            refusal("SendingPausedException"),
            refusal("MessageRejected", "Email address is not verified."),
            EndpointConnectionError(endpoint_url="https://email"),
        ],
        ids=lambda each: type(each).__name__,
    )
    def test_a_message_that_ses_throttles_is_sent_later(
        self, ana: str, post: Post, mailroom: Mailroom, time: Clock, trouble: Exception
    ) -> None:
        message = post.write(ana)
        mailroom.refusals.append(trouble)

        assert deliver(due(message)) == ["m0"]
        time.now += timedelta(minutes=3)
        assert deliver(due(message)) == []

        assert len(mailroom.mails) == 1

    def test_a_message_that_ses_rejects_is_dropped_with_the_reason(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        message = post.write(ana)
        mailroom.refusals.append(refusal("BadRequestException", "Invalid address"))

        assert deliver(due(message)) == []

        assert post.fate(message) == ("dropped", "rejected")

    def test_a_deployment_without_a_sender_drops_messages_and_says_so(
        self, ana: str, post: Post, log: StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("LOYALTY_MAIL_FROM")
        settings.cache_clear()
        message = post.write(ana)

        assert deliver(due(message)) == []

        assert post.fate(message) == ("dropped", "rejected")
        assert "mail_from" in log.getvalue()

    def test_the_log_holds_neither_addresses_nor_names(
        self, ana: str, post: Post, mailroom: Mailroom, log: StringIO
    ) -> None:
        mailroom.refusals.append(refusal("AccountSuspendedException", "for ana@example.com"))

        deliver(due(post.write(ana)), bounced(ana))

        assert "not sent" in log.getvalue()
        assert "example.com" not in log.getvalue().lower()

    def test_one_message_that_fails_delays_no_other(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        first = post.write(ana)
        second = post.write(ana, kind="points_expiring", about=TODAY, points=3)
        mailroom.refusals.append(refusal("TooManyRequestsException"))

        assert deliver(due(first), due(second)) == ["m0"]

        assert len(mailroom.mails) == 1


class TestWhetherToSend:
    def test_a_member_who_withdrew_consent_in_the_meantime_gets_no_message(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        message = post.write(ana)
        agree(ana, welcome=False)

        deliver(due(message))

        assert post.fate(message) == ("dropped", "not_agreed")
        assert mailroom.mails == []

    def test_a_member_erased_in_the_meantime_gets_no_message(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        message = post.write(ana)
        till.erase(ana)

        deliver(due(message))

        assert post.fate(message) == ("dropped", "erased")
        assert mailroom.mails == []

    def test_a_message_that_comes_too_late_is_not_sent(
        self, ana: str, post: Post, mailroom: Mailroom, time: Clock
    ) -> None:
        message = post.write(ana)
        time.now += timedelta(days=8)

        deliver(due(message))

        assert post.fate(message) == ("dropped", "too_late")
        assert mailroom.mails == []

    def test_a_message_due_at_night_waits_in_the_queue_until_morning(
        self, ana: str, post: Post, mailroom: Mailroom, time: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sqs = PlannedService({})
        monkeypatch.setattr(clients, "sqs", lambda: sqs)
        message = post.write(ana)
        time.now = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)

        assert deliver(due(message), receipt="handle") == ["m0"]

        assert mailroom.mails == []
        ((operation, call),) = sqs.calls
        # Ten in the evening in Paris, until eight in the morning.
        assert operation == "ChangeMessageVisibility"
        assert (call["ReceiptHandle"], call["VisibilityTimeout"]) == ("handle", 10 * 3600)


class TestUnsubscribing:
    def test_one_click_ends_all_mail(self, ana: str, post: Post, mailroom: Mailroom) -> None:
        deliver(due(post.write(ana)))
        (mail,) = mailroom.mails
        link = headers(mail)["List-Unsubscribe"].strip("<>")

        answer = follow(link)

        assert headers(mail)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link in body(mail, "Text")
        assert link in body(mail, "Html")
        assert answer.status == 200
        assert till.member(ana)["consents"] == {"email": False}
        assert follow(link).status == 200

    def test_opening_the_link_only_asks(self, ana: str, post: Post, mailroom: Mailroom) -> None:
        deliver(due(post.write(ana)))
        link = headers(mailroom.mails[0])["List-Unsubscribe"].strip("<>")

        answer = follow(link, "GET")

        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert '<form method="post">' in answer.text
        assert till.member(ana)["consents"] == {"email": True}

    def test_a_tampered_link_identifies_nobody(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        deliver(due(post.write(ana)))
        link = headers(mailroom.mails[0])["List-Unsubscribe"].strip("<>")
        bob = till.enroll("bob@example.com")

        assert follow(link.replace(ana, bob)).status == 404
        assert follow(f"{link[:-1]}{'A' if link[-1] != 'A' else 'B'}").status == 404
        assert follow(link.replace("/bean/", "/leaf/")).status == 404


class TestBounces:
    @pytest.mark.parametrize("event", [bounced, complained])
    def test_an_address_that_bounces_or_complains_gets_no_more_mail(
        self, ana: str, post: Post, mailroom: Mailroom, event: Callable[[str], dict[str, Any]]
    ) -> None:
        welcome = post.write(ana)
        deliver(due(welcome))
        assert deliver(event(ana), event(ana)) == []
        assert post.fate(welcome) == (event.__name__, None)

        late = post.write(ana, kind="points_expiring", about=TODAY, points=3)
        deliver(due(late))

        assert post.fate(late) == ("dropped", "not_agreed")
        assert len(mailroom.mails) == 1

    def test_a_mail_that_bounces_before_its_sending_is_recorded_is_bounced(
        self, ana: str, post: Post
    ) -> None:
        welcome = post.write(ana)

        assert deliver(bounced(ana), due(welcome)) == []

        assert post.fate(welcome) == ("bounced", None)

    def test_a_mailbox_that_is_full_today_is_written_to_again(
        self, ana: str, post: Post, mailroom: Mailroom
    ) -> None:
        deliver(due(post.write(ana)))
        deliver(bounced(ana, kind="Transient"))

        deliver(due(post.write(ana, kind="points_expiring", about=TODAY, points=3)))

        assert len(mailroom.mails) == 2

    def test_a_bounce_for_an_erased_member_is_not_a_failure(self, ana: str) -> None:
        till.erase(ana)

        assert deliver(bounced(ana)) == []

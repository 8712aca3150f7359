"""Marked people go in through every door, and their marks come out at none of them.

Every flow is driven with personal data that nobody else has, when it succeeds and when it fails in
each way that it can. Then logs, metrics, queues, events, facts and keys are searched for the marks,
and what others were answered. After the erasure the marks are nowhere at all.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from typing import Any, Final

import boto3
import pytest

from functions.accrual.handler import handler as accrual
from functions.archive.handler import handler as archive
from functions.enrollment.handler import handler as enrollment
from functions.notifications.handler import handler as notifications
from functions.overview.handler import handler as overview
from functions.relay.handler import handler as relay
from functions.storefronts.handler import handler as storefronts
from functions.webhooks.handler import handler as webhooks
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.messaging.messages import Message
from loyalty.domain.program.kinds import MessageKind
from loyalty.edge.aws import clients, table
from loyalty.sdk.services import JsonService
from loyalty.table.engine import DynamoEngine
from loyalty.table.messages import TableLetters
from loyalty.usecases.people import members as people
from tests.integration.conftest import TABLE, Clock
from tests.support import signing, till
from tests.support.deliveries import apply, connect, deliver, drain, post, queued
from tests.support.erasing import finish, items, objects
from tests.support.http import Answer, Claims, Context, Handler, call, person, service, staff
from tests.support.inbox import in_inbox
from tests.support.mailroom import Mailroom, refusal
from tests.support.queues import consume
from tests.support.received import RECEIVED_AT
from tests.support.shopify import DATA_REQUEST, KNOWN_CUSTOMER, WITH_CUSTOMER, encoded, payload
from tests.support.stream import batch, records

NAME: Final = "Quintessa Wharfinger"
EMAIL: Final = "quintessa.wharfinger@marked.example"
PHONE: Final = "+33655501234"
BIRTHDAY: Final = "1971-07-17"
STREET: Final = "77 Wharfinger Lane"
CARD: Final = "CARD-WHARFINGER-6034"
SUBJECT: Final = "sub-quintessa-wharfinger"
CUSTOMER: Final = 809111222333
NOTE: Final = "leave it with Wharfinger"

# In whatever spelling: all texts are searched in small letters.
MARKS: Final = ("wharfinger", "quintessa", "655501234", "6 55 50 12 34", BIRTHDAY, str(CUSTOMER))

SERVICE: Final = service("bean")
HERSELF: Final = person(SUBJECT, email=EMAIL, phone=PHONE)
PROFILE: Final = {"name": NAME, "birthday": BIRTHDAY, "attributes": {"street": STREET}}
HER_IDENTITIES: Final = [{"kind": "email", "value": EMAIL}, {"kind": "phone", "value": PHONE}]
ADDRESS: Final = {
    "name": NAME,
    "first_name": NAME.split()[0],
    "last_name": NAME.split()[1],
    "address1": STREET,
    "phone": "06 55 50 12 34",
}
CONTEXT: Final[Any] = Context()


@dataclass(slots=True)
class Overheard:
    """All that left the functions towards somebody else."""

    to_others: list[str] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    on_the_bus: list[str] = field(default_factory=list)

    def ask(
        self, handler: Handler, method: str, path: str, *, as_: Claims | None, **sent: Any
    ) -> Answer:
        """The requests of people who may not see her data."""
        answer = call(handler, method, till.PROGRAM + path, as_=as_, **sent)
        self.to_others.append(answer.text + json.dumps(answer.headers))
        return answer


@pytest.fixture(autouse=True)
def mailroom(monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    room = Mailroom()
    monkeypatch.setattr(clients, "ses", lambda: room.client)
    monkeypatch.setattr(table, "pause", lambda _attempt: None)
    return room


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    heard = Overheard()
    call_api = JsonService.call

    def listen(service: JsonService, operation: str, parameters: Mapping[str, Any]) -> Any:
        if operation in ("SendMessage", "SendMessageBatch"):
            heard.queued.append(json.dumps(parameters))
        if operation == "PutEvents":
            heard.on_the_bus.append(json.dumps(parameters))
        return call_api(service, operation, parameters)

    monkeypatch.setattr(JsonService, "call", listen)
    return heard


@pytest.fixture(autouse=True)
def shops(publish: Callable[..., object]) -> None:
    publish(currency="USD", reminders={"welcome": {}}, messages={"look": {"footer": "1 rue"}})
    connect()
    for platform in ("woocommerce", "stripe"):
        connect(platform, platform=platform, source=platform, secrets=[signing.SECRET])


def marks_in(*texts: str | bytes) -> set[str]:
    found: set[str] = set()
    for text in texts:
        read = text.decode(errors="replace") if isinstance(text, bytes) else text
        found |= {mark for mark in MARKS if mark in read.casefold()}
    return found


def order_of_hers(**changes: Any) -> dict[str, Any]:
    """A shop's order, with everything that a shop says about the buyer."""
    order_body = payload(WITH_CUSTOMER, paid_at=RECEIVED_AT)
    person = {"id": CUSTOMER, "email": EMAIL, "phone": PHONE, "default_address": ADDRESS}
    return order_body | {
        "customer": person,
        "email": EMAIL,
        "contact_email": EMAIL,
        "phone": PHONE,
        "billing_address": ADDRESS,
        "shipping_address": ADDRESS,
        "note": NOTE,
        **changes,
    }


def she_is_a_member() -> str:
    """She enrolls, has a card, changes what she said, looks, and is sent mail."""
    body = {"profile": PROFILE, "consents": {"email": True}}
    path = f"{till.PROGRAM}/members"
    hers = call(enrollment, "POST", path, body=body, as_=HERSELF).body["id"]
    more = {
        "identities": [
            {"kind": "card", "value": CARD},
            {"kind": "customer", "source": "shop", "value": str(CUSTOMER)},
        ]
    }
    assert call(enrollment, "PATCH", f"{path}/{hers}", body=more, as_=SERVICE).status == 200
    for way in ("", "/history", "/export"):
        assert call(enrollment, "GET", f"{path}/me{way}", as_=HERSELF).status == 200
    return str(hers)


def she_buys() -> None:
    """In shops, before anybody knows her and afterwards, at the till, and gives some back."""
    deliver(order_of_hers(id=1), event_id="paid")
    deliver(order_of_hers(id=1), event_id="again")
    refund = payload("refund.509562969", order_id=1, note=NOTE)
    deliver(refund, event_id="refund", topic="refunds/create")
    deliver(
        order_of_hers(id=1, cancelled_at=RECEIVED_AT.isoformat()),
        event_id="c",
        topic="orders/cancelled",
    )
    deliver(order_of_hers(id=2, test=True), event_id="test")
    hers = order_of_hers(id=3, financial_status="pending")
    deliver(hers, event_id="pending", topic="orders/create")
    customer = KNOWN_CUSTOMER | {"id": CUSTOMER, "email": EMAIL, "phone": PHONE}
    deliver(customer | ADDRESS, topic="customers/update")
    wrong = order_of_hers(id=4, currency=NAME)
    deliver(wrong, event_id="currency")
    deliver(order_of_hers(id=5, line_items=[{"title": NOTE}]), event_id="malformed")
    deliver(order_of_hers(id={"name": NAME}, note=EMAIL), event_id="id")
    data_request = DATA_REQUEST | {
        "customer": {"id": CUSTOMER, "email": EMAIL, "phone": PHONE},
        "orders_requested": [1],
    }
    deliver(data_request, event_id="request", topic="customers/data_request")
    no_json = f'{{"email": "{EMAIL}", {NAME}'.encode()
    for storefront, signed in (
        ("woocommerce", signing.woocommerce(no_json)),
        ("stripe", signing.stripe(no_json)),
    ):
        assert post(no_json, signed, storefront_id=storefront).status == 200
    woo = encoded(
        signing.fixture("woocommerce/order.727") | {"billing": ADDRESS | {"email": EMAIL}}
    )
    assert post(woo, signing.woocommerce(woo), storefront_id="woocommerce").status == 200
    drain()


def she_answers(overheard: Overheard) -> None:
    """She says who she is, where somebody else can make no answer of it as well."""
    survey_answer = {"score": 1, "comment": f"{NAME}, {PHONE}, {NOTE}"}
    path = "/surveys/recommend/responses"
    assert call(accrual, "POST", till.PROGRAM + path, body=survey_answer, as_=HERSELF).status == 201
    wrong = survey_answer | {"order": {"source": "shop", "order_id": "never"}}
    assert overheard.ask(accrual, "POST", path, as_=SERVICE, body=wrong).status == 422
    again = survey_answer | {"comment": NAME}
    assert overheard.ask(accrual, "POST", path, as_=HERSELF, body=again).status == 409
    assert overheard.ask(accrual, "GET", path, as_=SERVICE).status == 403


def others_ask_for_her(overheard: Overheard, hers: str) -> None:
    """Callers who are neither she nor staff of the program, and mistaken requests of staff."""
    eve = person("eve", email="eve@example.com")
    of_leaf = staff("leaf", "manager")
    found = {"identity": {"kind": "email", "value": EMAIL}}
    ask = overheard.ask
    for as_ in (eve, of_leaf):
        assert ask(enrollment, "GET", f"/members/{hers}", as_=as_).status == 404
        assert ask(enrollment, "GET", f"/members/{hers}/export", as_=as_).status == 404
    assert ask(enrollment, "POST", "/members/lookup", as_=of_leaf, body=found).status == 404
    for as_ in (staff("bean", "analyst"), SERVICE, till.MANAGER):
        for text in (EMAIL, PHONE, CARD, f"{NAME} <{EMAIL}>", NAME, BIRTHDAY):
            assert ask(overview, "POST", "/search", as_=as_, body={"text": text}).status == 200
    claimed = {"identities": [{"kind": "email", "value": EMAIL}]}
    assert ask(enrollment, "POST", "/members", as_=eve, body=claimed).code == "identity_taken"
    assert ask(enrollment, "POST", "/members", as_=SERVICE, body=claimed).code == "identity_taken"


def mistakes_are_made(overheard: Overheard, hers: str) -> None:
    """Bodies that quote her and are refused, each in a way of its own."""
    ask = overheard.ask
    order = till.order(identities=HER_IDENTITIES)
    for method, path, body in (
        ("POST", "/members", {"identities": [{"kind": "email", "value": f"{EMAIL} {NAME}"}]}),
        ("POST", "/members", {"identities": [{"kind": "phone", "value": "06 55 50 12 34"}]}),
        ("POST", "/members", {"profile": {"birthday": NAME}, "identities": HER_IDENTITIES}),
        ("POST", "/members", {"profile": {"name": [NAME]}, "identities": HER_IDENTITIES}),
        ("PATCH", f"/members/{hers}", {"consents": {"email": NAME}}),
        ("POST", "/members/lookup", {"identity": {"kind": NAME, "value": EMAIL}}),
    ):
        refused = ask(enrollment, method, path, as_=SERVICE, body=body)
        assert refused.code == "validation_failed", refused.text
    raw = f'{{"identities": "{EMAIL}", {NAME}'
    for handler, path in ((enrollment, "/members"), (accrual, "/orders")):
        assert ask(handler, "POST", path, as_=SERVICE, raw=raw).code == "malformed_json"
    money = order | {"lines": [till.line(100) | {"amount": {"amount": NAME, "currency": "USD"}}]}
    assert ask(accrual, "POST", "/orders", as_=SERVICE, body=money).status == 422
    assert ask(accrual, "POST", "/orders", as_=SERVICE, body=order).code == "currency_mismatch"
    unsigned = encoded(order_of_hers())
    forged = {"x-shopify-hmac-sha256": NAME, "x-shopify-topic": EMAIL}
    for shop in ("online", "nowhere"):
        answer = ask(webhooks, "POST", f"/webhooks/{shop}", as_=None, raw=unsigned, headers=forged)
        assert answer.status in (401, 404)
    connection = {"platform": "shopify", "source": NAME, "secrets": [NAME]}
    assert (
        ask(storefronts, "PUT", "/storefronts/x", as_=till.MANAGER, body=connection).status == 422
    )


def something_breaks(
    overheard: Overheard, monkeypatch: pytest.MonkeyPatch, mailroom: Mailroom, hers: str
) -> None:
    """Errors whose text quotes her data: our own, and those of services that repeat a request."""

    def quote(*_: object, **__: object) -> None:
        raise RuntimeError(f"{NAME} <{EMAIL}>, {PHONE}, born {BIRTHDAY}")

    with monkeypatch.context() as broken:
        broken.setattr(people, "look_up", quote)
        assert overheard.ask(enrollment, "GET", f"/members/{hers}", as_=till.CASHIER).status == 500
    with monkeypatch.context() as broken:
        broken.setattr("loyalty.usecases.shops.intake.understand", quote)
        deliver(order_of_hers(id=6), event_id="breaks")
        messages = queued()
        assert len(apply(messages)) == len(messages) == 1
    for kind, *refusals in (
        ("welcome", refusal("MessageRejected", f"Address is on the list: {EMAIL}")),
        ("lapsed", refusal("SendingPausedException", f"No mail to {EMAIL}")),
        ("birthday",),
    ):
        mailroom.refusals = list(refusals)
        consume(notifications, [message_of(due(hers, kind))])
    consume(notifications, [message_of(bounced(hers))])


def due(hers: str, kind: str) -> dict[str, Any]:
    detail = {"program_id": "bean", "member_id": hers, "message_id": f"2026-11-21/{kind}"}
    return {"source": "loyalty", "detail-type": "MessageDue", "detail": detail}


def bounced(hers: str) -> dict[str, Any]:
    bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": EMAIL}]}
    tags = {
        "program": ["bean"],
        "member": [hers],
        "day": ["2026-11-21"],
        "kind": ["welcome"],
        "ses:configuration-set": ["mail"],
    }
    detail = {"bounce": bounce, "mail": {"tags": tags}}
    return {"source": "aws.ses", "detail-type": "Email Bounced", "detail": detail}


def message_of(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": "1",
        "receiptHandle": "1",
        "body": json.dumps(event),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:queue",
    }


def written_to(hers: str, *, engine: DynamoEngine, now: datetime) -> None:
    """Messages that wait for her."""
    kinds: tuple[MessageKind, ...] = ("welcome", "lapsed", "birthday")
    waiting = [
        Message(member_id=hers, kind=kind, day=now.date(), written_at=now, until=now.date())
        for kind in kinds
    ]
    blank = Correspondence(member_id=hers)
    TableLetters(engine, program_id="bean").write(blank, blank, waiting)


def lake() -> Iterator[bytes]:
    for key, body in objects(boto3.client("s3"), "lake"):
        yield key.encode()
        yield gzip.decompress(body) if key.endswith(".gz") else body


def stored_items(dynamodb: Any) -> list[dict[str, Any]]:
    """Every item but those of the inbox, whose content is compressed."""
    every = items(dynamodb, TABLE)
    return [item for item in every if not item["pk"]["S"].startswith("INBOX#")]


def inbox() -> Iterator[str]:
    for where, delivery in in_inbox().items():
        yield where
        if delivery:
            yield json.dumps(delivery.headers)
            yield delivery.body.decode()


def test_personal_data_stays_where_it_belongs_and_erasure_removes_it_everywhere(
    *,
    overheard: Overheard,
    mailroom: Mailroom,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    log: StringIO,
    dynamodb: Any,
    engine: DynamoEngine,
    time: Clock,
) -> None:
    deliver(order_of_hers(id=10), event_id="as-a-guest")
    drain()
    hers = she_is_a_member()
    written_to(hers, engine=engine, now=time.now)
    she_buys()
    she_answers(overheard)
    others_ask_for_her(overheard, hers)
    mistakes_are_made(overheard, hers)
    something_breaks(overheard, monkeypatch, mailroom, hers)
    changes = batch(records(TABLE))
    assert relay(changes, CONTEXT) == archive(changes, CONTEXT) == {"batchItemFailures": []}

    # The marks did go in, and nowhere but where they belong.
    assert marks_in(*inbox()) >= {"wharfinger", "655501234", str(CUSTOMER)}
    assert mailroom.mails
    marked = {item["kind"]["S"] for item in stored_items(dynamodb) if marks_in(json.dumps(item))}
    assert marked == {"profile", "survey_response"}
    assert overheard.queued
    assert overheard.on_the_bus
    assert list(lake())
    metrics = capsys.readouterr().out
    assert "Refusals" in metrics
    assert "not applied" in log.getvalue()
    searched: dict[str, Sequence[str | bytes]] = {
        "the log": [log.getvalue()],
        "the metrics": [metrics],
        "what others were answered": overheard.to_others,
        "the queues": overheard.queued,
        "the bus": overheard.on_the_bus,
        "the lake": list(lake()),
        "the names in the inbox": list(in_inbox()),
    }
    for where, texts in searched.items():
        assert marks_in(*texts) == set(), where
    keys = [
        value["S"]
        for item in stored_items(dynamodb)
        for name, value in item.items()
        if name.endswith(("pk", "sk"))
    ]
    assert marks_in(*keys) == set()

    time.now += timedelta(minutes=1)
    assert call(enrollment, "DELETE", f"{till.PROGRAM}/members/me", as_=HERSELF).status == 204
    finish()
    changes = batch(records(TABLE))
    assert relay(changes, CONTEXT) == archive(changes, CONTEXT) == {"batchItemFailures": []}

    assert marks_in(json.dumps(stored_items(dynamodb)), *inbox(), *lake()) == set()
    assert mailroom.lifted == [EMAIL]
    assert not [item for item in stored_items(dynamodb) if "#GUEST#" in item["pk"]["S"]]
    told_by_the_run = (log.getvalue(), capsys.readouterr().out, *overheard.queued)
    assert marks_in(*told_by_the_run, *overheard.on_the_bus) == set()


def test_the_search_for_marks_finds_them(overheard: Overheard) -> None:
    answer = overheard.ask(enrollment, "POST", "/members", as_=HERSELF, body={"profile": PROFILE})

    assert answer.status == 201
    assert marks_in(*overheard.to_others) >= {"wharfinger", "quintessa", "655501234", BIRTHDAY}

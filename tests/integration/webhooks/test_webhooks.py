"""Storefronts deliver over HTTP; nothing is applied yet."""

import json
import random
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from functions.storefronts.handler import handler as storefronts
from functions.webhooks.handler import BODY_BYTES_MAX
from functions.webhooks.handler import handler as webhooks
from tests.integration.conftest import Clock
from tests.support.deliveries import MANAGER, PROGRAM_ID, connect, deliver, post, queued
from tests.support.http import call
from tests.support.inbox import in_inbox, inbox_texts
from tests.support.shopify import WITH_CUSTOMER, encoded, headers, payload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shop(program: object) -> None:
    connect()


def order(**changes: Any) -> dict[str, Any]:
    return payload(WITH_CUSTOMER, paid_at=NOW, **changes)


def test_a_signed_delivery_is_answered_kept_and_queued() -> None:
    raw = encoded(order())

    answer = post(raw, headers(raw))

    assert answer.status == 200
    assert answer.body["status"] == "received"
    ((where, delivery),) = in_inbox().items()
    assert where.startswith("bean/online/20261121T100000000000Z.")
    assert where.startswith(f"bean/online/{answer.body['delivery_id']}.")
    assert delivery == (headers(raw), raw)
    (message,) = queued()
    assert json.loads(message["body"]) == {"v": 1, "where": where}
    assert "bob.norman" not in str(message)


def test_a_body_that_the_gateway_passes_on_as_text_is_verified_as_well() -> None:
    raw = encoded(order(note="très bien ☕"))
    path = f"/v1/programs/{PROGRAM_ID}/webhooks/online"

    answer = call(webhooks, "POST", path, raw=raw.decode(), headers=headers(raw))

    assert answer.status == 200
    assert inbox_texts() == [raw.decode()]


def test_bytes_that_are_no_text_are_verified_as_they_are() -> None:
    raw = b"\xff\x00 no text"

    assert post(raw, headers(raw)).status == 200


@pytest.mark.parametrize("raw", [b"", b"not json", b"[]", b'{"id": "x"}'])
def test_a_signed_body_that_makes_no_sense_is_taken_too(raw: bytes) -> None:
    answer = post(raw, headers(raw))

    assert answer.status == 200
    assert len(queued()) == 1


def test_header_names_may_be_written_in_any_case() -> None:
    raw = encoded(order())
    shouted = {name.upper(): value for name, value in headers(raw).items()}

    assert post(raw, shouted).status == 200


@pytest.mark.parametrize(
    "signed",
    [
        {},
        {"x-shopify-hmac-sha256": ""},
        {"x-shopify-hmac-sha256": "AAAA"},
        {"authorization": "Bearer of nothing"},
    ],
)
def test_an_unsigned_delivery_is_refused_and_not_kept(signed: dict[str, str]) -> None:
    answer = post(encoded(order()), signed)

    assert (answer.status, answer.code) == (401, "bad_signature")
    assert not in_inbox()
    assert not queued()


def test_a_tampered_delivery_is_refused_and_not_kept() -> None:
    raw = encoded(order())

    answer = post(raw.replace(b"199.00", b"999.00"), headers(raw))

    assert (answer.status, answer.code) == (401, "bad_signature")
    assert not in_inbox()


def test_both_secrets_of_a_rotation_are_believed_and_others_are_not() -> None:
    connect(secrets=["new", "old"])

    assert deliver(order(), secret="new").status == 200
    assert deliver(order(), secret="old").status == 200
    assert deliver(order()).code == "bad_signature"


@pytest.mark.parametrize(
    "where", [{"storefront_id": "unknown"}, {"program_id": "leaf"}, {"storefront_id": "a b"}]
)
def test_an_unknown_storefront_is_not_found(where: dict[str, str]) -> None:
    raw = encoded(order())

    answer = post(raw, headers(raw), **where)

    assert (answer.status, answer.code) == (404, "not_found")


def test_a_disconnected_storefront_is_not_found() -> None:
    call(storefronts, "DELETE", "/v1/programs/bean/storefronts/online", as_=MANAGER)

    assert deliver(order()).code == "not_found"


def test_a_large_order_is_taken_and_what_cannot_be_carried_is_not() -> None:
    # Nothing of it can be compressed, so it is in the bucket.
    large = random.Random(1).randbytes(BODY_BYTES_MAX)  # no secret
    larger = b"x" * (BODY_BYTES_MAX + 1)

    assert post(large, headers(large)).status == 200
    assert post(larger, headers(larger)).code == "too_large"
    assert list(in_inbox().values()) == [(headers(large), large)]


def test_the_same_delivery_at_the_same_moment_is_kept_and_queued_once() -> None:
    ids = {deliver(order()).body["delivery_id"] for _ in range(3)}

    assert len(ids) == 1
    assert len(in_inbox()) == 1
    assert len(queued()) == 1


def test_the_same_delivery_later_is_kept_and_queued_again(time: Clock) -> None:
    first = deliver(order()).body["delivery_id"]
    time.now += timedelta(seconds=1)
    second = deliver(order()).body["delivery_id"]

    assert first.partition(".")[2] == second.partition(".")[2]
    assert len(in_inbox()) == len(queued()) == 2


def test_deliveries_about_one_order_are_queued_in_order_and_others_apart() -> None:
    deliver(order())
    deliver(payload("refund.509562969"), topic="refunds/create", event_id="refund")
    deliver(order(id=2), event_id="another")

    groups = [message["attributes"]["MessageGroupId"] for message in queued()]

    assert len(groups) == 3
    assert len(set(groups)) == 2


def test_nothing_personal_is_logged(log: StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(order())
    deliver(order(), secret="guessed")

    logged = log.getvalue() + capsys.readouterr().out

    assert "answered" in logged
    for personal in ("bob.norman", "207119551", "+16136120707", "Norman", "IPOD"):
        assert personal not in logged

"""Signed webhooks over real connections, to servers on this machine that behave or do not."""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Final

import pytest
from pytest_socket import disable_socket, enable_socket

from loyalty.domain.webhooks_out.deliveries import AttemptResult
from loyalty.edge.outgoing import resolving
from loyalty.edge.outgoing.webhook_sender import WebhookSender, signed_headers
from tests.support.receiver import Authority, Receiver, Reply, authority, receiving
from tests.support.signing import fixture

NAME: Final = "hooks.example.com"
LOOPBACK: Final = "127.0.0.1"
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER: Final = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
EVENT: Final = '{"type":"PointsEarned","timestamp":"2026-11-21T10:00:00.000Z","data":{}}'


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    enable_socket()
    yield
    disable_socket()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls"), NAME)


@pytest.fixture
def receiver(trusted: Authority) -> Iterator[Receiver]:
    with receiving(trusted.server) as receiver:
        yield receiver


class Resolver:
    """Says of every name what a test makes it say, in turn; it counts the lookups."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.lookups = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.lookups += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def sender(
    trusted: Authority, *, resolve: Resolver | None = None, seconds_max: float = 5
) -> WebhookSender:
    """A sender that treats this machine as a public address."""
    return WebhookSender(
        resolve=resolve or Resolver([LOOPBACK]),
        is_allowed=lambda address: address == LOOPBACK,
        tls=lambda: trusted.client,
        exchange_seconds_max=seconds_max,
    )


def send(by: WebhookSender, url: str, *, secrets: Sequence[str] = (SECRET,)) -> AttemptResult:
    return by(url, event_id="evt_1", body=EVENT, secrets=secrets, now=NOW)


def test_an_event_is_posted_as_a_signed_webhook(trusted: Authority, receiver: Receiver) -> None:
    answer = send(sender(trusted), f"https://{NAME}:{receiver.port}/loyalty?of=crm")

    (post,) = receiver.posts
    assert answer == AttemptResult(status=204)
    assert post.path == "/loyalty?of=crm"
    assert post.body == EVENT.encode()
    assert post.headers["webhook-id"] == "evt_1"
    assert post.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert post.headers["content-type"] == "application/json"
    assert post.headers["host"] == f"{NAME}:{receiver.port}"
    assert post.is_signed_with(SECRET)
    assert not post.is_signed_with(OTHER)


def test_during_a_rotation_either_secret_verifies(trusted: Authority, receiver: Receiver) -> None:
    send(sender(trusted), f"https://{NAME}:{receiver.port}/", secrets=(OTHER, SECRET))

    (post,) = receiver.posts
    assert post.headers["webhook-signature"].count("v1,") == 2
    assert post.is_signed_with(SECRET)
    assert post.is_signed_with(OTHER)


def test_a_signature_is_what_the_standard_s_own_example_says() -> None:
    (example,) = fixture("signatures")["standard_webhooks"]

    made = signed_headers(
        example["id"],
        body=example["body"],
        secrets=[example["secret"]],
        now=datetime.fromtimestamp(example["timestamp"], UTC),
    )

    assert made["webhook-signature"] == example["signature"]


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
        ["2606:4700::1111", "fd00:ec2::254"],
        [],
    ],
)
def test_a_name_with_one_inner_address_is_not_called_at_all(
    addresses: list[str], receiver: Receiver, trusted: Authority
) -> None:
    strict = WebhookSender(resolve=Resolver(addresses), tls=lambda: trusted.client)

    answer = send(strict, f"https://{NAME}:{receiver.port}/")

    assert answer == AttemptResult(trouble="not_public")
    assert receiver.posts == []


def test_a_name_that_answers_otherwise_a_moment_later_leads_nowhere_else(
    trusted: Authority, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a second look-up would get the false address, and there is none."""
    connected: list[tuple[str, int]] = []
    connect = socket.create_connection

    def watched(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        return connect(address, timeout)

    monkeypatch.setattr(socket, "create_connection", watched)
    lying = Resolver([LOOPBACK], ["169.254.169.254"])

    answer = send(sender(trusted, resolve=lying), f"https://{NAME}:{receiver.port}/")

    assert answer.is_accepted
    assert lying.lookups == 1
    assert connected == [(LOOPBACK, receiver.port)]


def test_the_certificate_must_be_the_name_s(trusted: Authority, receiver: Receiver) -> None:
    answer = send(sender(trusted), f"https://other.example.com:{receiver.port}/")

    assert answer == AttemptResult(trouble="tls")
    assert receiver.posts == []


def test_an_untrusted_certificate_is_refused(receiver: Receiver, trusted: Authority) -> None:
    world = Authority(trusted.server, ssl.create_default_context())

    assert send(sender(world), f"https://{NAME}:{receiver.port}/") == AttemptResult(trouble="tls")
    assert receiver.posts == []


def test_a_redirect_is_not_followed(trusted: Authority, receiver: Receiver) -> None:
    elsewhere = (("Location", f"https://{NAME}:{receiver.port}/inner"),)
    receiver.answer("/", Reply(307, elsewhere))

    answer = send(sender(trusted), f"https://{NAME}:{receiver.port}/")

    assert answer == AttemptResult(status=307)
    assert [post.path for post in receiver.posts] == ["/"]


def test_no_proxy_of_the_environment_is_asked(
    trusted: Authority, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.origin)

        answer = send(sender(trusted), f"https://{NAME}:{receiver.port}/")

        assert answer.is_accepted
        assert proxy.posts == []


def test_an_answer_that_asks_for_time_is_understood(trusted: Authority, receiver: Receiver) -> None:
    receiver.answer(
        "/",
        Reply(429, (("Retry-After", "120"),)),
        Reply(503, (("Retry-After", "Sat, 21 Nov 2026 10:00:00 GMT"),)),
        Reply(503, (("Retry-After", "9" * 30),)),
    )
    url = f"https://{NAME}:{receiver.port}/"

    outcomes = [send(sender(trusted), url) for _ in range(3)]

    assert outcomes[0] == AttemptResult(status=429, retry_after=timedelta(seconds=120))
    assert [each.retry_after for each in outcomes[1:]] == [None, None]


def test_an_endless_answer_is_read_no_further_than_a_little(
    trusted: Authority, receiver: Receiver
) -> None:
    receiver.answer("/", Reply(200, body=b"x" * 50_000_000))
    started = time.monotonic()

    answer = send(sender(trusted), f"https://{NAME}:{receiver.port}/")

    assert answer == AttemptResult(status=200)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("size", [b"-1", b"-5", b"f" * 20, b"x"])
def test_an_endless_answer_in_chunks_of_no_size_is_read_no_further_than_a_little(
    size: bytes,
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"

    with flooding(head) as flood:
        answer = send(WebhookSender(allow_local=True), f"http://{LOOPBACK}:{flood.port}/")

    assert answer == AttemptResult(status=200)
    # What the system holds of a connection that nobody reads.
    assert flood.bytes_taken < 50_000_000


def test_an_endpoint_that_says_nothing_costs_a_fixed_time(
    trusted: Authority, receiver: Receiver
) -> None:
    receiver.answer("/", Reply(pause_seconds=1.5))
    started = time.monotonic()

    answer = send(sender(trusted, seconds_max=0.3), f"https://{NAME}:{receiver.port}/")

    assert answer == AttemptResult(trouble="timeout")
    assert time.monotonic() - started < 1


def test_an_endpoint_that_says_a_byte_now_and_then_costs_a_fixed_time() -> None:
    local = WebhookSender(allow_local=True, exchange_seconds_max=0.5)
    started = time.monotonic()

    with dripping(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000) as port:
        answer = send(local, f"http://{LOOPBACK}:{port}/")

    assert answer == AttemptResult(trouble="timeout")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("sent", [b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 abc\r\n\r\n", b""])
def test_a_server_that_does_not_speak_http_has_a_reason_of_its_own(sent: bytes) -> None:
    with dripping(sent, pause_seconds=0) as port:
        answer = send(WebhookSender(allow_local=True), f"http://{LOOPBACK}:{port}/")

    assert answer == AttemptResult(trouble="no_http")


def test_a_refused_connection_has_a_reason_of_its_own() -> None:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]

    assert send(WebhookSender(allow_local=True), f"http://{LOOPBACK}:{port}/") == AttemptResult(
        trouble="unreachable"
    )


def test_an_unknown_host_name_has_a_reason_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert send(WebhookSender(), f"https://{NAME}/") == AttemptResult(trouble="unresolved")


def test_a_resolver_that_does_not_answer_costs_a_fixed_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = Event()

    def silent(*_: object, **__: object) -> list[object]:
        is_over.wait()
        return []

    monkeypatch.setattr(resolving, "RESOLVE_SECONDS_MAX", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", silent)

    answer = send(WebhookSender(), f"https://{NAME}/")

    is_over.set()
    assert answer == AttemptResult(trouble="unresolved")


def test_plain_http_to_this_machine_is_sent_only_where_it_is_allowed() -> None:
    with receiving() as receiver:
        assert send(WebhookSender(), f"{receiver.origin}/") == AttemptResult(trouble="not_public")
        assert receiver.posts == []

        assert send(WebhookSender(allow_local=True), f"{receiver.origin}/") == AttemptResult(
            status=204
        )
        assert receiver.posts[0].is_signed_with(SECRET)


@contextmanager
def dripping(sent: bytes, *, pause_seconds: float = 0.1) -> Iterator[int]:
    """A server that reads a request and answers it byte by byte."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def answer() -> None:
            connected, _ = server.accept()
            with connected:
                received = b""
                while not received.endswith(EVENT.encode()):
                    received += connected.recv(65536)
                for byte in sent:
                    try:
                        connected.sendall(bytes([byte]))
                    except OSError:
                        return
                    time.sleep(pause_seconds)

        Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]


@dataclass
class Flood:
    port: int
    bytes_taken: int = 0


@contextmanager
def flooding(sent: bytes) -> Iterator[Flood]:
    """A server that reads a request, and answers it with far more than anybody wants."""
    with socket.create_server((LOOPBACK, 0)) as server:
        flood = Flood(server.getsockname()[1])

        def answer() -> None:
            connected, _ = server.accept()
            with connected, suppress(OSError):
                connected.recv(65536)
                connected.sendall(sent)
                for _ in range(200):
                    connected.sendall(b"x" * 1_000_000)
                    flood.bytes_taken += 1_000_000

        thread = Thread(target=answer, daemon=True)
        thread.start()
        yield flood
        thread.join(10)

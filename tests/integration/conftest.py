"""Handlers and the table on moto: AWS inside this process, no socket, a fresh one for each test."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from moto import mock_aws
from moto.core.config import default_user_config
from moto.dynamodb.models import DynamoDBBackend
from moto.moto_api._internal.models import MotoAPIBackend, moto_api_backend
from pytest_socket import disable_socket, enable_socket

from loyalty.domain.program.document import PublishedProgram
from loyalty.edge import clock
from loyalty.edge.aws import clients
from loyalty.edge.http import app
from loyalty.edge.logs import logger
from loyalty.sdk.connections import KeptConnections
from loyalty.table.engine import DynamoEngine
from loyalty.table.programs import TablePrograms
from tests.support import cold, moto_shortcuts
from tests.support.cognito import POOL, FakeCognito
from tests.support.documents import published
from tests.support.http import Context, serves
from tests.support.moto_exchange import exchange_with_moto
from tests.support.moto_transactions import transact_write_items
from tests.support.outages import Failure, outage
from tests.support.platforms import PlatformServer, serving
from tests.support.snapshot import Resources, put_queue
from tests.support.table import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION: Final = "eu-west-1"
TABLE: Final = "ledger"
STOREFRONT_SECRETS: Final = "loyalty/test/storefronts/"
ENDPOINT_SECRETS: Final = "loyalty/test/endpoints/"
BUCKETS: Final = ("exports", "inbox", "lake")
QUEUES: Final = (
    "codes",
    "exports",
    "sweep",
    "audit",
    "compaction",
    "privacy",
    "rebuild",
    "reminders",
    "notifications",
    "webhooks_out",
    "events",
    "engagement",
)
MAIL_FROM: Final = "club@beanleaf.example"
API_URL: Final = "https://api.beanleaf.example"
# As the stack generates it: one long string, no JSON.
IDENTITY_SECRET: Final = "9vQ2tKxW7rLmZ4pN8sBd3fGh6jYc1aEu5oTiXyRwMqVbPnSkJzHgDfLc0CeUxAt"


@cache
def _session() -> boto3.Session:
    """One session, which reads the services' descriptions once and makes each client once.

    Neither keeps anything of a test, and making them takes longer than most tests.
    """
    session = boto3.Session(region_name=REGION)
    session.client = cache(session.client)  # type: ignore[method-assign]  # the same, but kept
    return session


def _make_resources() -> Mapping[str, str]:
    """Make every resource of the data stack; gives the environment that names them."""
    create_table(_session().client("dynamodb"), TABLE)
    secrets, mail = _session().client("secretsmanager"), _session().client("sesv2")
    secret = secrets.create_secret(Name="identity", SecretString=IDENTITY_SECRET)
    for bucket in BUCKETS:
        _session().client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    mail.create_configuration_set(ConfigurationSetName="mail")
    mail.create_email_identity(EmailIdentity=MAIL_FROM)
    bus = _session().client("events").create_event_bus(Name="bus")
    return {
        "LOYALTY_IDENTITY_SECRET": secret["ARN"],
        "LOYALTY_MAIL_FROM": MAIL_FROM,
        "LOYALTY_CONFIGURATION_SET": "mail",
        "LOYALTY_BUS": bus["EventBusArn"].rpartition("/")[2],
        **{f"LOYALTY_{bucket.upper()}_BUCKET": bucket for bucket in BUCKETS},
    }


RESOURCES: Final = Resources(_make_resources, region=REGION)


def _queues() -> Iterator[tuple[str, str]]:
    """Create every queue. Returns the environment variables that name them."""
    yield (
        "LOYALTY_INTAKE_QUEUE_URL",
        put_queue("intake.fifo", region=REGION, is_fifo=True),
    )
    for work in QUEUES:
        yield f"LOYALTY_{work.upper()}_QUEUE_URL", put_queue(work, region=REGION)


@pytest.fixture(scope="session")
def moto() -> Iterator[MotoAPIBackend]:
    """Moto, started once: it takes longer to start than most tests take."""
    with moto_shortcuts.taken(), mock_aws():
        yield moto_api_backend


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, moto: MotoAPIBackend) -> Iterator[None]:
    """Every resource of the data stack, and the environment of every function."""
    disable_socket()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "LOYALTY_API_URL": API_URL,
        # Tests listen to every event.
        "LOYALTY_BUS_RULES": '{"*": [{}]}',
        # Everything is counted.
        "LOYALTY_DASHBOARD": "1",
        "LOYALTY_STAFF_POOL": POOL,
        "LOYALTY_STAGE": "test",
        "LOYALTY_TABLE": TABLE,
        "LOYALTY_STOREFRONT_SECRETS": STOREFRONT_SECRETS,
        "LOYALTY_ENDPOINT_SECRETS": ENDPOINT_SECRETS,
        "LOYALTY_METRICS_NAMESPACE": "Loyalty",
    }.items():
        monkeypatch.setenv(name, value)
    # Services that no test registered; `test_services.py` has real ones.
    monkeypatch.setattr(app, "may_serve", serves)
    cold.forget()
    monkeypatch.setattr(KeptConnections, "exchange", exchange_with_moto)
    monkeypatch.setattr(DynamoDBBackend, "transact_write_items", transact_write_items)
    moto.reset()
    # Where tests and what supports them make clients of their own.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", _session())
    for name, value in (*RESOURCES.provide().items(), *_queues()):
        monkeypatch.setenv(name, value)
    yield
    cold.forget()
    enable_socket()


@pytest.fixture(autouse=True)
def cognito(monkeypatch: pytest.MonkeyPatch) -> FakeCognito:
    """The user pools; moto's would need another package."""
    fake = FakeCognito()
    monkeypatch.setattr(clients, "cognito", cache(lambda: fake))
    return fake


@pytest.fixture
def break_service(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str, Failure], AbstractContextManager[None]]:
    """Put an outage in the place of one service, named as botocore does; moto serves the rest.

    Functions have ten seconds, as those that answer HTTP do.
    """

    @contextmanager
    def broken(service: str, failure: Failure) -> Iterator[None]:
        # A test may have sockets of its own before and after.
        guarded = socket.socket
        enable_socket()
        with ExitStack() as after, outage(failure) as origin, monkeypatch.context() as patch:
            after.callback(setattr, socket, "socket", guarded)
            after.callback(cold.forget, clients=True)
            ids = {"secretsmanager": "SECRETS_MANAGER", "events": "EVENTBRIDGE"}
            name = ids.get(service, service.upper())
            patch.setenv(f"AWS_ENDPOINT_URL_{name}", origin)
            patch.setattr(Context, "seconds_left", 10)
            patch.setitem(default_user_config["core"], "passthrough", {"urls": [origin]})
            cold.forget(clients=True)
            yield

    return broken


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    return _session().client("dynamodb")


@pytest.fixture
def engine() -> DynamoEngine:
    return DynamoEngine(clients.dynamodb(), table=TABLE)


class Clock:
    """The time that handlers see; a test may set it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock_of_test = Clock()
    monkeypatch.setattr(clock, "now", lambda: clock_of_test.now)
    return clock_of_test


@pytest.fixture
def publish(engine: DynamoEngine) -> Callable[..., PublishedProgram]:
    """Publish the example program; takes what `published` takes."""

    def put_in_force(**parts: Any) -> PublishedProgram:
        program = published(**parts)
        TablePrograms(engine).publish(program)
        return program

    return put_in_force


@pytest.fixture
def program(publish: Callable[..., PublishedProgram]) -> PublishedProgram:
    """The program `bean`, in force."""
    return publish()


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
    """A server that functions take for the platforms' own."""
    enable_socket()
    with serving() as server:
        monkeypatch.setenv("LOYALTY_PLATFORM_ORIGIN", server.origin)
        yield server
    disable_socket()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what a function keeps on its disk where it is tidied up."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What the handlers log, but for their metrics, which go to the standard output."""
    string_io = StringIO()
    monkeypatch.setattr(logger, "stream", string_io)
    return string_io

"""One deployed cloud for all end-to-end tests; each test opens a program of its own in it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page

from local.clock import Clock
from local.cloud import free_port
from local.console import Console
from local.deployment import Deployment, ProgramClient, deployment
from local.home import EXAMPLE
from tests.e2e.described import DescribedApi
from tests.support.browser import Visitor, running_browser


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenProgram:
    """A published program with its people: a token for each role, and clients that use them."""

    deployed: Deployment
    id: str
    document: dict[str, Any]
    tokens: dict[str, str]

    def client(self, role: str | None = None) -> ProgramClient:
        """Return a client of this program's routes, in one role or without a token."""
        return self.deployed.client(self.id, self.tokens[role] if role else None)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    home = tmp_path_factory.mktemp("cloud")
    with deployment(port=free_port(), home=home, console=Console()) as deployed:
        yield deployed


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deploy once more, where the clock is moved: a hurried sweep looks at every program."""
    home = tmp_path_factory.mktemp("apart")
    with deployment(port=free_port(), home=home, console=Console()) as apart:
        yield apart


@pytest.fixture
def clock(deployed: Deployment) -> Iterator[Clock]:
    """Return the cloud's clock, which a test may move back: it is right again at the end."""
    yield deployed.cloud.clock
    deployed.cloud.clock.set_right()


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """Return the example program, as `make run` publishes it."""
    document: dict[str, Any] = json.loads(EXAMPLE.read_text())
    return document


def opener(deployed: Deployment, document: dict[str, Any]) -> Callable[..., OpenProgram]:
    def open_program(**parts: object) -> OpenProgram:
        program_id = f"test-{uuid4().hex[:12]}"
        published = document | parts
        tokens = deployed.open_program(program_id, published)
        return OpenProgram(deployed=deployed, id=program_id, document=published, tokens=tokens)

    return open_program


@pytest.fixture
def open_program(deployed: Deployment, document: dict[str, Any]) -> Callable[..., OpenProgram]:
    """Open a program that no other test sees; what is given replaces parts of the example's."""
    return opener(deployed, document)


@pytest.fixture(scope="session")
def open_lasting_program(
    deployed: Deployment, document: dict[str, Any]
) -> Callable[..., OpenProgram]:
    """Open a program that several tests share."""
    return opener(deployed, document)


@pytest.fixture
def program(open_program: Callable[..., OpenProgram]) -> OpenProgram:
    return open_program()


@pytest.fixture(scope="session")
def common_program(open_lasting_program: Callable[..., OpenProgram]) -> OpenProgram:
    """Return one program for all page tests: each enrolls its own members and publishes nothing."""
    return open_lasting_program()


@pytest.fixture
def api(program: OpenProgram) -> Iterator[DescribedApi]:
    with DescribedApi(program) as api:
        yield api


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def visitor(browser: Browser) -> Visitor:
    """Return somebody whose browser keeps the console's files, so that they are fetched once."""
    return Visitor.of(browser)


type Visit = Callable[..., Page]


@pytest.fixture
def visit(visitor: Visitor) -> Iterator[Visit]:
    """Open views signed in: `visit(program, "member/mem_1", role="cashier")` returns the page.

    Afterwards no page may have raised an exception or wanted what its policy forbids.
    """

    def visit(
        program: OpenProgram, view: str = "home", *, role: str = "manager", **query: str
    ) -> Page:
        token = program.tokens[role]
        return visitor.visit(program.deployed.api_url, program.id, view, token=token, **query)

    yield visit
    errors, visitor.errors[:] = list(visitor.errors), []
    for page in visitor.context.pages:
        page.close()
    assert errors == []

"""The app synthesized once for each way to deploy it."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.layers import lay_out_sdk
from tools import build
from tools.bootstrap import alone

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.settings import Settings
    from tests.infra.assembly import Assembly

# The CDK starts Node when it is imported: the environment's own, whatever the PATH finds first.
os.environ.setdefault("JSII_NODE", str(Path(sys.executable).with_name("node")))
# What the CDK has deprecated raises.
os.environ.setdefault("JSII_DEPRECATED", "fail")


MAIL_FROM = "club@beanleaf.example"
DOMAIN: Final = {
    "name": "origin.example.com",
    "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/one",
}
FIREWALL: Final = {
    "name": "api.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/two",
    "trusted": ["198.51.100.0/24"],
}


def _synthesize(folders: pytest.TempPathFactory, **context: Any) -> Assembly:
    from tests.infra.assembly import synthesize  # noqa: PLC0415  after JSII_NODE is set

    return synthesize(folders.mktemp("assembly"), mail_from=MAIL_FROM, **context)


@pytest.fixture(scope="session")
def optional(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """A production stage with everything that a stage may ask for."""
    return _synthesize(
        tmp_path_factory,
        stage="prod",
        access_tokens=True,
        canary_minutes=5,
        dashboard=True,
        event_archive_days=30,
        mail_identity="verified.example",
        monthly_budget=100,
        reserved_concurrency=50,
        scale=3,
        snap_start=True,
        ticket_email="team@example.com",
        warm_writes=12_000,
    )


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return _synthesize(tmp_path_factory)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return _synthesize(tmp_path_factory, stage="prod", architecture="x86_64")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return _synthesize(tmp_path_factory, platform="local")


@pytest.fixture(scope="session")
def addressed(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """With a domain name of its own and a firewall before it."""
    return _synthesize(tmp_path_factory, domain=DOMAIN, firewall=FIREWALL)


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Read the settings of a stage file with the given keys."""
    from tests.infra.assembly import read_settings  # noqa: PLC0415  after JSII_NODE is set

    return partial(read_settings, tmp_path)


@pytest.fixture(scope="session", params=["dev", "prod"])
def deployed(request: pytest.FixtureRequest) -> Assembly:
    """Each stage that is deployed to AWS, in turn."""
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly


@pytest.fixture(scope="session")
def built() -> None:
    """The layers and functions of this machine, as they are deployed to the local cloud."""
    with alone("build"):
        build.build("local")


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Lambda's own runtime brings."""
    return lay_out_sdk(tmp_path_factory.mktemp("runtime"))

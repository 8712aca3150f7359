"""The app synthesized once for each way to deploy it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.infra.assembly import Assembly

# The CDK starts Node when it is imported: the environment's own, whatever the PATH finds first.
os.environ.setdefault("JSII_NODE", str(Path(sys.executable).with_name("node")))


MAIL_FROM = "club@beanleaf.example"


def _synthesize(folders: pytest.TempPathFactory, **context: str) -> Assembly:
    from tests.infra.assembly import synthesize  # noqa: PLC0415  after JSII_NODE is set

    return synthesize(folders.mktemp("assembly"), mail_from=MAIL_FROM, **context)


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return _synthesize(tmp_path_factory)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return _synthesize(tmp_path_factory, stage="prod", architecture="x86_64")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return _synthesize(tmp_path_factory, platform="local")


@pytest.fixture(scope="session", params=["dev", "prod"])
def deployed(request: pytest.FixtureRequest) -> Assembly:
    """Each stage that is deployed to AWS, in turn."""
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly

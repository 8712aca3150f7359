from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.clock import Clock
from local.console import Console
from local.deployment import Deployment
from local.home import RECORD
from local.invitation import invitation
from local.sequel import MAIL_FILE, beginning
from local.story import Story
from tests.e2e.conftest import OpenProgram
from tests.support.shell import paste


@pytest.fixture
def deployed(apart: Deployment) -> Deployment:
    return apart


def test_the_story_comes_out_right_and_its_curl_lines_work_when_pasted(
    clock: Clock,
    open_program: Callable[..., OpenProgram],
    document: dict[str, Any],
    tmp_path: Path,
) -> None:
    clock.move_to(beginning(now=datetime.now(UTC), zone=ZoneInfo(document["time_zone"])))
    program = open_program()
    story = Story(
        program.deployed,
        program_id=program.id,
        document=program.document,
        tokens=program.tokens,
        folder=tmp_path,
    )

    story.play(Console())
    printed = invitation(
        program.deployed.api_url,
        record=RECORD,
        program_id=program.id,
        document=program.document,
        member_id=story.member_id,
        now=clock.now(),
    )

    assert abs(clock.now() - datetime.now(UTC)).total_seconds() < 1
    assert "Vos beans vous attendent" in (tmp_path / MAIL_FILE).read_text()
    balance, sale, report = (
        paste(line, tokens=program.tokens, folder=tmp_path) for line in _curl_lines(printed)
    )
    assert f'"id":"{story.member_id}"' in balance
    assert '"status":"earned"' in sale
    assert "points_redeemed" in report.splitlines()[0]


def _curl_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]

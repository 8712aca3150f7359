from datetime import UTC, datetime
from pathlib import Path

from local.console import Console
from local.invitation import invitation
from local.story import Story
from tests.e2e.conftest import OpenProgram
from tests.support.shell import paste


def test_the_story_comes_out_right_and_its_curl_lines_work_when_pasted(
    program: OpenProgram, tmp_path: Path
) -> None:
    story = Story(
        program.deployed,
        program_id=program.id,
        document=program.document,
        tokens=program.tokens,
        now=lambda: datetime.now(UTC),
    )

    story.tell(Console())
    told = invitation(
        program.deployed.api_url,
        program_id=program.id,
        document=program.document,
        member_id=story.member_id,
        now=datetime.now(UTC),
    )

    balance, sale, report = (
        paste(line, tokens=program.tokens, folder=tmp_path) for line in _curl_lines(told)
    )
    assert f'"id":"{story.member_id}"' in balance
    assert '"status":"earned"' in sale
    assert "points_redeemed" in report.splitlines()[0]


def _curl_lines(told: str) -> list[str]:
    return [line.strip() for line in told.splitlines() if line.strip().startswith("curl ")]

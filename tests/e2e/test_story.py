import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from local.console import Console
from local.invitation import invitation
from local.story import Story
from tests.e2e.conftest import OpenProgram


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

    balance, sale, report = _paste(told, tokens=program.tokens, folder=tmp_path)
    assert f'"id":"{story.member_id}"' in balance
    assert '"status":"earned"' in sale
    assert "points_redeemed" in report.splitlines()[0]


def _paste(told: str, *, tokens: dict[str, str], folder: Path) -> list[str]:
    """Run every curl line in a shell, with a `make` at hand that prints this program's tokens."""
    make = folder / "make"
    cases = "".join(f"*ROLE={role}) echo {token};;\n" for role, token in tokens.items())
    make.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}esac\n')
    make.chmod(0o755)
    lines = [line.strip() for line in told.splitlines() if line.strip().startswith("curl ")]
    return [
        subprocess.run(
            ["bash", "-c", line],
            env={"PATH": f"{folder}:{os.environ['PATH']}"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for line in lines
    ]

from datetime import UTC, datetime

from local.console import Console
from local.story import Story
from tests.e2e.conftest import OpenProgram


def test_a_member_enrolls_earns_redeems_and_shows_in_the_report(program: OpenProgram) -> None:
    story = Story(
        program.deployed,
        program_id=program.id,
        document=program.document,
        tokens=program.tokens,
        now=lambda: datetime.now(UTC),
    )

    story.tell(Console())

    assert story.member_id.startswith("mem_")

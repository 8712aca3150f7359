"""Who is in a segment by SQL over the lake is who is in it in plain Python."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.segment_snapshots import SegmentSnapshots
from tests.support.documents import program
from tests.support.histories import documents, histories
from tests.support.lake import PARIS, Home
from tests.support.ledger import change
from tests.support.segments import LEAVES, RULES, SegmentTruth, baskets

NOW: Final = datetime(2026, 11, 8, 12, tzinfo=UTC)

# Each example writes a lake and asks the engine about every condition.
thorough: Final = settings(
    max_examples=5,
    deadline=None,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
pytestmark = pytest.mark.slow


def members_by_sql(home: Home, document: Any) -> dict[str, set[str]]:
    snapshots = SegmentSnapshots(
        Lake(home.bucket.client, bucket="lake"),
        program_id="bean",
        mirror=Mirror(home.bucket.client, bucket="lake", root=home.root),
    )
    found = snapshots.computed(document, before=None, now=NOW)
    members: dict[str, set[str]] = {segment.id: set() for segment in document.segments}
    for change_ in found.changes():
        for segment_id in change_.segments:
            members[segment_id].add(change_.member_id)
    return members


@thorough
@given(
    st.data(),
    histories(),
    st.lists(baskets(), max_size=12),
    st.lists(RULES, min_size=1, max_size=4),
)
def test_python_and_sql_agree(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    items: list[Any],
    orders: list[Any],
    rules: list[dict[str, Any]],
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    recorded = [*items, *orders]
    home.write([change(item) for item in recorded], name="all")
    of_levels = data.draw(documents(zone=PARIS))
    document = program(
        time_zone=of_levels.time_zone,
        tiers=of_levels.tiers.model_dump(mode="json") if of_levels.tiers else None,
        lists={"few": ["S2", "S3"]},
        segments=[
            {"id": f"s{number}", "name": "S", "who": rule}
            for number, rule in enumerate([*rules, *LEAVES])
        ],
    )
    truth = SegmentTruth(recorded, document, now=NOW)

    found = members_by_sql(home, document)

    assert found == {segment.id: truth.members(segment.who) for segment in document.segments}

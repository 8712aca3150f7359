"""A source reports what members did besides buying, and retracts some of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from loyalty.domain.engagement.activities import ActivityRef, ReportedActivity
from loyalty.table import keys
from loyalty.table.activities import TableActivities
from loyalty.table.engagement import TableEngagement
from loyalty.table.operations import Key
from loyalty.usecases.engagement.activities import record_activity, retract_activity
from loyalty.usecases.engagement.activity_steps import ActivityDesk
from loyalty.usecases.ports import Desk
from tests.simulation.requests.common import table_members
from tests.simulation.world import PROGRAM_ID, World, stepped_engine

_SOURCE: Final = "reviews"


def activity_desk() -> ActivityDesk:
    return ActivityDesk(
        activities=TableActivities(stepped_engine(), program_id=PROGRAM_ID),
        awards=TableEngagement(stepped_engine(), program_id=PROGRAM_ID),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportActivity:
    """A source reports an activity as it was at `changed_at`."""

    activity_id: str
    activity: str
    member_id: str
    occurred_at: datetime
    changed_at: datetime
    subject: str
    attributes: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"report {self.activity_id} as of {self.changed_at}"

    @property
    def key(self) -> Key:
        return keys.activity(PROGRAM_ID, _SOURCE, self.activity_id)

    def run(self, desk: Desk, world: World) -> None:
        report = ReportedActivity(
            ref=ActivityRef(_SOURCE, self.activity_id),
            activity=self.activity,
            member_id=self.member_id,
            occurred_at=self.occurred_at,
            changed_at=self.changed_at,
            subject=self.subject,
            attributes=self.attributes,
        )
        record_activity(report, shelves=activity_desk(), directory=table_members(), desk=desk)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractActivity:
    """A source removed an activity at `changed_at`."""

    activity_id: str
    changed_at: datetime

    @property
    def name(self) -> str:
        return f"retract {self.activity_id} as of {self.changed_at}"

    @property
    def key(self) -> Key:
        return keys.activity(PROGRAM_ID, _SOURCE, self.activity_id)

    def run(self, desk: Desk, world: World) -> None:
        ref = ActivityRef(_SOURCE, self.activity_id)
        retract_activity(ref, retracted_at=self.changed_at, shelves=activity_desk(), desk=desk)

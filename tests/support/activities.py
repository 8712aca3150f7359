"""A shop whose members do things, told by a platform for reviews that repeats and shuffles news."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from loyalty.domain.engagement.activities import ActivityRef, RecordedActivity, ReportedActivity
from loyalty.domain.ledger.entries import AwardCause
from loyalty.domain.orders.order import OrderRef
from loyalty.table.activities import TableActivities
from loyalty.table.engine import Persistent
from loyalty.usecases.engagement.activities import (
    record_activity,
    retract_activity,
    settle_waiting,
    settle_waiting_for,
)
from loyalty.usecases.engagement.activity_counting import count_activity
from loyalty.usecases.engagement.activity_steps import ActivityDesk, ActivityOutcome
from tests.support.club import ANA
from tests.support.documents import published
from tests.support.engagement import Collecting
from tests.support.memory import NOW


def activity(**parts: Any) -> dict[str, Any]:
    """A review as a document has it."""
    return {"id": "review", "name": "A review", "points": 20, "more": {"photo": 10}} | parts


class Reviewing(Collecting):
    """A club with activities. Minutes count from an hour ago."""

    def __init__(
        self, *activities: dict[str, Any], counting: Sequence[dict[str, Any]] = (), **parts: Any
    ) -> None:
        """`counting` are challenges."""
        super().__init__(*counting, activities=list(activities), **parts)

    def publishes_activities(self, *activities: dict[str, Any]) -> None:
        """Put another version in force, with these activities."""
        version = self.program.version + 1
        document = self.program.document.model_dump(mode="json") | {"activities": activities}
        self.program = published(version=version, **document)
        self._versions[version] = self.program

    @property
    def activities(self) -> TableActivities:
        engine = Persistent(self.engine, pause=lambda _attempt: None)
        return TableActivities(engine, program_id="bean")

    @property
    def shelves(self) -> ActivityDesk:
        return ActivityDesk(activities=self.activities, awards=self.shelf)

    def does(
        self,
        activity_id: str = "1",
        *attributes: str,
        minute: int = 0,
        member: str | None = ANA,
        days_ago: int = 0,
        kind: str = "review",
        **parts: Any,
    ) -> ActivityOutcome | None:
        """The outcome of reporting an activity; `minute` says when its content was written."""
        report = ReportedActivity(
            ref=ActivityRef("reviews", activity_id),
            activity=kind,
            member_id=member,
            occurred_at=NOW - timedelta(days=days_ago, hours=1),
            changed_at=NOW + timedelta(minutes=minute - 60),
            attributes=frozenset(attributes),
        )
        return record_activity(
            replace(report, **parts),
            shelves=self.shelves,
            directory=self.members,
            desk=self.desk,
        )

    def removes(self, activity_id: str = "1", *, minute: int = 1) -> ActivityOutcome:
        return retract_activity(
            ActivityRef("reviews", activity_id),
            retracted_at=NOW + timedelta(minutes=minute - 60),
            shelves=self.shelves,
            desk=self.desk,
        )

    def counts(self, *activity_ids: str) -> None:
        """Count activities, as the worker does when it is woken."""
        for activity_id in activity_ids:
            ref = ActivityRef("reviews", activity_id)
            count_activity(ref, activities=self.activities, shelf=self.shelf, desk=self.desk)

    def settles_waiting(self, member: str = ANA) -> None:
        settle_waiting(member, shelves=self.shelves, desk=self.desk)

    def hears_of(self, order_id: str) -> None:
        """Look at what waits for an order, as the worker does."""
        order = OrderRef("till", order_id)
        settle_waiting_for(order, shelves=self.shelves, desk=self.desk)

    def recorded(self, activity_id: str = "1") -> RecordedActivity:
        found = self.activities.activity(ActivityRef("reviews", activity_id))
        assert found is not None
        return found

    def worth(self, member: str = ANA) -> int:
        """The points that the member holds by activities, whatever happened to them."""
        return sum(
            entry.points + entry.pending_points
            for entry in self.entries(member)
            if isinstance(entry.cause, AwardCause) and entry.cause.award_id.startswith("activity.")
        )

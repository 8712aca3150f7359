"""The reports once more, in plain Python: by loops over entries and local days, without a lake.

Written from what the head of each report says, not from its SQL. Whoever adds a report adds a
method of its name to one of these classes.
"""

from collections.abc import Callable

from tests.support.reports.engagement import EngagementReports
from tests.support.reports.members import MemberReports
from tests.support.reports.offers import OfferReports
from tests.support.reports.points import PointReports
from tests.support.reports.recorded import Row
from tests.support.reports.replies import ReplyReports
from tests.support.reports.reviews import ReviewReports
from tests.support.reports.sales import SalesReports
from tests.support.reports.uplift import UpliftReports


class Recomputed(
    SalesReports,
    MemberReports,
    PointReports,
    OfferReports,
    ReviewReports,
    ReplyReports,
    UpliftReports,
    EngagementReports,
):
    """Every report, by its name."""

    def rows(self, name: str) -> list[Row]:
        answer: Callable[[], list[Row]] = getattr(self, name)
        return answer()

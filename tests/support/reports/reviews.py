"""What became of reviews, by loops over reviews and entries."""

from collections import defaultdict
from datetime import timedelta
from typing import Final

from loyalty.domain.ledger.reviews import Review
from tests.support.reports.recorded import Recorded, Row, ratio

_DAY: Final = timedelta(days=1) // timedelta(microseconds=1)


class ReviewReports(Recorded):
    """The report on reviews."""

    def reviews(self) -> list[Row]:
        found: defaultdict[tuple[str, str], list[Review]] = defaultdict(list)
        for review in self.reviewed:
            if not self._during(review.opened_at):
                continue
            for excess in review.excesses:
                found[excess.safeguard_id, "safeguard"].append(review)
            if review.finding:
                found[review.finding.watch_id, "watch"].append(review)
        taken = {
            each.id: -(each.points + each.pending_points)
            for each in self.entries
            if each.kind == "clawback"
        }
        rows = []
        for (rule_id, opened_by), reviews in found.items():
            decisions = [(each, each.decision) for each in reviews if each.decision]
            rejected = [one for _, one in decisions if one.verdict == "rejected"]
            waited = sum(
                (one.decided_at - each.opened_at) // timedelta(microseconds=1)
                for each, one in decisions
            )
            rows.append(
                {
                    "rule_id": rule_id,
                    "opened_by": opened_by,
                    "opened": len(reviews),
                    "open": len(reviews) - len(decisions),
                    "released": len(decisions) - len(rejected),
                    "rejected": len(rejected),
                    "rejected_rate": ratio(len(rejected), len(decisions)),
                    "wait_days": ratio(waited, _DAY * len(decisions)),
                    "points": sum(each.points for each in reviews),
                    "points_held": sum(each.points for each in reviews if each.held_until),
                    "points_taken": sum(taken.get(one.entry_id or "", 0) for one in rejected),
                }
            )
        return sorted(rows, key=lambda row: (-row["opened"], row["rule_id"], row["opened_by"]))

"""What members collect by their orders, and what that gave them."""

from collections import defaultdict
from fractions import Fraction

from loyalty.domain.engagement.activities import RecordedActivity
from loyalty.domain.engagement.changes import OrderShare
from loyalty.domain.ledger.member_awards import MemberAward
from tests.support.reports.recorded import Recorded, Row


class EngagementReports(Recorded):
    """Reports on challenges and activities."""

    def challenges(self) -> list[Row]:
        sold = {(each.source, each.order_id): each for each in self.sales}
        counting: defaultdict[str, list[OrderShare]] = defaultdict(list)
        for share in self.shares:
            counts = any(sum(tally.values()) for tally in share.tallies.values())
            is_known = (share.order.source, share.order.order_id) in sold
            if counts and is_known and self._during(share.occurred_at):
                counting[share.counter.removeprefix("challenge.")].append(share)
        given: defaultdict[str, list[MemberAward]] = defaultdict(list)
        for award in self.awards:
            if award.given_at and self._during(award.given_at):
                given[award.rule_id].append(award)
        rows = []
        for challenge_id in {*counting, *given}:
            orders = [
                sold[each.order.source, each.order.order_id] for each in counting[challenge_id]
            ]
            awards = given[challenge_id]
            undone = [each for each in awards if not each.stands]
            rows.append(
                {
                    "challenge_id": challenge_id,
                    "orders": len(orders),
                    "members": len({each.customer for each in orders if each.who == "members"}),
                    "revenue_minor": sum(each.amount_minor for each in orders),
                    "completed": len(awards),
                    "undone": len(undone),
                    "standing": len(awards) - len(undone),
                    "points": sum(each.points for each in awards),
                    "points_back": sum(each.points for each in undone),
                    "vouchers": sum(each.reward_id is not None for each in awards),
                    "vouchers_back": sum(
                        each.reward_id is not None and not each.reward_kept for each in undone
                    ),
                }
            )
        return sorted(
            rows, key=lambda row: (-row["completed"], -row["orders"], row["challenge_id"])
        )

    def activities(self) -> list[Row]:
        done: defaultdict[tuple[str, str], list[RecordedActivity]] = defaultdict(list)
        for each in self.done:
            if each.content and self._during(each.first_recorded_at):
                done[each.content.activity, each.ref.source].append(each)
        rows = [
            {
                "activity": activity,
                "source": source,
                "recorded": len(found),
                "retracted": sum(each.state == "retracted" for each in found),
                "limited": sum(each.state in {"limited", "waiting"} for each in found),
                "standing": sum(each.state == "awarded" for each in found),
                "members": len(
                    {
                        self.heir(each.content.member_id)
                        for each in found
                        if each.content and each.state == "awarded"
                    }
                ),
                "points": sum(each.points for each in found),
            }
            for (activity, source), found in done.items()
        ]
        return sorted(rows, key=lambda row: (-row["recorded"], row["activity"], row["source"]))

    def referrals(self) -> list[Row]:
        claims = [each for each in self.brought if self._during(each.claimed_at)]
        steps = {
            "claimed": claims,
            "accepted": [each for each in claims if each.state == "claimed"],
            "bought": [each for each in claims if each.given_at is not None],
            "standing": [each for each in claims if each.stands],
            "held": [each for each in claims if each.state == "held"],
            "refused": [each for each in claims if each.state == "refused"],
        }
        return [
            {
                "step": step,
                "friends": len(friends),
                "of_all": Fraction(len(friends), len(claims)),
                "paid": sum(each.stands and each.slot is not None for each in friends),
            }
            for step, friends in steps.items()
            if claims
        ]

"""What points are held, expire and are spent, and what earned them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from loyalty.domain.campaigns.limits import CampaignBudget, budget_of
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.entries import Accrual, Clawback, Redemption, Return
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.program.rewards import Reward
from tests.support.reports.recorded import (
    ADJUSTING,
    EARNING,
    SPENDING,
    Move,
    Recorded,
    Row,
    first_of_month,
    iso,
    months_between,
    quartiles,
    ratio,
    revenue_of,
)


class PointReports(Recorded):
    """Reports on liability, breakage, redemptions and earning rules."""

    def liability(self) -> list[Row]:
        held: Counter[tuple[str, date | None]] = Counter()
        for move in self._held():
            waits = move.available_on is not None and move.available_on > self.last
            state = "debt" if move.place == "debt" else "pending" if waits else "available"
            month = None if move.expires_on == NEVER else first_of_month(move.expires_on)
            held[state, month] += move.points
        return [
            {
                "state": state,
                "expires_in": iso(month),
                "points": points,
                "worth_minor": self._worth(points),
            }
            for (state, month), points in sorted(
                held.items(), key=lambda each: (each[0][0], each[0][1] or NEVER)
            )
            if points
        ]

    def liability_age(self) -> list[Row]:
        lots: defaultdict[Any, Counter[int]] = defaultdict(Counter)
        lefts: Counter[Any] = Counter()
        for move in self._held():
            if move.place == "debt" or (move.available_on and move.available_on > self.last):
                continue
            lot = (move.member, move.expires_on)
            came_on = max(move.counted_on, move.available_on or move.counted_on)
            if move.place == "pending" or move.points > 0:
                lots[lot][months_between(first_of_month(came_on), first_of_month(self.last))] += (
                    move.points
                )
            lefts[lot] += move.points
        ages: Counter[int] = Counter()
        for lot, came in lots.items():
            if lefts[lot] <= 0:
                continue
            younger = 0
            for age, points in sorted(came.items()):
                ages[age] += max(0, min(points, lefts[lot] - younger))
                younger += points
        return [
            {
                "age_months": age,
                "points": points,
                "share": ratio(points, ages.total()),
                "worth_minor": self._worth(points),
            }
            for age, points in sorted(ages.items())
            if points
        ]

    def breakage(self) -> list[Row]:
        lots: defaultdict[date, list[Move]] = defaultdict(list)
        for move in self.moves:
            if move.place == "lot" and move.counted_on <= self.period.last:
                lots[NEVER if move.expires_on == NEVER else first_of_month(move.expires_on)].append(
                    move
                )
        rows = []
        for month, moves in sorted(lots.items()):
            issued, expired, outstanding = self._run(moves)
            forecast = self._forecast(month, lots, outstanding)
            if month < first_of_month(self.period.first):
                continue
            by_kind: Counter[str] = Counter()
            for move in moves:
                by_kind[move.kind] += move.points
            is_over = month < first_of_month(self.last)
            rows.append(
                {
                    "expires_in": None if month == NEVER else iso(month),
                    "status": "observed" if is_over else "forecast",
                    "issued_points": issued,
                    "redeemed_points": -sum(by_kind[kind] for kind in SPENDING),
                    "clawed_back_points": -by_kind["clawback"],
                    "adjusted_points": sum(by_kind[kind] for kind in ADJUSTING),
                    "expired_points": expired,
                    "outstanding_points": outstanding,
                    "forecast_points": forecast,
                    "breakage_rate": ratio(expired + (forecast or 0), issued),
                    "forecast_minor": None if forecast is None else self._worth(forecast),
                }
            )
        return rows

    def _run(self, moves: Sequence[Move]) -> tuple[int, int, int]:
        """What was issued in lots, what of it expired, and what is left."""
        issued = sum(each.points for each in moves if each.kind in {*EARNING, "activation"})
        recorded = sum(each.points for each in moves if each.kind == "expiry")
        overdue = sum(each.points for each in moves if each.expires_on < self.last)
        left = sum(each.points for each in moves) - overdue
        return issued, overdue - recorded, left

    def _forecast(
        self, month: date, lots: Mapping[date, Sequence[Move]], outstanding: int
    ) -> int | None:
        if month < first_of_month(self.last) or month == NEVER:
            return None
        months_left = months_between(first_of_month(self.last), month)
        lost = held = 0
        for other, moves in lots.items():
            if other == NEVER or other >= first_of_month(self.last):
                continue
            then = sum(
                each.points
                for each in moves
                if each.kind != "expiry"
                and months_between(first_of_month(each.counted_on), other) - self._is_later(each)
                >= months_left
            )
            if then > 0:
                held += then
                lost += self._run(moves)[1]
        if held <= 0:
            return None
        lost = min(lost, held)
        return (2 * max(0, outstanding) * lost + held) // (2 * held)

    def _is_later(self, move: Move) -> bool:
        """Whether the day is later in its month than the report's last day is in its own."""
        is_end = first_of_month(self.last + timedelta(days=1)) != first_of_month(self.last)
        return not is_end and move.counted_on.day > self.last.day

    def redemption(self) -> list[Row]:
        last = self.period.last
        done = [each for each in self.entries if self.day(each.happened_at) <= last]
        returned = {each.detail.redemption_id for each in done if isinstance(each.detail, Return)}
        firsts: dict[str, datetime] = {}
        earned, redeemed = Counter[str](), Counter[str]()
        for each in sorted(done, key=lambda each: each.happened_at):
            member = self.heir(each.member_id)
            if each.kind in EARNING:
                earned[member] += each.points + each.pending_points
            if each.kind in SPENDING:
                redeemed[member] -= each.points
            detail = each.detail
            if isinstance(detail, Redemption) and detail.redemption_id not in returned:
                firsts.setdefault(member, each.happened_at)
        rows = []
        for cohort, members in self._cohorts().items():
            days = [
                max(0, (self.day(firsts[each]) - self._enrolled_on(each)).days)
                for each in members
                if each in firsts
            ]
            points = sum(earned[each] for each in members)
            spent = sum(redeemed[each] for each in members)
            rows.append(
                {
                    "cohort": iso(cohort),
                    "members": len(members),
                    "earners": sum(earned[each] > 0 for each in members),
                    "redeemers": len(days),
                    "redeemer_rate": ratio(len(days), len(members)),
                    "points_earned": points,
                    "points_redeemed": spent,
                    "redemption_rate": ratio(spent, points),
                }
                | quartiles(days)
            )
        return rows

    def rewards(self) -> list[Row]:
        groups: defaultdict[str, list[Voucher]] = defaultdict(list)
        for voucher in self.vouchers:
            if self.period.first <= self.day(voucher.issued_at) <= self.period.last:
                groups[voucher.reward_id].append(voucher)
        amounts = {(each.source, each.order_id): each.amount_minor for each in self.sales}
        goods = {(each.source, each.order_id): each.goods_minor for each in self.sales}
        rows = []
        for reward_id, vouchers in groups.items():
            states = Counter(each.state_at(self.period.as_of) for each in vouchers)
            counted = [e for e in vouchers if e.state_at(self.period.as_of) != "cancelled"]
            used = [each for each in vouchers if each.state == "used"]
            reward = self.document.reward(reward_id)
            costs = [_cost(each, reward, goods) for each in used]
            points = sum(each.points - each.returned for each in counted)
            orders = {each.used_order for each in used if each.used_order}
            rows.append(
                {
                    "reward_id": reward_id,
                    "redeemed": len(vouchers),
                    "granted": sum(each.granted_for is not None for each in vouchers),
                    "used": len(used),
                    "open": states["held"] + states["issued"],
                    "expired": states["expired"],
                    "cancelled": states["cancelled"],
                    "used_rate": ratio(len(used), len(counted)),
                    "points": points,
                    "points_worth_minor": self._worth(points),
                    "cost_minor": None if None in costs else sum(map(int, costs)),  # type: ignore[arg-type]
                    "orders": len(orders),
                    "order_revenue_minor": sum(
                        amounts.get((each.source, each.order_id), 0) for each in orders
                    ),
                }
            )
        return sorted(rows, key=lambda row: (-row["redeemed"], row["reward_id"]))

    def earning_rules(self) -> list[Row]:
        points, revenue = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        orders: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        members: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for each in self.entries:
            if isinstance(each.detail, Accrual) and self._during(each.happened_at):
                for share in each.detail.shares:
                    is_campaign = share.rule_id in each.detail.campaigns
                    giver = (share.rule_id, "campaign" if is_campaign else "rule")
                    points[giver] += share.points
                    revenue[giver] += share.eligible_minor
                    orders[giver].add(each.id)
                    members[giver].add(each.member_id)
        sold = revenue_of(self._sold("members", self.period.first, self.period.last))
        return [
            {
                "rule_id": rule,
                "kind": kind,
                "orders": len(orders[giver]),
                "members": len(members[giver]),
                "points": points[giver],
                "points_share": ratio(points[giver], points.total()),
                "revenue_minor": revenue[giver],
                "revenue_share": ratio(revenue[giver], sold),
                "points_rate": ratio(points[giver], revenue[giver]),
            }
            for giver in sorted(points, key=lambda giver: (-points[giver], giver))
            for rule, kind in (giver,)
        ]

    def campaigns(self) -> list[Row]:
        sold = {
            (each.source, each.order_id): each
            for each in self._sold("members", self.period.first, self.period.last)
        }
        worth = Counter({name: each.amount_minor for name, each in sold.items()})
        given: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        recovered: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for each in self.entries:
            detail = each.detail
            if isinstance(detail, Accrual):
                name = (detail.order.source, detail.order.order_id)
                for share in detail.shares:
                    if share.rule_id in detail.campaigns:
                        given[share.rule_id][name] += share.points
            elif isinstance(detail, Clawback):
                name = (detail.source, detail.order_id)
                worth[name] -= detail.amount_minor
                for campaign_id, points in detail.campaign_points.items():
                    recovered[campaign_id][name] -= points
        rows = []
        for campaign_id, orders in given.items():
            had = [name for name in orders if name in sold]
            if not had:
                continue
            others = [name for name in sold if name not in had]
            points = sum(orders[name] for name in had)
            back = sum(recovered[campaign_id][name] for name in had)
            budget = self._budget(campaign_id)
            rows.append(
                {
                    "campaign_id": campaign_id,
                    "orders": len(had),
                    "members": len({sold[name].customer for name in had}),
                    "points": points,
                    "recovered": back,
                    "points_left": points - back,
                    "cost_minor": self._worth(points - back),
                    "budget": budget.points if budget else None,
                    "budget_used": self._used(budget.name) if budget else None,
                    "revenue_minor": sum(worth[name] for name in had),
                    "order_minor": rounded_half_up(sum(worth[name] for name in had), len(had)),
                    "other_orders": len(others),
                    "other_revenue_minor": sum(worth[name] for name in others),
                    "other_order_minor": rounded_half_up(
                        sum(worth[name] for name in others), len(others)
                    ),
                }
            )
        return sorted(rows, key=lambda row: (-row["points_left"], row["campaign_id"]))

    def _budget(self, campaign_id: str) -> CampaignBudget | None:
        """The budget of a campaign in the period of the last day."""
        for campaign in self.document.campaigns:
            if campaign.id == campaign_id:
                return budget_of(campaign, self.document.point_value, self.last)
        return None

    def _used(self, limit: str) -> int:
        return sum(
            use.amount
            for each in self.entries
            if isinstance(each.detail, Accrual | Clawback)
            for use in each.detail.counted
            if use.limit == limit
        )


def rounded_half_up(amount: int, parts: int) -> int | None:
    return (2 * amount + parts) // (2 * parts) if parts else None


def _cost(
    voucher: Voucher, reward: Reward | None, goods: Mapping[tuple[str, str], int]
) -> int | None:
    """What a used voucher costs: the first of what it says, the reward says, or its order tells."""
    if voucher.amount_minor is not None or reward is None:
        return voucher.amount_minor
    if reward.cost_minor is not None:
        return reward.cost_minor
    if reward.amount_minor is not None or not voucher.used_order:
        return reward.amount_minor
    left = goods.get((voucher.used_order.source, voucher.used_order.order_id))
    if left is None or reward.percent in {None, 100} or reward.skus:
        return None
    whole = Fraction(left * 100, 100 - reward.percent)
    return floor(whole * reward.percent / 100 + Fraction(1, 2))

"""What the program brought in."""

from collections import Counter, defaultdict
from datetime import date, timedelta

from tests.support.reports.recorded import (
    ADJUSTING,
    EARNING,
    SPENDING,
    Recorded,
    Row,
    Sale,
    iso,
    ratio,
)


class SalesReports(Recorded):
    """Reports on orders and points, and where they came from."""

    def summary(self) -> list[Row]:
        row = self._summary(self.period.first, self.period.last)
        liability = self._worth(row["points_outstanding"] + row["points_pending"])
        return [row | {"liability_minor": liability}]

    def trend(self) -> list[Row]:
        return [{"starts_on": iso(a)} | self._summary(a, b) for a, b in self._steps()]

    def _summary(self, first: date, last: date) -> Row:
        seen, seen_before = min(last, self.today), min(first - timedelta(days=1), self.today)
        spendable, waiting, overdue = self._stock(last, seen)
        overdue_before = self._stock(first - timedelta(days=1), seen_before)[2]
        earned = self._flow(first, last, *EARNING)
        redeemed = -self._flow(first, last, *SPENDING)
        sold = [each for each in self.sales if first <= each.on <= last]
        members = [each.amount_minor for each in sold if each.who == "members"]
        guests = [each.amount_minor for each in sold if each.who != "members"]
        counted = Counter(
            each.kind for each in self.entries if first <= self.day(each.counted_at) <= last
        )
        return {
            "members": len(self._members_on(last)),
            "new_members": self._enrolled(first, last),
            "active_members": len(self._active(first, last)),
            "orders": len(members),
            "revenue_minor": sum(members) - sum(self._refunds(first, last).values()),
            "guest_orders": len(guests),
            "guest_revenue_minor": sum(guests),
            "redemptions": counted["redemption"] - counted["return"],
            "points_earned": earned,
            "points_redeemed": redeemed,
            "points_clawed_back": -self._flow(first, last, "clawback"),
            "points_expired": overdue - overdue_before - self._flow(first, last, "expiry"),
            "points_adjusted": self._flow(first, last, *ADJUSTING),
            "points_pending": waiting,
            "points_outstanding": spendable,
            "redemption_rate": ratio(redeemed, earned),
        }

    def sources(self) -> list[Row]:
        first, last = self.period.first, self.period.last
        sold: defaultdict[str, list[Sale]] = defaultdict(list)
        for sale in self.sales:
            if first <= sale.on <= last:
                sold[sale.source].append(sale)
        earned: Counter[str] = Counter()
        for each in self.entries:
            if each.kind == "accrual" and first <= self.day(each.counted_at) <= last:
                earned[each.cause.source] += each.points + each.pending_points  # type: ignore[union-attr]
                sold.setdefault(each.cause.source, [])  # type: ignore[union-attr]
        refunded = self._refunds(first, last)
        rows = []
        for source in sold.keys() | {name for name, amount in refunded.items() if amount}:
            own = [each.amount_minor for each in sold[source] if each.who == "members"]
            others = [each.amount_minor for each in sold[source] if each.who != "members"]
            revenue = sum(own) - refunded[source]
            rows.append(
                {
                    "source": source,
                    "orders": len(own),
                    "revenue_minor": revenue,
                    "refunded_minor": refunded[source],
                    "order_value_minor": ratio(revenue, len(own)),
                    "guest_orders": len(others),
                    "guest_revenue_minor": sum(others),
                    "member_share": ratio(len(own), len(own) + len(others)),
                    "points_earned": earned[source],
                }
            )
        return sorted(
            rows,
            key=lambda row: (-row["revenue_minor"] - row["guest_revenue_minor"], row["source"]),
        )

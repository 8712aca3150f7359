"""Who came, came back and stayed, and what customers are worth."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from tests.support.reports.recorded import (
    Recorded,
    Row,
    Sale,
    add_months,
    first_of_month,
    iso,
    months_between,
    quartiles,
    ratio,
    revenue_of,
)


class MemberReports(Recorded):
    """Reports on members and guests."""

    def members(self) -> list[Row]:
        first_orders = {
            customer: min(each.on for each in sold)
            for customer, sold in self._bought("members").items()
        }
        rows = []
        for first, last in self._steps():
            buyers = {each.customer for each in self._sold("members", first, last)}
            new = {each for each in buyers if first_orders[each] >= first}
            members, active = len(self._members_on(last)), len(self._active(first, last))
            rows.append(
                {
                    "starts_on": iso(first),
                    "members": members,
                    "new_members": self._enrolled(first, last),
                    "ended_members": sum(
                        first <= self.day(each.ended_at) <= last
                        for each in self.accounts.values()
                        if each.ended_at
                    ),
                    "active_members": active,
                    "active_rate": ratio(active, members),
                    "new_buyers": len(new),
                    "returning_buyers": len(buyers - new),
                }
            )
        return rows

    def retention(self) -> list[Row]:
        bought = self._bought("members")
        rows = []
        for cohort, members in self._cohorts().items():
            months = {
                each: {first_of_month(sale.on) for sale in bought.get(each, ())} for each in members
            }
            for number in range(max(0, months_between(cohort, first_of_month(self.last))) + 1):
                month = add_months(cohort, number)
                active = sum(month in months[each] for each in members)
                rows.append(
                    {
                        "cohort": iso(cohort),
                        "month_number": number,
                        "members": len(members),
                        "active_members": active,
                        "retention": ratio(active, len(members)),
                    }
                )
        return rows

    def repeat(self) -> list[Row]:
        rows = []
        for who in ("members", "guests"):
            histories = [
                sorted(each.on for each in sold)
                for sold in self._bought(who, first=self.period.first).values()
            ]
            for orders in range(1, 11):
                reached = [days for days in histories if len(days) >= orders]
                gaps = [
                    (days[orders] - days[orders - 1]).days for days in reached if len(days) > orders
                ]
                within = timedelta(days=self.period.within_days)
                had_time = [each for each in reached if each[orders - 1] + within <= self.last]
                came_back = [
                    each
                    for each in had_time
                    if len(each) > orders and each[orders] <= each[orders - 1] + within
                ]
                if reached:
                    rows.append(
                        {
                            "who": who,
                            "orders": orders,
                            "customers": len(reached),
                            "went_on": len(gaps),
                            "repeat_rate": ratio(len(gaps), len(reached)),
                            "had_time": len(had_time),
                            "came_back": len(came_back),
                            "came_back_rate": ratio(len(came_back), len(had_time)),
                        }
                        | quartiles(gaps)
                    )
        return rows

    def segments(self) -> list[Row]:
        first, last = self.period.first, self.period.last
        bought = self._bought("members", first=first)
        refunds = self._refunds_of_members(first, last)
        buyers = [
            (max(each.sold_at for each in sold), len(sold), revenue_of(sold) - refunds[customer])
            for customer, sold in bought.items()
        ]
        scored = [
            (each, [_score(part, [other[n] for other in buyers]) for n, part in enumerate(each)])
            for each in buyers
        ]
        groups: defaultdict[str, list[Any]] = defaultdict(list)
        for each, (r, f, m) in scored:
            groups[_segment(r, f)].append((self.day(each[0]), each[1], each[2], m))
        rows = []
        for segment, members in groups.items():
            count, revenue = len(members), sum(each[2] for each in members)
            orders = sum(each[1] for each in members)
            rows.append(
                {
                    "segment": segment,
                    "members": count,
                    "share": ratio(count, len(buyers)),
                    "orders": orders,
                    "revenue_minor": revenue,
                    "revenue_share": ratio(revenue, sum(each[2] for each in buyers)),
                    "recency_days": ratio(
                        sum((self.last - each[0]).days for each in members), count
                    ),
                    "frequency": ratio(orders, count),
                    "monetary_minor": ratio(revenue, count),
                    "monetary_score": ratio(sum(each[3] for each in members), count),
                }
            )
        return sorted(rows, key=lambda row: (-int(row["members"]), row["segment"]))

    def guests(self) -> list[Row]:
        claimable_from = self.period.as_of - timedelta(days=self.document.claim_days)
        groups: defaultdict[int, list[list[Sale]]] = defaultdict(list)
        for sold in self._bought("guests", first=self.period.first).values():
            groups[min(5, len(sold))].append(sold)
        rows = []
        for orders_each, guests in sorted(groups.items()):
            claimable = [
                [each for each in sold if each.sold_at >= claimable_from] for sold in guests
            ]
            revenue = sum(map(revenue_of, guests))
            rows.append(
                {
                    "orders_each": orders_each,
                    "guests": len(guests),
                    "orders": sum(map(len, guests)),
                    "revenue_minor": revenue,
                    "value_minor": ratio(revenue, len(guests)),
                    "claimable_guests": sum(map(bool, claimable)),
                    "claimable_orders": sum(map(len, claimable)),
                }
            )
        return rows

    def lifetime_value(self) -> list[Row]:
        bought, levels = self._bought("members"), self._levels(self.last, self.period.last)
        refunds = self._refunds_of_members(date.min, self.period.last)
        groups: defaultdict[Any, list[tuple[int, int]]] = defaultdict(list)
        for cohort, members in self._cohorts().items():
            for each in members:
                sold = bought.get(each, [])
                spent = (len(sold), revenue_of(sold) - refunds[each])
                groups["members", cohort, levels.get(each)].append(spent)
        for sold in self._bought("guests").values():
            began = min(each.on for each in sold)
            if began >= self.period.first:
                groups["guests", first_of_month(began), None].append((len(sold), revenue_of(sold)))
        rows = []
        for (who, cohort, level), spent_by in groups.items():
            orders, revenue = sum(each[0] for each in spent_by), sum(each[1] for each in spent_by)
            rows.append(
                {
                    "who": who,
                    "cohort": iso(cohort),
                    "level": level,
                    "customers": len(spent_by),
                    "buyers": sum(each[0] > 0 for each in spent_by),
                    "orders": orders,
                    "revenue_minor": revenue,
                    "value_minor": ratio(revenue, len(spent_by)),
                    "orders_per_customer": ratio(orders, len(spent_by)),
                    "order_value_minor": ratio(revenue, orders),
                }
            )
        return sorted(
            rows, key=lambda row: (row["who"] == "guests", row["cohort"], row["level"] or "")
        )

    def top_members(self) -> list[Row]:
        first, last = self.period.first, self.period.last
        refunds = self._refunds_of_members(first, last)
        levels = self._levels(self.last, last)
        rows = [
            {
                "member_id": member,
                "level": levels.get(member),
                "orders": len(sold),
                "revenue_minor": revenue_of(sold) - refunds[member],
                "last_order_on": iso(self.day(max(each.sold_at for each in sold))),
                "points": self._balance(member),
            }
            for member, sold in self._bought("members", first=first).items()
            if self._is_active(member)
        ]
        return sorted(rows, key=_most_revenue)[:100]

    def at_risk_members(self) -> list[Row]:
        refunds = self._refunds_of_members(date.min, self.period.last)
        rows = []
        for member, sold in self._bought("members").items():
            days = [each.on for each in sold]
            span, gaps = (max(days) - min(days)).days, len(days) - 1
            silent = (self.last - max(days)).days
            if (
                self._is_active(member)
                and gaps >= 2
                and max(days) >= self.period.first
                and 0 < 2 * span < silent * gaps
            ):
                rows.append(
                    {
                        "member_id": member,
                        "orders": len(days),
                        "revenue_minor": revenue_of(sold) - refunds[member],
                        "last_order_on": iso(max(days)),
                        "usual_gap_days": ratio(span, gaps),
                        "silent_days": silent,
                    }
                )
        return sorted(rows, key=_most_revenue)[:100]

    def tiers(self) -> list[Row]:
        before = self._levels(self.day_before, self.period.first - timedelta(days=1))
        after = self._levels(self.last, self.period.last)
        tiers = self.document.tiers
        ranks = {level.id: tiers.rank(level.id) for level in tiers.levels} if tiers else {}
        moves: Counter[tuple[str, str]] = Counter()
        for member in before.keys() | after.keys():
            was = (before[member] or "none") if member in before else "new"
            became = (after[member] or "none") if member in after else "gone"
            moves[was, became] += 1
        return [
            {
                "level_before": was,
                "level_after": became,
                "movement": _movement(was, became, ranks),
                "members": members,
            }
            for (was, became), members in sorted(
                moves.items(),
                key=lambda move: (
                    ranks.get(move[0][0], 0),
                    move[0][0],
                    ranks.get(move[0][1], 0),
                    move[0][1],
                ),
            )
        ]


def _most_revenue(row: Row) -> tuple[int, str]:
    return -row["revenue_minor"], row["member_id"]


def _score(value: Any, values: Sequence[Any]) -> int:
    lower = [other for other in values if other < value]
    return 1 + 5 * len(lower) // len(values)


def _segment(r: int, f: int) -> str:
    grid = {
        "champions": ({5}, {4, 5}),
        "loyal": ({3, 4}, {4, 5}),
        "potential_loyal": ({4, 5}, {2, 3}),
        "new": ({5}, {1}),
        "promising": ({4}, {1}),
        "need_attention": ({3}, {3}),
        "about_to_sleep": ({3}, {1, 2}),
        "cannot_lose": ({1, 2}, {5}),
        "at_risk": ({1, 2}, {3, 4}),
        "hibernating": ({1, 2}, {1, 2}),
    }
    (name,) = [name for name, (rs, fs) in grid.items() if r in rs and f in fs]
    return name


def _movement(was: str, became: str, ranks: Mapping[str, int]) -> str:
    if was == "new":
        return "joined"
    if became == "gone":
        return "left"
    before, after = ranks.get(was, 0), ranks.get(became, 0)
    return "up" if after > before else "down" if after < before else "same"

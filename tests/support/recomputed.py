"""The reports once more, in plain Python: by loops over entries and local days, without a lake.

Written from what the head of each report says, not from its SQL. Whoever adds a report adds a
method of its name.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from typing import Any, Final, NamedTuple

from loyalty.domain.facts import facts_of
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import Account, TierReached
from loyalty.domain.ledger.entries import Accrual, Clawback, Entry, Redemption, Return
from loyalty.domain.ledger.tiers import level_on, moved
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.program.document import Program
from loyalty.domain.staff.actions import StaffAction
from loyalty.lake.reports import ReportPeriod
from tests.support.ledger import NOON, change

type Row = dict[str, Any]

EARNING: Final = ("accrual", "bonus", "edit")
NPS_BANDS: Final = ("promoters", "passives", "detractors")
CSAT_BANDS: Final = ("satisfied", "neutral", "dissatisfied")
ADJUSTING: Final = ("adjustment", "import", "merge", "transfer")


class Sale(NamedTuple):
    """An order of a member, a guest or nobody known."""

    who: str
    customer: str
    source: str
    order_id: str
    on: date
    sold_at: datetime
    amount_minor: int


class Move(NamedTuple):
    """Points that an entry moved into a place, and the dates that they carry."""

    kind: str
    member: str
    place: str
    counted_on: date
    available_on: date | None
    expires_on: date
    points: int


class Recomputed:
    def __init__(self, items: Sequence[Any], period: ReportPeriod, document: Program) -> None:
        self.period = period
        self.document = document
        self.today = self.day(period.as_of)
        self.last = min(period.last, self.today)
        self.day_before = min(period.first - timedelta(days=1), self.today)
        self.entries = [item for item in items if isinstance(item, Entry)]
        self.accounts = {item.member_id: item for item in items if isinstance(item, Account)}
        self.vouchers = [item for item in items if isinstance(item, Voucher)]
        self.responses = [item for item in items if isinstance(item, Response)]
        self.staff_actions = [item for item in items if isinstance(item, StaffAction)]
        self.mails = [item for item in items if isinstance(item, Message)]
        self.sales = list(self._sales(items))
        self.moves = [move for each in self.entries for move in self._moves(each)]

    def rows(self, name: str) -> list[Row]:
        answer: Callable[[], list[Row]] = getattr(self, name)
        return answer()

    # What the program brought in

    def summary(self) -> list[Row]:
        return [self._summary(self.period.first, self.period.last)]

    def trend(self) -> list[Row]:
        return [{"starts_on": _iso(a)} | self._summary(a, b) for a, b in self._steps()]

    def _summary(self, first: date, last: date) -> Row:
        seen, seen_before = min(last, self.today), min(first - timedelta(days=1), self.today)
        spendable, waiting, overdue = self._stock(last, seen)
        overdue_before = self._stock(first - timedelta(days=1), seen_before)[2]
        earned = self._flow(first, last, *EARNING)
        redeemed = -self._flow(first, last, "redemption", "return")
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

    # Who came, came back, stayed

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
                    "starts_on": _iso(first),
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
            months = {each: {_month(sale.on) for sale in bought.get(each, ())} for each in members}
            for number in range(max(0, _months(cohort, _month(self.last))) + 1):
                month = _add_months(cohort, number)
                active = sum(month in months[each] for each in members)
                rows.append(
                    {
                        "cohort": _iso(cohort),
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
                if reached:
                    rows.append(
                        {
                            "who": who,
                            "orders": orders,
                            "customers": len(reached),
                            "went_on": len(gaps),
                            "repeat_rate": ratio(len(gaps), len(reached)),
                        }
                        | _quartiles(gaps)
                    )
        return rows

    def segments(self) -> list[Row]:
        first, last = self.period.first, self.period.last
        bought = self._bought("members", first=first)
        refunds = self._refunds_of_members(first, last)
        buyers = [
            (max(each.sold_at for each in sold), len(sold), _total(sold) - refunds[customer])
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
            revenue = sum(map(_total, guests))
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

    # What customers are worth

    def lifetime_value(self) -> list[Row]:
        bought, levels = self._bought("members"), self._levels(self.last, self.period.last)
        refunds = self._refunds_of_members(date.min, self.period.last)
        groups: defaultdict[Any, list[tuple[int, int]]] = defaultdict(list)
        for cohort, members in self._cohorts().items():
            for each in members:
                sold = bought.get(each, [])
                spent = (len(sold), _total(sold) - refunds[each])
                groups["members", cohort, levels.get(each)].append(spent)
        for sold in self._bought("guests").values():
            began = min(each.on for each in sold)
            if began >= self.period.first:
                groups["guests", _month(began), None].append((len(sold), _total(sold)))
        rows = []
        for (who, cohort, level), spent_by in groups.items():
            orders, revenue = sum(each[0] for each in spent_by), sum(each[1] for each in spent_by)
            rows.append(
                {
                    "who": who,
                    "cohort": _iso(cohort),
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
                "revenue_minor": _total(sold) - refunds[member],
                "last_order_on": _iso(self.day(max(each.sold_at for each in sold))),
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
                        "revenue_minor": _total(sold) - refunds[member],
                        "last_order_on": _iso(max(days)),
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

    # What members are told

    def messages(self) -> list[Row]:
        by_kind: defaultdict[str, list[Message]] = defaultdict(list)
        for each in self.mails:
            moment = each.sent_at or each.settled_at
            if moment and self._during(moment):
                by_kind[each.kind].append(each)
        rows = []
        for kind, messages in by_kind.items():
            states = Counter(each.state for each in messages)
            arrived: defaultdict[str, list[datetime]] = defaultdict(list)
            for each in messages:
                if each.sent_at and each.state != "bounced":
                    arrived[self.heir(each.member_id)].append(each.sent_at)
            sold = [
                each for each in self.sales if self._follows(each.sold_at, arrived[each.customer])
            ]
            refunded = [
                each.detail.amount_minor
                for each in self.entries
                if isinstance(each.detail, Clawback)
                and self._follows(each.happened_at, arrived[self.heir(each.member_id)])
            ]
            redeemed = [
                owner
                for each in self.vouchers
                if each.state_at(self.period.as_of) != "cancelled"
                and self._follows(each.issued_at, arrived[owner := self.heir(each.member_id)])
            ]
            reached = sum(map(bool, arrived.values()))
            buyers = len({each.customer for each in sold})
            rows.append(
                {
                    "message_kind": kind,
                    "sent": len(messages) - states["dropped"],
                    "bounced": states["bounced"],
                    "complained": states["complained"],
                    "dropped": states["dropped"],
                    "reached": reached,
                    "buyers": buyers,
                    "buyer_rate": ratio(buyers, reached),
                    "orders": len(sold),
                    "revenue_minor": _total(sold) - sum(refunded),
                    "redeemers": len(set(redeemed)),
                    "redeemer_rate": ratio(len(set(redeemed)), reached),
                    "redemptions": len(redeemed),
                }
            )
        return sorted(rows, key=lambda row: (-row["sent"], row["message_kind"]))

    def surveys(self) -> list[Row]:
        rows = []
        for first, last in self._steps():
            by_survey: defaultdict[tuple[str, str], list[Response]] = defaultdict(list)
            for each in self.responses:
                if first <= self.day(each.answered_at) <= last:
                    by_survey[each.survey_id, each.survey_kind].append(each)
            for (survey_id, kind), answers in by_survey.items():
                bands = Counter(_band(each) for each in answers)
                satisfied = ratio(bands["satisfied"], len(answers))
                promoted = 100 * (bands["promoters"] - bands["detractors"])
                rows.append(
                    {
                        "survey_id": survey_id,
                        "survey_kind": kind,
                        "starts_on": _iso(first),
                        "answers": len(answers),
                        "top": bands["promoters"] + bands["satisfied"],
                        "middle": bands["passives"] + bands["neutral"],
                        "bottom": bands["detractors"] + bands["dissatisfied"],
                        "low": sum(each.is_low for each in answers),
                        "mean": ratio(sum(each.score for each in answers), len(answers)),
                        "nps": ratio(promoted, len(answers)) if kind == "nps" else None,
                        "csat": satisfied if kind == "csat" else None,
                    }
                    | {f"score_{n}": sum(each.score == n for each in answers) for n in range(11)}
                )
        return sorted(
            rows, key=lambda row: (row["survey_id"], row["survey_kind"], row["starts_on"])
        )

    def actions(self) -> list[Row]:
        first_of_entry: dict[str, StaffAction] = {}
        for each in sorted(self.staff_actions, key=lambda each: (each.began_at, each.action_id)):
            if entry := each.results.get("entry"):
                first_of_entry.setdefault(entry, each)
        groups: defaultdict[tuple[str, str], list[StaffAction]] = defaultdict(list)
        for each in self.staff_actions:
            if self._during(each.began_at):
                groups[each.by, each.name].append(each)
        rows = []
        for (person, name), acts in sorted(groups.items()):
            entries = [(each, each.results.get("entry")) for each in acts]
            moved = [
                each.points or 0
                for each, entry in entries
                if entry is None or first_of_entry[entry] is each
            ]
            members = {each.target.id for each in acts if each.target.kind == "member"}
            states = Counter(each.state for each in acts)
            rows.append(
                {
                    "person": person,
                    "action": name,
                    "done": states["done"],
                    "refused": states["refused"],
                    "unfinished": states["begun"] + states["failed"],
                    "members": len(members - {""}),
                    "points_added": sum(points for points in moved if points > 0),
                    "points_taken": -sum(points for points in moved if points < 0),
                }
            )
        return rows

    def promoters(self) -> list[Row]:
        last_answers: dict[tuple[str, str, str], Response] = {}
        for each in sorted(self.responses, key=lambda each: (each.answered_at, each.id)):
            if self._during(each.answered_at):
                name = (each.survey_id, each.survey_kind, self.heir(each.member_id))
                last_answers[name] = each
        rows = []
        for survey_id, kind in sorted({name[:2] for name in last_answers}):
            answers = {
                member: each
                for (*survey, member), each in last_answers.items()
                if survey == [survey_id, kind]
            }
            for band in NPS_BANDS if kind == "nps" else CSAT_BANDS:
                members = {who: each for who, each in answers.items() if _band(each) == band}
                if members:
                    row = {"survey_id": survey_id, "survey_kind": kind, "band": band}
                    share = ratio(len(members), len(answers))
                    rows.append(row | self._bought_by(members, share))
        return rows

    def _bought_by(self, members: Mapping[str, Response], share: float | None) -> Row:
        within = timedelta(days=self.period.within_days)
        soon, ever, refunds_soon, refunds_ever, returned = list[Sale](), list[Sale](), 0, 0, set()
        for member, answer in members.items():
            for sale in self.sales:
                if sale.who == "members" and sale.customer == member:
                    ever += [sale] if sale.on <= self.period.last else []
                    if timedelta() < sale.sold_at - answer.answered_at <= within:
                        soon.append(sale)
                        returned.add(member)
            for each in self.entries:
                if isinstance(each.detail, Clawback) and self.heir(each.member_id) == member:
                    amount = each.detail.amount_minor
                    if timedelta() < each.happened_at - answer.answered_at <= within:
                        refunds_soon += amount
                    if self.day(each.happened_at) <= self.period.last:
                        refunds_ever += amount
        revenue, total = _total(soon) - refunds_soon, _total(ever) - refunds_ever
        return {
            "members": len(members),
            "share": share,
            "returned": len(returned),
            "return_rate": ratio(len(returned), len(members)),
            "orders": len(soon),
            "revenue_minor": revenue,
            "value_minor": ratio(revenue, len(members)),
            "ever_orders": len(ever),
            "ever_minor": total,
            "ever_value_minor": ratio(total, len(members)),
        }

    def _follows(self, moment: datetime, sent: Iterable[datetime]) -> bool:
        within = timedelta(days=self.period.within_days)
        return any(arrived <= moment < arrived + within for arrived in sent)

    # What points are held, expire, are spent

    def liability(self) -> list[Row]:
        held: Counter[tuple[str, date | None]] = Counter()
        for move in self._held():
            waits = move.available_on is not None and move.available_on > self.last
            state = "debt" if move.place == "debt" else "pending" if waits else "available"
            month = None if move.expires_on == NEVER else _month(move.expires_on)
            held[state, month] += move.points
        return [
            {
                "state": state,
                "expires_in": _iso(month),
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
                lots[lot][_months(_month(came_on), _month(self.last))] += move.points
            lefts[lot] += move.points
        ages: Counter[int] = Counter()
        for lot, came in lots.items():
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
                lots[NEVER if move.expires_on == NEVER else _month(move.expires_on)].append(move)
        rows = []
        for month, moves in sorted(lots.items()):
            issued, expired, outstanding = self._run(moves)
            forecast = self._forecast(month, lots, outstanding)
            if month < _month(self.period.first):
                continue
            by_kind: Counter[str] = Counter()
            for move in moves:
                by_kind[move.kind] += move.points
            is_over = month < _month(self.last)
            rows.append(
                {
                    "expires_in": None if month == NEVER else _iso(month),
                    "status": "observed" if is_over else "forecast",
                    "issued_points": issued,
                    "redeemed_points": -by_kind["redemption"] - by_kind["return"],
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
        if month < _month(self.last) or month == NEVER:
            return None
        months_left = _months(_month(self.last), month)
        lost = held = 0
        for other, moves in lots.items():
            if other == NEVER or other >= _month(self.last):
                continue
            then = sum(
                each.points
                for each in moves
                if each.kind != "expiry"
                and _months(_month(each.counted_on), other) - self._is_later(each) >= months_left
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
        is_end = _month(self.last + timedelta(days=1)) != _month(self.last)
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
            if each.kind in {"redemption", "return"}:
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
                    "cohort": _iso(cohort),
                    "members": len(members),
                    "earners": sum(earned[each] > 0 for each in members),
                    "redeemers": len(days),
                    "redeemer_rate": ratio(len(days), len(members)),
                    "points_earned": points,
                    "points_redeemed": spent,
                    "redemption_rate": ratio(spent, points),
                }
                | _quartiles(days)
            )
        return rows

    def rewards(self) -> list[Row]:
        groups: defaultdict[str, list[Voucher]] = defaultdict(list)
        for voucher in self.vouchers:
            if self.period.first <= self.day(voucher.issued_at) <= self.period.last:
                groups[voucher.reward_id].append(voucher)
        amounts = {(each.source, each.order_id): each.amount_minor for each in self.sales}
        rows = []
        for reward_id, vouchers in groups.items():
            states = Counter(each.state_at(self.period.as_of) for each in vouchers)
            counted = [e for e in vouchers if e.state_at(self.period.as_of) != "cancelled"]
            used = [each for each in vouchers if each.state == "used"]
            reward = self.document.reward(reward_id)
            worth = [
                each.amount_minor
                if each.amount_minor is not None
                else (reward.amount_minor if reward else None)
                for each in used
            ]
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
                    "points": sum(each.points - each.returned for each in counted),
                    "cost_minor": None if None in worth else sum(map(int, worth)),  # type: ignore[arg-type]
                    "orders": len(orders),
                    "order_revenue_minor": sum(
                        amounts.get((each.source, each.order_id), 0) for each in orders
                    ),
                }
            )
        return sorted(rows, key=lambda row: (-row["redeemed"], row["reward_id"]))

    def earning_rules(self) -> list[Row]:
        points, revenue = Counter[str](), Counter[str]()
        orders: defaultdict[str, set[str]] = defaultdict(set)
        members: defaultdict[str, set[str]] = defaultdict(set)
        for each in self.entries:
            if isinstance(each.detail, Accrual) and self._during(each.happened_at):
                for share in each.detail.shares:
                    points[share.rule_id] += share.points
                    revenue[share.rule_id] += share.eligible_minor
                    orders[share.rule_id].add(each.id)
                    members[share.rule_id].add(each.member_id)
        sold = _total(self._sold("members", self.period.first, self.period.last))
        return [
            {
                "rule_id": rule,
                "orders": len(orders[rule]),
                "members": len(members[rule]),
                "points": points[rule],
                "points_share": ratio(points[rule], points.total()),
                "revenue_minor": revenue[rule],
                "revenue_share": ratio(revenue[rule], sold),
                "points_rate": ratio(points[rule], revenue[rule]),
            }
            for rule in sorted(points, key=lambda rule: (-points[rule], rule))
        ]

    # Days, members, orders, points

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.period.zone).date()

    def heir(self, member: str) -> str:
        """The final survivor of a member's merges, or the member if there were none."""
        met = [member]
        while (account := self.accounts.get(met[-1])) and account.into:
            if account.into in met:
                return member
            met.append(account.into)
        return met[-1]

    def _sales(self, items: Iterable[Any]) -> Iterator[Sale]:
        for item in items:
            for fact in facts_of(change(item)):
                if fact.kind == "orders":
                    order: Any = fact
                    who = (
                        "members" if order.member_id else "guests" if order.guest_id else "unknown"
                    )
                    customer = self.heir(order.member_id) if order.member_id else order.guest_id
                    yield Sale(
                        who,
                        customer,
                        order.source,
                        order.order_id,
                        self.day(order.occurred_at),
                        order.occurred_at,
                        order.amount_minor,
                    )

    def _moves(self, entry: Entry) -> Iterator[Move]:
        on, effect = self.day(entry.counted_at), entry.effect
        for lot, points in effect.lots.items():
            yield Move(entry.kind, entry.member_id, "lot", on, None, lot, points)
        if effect.debt:
            yield Move(entry.kind, entry.member_id, "debt", on, None, NEVER, -effect.debt)
        for (available, expires), points in effect.pending.items():
            yield Move(entry.kind, entry.member_id, "pending", on, available, expires, points)

    def _steps(self) -> list[tuple[date, date]]:
        """The first and the last day of each step, cut to the period."""
        steps: defaultdict[Any, list[date]] = defaultdict(list)
        day = self.period.first
        while day <= self.period.last:
            match self.period.by:
                case "day":
                    steps[day].append(day)
                case "week":
                    steps[day.isocalendar()[:2]].append(day)
                case "month":
                    steps[_month(day)].append(day)
            day += timedelta(days=1)
        return [(min(days), max(days)) for days in steps.values()]

    def _during(self, moment: datetime) -> bool:
        return self.period.first <= self.day(moment) <= self.period.last

    def _flow(self, first: date, last: date, *kinds: str) -> int:
        return sum(
            each.points + each.pending_points
            for each in self.entries
            if each.kind in kinds and first <= self.day(each.counted_at) <= last
        )

    def _stock(self, day: date, seen: date) -> tuple[int, int, int]:
        """What can be spent, what waits, and what is overdue, at the end of a day."""
        spendable = waiting = overdue = 0
        for move in self.moves:
            if move.counted_on > day:
                continue
            if move.expires_on < seen:
                overdue += move.points
            elif move.available_on is not None and move.available_on > seen:
                waiting += move.points
            else:
                spendable += move.points
        return spendable, waiting, overdue

    def _held(self) -> list[Move]:
        return [
            move
            for move in self.moves
            if move.counted_on <= self.period.last and move.expires_on >= self.last
        ]

    def _balance(self, member: str) -> int:
        return sum(
            move.points
            for move in self._held()
            if self.heir(move.member) == member
            and (move.available_on is None or move.available_on <= self.last)
        )

    def _worth(self, points: int) -> int | None:
        value = self.document.point_value
        return int(Fraction(points * value.amount_minor, value.per_points)) if value else None

    def _enrolled_on(self, member: str) -> date:
        return self.day(self.accounts[member].enrolled_at or NOON)

    def _enrolled(self, first: date, last: date) -> int:
        return sum(first <= self._enrolled_on(each) <= last for each in self.accounts)

    def _members_on(self, day: date) -> list[str]:
        return [
            member
            for member, account in self.accounts.items()
            if self._enrolled_on(member) <= day
            and (account.ended_at is None or self.day(account.ended_at) > day)
        ]

    def _active(self, first: date, last: date) -> set[str]:
        return {
            self.heir(each.member_id)
            for each in self.entries
            if each.kind in {"accrual", "redemption"}
            and first <= self.day(each.happened_at) <= last
        }

    def _is_active(self, member: str) -> bool:
        return member in self.accounts and self.accounts[member].status == "active"

    def _cohorts(self) -> dict[date, list[str]]:
        """Members who enrolled in the period, by month; a merged one counts as its survivor."""
        cohorts: defaultdict[date, list[str]] = defaultdict(list)
        for member, account in self.accounts.items():
            enrolled_on = self._enrolled_on(member)
            is_merged = account.status == "merged"
            if not is_merged and self.period.first <= enrolled_on <= self.period.last:
                cohorts[_month(enrolled_on)].append(member)
        return dict(sorted(cohorts.items()))

    def _sold(self, who: str, first: date, last: date) -> list[Sale]:
        return [each for each in self.sales if each.who == who and first <= each.on <= last]

    def _bought(self, who: str, *, first: date = date.min) -> dict[str, list[Sale]]:
        """By customer, until the end of the period."""
        bought: defaultdict[str, list[Sale]] = defaultdict(list)
        for each in self._sold(who, first, self.period.last):
            bought[each.customer].append(each)
        return dict(bought)

    def _refunds(self, first: date, last: date) -> Counter[str]:
        """By source."""
        refunds: Counter[str] = Counter()
        for each in self.entries:
            if isinstance(each.detail, Clawback) and first <= self.day(each.happened_at) <= last:
                refunds[each.detail.source] += each.detail.amount_minor
        return refunds

    def _refunds_of_members(self, first: date, last: date) -> Counter[str]:
        refunds: Counter[str] = Counter()
        for each in self.entries:
            if isinstance(each.detail, Clawback) and first <= self.day(each.happened_at) <= last:
                refunds[self.heir(each.member_id)] += each.detail.amount_minor
        return refunds

    def _levels(self, day: date, until: date) -> dict[str, str | None]:
        """Each member's level, from what was recorded until then, as the product computes it."""
        counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in self.entries:
            detail = each.detail
            if (
                isinstance(detail, Accrual | Clawback)
                and detail.qualifying
                and self.day(each.recorded_at) <= until
            ):
                counted[each.member_id][detail.qualifying.counter] += detail.qualifying.amount
        together: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for member, counters in counted.items():
            for name, amount in self._moved(member, counters).items():
                together[self.heir(member)][name] += amount
        reached: defaultdict[str, set[TierReached]] = defaultdict(set)
        for each in self.entries:
            if self.day(each.recorded_at) <= until:
                reached[self.heir(each.member_id)].update(each.tier_reached)
        levels = {}
        for member in self._members_on(until):
            account = replace(
                self.accounts[member],
                qualifying=together[member],
                tier_reached=tuple(sorted(reached[member])),
            )
            level = level_on(account, self.document, day=day)
            levels[member] = level.id if level else None
        return levels

    def _moved(self, member: str, counters: Counter[str]) -> Mapping[str, int]:
        heir = self.accounts.get(self.heir(member))
        account = self.accounts.get(member)
        if account is None or heir is None or account is heir or account.ended_at is None:
            return counters
        loser = replace(account, qualifying=counters)
        return moved(loser, heir, self.document, day=self.day(account.ended_at))


def ratio(part: int, total: int) -> float | None:
    """To six decimals, halves away from zero; of nothing there is none."""
    if total <= 0:
        return None
    exact = Decimal(part) / Decimal(total)
    return float(exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP))


def _most_revenue(row: Row) -> tuple[int, str]:
    return -row["revenue_minor"], row["member_id"]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _month(day: date) -> date:
    return day.replace(day=1)


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _add_months(month: date, number: int) -> date:
    year, index = divmod(month.year * 12 + month.month - 1 + number, 12)
    return date(year, index + 1, 1)


def _total(sold: Iterable[Sale]) -> int:
    return sum(each.amount_minor for each in sold)


def _quartiles(values: Sequence[int]) -> Row:
    names = {"days_p25": 0.25, "days_median": 0.5, "days_p75": 0.75}
    ordered = sorted(values)
    return {
        name: ordered[max(0, ceil(part * len(ordered)) - 1)] if ordered else None
        for name, part in names.items()
    }


def _band(answer: Response) -> str:
    if answer.survey_kind == "nps":
        return NPS_BANDS[(answer.score < 9) + (answer.score < 7)]
    return CSAT_BANDS[(answer.score < 4) + (answer.score < 3)]


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

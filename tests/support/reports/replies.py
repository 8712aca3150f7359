"""What members were told and answered, and what staff did."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from loyalty.domain.ledger.entries import Clawback
from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.staff.actions import StaffAction
from tests.support.reports.recorded import Recorded, Row, Sale, iso, ratio, revenue_of

NPS_BANDS: Final = ("promoters", "passives", "detractors")
CSAT_BANDS: Final = ("satisfied", "neutral", "dissatisfied")


class ReplyReports(Recorded):
    """Reports on messages, surveys and actions of staff."""

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
                    "revenue_minor": revenue_of(sold) - sum(refunded),
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
                        "starts_on": iso(first),
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
        revenue, total = revenue_of(soon) - refunds_soon, revenue_of(ever) - refunds_ever
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


def _band(answer: Response) -> str:
    if answer.survey_kind == "nps":
        return NPS_BANDS[(answer.score < 9) + (answer.score < 7)]
    return CSAT_BANDS[(answer.score < 4) + (answer.score < 3)]

"""What was offered to members, and which orders used it, by loops over offers and orders."""

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import NamedTuple

from loyalty.domain.ledger.entries import Accrual, Clawback
from tests.support.reports.recorded import Recorded, Row, ratio


class MadeOffer(NamedTuple):
    """An offer of a campaign to a person, from a second on."""

    campaign_id: str
    person: str
    since: datetime


class OfferReports(Recorded):
    """The report on offers."""

    def offers(self) -> list[Row]:
        until: dict[MadeOffer, date] = {}
        by_lot: set[MadeOffer] = set()
        for targeting in self.targetings:
            for campaign_id, offer in targeting.offers.items():
                if self._during(offer.offered_at):
                    since = offer.offered_at.replace(microsecond=0)
                    made = MadeOffer(campaign_id, self.heir(targeting.member_id), since)
                    until[made] = max(offer.until, until.get(made, offer.until))
                    if offer.because.kind == "by_lot":
                        by_lot.add(made)
        uses = self._uses(until)
        groups: defaultdict[tuple[str, str], list[MadeOffer]] = defaultdict(list)
        for made in until:
            groups[made.campaign_id, "by_lot" if made in by_lot else "chosen"].append(made)
        rows = []
        for (campaign_id, chosen), offers in groups.items():
            orders = [use for made in offers for use in uses[made]]
            members = {made.person for made in offers}
            used = {made.person for made in offers if uses[made]}
            points, recovered, revenue = (sum(use[place] for use in orders) for place in range(3))
            rows.append(
                {
                    "campaign_id": campaign_id,
                    "chosen": chosen,
                    "offered": len(offers),
                    "members": len(members),
                    "used": len(used),
                    "use_rate": ratio(len(used), len(members)),
                    "orders": len(orders),
                    "points": points,
                    "recovered": recovered,
                    "points_left": points - recovered,
                    "cost_minor": self._worth(points - recovered),
                    "revenue_minor": revenue,
                }
            )
        return sorted(rows, key=lambda row: (-row["offered"], row["campaign_id"], row["chosen"]))

    def _uses(
        self, until: dict[MadeOffer, date]
    ) -> defaultdict[MadeOffer, list[tuple[int, int, int]]]:
        """Points, points taken back and revenue of each order that used an offer."""
        given: Counter[tuple[str, str, str]] = Counter()
        recovered: Counter[tuple[str, str, str]] = Counter()
        refunded: Counter[tuple[str, str]] = Counter()
        for each in self.entries:
            detail = each.detail
            if isinstance(detail, Accrual):
                for share in detail.shares:
                    if share.rule_id in detail.campaigns:
                        name = (detail.order.source, detail.order.order_id)
                        given[*name, share.rule_id] += share.points
            elif isinstance(detail, Clawback):
                refunded[detail.source, detail.order_id] += detail.amount_minor
                for campaign_id, points in detail.campaign_points.items():
                    recovered[detail.source, detail.order_id, campaign_id] -= points
        uses: defaultdict[MadeOffer, list[tuple[int, int, int]]] = defaultdict(list)
        for sale in self.sales:
            name = (sale.source, sale.order_id)
            for campaign_id in {made.campaign_id for made in until}:
                before = [
                    made
                    for made in until
                    if (made.campaign_id, made.person) == (campaign_id, sale.customer)
                    and made.since <= sale.sold_at
                ]
                latest = max(before, key=lambda made: made.since, default=None)
                key = (*name, campaign_id)
                if sale.who == "members" and latest and given[key] and sale.on <= until[latest]:
                    revenue = sale.amount_minor - refunded[name]
                    uses[latest].append((given[key], recovered[key], revenue))
        return uses

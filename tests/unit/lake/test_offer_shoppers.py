"""Whom something may be offered to: who ordered, is new, or has been away for some time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from loyalty.domain.campaigns.offers import Offer, OfferReason, OfferReasonKind
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.changes import Record
from loyalty.domain.ledger.account import Account
from loyalty.domain.recommendations.offer_worth import OfferOutcome
from loyalty.lake.mirror import Mirror
from loyalty.lake.offer_shoppers import LakeShoppers
from tests.support.documents import program
from tests.support.lake import Home
from tests.support.ledger import accrual, change, order

TODAY: Final = date(2026, 11, 21)
NOON: Final = datetime(2026, 11, 21, 11, tzinfo=UTC)


def member(name: str, *, days_ago: int = 400) -> Account:
    return Account(member_id=name, enrolled_at=NOON - timedelta(days=days_ago))


def sold(name: str, *, days_ago: int, known_days_ago: int | None = None) -> Record:
    moment = NOON - timedelta(days=days_ago)
    known_at = NOON - timedelta(days=days_ago if known_days_ago is None else known_days_ago)
    found = accrual(order(f"{name}-{days_ago}", occurred_at=moment), recorded_at=known_at)
    return replace(found, member_id=name)


def test_members_whose_orders_changed_new_ones_and_those_who_stay_away(tmp_path: Path) -> None:
    items: list[Record] = [
        *map(member, ("idle", "today", "late", "away", "longer", "before", "heir")),
        member("new", days_ago=1),
        replace(member("gone"), status="closed", ended_at=NOON),
        replace(member("merged"), status="merged", into="heir", ended_at=NOON),
        sold("today", days_ago=0),
        sold("late", days_ago=9, known_days_ago=1),
        sold("away", days_ago=30),
        sold("longer", days_ago=91),
        sold("before", days_ago=2),
        sold("gone", days_ago=0),
        sold("merged", days_ago=0),
    ]
    home = Home(tmp_path)
    home.write([change(item) for item in items], name="all")
    mirror = Mirror(home.bucket.client, bucket="lake", root=home.root)
    shoppers = LakeShoppers(mirror, program_id="bean", document=program(), now=NOON)

    found = list(shoppers.members(since=TODAY - timedelta(days=1), today=TODAY))

    # 91 days ago was 90 days ago yesterday: a round may have been left out.
    assert found == ["away", "heir", "late", "longer", "new", "today"]


def test_what_offers_led_to_is_that_of_chosen_and_drawn_ones_together(tmp_path: Path) -> None:
    home = Home(tmp_path)
    kinds: dict[str, OfferReasonKind] = {"ana": "in_turn", "ben": "by_lot"}
    offered = [
        Targeting(
            member_id=name,
            offers={
                "oat": Offer(
                    offered_at=NOON - timedelta(days=1),
                    until=TODAY,
                    because=OfferReason(kind),
                    chosen_of=1,
                )
            },
        )
        for name, kind in kinds.items()
    ]
    items: list[Record] = [*map(member, ("ana", "ben")), *offered]
    home.write([change(item) for item in items], name="all")
    mirror = Mirror(home.bucket.client, bucket="lake", root=home.root)
    shoppers = LakeShoppers(mirror, program_id="bean", document=program(), now=NOON)

    found = shoppers.outcomes(first=TODAY - timedelta(days=90), last=TODAY)

    assert found == {"oat": OfferOutcome(2, 0, 0, None)}

"""An offer counts from its second to the end of its last day, and outlives a merge."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from loyalty.domain.campaigns.offers import Offer, OfferReason, united_offers

MADE: Final = datetime(2026, 11, 21, 1, 0, 0, 700, tzinfo=UTC)
OFFER: Final = Offer(
    offered_at=MADE, until=date(2026, 12, 4), because=OfferReason("in_turn"), chosen_of=2
)


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (datetime(2026, 11, 21, 0, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 1, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 4, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 5, tzinfo=UTC), False),
    ],
)
def test_orders_count_from_the_second_of_the_offer_until_its_last_day(
    moment: datetime, counts: bool
) -> None:
    assert OFFER.is_open(moment) is counts


def test_of_two_offers_of_two_who_became_one_the_longer_one_counts() -> None:
    longer = replace(OFFER, until=OFFER.until + timedelta(days=1))

    assert united_offers({"a": OFFER}, {"a": longer, "b": OFFER}) == {"a": longer, "b": OFFER}
    assert united_offers({"a": longer}, {"a": OFFER}) == {"a": longer}

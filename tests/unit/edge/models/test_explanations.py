"""The sentences that explain a balance."""

from typing import get_args

from loyalty.domain.ledger.entries import BonusOccasion
from loyalty.edge.models.explanations import BONUS_OCCASIONS


def test_every_kind_of_bonus_can_be_explained() -> None:
    assert BONUS_OCCASIONS.keys() == set(get_args(BonusOccasion))

"""What happened to the vouchers of an order, as the API answers it."""

from typing import get_args

from loyalty.domain.ledger.vouchers import State
from loyalty.edge.models.order_vouchers import REASONS


def test_a_voucher_is_refused_in_every_state_in_which_no_order_can_use_it() -> None:
    states = {reason.removeprefix("voucher_") for reason in REASONS if "voucher_" in reason}

    assert states == {*get_args(State)} - {"held", "issued"}

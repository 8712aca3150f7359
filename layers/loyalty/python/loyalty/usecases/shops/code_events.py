"""The events after which a voucher's code in shops may have to change."""

from __future__ import annotations

from typing import Final

from loyalty.domain.events import (
    Event,
    RedemptionCancelled,
    RedemptionCancelling,
    RewardRedeemed,
    VoucherExpired,
    VoucherReinstated,
    VoucherUsed,
)

STEPS_OF_VOUCHERS: Final[tuple[type[Event], ...]] = (
    RewardRedeemed,
    VoucherUsed,
    VoucherReinstated,
    VoucherExpired,
    RedemptionCancelling,
    RedemptionCancelled,
)

"""What happened to the vouchers of an order, as the API answers it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.ledger.order_vouchers import VoucherStep
from loyalty.edge.http.schemas import AnswerPart, RedemptionId


class VoucherStepAnswer(AnswerPart):
    """What an order did to one of its vouchers."""

    redemption_id: RedemptionId
    status: Annotated[
        Literal["used", "given_back", "kept", "refused"],
        Field(
            description="`used`: the order used it. `given_back`: a cancellation made it usable "
            "again. `kept`: it stays used. `refused`: the order could not use it."
        ),
    ]
    reason: Annotated[
        str | None,
        Field(description="Why it was refused or kept, as a stable code; otherwise null."),
    ]
    replayed: Annotated[bool, Field(description="Whether the order had used it already.")]


Vouchers = Annotated[
    list[VoucherStepAnswer],
    Field(description="What happened to each voucher of the program that the order named."),
]
CancelledVouchers = Annotated[
    list[VoucherStepAnswer],
    Field(description="What happened to the order's vouchers, if the whole order was refunded."),
]


def steps_answer(steps: Sequence[VoucherStep]) -> list[VoucherStepAnswer]:
    return [
        VoucherStepAnswer(
            redemption_id=step.redemption_id,
            status=step.status,
            reason=step.reason,
            replayed=step.replayed,
        )
        for step in steps
    ]

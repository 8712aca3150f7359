"""What happened to the vouchers of an order, as the API answers it."""

from collections.abc import Sequence
from typing import Annotated, Final, get_args

from pydantic import Field

from loyalty.domain.ledger.order_vouchers import VoucherStep, VoucherStepStatus
from loyalty.domain.ledger.vouchers import State
from loyalty.edge.http.schemas import AnswerPart, RedemptionId

# An order uses an issued voucher, and completes a held one; in every other state it is refused.
_REFUSING: Final = [
    f"voucher_{state}" for state in get_args(State) if state not in ("held", "issued")
]
REASONS: Final = ("not_reinstated", "order_cancelled", "points_returned", *_REFUSING)


class VoucherStepAnswer(AnswerPart):
    """What an order did to one of its vouchers."""

    redemption_id: RedemptionId
    status: Annotated[
        VoucherStepStatus,
        Field(
            description="`used`: the order used it. `given_back`: a cancellation made it usable "
            "again. `kept`: it stays used. `refused`: the order could not use it. "
            "`points_returned`: a refund returned its share of the points that paid. "
            "`points_taken`: a refund was withdrawn, and they pay again."
        ),
    ]
    reason: Annotated[
        str | None,
        Field(
            description="Why it was refused or kept, as a stable code; otherwise null.",
            json_schema_extra={"enum": [*REASONS, None]},
        ),
    ]
    replayed: Annotated[bool, Field(description="Whether the order had used it already.")]
    points: Annotated[
        int, Field(description="Points that returned, or that were taken again; otherwise 0.")
    ]


Vouchers = Annotated[
    list[VoucherStepAnswer],
    Field(description="What happened to each voucher of the program that the order named."),
]
CancelledVouchers = Annotated[
    list[VoucherStepAnswer],
    Field(
        description="What happened to the order's vouchers: all of them if the whole order was "
        "refunded, otherwise those that points paid."
    ),
]


def steps_answer(steps: Sequence[VoucherStep]) -> list[VoucherStepAnswer]:
    return [
        VoucherStepAnswer(
            redemption_id=step.redemption_id,
            status=step.status,
            reason=step.reason,
            replayed=step.replayed,
            points=step.points,
        )
        for step in steps
    ]

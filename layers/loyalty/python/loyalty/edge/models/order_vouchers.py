"""What became of an order's vouchers, as it is answered."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.ledger.order_vouchers import VoucherStep
from loyalty.edge.http.schemas import AnswerPart


class VoucherStepAnswer(AnswerPart):
    """What an order did to a voucher, known by its redemption."""

    redemption_id: str
    status: Literal["used", "given_back", "kept", "refused"]
    reason: Annotated[
        str | None, Field(description="Why it was refused, or stays used: a stable code.")
    ]
    replayed: Annotated[bool, Field(description="The order had used it before.")]


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

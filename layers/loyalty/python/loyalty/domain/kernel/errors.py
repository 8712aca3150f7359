"""Every refusal the product gives, each with the stable code that clients are written against.

A refusal is an answer, not a failure: the caller asked for something that cannot be, and the
code says which rule stands in the way. How a code travels (an HTTP status, a parked message) is
the business of whoever speaks to the caller.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in what the caller sent; `pointer` is a JSON pointer (RFC 6901) into it."""

    pointer: str
    code: str
    detail: str


class Refusal(Exception):
    """Base of all refusals; `title` is the same for every occurrence, `detail` tells this one."""

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str = "", *, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = faults


class MalformedJson(Refusal):
    code = "malformed_json"
    title = "The body is not JSON"


class MissingIdempotencyKey(Refusal):
    code = "missing_idempotency_key"
    title = "This request needs an Idempotency-Key header"


class BadSignature(Refusal):
    """A webhook that is not signed, or not with a secret of its storefront."""

    code = "bad_signature"
    title = "The signature does not match"


class Forbidden(Refusal):
    code = "forbidden"
    title = "Your role in this program does not allow this"


class OwnAccount(Refusal):
    """Staff do nothing to their own account by their role: a colleague does."""

    code = "own_account"
    title = "Your own account is for somebody else to correct"


class NotFound(Refusal):
    """Also for everything that belongs to another program or another member."""

    code = "not_found"
    title = "There is no such thing here"


class IdentityTaken(Refusal):
    """`member_id` is for staff and services only; a stranger must not learn it."""

    code = "identity_taken"
    title = "An identity already belongs to a member"

    def __init__(
        self,
        detail: str = "",
        *,
        faults: tuple[Fault, ...] = (),
        member_id: str | None = None,
    ) -> None:
        super().__init__(detail, faults=faults)
        self.member_id = member_id


class IdempotencyConflict(Refusal):
    code = "idempotency_conflict"
    title = "This Idempotency-Key was used for another request"


class OrderConflict(Refusal):
    code = "order_conflict"
    title = "This order was already recorded with another content"


class ResponseConflict(Refusal):
    code = "response_conflict"
    title = "This survey was already answered with another content"


class InsufficientPoints(Refusal):
    code = "insufficient_points"
    title = "There are not enough points"


class PointsTooNew(Refusal):
    """The points are there and can be spent, but not yet given to another member."""

    code = "points_too_new"
    title = "The points are too new to be given away"


class OutOfStock(Refusal):
    code = "out_of_stock"
    title = "The reward is out of stock"


class LimitReached(Refusal):
    code = "limit_reached"
    title = "A limit is reached"


class RewardUnavailable(Refusal):
    code = "reward_unavailable"
    title = "The reward is not available now"


class VoucherAlreadyUsed(Refusal):
    code = "voucher_used"
    title = "The voucher was already used"


class VoucherIssued(Refusal):
    """The code is in the member's hands, and a shop may take it at this moment."""

    code = "voucher_issued"
    title = "A voucher that was issued is for staff to cancel"


class WrongState(Refusal):
    code = "wrong_state"
    title = "Its state does not allow this"


class StaleVersion(Refusal):
    code = "stale_version"
    title = "Someone else has changed it since you read it"


class PreconditionRequired(Refusal):
    code = "precondition_required"
    title = "This request needs an If-Match or If-None-Match header"


class TooLarge(Refusal):
    code = "too_large"
    title = "The body is too large"


class ValidationFailed(Refusal):
    code = "validation_failed"
    title = "The request is not valid"


class CurrencyMismatch(Refusal):
    code = "currency_mismatch"
    title = "The currency is not the program's"


class InvalidCursor(Refusal):
    code = "invalid_cursor"
    title = "The cursor does not belong to this list"


class TooManyRequests(Refusal):
    """One caller takes too much of what is there for all; `retry_after` is in whole seconds."""

    code = "too_many_requests"
    title = "You are asking for too much at once"

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail or f"Slow down, and try again in {retry_after} seconds")
        self.retry_after = retry_after


class TryAgain(Refusal):
    """Given after a bounded number of attempts; repeating the same request is always safe."""

    code = "try_again"
    title = "Too many others are writing here; try again"

"""Every refusal of the product, each with the stable code that clients rely on.

A refusal is an answer, not a failure: the caller asked for something impossible, and the code
names the rule in the way. The layer that talks to the caller decides how the code travels: as an
HTTP status, or as the reason of a parked message.
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
    """Base of all refusals; `title` is the same every time, `detail` describes this occurrence."""

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
    """A webhook without a signature, or signed with a secret other than the storefront's."""

    code = "bad_signature"
    title = "The signature does not match"


class Unauthenticated(Refusal):
    """Sign in again, or fetch a new token."""

    code = "unauthenticated"
    title = "The request has no valid token"


class Forbidden(Refusal):
    code = "forbidden"
    title = "Your role in this program does not allow this"


class OwnAccount(Refusal):
    """Staff cannot use their role on their own account; a colleague has to."""

    code = "own_account"
    title = "A colleague has to correct your own account"


class SecondManager(Refusal):
    """Nobody approves what they have requested themselves."""

    code = "second_manager"
    title = "A second manager has to decide this"


class NotFound(Refusal):
    """Also the answer for anything that belongs to another program or another member."""

    code = "not_found"
    title = "There is no such thing here"


class IdentityTaken(Refusal):
    """`member_id` is for staff and services only: a stranger must not learn it."""

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
    title = "This order was already recorded with different content"


class ResponseConflict(Refusal):
    code = "response_conflict"
    title = "This survey was already answered with different content"


class ActivityConflict(Refusal):
    """An edit may not change which activity it is, and needs a later `changed_at`."""

    code = "activity_conflict"
    title = "This activity was already recorded with different content"


class InsufficientPoints(Refusal):
    code = "insufficient_points"
    title = "There are not enough points"


class PointsTooNew(Refusal):
    """The member can spend the points, but cannot give them to another member yet."""

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
    """The member has the code, and a shop may be accepting it right now."""

    code = "voucher_issued"
    title = "Only staff can cancel an issued voucher"


class ReferralNotAccepted(Refusal):
    """`reason` says which rule of the program's referrals refuses the claim."""

    code = "referral_refused"
    title = "The referral is not accepted"

    def __init__(self, detail: str = "", *, reason: str = "") -> None:
        super().__init__(detail)
        self.reason = reason


class WrongState(Refusal):
    code = "wrong_state"
    title = "Its state does not allow this"


class RolesKeptElsewhere(Refusal):
    """The deployment has another issuer for its staff, and the roles are kept there."""

    code = "roles_kept_elsewhere"
    title = "Roles are kept by the issuer of staff"


class StaleVersion(Refusal):
    code = "stale_version"
    title = "Someone else has changed it since you read it"


class PreconditionRequired(Refusal):
    code = "precondition_required"
    title = "This request needs an If-Match or If-None-Match header"


class TooLarge(Refusal):
    """What was sent, or what would have to be kept or computed of it; `detail` says which."""

    code = "too_large"
    title = "It is too large"


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
    """One caller uses too much of what all share; `retry_after` is in whole seconds."""

    code = "too_many_requests"
    title = "You sent too many requests at once"

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail or f"Slow down, and try again in {retry_after} seconds")
        self.retry_after = retry_after


class TryAgain(Refusal):
    """Raised after a bounded number of attempts. Repeating the same request is always safe."""

    code = "try_again"
    title = "Too many others are writing here; try again"

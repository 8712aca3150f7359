"""Access: a voucher that lets its member buy something that is not on sale for everyone yet.

A storefront gets a signed access token, which it verifies by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.kernel.errors import RewardUnavailable, WrongState

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher

# Long enough to open a shop's page, and too short to sell the token.
TOKEN_LASTS: Final = timedelta(minutes=10)


def access_claims(
    voucher: Voucher, *, program_id: str, audience: str, now: datetime
) -> dict[str, Any]:
    """The claims (RFC 7519) of an access token for an issued voucher of the kind `access`.

    It ends with the voucher, if that ends earlier. `skus` are the articles that may be bought;
    empty: whatever the storefront keeps for the reward. Times are whole seconds since 1970, in UTC.

    Raises:
        RewardUnavailable: the voucher is of a different kind.
        WrongState: it is held, used, cancelled or expired.
    """
    if voucher.terms is None or voucher.terms.kind != "access":
        raise RewardUnavailable("This voucher gives no access")
    if (state := voucher.state_at(now)) != "issued":
        raise WrongState(f"This redemption is {state}")
    ends_at = now + TOKEN_LASTS
    if voucher.expires_at is not None:
        ends_at = min(ends_at, voucher.expires_at)
    issued_s = int(now.timestamp())
    return {
        "iss": program_id,
        "aud": audience,
        "sub": voucher.member_id,
        "iat": issued_s,
        "exp": int(ends_at.timestamp()),
        "jti": f"{voucher.redemption_id}.{issued_s}",
        "reward": voucher.reward_id,
        "skus": list(voucher.terms.skus),
        "voucher": voucher.code,
    }

"""Referrals of a program, as tests put them into the table."""

from datetime import UTC, datetime
from typing import Any, Final

from loyalty.domain.engagement.referrals import Referral, ReferralChange, Referrer
from loyalty.domain.ledger.postings import Posting
from loyalty.edge.desk import open_desk
from loyalty.table.engine import Engine
from loyalty.table.referrals import TableReferrals

CODE: Final = "AAAAABBBBB"
CLAIMED_AT: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def referral(friend: str = "mem_bob", referrer: str = "mem_ana", **parts: Any) -> Referral:
    fields: dict[str, Any] = {
        "friend_id": friend,
        "referrer_id": referrer,
        "code": CODE,
        "claimed_at": CLAIMED_AT,
        "counts_from": CLAIMED_AT.date(),
        "version": 1,
        "state": "claimed",
    }
    return Referral(**fields | parts)


def give_code(member_id: str, engine: Engine, *, code: str = CODE) -> str:
    """Give a member this code for friends."""
    shelf = TableReferrals(engine, program_id="bean")
    shelf.open_code(Referrer(member_id=member_id, code=code))
    return code


def hold(friend: str, referrer: str, *, table: str) -> None:
    """Let a claim with this code wait for a manager."""
    held = referral(friend, referrer, state="held", signals=("device",))
    open_desk("bean", table=table).books.post(Posting(referral=ReferralChange(referrals=(held,))))

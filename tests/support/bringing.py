"""A shop whose members bring friends."""

from dataclasses import replace
from typing import Any

import pytest

from loyalty.domain.engagement.referrals import Referral, ReferralDecision
from loyalty.domain.kernel.errors import ReferralNotAccepted
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member
from loyalty.table import keys
from loyalty.table.engine import Persistent
from loyalty.table.operations import Put
from loyalty.table.records.members import member_to_item
from loyalty.table.referrals import TableReferrals
from loyalty.usecases.engagement.referral_orders import look_at_friend, look_at_order
from loyalty.usecases.engagement.referral_viewing import MemberReferral, referral_of_member
from loyalty.usecases.engagement.referring import (
    Claimed,
    ReferralClaim,
    claim_referral,
    code_of,
    decide_referral,
)
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.club import ANA, BOB
from tests.support.documents import published
from tests.support.engagement import Collecting
from tests.support.memory import NOW

CLEO = "mem_cleo"
DAN = "mem_dan"
TERMS: dict[str, Any] = {"referrer": {"points": 500}, "friend": {"points": 100}}


class Bringing(Collecting):
    """A club whose members bring friends, and whose worker may be killed at any call."""

    def __init__(self, parts: dict[str, Any] | None = None, **terms: Any) -> None:
        super().__init__(members=(ANA, BOB, CLEO, DAN), referrals=TERMS | terms, **(parts or {}))
        self.program = replace(self.program, counts_since=1, refers_since=1)
        self._versions = {1: self.program}
        self.code = self.code_of(ANA)

    @property
    def friends(self) -> TableReferrals:
        engine = Persistent(self.engine, pause=lambda _attempt: None)
        return TableReferrals(engine, program_id="bean")

    def looks_at(self, *order_ids: str) -> None:
        for order_id in order_ids:
            look_at_order(
                OrderRef("till", order_id), shelf=self.friends, awards=self.shelf, desk=self.desk
            )

    def looks_at_friend(self, member_id: str = BOB) -> None:
        look_at_friend(member_id, shelf=self.friends, awards=self.shelf, desk=self.desk)

    def publishes_referrals(self, terms: dict[str, Any] | None) -> None:
        """Put another version in force, with these referrals or without any."""
        version = self.program.version + 1
        document = self.program.document.model_dump(mode="json") | {"referrals": terms}
        newest = published(version=version, **document)
        self.program = replace(newest, counts_since=1, refers_since=1)
        self._versions[version] = self.program

    def holds(self, member_id: str) -> int:
        """The points that a member has or waits for, by referrals."""
        return self.bonuses(member_id)

    def referral_of(self, friend: str = BOB) -> Referral:
        (found,) = self.friends.referrals([friend])
        return found

    def code_of(self, member_id: str) -> str:
        return code_of(member_id, new_code=_code, shelf=self.friends, desk=self.desk).code

    def claims(self, friend: str = BOB, code: str | None = None, **parts: Any) -> Claimed:
        claim = ReferralClaim(code=code or self.code, friend_id=friend, **parts)
        return claim_referral(claim, shelf=self.friends, signals=self.friends, desk=self.desk)

    def refusal(self, *args: Any, **parts: Any) -> str:
        with pytest.raises(ReferralNotAccepted) as refused:
            self.claims(*args, **parts)
        return refused.value.reason

    def decides(self, verdict: Any, friend: str = BOB) -> Referral:
        decision = ReferralDecision(verdict, "bea", self.now, "checked")
        return decide_referral(friend, decision, shelf=self.friends, desk=self.desk)

    def sees(self, member_id: str = ANA) -> MemberReferral:
        return referral_of_member(member_id, new_code=_code, shelf=self.friends, desk=self.desk)

    def has_email(self, member_id: str, email: str) -> None:
        member = Member(
            member_id=member_id,
            enrolled_at=NOW,
            enrolled_by="",
            identities={Identity("email", email): False},
        )
        self.engine.write([Put(keys.profile("bean", member_id), member_to_item(member))])

    def merges(self, loser: str, survivor: str) -> None:
        merge_members(loser, into=survivor, request_id=f"m{next(self._codes)}", desk=self.desk)


def _code(member_id: str) -> str:
    return (member_id.removeprefix("mem_").upper() + "AAAAAAAAAA")[:10]

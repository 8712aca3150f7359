"""People enroll, prove who they are, become one, and are erased."""

from dataclasses import dataclass
from typing import ClassVar, Final

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member, MemberUpdate
from loyalty.table.members import TableMembers
from loyalty.table.responses import TableResponses
from loyalty.usecases.ledger.corrections import (
    grant_tier,
    merge_members,
)
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.people.enrollment import Application, enroll, enroll_oneself
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import change, erase, unite
from loyalty.usecases.people.surveys import Answered, SurveyReply, answer
from loyalty.usecases.ports import Desk
from tests.simulation.requests.common import EMAIL, Keyed, table_members
from tests.simulation.world import PROGRAM_ID, World, stepped_engine

# Few, so that more are often left for the next time.
CLAIMED_AT_ONCE_MAX: Final = 1


@dataclass(frozen=True, slots=True)
class Join:
    """A person enrolls and gets earlier orders; `verified`: they have proven their identity."""

    member_id: str
    identity: Identity = EMAIL
    verified: bool = True

    @property
    def name(self) -> str:
        return f"enroll {self.member_id}"

    def run(self, desk: Desk, world: World) -> None:
        members = table_members()
        claims = (IdentityClaim(self.identity, self.verified),)
        application = Application(member_id=self.member_id, claims=claims)
        enrolled = enroll(application, members=members, desk=desk)
        _claim_all(enrolled.member, members, desk)


@dataclass(frozen=True, slots=True)
class Link:
    """A member proves an identity, and gets earlier orders under it."""

    member_id: str
    identity: Identity = EMAIL

    @property
    def name(self) -> str:
        return f"link {self.identity.kind} to {self.member_id}"

    def run(self, desk: Desk, world: World) -> None:
        members = table_members()
        member_update = MemberUpdate(add={self.identity: True})
        changed = change(self.member_id, member_update, proven=None, members=members, desk=desk)
        _claim_all(changed.member, members, desk)


@dataclass(frozen=True, slots=True)
class Note:
    """A till adds an unproven identity to a member."""

    member_id: str
    identity: Identity = EMAIL

    @property
    def name(self) -> str:
        return f"note {self.identity.kind} of {self.member_id}"

    def run(self, desk: Desk, world: World) -> None:
        member_update = MemberUpdate(add={self.identity: False})
        change(self.member_id, member_update, proven=None, members=table_members(), desk=desk)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person signs in with proven identities, enrolls if needed, and gets earlier orders."""

    who: str
    proves: tuple[Identity, ...] = (EMAIL,)

    @property
    def name(self) -> str:
        return f"{self.who} signs in by {', '.join(each.kind for each in self.proves)}"

    @property
    def subject(self) -> Identity:
        return Identity("subject", self.who)

    def run(self, desk: Desk, world: World) -> None:
        members = table_members()
        application = Application(member_id=world.new_member_id(self.who))
        proven = [self.subject, *self.proves]
        enrolled = enroll_oneself(application, proven=proven, members=members, desk=desk)
        _claim_all(enrolled.member, members, desk)


def _claim_all(member: Member, members: TableMembers, desk: Desk) -> None:
    """Claim orders, a few at a time. If it cannot continue, the caller has to try again."""
    while True:
        claimed = claim_orders(member, orders_max=CLAIMED_AT_ONCE_MAX, directory=members, desk=desk)
        if claimed.is_done:
            return
        if not claimed.entries:
            raise TryAgain


@dataclass(frozen=True, slots=True)
class Respond:
    """A member's answer to the survey about an order."""

    order_id: str
    score: int

    @property
    def name(self) -> str:
        return f"answer {self.score} about {self.order_id}"

    def run(self, desk: Desk, world: World) -> Answered:  # as the others
        survey_reply = SurveyReply(
            order=OrderRef("till", self.order_id), member_id=None, score=self.score, comment=""
        )
        responses = TableResponses(stepped_engine(), program_id=PROGRAM_ID)
        return answer("visit", survey_reply, responses=responses, desk=desk)


@dataclass(frozen=True, slots=True)
class Merge(Keyed):
    ENTRY: ClassVar = "merge#out"

    loser_id: str
    into: str
    request_id: str

    @property
    def name(self) -> str:
        return f"merge {self.loser_id} into {self.into} ({self.request_id})"

    def run(self, desk: Desk, _: World) -> Recorded:
        merged = merge_members(self.loser_id, into=self.into, request_id=self.request_id, desk=desk)
        unite(self.loser_id, members=table_members(), desk=desk)
        return merged


@dataclass(frozen=True, slots=True)
class Grant:
    """A manager grants a member a level until a day; None: removes the grant."""

    member_id: str
    floor: TierFloor | None

    @property
    def name(self) -> str:
        return f"grant {self.member_id} {self.floor}"

    def run(self, desk: Desk, world: World) -> object:
        return grant_tier(self.member_id, self.floor, desk=desk)


@dataclass(frozen=True, slots=True)
class Erase:
    """A member is erased."""

    member_id: str

    @property
    def name(self) -> str:
        return f"erase {self.member_id}"

    def run(self, desk: Desk, world: World) -> None:
        erase(self.member_id, members=table_members(), desk=desk)

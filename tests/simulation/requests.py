"""Every request of callers and schedules, each run by its real use case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.entries import Adjustment, RequestedRefund, RewardGrant
from loyalty.domain.orders.order import Order, OrderRef
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member, MemberUpdate
from loyalty.table import keys
from loyalty.table.due import TableDues
from loyalty.table.members import TableMembers
from loyalty.table.operations import Key
from loyalty.table.responses import TableResponses
from loyalty.usecases.ledger.corrections import (
    Allowance,
    adjust,
    give,
    grant_tier,
    merge_members,
)
from loyalty.usecases.ledger.grants import give_reward
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.ledger.order_vouchers import (
    OrderVoucherCodes,
    apply_vouchers,
    cancel_vouchers,
)
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    complete,
    end_cancelling,
    give_code,
    redeem_reward,
    use_voucher,
)
from loyalty.usecases.ledger.sweeps import DueItem, Shard, wake
from loyalty.usecases.orders.accrual import NamedCustomer
from loyalty.usecases.orders.arrival import (
    ArrivedOrder,
    ArrivedRefund,
    OrderOutcome,
    RefundOutcome,
    order_arrived,
    refund_arrived,
)
from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.people.enrollment import Application, enroll, enroll_oneself
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import change, erase, unite
from loyalty.usecases.people.surveys import Answered, SurveyReply, answer
from loyalty.usecases.ports import Desk
from tests.simulation.world import PROGRAM_ID, Request, World, keyring, stepped_engine

# The identities of guests.
EMAIL: Final = Identity("email", "guest@example.com")
PHONE: Final = Identity("phone", "+493012345678")
# Few, so that more are often left for the next time.
CLAIMED_AT_ONCE_MAX: Final = 1
WHY: Final = Adjustment(reason="goodwill", reference=None)


def has_happened(request: Request, world: World) -> bool:
    """Whether the books already contain the result of this request."""
    match request:
        case Cancel(of, _):
            return bool(_voucher(of, world).get("state") == "cancelled")
        case Use(of, request_id, _):
            return bool(_voucher(of, world).get("about", {}).get("used_request") == request_id)
        case Erase(member_id):
            account = world.auditor.accounts.get(member_id, {})
            return bool(account.get("status") == "closed")
        case Earn() | Record() | Refund() | Redeem() | GiveReward() | Adjust() | Give() | Merge():
            entry = world.table.items.get(request.cause)
            return entry is not None and entry["kind"] != "placeholder"
        case _:
            return False


def code_of(of: "Redeem | GiveReward", world: World) -> str:
    """The code of a redemption's voucher; one that nobody has while there is none."""
    code: str = _voucher(of, world).get("pk", "UNKNOWN").rsplit("#", 1)[-1]
    return code


def _voucher(of: "Redeem | GiveReward", world: World) -> Any:
    entry: Any = world.table.items.get(of.cause)
    return world.table.items[keys.voucher(PROGRAM_ID, entry["about"]["code"])] if entry else {}


class Keyed:
    """A request with a key of its own: `ENTRY` names the entry that it is recorded as."""

    __slots__ = ()
    ENTRY: ClassVar[str]
    if TYPE_CHECKING:
        request_id: str

    @property
    def cause(self) -> Key:
        return keys.request_entry(PROGRAM_ID, self.request_id, self.ENTRY)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order arrives: of a member, of a customer `known_by` identities, or of nobody."""

    order: Order
    member_id: str | None
    known_by: tuple[Identity, ...] = ()
    MODE: ClassVar[Literal["record", "correct"]]

    @property
    def who(self) -> str:
        return self.member_id or "a guest"

    @property
    def cause(self) -> Key:
        return keys.accrual(PROGRAM_ID, self.order.source, self.order.order_id)

    def run(self, desk: Desk, world: World) -> OrderOutcome:
        customer = NamedCustomer(
            named=f"email:{self.order.order_id}",
            member_id=self.member_id,
            identities=self.known_by,
        )
        arrived = ArrivedOrder(order=self.order, customer=customer, mode=self.MODE)
        return order_arrived(arrived, directory=_members(), desk=desk).order


class Earn(Arrival):
    """A till records an order."""

    __slots__ = ()
    MODE = "record"

    @property
    def name(self) -> str:
        return f"earn {self.order.order_id} for {self.who}"


class Record(Arrival):
    """A storefront sends an order, or what it has become."""

    __slots__ = ()
    MODE = "correct"

    @property
    def name(self) -> str:
        return f"record {self.order.order_id} of {self.who} as of {self.order.told_at}"


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
        members = _members()
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
        members = _members()
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
        change(self.member_id, member_update, proven=None, members=_members(), desk=desk)


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
        members = _members()
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


def _members() -> TableMembers:
    return TableMembers(stepped_engine(), program_id=PROGRAM_ID, keyring=keyring)


@dataclass(frozen=True, slots=True)
class Refund:
    order: Order
    requested: RequestedRefund

    @property
    def name(self) -> str:
        return f"refund {self.order.order_id}/{self.requested.refund_id}"

    @property
    def cause(self) -> Key:
        return keys.clawback(
            PROGRAM_ID, self.order.source, self.order.order_id, self.requested.refund_id
        )

    def run(self, desk: Desk, world: World) -> RefundOutcome:
        arrived = ArrivedRefund(ref=self.order.ref, request=self.requested, mode="record")
        return refund_arrived(arrived, desk=desk).refund


@dataclass(frozen=True, slots=True)
class Redeem(Keyed):
    ENTRY: ClassVar = "redemption"

    member_id: str
    reward_id: str
    request_id: str
    hold: bool = False
    points: int | None = None
    order_minor: int | None = None
    made_at: datetime | None = None

    @property
    def name(self) -> str:
        how = "hold" if self.hold else "redeem" if self.made_at is None else "redeem late"
        return f"{how} {self.request_id} ({self.reward_id}) by {self.member_id}"

    def run(self, desk: Desk, world: World) -> Recorded:
        requested_reward = RequestedReward(
            reward_id=self.reward_id,
            hold=self.hold,
            points=self.points,
            order_minor=self.order_minor,
            made_at=self.made_at,
        )
        return redeem_reward(
            self.member_id, request=requested_reward, request_id=self.request_id, desk=desk
        )


@dataclass(frozen=True, slots=True)
class GiveReward:
    """A manager gives a member a reward for no points."""

    member_id: str
    reward_id: str
    request_id: str

    @property
    def name(self) -> str:
        return f"give {self.reward_id} to {self.member_id} ({self.request_id})"

    @property
    def cause(self) -> Key:
        return keys.request_entry(PROGRAM_ID, self.request_id, "redemption")

    def run(self, desk: Desk, world: World) -> Recorded:
        return give_reward(
            self.member_id,
            reward_id=self.reward_id,
            why=RewardGrant(granted_for="manager", reason="goodwill"),
            request_id=self.request_id,
            desk=desk,
        )


@dataclass(frozen=True, slots=True)
class Complete:
    of: Redeem

    @property
    def name(self) -> str:
        return f"complete {self.of.request_id}"

    def run(self, desk: Desk, world: World) -> object:
        return complete(f"red_{self.of.request_id}", member_id=self.of.member_id, desk=desk)


@dataclass(frozen=True, slots=True)
class Cancel:
    of: Redeem | GiveReward
    by_member: bool = False

    @property
    def name(self) -> str:
        return f"cancel {self.of.request_id}"

    def run(self, desk: Desk, world: World) -> object:
        redemption_id = f"red_{self.of.request_id}"
        member_id = self.of.member_id
        return cancel(redemption_id, member_id=member_id, by_member=self.by_member, desk=desk)


@dataclass(frozen=True, slots=True)
class GiveCode:
    """A shop is about to get the code of a redemption's voucher."""

    of: Redeem

    @property
    def name(self) -> str:
        return f"give the code of {self.of.request_id} to a shop"

    def run(self, desk: Desk, world: World) -> object:
        give_code(code_of(self.of, world), storefront_id="online", desk=desk)
        return None


@dataclass(frozen=True, slots=True)
class LetGo:
    """A shop no longer accepts the code, and reports whether it ever did."""

    of: Redeem
    was_used: bool

    @property
    def name(self) -> str:
        return f"let go of {self.of.request_id}{' used' * self.was_used}"

    def run(self, desk: Desk, world: World) -> object:
        end_cancelling(code_of(self.of, world), was_used=self.was_used, desk=desk)
        return None


@dataclass(frozen=True, slots=True)
class Use:
    """The code of a redemption, from its answer."""

    of: Redeem | GiveReward
    request_id: str
    order: OrderRef | None = None

    @property
    def name(self) -> str:
        return f"use {self.of.request_id} ({self.request_id})"

    def run(self, desk: Desk, world: World) -> object:
        code = code_of(self.of, world)
        return use_voucher(code, request_id=self.request_id, order=self.order, desk=desk)


@dataclass(frozen=True, slots=True)
class TellVouchers:
    """An order lists its vouchers; codes that are no longer listed are given back."""

    order_id: str
    of: tuple[Redeem, ...] = ()

    @property
    def name(self) -> str:
        return f"vouchers of {self.order_id}: {[each.request_id for each in self.of]}"

    def run(self, desk: Desk, world: World) -> object:
        order_voucher_codes = OrderVoucherCodes(
            source="shop",
            order_id=self.order_id,
            codes=tuple(code_of(each, world) for each in self.of),
            ordered_at=desk.now,
            member_id=None,
            is_list=True,
        )
        return apply_vouchers(order_voucher_codes, desk=desk)


@dataclass(frozen=True, slots=True)
class CancelVouchers:
    """An order was cancelled."""

    order_id: str

    @property
    def name(self) -> str:
        return f"cancel vouchers of {self.order_id}"

    def run(self, desk: Desk, world: World) -> object:
        return cancel_vouchers("shop", self.order_id, desk=desk)


@dataclass(frozen=True, slots=True)
class Adjust(Keyed):
    ENTRY: ClassVar = "adjustment"

    member_id: str
    points: int
    request_id: str
    below_zero: bool = False
    points_max: int | None = None
    """How many points the calling clerk may adjust in a day."""
    expiring_on: date | None = None

    @property
    def name(self) -> str:
        return f"adjust {self.member_id} by {self.points} ({self.request_id})"

    def run(self, desk: Desk, world: World) -> Recorded:
        requested_adjustment = RequestedAdjustment(
            points=self.points,
            why=WHY,
            expiring_on=self.expiring_on,
            below_zero=self.below_zero,
        )
        allowance = None if self.points_max is None else Allowance("clerk", self.points_max)
        return adjust(
            self.member_id,
            adjustment=requested_adjustment,
            request_id=self.request_id,
            allowance=allowance,
            desk=desk,
        )


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
class Give(Keyed):
    ENTRY: ClassVar = "transfer#out"

    giver_id: str
    taker_id: str
    points: int
    request_id: str

    @property
    def name(self) -> str:
        return f"give {self.points} from {self.giver_id} to {self.taker_id} ({self.request_id})"

    def run(self, desk: Desk, world: World) -> Recorded:
        return give(
            self.giver_id,
            taker_id=self.taker_id,
            points=self.points,
            request_id=self.request_id,
            desk=desk,
        )


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
        unite(self.loser_id, members=_members(), desk=desk)
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
        erase(self.member_id, members=_members(), desk=desk)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Settles every member and releases every voucher that the index lists as due."""

    name: str = "sweep"

    def run(self, desk: Desk, world: World) -> None:
        dues = TableDues(stepped_engine(), program_id=PROGRAM_ID)
        for due in list(_listed(dues, desk.now, world)):
            try:
                wake(due, dues=dues, desk=desk)
            except TryAgain:
                # The next sweep finds it again.
                continue


def _listed(dues: TableDues, now: datetime, world: World) -> Iterator[DueItem]:
    """What is due by now; shards that never had an item are not queried."""
    until = f"{keys.instant(now)}#~"
    shards = {
        tuple(str(item["expiring_pk"]).rsplit("#", 2)[1:])
        for item in world.table.items.values()
        if "expiring_sk" in item and str(item["expiring_sk"]) <= until
    }
    for day, number in sorted(shards):
        shard = Shard(date.fromisoformat(day), int(number))
        yield from dues.page(shard, since=None, until=now).items

"""A program over the table in memory, where the real use cases do everything."""

import base64
import json
from datetime import date, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from ulid import ULID

from local.memory import MemoryEngine
from local.year.campaigns import campaigns
from local.year.community import Community
from local.year.goals import goals
from loyalty.domain.kernel.errors import Refusal
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.entries import Adjustment, Redemption, RequestedRefund
from loyalty.domain.messaging.messages import Message
from loyalty.domain.orders.order import Order, fingerprint
from loyalty.domain.people.identity import Identity, Keyring
from loyalty.domain.people.member import Member
from loyalty.domain.program.document import Program
from loyalty.domain.recommendations.offer_worth import WORTH_USUAL
from loyalty.domain.recommendations.offering import offered_campaigns
from loyalty.domain.recommendations.things import UNKNOWN
from loyalty.domain.staff.actions import (
    ActionName,
    ActionOutcome,
    ActionTarget,
    Change,
    StaffAction,
)
from loyalty.domain.staff.people import StaffRecord
from loyalty.edge.desk import request_id
from loyalty.table.actions import TableActions
from loyalty.table.books import TableBooks
from loyalty.table.due import TableDues, TableProgress
from loyalty.table.engagement import TableEngagement
from loyalty.table.members import TableMembers
from loyalty.table.messages import TableLetters, TableOutbox
from loyalty.table.programs import TablePrograms
from loyalty.table.responses import TableResponses
from loyalty.table.sources import TableSources
from loyalty.table.staff import TableStaff
from loyalty.table.targeting import TableTargeting
from loyalty.usecases.ledger.corrections import (
    adjust,
    give,
    grant_tier,
)
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    complete,
    redeem_reward,
    use_voucher,
)
from loyalty.usecases.ledger.sweeps import DueItem, Finder, wake
from loyalty.usecases.messaging.notifications import Rejected, send_mail, stop
from loyalty.usecases.messaging.reminders import check_member
from loyalty.usecases.offers import offer_to
from loyalty.usecases.orders.accrual import NamedCustomer
from loyalty.usecases.orders.arrival import (
    ArrivedOrder,
    ArrivedRefund,
    order_arrived,
    refund_arrived,
)
from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import merge
from loyalty.usecases.people.surveys import SurveyReply, answer
from loyalty.usecases.ports import Desk
from loyalty.usecases.program.publishing import publish
from loyalty.usecases.work_pages import WorkPage

PROGRAM_ID: Final = "corner-coffee"
DOCUMENT: Final = Path(__file__).with_name("program.json")
# Those who run the shop, by the subjects of their tokens.
MANAGERS: Final = {
    "5b1f6c1e-0d3a-4f6e-9c57-2a8d9e0b7c11": "Dana Okafor",
    "c09e4a77-3b52-4f0d-8b61-7f5d2c4e9a22": "Luis Herrera",
    "e7d2b8f0-6a19-4c83-a5f4-1b9c8d7e6f33": "Priya Raman",
}
_ORDERS_CLAIMED_MAX: Final = 50


def document() -> dict[str, Any]:
    """Return the program's document without its campaigns and goals, which have days of it."""
    document: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return document


def zone() -> ZoneInfo:
    return ZoneInfo(document()["time_zone"])


class Counter:
    """What customers and staff do at the till and online. `now` is the current moment.

    `last` is the last day of the year.
    """

    def __init__(self, *, rng: Random, keyring: Keyring, now: datetime, last: date) -> None:
        self.now = now
        self.engine = MemoryEngine()
        self._rng = rng
        self._numbers = count(1)
        steered = {"campaigns": campaigns(last), "goals": goals(last)}
        self.published = publish(
            TablePrograms(self.engine),
            PROGRAM_ID,
            Program.model_validate(document() | steered),
            replacing=0,
            now=now,
        ).program
        self.program = self.published.document
        self._books = TableBooks(
            self.engine, program_id=PROGRAM_ID, zone=self.published.document.zone
        )
        self._members = TableMembers(self.engine, program_id=PROGRAM_ID, keyring=lambda: keyring)
        self._letters = TableLetters(self.engine, program_id=PROGRAM_ID)
        self._actions = TableActions(self.engine, program_id=PROGRAM_ID)
        self._action_numbers = count(1)
        staff = TableStaff(self.engine, program_id=PROGRAM_ID)
        for subject, name in MANAGERS.items():
            staff.put(StaffRecord(subject=subject, name=name))
        self._community = Community(
            self.engine, program_id=PROGRAM_ID, members=self._members, keyring=keyring
        )
        self._review_numbers = count(1)
        self._changed: dict[str, None] = {}
        self._bought: dict[str, None] = {}

    @property
    def desk(self) -> Desk:
        return Desk(
            books=self._books,
            program=self.published,
            version=lambda _number: self.published,
            now=self.now,
            new_code=lambda: base64.b32encode(self._rng.randbytes(10)).decode(),
            pause=lambda _attempt: None,
        )

    def enroll(
        self, *identities: Identity, profile: dict[str, Any], agrees: bool, verified: bool = True
    ) -> str:
        """Enroll a member, who gets their earlier orders; return the member's id."""
        since_epoch = int(self.now.timestamp() * 1000).to_bytes(6, "big")
        application = Application(
            member_id=f"mem_{ULID.from_bytes(since_epoch + self._rng.randbytes(10))}",
            claims=[IdentityClaim(identity, verified) for identity in identities],
            profile=profile,
            consents={"email": agrees},
        )
        member = enroll(application, members=self._members, desk=self.desk).member
        self._claim(member)
        self._community.look_at_claimed(identities, desk=self.desk)
        self._changed[member.member_id] = None
        return member.member_id

    def buy(
        self,
        order: Order,
        *,
        member_id: str | None = None,
        guest: Identity | None = None,
        codes: tuple[str, ...] = (),
    ) -> None:
        """Record an order of a member, of a guest, or of nobody, paid with these vouchers."""
        customer = NamedCustomer(
            named=member_id or ("identities" if guest else ""),
            member_id=member_id,
            identities=[guest] if guest else [],
        )
        order_arrived(
            ArrivedOrder(order=order, customer=customer, mode="record", codes=codes),
            directory=self._members,
            desk=self.desk,
        )
        if member_id:
            self._bought[member_id] = None
        if member_id or guest:
            self._community.look_at(order.ref, guest=guest, desk=self.desk)
        # The archive would do that, but nothing reads this table's changes.
        TableSources(self.engine).note(PROGRAM_ID, order.source)

    def offer(self) -> None:
        """Offer campaigns to those who bought since the last time, as is done after each day."""
        now = self.now.astimezone(self.program.zone)
        worth = {each.id: WORTH_USUAL for each in offered_campaigns(self.program, now)}
        for member_id in self._bought if worth else ():
            offer_to(
                member_id,
                worth=worth,
                neighborhood=lambda: UNKNOWN,
                targetings=TableTargeting(self.engine, program_id=PROGRAM_ID),
                members=self._members,
                desk=self.desk,
            )
        self._bought.clear()

    def refund(self, order: Order, *, name: str, amount_minor: int = 0) -> None:
        """Give back a part of an order's money, or all of it."""
        requested_refund = RequestedRefund(
            refund_id=name,
            occurred_at=self.now,
            amount_minor=amount_minor,
            whole=not amount_minor,
            fingerprint=fingerprint(name, amount_minor),
        )
        refund_arrived(
            ArrivedRefund(
                ref=order.ref,
                request=requested_refund,
                mode="record",
                all_given_back=requested_refund.whole,
            ),
            desk=self.desk,
        )

        self._community.look_at(order.ref, desk=self.desk)

    def bring(self, friend_id: str, *, by: str) -> None:
        """Note that a member brought somebody who enrolled just now."""
        self._community.bring(friend_id, by=by, desk=self.desk)

    def review(self, member_id: str, *, sku: str, has_photo: bool) -> None:
        """Record that a member wrote a review of what they bought."""
        self._community.review(
            next(self._review_numbers),
            member_id=member_id,
            sku=sku,
            has_photo=has_photo,
            desk=self.desk,
        )

    def account(self, member_id: str) -> Account | None:
        return self._books.account(member_id, strong=True)

    def redeem(self, member_id: str, reward_id: str, *, hold: bool) -> tuple[str, str] | None:
        """Return the voucher's code and the redemption's id; None if it was refused."""
        requested_reward = RequestedReward(reward_id=reward_id, hold=hold)
        try:
            entry = redeem_reward(
                member_id, request=requested_reward, request_id=self._request(), desk=self.desk
            ).entry
        except Refusal:
            return None
        if not isinstance(entry.detail, Redemption):
            raise TypeError("a redemption that is none")
        self._changed[member_id] = None
        return entry.detail.code, entry.detail.redemption_id

    def use(self, code: str, order: Order, *, member_id: str, told_by_shop: bool) -> None:
        """Use a voucher with an order; ignore a voucher that is no longer valid."""
        if told_by_shop:
            # The shop reports the order again, with the voucher that was used.
            self.buy(order, member_id=member_id, codes=(code,))
            return
        try:
            use_voucher(
                code,
                request_id=self._request(),
                order=order.ref,
                desk=self.desk,
            )
        except Refusal:
            return

    def complete(self, redemption_id: str, *, member_id: str) -> None:
        complete(redemption_id, member_id=member_id, desk=self.desk)

    def cancel(self, redemption_id: str, *, member_id: str) -> None:
        try:
            cancel(redemption_id, member_id=member_id, desk=self.desk)
        except Refusal:
            # It was used meanwhile, or it expired.
            return
        self._changed[member_id] = None

    def adjust(self, member_id: str, points: int, *, reason: str) -> None:
        """Adjust a balance by hand, which is recorded as an action of a manager."""
        why = Adjustment(reason=reason, reference=None)
        action = self._begin("points.adjust", member_id)
        try:
            adjusted = adjust(
                member_id,
                adjustment=RequestedAdjustment(points=points, why=why),
                request_id=self._request(),
                allowance=None,
                desk=self.desk,
            )
        except Refusal as refusal:
            self._actions.complete(action.refused(refusal.code))
            return
        outcome = ActionOutcome(
            changes=(Change(field="points", after=points),), results={"entry": adjusted.entry.id}
        )
        self._actions.complete(action.done(outcome))
        self._changed[member_id] = None

    def look_up(self, member_id: str) -> None:
        """Record that somebody at the counter looked a member up, who had no card with them."""
        self._actions.complete(self._begin("member.look_up", member_id).done(ActionOutcome()))

    def _begin(self, name: ActionName, member_id: str) -> StaffAction:
        number = next(self._action_numbers)
        action = StaffAction(
            action_id=f"{number:016x}",
            name=name,
            began_at=self.now,
            by=list(MANAGERS)[number % len(MANAGERS)],
            roles=("manager",),
            target=ActionTarget("member", member_id),
            request_id=f"year-{number}",
        )
        self._actions.begin(action)
        return action

    def answer(self, survey_id: str, *, member_id: str, order: Order | None, score: int) -> None:
        """Record a member's answer; ignore a second answer."""
        survey_reply = SurveyReply(
            order=order.ref if order else None,
            member_id=member_id,
            score=score,
            comment=None,
        )
        responses = TableResponses(self.engine, program_id=PROGRAM_ID)
        try:
            answer(survey_id, survey_reply, responses=responses, desk=self.desk)
        except Refusal:
            return

    def transfer(self, giver_id: str, taker_id: str, points: int) -> None:
        try:
            give(
                giver_id,
                taker_id=taker_id,
                points=points,
                request_id=self._request(),
                desk=self.desk,
            )
        except Refusal:
            return
        self._changed |= {giver_id: None, taker_id: None}

    def merge(self, loser_id: str, *, into: str) -> None:
        merge(
            loser_id,
            into=into,
            request_id=self._request(),
            members=self._members,
            desk=self.desk,
        )
        self._community.look_at_member(loser_id, desk=self.desk)
        self._changed[into] = None

    def grant(self, member_id: str, floor: TierFloor) -> None:
        grant_tier(member_id, floor, desk=self.desk)
        self._changed[member_id] = None

    def sweep(self) -> None:
        """Do what the schedule does for members who are due: activate, expire, release."""
        dues = TableDues(self.engine, program_id=PROGRAM_ID)
        for due in self._due(dues, of="expiry"):
            wake(due, dues=dues, desk=self.desk)

    def write_letters(self) -> list[tuple[str, Message]]:
        """Check members who changed or are due, and send their messages; return what was sent."""
        dues = TableDues(self.engine, program_id=PROGRAM_ID, index="reminding")
        owners = dict.fromkeys(
            (*self._changed, *(d.owner for d in self._due(dues, of="reminders")))
        )
        self._changed.clear()
        sent: list[tuple[str, Message]] = []
        for member_id in owners:
            if check_member(
                member_id,
                letters=self._letters,
                members=self._members,
                collected=TableEngagement(self.engine, program_id=PROGRAM_ID),
                desk=self.desk,
            ):
                sent += self._deliver(member_id)
        return sent

    def bounce(self, message: Message, *, address: str) -> None:
        """Record that a mail bounced: nothing more is sent to the address."""
        stop(
            message.member_id,
            message.id,
            address=address,
            why="bounced",
            outbox=self._outbox,
            letters=self._letters,
            desk=self.desk,
        )

    @property
    def _outbox(self) -> TableOutbox:
        return TableOutbox(self.engine, program_id=PROGRAM_ID)

    def _deliver(self, member_id: str) -> list[tuple[str, Message]]:
        """Send a member's messages of today; return each with its address."""
        sent: list[tuple[str, Message]] = []

        def post(message: Message, *, to: str, **_: object) -> None:
            if self._rng.random() < 0.002:
                raise Rejected
            sent.append((to, message))

        # A merged member gets mail as the member that they became.
        account = self.account(member_id)
        owner = account.into if account and account.into else member_id
        correspondence = self._letters.correspondence(owner)
        today = self.desk.today
        for written in correspondence.written if correspondence else ():
            if written.day == today:
                send_mail(
                    owner,
                    f"{written.day.isoformat()}/{written.kind}",
                    outbox=self._outbox,
                    letters=self._letters,
                    members=self._members,
                    post=post,
                    desk=self.desk,
                )
        return sent

    def _due(self, dues: TableDues, *, of: str) -> list[DueItem]:
        pages = _Pages()
        finder = Finder(program_id=PROGRAM_ID, dues=dues, pages=pages, now=self.now)
        finder.hand_out(
            progress=TableProgress(self.engine, program_id=PROGRAM_ID, of=of),
            began=self.published.published_at.date,
        )
        found: list[DueItem] = []
        # A shard that was too long for one page brings more pages.
        for page in pages.sent:
            if page.lane == "shards":
                for rest in page.items:
                    finder.hand_out_rest(rest)
            else:
                found += map(DueItem, page.items)
        return [due for due in found if due.due_at <= self.now]

    def _claim(self, member: Member) -> None:
        claim_orders(
            member, orders_max=_ORDERS_CLAIMED_MAX, directory=self._members, desk=self.desk
        )

    def _request(self) -> str:
        return request_id(
            program_id=PROGRAM_ID, caller="counter", idempotency_key=str(next(self._numbers))
        )


class _Pages:
    """Implements `Pages`: the caller works off the pages that it sent."""

    def __init__(self) -> None:
        self.sent: list[WorkPage] = []

    def send(self, pages: Any) -> None:
        self.sent += pages

    def waiting(self) -> int:
        return 0

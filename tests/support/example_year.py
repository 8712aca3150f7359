"""A member's year in a program of `examples/`: what happens on a day, and what it leaves."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from itertools import count
from pathlib import Path
from typing import Any, Final

from loyalty.domain.ledger.entries import Redemption, RequestedRefund
from loyalty.domain.ledger.holding import PendingDates
from loyalty.domain.ledger.standing import standing
from loyalty.domain.orders.order import Line, Order, OrderRef, Tender
from loyalty.domain.people.identity import identify
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.table.engagement import TableEngagement
from loyalty.table.engine import Persistent
from loyalty.table.messages import TableLetters
from loyalty.table.operations import Item
from loyalty.usecases.ledger.redemption import RequestedReward, redeem_reward
from loyalty.usecases.messaging.reminders import check_member
from loyalty.usecases.orders.accrual import Earned, NamedCustomer
from loyalty.usecases.orders.arrival import (
    ArrivedOrder,
    ArrivedRefund,
    order_arrived,
    refund_arrived,
)
from loyalty.usecases.orders.refunds import Refunded
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from tests.support.documents import published
from tests.support.memory import Shop

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
ANA: Final = "mem_ana"
NOON: Final = time(12)


class ExampleYear:
    """A program of `examples/` with one member, and a calendar.

    Whatever happens, happens at noon of a day in the program's time zone. Amounts are minor units,
    and orders are numbered from 1.
    """

    def __init__(self, name: str, *, enrolled_on: date, **profile: Any) -> None:
        document = Program.model_validate_json((EXAMPLES / f"{name}.json").read_text("utf-8"))
        self._shop = Shop()
        self._shop.program = replace(
            published(),
            document=document,
            inactivity_since=enrolled_on if document.inactivity else None,
        )
        self._order_numbers, self._request_numbers = count(1), count(1)
        self._turn_to(enrolled_on)
        email = IdentityClaim(identify("email", "ana@example.com"), verified=True)
        application = Application(member_id=ANA, claims=[email], profile=profile)
        enroll(application, members=self._shop.members, desk=self._shop.desk)

    def buy(
        self,
        day: date,
        *lines: Line,
        tenders: tuple[Tender, ...] = (),
        voucher: str | None = None,
        **circumstances: Any,
    ) -> int:
        """The points that an order earns; a voucher is still to be taken off its amounts."""
        self._turn_to(day)
        order = Order(
            source="till",
            order_id=f"{next(self._order_numbers)}",
            occurred_at=self._shop.now,
            lines=lines,
            tenders=tenders,
            **circumstances,
        )
        recorded = order_arrived(
            ArrivedOrder(
                order=order,
                customer=NamedCustomer(named=ANA, member_id=ANA),
                mode="record",
                codes=(voucher,) if voucher else (),
                nets_vouchers=voucher is not None,
            ),
            directory=self._shop.members,
            desk=self._shop.desk,
        ).order
        assert isinstance(recorded, Earned)
        return recorded.entry.points

    def give_back(self, day: date, order: int, **what: Any) -> int:
        """The points that a refund of the order with this number takes."""
        self._turn_to(day)
        request = RequestedRefund(
            refund_id=f"r{next(self._request_numbers)}",
            occurred_at=self._shop.now,
            fingerprint="refund",
            **what,
        )
        refund = ArrivedRefund(ref=OrderRef("till", f"{order}"), request=request, mode="record")
        recorded = refund_arrived(refund, desk=self._shop.desk).refund
        assert isinstance(recorded, Refunded)
        return -recorded.entry.points

    def redeem(self, day: date, reward_id: str, **chosen: Any) -> str:
        """Redeem a reward; its voucher's code."""
        self._turn_to(day)
        redeemed = redeem_reward(
            ANA,
            request=RequestedReward(reward_id=reward_id, **chosen),
            request_id=f"{next(self._request_numbers)}",
            desk=self._shop.desk,
        )
        assert isinstance(redeemed.entry.detail, Redemption)
        return redeemed.entry.detail.code

    def check(self, day: date) -> None:
        """Give the presents and write the messages of a day."""
        self._turn_to(day)
        letters = TableLetters(
            Persistent(self._shop.engine, pause=lambda _attempt: None), program_id="bean"
        )
        check_member(
            ANA,
            letters=letters,
            members=self._shop.members,
            collected=TableEngagement(self._shop.engine, program_id="bean"),
            desk=self._shop.desk,
        )

    def balance(self, day: date) -> int:
        self._turn_to(day)
        return self._shop.account(ANA).balance

    def level(self, day: date) -> str | None:
        self._turn_to(day)
        found = standing(self._shop.account(ANA), self._shop.program.document, day=day)
        return found.level.id if found and found.level else None

    @property
    def program(self) -> PublishedProgram:
        return self._shop.program

    def becomes(self, document: Program) -> None:
        """The program has this document from now on."""
        self._shop.program = replace(self._shop.program, document=document)

    def pending(self) -> Mapping[PendingDates, int]:
        """The points that are not available yet, as of the last day asked for."""
        return self._shop.account(ANA).holding.pending

    def items(self) -> list[Item]:
        """All items of the table."""
        return list(self._shop.engine.items.values())

    def must_add_up(self) -> None:
        self._shop.must_add_up(ANA)

    def _turn_to(self, day: date) -> None:
        zone = self._shop.program.document.zone
        self._shop.now = datetime.combine(day, NOON, zone)


def goods(amount_minor: int, line_id: str = "1", **parts: Any) -> Line:
    """A line of an order; what is not given is not known of it."""
    return Line(
        **{"sku": None, "category": None, "quantity": 1}
        | parts
        | {"line_id": line_id, "amount_minor": amount_minor}
    )

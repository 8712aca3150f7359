"""A connected shop over books in memory: deliver what a platform sends, and look at the balance."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from local.memory import MemoryEngine
from loyalty.domain.ledger.account import view
from loyalty.domain.people.identity import Identity, Keyring, identify
from loyalty.domain.shops.deliveries import EventBody, StoredDelivery, kept_as
from loyalty.domain.shops.storefront import Delivery, OrderFilter, Outcome, PlatformName, Storefront
from loyalty.storefronts import platform_named
from loyalty.table.activities import TableActivities
from loyalty.table.books import TableBooks
from loyalty.table.customers import TableCustomers
from loyalty.table.engagement import TableEngagement
from loyalty.table.engine import Persistent
from loyalty.table.erasures import TableErasures
from loyalty.table.members import TableMembers
from loyalty.table.products import TableProducts
from loyalty.usecases.engagement.activity_steps import ActivityDesk
from loyalty.usecases.ledger.redemption import RequestedReward, redeem_reward
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.ports import Desk
from loyalty.usecases.shops.intake import Intake, apply_delivery
from loyalty.usecases.shops.platforms import Unfetchable
from tests.support.documents import published, rule

PROGRAM_ID: Final = "bean"
SOURCE: Final = "shop"
MEMBER_ID: Final = "mem_ana"
NOW: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
RING: Final = Keyring({"1": b"secret"}, current="1")
# One point for each minor unit, so points are the net amount that counts.
RULE: Final = rule(per_minor=1)


class NothingContradicted:
    """Implements `Bodies`: no event was ever delivered with two bodies."""

    def bodies_of_event(self, stored: StoredDelivery) -> tuple[EventBody, ...]:
        return ()


class ConnectedShop:
    """A shop of one platform in a program where a point is a minor unit.

    `responses` are what the platform's API answers, by path: a body, an exception to raise, or what
    makes a body of the one that is posted. It refuses every other path. `requested` are the paths.
    """

    def __init__(
        self,
        platform: PlatformName,
        *,
        currency: str = "USD",
        now: datetime = NOW,
        rules: Sequence[Any] = (RULE,),
        source: str = SOURCE,
        **parts: Any,
    ) -> None:
        self.program = published(
            currency=currency, earning_rules=list(rules), clawback="unlimited", rewards=[]
        )
        self.requested: list[str] = []
        self.now = now
        self.responses: dict[str, Any] = {}
        self.storefront = Storefront(
            storefront_id="online",
            platform=platform,
            source=source,
            connected_at=now,
            changed_at=now,
            **parts,
        )
        self._engine = MemoryEngine()
        self._table = Persistent(self._engine, pause=lambda _attempt: None)
        self._members = TableMembers(self._table, program_id=PROGRAM_ID, keyring=lambda: RING)

    def enroll(self, customer_id: str, *, member_id: str = MEMBER_ID) -> None:
        customer = identify("customer", customer_id, source=self.storefront.source)
        application = Application(
            member_id=member_id, claims=[IdentityClaim(customer, verified=True)]
        )
        enroll(application, members=self._members, desk=self.desk)

    def deliver(self, topic: str, body: Any) -> Outcome:
        """Apply a body under a topic, as it comes from the queue."""
        platform = platform_named(self.storefront.platform)
        raw = json.dumps(body).encode()
        delivery = Delivery(
            program_id=PROGRAM_ID,
            storefront_id=self.storefront.storefront_id,
            platform=self.storefront.platform,
            source=self.storefront.source,
            received_at=self.now,
            headers={},
            body=raw,
        )
        stored = kept_as(delivery, platform.envelope(raw, {}))
        return apply_delivery(
            stored, delivery, topic, connection=lambda: self.storefront, intake=self._intake
        )

    def fetch(
        self, delivery: Delivery, paths: Sequence[str], *, body: bytes | None = None
    ) -> Sequence[bytes]:
        """Implements `PlatformReader`."""
        if missing := [path for path in paths if path not in self.responses]:
            raise Unfetchable("no_access_token" if not self.responses else f"unasked {missing[0]}")
        self.requested += paths
        return [self._response(path, body) for path in paths]

    def _response(self, path: str, body: bytes | None) -> bytes:
        response = self.responses[path]
        if isinstance(response, Exception):
            raise response
        answer = response(json.loads(body or b"{}")) if callable(response) else response
        return json.dumps(answer).encode()

    def spend(self, points: int) -> None:
        request = RequestedReward(reward_id="gift")
        reward = {"id": "gift", "name": "Gift", "kind": "experience", "cost_points": points}
        self.program = published(
            currency=self.program.document.currency,
            earning_rules=[RULE],
            clawback="unlimited",
            rewards=[reward],
        )
        redeem_reward(MEMBER_ID, request=request, request_id="1", desk=self.desk)

    @property
    def balance(self) -> int:
        return self.balance_of(MEMBER_ID)

    def balance_of(self, member_id: str) -> int:
        """What a member can spend; a debt is below zero."""
        account = self.desk.books.account(member_id, strong=True)
        assert account is not None
        return view(account, program=self.program, now=self.now).balance

    @property
    def members(self) -> TableMembers:
        return self._members

    @property
    def desk(self) -> Desk:
        return Desk(
            books=TableBooks(self._table, program_id=PROGRAM_ID, zone=self.program.document.zone),
            program=self.program,
            version=lambda _number: self.program,
            now=self.now,
            new_code=lambda: "CODE",
            pause=lambda _attempt: None,
        )

    @property
    def _intake(self) -> Intake:
        return Intake(
            find_platform=platform_named,
            reader=self,
            bodies=NothingContradicted(),
            products=TableProducts(self._table, program_id=PROGRAM_ID),
            erasures=TableErasures(self._table, program_id=PROGRAM_ID),
            activities=ActivityDesk(
                activities=TableActivities(self._table, program_id=PROGRAM_ID),
                awards=TableEngagement(self._table, program_id=PROGRAM_ID),
            ),
            customers=TableCustomers(self._table, program_id=PROGRAM_ID, keyring=lambda: RING),
            new_member_id=_member_id,
            members=self._members,
            directory=self._members,
            desk=self.desk,
        )


def earning(**choices: Any) -> OrderFilter:
    return OrderFilter(**{name: tuple(values) for name, values in choices.items()})


def _member_id(customer: Identity) -> str:
    return f"mem_{customer.value}"


def without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}

"""Functions die in the middle of requests, and clients ask the same again until they know."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import Final
from uuid import uuid4

from tests.attack.session import Session, named, order
from tests.attack.workers import killing

CLIENTS: Final = 6
REWARD_POINTS: Final = 40
AMOUNT: Final = 4900


@dataclass(slots=True)
class KnownPoints:
    """The points of one member according to the answers that clients got."""

    member_id: str
    points: int = 0
    lock: Lock = field(default_factory=Lock)

    def add(self, points: int) -> None:
        with self.lock:
            self.points += points


def under_kills(session: Session, *, requests: int) -> int:
    """Earn and redeem on a few members while workers are killed; return how many were.

    Every request is repeated with the same key until it is answered, so what clients were told is
    all that happened.
    """
    members = [KnownPoints(session.member()) for _ in range(3)]
    with (
        killing(session.program.deployed, session.chance) as killed,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        # Their results are asked for, or what a client stumbles over would be lost.
        list(pool.map(lambda number: _client(session, members, number), range(requests)))
    for account in members:
        balance = session.balance(account.member_id)
        session.expect(
            f"kills: {account.member_id} holds {balance}, and clients know of {account.points}",
            balance == account.points,
        )
    return len(killed)


def _client(session: Session, members: list[KnownPoints], number: int) -> None:
    # Threads share no source of chance, or none could be repeated.
    chance = Random(number)
    account = chance.choice(members)
    with named(session, "kills"):
        if session.is_over:
            return
        if chance.random() < 0.6:
            sold = order(uuid4().hex, amount=AMOUNT, member_id=account.member_id)
            answer = session.send("service", "POST", "/orders", json=sold)
            session.expect(f"kills: an order was answered {answer.status_code}", answer.is_success)
            account.add(answer.json()["entry"]["points"])
        else:
            path = f"/members/{account.member_id}/redemptions"
            answer = session.send("cashier", "POST", path, json={"reward_id": "latte"})
            if answer.is_success:
                account.add(-REWARD_POINTS)
            else:
                session.expect(
                    f"kills: a redemption was answered {answer.status_code} {answer.text}",
                    answer.status_code == 409,
                )

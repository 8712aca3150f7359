"""What every attack has: a program with its clients, a member with points, and what went wrong."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from uuid import uuid4

import httpx

from tests.e2e.conftest import OpenProgram

# A worker died in the middle, or the table did not answer: the client asks again.
AGAIN: Final = (502, 503, 504)
TRIES_MAX: Final = 40


@dataclass(slots=True)
class Session:
    """One program under attack."""

    program: OpenProgram
    chance: random.Random
    ends_at: float
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at

    def expect(self, what: str, is_so: bool) -> None:
        if not is_so:
            self.faults.append(what)

    def send(
        self, role: str, method: str, path: str, *, key: str | None = None, **sent: Any
    ) -> httpx.Response:
        """Ask, and ask the same again while no answer comes.

        Raises:
            httpx.HTTPError: none came, however often it was asked.
        """
        headers = {"Idempotency-Key": key or uuid4().hex}
        with self.program.client(role) as client:
            for _ in range(TRIES_MAX):
                with suppress(httpx.TransportError):
                    answer = client.request(method, path, headers=headers, **sent)
                    self.statuses[answer.status_code] += 1
                    if answer.status_code not in AGAIN:
                        return answer
                time.sleep(0.1)
        raise httpx.HTTPError(f"{method} {path} got no answer in {TRIES_MAX} tries")

    def member(self, *, points: int = 0) -> str:
        """Enroll a member with points; return their id."""
        email = f"{uuid4().hex}@example.com"
        body = {"identities": [{"kind": "email", "value": email}]}
        member_id = str(self.send("cashier", "POST", "/members", json=body).json()["id"])
        if points:
            self.adjust(member_id, points)
        return member_id

    def adjust(self, member_id: str, points: int) -> None:
        body = {"points": points, "reason": "goodwill"}
        answer = self.send("manager", "POST", f"/members/{member_id}/adjustments", json=body)
        self.expect(f"an adjustment was answered {answer.status_code}", answer.status_code == 201)

    def balance(self, member_id: str) -> int:
        return int(self.send("cashier", "GET", f"/members/{member_id}").json()["balance"])


@contextmanager
def named(session: Session, name: str) -> Iterator[None]:
    """Say what failed inside as a fault of this attack, and go on with the next one."""
    try:
        yield
    except (httpx.HTTPError, KeyError, ValueError) as error:
        session.faults.append(f"{name}: {type(error).__name__} {error}")


def order(order_id: str, *, amount: int, **customer: Any) -> dict[str, Any]:
    return {
        "source": "pos",
        "order_id": order_id,
        "occurred_at": datetime.now(UTC).isoformat(),
        "lines": [{"line_id": "1", "amount": {"amount": amount, "currency": "EUR"}}],
    } | customer


type Attack = Callable[[Session], None]

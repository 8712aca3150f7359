"""The deployed product under load, with clients that each wait for an answer."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from uuid import uuid4

import httpx

from bench.figures import Figure, percentile
from local.deployment import Deployment, ProgramClient
from loyalty.domain.ledger.redemptions import REDEMPTIONS_A_DAY_MAX

CLIENTS: Final = (1, 4, 8)
SECONDS: Final = 4.0
# Each client's first requests wait for a worker to start.
WARM_UP_REQUESTS: Final = 3
# A worker starts slowly where all processors are busy.
ANSWER_SECONDS_MAX: Final = 120.0
WEALTH: Final = 1_000_000
# A member redeems fifty times a day at most, and all of them together are to last for the bench.
SPENDERS: Final = 64
# Of a busy member's requests, one in so many redeems, as long as the day allows it.
EARNS_A_REDEMPTION: Final = 8

type Request = Callable[[ProgramClient], httpx.Response]
# Whether a client that has sent this many requests sends another.
type KeepOn = Callable[[int], bool]

_numbers = count(1)


class RequestRefused(Exception):
    """A request was refused, so what it took is not what such a request takes."""


@dataclass(slots=True)
class Sample:
    """The seconds of each request, how many failed, and the seconds in all."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    elapsed: float = 0

    def figures(self, bench: str) -> Iterator[Figure]:
        rate = len(self.seconds) / self.elapsed
        yield Figure(bench=bench, figure="rate", value=rate, unit="1/s")
        for percent in (50, 99):
            value = percentile(self.seconds, percent) * 1000
            yield Figure(bench=bench, figure=f"p{percent}", value=value, unit="ms")
        yield Figure(bench=bench, figure="failed", value=self.failed, unit="requests")


class Load:
    """Clients of one program, and members who have points to spend."""

    def __init__(self, deployed: Deployment, *, program_id: str, tokens: dict[str, str]) -> None:
        self._deployed = deployed
        self._program_id = program_id
        self._tokens = tokens
        self.members = [self._member() for _ in range(max(CLIENTS))]

    def figures(self) -> Iterator[Figure]:
        """Measure earning and redeeming, and both of one member.

        Raises:
            RequestRefused: a request was refused.
        """
        redeem = _redeem_in_turns([self._member() for _ in range(SPENDERS)])
        benches = {
            "earn": [_earn(member) for member in self.members],
            "redeem": [redeem] * max(CLIENTS),
        }
        for name, requests in benches.items():
            for clients in CLIENTS:
                # A few workers start at a time, or each would wait for all.
                self._sample(requests[:clients], keep_on=lambda sent: sent < WARM_UP_REQUESTS)
            for clients in CLIENTS:
                sample = self._sample(requests[:clients], keep_on=_for_a_while())
                yield from sample.figures(f"{name}, {clients} clients")
        one = _mixed(self._member())
        hot = self._sample([one] * max(CLIENTS), keep_on=_for_a_while())
        yield from hot.figures(f"one member, {max(CLIENTS)} writers")

    def _sample(self, requests: list[Request], *, keep_on: KeepOn) -> Sample:
        """Let one client for each request send it again and again."""
        sample = Sample()
        started = time.perf_counter()
        with ThreadPoolExecutor(len(requests)) as pool:
            parts = list(pool.map(lambda request: self._repeat(request, keep_on), requests))
        sample.elapsed = time.perf_counter() - started
        for part in parts:
            sample.seconds += part.seconds
            sample.failed += part.failed
        return sample

    def _repeat(self, request: Request, keep_on: KeepOn) -> Sample:
        sample = Sample()
        with self._deployed.client(self._program_id, self._tokens["service"]) as client:
            client.timeout = httpx.Timeout(ANSWER_SECONDS_MAX)
            while keep_on(len(sample.seconds)):
                started = time.perf_counter()
                answer = request(client)
                sample.seconds.append(time.perf_counter() - started)
                if answer.is_client_error:
                    raise RequestRefused(f"{answer.status_code}: {answer.text}")
                sample.failed += answer.status_code != httpx.codes.CREATED
        return sample

    def _member(self) -> str:
        with self._deployed.client(self._program_id, self._tokens["manager"]) as manager:
            card = {"kind": "card", "value": f"bench-{next(_numbers)}"}
            member_id: str = _done(manager.post("/members", json={"identities": [card]}))["id"]
            points = {"points": WEALTH, "reason": "bench"}
            path = f"/members/{member_id}/adjustments"
            _done(manager.post(path, json=points, headers=_new_key()))
        return member_id


def _for_a_while() -> KeepOn:
    until = time.perf_counter() + SECONDS
    return lambda _sent: time.perf_counter() < until


def _earn(member_id: str) -> Request:
    def earn(client: ProgramClient) -> httpx.Response:
        line = {"line_id": "1", "amount": {"amount": 4999, "currency": "EUR"}, "category": "drink"}
        order = {
            "source": "bench",
            "order_id": f"{next(_numbers)}",
            "member_id": member_id,
            "occurred_at": datetime.now(UTC).isoformat(),
            "lines": [line],
        }
        return client.post("/orders", json=order)

    return earn


def _redeem(member_id: str) -> Request:
    def redeem(client: ProgramClient) -> httpx.Response:
        path = f"/members/{member_id}/redemptions"
        return client.post(path, json={"reward_id": "latte"}, headers=_new_key())

    return redeem


def _redeem_in_turns(member_ids: list[str]) -> Request:
    """Redeem for the next member; clients that share the turns never meet at one."""
    turns = deque(member_ids * REDEMPTIONS_A_DAY_MAX)

    def redeem(client: ProgramClient) -> httpx.Response:
        return _redeem(turns.popleft())(client)

    return redeem


def _mixed(member_id: str) -> Request:
    """Earn, and now and then redeem."""
    earn, redeem = _earn(member_id), _redeem(member_id)
    requests, redemptions = count(1), iter(range(REDEMPTIONS_A_DAY_MAX))

    def earn_or_redeem(client: ProgramClient) -> httpx.Response:
        is_turn = next(requests) % EARNS_A_REDEMPTION == 0
        is_spending = is_turn and next(redemptions, None) is not None
        return redeem(client) if is_spending else earn(client)

    return earn_or_redeem


def _done(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def _new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}

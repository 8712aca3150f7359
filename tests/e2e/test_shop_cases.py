"""Orders that are easy to count wrongly end at the right balance, on five platforms.

Each case is signed as its platform signs, posted to the deployed cloud and applied from the queue.
All cases run at once: their shops and members are apart in two programs, one for each currency.

A shopper's currency (`bc09`): BigCommerce states the rate of such an order, so it counts at that.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import httpx
import pytest

from local.deployment import Deployment
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import eventually
from tests.e2e.functions import asking
from tests.support.platforms import PlatformServer, Reply, serving
from tests.support.shop_cases import NOW, RULE, Case, cases

CASES: Final = cases()
SENDERS_MAX: Final = 2
ATTEMPTS_MAX: Final = 5

type Outcomes = Mapping[str, list[tuple[int, str]]]
"""The balance and the delivery's status after each step, by case."""


class Street:
    """The shops of all cases, with their members, in a program for each currency."""

    def __init__(self, open_program: Callable[..., OpenProgram], platform: PlatformServer) -> None:
        self._platform = platform
        self._members: dict[str, str] = {}
        currencies = {case.currency for case in CASES}
        self._programs = {each: _program(open_program, each) for each in currencies}

    def open(self, case: Case) -> None:
        connection = dict(case.connection)
        self._send(case, "manager", "PUT", f"/storefronts/{case.name}", json=connection)
        if case.identity:
            body = {"identities": [case.identity]}
            # Enrolled before, if the answer to that was lost.
            self._send(case, "service", "POST", "/members", also=(409,), json=body)
            found = self._send(
                case, "service", "POST", "/members/lookup", json={"identity": case.identity}
            )
            self._members[case.name] = found.json()["id"]

    def deliver(self, case: Case, number: int) -> None:
        step = case.steps[number]
        for path, answer in step.answers.items():
            self._platform.answer(path, Reply(200, answer))
        headers = case.headers(number, signed_at=NOW)
        self._send(case, None, "POST", f"/webhooks/{case.name}", content=step.body, headers=headers)

    def state(self, case: Case) -> tuple[int, str]:
        member_id = self._members.get(case.name)
        balance = 0
        if member_id:
            balance = self._send(case, "service", "GET", f"/members/{member_id}").json()["balance"]
        path = f"/storefronts/{case.name}/deliveries"
        latest = self._send(case, "manager", "GET", path, params={"limit": 1}).json()["items"][0]
        return balance, latest["status"]

    def _send(
        self,
        case: Case,
        role: str | None,
        method: str,
        path: str,
        *,
        also: tuple[int, ...] = (),
        **sent: Any,
    ) -> httpx.Response:
        """Send again, as shops do, what was not answered in time or with 503."""
        answer = None
        with self._programs[case.currency].client(role) as client:
            for _ in range(ATTEMPTS_MAX):
                with suppress(httpx.TransportError):
                    answer = client.request(method, path, **sent)
                    if answer.is_success or answer.status_code in also:
                        return answer
                    if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                        break
        raise AssertionError(f"{method} {path}: {answer.text if answer else 'no answer'}")


def _program(open_program: Callable[..., OpenProgram], currency: str) -> OpenProgram:
    return open_program(
        currency=currency,
        earning_rules=[RULE],
        expiry={"model": "after_earning", "months": 12, "round_to": "month"},
        clawback="unlimited",
        tiers=None,
        rewards=[],
        surveys=[],
        reminders={},
    )


@pytest.fixture(scope="module")
def outcomes(deployed: Deployment, document: dict[str, Any]) -> Iterator[Outcomes]:
    """The outcome of every step; steps of a case run in sequence, all cases at once."""

    def open_program(**parts: object) -> OpenProgram:
        program_id, published = f"cases-{str(parts['currency']).lower()}", document | parts
        tokens = deployed.open_program(program_id, published)
        return OpenProgram(deployed=deployed, id=program_id, document=published, tokens=tokens)

    clock = deployed.cloud.clock
    clock.move_to(NOW)
    states: dict[str, list[tuple[int, str]]] = {case.name: [] for case in CASES}
    try:
        with (
            serving() as platform,
            asking(deployed, "intake", origin=platform.origin),
            ThreadPoolExecutor(SENDERS_MAX) as senders,
        ):
            street = Street(open_program, platform)
            # The first one warms the functions up.
            street.open(CASES[0])
            list(senders.map(street.open, CASES[1:]))
            for number in range(max(len(case.steps) for case in CASES)):
                going = [case for case in CASES if number < len(case.steps)]
                list(senders.map(lambda case, step=number: street.deliver(case, step), going))
                eventually(deployed.queued_deliveries, lambda waiting: waiting == 0)
                for case, state in zip(going, senders.map(street.state, going), strict=True):
                    states[case.name].append(state)
        yield states
    finally:
        clock.set_right()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.title}")
def test_an_order_ends_at_its_balance(case: Case, outcomes: Outcomes) -> None:
    for step, (balance, status) in zip(case.steps, outcomes[case.name], strict=True):
        assert balance in (step.balances or (balance,)), (step.topic, status)
        assert status in (step.statuses or (status,)), step.topic

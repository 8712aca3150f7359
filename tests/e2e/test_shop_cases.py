"""Orders that are easy to count wrongly end at the right balance, on five platforms.

Each case is signed as its platform signs, posted to the deployed cloud and applied from the queue.
All cases run at once: their shops and members are apart in two programs, one for each currency.

A shopper's currency (`bc09`): BigCommerce states the rate of such an order, so it counts at that.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from local.deployment import Deployment
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, eventually
from tests.e2e.functions import asking
from tests.support.platforms import PlatformServer, Reply, serving
from tests.support.shop_cases import NOW, RULE, Case, cases

CASES: Final = cases()
SENDERS_MAX: Final = 6

type Outcomes = Mapping[str, list[tuple[int, str]]]
"""The balance and the delivery's status after each step, by case."""


class Street:
    """The shops of all cases, with their members, in a program for each currency."""

    def __init__(self, open_program: Callable[..., OpenProgram], platform: PlatformServer) -> None:
        self._platform = platform
        self._members: dict[str, str] = {}
        currencies = {case.currency for case in CASES}
        self.apis = {each: DescribedApi(_program(open_program, each)) for each in currencies}

    def open(self, case: Case) -> None:
        api, path = self.apis[case.currency], f"/storefronts/{case.name}"
        api.call("manager", "PUT", path, json=dict(case.connection), status=201)
        if case.identity:
            body = {"identities": [case.identity]}
            enrolled = api.call("service", "POST", "/members", json=body, status=201)
            self._members[case.name] = enrolled["id"]

    def deliver(self, case: Case, number: int) -> None:
        step = case.steps[number]
        for path, answer in step.answers.items():
            self._platform.answer(path, Reply(200, answer))
        self.apis[case.currency].call(
            None,
            "POST",
            f"/webhooks/{case.name}",
            content=step.body,
            headers=case.headers(number, signed_at=NOW),
        )

    def state(self, case: Case) -> tuple[int, str]:
        api, member_id = self.apis[case.currency], self._members.get(case.name)
        balance = 0
        if member_id:
            balance = api.call("service", "GET", f"/members/{member_id}")["balance"]
        path = f"/storefronts/{case.name}/deliveries"
        latest = api.call("manager", "GET", path, params={"limit": 1})["items"][0]
        return balance, latest["status"]


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
            list(senders.map(street.open, CASES))
            for number in range(max(len(case.steps) for case in CASES)):
                going = [case for case in CASES if number < len(case.steps)]
                list(senders.map(lambda case, step=number: street.deliver(case, step), going))
                eventually(deployed.queued_deliveries, lambda waiting: waiting == 0)
                for case, state in zip(going, senders.map(street.state, going), strict=True):
                    states[case.name].append(state)
            for api in street.apis.values():
                api.__exit__()
        yield states
    finally:
        clock.set_right()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.title}")
def test_an_order_ends_at_its_balance(case: Case, outcomes: Outcomes) -> None:
    for step, (balance, status) in zip(case.steps, outcomes[case.name], strict=True):
        assert balance in (step.balances or (balance,)), (step.topic, status)
        assert status in (step.statuses or (status,)), step.topic

"""One caller leaves others their part of an execution environment's time."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import TooManyRequests
from loyalty.edge.http import caller_limits as limits_module
from loyalty.edge.http.app import ProgramId, caller_limits, create_app
from loyalty.edge.http.caller_limits import CallerLimits
from loyalty.edge.http.schemas import AnswerPart
from loyalty.edge.settings import settings
from tests.support.http import Answer, Claims, call, service, staff

SECONDS_OF_A_REQUEST: Final = 1.0


def limits() -> CallerLimits:
    return CallerLimits(burst_seconds=10, share=0.2)


def test_a_burst_is_answered_and_then_the_caller_waits_as_long_as_it_is_told() -> None:
    callers = limits()
    callers.charge("ana", seconds=12, now=0)

    with pytest.raises(TooManyRequests) as refused:
        callers.require("ana", now=0)

    # Two seconds too many, at a fifth of a second for each second.
    assert refused.value.retry_after == 10
    with pytest.raises(TooManyRequests):
        callers.require("ana", now=9.9)
    callers.require("ana", now=10.1)


def test_callers_do_not_wait_for_each_other() -> None:
    callers = limits()
    callers.charge("ana", seconds=100, now=0)

    callers.require("ben", now=0)


def test_a_bucket_holds_no_more_than_a_burst() -> None:
    callers = limits()
    callers.charge("ana", seconds=10, now=1_000_000)

    with pytest.raises(TooManyRequests):
        callers.require("ana", now=1_000_000)


def test_as_many_callers_are_remembered_as_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits_module, "CALLERS_MAX", 2)
    callers = limits()
    for caller in ("ana", "ben", "eve"):
        callers.charge(caller, seconds=100, now=0)

    callers.require("ana", now=0)
    with pytest.raises(TooManyRequests):
        callers.require("eve", now=0)


@given(requests=st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), min_size=1))
def test_nobody_gets_more_than_a_burst_and_their_share_but_for_one_request(
    requests: list[tuple[float, float]],
) -> None:
    callers, now, used, longest = limits(), 0.0, 0.0, 0.0
    for pause, seconds in requests:
        now += pause
        try:
            callers.require("ana", now=now)
        except TooManyRequests:
            continue
        now += seconds
        callers.charge("ana", seconds=seconds, now=now)
        used, longest = used + seconds, max(longest, seconds)

    assert used <= 10 + 0.2 * now + longest + 1e-6


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Claims], Answer]]:
    """A route that takes a second, in a program where a burst is three."""
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setenv("LOYALTY_CALLER_BURST_SECONDS", "3")
    monkeypatch.setenv("LOYALTY_CALLER_SHARE_PERCENT", "50")
    for each in (settings, caller_limits):
        each.cache_clear()
    api = create_app("slow")

    class Done(AnswerPart):
        done: bool

    @api.get("/slow", allow={"cashier", "service"})
    def slow(program_id: ProgramId) -> Done:
        clock[0] += SECONDS_OF_A_REQUEST
        return Done(done=bool(program_id))

    yield lambda claims: call(api, "GET", "/v1/programs/bean/slow", as_=claims)
    for each in (settings, caller_limits):
        each.cache_clear()


def test_a_person_who_takes_too_much_is_told_when_to_go_on(ask: Callable[[Claims], Answer]) -> None:
    greedy, other = (staff("bean", "cashier", subject=each) for each in ("greedy", "other"))

    answers = [ask(greedy) for _ in range(10)]

    # Three seconds of a burst, and half of those that the requests themselves took.
    statuses = [answer.status for answer in answers]
    assert statuses == [200] * statuses.count(200) + [429] * statuses.count(429)
    assert 3 <= statuses.count(200) <= 6
    assert (answers[-1].code, answers[-1].headers["retry-after"]) == ("too_many_requests", "1")
    assert ask(other).status == 200


def test_a_server_is_not_limited(ask: Callable[[Claims], Answer]) -> None:
    assert {ask(service("bean")).status for _ in range(20)} == {200}

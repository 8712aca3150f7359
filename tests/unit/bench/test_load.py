"""What the bench's clients ask for is what members may do, and a refusal is no figure."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
import pytest

from bench import load
from bench.load import Load, RequestRefused
from loyalty.domain.ledger.redemptions import REDEMPTIONS_A_DAY_MAX


class Program:
    """Answers every request with the same status, and counts redemptions."""

    def __init__(self, status: int = 201) -> None:
        self.timeout: httpx.Timeout | None = None
        self.redeemed: Counter[str] = Counter()
        self._status = status
        self._numbers = count(1)

    @contextmanager
    def client(self, _program_id: str, _token: str) -> Iterator["Program"]:
        yield self

    def post(self, path: str, **_: Any) -> httpx.Response:
        request = httpx.Request("POST", f"https://api.example.com{path}")
        if path.endswith("/redemptions"):
            self.redeemed[path] += 1
            return httpx.Response(self._status, json={"code": "limit_reached"}, request=request)
        return httpx.Response(201, json={"id": f"mem_{next(self._numbers)}"}, request=request)


def loaded(program: Any) -> Load:
    return Load(program, program_id="bean", tokens={"manager": "m", "service": "s"})


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_for_a_while", lambda: lambda sent: sent < 5)


def test_no_member_redeems_more_often_than_a_day_allows() -> None:
    program = Program()

    figures = list(loaded(program).figures())

    assert {each.bench for each in figures} >= {"redeem, 8 clients", "one member, 8 writers"}
    assert len(program.redeemed) > max(load.CLIENTS)
    assert max(program.redeemed.values()) <= REDEMPTIONS_A_DAY_MAX


def test_a_busy_member_goes_on_to_earn_when_the_day_allows_no_redemption() -> None:
    program: Any = Program()
    request = load._mixed("mem_1")

    for _ in range(2 * load.EARNS_A_REDEMPTION * REDEMPTIONS_A_DAY_MAX):
        request(program)

    assert program.redeemed.total() == REDEMPTIONS_A_DAY_MAX


def test_a_refused_request_ends_the_bench() -> None:
    with pytest.raises(RequestRefused, match=r"409: .*limit_reached"):
        list(loaded(Program(status=409)).figures())

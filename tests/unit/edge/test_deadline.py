"""An invocation keeps to the time that Lambda gives it."""

import importlib
from pathlib import Path

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge import deadline
from loyalty.edge.http.app import Api

FUNCTIONS = Path(__file__).parents[3] / "functions"


class Context:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


def test_a_call_is_refused_if_it_could_outlast_the_function() -> None:
    with deadline.keep(Context(5)):
        deadline.require(3.5)
        with pytest.raises(TryAgain):
            deadline.require(4.5)


def test_a_request_ends_before_the_gateway_gives_up() -> None:
    with deadline.keep(Context(900), seconds_max=29), pytest.raises(TryAgain):
        deadline.require(29)


def test_an_inner_limit_does_not_extend_the_outer_one_and_ends_with_its_block() -> None:
    with deadline.keep(Context(5)):
        with deadline.keep(Context(60)), pytest.raises(TryAgain):
            deadline.require(10)
        with deadline.keep(Context(2)), pytest.raises(TryAgain):
            deadline.require(3)
        deadline.require(3)


def test_invocations_side_by_side_leave_no_limit_behind() -> None:
    first, second = deadline.keep(Context(2)), deadline.keep(Context(3))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(TryAgain):
        deadline.require(3)
    second.__exit__(None, None, None)

    deadline.require(10_000)


def test_without_an_invocation_there_is_no_limit() -> None:
    with deadline.keep(object()):
        deadline.require(10_000)


@pytest.mark.parametrize(
    "name", sorted(each.parent.name for each in FUNCTIONS.glob("*/handler.py"))
)
def test_every_function_keeps_to_its_time(name: str) -> None:
    handler = importlib.import_module(f"functions.{name}.handler").handler

    assert isinstance(handler, Api) or hasattr(handler, "__wrapped__")

"""Refusals as problem details."""

import inspect
import json

import pytest

from loyalty.domain.kernel import errors
from loyalty.domain.kernel.errors import Fault, IdentityTaken, Refusal, TryAgain, ValidationFailed
from loyalty.edge.http.problems import FAULTS_MAX, STATUS, Problem, problem

REFUSALS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Refusal) and kind is not Refusal
]


def test_every_refusal_has_a_status_and_every_status_a_refusal() -> None:
    assert {kind.code for kind in REFUSALS} == set(STATUS)


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_is_a_problem_that_fits_its_description(kind: type[Refusal]) -> None:
    answer = problem(kind(), request_id="r1")

    told = Problem.model_validate_json(answer.body or "", extra="forbid")
    assert told.code == kind.code
    assert told.status == answer.status_code == STATUS[kind.code]
    assert told.title == kind.title
    assert told.type.endswith(f"/{kind.code}")
    assert told.request_id == "r1"


def test_who_may_try_again_is_told_when() -> None:
    assert problem(TryAgain(), request_id="r1").headers["retry-after"] == "1"


def test_the_member_an_identity_belongs_to_is_told_only_where_it_was_given() -> None:
    def told(refusal: Refusal) -> dict[str, object]:
        body: dict[str, object] = json.loads(problem(refusal, request_id="r1").body or "")
        return body

    assert told(IdentityTaken(member_id="mem_1"))["member_id"] == "mem_1"
    assert "member_id" not in told(IdentityTaken())


def test_the_faults_told_are_bounded() -> None:
    faults = tuple(Fault(f"/lines/{n}", "missing", "This is required") for n in range(5000))

    told = json.loads(problem(ValidationFailed(faults=faults), request_id="r1").body or "")

    assert len(told["errors"]) == FAULTS_MAX

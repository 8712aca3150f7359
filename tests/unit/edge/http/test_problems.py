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

    body = Problem.model_validate_json(answer.body or "", extra="forbid")
    assert body.code == kind.code
    assert body.status == answer.status_code == STATUS[kind.code]
    assert body.title == kind.title
    assert body.type.endswith(f"/{kind.code}")
    assert body.request_id == "r1"


def test_a_refusal_that_passes_says_when_to_try_again() -> None:
    assert problem(TryAgain(), request_id="r1").headers["retry-after"] == "1"


def test_the_member_who_has_an_identity_is_named_only_if_the_refusal_names_them() -> None:
    def body_of(refusal: Refusal) -> dict[str, object]:
        body: dict[str, object] = json.loads(problem(refusal, request_id="r1").body or "")
        return body

    assert body_of(IdentityTaken(member_id="mem_1"))["member_id"] == "mem_1"
    assert "member_id" not in body_of(IdentityTaken())


def test_a_problem_lists_at_most_a_hundred_mistakes() -> None:
    faults = tuple(Fault(f"/lines/{n}", "missing", "This is required") for n in range(5000))

    body = json.loads(problem(ValidationFailed(faults=faults), request_id="r1").body or "")

    assert len(body["errors"]) == FAULTS_MAX

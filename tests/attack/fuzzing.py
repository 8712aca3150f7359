"""Requests made from the API's own description, and what every answer to them has to be.

schemathesis makes them: right ones, and wrong ones made out of right ones. Whatever is asked, the
answer is described, fits its description, and a refusal is problem details. Nothing here leaves
this machine: what would make the product call an address of the request's choice is left out.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import SkipTest

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup

from tests.e2e.conftest import OpenProgram

# The gateway answers these itself, in a form that cannot be shaped.
BY_THE_GATEWAY: Final = (401, 429)
# These have the product call an address that the request names, and this one is made up.
CALLING_OUT: Final = (
    "PUT /v1/programs/{program_id}/endpoints/{endpoint_id}",
    "PUT /v1/programs/{program_id}/storefronts/{storefront_id}",
)
# Last, since others need what they end.
ENDING: Final = ("DELETE ", "POST /v1/programs/{program_id}/members/{member_id}/merge")
CHECKED: Final = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
REQUEST_TIMEOUT_S: Final = 60


@dataclass(slots=True)
class Fuzzed:
    """The result of a run: answers by status, operations that were called, and faults."""

    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.statuses.total()


def fuzz(
    program: OpenProgram,
    *,
    roles: tuple[str, ...],
    names: Mapping[str, str],
    examples: int,
    seed_number: int,
    ends_at: float,
) -> Fuzzed:
    """Ask every operation in every role, `examples` times right and as often wrong.

    Every second request names what there is: `names` has ids by path parameter. The same seed asks
    the same. Past `ends_at`, by the monotonic clock, nothing more is asked.
    """
    load_all_checks()
    found = Fuzzed()
    with requests.Session() as session:
        # A proxy of the person's environment must not be asked for 127.0.0.1.
        session.trust_env = False
        for operation in _operations(program, session):
            for role in roles if operation.definition.raw.get("security") != [] else (None,):
                if time.monotonic() >= ends_at:
                    return found
                token = program.tokens[role] if role else None
                asking = _Asking(program, session, operation, role, token, found, ends_at)
                asking.ask(names, examples=examples, seed_number=seed_number)
    return found


def _operations(program: OpenProgram, session: requests.Session) -> list[Any]:
    answer = session.get(f"{program.deployed.api_url}/v1/openapi.json", timeout=REQUEST_TIMEOUT_S)
    schema = schemathesis.openapi.from_dict(answer.json())
    operations = [_described(result) for result in schema.get_all_operations()]
    fuzzed = [each for each in operations if _name(each) not in CALLING_OUT]
    return sorted(fuzzed, key=lambda each: (_name(each).startswith(ENDING), _name(each)))


def _described(result: Any) -> Any:
    return result.ok()


@dataclass(frozen=True, slots=True)
class _Asking:
    """One operation, asked in one role."""

    program: OpenProgram
    session: requests.Session
    operation: Any
    role: str | None
    token: str | None
    found: Fuzzed
    ends_at: float

    def ask(self, names: Mapping[str, str], *, examples: int, seed_number: int) -> None:
        there = {"program_id": self.program.id} | dict(names)
        taken = {each.name for each in self.operation.path_parameters}
        for path in ({"program_id": self.program.id}, there):
            for mode in schemathesis.GenerationMode:
                self._ask(
                    {name: value for name, value in path.items() if name in taken},
                    mode,
                    examples=-(-examples // 2),
                    seed_number=seed_number,
                )

    def _ask(
        self,
        path: Mapping[str, str],
        mode: schemathesis.GenerationMode,
        *,
        examples: int,
        seed_number: int,
    ) -> None:
        strategy = self.operation.as_strategy(mode, path_parameters=dict(path))

        @seed(seed_number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def attempt(case: Any) -> None:
            if time.monotonic() < self.ends_at:
                self._send(case)

        try:
            attempt()
        except (SkipTest, Unsatisfiable):
            # An operation that takes nothing else cannot be asked wrongly.
            return

    def _send(self, case: Any) -> None:
        # Also where the request was made without one, or with another.
        case.headers = {
            name: value for name, value in case.headers.items() if name.lower() != "authorization"
        }
        if self.token:
            case.headers["Authorization"] = f"Bearer {self.token}"
        answer = case.call(
            base_url=self.program.deployed.api_url,
            session=self.session,
            timeout=REQUEST_TIMEOUT_S,
        )
        self.found.statuses[answer.status_code] += 1
        self.found.operations.add(_name(self.operation))
        for fault in self._faults(case, answer):
            self.found.faults.append(
                f"{_name(self.operation)} as {self.role or 'nobody'}: {answer.status_code}, {fault}"
                f"\n  {case.as_curl_command(headers={'Authorization': '$TOKEN'})}"
                f"\n  {answer.text[:500]}"
            )

    def _faults(self, case: Any, answer: Any) -> Iterator[str]:
        status, kind = answer.status_code, answer.headers.get("content-type", [""])[0]
        if status >= 400 and status not in BY_THE_GATEWAY:
            if kind.partition(";")[0] != "application/problem+json":
                yield f"not problem details but {kind!r}"
            elif status >= 500 and answer.json()["code"] != "try_again":
                yield "a fault of ours"
        try:
            case.validate_response(answer, checks=CHECKS.get_by_names(list(CHECKED)))
        except FailureGroup as group:
            yield from (str(each).partition("\n")[0] for each in group.exceptions)
        except Failure as failure:
            yield str(failure).partition("\n")[0]


def _name(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"

"""Requests made from the OpenAPI document: whatever is asked, the answer is as described."""

import time
from typing import Final

from tests.attack.fuzzing import CALLING_OUT, fuzz
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, enroll, order

ROLES: Final = ("manager", "member", "service")
# Requests are counted, not timed, so that the same are sent everywhere. This is for a machine that
# has stopped; two idle cores take half a minute.
SECONDS_MAX: Final = 420


def test_no_generated_request_gets_an_answer_that_is_not_described(
    program: OpenProgram, api: DescribedApi
) -> None:
    ana = enroll(api)
    api.call("service", "POST", "/orders", json=order("1", member_id=ana), status=201)

    found = fuzz(
        program,
        roles=ROLES,
        names={"member_id": ana, "source": "pos", "order_id": "1", "name": "summary"},
        examples=2,
        seed_number=1,
        ends_at=time.monotonic() + SECONDS_MAX,
    )

    assert found.faults == [], "\n".join(found.faults)
    assert found.operations | set(CALLING_OUT) == api.operations()
    assert found.statuses[200] + found.statuses[201] > 50
    assert found.statuses[422] > 10

"""A member with points, and a reward on offer."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import reward


@pytest.fixture
def ana() -> str:
    """A member with 49 points, which expire on 30 November 2027."""
    member_id = till.enroll()
    till.earn(member_id, 4999)
    return member_id


@pytest.fixture
def offer(publish: Callable[..., PublishedProgram], time: Clock) -> Callable[..., None]:
    """Put one reward on offer, instead of those of the example."""

    def put_on_offer(**parts: object) -> None:
        publish(version=2, rewards=[reward(**parts)])
        time.now += timedelta(minutes=1)

    return put_on_offer

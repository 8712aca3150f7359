"""An outage of an hour ends in no queue's dead letters, whatever is out."""

from datetime import timedelta
from typing import Any, Final

from loyalty.edge.aws.queues.backoff import FAILURE_WAIT, OUTAGE_WAIT_FIRST, OUTAGE_WAIT_MAX
from tests.infra.assembly import Assembly

OUTAGE: Final = timedelta(hours=1)


def fed_queues(prod: Assembly) -> dict[str, dict[str, Any]]:
    """The queues that feed a function, by their logical id."""
    return {
        name: queue
        for name, queue in prod.service.of_type("SQS::Queue").items()
        if "RedrivePolicy" in queue
    }


def receives_max(queue: dict[str, Any]) -> int:
    return int(queue["RedrivePolicy"]["maxReceiveCount"])


def test_a_service_may_be_out_for_an_hour(prod: Assembly) -> None:
    for name, queue in fed_queues(prod).items():
        waited = timedelta()
        for attempt in range(receives_max(queue) - 1):
            # At worst, chance halves every wait.
            waited += min(OUTAGE_WAIT_FIRST * (1 << min(attempt, 10)), OUTAGE_WAIT_MAX) / 2
        assert waited > 2 * OUTAGE, name


def test_lambda_may_throttle_for_an_hour(prod: Assembly) -> None:
    """A message that Lambda does not take is handed out again after the queue's timeout."""
    for name, queue in fed_queues(prod).items():
        visibility = timedelta(seconds=queue["VisibilityTimeout"])
        assert visibility * (receives_max(queue) - 1) > OUTAGE, name


def test_a_bug_is_in_the_dead_letters_within_an_hour(prod: Assembly) -> None:
    for name, queue in fed_queues(prod).items():
        if "Messages" not in name:
            assert FAILURE_WAIT * receives_max(queue) < timedelta(hours=1), name

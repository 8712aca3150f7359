"""Queues and their outages: none of an hour ends in dead letters, and mail keeps to its rate."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from infra.capabilities.messages import MEMBERS_SHARE, mail_pause_ms, mail_workers
from infra.settings import Settings
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


@pytest.mark.parametrize("rate", [1, 2, 14, 50, 100, 333, 1000])
def test_mail_keeps_to_nine_tenths_of_the_account_s_rate_and_uses_them(
    rate: int, settings: Callable[..., Settings]
) -> None:
    chosen = settings(mail_from="club@beanleaf.example", mails_per_second=rate)

    sent = mail_workers(chosen) * 1000 / mail_pause_ms(chosen)

    assert 0.98 * MEMBERS_SHARE * rate < sent <= MEMBERS_SHARE * rate
    # As SQS allows.
    assert 2 <= mail_workers(chosen) <= 1000


def test_a_new_account_of_ses_has_two_workers_that_pause_between_mails(prod: Assembly) -> None:
    (mapping,) = (
        each
        for name, each in prod.service.of_type("Lambda::EventSourceMapping").items()
        if "Messages" in name
    )
    variables = dict(prod.service.functions())["notifications"]["Environment"]["Variables"]

    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert variables["LOYALTY_MAIL_PAUSE_MS"] == "159"

"""Queues runs that find who is in segments, at other times than every hour."""

from __future__ import annotations

from datetime import timedelta

from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.work import PageQueue
from loyalty.edge.aws.table import pause
from loyalty.edge.faults import is_passing
from loyalty.edge.logs import failure, logger
from loyalty.usecases.segments import RUNS
from loyalty.usecases.work_pages import EVERY_PROGRAM, WorkPage


def queue_segment_run(program_id: str, *, url: str, delay: timedelta) -> None:
    """Have a run find who is in the segments of a program, if one is due then.

    What made it due has happened already. So if it cannot be queued, the hourly run finds them.
    """
    page = WorkPage(program_id=EVERY_PROGRAM, lane=RUNS, items=(program_id,), delay=delay)
    try:
        PageQueue(clients.sqs(), url=url, pause=pause).send((page,))
    except Exception as error:
        if not is_passing(error):
            raise
        logger.warning("segment run not queued", program_id=program_id, failure=failure(error))

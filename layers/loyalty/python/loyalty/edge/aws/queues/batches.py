"""Messages of a standard queue, one by one: what fails goes back to it, and the others go on."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.base import FailureResponse
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.edge.logs import failure, logger


def one_by_one(
    event: dict[str, Any],
    context: LambdaContext,
    take: Callable[[SQSRecord], None],
    *,
    failed: str,
    quietly: tuple[type[Exception], ...] = (),
) -> PartialItemFailureResponse:
    """Take each message of a batch; `failed` is what the log says of one that could not be.

    What is raised of the `quietly` kinds is no failure: the message only comes back later.
    """
    return process_partial_response(
        event=event,
        record_handler=take,
        processor=_OneByOne(failed=failed, quietly=quietly),
        context=context,
    )


class _OneByOne(BatchProcessor):
    def __init__(self, *, failed: str, quietly: tuple[type[Exception], ...]) -> None:
        # A batch of nothing but failures is no failure of the function.
        super().__init__(EventType.SQS, raise_on_entire_batch_failure=False)
        self._failed = failed
        self._quietly = quietly

    def failure_handler(self, record: Any, exception: Any) -> FailureResponse:
        """Tell the log what went wrong, without the text that an exception may quote."""
        error: BaseException = exception[1]
        if not isinstance(error, self._quietly):
            logger.error(self._failed, message_id=record.message_id, failure=failure(error))
        return super().failure_handler(record, exception)

"""What the table's refusals mean, and how long a table that does not answer is asked again."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.sdk.services import ServiceError
from loyalty.table.engine import ATTEMPTS_MAX, DynamoEngine, Persistent
from loyalty.table.operations import Absent, Check, Delete, Key, Operation, Put, Refused, Transient
from tests.support.planned_service import PlannedService, refusal

KEY: Final = Key("p", "s")
PUT: Final = Put(KEY, {"n": 1}, (Absent(),))
ONE: Final[list[Operation]] = [PUT]
TWO: Final[list[Operation]] = [PUT, Delete(Key("p", "t"))]
THERE: Final = {"pk": {"S": "p"}, "sk": {"S": "s"}, "n": {"N": "2"}}


def cancelled(*codes: str) -> ServiceError:
    reasons = [{"Code": code} for code in codes]
    return refusal("TransactionCanceledException", CancellationReasons=reasons)


def engine(answer: ServiceError | None) -> DynamoEngine:
    return DynamoEngine(PlannedService(answer), table="t")


@pytest.mark.parametrize(
    ("operations", "answer"),
    [
        (ONE, refusal("ConditionalCheckFailedException", Item=THERE)),
        (
            TWO,
            refusal(
                "TransactionCanceledException",
                CancellationReasons=[
                    {"Code": "ConditionalCheckFailed", "Item": THERE},
                    {"Code": "None"},
                ],
            ),
        ),
        # A condition that failed decides, whatever else happened to the transaction.
        (
            TWO,
            refusal(
                "TransactionCanceledException",
                CancellationReasons=[
                    {"Code": "ConditionalCheckFailed", "Item": THERE},
                    {"Code": "TransactionConflict"},
                ],
            ),
        ),
    ],
)
def test_a_failed_condition_is_a_refusal_with_the_item_that_is_there(
    operations: Sequence[Operation], answer: ServiceError
) -> None:
    with pytest.raises(Refused) as raised:
        engine(answer).write(operations)

    assert raised.value.found == {0: {"pk": "p", "sk": "s", "n": 2}}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        refusal("ProvisionedThroughputExceededException"),
        refusal("RequestLimitExceeded"),
        refusal("ThrottlingException"),
        refusal("TransactionConflictException"),
        refusal("TransactionInProgressException"),
        refusal("InternalServerError", status=500),
        ServiceError("Planned", 502, {}),
        cancelled("TransactionConflict", "None"),
        cancelled("None", "ThrottlingError"),
        cancelled("ProvisionedThroughputExceeded", "TransactionConflict"),
    ],
)
def test_a_table_that_is_busy_or_silent_is_a_transient_fault(answer: ServiceError | None) -> None:
    with pytest.raises(Transient):
        engine(answer).write(TWO)


@pytest.mark.parametrize(
    "answer",
    [
        refusal("ValidationException", message="One or more parameter values were invalid"),
        refusal("AccessDeniedException"),
        refusal("ResourceNotFoundException"),
        cancelled("ValidationError", "TransactionConflict"),
    ],
)
def test_a_mistake_of_ours_is_not_tried_again(answer: ServiceError) -> None:
    with pytest.raises(ServiceError) as raised:
        engine(answer).write(TWO)
    assert raised.value.__cause__ is None


def test_a_check_alone_is_no_write() -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        engine(None).write([Check(KEY, (Absent(),))])


def test_keys_that_stay_unprocessed_are_a_transient_fault() -> None:
    class Unprocessing:
        calls = 0

        def call(self, _operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
            self.calls += 1
            return {"Responses": {}, "UnprocessedKeys": parameters["RequestItems"]}

    table = Unprocessing()

    with pytest.raises(Transient):
        DynamoEngine(table, table="t").get_many([KEY], strong=False)
    assert table.calls == ATTEMPTS_MAX


def test_any_number_of_keys_is_read_a_hundred_at_a_time() -> None:
    class Echoing:
        batches: ClassVar[list[int]] = []

        def call(self, _operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
            keys = parameters["RequestItems"]["t"]["Keys"]
            self.batches.append(len(keys))
            return {"Responses": {"t": keys}}

    keys = [Key(f"pk-{number}", "sk") for number in range(250)]

    found = DynamoEngine(Echoing(), table="t").get_many([*keys, *keys], strong=False)

    assert list(found) == keys
    assert Echoing.batches == [100, 100, 50]
    assert DynamoEngine(PlannedService(None), table="t").get_many([], strong=False) == {}


def test_a_busy_table_is_asked_again_until_it_takes_the_write() -> None:
    table = PlannedService(None, refusal("ThrottlingException"), refusal("Done"))
    pauses: list[int] = []

    with pytest.raises(ServiceError, match="Done"):
        Persistent(DynamoEngine(table, table="t"), pause=pauses.append).write(ONE)

    assert pauses == [1, 2]


def test_attempts_are_limited() -> None:
    table = PlannedService(None)

    with pytest.raises(TryAgain):
        Persistent(DynamoEngine(table, table="t"), pause=lambda _: None).write(ONE)

    assert len(table.calls) == ATTEMPTS_MAX

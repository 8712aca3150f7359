"""Load a generated year into a deployment: its items into the table, its facts into the lake.

The table's stream would hand every item to `relay` and `archive`, which would publish a year of
events at once. So its readers skip what is written meanwhile. The facts are written to the lake
directly, as `rebuild` does, and folded, as `compaction` does.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.aws import Aws
from local.deploy import stack_outputs
from loyalty.domain.facts import ALL, Fact, facts_of
from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.directory import read_keyring
from loyalty.lake.keeper import Keeper, closed_before
from loyalty.lake.objects import Lake
from loyalty.table.changes import change_told_again
from loyalty.table.engine import item_to_wire
from loyalty.table.operations import Item

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FilterCriteriaTypeDef, FilterTypeDef

WRITERS: Final = 8
BATCH_MAX: Final = 25
_ATTEMPTS_MAX: Final = 5

# The same on every local cloud, so that a generated year's members are found on any of them.
_IDENTITY_KEY: Final = "of-clouds-that-only-this-machine-can-reach"
IDENTITY_KEYRING: Final = read_keyring(_IDENTITY_KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A deployment's table and lake."""

    aws: Aws
    table: str
    lake_bucket: str

    @classmethod
    def find(cls, aws: Aws) -> "Place":
        outputs = stack_outputs(aws)
        return cls(aws=aws, table=outputs["TableName"], lake_bucket=outputs["LakeBucket"])


def settle_identity_key(aws: Aws) -> None:
    """Give the deployment our identity key, before any function reads its own."""
    secret_id = stack_outputs(aws)["IdentitySecretArn"]
    aws.secrets.put_secret_value(SecretId=secret_id, SecretString=_IDENTITY_KEY)


def fill_table(place: Place, items: Sequence[Item], *, others: str) -> None:
    """Write a program's items past the readers of the table's stream.

    `others` is the program whose changes the readers still get meanwhile.
    """
    with _unheard(place, others=others), ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda some: _write(place, some), batched(items, BATCH_MAX, strict=False)))


def fill_lake(place: Place, items: Sequence[Item], *, program_id: str, now: datetime) -> int:
    """Write all facts of these items to the lake and fold them; return their number."""
    lake = Lake(place.aws.s3, bucket=place.lake_bucket)
    facts = list(_facts(items, now=now))
    lake.write(facts, name="year", closed_before=closed_before(now))
    with tempfile.TemporaryDirectory(prefix="keeper-") as scratch:
        keeper = Keeper(lake, root=Path(scratch), now=now)
        for kind in ALL:
            keeper.fold(program_id, kind.kind)
    return len(facts)


def _facts(items: Sequence[Item], *, now: datetime) -> Iterator[Fact]:
    for item in items:
        change = change_told_again(item, made_at=now)
        if change is not None:
            yield from facts_of(change)


def _write(place: Place, items: Sequence[Item]) -> None:
    requests: Any = {place.table: [{"PutRequest": {"Item": item_to_wire(item)}} for item in items]}
    for _ in range(_ATTEMPTS_MAX):
        requests = place.aws.dynamodb.batch_write_item(RequestItems=requests)["UnprocessedItems"]
        if not requests:
            return
    raise TryAgain("items stayed unprocessed")


@contextmanager
def _unheard(place: Place, *, others: str) -> Iterator[None]:
    """Let the stream's readers skip what is written meanwhile, except for one program.

    The filter is by time of writing, so it does not matter how far they have read: they still get
    what came before and what comes after.
    """
    functions = place.aws.functions
    stream = place.aws.dynamodb.describe_table(TableName=place.table)["Table"]["LatestStreamArn"]
    mappings = functions.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]

    def hear(*patterns: dict[str, Any]) -> None:
        filters: list[FilterTypeDef] = [
            {"Pattern": json.dumps({"dynamodb": pattern})} for pattern in patterns
        ]
        criteria: FilterCriteriaTypeDef = {"Filters": filters}
        for mapping in mappings:
            functions.update_event_source_mapping(UUID=mapping["UUID"], FilterCriteria=criteria)

    others_keys = {"Keys": {"pk": {"S": [{"prefix": f"PROGRAM#{others}"}]}}}
    # The stream's times are whole seconds.
    begins = int(time.time()) + 1
    before = {"ApproximateCreationDateTime": [{"numeric": ["<", begins]}]}
    hear(before, others_keys)
    time.sleep(max(0, begins - time.time()))
    try:
        yield
    finally:
        ended = int(time.time()) + 1
        time.sleep(max(0, ended - time.time()))
        after = {"ApproximateCreationDateTime": [{"numeric": [">=", ended]}]}
        hear(before, others_keys, after)

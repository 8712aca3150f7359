"""A program's members in a table of their own, as many as a bench needs."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Final, Protocol

from bench.figures import Figure
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws.table import pause
from loyalty.table.books import TableBooks
from loyalty.table.engine import DynamoEngine, Engine, Persistent, item_to_wire
from loyalty.table.operations import Item
from loyalty.usecases.ports import Desk
from tests.support.units import MeteredEngine, metered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MEMBERS: Final = (1_000, 100_000)
DUE: Final = 100
WORKED_OFF: Final = 1_000
BATCH_WRITE_MAX: Final = 25
WRITERS: Final = 8


class Town(Protocol):
    """Members of one program, `due` of whom are due; `messages` counts what was sent about them."""

    engine: DynamoEngine
    messages: int

    def work_off(self, engine: Engine) -> float:
        """Find who is due and do what is due one by one; return the seconds of doing it."""
        ...


class Founding(Protocol):
    def __call__(self, *, members: int, due: int) -> Town: ...


def due_figures(of: str, found: Founding, *, done: str) -> Iterator[Figure]:
    """Measure the cost with the same number due among few and many members, and a worker's pace."""
    for members in MEMBERS:
        town = found(members=members, due=DUE)
        engine = MeteredEngine(town.engine)
        with metered(engine) as cost:
            town.work_off(engine)
        bench = f"{of}, {DUE} of {members} members due"
        yield Figure(bench=bench, figure="calls", value=cost.round_trips, unit="calls")
        yield Figure(bench=bench, figure="messages", value=town.messages, unit="messages")
        yield Figure(bench=bench, figure="read", value=cost.read, unit="request units")
        written = cost.write + sum(cost.indexes.values())
        yield Figure(bench=bench, figure="written", value=written, unit="request units")
    town = found(members=WORKED_OFF, due=WORKED_OFF)
    rate = WORKED_OFF / town.work_off(town.engine)
    yield Figure(bench=f"{of}, one worker", figure=done, value=rate, unit="1/s")


def load(client: "DynamoDBClient", table: str, items: Sequence[Item]) -> None:
    def put(some: Sequence[Item]) -> None:
        requests = [{"PutRequest": {"Item": item_to_wire(item)}} for item in some]
        client.batch_write_item(RequestItems={table: requests})  # type: ignore[dict-item]  # wire

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(put, batched(items, BATCH_WRITE_MAX, strict=False)))


def desk(engine: Engine, program: PublishedProgram, *, now: datetime) -> Desk:
    books = TableBooks(
        Persistent(engine, pause=pause),
        program_id=program.program_id,
        zone=program.document.zone,
    )
    return Desk(
        books=books,
        program=program,
        version=lambda _version: program,
        now=now,
        new_code=str,
        pause=pause,
    )

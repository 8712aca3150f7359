"""What a sweep costs with the same number due among few and many members, and a worker's pace."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.town import desk, due_figures, load
from local.cloud import Cloud
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import records
from loyalty.table.due import TableDues, TableProgress
from loyalty.table.engine import DynamoEngine, Engine
from loyalty.table.operations import Item
from loyalty.usecases.ledger.sweeps import DueItem, Finder, wake
from tests.support.documents import published
from tests.support.sweeping import ListedPages
from tests.support.table import create_table

PROGRAM_ID: Final = "bean"

LAST_DAY: Final = date(2026, 11, 30)
NEXT_YEAR: Final = date(2027, 11, 30)
MIDNIGHT: Final = datetime(2026, 11, 30, 23, tzinfo=UTC)


def sweeps(cloud: Cloud) -> Iterator[Figure]:
    yield from due_figures("sweep", partial(_Town, cloud), done="settled")


class _Town:
    """Members of one program in a table of their own, some due at one midnight, others later."""

    def __init__(self, cloud: Cloud, *, members: int, due: int) -> None:
        self._program = published(program_id=PROGRAM_ID)
        table = create_table(cloud.aws.dynamodb, f"sweep-{members}-{due}")
        accounts = (
            _account(number, LAST_DAY if number < due else NEXT_YEAR) for number in range(members)
        )
        load(cloud.aws.dynamodb, table, [_item(account, self._program) for account in accounts])
        self.engine = DynamoEngine(cloud.aws.table_service, table=table)
        self.messages = 0

    def work_off(self, engine: Engine) -> float:
        """Find what is due and settle it one by one; return the seconds of settling."""
        pages = ListedPages()
        midnight_desk = desk(engine, self._program, now=MIDNIGHT)
        dues = TableDues(engine, program_id=PROGRAM_ID)
        progress = TableProgress(engine, program_id=PROGRAM_ID, of="expiry")
        Finder(program_id=PROGRAM_ID, dues=dues, pages=pages, now=MIDNIGHT).hand_out(
            progress=progress, began=(MIDNIGHT - timedelta(days=1)).date
        )
        self.messages = len(pages.sent)
        started = time.perf_counter()
        for page in pages.sent:
            for item in page.items:
                wake(DueItem(item), dues=dues, desk=midnight_desk)
        return time.perf_counter() - started


def _account(number: int, last_day: date) -> Account:
    return Account(
        member_id=f"mem_{number:022}",
        balance=100,
        entries=1,
        holding=Holding(lots={last_day: 100}),
        due=last_day + timedelta(days=1),
        enrolled_at=MIDNIGHT - timedelta(days=300),
    )


def _item(account: Account, program: PublishedProgram) -> Item:
    due_at = midnight(account.due, program.document.zone) if account.due else None
    return records.account_to_item(account, PROGRAM_ID, due_at=due_at)

"""What reminders cost with the same number due among few and many members, and a worker's pace."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.town import desk, due_figures, load
from local.cloud import Cloud
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.people.identity import Identity, Keyring
from loyalty.domain.people.member import Consent, Member
from loyalty.table import keys
from loyalty.table.due import TableDues, TableProgress
from loyalty.table.engagement import TableEngagement
from loyalty.table.engine import DynamoEngine, Engine
from loyalty.table.members import TableMembers
from loyalty.table.messages import TableLetters, correspondence_to_item
from loyalty.table.operations import Item
from loyalty.usecases.ledger.sweeps import DueItem, Finder
from loyalty.usecases.messaging.reminders import check_member
from tests.support.documents import published
from tests.support.sweeping import ListedPages
from tests.support.table import create_table

PROGRAM_ID: Final = "bean"
LAST_DAY: Final = date(2026, 11, 30)
MORNING: Final = datetime(2026, 11, 23, 7, tzinfo=UTC)
NEXT_MONTH: Final = MORNING + timedelta(days=30)
KEYRING: Final = Keyring({"1": b"a secret of the bench"}, current="1")


def reminders(cloud: Cloud) -> Iterator[Figure]:
    yield from due_figures("reminders", partial(_Town, cloud), done="reminded")


class _Town:
    """Members of one program in a table of their own, some with points that expire in a week.

    The others have only an entry in the index: nothing is due for a month.
    """

    def __init__(self, cloud: Cloud, *, members: int, due: int) -> None:
        self._program = published(
            program_id=PROGRAM_ID, reminders={"points_expiring": {"days_before": [7]}}
        )
        table = create_table(cloud.aws.dynamodb, f"reminders-{members}-{due}")
        self.engine = DynamoEngine(cloud.aws.table_service, table=table)
        self.messages = 0
        on_file = TableMembers(self.engine, program_id=PROGRAM_ID, keyring=lambda: KEYRING)
        letters = TableLetters(self.engine, program_id=PROGRAM_ID)
        for number in range(due):
            on_file.enroll(_member(number), _account(number))
            unknown = Correspondence(member_id=_id(number))
            listed = Correspondence(member_id=_id(number), look_at=MORNING)
            letters.write(unknown, listed, ())
        load(cloud.aws.dynamodb, table, [_listed(number) for number in range(due, members)])

    def work_off(self, engine: Engine) -> float:
        """Find who is due and write to them one by one; return the seconds of writing."""
        pages = ListedPages()
        morning_desk = desk(engine, self._program, now=MORNING)
        Finder(
            program_id=PROGRAM_ID,
            dues=TableDues(engine, program_id=PROGRAM_ID, index="reminding"),
            pages=pages,
            now=MORNING,
        ).hand_out(
            progress=TableProgress(engine, program_id=PROGRAM_ID, of="reminders"),
            began=(MORNING - timedelta(days=1)).date,
        )
        letters = TableLetters(engine, program_id=PROGRAM_ID)
        collected = TableEngagement(engine, program_id=PROGRAM_ID)
        on_file = TableMembers(engine, program_id=PROGRAM_ID, keyring=lambda: KEYRING)
        started = time.perf_counter()
        for page in pages.sent:
            for item in page.items:
                self.messages += check_member(
                    DueItem(item).owner,
                    letters=letters,
                    members=on_file,
                    collected=collected,
                    desk=morning_desk,
                )
        return time.perf_counter() - started


def _listed(number: int) -> Item:
    correspondence = Correspondence(member_id=_id(number), look_at=NEXT_MONTH)
    key = keys.correspondence(PROGRAM_ID, correspondence.member_id)
    return correspondence_to_item(correspondence, PROGRAM_ID, revision=1) | key._asdict()


def _id(number: int) -> str:
    return f"mem_{number:022}"


def _member(number: int) -> Member:
    return Member(
        member_id=_id(number),
        enrolled_at=MORNING - timedelta(days=300),
        enrolled_by="",
        consents={"email": Consent(given=True, given_at=MORNING - timedelta(days=300))},
        identities={Identity("email", f"member-{number}@example.com"): True},
    )


def _account(number: int) -> Account:
    return Account(
        member_id=_id(number),
        balance=100,
        entries=1,
        holding=Holding(lots={LAST_DAY: 100}),
        due=LAST_DAY + timedelta(days=1),
        enrolled_at=MORNING - timedelta(days=300),
    )

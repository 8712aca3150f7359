"""Everything stored about a member in the table: each record in full, in pages of limited size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING, Final, cast

from loyalty.domain.campaigns.targeting import Targeting, united
from loyalty.domain.ledger.entries import Accrual, Edit, Entry, Placeholder
from loyalty.table import keys, records
from loyalty.table.activities import TableActivities
from loyalty.table.books import TableBooks
from loyalty.table.operations import Query, QueryPage
from loyalty.table.records.messages import message_from_item
from loyalty.table.records.responses import response_from_item
from loyalty.table.records.targeting import targeting_from_item
from loyalty.table.referrals import TableReferrals
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.domain.engagement.activities import RecordedActivity
    from loyalty.domain.engagement.referrals import Referral
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.messaging.messages import Message
    from loyalty.domain.people.survey_responses import Response
    from loyalty.table.engine import Engine
    from loyalty.table.members import TableMembers

# One batch reads a hundred entries.
ENTRIES_A_PAGE: Final = 100
# Each line and rule of a breakdown is some 250 bytes of JSON, so a page stays near 1 MB.
DETAILS_A_PAGE: Final = 5_000
BEFORE_ALL: Final = datetime(2000, 1, 1, tzinfo=UTC)


class TableHoldings:
    """Implements `Holdings`."""

    def __init__(self, engine: Engine, *, program_id: str, members: TableMembers) -> None:
        self._engine = engine
        self._program = program_id
        # Nothing is written here, so the program's time zone does not matter.
        self._books = TableBooks(engine, program_id=program_id, zone=UTC)
        self._members = members

    def entries(self, member_id: str, *, limit: int, start: str | None) -> Listed[Entry]:
        """The index lists entries without their breakdowns, so each entry's item is read too."""
        listed = self._members.history((member_id,), limit=min(limit, ENTRIES_A_PAGE), start=start)
        places = {records.cause_key(self._program, each.cause): each for each in listed.items}
        found = self._engine.get_many(places, strong=True)
        shown = list(
            _as_many_as_fit(cast("Entry", records.entry_from_item(found[key])) for key in places)
        )
        if len(shown) < len(places):
            return Listed(shown, records.history_position(shown[-1]))
        return Listed(shown, listed.next)

    def vouchers(self, member_id: str, *, limit: int, start: str | None) -> Listed[Voucher]:
        return self._books.vouchers((member_id,), limit=limit, start=start)

    def messages(self, member_id: str, *, limit: int, start: str | None) -> Listed[Message]:
        page, more = self._of_member(member_id, keys.MESSAGES, limit=limit, start=start)
        return Listed([message_from_item(item) for item in page], more)

    def survey_responses(
        self, member_id: str, *, limit: int, start: str | None
    ) -> Listed[Response]:
        page, more = self._of_member(member_id, keys.RESPONSES, limit=limit, start=start)
        return Listed([response_from_item(item) for item in page], more)

    def activities(
        self, member_id: str, *, limit: int, start: str | None
    ) -> Listed[RecordedActivity]:
        shelf = TableActivities(self._engine, program_id=self._program)
        return shelf.of_members((member_id,), limit=limit, start=start)

    def targeting(self, member_ids: Sequence[str]) -> Targeting:
        of_members = [keys.targeting(self._program, each) for each in member_ids]
        found = self._engine.get_many(of_members, strong=True).values()
        return reduce(united, map(targeting_from_item, found), Targeting(member_id=member_ids[0]))

    def referrals(self, member_ids: Sequence[str]) -> Sequence[Referral]:
        return TableReferrals(self._engine, program_id=self._program).referrals(member_ids)

    def codes(self, member_ids: Sequence[str]) -> Sequence[str]:
        shelf = TableReferrals(self._engine, program_id=self._program)
        return [each.code for each in shelf.referrers(member_ids)]

    def _of_member(
        self, member_id: str, begins_with: str, *, limit: int, start: str | None
    ) -> tuple[QueryPage, str | None]:
        partition = keys.member_partition(self._program, member_id)
        page = self._engine.query(
            Query(
                pk=partition,
                begins_with=begins_with,
                newest_first=True,
                limit=limit,
                start={"pk": partition, "sk": start} if start else None,
            )
        )
        return page, cast("str", page.next["sk"]) if page.next else None

    def guest_orders(self, guest: str, *, start: str | None) -> Listed[Placeholder]:
        return self._books.guest_orders(guest, since=BEFORE_ALL, start=start)


def _as_many_as_fit(entries: Iterator[Entry]) -> Iterator[Entry]:
    """As many entries as an answer can carry with their breakdowns, and at least one."""
    details = 0
    for entry in entries:
        details += _details(entry)
        yield entry
        if details >= DETAILS_A_PAGE:
            return


def _details(entry: Entry) -> int:
    match entry.detail:
        case Accrual() as detail:
            return len(detail.order.lines) + len(detail.shares)
        case Edit() as detail:
            return len(detail.order.lines) if detail.order else 0
        case _:
            return 0

"""Reviews in the table, listed together in the `history` index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from loyalty.table import keys
from loyalty.table.histories import newest
from loyalty.table.operations import Absent, Put, Refused
from loyalty.table.records.parts import VERSION, maybe_date
from loyalty.table.records.reviews import review_from_item, review_position, review_to_item
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from loyalty.domain.ledger.reviews import Review
    from loyalty.table.engine import Engine

# A request that looks for reviews of one state reads at most so many.
READ_MAX: Final = 1_000


class TableReviews:
    """Implements `Reviews` and `WatchBook` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def find(self, review_id: str) -> Review | None:
        item = self._engine.get(keys.review(self._program, review_id), strong=True)
        return review_from_item(item) if item else None

    def open(self, review: Review) -> None:
        key = keys.review(self._program, review.review_id)
        try:
            self._engine.write([Put(key, review_to_item(review, self._program), (Absent(),))])
        except Refused:
            # It was found before, and may have been decided since.
            return

    def watched_on(self) -> date | None:
        item = self._engine.get(keys.progress(self._program, "watches"), strong=True)
        return maybe_date(cast("str", item["day"])) if item else None

    def note_watched(self, day: date) -> None:
        key = keys.progress(self._program, "watches")
        self._engine.write([Put(key, {"v": VERSION, "day": day.isoformat()})])

    def listed(
        self, *, matches: Callable[[Review], bool], limit: int, start: str | None
    ) -> Listed[Review]:
        """A page of reviews, newest first. A page may be short although more follow."""
        partition = keys.reviews_partition(self._program)
        found: list[Review] = []
        unread = READ_MAX
        while unread > 0:
            page = newest(self._engine, [partition], limit=limit, start=start)
            for item in page.items:
                review = review_from_item(item)
                if matches(review):
                    found.append(review)
                if len(found) == limit:
                    return Listed(found, review_position(review))
            if page.next is None:
                return Listed(found, None)
            unread -= len(page.items)
            start = page.next
        return Listed(found, start)

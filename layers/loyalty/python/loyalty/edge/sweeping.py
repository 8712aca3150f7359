"""What the functions of the schedules share: a run begins with pages of programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge import clock
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import shelf
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.table.due import Index, TableDues, TableProgress
from loyalty.table.programs import TablePrograms
from loyalty.usecases.ledger.sweeps import DueItem, Finder, put_off
from loyalty.usecases.work_pages import EVERY_PROGRAM, PROGRAMS_MAX, WorkPage

if TYPE_CHECKING:
    from loyalty.edge.aws.queues.work import PageQueue


def begin_run(
    name: str,
    *,
    table: str,
    pages: PageQueue,
    pages_of: Callable[[tuple[str, ...]], Iterable[WorkPage]],
) -> None:
    """Begin a run: send pages of all programs.

    `pages_of` makes the pages of a few programs. Each program is an item of its own: one that
    cannot be read holds up no other.
    """
    programs = list(TablePrograms(engine(table)).registered())
    few = batched(programs, PROGRAMS_MAX, strict=False)
    pages.send(page for some in few for page in pages_of(some))
    logger.info(f"{name} begun", programs=len(programs))


def whole_programs(programs: tuple[str, ...], *, since: str) -> list[WorkPage]:
    """A page of programs; `since` is a date, or empty to continue after the last run."""
    items = tuple(f"{program_id} {since}".rstrip() for program_id in programs)
    return [WorkPage(program_id=EVERY_PROGRAM, lane="programs", items=items)]


def whole_program(item: str) -> tuple[str, str]:
    """The program that an item of `whole_programs` names, and since when."""
    program_id, _, since = item.partition(" ")
    return program_id, since


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSweep:
    """Finds what is due in each program and hands it out as pages of members or vouchers.

    `name` is what its progress is stored under, `index` the list of what is due, and `counts` the
    metric of how much was found.
    """

    name: str
    index: Index
    counts: str
    table: str
    pages: PageQueue

    def begin(self, run: str, *, since: str) -> None:
        begin_run(
            run,
            table=self.table,
            pages=self.pages,
            pages_of=partial(whole_programs, since=since),
        )

    def hand_out(self, page: WorkPage, item: str) -> bool:
        """Hand out what is due, if the page asks for that; returns whether it does."""
        program_id = page.program_id
        match page.lane:
            case "programs":
                program_id, began = whole_program(item)
                since = date.fromisoformat(began) if began else None
                found = self._hand_out(program_id, since=since)
            case "shards":
                found = self._finder(page.program_id).hand_out_rest(item)
            case _:
                return False
        if found:
            logger.info("queued", program_id=program_id, due=found)
            count(self.counts, found)
        return True

    def put_off(self, page: WorkPage) -> None:
        """Keep failed items out of the sweep's way: from here on their own messages retry them."""
        if page.lane not in ("members", "vouchers"):
            return
        dues, now = self.dues(page.program_id), clock.now()
        try:
            for item in page.items:
                put_off(DueItem(item), dues=dues, now=now)
        except TryAgain as error:
            # The next run finds it again, so nothing is lost.
            logger.warning("not put off", program_id=page.program_id, failure=failure(error))

    def dues(self, program_id: str) -> TableDues:
        return TableDues(engine(self.table), program_id=program_id, index=self.index)

    def _hand_out(self, program_id: str, *, since: date | None) -> int:
        def began() -> date:
            return shelf(self.table).version(program_id, 1).published_at.date()

        return self._finder(program_id).hand_out(
            progress=TableProgress(engine(self.table), program_id=program_id, of=self.name),
            began=began,
            since=since,
        )

    def _finder(self, program_id: str) -> Finder:
        dues = self.dues(program_id)
        return Finder(program_id=program_id, dues=dues, pages=self.pages, now=clock.now())

"""Puts together what a request needs: the table's books, the program, the time, and codes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from loyalty.domain.campaigns.short_budgets import ShortBudgets
from loyalty.edge import clock
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.settings import settings
from loyalty.table.actions import TableActions
from loyalty.table.books import TableBooks
from loyalty.table.programs import ProgramShelf, TablePrograms
from loyalty.table.staff import TableStaff
from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    table: str


@cache
def shelf(table: str) -> ProgramShelf:
    return ProgramShelf(TablePrograms(engine(table)))


@cache
def short_budgets() -> ShortBudgets:
    return ShortBudgets()


def open_desk(
    program_id: str, *, table: str, now: datetime | None = None, caller: str | None = None
) -> Desk:
    """The desk of a program, at this moment.

    The ledger notes the `caller`, the token subject of a staff member or service.

    Raises:
        NotFound: there is no such program.
    """
    moment = now or clock.now()
    programs = shelf(table)
    program = programs.in_force(program_id, now=moment)
    return Desk(
        books=TableBooks(engine(table), program_id=program_id, zone=program.document.zone),
        program=program,
        version=partial(programs.version, program_id),
        now=moment,
        new_code=new_code,
        pause=pause,
        caller=caller,
        short_budgets=short_budgets(),
    )


def open_actions(program_id: str) -> TableActions:
    """The record of what staff do in a program."""
    return TableActions(engine(settings(TableSettings).table), program_id=program_id)


def names_of_staff(program_id: str, subjects: Iterable[str | None]) -> Mapping[str, str]:
    """What these people are called, by subject, as far as it is known; None is nobody."""
    people = TableStaff(engine(settings(TableSettings).table), program_id=program_id)
    records = people.of([each for each in subjects if each is not None])
    return {subject: record.label for subject, record in records.items() if record.label}


def request_id(*, program_id: str, caller: str, idempotency_key: str) -> str:
    """A permanent id of a caller's request; another caller's key cannot give the same id."""
    return _digest(program_id, caller, idempotency_key)


def caller_id(*, program_id: str, caller: str) -> str:
    """A digest that stands for a caller in the table's keys, which contain no identities."""
    return _digest(program_id, caller)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest[:20]).decode().lower()


def new_code() -> str:
    """80 random bits in 16 characters that a person can read out: no 0, 1, 8 or 9."""
    return base64.b32encode(secrets.token_bytes(10)).decode()

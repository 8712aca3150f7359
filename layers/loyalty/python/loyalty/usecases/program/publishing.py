"""Publishing: a new immutable version replaces the one that the manager saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.domain.kernel.errors import Fault, StaleVersion, TooLarge, ValidationFailed
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.domain.program.kinds import DOCUMENT_BYTES_MAX
from loyalty.domain.program.publication import faults
from loyalty.usecases.program.versions import Programs, Superseded


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A version in force, and whether it is the program's first."""

    program: PublishedProgram
    is_first: bool


def publish(
    programs: Programs,
    program_id: str,
    document: Program,
    *,
    replacing: int | None,
    now: datetime,
    by: str | None = None,
    note: str | None = None,
) -> Publication:
    """Put a document in force as the version after `replacing` (0: as the first).

    `by` and `note` are kept with the version: who published it, and why.

    A repeated request succeeds again: the version in force is then the one after `replacing`, with
    the same content.

    Raises:
        ValidationFailed: the document contradicts itself.
        TooLarge: with its defaults written out it is too large to store.
        StaleVersion: `replacing` (None: no version at all) is not in force.
    """
    seen = programs.in_force(program_id)
    require_sound(document, after=seen)
    version = seen.version if seen else 0
    if version != replacing:
        return _published_before(seen, document, replacing=replacing)
    program = PublishedProgram(
        program_id=program_id,
        version=version + 1,
        published_at=now,
        document=document,
        inactivity_since=inactivity_since(document, seen=seen, today=document.today(now)),
        published_by=by,
        note=note,
        counts_since=counts_since(document, seen=seen),
        refers_since=refers_since(document, seen=seen),
    )
    try:
        programs.publish(program)
    except Superseded:
        return _published_before(programs.in_force(program_id), document, replacing=replacing)
    return Publication(program=program, is_first=version == 0)


def require_sound(document: Program, *, after: PublishedProgram | None) -> None:
    """Refuse a document that could not be published after the version in force.

    Raises:
        ValidationFailed: the document contradicts itself, or changes the program's currency.
        TooLarge: with its defaults written out it is too large to keep.
    """
    found = faults_after(document, after)
    if found:
        one = len(found) == 1
        what = found[0].detail.rstrip(".") if one else f"The program has {len(found)} mistakes"
        raise ValidationFailed(f"{what}. {_where_to_look(found)}", faults=found)
    require_size(document)


def faults_after(document: Program, after: PublishedProgram | None) -> tuple[Fault, ...]:
    """Every mistake in a document that would be published after the version in force.

    It may not change the program's currency: the orders, refunds and reports of its books are in
    that one.
    """
    return (*faults(document), *_currency_fixed(document, after))


def require_size(document: Program) -> None:
    """Refuse a document that is too large to keep with its defaults written out.

    Raises:
        TooLarge: it is.
    """
    if len(document.canonical().encode()) > DOCUMENT_BYTES_MAX:
        raise TooLarge(f"A program may have {DOCUMENT_BYTES_MAX // 1024} KB, defaults written out.")


def _where_to_look(found: Sequence[Fault]) -> str:
    """The sections of the docs about the parts with mistakes, which have the parts' names."""
    parts = dict.fromkeys(fault.pointer.split("/")[1] for fault in found if fault.pointer)
    named = ", ".join(f"“{part}”" for part in parts)
    return f"See {named} in docs/program.md" if named else "See docs/program.md"


def _currency_fixed(document: Program, after: PublishedProgram | None) -> Iterator[Fault]:
    if after and document.currency != after.document.currency:
        detail = (
            f"This program counts in {after.document.currency}. Its currency cannot change; open "
            "a new program for another one"
        )
        yield Fault("/currency", "currency_fixed", detail)


def _published_before(
    seen: PublishedProgram | None, document: Program, *, replacing: int | None
) -> Publication:
    """The version in force, if this request published it before.

    Raises:
        StaleVersion: it did not.
    """
    if (
        seen is None
        or replacing is None
        or seen.version != replacing + 1
        or seen.document.canonical() != document.canonical()
    ):
        raise StaleVersion
    return Publication(program=seen, is_first=replacing == 0)


def counts_since(document: Program, *, seen: PublishedProgram | None) -> int | None:
    """The first version that had challenges, referrals, activities or plans to look after.

    Refunds of its orders matter ever after.
    """
    if seen and seen.counts_since is not None:
        return seen.counts_since
    version = seen.version + 1 if seen else 1
    counts = (
        document.challenges
        or document.referrals
        or document.activities
        or document.plans_need_a_look
    )
    return version if counts else None


def refers_since(document: Program, *, seen: PublishedProgram | None) -> int | None:
    """The first version that had referrals: its claims are promised ever after."""
    if seen and seen.refers_since is not None:
        return seen.refers_since
    version = seen.version + 1 if seen else 1
    return version if document.referrals else None


def inactivity_since(
    document: Program, *, seen: PublishedProgram | None, today: date
) -> date | None:
    """The day since which the document's months of inactivity have been in force, unchanged."""
    if document.inactivity is None:
        return None
    inactivity = seen.document.inactivity if seen else None
    if seen and inactivity and inactivity.months == document.inactivity.months:
        return seen.inactivity_since
    return today

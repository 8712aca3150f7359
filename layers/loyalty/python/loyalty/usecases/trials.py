"""Trials: try a proposed document on people, as many as there is time for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.kernel.errors import NotFound, ValidationFailed, WrongState
from loyalty.domain.trials.happenings import LinesMissing
from loyalty.domain.trials.rules import Versions
from loyalty.domain.trials.sums import TrialSums, added_up
from loyalty.domain.trials.trial import try_on
from loyalty.usecases.program.publishing import inactivity_since, require_sound

if TYPE_CHECKING:
    from datetime import date, datetime

    from loyalty.domain.program.document import Program, PublishedProgram
    from loyalty.domain.trials.happenings import PersonFacts
    from loyalty.domain.trials.trial import Trial
    from loyalty.usecases.ports import Listed
    from loyalty.usecases.program.versions import ListedVersion

VERSIONS_AT_ONCE: Final = 100


class Tried(NamedTuple):
    """The sums of a trial, and how many people were tried."""

    sums: TrialSums
    people: int


class PublishedVersions(Protocol):
    """The versions of the programs of this deployment."""

    def publications(
        self, program_id: str, *, limit: int, before: int | None
    ) -> Listed[ListedVersion]:
        """A page of a program's versions, without their documents, newest first."""
        ...

    def version(self, program_id: str, version: int) -> PublishedProgram | None: ...


def proposed_after(
    in_force: PublishedProgram, document: Program, *, first: date
) -> PublishedProgram:
    """A document as the version after the one in force, as if it came into force on a day.

    Raises:
        ValidationFailed: it could not be published; the faults point into `/document`.
        TooLarge: with its defaults written out it is too large to keep.
    """
    try:
        require_sound(document, after=in_force)
    except ValidationFailed as refusal:
        raise in_document(refusal) from refusal
    return replace(
        in_force,
        version=in_force.version + 1,
        document=document,
        inactivity_since=inactivity_since(document, seen=in_force, today=first),
    )


def in_document(refusal: ValidationFailed) -> ValidationFailed:
    """The refusal of a document that is a part of a request."""
    faults = tuple(replace(each, pointer=f"/document{each.pointer}") for each in refusal.faults)
    return ValidationFailed(refusal.detail, faults=faults)


def versions_of(program_id: str, *, programs: PublishedVersions) -> Versions:
    """All versions of a program; each is read when it is first needed."""
    published: list[tuple[int, datetime]] = []
    before: int | None = None
    while True:
        page = programs.publications(program_id, limit=VERSIONS_AT_ONCE, before=before)
        published += [(each.version, each.published_at) for each in page.items]
        if page.next is None:
            break
        before = int(page.next)

    def read(number: int) -> PublishedProgram:
        program = programs.version(program_id, number)
        if program is None:
            raise NotFound
        return program

    return Versions(published, read=read)


def try_people(
    people: Iterable[PersonFacts], trial: Trial, *, has_time: Callable[[], bool]
) -> Tried:
    """Try a document on people, one after the other, until there is no time for another one.

    Raises:
        WrongState: the lake has an order without its lines.
    """
    parts: list[TrialSums] = []
    try:
        for person in people:
            parts.append(try_on(person, trial))
            if not has_time():
                break
    except LinesMissing as missing:
        raise WrongState(
            "The lake has orders from before it kept their lines, and a trial does not guess "
            "them. Let an operator rebuild the lake once."
        ) from missing
    return Tried(added_up(parts), len(parts))

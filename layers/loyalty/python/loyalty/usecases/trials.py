"""Trials: try a proposed document on people, as many as there is time for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.kernel.errors import NotFound, ValidationFailed, WrongState
from loyalty.domain.trials.estimates import with_ends
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


# Once a budget is shut, others of the same group give more and may end, too.
ROUNDS_MAX: Final = 3


class Tried(NamedTuple):
    """The sums of a trial, how many people were tried, and the trial with the ends of budgets."""

    sums: TrialSums
    people: int
    trial: Trial


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
    return proposed_on(in_force, document, first=first)


def proposed_on(in_force: PublishedProgram, document: Program, *, first: date) -> PublishedProgram:
    """A document that could be published, as the version after the one in force, from a day on."""
    return replace(
        in_force,
        version=in_force.version + 1,
        document=document,
        inactivity_since=inactivity_since(document, seen=in_force, today=first),
    )


def trial_id_of(
    program_id: str, document: str, *, first: date, last: date, version: int, today: date
) -> str:
    """The id of a trial of a document, as JSON, on a period, against a version, on a day."""
    identifying = (
        program_id,
        document,
        first.isoformat(),
        last.isoformat(),
        version,
        today.isoformat(),
    )
    digest = hashlib.sha256("\0".join(map(str, identifying)).encode()).digest()
    return base64.b32encode(digest[:20]).decode().lower()


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


def try_sample(
    people: Iterable[PersonFacts],
    trial: Trial,
    *,
    people_all: int,
    has_time: Callable[[], bool],
) -> Tried:
    """Try a document on people, one after the other, until there is no time for another one.

    If budgets end, those who were tried are tried again with the ends, which takes as long again
    for each of at most `ROUNDS_MAX` rounds.

    Raises:
        WrongState: the lake has an order without its lines.
    """
    tried: list[PersonFacts] = []
    parts: list[TrialSums] = []
    for person in people:
        tried.append(person)
        parts.append(try_person(person, trial))
        if not has_time():
            break
    sums = added_up(parts)
    for _ in range(1, ROUNDS_MAX):
        again = with_ends(trial, sums, tried=len(tried), people_all=people_all)
        if again == trial:
            break
        trial, sums = again, added_up(try_person(person, again) for person in tried)
    return Tried(sums, len(tried), trial)


def try_person(person: PersonFacts, trial: Trial) -> TrialSums:
    """Try a document on a person.

    Raises:
        WrongState: the lake has an order without its lines.
    """
    try:
        return try_on(person, trial)
    except LinesMissing as missing:
        raise WrongState(
            "The lake has orders from before it kept their lines, and a trial does not guess "
            "them. Let an operator rebuild the lake once."
        ) from missing

"""Trials on everybody, as managers read them, and how a worker carries them out."""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, Protocol

from pydantic import Field

from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.domain.trials.happenings import PersonFacts
from loyalty.domain.trials.rules import Versions, untried
from loyalty.domain.trials.sums import TrialSums
from loyalty.domain.trials.trial import Trial
from loyalty.domain.trials.whole import (
    Prepared,
    WholeTrial,
    WholeTrialState,
    WholeTrialTrouble,
)
from loyalty.edge.http.schemas import AnswerPart, NextCursor
from loyalty.edge.models.trials import TrialAnswer, TrialMember, trial_answer
from loyalty.lake import reports, sql_views, trial_people
from loyalty.lake.mirror import Mirror
from loyalty.lake.trial_files import TrialShelf
from loyalty.lake.trial_parts import divide
from loyalty.usecases.trials import ROUNDS_MAX, Tried, proposed_on

# Of the quarter of an hour that the function has; the rest is for facts to come and parts to go.
DIVIDE_SECONDS_MAX: Final = 600.0
# Of its 10 GB on disk, beside the facts and the parts.
SPILL_LIMIT: Final = "2GiB"


class WholeTrialProgress(AnswerPart):
    """How far a trial has come. Each round tries all members."""

    parts_done: Annotated[int, Field(description="The parts of this round that are done.")]
    parts: Annotated[
        int | None, Field(description="The parts of a round; null: they are being prepared.")
    ]
    round: Annotated[
        int,
        Field(
            description="The round, from 1. There is another one if a budget is used up in it, and "
            f"{ROUNDS_MAX} at most."
        ),
    ]


class WholeTrialReason(AnswerPart):
    """Why a trial failed."""

    code: Annotated[WholeTrialTrouble, Field(description="A stable code.")]
    detail: Annotated[str, Field(description="The reason in words.")]


class WholeTrialAnswer(AnswerPart):
    """A trial of a document on all members, and what came out once it is done."""

    id: Annotated[str, Field(description="The trial's id.")]
    state: Annotated[WholeTrialState, Field(description="Whether it is done yet.")]
    first_day: Annotated[date, Field(description="The first day, in the program's time zone.")]
    last_day: Annotated[date, Field(description="The last day, included.")]
    version: Annotated[
        int, Field(description="The version that was in force when it was requested.")
    ]
    requested_at: Annotated[datetime, Field(description="When it was requested, in UTC.")]
    finished_at: Annotated[
        datetime | None, Field(description="When it was done or failed, in UTC.")
    ]
    as_of: Annotated[
        datetime | None, Field(description="It was tried on what the lake held then, in UTC.")
    ]
    progress: Annotated[
        WholeTrialProgress | None, Field(description="How far it has come; null in lists.")
    ]
    reason: Annotated[WholeTrialReason | None, Field(description="Why it failed, if it did.")]
    answer: Annotated[
        TrialAnswer | None,
        Field(description="What came out; null in lists, and before it is done."),
    ]
    document: Annotated[
        dict[str, Any] | None, Field(description="The proposed document; null in lists.")
    ]


class WholeTrialPage(AnswerPart):
    """A page of trials, newest first."""

    items: Annotated[list[WholeTrialAnswer], Field(description="The trials of this page.")]
    next_cursor: NextCursor


def listed_answer(trial: WholeTrial) -> WholeTrialAnswer:
    """A trial as lists show it."""
    return WholeTrialAnswer(
        id=trial.trial_id,
        state=trial.state,
        first_day=trial.first,
        last_day=trial.last,
        version=trial.version,
        requested_at=trial.requested_at,
        finished_at=trial.finished_at,
        as_of=trial.prepared.as_of if trial.prepared else None,
        progress=None,
        reason=_reason(trial),
        answer=None,
        document=None,
    )


def whole_trial_answer(
    trial: WholeTrial, *, answer: TrialAnswer | None, document: dict[str, Any] | None
) -> WholeTrialAnswer:
    progress = WholeTrialProgress(
        parts_done=len(trial.parts_done),
        parts=trial.prepared.parts if trial.prepared else None,
        round=trial.round,
    )
    return listed_answer(trial).model_copy(
        update={"progress": progress, "answer": answer, "document": document}
    )


def stored_answer(
    shelf: TrialShelf, trial_id: str, *, are_members: Callable[[Collection[str]], Collection[str]]
) -> TrialAnswer | None:
    """What came out of a trial; None if it is deleted. Who has left by now is not named.

    `are_members` says which of some ids are of members who are still there.
    """
    stored = shelf.answer(trial_id)
    if stored is None:
        return None
    answer = TrialAnswer.model_validate(stored)
    both = (*answer.furthest_up, *answer.furthest_down)
    there = are_members({each.member_id for each in both})

    def of_members(some: list[TrialMember]) -> list[TrialMember]:
        return [each for each in some if each.member_id in there]

    return answer.model_copy(
        update={
            "furthest_up": of_members(answer.furthest_up),
            "furthest_down": of_members(answer.furthest_down),
        }
    )


def stored_document(shelf: TrialShelf, trial_id: str) -> dict[str, Any] | None:
    """The document of a trial; None if it is deleted."""
    stored = shelf.document(trial_id)
    document: dict[str, Any] | None = None if stored is None else json.loads(stored)
    return document


def _reason(trial: WholeTrial) -> WholeTrialReason | None:
    if trial.trouble is None:
        return None
    return WholeTrialReason(code=trial.trouble, detail=trial.detail or "")


class ReadVersions(Protocol):
    """The versions of any program."""

    def version(self, program_id: str, version: int, /) -> PublishedProgram: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialWorkshop:
    """Implements `TrialFiles` for one program: facts from the lake, and files on a shelf."""

    program_id: str
    programs: ReadVersions
    versions: Callable[[], Versions]
    mirror: Mirror
    shelf: TrialShelf
    clock: Callable[[], datetime]

    def trial(self, whole: WholeTrial) -> Trial:
        """The trial as it is tried in the current round."""
        stored = self.shelf.document(whole.trial_id)
        if stored is None:
            raise ValueError("the document of a trial is kept as long as the trial")
        in_force = self.programs.version(self.program_id, whole.version)
        return Trial(
            proposed=proposed_on(in_force, Program.model_validate_json(stored), first=whole.first),
            versions=self.versions(),
            first=whole.first,
            last=whole.last,
            ends=whole.ends,
        )

    def prepare(self, trial: WholeTrial) -> Prepared:
        as_of = self.clock()
        document = self.programs.version(self.program_id, trial.version).document
        folder = self.mirror.fetch(
            self.program_id, trial_people.COLUMNS, columns=trial_people.COLUMNS
        )
        with (
            TemporaryDirectory(dir=folder, prefix="trial-") as scratch,
            reports.querying(
                folder,
                kinds=trial_people.COLUMNS,
                document=document,
                zone=document.zone,
                until=max(trial.last, document.today(as_of)),
                seconds_max=DIVIDE_SECONDS_MAX,
                connect=partial(sql_views.connection, spill_limit=SPILL_LIMIT),
            ) as connected,
        ):
            divided = divide(connected, Path(scratch))
            self.shelf.put_parts(trial, Path(scratch), parts=divided.parts, as_of=as_of)
        return Prepared(as_of=as_of, people=divided.people, parts=divided.parts)

    def people(self, trial: WholeTrial, part: int) -> Iterator[PersonFacts]:
        return self.shelf.people(trial, part)

    def put_sums(self, trial: WholeTrial, part: int, sums: TrialSums) -> None:
        self.shelf.put_sums(trial, part, sums)

    def sums(self, trial: WholeTrial, part: int) -> TrialSums:
        return self.shelf.sums(trial, part)

    def put_answer(self, trial: WholeTrial, tried: Tried) -> None:
        in_force = self.programs.version(self.program_id, trial.version).document
        answer = trial_answer(
            tried,
            people_all=tried.people,
            untried=untried(tried.trial.proposed.document, in_force),
            in_force=in_force,
        )
        self.shelf.put_answer(trial.trial_id, answer.model_dump_json())

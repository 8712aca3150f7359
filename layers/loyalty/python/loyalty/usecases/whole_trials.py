"""Trials on everybody: requested, prepared, tried part by part, merged, and read.

Each step may be killed and is then repeated, and any message may come twice. A part is done once
its sums are stored and it is noted. Whoever finds that all parts of a round are done adds them up,
so nothing waits for the one that was killed before it could. What a round begins with is noted
before its parts are queued, and a message of the round before queues them if that was not noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.kernel.errors import NotFound, TooLarge, TryAgain, WrongState
from loyalty.domain.trials.estimates import with_ends
from loyalty.domain.trials.sums import TrialSums, added_up
from loyalty.domain.trials.whole import (
    Prepared,
    WholeTrial,
    begun,
    done,
    failed,
    gave_up,
    next_round,
)
from loyalty.usecases.ports import Listed, Raced
from loyalty.usecases.trials import ROUNDS_MAX, Tried, try_person
from loyalty.usecases.work_pages import WorkPage

if TYPE_CHECKING:
    from loyalty.domain.trials.happenings import PersonFacts
    from loyalty.domain.trials.trial import Trial
    from loyalty.usecases.work_pages import WorkPages

PREPARE: Final = "prepare"
PARTS: Final = "parts"
RACES_MAX: Final = 3


class TrialGivenUp(Exception):
    """A trial took too long; its message belongs in the dead letters."""


class PartOfTrial(NamedTuple):
    """A part of a round of a trial, as an item of a page names it."""

    trial_id: str
    round: int
    part: int

    @classmethod
    def read(cls, item: str) -> PartOfTrial:
        trial_id, number, part = item.split(" ")
        return cls(trial_id, int(number), int(part))

    def __str__(self) -> str:
        return f"{self.trial_id} {self.round} {self.part}"


class WholeTrials(Protocol):
    """The trials of one program."""

    def find(self, trial_id: str) -> WholeTrial | None:
        """Find a trial by a strongly consistent read."""
        ...

    def begin(self, trial: WholeTrial, *, seen: WholeTrial | None) -> None:
        """Record a new trial in the place of `seen`, which failed; None: of nothing.

        Raises:
            LimitReached: the program already has the most trials under way.
            Raced: there is something else, or another trial began at the same moment.
        """
        ...

    def note_round(self, trial: WholeTrial) -> None:
        """Record that a round begins, the one after the round that was recorded.

        Raises:
            Raced: the round had begun, or the trial is over.
        """
        ...

    def note_handed_out(self, trial: WholeTrial) -> None:
        """Record that the parts of the current round are queued.

        Raises:
            Raced: the round is over.
        """
        ...

    def note_part(self, trial: WholeTrial, part: int) -> None:
        """Record that a part of the current round is done; once more changes nothing.

        Raises:
            Raced: the round is over.
        """
        ...

    def end(self, trial: WholeTrial) -> None:
        """Record how a trial ended; it is then no longer under way.

        Raises:
            Raced: it is over.
        """
        ...

    def listed(self, *, limit: int, start: str | None) -> Listed[WholeTrial]:
        """List trials, newest first; the list may lag by a moment."""
        ...


class TrialFiles(Protocol):
    """What a trial reads and writes: people from the lake, and the sums of its parts."""

    def prepare(self, trial: WholeTrial) -> Prepared:
        """Divide all people of the program into parts.

        Raises:
            TooLarge: the facts are too large to divide.
        """
        ...

    def people(self, trial: WholeTrial, part: int) -> Iterator[PersonFacts]: ...

    def put_sums(self, trial: WholeTrial, part: int, sums: TrialSums) -> None: ...

    def sums(self, trial: WholeTrial, part: int) -> TrialSums:
        """The sums of a part of the current round that is done."""
        ...

    def put_answer(self, trial: WholeTrial, tried: Tried) -> None: ...


def request_trial(
    trial: WholeTrial, *, program_id: str, trials: WholeTrials, pages: WorkPages
) -> WholeTrial:
    """Request a trial; the same one again is the one that is under way or done.

    It is recorded and then queued. If queueing fails, a repeated request queues it; an extra
    message finds nothing to do.

    Raises:
        LimitReached: the program already has the most trials under way.
        TryAgain: other requests interfered in every attempt.
    """
    now = trial.requested_at
    for _ in range(RACES_MAX):
        there = trials.find(trial.trial_id)
        is_there = there is not None and there.as_of(now).state != "failed"
        current = there if there is not None and is_there else trial
        try:
            if not is_there:
                trials.begin(trial, seen=there)
        except Raced:
            continue
        if current.state == "queued":
            pages.send([page_of(program_id, PREPARE, trial.trial_id)])
        return current
    raise TryAgain


def requested_trial(trial_id: str, *, trials: WholeTrials, now: datetime) -> WholeTrial:
    """A trial in its current state.

    Raises:
        NotFound: there is no trial with this id.
    """
    found = trials.find(trial_id)
    if found is None:
        raise NotFound
    return found.as_of(now)


class TrialRun(NamedTuple):
    """What a worker needs for the trials of a program."""

    program_id: str
    trials: WholeTrials
    files: TrialFiles
    trial: Callable[[WholeTrial], Trial]
    pages: WorkPages
    clock: Callable[[], datetime]


def prepare(trial_id: str, run: TrialRun) -> None:
    """Divide all people into parts, and queue the parts.

    Raises:
        TrialGivenUp: the trial took too long.
        TryAgain: another worker prepared it at the same time.
    """
    trial = _under_way(trial_id, run)
    if trial is None:
        return
    if trial.state == "queued":
        try:
            prepared = run.files.prepare(trial)
        except TooLarge as refusal:
            _end(failed(trial, "too_large", refusal.detail, now=run.clock()), run)
            return
        trial = begun(trial, prepared)
        try:
            run.trials.note_round(trial)
        except Raced as raced:
            raise TryAgain("Another worker prepared it at the same time") from raced
    _hand_out(trial, run)


def try_part(item: PartOfTrial, run: TrialRun) -> None:
    """Try the document on the people of a part; add up the round if it was the last one.

    Raises:
        TrialGivenUp: the trial took too long.
    """
    trial = _under_way(item.trial_id, run)
    if trial is None:
        return
    if trial.round == item.round:
        if item.part not in trial.parts_done:
            try:
                _fold(trial, item.part, run)
            except WrongState as refusal:
                _end(failed(trial, "lines_missing", refusal.detail, now=run.clock()), run)
                return
            trial = run.trials.find(item.trial_id)
        if trial is not None and trial.round == item.round and not trial.parts_left:
            trial = _merge(trial, run)
    if trial is not None and not trial.is_over and trial.round > item.round:
        _hand_out(trial, run)


def _fold(trial: WholeTrial, part: int, run: TrialRun) -> None:
    tried_as = run.trial(trial)
    sums = added_up(try_person(each, tried_as) for each in run.files.people(trial, part))
    run.files.put_sums(trial, part, sums)
    with suppress(Raced):
        run.trials.note_part(trial, part)


def _merge(trial: WholeTrial, run: TrialRun) -> WholeTrial | None:
    """Add up a round whose parts are done, and begin the next one if a budget ended in it.

    Returns the trial as it is then; None if it is over.
    """
    if trial.is_over or trial.prepared is None:
        return None
    sums = added_up(run.files.sums(trial, part) for part in range(trial.prepared.parts))
    tried_as, people = run.trial(trial), trial.prepared.people
    again = with_ends(tried_as, sums, tried=people, people_all=people)
    if again.ends != tried_as.ends and trial.round < ROUNDS_MAX:
        following = next_round(trial, again.ends)
        try:
            run.trials.note_round(following)
        except Raced:
            return run.trials.find(trial.trial_id)
        return following
    run.files.put_answer(trial, Tried(sums, people, tried_as))
    _end(done(trial, now=run.clock()), run)
    return None


def _hand_out(trial: WholeTrial, run: TrialRun) -> None:
    """Queue the parts of a round, unless that was noted."""
    if trial.is_handed_out:
        return
    run.pages.send(
        page_of(run.program_id, PARTS, str(PartOfTrial(trial.trial_id, trial.round, part)))
        for part in trial.parts_left
    )
    # If the round is over by now, its parts were queued.
    with suppress(Raced):
        run.trials.note_handed_out(trial)


def _under_way(trial_id: str, run: TrialRun) -> WholeTrial | None:
    found = run.trials.find(trial_id)
    if found is not None and found.trouble == "gave_up":
        raise TrialGivenUp
    if found is None or found.is_over:
        return None
    now = run.clock()
    if now >= found.given_up_at:
        _end(gave_up(found, now=now), run)
        raise TrialGivenUp
    return found


def _end(trial: WholeTrial, run: TrialRun) -> None:
    # Another worker may have ended it in the same way.
    with suppress(Raced):
        run.trials.end(trial)


def page_of(program_id: str, lane: str, item: str) -> WorkPage:
    return WorkPage(program_id=program_id, lane=lane, items=(item,))

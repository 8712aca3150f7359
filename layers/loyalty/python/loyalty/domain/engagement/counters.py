"""Counters: under which name something is added up, and the rule that says what it is worth.

A counter is named by its kind, and where a document can have several of a kind by the id of one, as
`challenge.ten-drinks`. Names are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from loyalty.domain.engagement.award_terms import AwardOccasion, AwardTerms

if TYPE_CHECKING:
    from loyalty.domain.program.challenges import Challenge, Streak
    from loyalty.domain.program.document import Program


class CountingRule(Protocol):
    """How often something is completed by what was added up, and what that gives.

    Either a `target` or a `streak` completes it, at most `times_max` times in a window.
    """

    @property
    def id(self) -> str: ...
    @property
    def target(self) -> int | None: ...
    @property
    def streak(self) -> Streak | None: ...
    @property
    def times_max(self) -> int: ...
    @property
    def counts_different(self) -> bool: ...
    @property
    def if_undone(self) -> Literal["take_back", "keep"]: ...
    @property
    def points(self) -> int: ...
    @property
    def wait_days(self) -> int: ...
    @property
    def reward_id(self) -> str | None: ...
    @property
    def badges(self) -> tuple[str, ...]: ...


class CounterKind(NamedTuple):
    """A kind of counters: what awards for them are given for, and the rule of one by its id."""

    given_for: AwardOccasion
    rule: Callable[[Program, str], CountingRule | None]


def challenge_counter(challenge_id: str) -> str:
    """The name under which what counts for a challenge is added up."""
    return f"challenge.{challenge_id}"


def challenge_of(program: Program, challenge_id: str) -> Challenge | None:
    """The challenge of an id, if a version of the program has it."""
    return next((each for each in program.challenges if each.id == challenge_id), None)


KINDS: Final[Mapping[str, CounterKind]] = {"challenge": CounterKind("challenge", challenge_of)}


def kind_of(counter: str) -> str:
    """The kind of a counter, such as `challenge`."""
    return counter.partition(".")[0]


def id_of(counter: str) -> str:
    """The id of the challenge, or of what else a counter adds up for; empty: there is only one."""
    return counter.partition(".")[2]


def rule_of(counter: str, program: Program) -> CountingRule | None:
    """The rule of a counter, if a version of the program has it."""
    return _kind(counter).rule(program, id_of(counter))


def award_terms(counter: str, rule: CountingRule, *, version: int) -> AwardTerms:
    """What an award for a counter gives, by its rule in a version of the program."""
    return AwardTerms(
        given_for=_kind(counter).given_for,
        rule_id=rule.id,
        version=version,
        points=rule.points,
        wait_days=rule.wait_days,
        reward_id=rule.reward_id,
        badges=rule.badges,
    )


def _kind(counter: str) -> CounterKind:
    return KINDS[kind_of(counter)]

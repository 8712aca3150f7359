"""Which versions of a program decide in a world: those that did, or a proposed one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.campaigns.member_facts import sources
from loyalty.domain.trials.history import follows, that_follow
from loyalty.domain.trials.sums import minute_of

if TYPE_CHECKING:
    from loyalty.domain.facts import EntryFact
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program, PublishedProgram
    from loyalty.domain.program.segments import Segment


class Rules(Protocol):
    """The versions of a program that decide in a world."""

    def deciding(self, entry: EntryFact) -> PublishedProgram:
        """The version that decides an order."""
        ...

    def in_force(self, moment: datetime) -> PublishedProgram:
        """The version by which everything else happens."""
        ...

    def verdicts(self, entry: EntryFact) -> Mapping[str, bool]:
        """Campaigns whose verdict on the member of an order is known or cannot be found out."""
        ...

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The computed segments that are found from what a person bought by then."""
        ...

    def budget_left(self, entry: EntryFact, budget: str) -> int | None:
        """What a budget leaves what an entry was booked for; None if it is not the limit."""
        ...

    def price(self, redemption: EntryFact) -> int:
        """The points that a redemption costs."""
        ...

    @property
    def is_real(self) -> bool:
        """Whether it is the world in which every redemption could be paid."""
        ...


class Versions:
    """What really happened: each order by the version that decided it."""

    is_real: Final = True
    # Who was in them is in what was decided.
    segments: Final[tuple[Segment, ...]] = ()

    def __init__(
        self,
        published: Iterable[tuple[int, datetime]],
        *,
        read: Callable[[int], PublishedProgram],
    ) -> None:
        """`published` has the number of each version and when it was; `read` reads one."""
        ordered = sorted(published)
        self._numbers = [number for number, _ in ordered]
        self._moments = [published_at for _, published_at in ordered]
        self._read = read
        self._read_versions: dict[int, PublishedProgram] = {}

    def version(self, number: int) -> PublishedProgram:
        if number not in self._read_versions:
            self._read_versions[number] = self._read(number)
        return self._read_versions[number]

    def deciding(self, entry: EntryFact) -> PublishedProgram:
        return self.version(entry.program_version)

    def in_force(self, moment: datetime) -> PublishedProgram:
        return self.version(self._numbers[max(0, bisect_right(self._moments, moment) - 1)])

    def verdicts(self, entry: EntryFact) -> Mapping[str, bool]:
        """What was decided of the member of an order where the lake cannot tell it again."""
        meant = meant_for(entry)
        return {
            campaign.id: campaign.id in meant
            for campaign in self.deciding(entry).document.campaigns
            if reads_beyond(campaign)
        }

    def budget_left(self, entry: EntryFact, budget: str) -> int:
        """What it took: all members together had used up the rest, or it wanted no more."""
        return sum(max(0, use.amount) for use in entry.counted or () if use.limit == budget)

    def price(self, redemption: EntryFact) -> int:
        return -redemption.points


class Proposed:
    """The proposed document, as if it had been in force for the whole period.

    `ends` are the minutes in which its budgets are used up, by name. A campaign gives nothing
    after the minute of its budget.
    """

    is_real: Final = False

    def __init__(
        self, program: PublishedProgram, *, versions: Versions, ends: Mapping[str, int]
    ) -> None:
        self._program = program
        self._versions = versions
        self._ends = ends
        self._beyond = [each for each in program.document.campaigns if reads_beyond(each)]
        self.segments = that_follow(program.document) if self._beyond else ()

    def deciding(self, entry: EntryFact) -> PublishedProgram:  # noqa: ARG002  # as `Rules` has it
        return self._program

    def in_force(self, moment: datetime) -> PublishedProgram:  # noqa: ARG002  # as `Rules` has it
        return self._program

    def verdicts(self, entry: EntryFact) -> Mapping[str, bool]:
        """Verdicts of the version that decided the order, for campaigns that ask it the same.

        A campaign that asks something new of the member is for nobody, if nothing is known of it.
        """
        if not self._beyond:
            return {}
        before = {each.id: each for each in self._versions.deciding(entry).document.campaigns}
        meant = meant_for(entry)
        return {
            each.id: each.id in meant and asks_the_same(each, before.get(each.id))
            for each in self._beyond
            if asks_the_same(each, before.get(each.id)) or not follows(each, self._program.document)
        }

    def budget_left(self, entry: EntryFact, budget: str) -> int | None:
        ends = self._ends.get(budget)
        return None if ends is None or minute_of(entry.recorded_at) <= ends else 0

    def price(self, redemption: EntryFact) -> int:
        """The proposed price of the reward, where the member paid its whole price by then."""
        before = self._versions.version(redemption.program_version).document
        was, becomes = (
            document.reward(redemption.reward_id or "")
            for document in (before, self._program.document)
        )
        if was is None or becomes is None or was.cost_points != -redemption.points:
            return -redemption.points
        return becomes.cost_points


def meant_for(entry: EntryFact) -> frozenset[str]:
    """The campaigns that were for the member of an order, also if they were held out of them.

    Who is held out is drawn again, by the document that decides.
    """
    return frozenset((*(entry.opened or ()), *(entry.held_out or ())))


def reads_beyond(campaign: Campaign) -> bool:
    """Whether a campaign asks of a member what the lake does not know: it has no personal data."""
    return bool(sources(campaign) - {"orders", "bought_on"})


def asks_the_same(campaign: Campaign, other: Campaign | None) -> bool:
    return other is not None and (campaign.members, campaign.activation) == (
        other.members,
        other.activation,
    )


def untried(proposed: Program, in_force: Program) -> tuple[str, ...]:
    """The campaigns of a proposed document that a trial takes to be for nobody."""
    before = {each.id: each for each in in_force.campaigns}
    return tuple(
        each.id
        for each in proposed.campaigns
        if reads_beyond(each)
        and not asks_the_same(each, before.get(each.id))
        and not follows(each, proposed)
    )

"""A trial of a proposed document: two worlds for each person, and what differs between them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.member_facts import sources
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.trials.happenings import (
    Bought,
    Changed,
    Happening,
    PersonFacts,
    Refunded,
    happenings,
)
from loyalty.domain.trials.replay import Replay
from loyalty.domain.trials.sums import (
    Fidelity,
    LevelMove,
    MemberGain,
    TrialSums,
    furthest_down,
    furthest_up,
    gain_group,
)

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import ShardsUsed
    from loyalty.domain.facts import EntryFact
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program, PublishedProgram


class Versions:
    """What really happened: each order by the version that decided it."""

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
        self._known: dict[int, PublishedProgram] = {}

    def version(self, number: int) -> PublishedProgram:
        if number not in self._known:
            self._known[number] = self._read(number)
        return self._known[number]

    def deciding(self, entry: EntryFact) -> PublishedProgram:
        return self.version(entry.program_version)

    def in_force(self, moment: datetime) -> PublishedProgram:
        return self.version(self._numbers[max(0, bisect_right(self._moments, moment) - 1)])

    def verdicts(self, entry: EntryFact) -> Mapping[str, bool]:
        """What was decided of the member of an order where the lake cannot tell it again."""
        return {
            campaign.id: campaign.id in (entry.opened or ())
            for campaign in self.deciding(entry).document.campaigns
            if reads_beyond(campaign)
        }

    def used_up(self, moment: datetime) -> ShardsUsed:  # noqa: ARG002  # as `Rules` has it
        return MappingProxyType({})


class Proposed:
    """The proposed document, as if it had been in force for the whole period."""

    def __init__(self, program: PublishedProgram, *, versions: Versions) -> None:
        self._program = program
        self._versions = versions
        self._beyond = [each for each in program.document.campaigns if reads_beyond(each)]

    def deciding(self, entry: EntryFact) -> PublishedProgram:  # noqa: ARG002  # as `Rules` has it
        return self._program

    def in_force(self, moment: datetime) -> PublishedProgram:  # noqa: ARG002  # as `Rules` has it
        return self._program

    def verdicts(self, entry: EntryFact) -> Mapping[str, bool]:
        """Verdicts of the version that decided the order, for campaigns that ask it the same.

        A campaign that asks something new of the member is for nobody: nothing is known of it.
        """
        if not self._beyond:
            return {}
        asked = {each.id: each for each in self._versions.deciding(entry).document.campaigns}
        opened = entry.opened or ()
        return {
            each.id: each.id in opened and asks_the_same(each, asked.get(each.id))
            for each in self._beyond
        }

    def used_up(self, moment: datetime) -> ShardsUsed:  # noqa: ARG002  # as `Rules` has it
        return MappingProxyType({})


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
    asked = {each.id: each for each in in_force.campaigns}
    return tuple(
        each.id
        for each in proposed.campaigns
        if reads_beyond(each) and not asks_the_same(each, asked.get(each.id))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A proposed document, and the local days `first` to `last` whose orders it is tried on."""

    proposed: PublishedProgram
    versions: Versions
    first: date
    last: date

    @property
    def first_at(self) -> datetime:
        return midnight(self.first, self.proposed.document.zone)

    @property
    def until(self) -> datetime:
        return midnight(self.last + timedelta(days=1), self.proposed.document.zone)


def try_on(person: PersonFacts, trial: Trial) -> TrialSums:
    """Replay a person in both worlds; the first against what the ledger booked is the fidelity.

    Raises:
        LinesMissing: an order's fact is from before facts had lines.
    """
    happened = happenings(person)
    was = Replay("in_force", trial.versions, trial.first_at)
    would_be = Replay("proposed", Proposed(trial.proposed, versions=trial.versions), trial.first_at)
    for replay in (was, would_be):
        replay.run(happened, until=trial.until)
    is_counted = any(trial.first_at <= each.at < trial.until for each in happened) or any(
        replay.cells for replay in (was, would_be)
    )
    if not is_counted:
        return TrialSums()
    cells = Counter(was.cells)
    cells.update(would_be.cells)
    gained = _net(would_be) - _net(was)
    gain = MemberGain(gained, _member_id(person))
    return TrialSums(
        cells=cells,
        levels=Counter({LevelMove(was.levels(trial.until), would_be.levels(trial.until)): 1}),
        gains=Counter({gain_group(gained): 1}),
        members=1,
        gain_points=gained,
        gain_squares=gained * gained,
        furthest_up=tuple(furthest_up((gain,))),
        furthest_down=tuple(furthest_down((gain,))),
        fidelity=_fidelity(was, happened, until=trial.until),
    )


def _net(replay: Replay) -> int:
    return sum(order.net for order in replay.orders.values())


def _member_id(person: PersonFacts) -> str:
    """The member who remained."""
    remained = [each.fact_id for each in person.members if each.into is None]
    return (remained or sorted(each.member_id for each in person.entries) or [""])[0]


def _fidelity(was: Replay, happened: Sequence[Happening], *, until: datetime) -> Fidelity:
    """How far the replay of each order agrees with its entries in the ledger."""
    booked: Counter[OrderRef] = Counter()
    moved = 0
    for each in happened:
        if not isinstance(each, Bought | Refunded | Changed):
            continue
        refunds = each.refunds if isinstance(each, Bought) else ()
        for entry in (each.entry, *(refund.entry for refund in refunds)):
            ref = OrderRef(entry.source or "", entry.order_id or "")
            if ref in was.orders and entry.recorded_at < until:
                points = entry.points + entry.pending_points
                booked[ref] += points
                moved += abs(points)
    off = {ref: abs(points - was.orders[ref].net) for ref, points in booked.items()}
    return Fidelity(
        orders=len(booked),
        orders_exact=sum(not each for each in off.values()),
        points_booked=moved,
        points_off=sum(off.values()),
    )

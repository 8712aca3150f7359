"""A trial of a proposed document: two worlds for each person, and what differs between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.trials.happenings import (
    BuyStep,
    ChangeStep,
    Happening,
    PersonFacts,
    RefundStep,
    happenings,
)
from loyalty.domain.trials.replay import Replay
from loyalty.domain.trials.rules import Proposed, Versions
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
    from loyalty.domain.program.document import PublishedProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A proposed document, and the local days `first` to `last` whose orders it is tried on.

    `ends` are the minutes in which budgets of the document are used up, as far as they are known.
    """

    proposed: PublishedProgram
    versions: Versions
    first: date
    last: date
    ends: Mapping[str, int] = field(default_factory=dict)

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
    was = Replay.of("in_force", trial.versions, first_at=trial.first_at)
    proposed = Proposed(trial.proposed, versions=trial.versions, ends=trial.ends)
    would_be = Replay.of("proposed", proposed, first_at=trial.first_at)
    for replay in (was, would_be):
        replay.run(happened, until=trial.until)
    is_counted = any(trial.first_at <= each.booked_at < trial.until for each in happened) or any(
        replay.tally.cells for replay in (was, would_be)
    )
    if not is_counted:
        return TrialSums()
    cells = Counter(was.tally.cells)
    cells.update(would_be.tally.cells)
    gained = _net(would_be) - _net(was)
    gain = MemberGain(gained, _member_id(person))
    return TrialSums(
        cells=cells,
        taken=would_be.tally.taken,
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
        if not isinstance(each, BuyStep | RefundStep | ChangeStep):
            continue
        refunds = each.refunds if isinstance(each, BuyStep) else ()
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

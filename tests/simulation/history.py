"""Random histories: requests in a random order, at random times, with random faults."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal, cast

from loyalty.domain.program.document import PublishedProgram
from loyalty.usecases.orders.accrual import GuestOrderKept
from loyalty.usecases.orders.refunds import Waiting
from tests.simulation import naive
from tests.simulation.answers import (
    REFUSALS,
    is_anybody_erased,
    is_same,
    may_be_refused_later,
)
from tests.simulation.auditing.seen import Violation
from tests.simulation.drawing import requests
from tests.simulation.drawing.activities import of_activities, with_activities
from tests.simulation.drawing.campaigns import dressed, newcomer, of_campaigns
from tests.simulation.drawing.challenges import of_challenges, with_challenges
from tests.simulation.drawing.requests import MEMBERS, Logical
from tests.simulation.drawing.reviews import of_reviews, with_safeguards
from tests.simulation.drawing.worlds import drawn_world
from tests.simulation.requests.engagement import Look
from tests.simulation.requests.happened import has_happened
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.sweeps import Sweep
from tests.simulation.rest import (
    check_nobody_erased_is_known,
    check_nothing_is_due,
    check_nothing_is_left_between,
    check_orders,
    check_refunds_counted,
    check_tellings,
    check_whose_orders_are,
    shown_balance,
)
from tests.simulation.rest_of_activities import check_activities, check_waiting
from tests.simulation.rest_of_challenges import check_challenges
from tests.simulation.stories import check_paid_points, check_stories
from tests.simulation.waking import Worker
from tests.simulation.world import Answer, Attempt, Fault, Newcomer, Read, Request, World, Write

FAULTS: Final = (
    Fault.CONFLICT,
    Fault.THROTTLED,
    Fault.LATE,
    Fault.ANSWER_LOST,
    Fault.ANSWER_LOST,
    Fault.ANSWER_LOST,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
# An order may be at most 90 days old, and has to be recorded in the end.
_LONGEST: Final = timedelta(days=60)
# Long after all points of every simulated program have expired.
_AGES: Final = timedelta(days=1500)


# What can be asked for in every history.
type Focus = Literal["campaigns", "challenges"]


@dataclass(slots=True)
class History:
    """One seed's history. `run` raises `Violation` when the books break a promise.

    `focus`: the program has these, as otherwise in some histories only.
    """

    seed: int
    focus: Focus | None = None
    trace: Callable[[str], None] | None = None
    calls: int = field(init=False, default=0)
    world: World = field(init=False)
    _draw: random.Random = field(init=False)
    _faults: float = field(init=False)
    # Many requests around one midnight, instead of a few over days.
    _rush: bool = field(init=False)
    _began: datetime = field(init=False)
    _worker: Worker | None = field(init=False, default=None)
    _answers: dict[str, tuple[Request, Answer]] = field(init=False, default_factory=dict)
    # Attempts at requests that had already happened or been answered when they began.
    _replays: set[int] = field(init=False, default_factory=set)
    # Of these, attempts at requests that only waited when they began: they may answer that later.
    _of_waiting: set[int] = field(init=False, default_factory=set)

    def run(self) -> None:
        draw = self._draw = random.Random(self.seed)
        self._faults = draw.choice((0.0, 0.1, 0.25, 0.4))
        self._rush = draw.random() < 0.2
        campaigns = self._own("campaigns drawn")
        has_campaigns = campaigns.random() < 0.03 or self.focus == "campaigns"
        challenges = self._own("challenges drawn")
        has_challenges = challenges.random() < 0.04 or self.focus == "challenges"
        guests, strangers = self._own("guests"), self._own("strangers")
        with_guests = guests.random() < 0.12
        claim_days = guests.choice((30, 30, 30, 1, 0)) if with_guests else 30
        with_strangers = strangers.random() < 0.12
        self.world = drawn_world(
            draw,
            rush=self._rush,
            claim_days=claim_days,
            min_age_days=self._own("ages").choice((0, 1, 1, 2, 12)),
            late_minutes=self._own("bounds").choice((0, 60, 1500, 10_080)),
            campaigns=campaigns if has_campaigns else None,
            trace=self.trace,
        )
        if (limits := self._own("safeguards")).random() < 0.25:
            with_safeguards(limits, self.world)
        if has_challenges:
            with_challenges(challenges, self.world)
            self._worker = Worker(challenges, self.world)
        activities = self._own("activities drawn")
        has_activities = has_challenges and activities.random() < 0.4
        if has_activities:
            with_activities(activities, self.world)
        self._began = self.world.now
        members = MEMBERS[: draw.choice((1, 1, 2) if self._rush else (1, 1, 2, 3))]
        with_erasure = draw.random() < 0.08
        self.world.enroll(
            *members,
            with_profiles=with_erasure or with_guests or with_strangers or has_campaigns,
            newcomer=partial(newcomer, campaigns, self.world) if has_campaigns else Newcomer,
        )
        logical = requests.drawn(draw, self.world, with_erasure=with_erasure)
        if with_guests:
            logical += requests.of_guests(guests, self.world)
        if with_strangers:
            logical += requests.of_strangers(strangers, self.world)
        logical += self._beside(logical)
        if has_campaigns:
            logical += of_campaigns(campaigns, self.world)
            logical = [dressed(self.seed, each) for each in logical]
        if has_challenges:
            logical += of_challenges(challenges, self.world)
        if has_activities:
            logical += of_activities(activities, self.world, logical)
        if self.world.programs[-1].document.safeguards:
            logical += of_reviews(limits, self.world, logical)
        self._play(_jobs(draw, logical))
        check_nothing_is_left_between(self.world, self._answers.values())
        self._come_to_rest([each.request for each in logical])

    def _beside(self, logical: Sequence[Logical]) -> list[Logical]:
        """What happens in some histories only."""
        beside: list[Logical] = []
        if (shops := self._own("shops")).random() < 0.2:
            beside += requests.of_shops(shops, logical)
        if (presents := self._own("presents")).random() < 0.15:
            beside += requests.of_presents(presents, self.world)
        if (offline := self._own("offline tills")).random() < 0.2:
            beside += requests.of_offline_tills(offline, self.world)
        at_levels = self._own("rewards at levels")
        if self.world.program().document.tiers and at_levels.random() < 0.5:
            beside += requests.at_levels(at_levels, self.world)
        if (shopping := self._own("stories")).random() < 0.15:
            beside += requests.of_stories(shopping, self.world)
        return beside

    def _own(self, what: str) -> random.Random:
        """A generator of its own, so that what it draws does not change the rest of the history."""
        return random.Random(f"{what} of {self.seed}")

    def _play(self, jobs: list[Request]) -> None:
        """Run overlapping requests, move the clock and inject faults until all jobs are done."""
        draw, world = self._draw, self.world
        active: list[Attempt] = []
        width = draw.choice((4, 6, 8) if self._rush else (1, 2, 3, 4))
        while jobs or active or world.in_limbo:
            if world.in_limbo and (draw.random() < 0.15 or not (jobs or active)):
                world.deliver(draw.randrange(len(world.in_limbo)))
                continue
            while jobs and len(active) < width:
                active.append(self._start(jobs.pop()))
            if self._worker and (look := self._worker.next_look()):
                active.append(self._start(look))
            attempt = active[int(draw.random() * len(active))]
            self._tick()
            if attempt.call is not None:
                self.calls += 1
                attempt.step(self._fault(attempt.call))
            if attempt.call is None:
                active.remove(attempt)
                self._answered(attempt)

    def _start(self, request: Request) -> Attempt:
        program = self.world.program()
        if len(self.world.programs) > 1 and self._draw.random() < 0.5:
            # A function may use the version that it has cached for half a minute.
            program = self.world.program(moment=self.world.now - timedelta(seconds=30))
        return self._begin(request, program)

    def _begin(self, request: Request, program: PublishedProgram | None = None) -> Attempt:
        _, answered = self._answers.get(request.name, (request, None))
        happened = has_happened(request, self.world)
        attempt = self.world.start(request, program=program)
        if happened or answered:
            self._replays.add(attempt.number)
        if not happened and answered and isinstance(answered.value, GuestOrderKept | Waiting):
            self._of_waiting.add(attempt.number)
        return attempt

    def _fault(self, call: Read | Write) -> Fault:
        draw = self._draw
        if isinstance(call, Read) and not call.strong and draw.random() < 0.3:
            return Fault.STALE
        luck = draw.random()
        if luck >= self._faults:
            return Fault.NONE
        return FAULTS[int(luck / self._faults * len(FAULTS))]

    def _tick(self) -> None:
        draw = self._draw
        world = self.world
        if self._rush:
            world.now += _SECOND * (draw.random() < 0.04)
            return
        if draw.random() < 0.8 or world.now - self._began > _LONGEST:
            return
        match int(draw.random() * 7):
            case 0 | 1:
                world.now += _SECOND
            case 2:
                world.now += timedelta(minutes=draw.choice((1, 20, 61)))
            case 3:
                world.now += timedelta(hours=draw.choice((1, 5, 24)))
            case _:
                # Right before, at or right after the next midnight.
                tomorrow = world.now.astimezone(world.zone).date() + _DAY
                midnight = datetime.fromisoformat(
                    naive.midnight_told(tomorrow.isoformat(), world.zone.key)
                )
                moment = midnight + _SECOND * draw.choice((-1, 0, 1))
                world.now = max(world.now, moment)

    def _answered(self, attempt: Attempt) -> None:
        """An answer stays true: the same request never gets a different one.

        There is one exception. An attempt may keep an order for a guest, then another attempt
        records it for a member who is erased. Then the first may still answer `guest`.
        """
        answer = cast("Answer", attempt.answer)
        request = attempt.request
        if isinstance(request, Look) and self._worker:
            self._worker.answered(request, answer)
            return
        if answer.code in ("crashed", "try_again") or isinstance(request, Sweep):
            return
        _, first = self._answers.get(request.name, (request, None))
        if answer.is_done:
            if first is None or isinstance(first.value, GuestOrderKept | Waiting):
                self._answers[request.name] = (request, answer)
            elif (
                isinstance(answer.value, GuestOrderKept | Waiting)
                and attempt.number not in self._replays - self._of_waiting
            ):
                return
            elif not is_same(first.value, answer.value):
                raise Violation(
                    f"{attempt.name} answers {answer.value}, first it was {first.value}"
                )
            return
        if answer.code not in REFUSALS:
            raise Violation(f"{attempt.name} is refused: {answer.code}")
        if attempt.number in self._replays and not may_be_refused_later(request, self.world):
            raise Violation(f"{attempt.name} had happened, and is refused: {answer.code}")

    def _come_to_rest(self, sent: Sequence[Request]) -> None:
        """Repeat every request without faults, and check the books."""
        world = self.world
        world.log("— everything is asked once more, and nothing goes wrong —")
        for request in sent:
            if isinstance(request, Earn | Record) and request.name not in self._answers:
                self._finish(request)
        check_refunds_counted(world, self._answers.values())
        self._look_at_all()
        if self._worker:
            check_waiting(world)
        for request in sent:
            self._finish(request)
        self._look_at_all()
        if self._worker:
            check_challenges(world)
            check_activities(world, sent)
        check_orders(world)
        if not is_anybody_erased(world):
            check_tellings(world, sent)
            check_stories(world, sent)
            check_paid_points(world)
        check_nobody_erased_is_known(world)
        check_whose_orders_are(world, sent)
        for later in (timedelta(hours=self._draw.choice((0, 24))), _AGES):
            world.now += later
            self._sweep_and_compare()

    def _look_at_all(self) -> None:
        while self._worker and (look := self._worker.waits_longest()):
            self._finish(look)

    def _sweep_and_compare(self) -> None:
        """A sweep does not change what a member is shown."""
        world = self.world
        shown = {each: shown_balance(world, each) for each in world.auditor.accounts}
        returned = world.auditor.returned
        self._finish(Sweep())
        for member_id, balance in shown.items():
            # Points of a hold that ran out are in no balance until the hold is released.
            if balance != shown_balance(world, member_id) and returned == world.auditor.returned:
                raise Violation(f"{member_id} was shown {balance} and has another balance")
        check_nothing_is_due(world)

    def _finish(self, request: Request) -> None:
        attempt = self._begin(request)
        while attempt.call is not None:
            self.calls += 1
            attempt.step()
        self._answered(attempt)
        if not isinstance(request, Sweep) and cast("Answer", attempt.answer).code == "try_again":
            raise Violation(f"{attempt.name} has nothing in its way, and cannot go on")


def _jobs(draw: random.Random, logical: Sequence[Logical]) -> list[Request]:
    """Every request as often as its callers send it, and some sweeps, in reverse order."""
    jobs = [each.request for each in logical for _ in range(each.copies)]
    jobs += [Sweep()] * draw.choice((1, 1, 2))
    draw.shuffle(jobs)
    if draw.random() < 0.5:
        jobs.sort(key=lambda request: isinstance(request, Earn) and draw.random() < 0.7)
    return jobs

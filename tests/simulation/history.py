"""Random histories: requests in a random order, at random times, with random faults."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from loyalty.domain.ledger.account import Account, TierFloor, view
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.orders.order import Line, Order, fingerprint
from loyalty.domain.people.identity import Identity
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import keys, records
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept
from loyalty.usecases.orders.edits import Edited, Outdated
from loyalty.usecases.orders.refunds import Refunded, Waiting
from tests.simulation import naive, programs
from tests.simulation.auditor import SETTLED_AS, Violation
from tests.simulation.requests import (
    EMAIL,
    PHONE,
    Adjust,
    Cancel,
    Complete,
    Earn,
    Erase,
    Give,
    GiveCode,
    GiveReward,
    Grant,
    Join,
    LetGo,
    Link,
    Merge,
    Note,
    Record,
    Redeem,
    Refund,
    SignIn,
    Sweep,
    Use,
    has_happened,
)
from tests.simulation.stories import check_paid_points, check_stories, story
from tests.simulation.world import (
    PROGRAM_ID,
    Answer,
    Attempt,
    Fault,
    Read,
    Request,
    World,
    Write,
    keyring,
)

# Places and times with unusual days: both ends of daylight saving (at 1:00, at 2:00, at midnight,
# by half an hour), the first and last place where a day begins, a leap day, a year's end.
PLACES: Final[tuple[tuple[str, date], ...]] = (
    ("Europe/Berlin", date(2026, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 24)),
    ("America/New_York", date(2026, 3, 7)),
    ("America/New_York", date(2026, 10, 31)),
    ("America/Havana", date(2026, 3, 7)),
    ("America/Havana", date(2026, 10, 31)),
    ("Africa/Cairo", date(2026, 4, 23)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Santiago", date(2026, 4, 4)),
    ("America/Santiago", date(2026, 9, 5)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Asia/Kathmandu", date(2026, 12, 31)),
    ("Pacific/Kiritimati", date(2026, 2, 27)),
    ("Etc/GMT+12", date(2026, 12, 30)),
    ("UTC", date(2028, 2, 28)),
    ("Asia/Kolkata", date(2026, 1, 30)),
)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
# Long after all points of every simulated program have expired.
_AGES: Final = timedelta(days=1500)


@dataclass(frozen=True, slots=True)
class Logical:
    """A request that its caller repeats until it is answered."""

    request: Request
    copies: int


@dataclass(slots=True)
class History:
    """One seed's history. `run` raises `Violation` when the books break a promise."""

    seed: int
    trace: Callable[[str], None] | None = None
    calls: int = field(init=False, default=0)
    world: World = field(init=False)
    _draw: random.Random = field(init=False)
    _faults: float = field(init=False)
    # Many requests around one midnight, instead of a few over days.
    _rush: bool = field(init=False)
    _answers: dict[str, tuple[Request, Answer]] = field(init=False, default_factory=dict)
    # Attempts at requests that had already happened or been answered when they began.
    _replays: set[int] = field(init=False, default_factory=set)
    # Of these, attempts at requests that only waited when they began: they may answer that later.
    _of_waiting: set[int] = field(init=False, default_factory=set)

    def run(self) -> None:
        draw = self._draw = random.Random(self.seed)
        self._faults = draw.choice((0.0, 0.1, 0.25, 0.4))
        self._rush = draw.random() < 0.2
        # Drawn from a generator of their own, so that they do not change the rest of the history.
        guests = random.Random(f"guests of {self.seed}")
        with_guests = guests.random() < 0.12
        claim_days = guests.choice((30, 30, 30, 1, 0)) if with_guests else 30
        strangers = random.Random(f"strangers of {self.seed}")
        with_strangers = strangers.random() < 0.12
        self.world = _world(
            draw,
            rush=self._rush,
            claim_days=claim_days,
            min_age_days=random.Random(f"ages of {self.seed}").choice((0, 1, 1, 2, 12)),
            late_minutes=random.Random(f"bounds of {self.seed}").choice((0, 60, 1500, 10_080)),
            trace=self.trace,
        )
        members = MEMBERS[: draw.choice((1, 1, 2) if self._rush else (1, 1, 2, 3))]
        with_erasure = draw.random() < 0.08
        self.world.enroll(*members, with_profiles=with_erasure or with_guests or with_strangers)
        logical = _drawn(draw, self.world, with_erasure=with_erasure)
        if with_guests:
            logical += _guests(guests, self.world)
        if with_strangers:
            logical += _strangers(strangers, self.world)
        shops = random.Random(f"shops of {self.seed}")
        if shops.random() < 0.2:
            logical += _shops(shops, logical)
        presents = random.Random(f"presents of {self.seed}")
        if presents.random() < 0.15:
            logical += _presents(presents, self.world)
        offline = random.Random(f"offline tills of {self.seed}")
        if offline.random() < 0.2:
            logical += _late(offline, self.world)
        at_levels = random.Random(f"rewards at levels of {self.seed}")
        if self.world.program().document.tiers and at_levels.random() < 0.5:
            logical += _at_levels(at_levels, self.world)
        shopping = random.Random(f"stories of {self.seed}")
        if shopping.random() < 0.15:
            logical += _stories(shopping, self.world)
        self._play(_jobs(draw, logical))
        _check_nothing_is_left_between(self.world, self._answers.values())
        self._come_to_rest([each.request for each in logical])

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
        if draw.random() < 0.8:
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
            elif not _same(first.value, answer.value):
                raise Violation(
                    f"{attempt.name} answers {answer.value}, first it was {first.value}"
                )
            return
        if answer.code not in REFUSALS:
            raise Violation(f"{attempt.name} is refused: {answer.code}")
        if attempt.number in self._replays and not _may_be_refused_later(request, self.world):
            raise Violation(f"{attempt.name} had happened, and is refused: {answer.code}")

    def _come_to_rest(self, requests: Sequence[Request]) -> None:
        """Repeat every request without faults, and check the books."""
        world = self.world
        world.log("— everything is asked once more, and nothing goes wrong —")
        for request in requests:
            if isinstance(request, Earn | Record) and request.name not in self._answers:
                self._finish(request)
        _check_refunds_counted(world, self._answers.values())
        for request in requests:
            self._finish(request)
        _check_orders(world)
        if not _anybody_erased(world):
            _check_tellings(world, requests)
            check_stories(world, requests)
            check_paid_points(world)
        _check_nobody_erased_is_known(world)
        _check_whose_orders_are(world, requests)
        for later in (timedelta(hours=self._draw.choice((0, 24))), _AGES):
            world.now += later
            self._sweep_and_compare()

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
        _check_nothing_is_due(world)

    def _finish(self, request: Request) -> None:
        attempt = self._begin(request)
        while attempt.call is not None:
            self.calls += 1
            attempt.step()
        self._answered(attempt)
        if not isinstance(request, Sweep) and cast("Answer", attempt.answer).code == "try_again":
            raise Violation(f"{attempt.name} has nothing in its way, and cannot go on")


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
# Requests that may be refused. Enrolling, orders and repeats must never be.
REFUSALS: Final = frozenset(
    {
        "identity_taken",
        "insufficient_points",
        "limit_reached",
        "out_of_stock",
        "points_too_new",
        "reward_unavailable",
        "voucher_issued",
        "voucher_used",
        "wrong_state",
        "not_found",
        "validation_failed",
    }
)


def _world(
    draw: random.Random,
    *,
    rush: bool,
    claim_days: int,
    min_age_days: int,
    late_minutes: int,
    trace: Callable[[str], None] | None,
) -> World:
    zone_name, day = draw.choice(PLACES)
    zone = ZoneInfo(zone_name)
    day += _DAY * draw.choice((-1, 0, 0, 1))
    clock = time(draw.choice((0, 1, 12, 22, 23)), draw.choice((0, 58)), tzinfo=zone)
    now = datetime.combine(day, clock)
    if rush:
        midnight = naive.midnight_told(day.isoformat(), zone_name)
        now = datetime.fromisoformat(midnight) - _SECOND
    now = datetime.fromtimestamp(now.timestamp(), UTC)
    quiet = draw.random() < 0.15
    tiers = draw.choice(programs.TIERS) if draw.random() < 0.15 else None
    first = programs.document(
        zone_name,
        expiry=draw.choice(programs.QUIET_EXPIRIES if quiet else programs.EXPIRIES),
        inactivity=draw.choice(programs.QUIETS) if quiet else None,
        expiry_by_source=programs.BY_SOURCE[now.toordinal() % len(programs.BY_SOURCE)],
        rules=programs.TIERED if tiers else draw.choice(programs.RULES),
        tiers=tiers,
        pending_days=draw.choice((0, 0, 1, 2)),
        clawback=draw.choice(("unlimited", "unlimited", "within_balance", "only_pending")),
        reinstate_days=draw.choice((0, 0, 2)),
        hold_minutes=draw.choice((1, 15, 600)),
        claim_days=claim_days,
        min_age_days=min_age_days,
        late_redemption_minutes=late_minutes,
    )
    since = day - _DAY * draw.choice((1, 20, 31)) if quiet else None
    versions = [programs.published(first, published_at=now - 90 * _DAY, inactivity_since=since)]
    if not quiet and draw.random() < 0.2:
        second = programs.changed(
            first,
            {
                "expiry": draw.choice(programs.EXPIRIES),
                "earning_rules": draw.choice(programs.RULES),
                "clawback": draw.choice(("unlimited", "within_balance")),
            },
        )
        later = now + timedelta(hours=draw.choice((0, 1, 12)))
        versions.append(programs.published(second, published_at=later, version=2))
    return World(
        *versions, now=now, reported=draw.choice(("all", "all", "first", "last")), trace=trace
    )


MEMBERS: Final = ("ann", "bob", "cho")
NEWCOMER: Final = "dan"


def _drawn(draw: random.Random, world: World, *, with_erasure: bool) -> list[Logical]:
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 2, 3))):
        requests += _shopping(draw, world, draw.choice(members), f"o{number}")
    scarce = draw.random() < 0.15
    for number in range(draw.choice((0, 1, 1, 2, 3)) + 2 * scarce):
        requests += _redemption(draw, draw.choice(members), f"k{number}", scarce=scarce)
    for number in range(draw.choice((0, 0, 0, 0, 1, 2))):
        points = draw.choice((1, -1)) * draw.randint(1, 50)
        requests.append(
            Adjust(
                draw.choice(members),
                points,
                f"j{number}",
                below_zero=world.auditor.may_owe and draw.random() < 0.4,
                expiring_on=_some_day(draw, world) if points > 0 and draw.random() < 0.5 else None,
            )
        )
    if len(members) > 1:
        for number in range(draw.choice((0, 0, 0, 0, 1, 2))):
            giver, taker = draw.choice(members), draw.choice(members)
            requests.append(Give(giver, taker, draw.randint(1, 40), f"t{number}"))
        if draw.random() < 0.3:
            loser, survivor = draw.sample(members, 2)
            requests.append(Merge(loser, survivor, "m0"))
            if draw.random() < 0.3:
                requests.append(Merge(survivor, draw.choice(members), "m1"))
    if world.program().document.tiers is not None:
        for _ in range(draw.choice((0, 0, 1, 2))):
            requests.append(Grant(draw.choice(members), _floor(draw, world)))
    if with_erasure:
        requests.append(Erase(draw.choice(members)))
    return _sent(draw, requests)


def _sent(draw: random.Random, requests: Iterable[Request]) -> list[Logical]:
    return [Logical(request, draw.choice((1, 1, 1, 1, 1, 2, 3))) for request in requests]


def _guests(draw: random.Random, world: World) -> list[Logical]:
    """Orders of a guest, who then enrolls, or proves to be one member or several."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        order = _order(draw, world, f"g{number}")
        known_by = draw.choice(((EMAIL,), (EMAIL,), (EMAIL, PHONE), (PHONE,)))
        if draw.random() < 0.4:
            requests.append(Earn(order, None, known_by))
        else:
            tellings = _tellings(draw, order)
            requests += [Record(version, None, known_by) for version in tellings]
            order = tellings[-1]
        for refunded in range(draw.choice((0, 0, 1, 2))):
            requests.append(Refund(order, _refund(draw, world, order, f"r{refunded}")))
    if draw.random() < 0.7:
        requests.append(Join(NEWCOMER, verified=draw.random() < 0.9))
        if draw.random() < 0.3:
            requests.append(Redeem(NEWCOMER, "for-10", "k-guest"))
        if draw.random() < 0.2:
            requests.append(Merge(NEWCOMER, draw.choice(members), "m-guest"))
    for identity in (EMAIL, PHONE):
        if draw.random() < 0.4:
            requests.append(Link(draw.choice((*members, NEWCOMER)), identity))
    if draw.random() < 0.1:
        requests.append(Erase(draw.choice((*members, NEWCOMER))))
    return _sent(draw, requests)


def _strangers(draw: random.Random, world: World) -> list[Logical]:
    """Addresses that tills type and other people prove, while orders arrive under them."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 2, 3))):
        known_by = draw.choice(((EMAIL,), (PHONE,), (EMAIL, PHONE), (PHONE, EMAIL)))
        order = _order(draw, world, f"s{number}")
        requests.append(Earn(order, None, known_by))
        if draw.random() < 0.3:
            requests.append(Refund(order, _refund(draw, world, order, "r0")))
    requests += [
        Note(member_id, identity)
        for member_id in members
        for identity in (EMAIL, PHONE)
        if draw.random() < 0.5
    ]
    for who in ("pia", "quinn")[: draw.choice((1, 1, 2))]:
        # Again later, maybe under more identities than before.
        requests += [
            SignIn(who, draw.choice(((EMAIL,), (PHONE,), (EMAIL, PHONE))))
            for _ in range(draw.choice((1, 1, 2)))
        ]
    if draw.random() < 0.3:
        requests.append(Join("eve", verified=draw.random() < 0.3))
    if draw.random() < 0.3:
        requests.append(Link(draw.choice(members), draw.choice((EMAIL, PHONE))))
    if draw.random() < 0.2 and len(members) > 1:
        loser, survivor = draw.sample(members, 2)
        requests.append(Merge(loser, survivor, "m-strangers"))
    if draw.random() < 0.1:
        requests.append(Erase(draw.choice(members)))
    return _sent(draw, requests)


def _shopping(
    draw: random.Random, world: World, member_id: str, order_id: str
) -> Iterator[Request]:
    """An order, sent once or again for each change, and its refunds."""
    order = _order(draw, world, order_id)
    if draw.random() < 0.12:
        for version in _tellings(draw, order):
            yield Record(version, member_id)
    else:
        if draw.random() < 0.1:
            yield Earn(order, None)
        yield Earn(order, member_id)
    for number in range(draw.choice((0, 0, 1, 1, 2))):
        yield Refund(order, _refund(draw, world, order, f"r{number}"))


def _order(draw: random.Random, world: World, order_id: str) -> Order:
    lines = _lines(draw)
    # The points of an order that arrives late may have expired by then.
    ago = timedelta(hours=draw.choice((0, 0, 0, 1, 25, 49)))
    return Order(source="till", order_id=order_id, occurred_at=world.now - ago, lines=lines)


def _lines(draw: random.Random) -> tuple[Line, ...]:
    return tuple(
        Line(
            line_id=f"l{number}",
            sku=None,
            category=draw.choice((None, "coffee", "tea", "tax")),
            quantity=draw.choice((1, 1, 2, 3)),
            amount_minor=draw.randint(0, 60),
        )
        for number in range(draw.choice((1, 1, 2, 3)))
    )


def _tellings(draw: random.Random, order: Order) -> list[Order]:
    """The versions of one order that a storefront sends over time, with tax in what was paid."""
    versions: list[Order] = []
    for number in range(draw.choice((1, 2, 3))):
        lines = order.lines if draw.random() < 0.3 else _lines(draw)
        if draw.random() < 0.5:
            lines = tuple(replace(line, gross_minor=line.amount_minor * 5 // 4) for line in lines)
        versions.append(replace(order, lines=lines, told_at=order.occurred_at + number * _SECOND))
    return versions


def _refund(draw: random.Random, world: World, order: Order, refund_id: str) -> RequestedRefund:
    quantities: dict[str, int] = {}
    amounts_minor: dict[str, int] = {}
    amount_minor, whole = 0, False
    match draw.choice(("lines", "lines", "money of lines", "amount", "whole")):
        case "lines":
            quantities = {
                line.line_id: draw.randint(1, line.quantity)
                for line in order.lines
                if draw.random() < 0.7
            }
        case "money of lines":
            amounts_minor = {
                line.line_id: draw.randint(1, 1 + line.amount_minor)
                for line in order.lines
                if draw.random() < 0.7
            }
        case "amount":
            amount_minor = draw.randint(1, 1 + order.amount_minor)
        case _:
            whole = True
    return RequestedRefund(
        refund_id=refund_id,
        occurred_at=world.now,
        quantities=quantities,
        amounts_minor=amounts_minor,
        amount_minor=amount_minor,
        whole=whole,
        fingerprint=fingerprint(refund_id, quantities, amounts_minor, amount_minor, whole),
    )


def _redemption(
    draw: random.Random, member_id: str, request_id: str, *, scarce: bool
) -> list[Request]:
    reward = f"for-{draw.choice(programs.COSTS)}"
    if scarce or draw.random() < 0.1:
        reward = draw.choice((programs.STOCKED, programs.LIMITED, "dated"))
    redeem = Redeem(member_id, reward, request_id, hold=draw.random() < 0.4)
    requests: list[Request] = [redeem]
    if draw.random() < 0.5:
        requests.append(Cancel(redeem, by_member=request_id == "k0"))
    if redeem.hold and draw.random() < 0.5:
        requests.append(Complete(redeem))
    if draw.random() < 0.3:
        requests.append(Use(redeem, f"{request_id}-use"))
    if draw.random() < 0.1:
        requests.append(Use(redeem, f"{request_id}-again"))
    return requests


def _presents(draw: random.Random, world: World) -> list[Logical]:
    """Rewards that a manager gives, some of which are scarce, cancelled or used."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 2, 3))):
        reward = draw.choice(("for-30", programs.STOCKED, programs.LIMITED, "dated"))
        given = GiveReward(draw.choice(members), reward, f"p{number}")
        requests.append(given)
        if draw.random() < 0.4:
            requests.append(Cancel(given))
        if draw.random() < 0.4:
            requests.append(Use(given, f"p{number}-use"))
    return _sent(draw, requests)


def _late(draw: random.Random, world: World) -> list[Logical]:
    """Tills that were offline at the beginning, and report what they gave once they are not."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        made_at = world.now + timedelta(minutes=draw.choice((-30, 0, 0, 61, 1441)))
        reward = draw.choice(("for-1", "for-10", "for-10", "dated", programs.STOCKED))
        redeem = Redeem(draw.choice(members), reward, f"l{number}", made_at=made_at)
        requests.append(redeem)
        if draw.random() < 0.3:
            requests.append(Cancel(redeem))
        if draw.random() < 0.3:
            requests.append(Use(redeem, f"l{number}-use"))
    return _sent(draw, requests)


def _at_levels(draw: random.Random, world: World) -> list[Logical]:
    """Rewards that are for members of a level, or cost them less."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        reward = draw.choice((programs.FOR_GOLD, programs.LESS_FOR_GOLD))
        redeem = Redeem(draw.choice(members), reward, f"v{number}")
        requests.append(redeem)
        if draw.random() < 0.3:
            requests.append(Cancel(redeem))
    return _sent(draw, requests)


def _stories(draw: random.Random, world: World) -> list[Logical]:
    """Orders of a storefront that points pay for, with all that becomes of them."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2))):
        order, other = (_order(draw, world, f"w{number}") for _ in range(2))
        requests += story(draw, order, draw.choice(members), other)
    return _sent(draw, requests)


def _shops(draw: random.Random, logical: Sequence[Logical]) -> list[Logical]:
    """Shops that get the codes of vouchers, and deactivate them when these are cancelled."""
    requests: list[Request] = []
    for redeem in (each.request for each in logical):
        if isinstance(redeem, Redeem) and draw.random() < 0.7:
            requests += [GiveCode(redeem), LetGo(redeem, was_used=draw.random() < 0.3)]
            if draw.random() < 0.5:
                requests.append(Cancel(redeem))
    return _sent(draw, requests)


def _floor(draw: random.Random, world: World) -> TierFloor | None:
    if draw.random() < 0.3:
        return None
    return TierFloor(draw.choice(("silver", "gold", "friend")), _some_day(draw, world) + _DAY)


def _some_day(draw: random.Random, world: World) -> date:
    return world.now.astimezone(world.zone).date() + _DAY * draw.randint(-1, 4)


def _jobs(draw: random.Random, logical: Sequence[Logical]) -> list[Request]:
    """Every request as often as its callers send it, and some sweeps, in reverse order."""
    jobs = [each.request for each in logical for _ in range(each.copies)]
    jobs += [Sweep()] * draw.choice((1, 1, 2))
    draw.shuffle(jobs)
    if draw.random() < 0.5:
        jobs.sort(key=lambda request: isinstance(request, Earn) and draw.random() < 0.7)
    return jobs


def _same(first: object, now: object) -> bool:
    """Whether two answers to one request agree on what it did."""
    match first, now:
        case (Edited() | Outdated(), _) | (_, Edited() | Outdated()):
            # A storefront that sends an order again gets its present state.
            return True
        case (Earned() | Refunded() | Recorded(), Earned() | Refunded() | Recorded()):
            return first.entry == now.entry
        case GuestOrderKept(), GuestOrderKept():
            return first.placeholder.order == now.placeholder.order
        case Account(), Account():
            # Levels are granted and taken back, so an answer need not stay true.
            return True
        case Voucher(), Voucher():
            # A voucher's state changes; everything else about it stays.
            return _identity_of(first) == _identity_of(now)
        case _:
            return first == now


def _identity_of(voucher: Voucher) -> tuple[object, ...]:
    return (voucher.code, voucher.redemption_id, voucher.slices, voucher.issued_at)


def _may_be_refused_later(request: Request, world: World) -> bool:
    """Whether a request that was accepted may be refused when it is repeated later.

    The state may have changed since then. If a member was erased, their redemptions cannot be
    cancelled, their orders cannot change, and members merged into them cannot be found. A completed
    redemption may have been used or cancelled. A level cannot be granted until a day that has
    passed. A person who enrolled may have been merged. The member of a guest's order may be erased
    just when the order is sent again.
    """
    if isinstance(request, Earn) and request.known_by:
        is_kept = world.table.items[request.cause]["kind"] == "placeholder"
        return is_kept and _anybody_erased(world)
    if isinstance(request, Note):
        # Another member with a better claim may have the identity now.
        return True
    if isinstance(request, Join | Link | SignIn):
        return any(each["status"] != "active" for each in world.auditor.accounts.values())
    if isinstance(request, Cancel) and _was_used_in_a_shop(request, world):
        return True
    return isinstance(request, Complete | Grant) or (
        isinstance(request, Cancel | Merge | Record) and _anybody_erased(world)
    )


def _was_used_in_a_shop(cancel: Cancel, world: World) -> bool:
    """A shop may report that a code was used while it was being cancelled."""
    entry: Any = world.table.items[cancel.of.cause]
    voucher: Any = world.table.items[keys.voucher(PROGRAM_ID, entry["about"]["code"])]
    return voucher["state"] == "used" and "in_shops" in voucher["about"]


def _anybody_erased(world: World) -> bool:
    return any(account["status"] == "closed" for account in world.auditor.accounts.values())


def _check_refunds_counted(world: World, answers: Iterable[tuple[Request, Answer]]) -> None:
    """Every accepted refund has taken back the right points, once its order exists."""
    for request, answer in answers:
        if (
            isinstance(request, Refund)
            and answer.is_done
            and request.cause not in world.table.items
        ):
            accrual: Any = world.table.items.get(Earn(request.order, None).cause)
            if accrual is None or request.requested.refund_id not in {
                refund_id for refund_id, *_ in accrual.get("refunds", ())
            }:
                raise Violation(f"{request.name} was accepted, and is lost")


def _check_nothing_is_left_between(world: World, answers: Iterable[tuple[Request, Answer]]) -> None:
    """A guest's accepted order belongs to the member who was accepted as that guest."""
    if _anybody_erased(world):
        return
    requests = [request for request, _ in answers]
    joined = {
        (each.member_id, each.identity)
        for each in requests
        if isinstance(each, Link) or (isinstance(each, Join) and each.verified)
    }
    for each in requests:
        if isinstance(each, SignIn):
            joined |= {
                (member_id, identity)
                for member_id in _signed_in(each, world)
                for identity in each.proves
            }
    for request in requests:
        if isinstance(request, Earn | Record) and request.known_by:
            missed = joined & _owners(world.table.items[request.cause], world)
            if missed:
                raise Violation(f"{request.name} was accepted, but {missed} did not get it")


def _signed_in(request: SignIn, world: World) -> set[str]:
    holder: Any = world.table.items.get(world.identities.key(request.subject))
    return {holder["member_id"]} if holder else set()


def _check_whose_orders_are(world: World, requests: Iterable[Request]) -> None:
    """An order under an identity belongs to a member with a real claim, not a noted one."""
    for request in requests:
        if not isinstance(request, Earn | Record) or not request.known_by:
            continue
        accrual: Any = world.table.items[request.cause]
        if accrual["kind"] != "accrual":
            continue
        stood_for = {
            _became(member_id, world)
            for identity in request.known_by
            for key, member_id in world.identities.stood_for
            if key == world.identities.key(identity)
        }
        if _became(accrual["member_id"], world) not in stood_for:
            raise Violation(
                f"{request.name} earned for {accrual['member_id']}, not for {stood_for}"
            )


def _became(member_id: str, world: World) -> str:
    account: Any = world.auditor.accounts[member_id]
    return _became(account["into"], world) if "into" in account else member_id


def _owners(wire: Any, world: World) -> set[tuple[str, Identity]]:
    """Members with a proven identity of a guest whose order still waits and can be claimed."""
    days = world.program().document.claim_days
    since = keys.instant(world.now - timedelta(days=days))
    if wire["kind"] != "placeholder" or not days or wire.get("happened_at", "") < since:
        return set()
    guests = (wire["guest"], *wire.get("also", ()))
    profiles: list[Any] = [item for key, item in world.table.items.items() if key.sk == "PROFILE"]
    return {
        (profile["member_id"], identity)
        for profile in profiles
        for kind, value, source, verified in profile["identities"]
        if verified and _digest(identity := Identity(kind, value, source)) in guests
    }


@cache
def _digest(identity: Identity) -> str:
    return "#".join(keyring().digest(identity, program_id=PROGRAM_ID))


def _check_orders(world: World) -> None:
    """The cumulative formula, computed independently, equals the sum of all clawbacks."""
    for key, item in world.table.items.items():
        wire: Any = item
        if key.sk != "ENTRY#accrual":
            continue
        if wire["kind"] != "accrual":
            if _anybody_erased(world) or ("order" in wire and not _owners(wire, world)):
                continue
            raise Violation(f"{key} still waits for its order, or for whose it is")
        order = world.auditor.orders[tuple(key.pk.split("#")[3:5])]
        first = wire["order"]
        in_force = order.state["order"] if "order" in (order.state or {}) else first
        program = world.version(wire["program_version"]).document
        tier = first.get("tier")
        at_first = naive.target(first["lines"], naive.Refunds.of(None), program, tier=tier)
        if sum(points for _, _, points in wire["parts"]) != at_first:
            raise Violation(f"{key} earned another amount than {at_first}")
        refunds = naive.Refunds.of(order.state)
        left = naive.target(in_force["lines"], refunds, program, tier=tier)
        settled = sum(order.settled[name] for name in SETTLED_AS)
        if order.earned - left != settled:
            raise Violation(f"{key} earned {order.earned}, {left} are left, {settled} settled")
        counts = naive.counts_for(in_force["lines"], refunds, program, tier=tier)
        if order.counted != counts:
            raise Violation(f"{key} counts for {order.counted} towards a level, not for {counts}")


def _check_tellings(world: World, requests: Iterable[Request]) -> None:
    """The latest version that a storefront sent of an order is in force."""
    latest = {each.cause: each.order for each in requests if isinstance(each, Record)}
    for key, order in latest.items():
        accrual: Any = world.table.items[key]
        state = world.auditor.orders[tuple(key.pk.split("#")[3:5])].state or {}
        lines = state.get("order", accrual["order"])["lines"]
        if [line[:5] for line in lines] != [
            [each.line_id, each.sku, each.category, each.quantity, each.amount_minor]
            for each in order.lines
        ]:
            raise Violation(f"{key} is not what was told of it last")


def _check_nobody_erased_is_known(world: World) -> None:
    """An erased member has no profile left, nor has any member merged into them."""
    accounts = world.auditor.accounts
    for member_id in accounts:
        last = member_id
        while "into" in accounts[last]:
            last = accounts[last]["into"]
        profile = keys.profile(PROGRAM_ID, member_id)
        if accounts[last]["status"] == "closed" and profile in world.table.items:
            raise Violation(f"{member_id} was erased, and is still known")
    for key, item in world.table.items.items():
        wire: Any = item
        if key.sk == "IDENTITY" and accounts[wire["member_id"]]["status"] != "active":
            raise Violation(f"{wire['member_id']} is no more, and still known by something")


def shown_balance(world: World, member_id: str) -> tuple[int, int]:
    """What a member is shown now, whether or not the account is settled."""
    account = records.account_from_item(world.auditor.accounts[member_id])
    shown = view(account, program=world.program(), now=world.now)
    return shown.balance, shown.holding.pending_points


def _check_nothing_is_due(world: World) -> None:
    today = world.now.astimezone(world.zone).date().isoformat()
    for account in world.auditor.accounts.values():
        if any(points and lot < today for lot, points in account["lots"].items()):
            raise Violation(f"{account['member_id']} still has lots that have expired")
        if any(points and dates[:10] <= today for dates, points in account["pending"].items()):
            raise Violation(f"{account['member_id']} still waits for what is available")
        if account.get("due", naive.NEVER) <= today:
            raise Violation(f"{account['member_id']} is still due")

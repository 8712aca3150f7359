"""A world with one clock and one table, where every call on the table may go wrong.

Each request runs the real use case on a stack of its own, and pauses at every call on the table
until the test lets the call happen, or fail, or both.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final, Protocol, cast

import greenlet  # type: ignore[import-untyped]  # the package carries no types

from local.memory import Invalid, MemoryEngine, Reported, Written, answer
from loyalty.domain.campaigns.short_budgets import ShortBudgets
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.kernel.errors import Refusal, TryAgain
from loyalty.domain.ledger.account import Account
from loyalty.domain.people.identity import Digest, Identity, Keyring
from loyalty.domain.people.member import Consent, Member, Profile
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.table import keys, records
from loyalty.table.books import TableBooks
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
from loyalty.table.operations import (
    Item,
    Key,
    Operation,
    Put,
    Query,
    QueryPage,
    Refused,
    Transient,
)
from loyalty.table.records.targeting import joined_to_map, targeting_to_item
from loyalty.usecases.ports import Desk
from tests.simulation.auditing.seen import Violation
from tests.simulation.auditor import Auditor, lapses_when_quiet
from tests.simulation.identities import Identities
from tests.simulation.tracing import answer_line, call_line

PROGRAM_ID: Final = "p"
# How long a function caches which version of the program is in force.
REMEMBERED_FOR: Final = timedelta(seconds=30)


class Fault(Enum):
    """The faults of one call on the table."""

    NONE = "ok"
    STALE = "an old image is read"
    CONFLICT = "another transaction was in the way"
    THROTTLED = "throttled"
    ANSWER_LOST = "done, but the answer was lost"
    LATE = "timed out, and arrives later"
    CRASH_BEFORE = "the function dies before it"
    CRASH_AFTER = "the function dies after it"


@dataclass(frozen=True, slots=True)
class Read:
    """A read of one item, of several, or of a page; `strong` reads are never stale."""

    target: Sequence[Key] | Query
    strong: bool


@dataclass(frozen=True, slots=True)
class Write:
    operations: Sequence[Operation]


type Call = Read | Write


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request: `done` with the use case's result, or a refusal's code."""

    code: str
    value: object = None

    @property
    def is_done(self) -> bool:
        return self.code == "done"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is known of a member when a history begins; `orders` is None if it is not known."""

    orders: int | None = None
    profile: Profile = field(default_factory=Profile)
    consents: Mapping[str, Consent] = field(default_factory=dict)
    joined: Mapping[str, datetime] = field(default_factory=dict)


class Request(Protocol):
    """A request of a caller; it may be sent any number of times."""

    @property
    def name(self) -> str: ...

    def run(self, desk: Desk, world: "World") -> object: ...


CRASHED: Final = Answer("crashed")
TRY_AGAIN: Final = Answer("try_again")


class World:
    """The table, the clock, the program's versions, and the requests under way."""

    def __init__(
        self,
        *programs: PublishedProgram,
        now: datetime,
        reported: Reported = "all",
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.programs = list(programs)
        self.now = now
        self.table = MemoryEngine(reported=reported)
        self.zone = programs[0].document.zone
        self.auditor = Auditor(
            zone=self.zone,
            may_owe=any(each.document.clawback == "unlimited" for each in programs),
            strict_about_quiet=all(lapses_when_quiet(each) for each in programs),
            versions=self.programs,
        )
        self.identities = Identities(PROGRAM_ID, _digest)
        self.in_limbo: list[tuple[Write, Attempt]] = []
        self.images: dict[Key, list[Item | None]] = {}
        self.trace = trace
        # Told of every write, as a reader of the table's stream.
        self.woken: Callable[[Sequence[Written]], None] | None = None
        # Of one container, which all requests meet.
        self.short_budgets = ShortBudgets()
        self._codes = 0
        self._members = 0
        self._attempts = 0

    def enroll(
        self,
        *member_ids: str,
        with_profiles: bool = True,
        newcomer: Callable[[], Newcomer] = Newcomer,
    ) -> None:
        """Create accounts, with a profile for each member who is known or may be erased."""
        for member_id in member_ids:
            self._enroll(member_id, newcomer(), with_profile=with_profiles)

    def _enroll(self, member_id: str, newcomer: Newcomer, *, with_profile: bool) -> None:
        members = TableMembers(self.table, program_id=PROGRAM_ID, keyring=keyring)
        key = keys.account(PROGRAM_ID, member_id)
        account = Account(member_id=member_id, enrolled_at=self.now, orders=newcomer.orders)
        if with_profile:
            member = Member(
                member_id=member_id,
                enrolled_at=self.now,
                enrolled_by="",
                identities={},
                profile=newcomer.profile,
                consents=newcomer.consents,
            )
            members.enroll(member, account)
        else:
            self.table.apply([Put(key, records.account_to_item(account, PROGRAM_ID))])
        if newcomer.joined:
            targeting = Targeting(member_id=member_id, joined=newcomer.joined)
            item = targeting_to_item(targeting)
            self.table.apply([Put(keys.targeting(PROGRAM_ID, member_id), item)])
        profile = self.table.items.get(keys.profile(PROGRAM_ID, member_id))
        joined = joined_to_map(newcomer.joined)
        self.auditor.enrolled(self.table.items[key], profile=profile, joined=joined)

    def program(self, *, moment: datetime | None = None) -> PublishedProgram:
        """The version in force."""
        moment = moment or self.now
        return [each for each in self.programs if each.published_at <= moment][-1]

    def version(self, number: int) -> PublishedProgram:
        return self.programs[number - 1]

    def publish(self, document: Program) -> None:
        """Publish a new version, which is in force from now on."""
        version = len(self.programs) + 1
        latest = replace(
            self.programs[-1], version=version, published_at=self.now, document=document
        )
        self.programs.append(latest)

    def new_code(self) -> str:
        self._codes += 1
        return f"CODE{self._codes}"

    def new_member_id(self, who: str) -> str:
        """A new code for every attempt, as in a function."""
        self._members += 1
        return f"{who}-{self._members}"

    def start(self, request: Request, *, program: PublishedProgram | None = None) -> "Attempt":
        """Start a request. It runs up to its first call on the table."""
        self._attempts += 1
        return Attempt(self, request, number=self._attempts, program=program or self.program())

    def finish(self, request: Request) -> Answer:
        """Run a request to its end without faults."""
        return self.start(request).finish()

    def deliver(self, number: int = 0) -> None:
        """Let a write arrive that its sender has given up."""
        write, attempt = self.in_limbo.pop(number)
        try:
            self.write(write, attempt)
        except Refused as refused:
            self.log(f"{attempt.name}: what was late is refused {sorted(refused.found)}")
        else:
            self.log(f"{attempt.name}: what was late has arrived")

    def write(self, write: Write, attempt: "Attempt") -> None:
        written = self.table.apply(write.operations)
        for key, before, _ in written:
            self.images.setdefault(key, []).append(before)
        self.auditor.observe(
            written, decided_by=attempt.program, decided_at=attempt.now, began=attempt.began
        )
        self.identities.observe(written, self.table.items)
        if self.woken is not None:
            self.woken(written)

    def read(self, read: Read, *, stale: Callable[[Key], Item | None] | None = None) -> Any:
        if isinstance(read.target, Query):
            items = self.table.items
            seen = {key: stale(key) for key in items} if stale else items
            return answer(read.target, [item for item in seen.values() if item is not None])
        get = stale or self.table.items.get
        return {key: item for key in read.target if (item := get(key)) is not None}

    def old_image(self, key: Key, *, back: int = 1) -> Item | None:
        """An item as it was some writes ago, or as it is if it has had fewer writes."""
        images = self.images.get(key, ())
        return images[-back] if 0 < back <= len(images) else self.table.items.get(key)

    def log(self, line: str) -> None:
        if self.trace is not None:
            self.trace(f"{self.now.astimezone(self.zone):%Y-%m-%d %H:%M:%S%z}  {line}")


@dataclass(slots=True)
class Attempt:
    """A request under way. It is paused at `call`, or has ended with `answer`."""

    world: World
    request: Request
    number: int
    program: PublishedProgram
    now: datetime = field(init=False)
    # How many writes there had been.
    began: int = field(init=False)
    call: Call | None = field(init=False, default=None)
    answer: Answer | None = field(init=False, default=None)
    _stack: Any = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.world.now
        self.began = self.world.auditor.writes
        self._stack = greenlet.greenlet(self._run)
        self._resume(None)

    @property
    def name(self) -> str:
        return f"{self.request.name} ({self.number})"

    def step(self, fault: Fault = Fault.NONE, *, old: Mapping[Key, int] | None = None) -> None:
        """Let the call that it is paused at succeed or fail, and run to the next call.

        For stale reads, `old` is how many writes ago each item is seen.
        """
        call = self.call
        if call is None:
            raise RuntimeError(f"{self.name} has ended")
        if self.world.trace is not None:
            self.world.log(f"{self.name}: {call_line(call)}: {fault.value}")
        match fault:
            case Fault.CONFLICT | Fault.THROTTLED:
                self._resume(Transient(fault.value))
            case Fault.LATE:
                if isinstance(call, Write):
                    self.world.in_limbo.append((call, self))
                self._resume(Transient(fault.value))
            case Fault.ANSWER_LOST:
                # A lost refusal and a lost success look the same.
                self._carry_out(call)
                self._resume(Transient(fault.value))
            case Fault.CRASH_BEFORE:
                self._die()
            case Fault.CRASH_AFTER:
                self._carry_out(call)
                self._die()
            case Fault.STALE if isinstance(call, Read) and not call.strong:
                seen = old or {}
                self._resume(
                    self.world.read(
                        call,
                        stale=lambda key: self.world.old_image(key, back=seen.get(key, 1)),
                    )
                )
            case _:
                self._resume(self._carry_out(call))

    def run_to(self, awaited: Callable[[Call], bool]) -> None:
        """Run without faults until just before such a call."""
        while self.call is not None and not awaited(self.call):
            self.step()

    def finish(self) -> Answer:
        while self.call is not None:
            self.step()
        return cast("Answer", self.answer)

    def _carry_out(self, call: Call) -> object:
        """The result of the table, or the refusal that it raises, as a value."""
        try:
            if isinstance(call, Write):
                self.world.write(call, self)
                return None
            return self.world.read(call)
        except Refused as refused:
            self.world.log(f"    refused: {refused.found}")
            return refused
        except Invalid as mistake:
            raise Violation(f"{self.name} asks what the table cannot do: {mistake}") from mistake

    def _resume(self, outcome: object) -> None:
        """Pass the result of its call to the request, which runs to its next call or its end."""
        answer = self._stack.switch(outcome)
        if self._stack.dead:
            self.call, self.answer = None, answer
            if self.world.trace is not None:
                self.world.log(f"{self.name} answers: {answer_line(answer)}")
        else:
            self.call = answer

    def _die(self) -> None:
        self._stack.throw()
        self.call, self.answer = None, CRASHED

    def _run(self, _: object) -> Answer:
        world = self.world
        desk = Desk(
            books=TableBooks(stepped_engine(), program_id=PROGRAM_ID, zone=world.zone),
            program=self.program,
            version=world.version,
            now=self.now,
            new_code=world.new_code,
            pause=_no_pause,
            short_budgets=world.short_budgets,
        )
        try:
            return Answer("done", self.request.run(desk, world))
        except TryAgain:
            return TRY_AGAIN
        except Refusal as refusal:
            return Answer(refusal.code, refusal.detail)


class SteppedEngine:
    """Implements `Engine`: passes every call to the test that directs the world, and waits."""

    def get(self, key: Key, *, strong: bool) -> Item | None:
        found: dict[Key, Item] = _cross(Read((key,), strong))
        return found.get(key)

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        return cast("dict[Key, Item]", _cross(Read(tuple(keys), strong)))

    def query(self, query: Query) -> QueryPage:
        return cast("QueryPage", _cross(Read(query, query.strong and query.index is None)))

    def write(self, operations: Sequence[Operation]) -> None:
        _cross(Write(operations))


def stepped_engine() -> Persistent:
    """The table as a request's code sees it."""
    return Persistent(SteppedEngine(), pause=_no_pause)


def _cross(call: Call) -> Any:
    outcome = greenlet.getcurrent().parent.switch(call)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@cache
def keyring() -> Keyring:
    return Keyring({"1": b"a secret of the deployment"}, current="1")


def _digest(identity: Identity) -> Digest:
    return keyring().digest(identity, program_id=PROGRAM_ID)


def _no_pause(_attempt: int) -> None:
    pass

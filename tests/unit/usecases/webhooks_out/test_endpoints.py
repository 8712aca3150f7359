"""Deliveries to endpoints, over a table in memory that loses answers and workers that die."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import LimitReached, NotFound, TryAgain, WrongState
from loyalty.domain.webhooks_out.deliveries import (
    RETRIED_FOR,
    TEST_EVENT,
    Attempt,
    AttemptResult,
    EndpointDelivery,
)
from loyalty.domain.webhooks_out.endpoints import (
    ENDPOINTS_MAX,
    OVERLAP,
    ROTATED_EVERY_MIN,
    Endpoint,
    SigningSecrets,
)
from loyalty.table.operations import Operation
from loyalty.table.webhooks_out import TableEndpointLog, TableEndpoints
from loyalty.usecases.webhooks_out.deliveries import (
    OutgoingEvent,
    deliver,
    fan_out,
    probe,
    redeliver,
)
from loyalty.usecases.webhooks_out.endpoints import register, registered, remove, rotate

NOW: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
EVENT: Final = OutgoingEvent(
    program_id="bean", event_id="evt_1", event="PointsEarned", body='{"type":"PointsEarned"}'
)
TAKEN: Final = AttemptResult(status=200)
FAILED: Final = AttemptResult(status=500)


class Died(Exception):
    """A worker stopped there."""


class Vault:
    def __init__(self) -> None:
        self.stored: dict[str, SigningSecrets] = {}

    def read(self, program_id: str, endpoint_id: str) -> SigningSecrets | None:
        return self.stored.get(endpoint_id)

    def add(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> bool:
        return self.stored.setdefault(endpoint_id, secrets) is secrets

    def keep(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> None:
        self.stored[endpoint_id] = secrets

    def forget(self, program_id: str, endpoint_id: str) -> None:
        self.stored.pop(endpoint_id, None)


class Queue:
    """Messages with the time from which they are handed over; it waits a quarter of an hour."""

    def __init__(self) -> None:
        self.messages: list[tuple[datetime, Attempt]] = []
        self.now = NOW
        self.dies = False

    def send(self, turn: Attempt, *, delay: timedelta) -> None:
        if self.dies:
            raise Died
        self.messages.append((self.now + min(delay, timedelta(minutes=15)), turn))


class Engine(MemoryEngine):
    """A table where a worker dies right before its next write, if a test wants so."""

    dies = False

    def write(self, operations: Sequence[Operation]) -> None:
        if self.dies:
            raise Died
        super().write(operations)


@dataclass
class World:
    engine: Engine = field(default_factory=Engine)
    vault: Vault = field(default_factory=Vault)
    queue: Queue = field(default_factory=Queue)
    answers: dict[str, AttemptResult] = field(default_factory=dict)
    sent: list[tuple[str, str, str, tuple[str, ...]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def now(self) -> datetime:
        return self.queue.now

    @property
    def endpoints(self) -> TableEndpoints:
        return TableEndpoints(self.engine)

    @property
    def log(self) -> TableEndpointLog:
        return TableEndpointLog(self.engine)

    def new_secret(self) -> str:
        return f"whsec_{next(self.numbers)}"

    def register(self, endpoint_id: str = "crm", **parts: object) -> str | None:
        endpoint = Endpoint(
            endpoint_id=endpoint_id,
            url=f"https://{endpoint_id}.example.com/",
            events=("PointsEarned",),
            description=None,
            created_at=self.now,
            changed_at=self.now,
        )
        _, secret, _ = register(
            replace(endpoint, **parts),  # type: ignore[arg-type]  # a test says what
            program_id="bean",
            endpoints=self.endpoints,
            vault=self.vault,
            new_secret=self.new_secret,
        )
        return secret

    def rotate(self) -> str:
        _, secret = rotate(
            "crm",
            program_id="bean",
            endpoints=self.endpoints,
            vault=self.vault,
            new_secret=self.new_secret,
            now=self.now,
        )
        return secret

    def announce(self, event: OutgoingEvent = EVENT) -> None:
        fan_out(
            event,
            endpoints=self.endpoints.all("bean"),
            log=self.log,
            queue=self.queue,
            now=self.now,
        )

    def send(
        self, url: str, *, event_id: str, body: str, secrets: Sequence[str], now: datetime
    ) -> AttemptResult:
        self.sent.append((url, event_id, body, tuple(secrets)))
        return self.answers.get(url, TAKEN)

    def take(self, turn: Attempt) -> EndpointDelivery | None:
        return deliver(
            turn,
            endpoints=self.endpoints,
            vault=self.vault,
            log=self.log,
            queue=self.queue,
            send=self.send,
            now=self.now,
            chance=0.5,
        )

    def redeliver(self, event_id: str = "evt_1") -> EndpointDelivery:
        return redeliver(
            "crm",
            event_id,
            program_id="bean",
            endpoints=self.endpoints,
            log=self.log,
            queue=self.queue,
            now=self.now,
        )

    def pass_time(self, until: datetime | None = None) -> None:
        """Hand over every message when its time comes, up to a moment or to the last of them."""
        for _ in range(2000):
            if not self.queue.messages:
                break
            self.queue.messages.sort(key=lambda each: each[0])
            due_at, turn = self.queue.messages[0]
            if until is not None and due_at > until:
                break
            del self.queue.messages[0]
            self.queue.now = max(self.now, due_at)
            self.take(turn)
        else:
            raise AssertionError("the queue does not empty")
        if until is not None:
            self.queue.now = until

    def seen(self, endpoint_id: str = "crm", event_id: str = "evt_1") -> EndpointDelivery:
        delivery = self.log.find("bean", endpoint_id, event_id)
        assert delivery is not None
        return delivery


class Faulty(World):
    """Dies before or after what changes anything, as Hypothesis likes; the message comes back."""

    def __init__(self, data: st.DataObject) -> None:
        super().__init__()
        self.data = data
        self.faults_left = self.faults = 0
        write, send = self.engine.write, self.queue.send
        self.engine.write = lambda operations: self._maybe(partial(write, operations))  # type: ignore[method-assign]  # a fault
        self.queue.send = lambda turn, *, delay: self._maybe(  # type: ignore[method-assign]  # too
            partial(send, turn, delay=delay)
        )

    def survive(self, work: Callable[[], object]) -> None:
        """Do it until nobody died of it, and once more now and then: at least once."""
        for _ in range(self.faults_left + 1):
            try:
                work()
            except Died:
                continue
            if self._strikes():
                continue
            return

    def _maybe(self, effect: Callable[[], None]) -> None:
        if self._strikes():
            raise Died
        effect()
        if self._strikes():
            raise Died

    def _strikes(self) -> bool:
        if not self.faults_left or not self.data.draw(st.booleans()):
            return False
        self.faults_left -= 1
        self.faults += 1
        return True


@pytest.fixture
def world() -> World:
    world = World()
    world.register()
    return world


class TestRegistering:
    def test_a_new_endpoint_has_a_secret_that_is_shown_once(self, world: World) -> None:
        assert world.register("second") == "whsec_2"
        assert world.register("second") is None
        assert world.vault.stored["second"] == SigningSecrets("whsec_2")

    def test_registering_the_same_endpoint_again_changes_nothing(self, world: World) -> None:
        before = registered("crm", program_id="bean", endpoints=world.endpoints)
        world.queue.now += timedelta(hours=1)

        world.register()

        assert registered("crm", program_id="bean", endpoints=world.endpoints) == before

    def test_a_secret_that_was_not_stored_is_made_by_a_repeated_request(self, world: World) -> None:
        world.vault.forget("bean", "crm")

        assert world.register() == "whsec_2"

    def test_a_program_has_twenty_endpoints_at_most(self, world: World) -> None:
        for number in range(ENDPOINTS_MAX - 1):
            world.register(f"e{number}")

        with pytest.raises(LimitReached):
            world.register("one-too-many")
        world.register("e1", description="an old one can still be changed")

    def test_a_request_overtaken_every_time_answers_try_again(self, world: World) -> None:
        class Overtaken(TableEndpoints):
            def find(self, program_id: str, endpoint_id: str) -> Endpoint | None:
                found = super().find(program_id, endpoint_id)
                return found and replace(found, changed_at=NOW - timedelta(days=1))

        with pytest.raises(TryAgain):
            rotate(
                "crm",
                program_id="bean",
                endpoints=Overtaken(world.engine),
                vault=world.vault,
                new_secret=world.new_secret,
                now=world.now,
            )

    def test_a_removed_endpoint_is_gone_with_its_secret(self, world: World) -> None:
        remove("crm", program_id="bean", endpoints=world.endpoints, vault=world.vault)

        assert world.vault.stored == {}
        with pytest.raises(NotFound):
            remove("crm", program_id="bean", endpoints=world.endpoints, vault=world.vault)


class TestDelivering:
    def test_an_event_reaches_each_endpoint_that_wants_it(self, world: World) -> None:
        world.register("all", events=("*",))
        world.register("other", events=("MemberChanged",))
        world.register("off", disabled="asked")

        world.announce()
        world.pass_time()

        assert [url for url, *_ in world.sent] == [
            "https://all.example.com/",
            "https://crm.example.com/",
        ]
        assert world.sent[1][1:] == ("evt_1", EVENT.body, ("whsec_1",))
        assert world.seen().state == "delivered"

    def test_an_event_that_the_bus_delivers_twice_is_sent_once(self, world: World) -> None:
        world.announce()
        world.pass_time()
        world.announce()
        world.pass_time()

        assert len(world.sent) == 1

    def test_an_event_whose_message_was_lost_is_queued_when_the_bus_repeats_it(
        self, world: World
    ) -> None:
        world.queue.dies = True
        with pytest.raises(Died):
            world.announce()
        world.queue.dies = False
        world.queue.now += timedelta(minutes=3)

        world.announce()
        world.pass_time()

        assert len(world.sent) == 1

    def test_an_endpoint_that_fails_is_tried_again_until_it_accepts(self, world: World) -> None:
        url = "https://crm.example.com/"
        world.answers[url] = FAILED
        world.announce()
        world.pass_time(NOW + timedelta(hours=1))
        tried = len(world.sent)
        assert world.seen().state == "retrying"
        assert (world.seen().status, world.seen().attempts) == (500, tried)

        world.answers[url] = TAKEN
        world.pass_time()

        assert world.seen().state == "delivered"
        assert len(world.sent) == tried + 1
        assert {event_id for _, event_id, *_ in world.sent} == {"evt_1"}

    def test_an_endpoint_that_never_accepts_costs_fourteen_attempts_in_a_day(
        self, world: World
    ) -> None:
        world.answers["https://crm.example.com/"] = AttemptResult(trouble="timeout")

        world.announce()
        world.pass_time()

        assert len(world.sent) == 14
        assert world.now == NOW + RETRIED_FOR
        assert (world.seen().state, world.seen().trouble) == ("parked", "timeout")

    def test_an_endpoint_that_fails_delays_no_other(self, world: World) -> None:
        world.register("healthy")
        world.answers["https://crm.example.com/"] = FAILED

        world.announce()
        world.pass_time(NOW)

        assert world.seen("healthy").state == "delivered"
        assert world.seen("crm").state == "retrying"

    def test_an_endpoint_that_is_gone_is_disabled_and_its_waiting_deliveries_parked(
        self, world: World
    ) -> None:
        url = "https://crm.example.com/"
        world.answers[url] = FAILED
        world.announce()
        world.pass_time(NOW)
        world.answers[url] = AttemptResult(status=410)

        world.announce(replace(EVENT, event_id="evt_2"))
        world.pass_time()

        endpoint = registered("crm", program_id="bean", endpoints=world.endpoints)
        assert endpoint.disabled == "gone"
        assert (world.seen(event_id="evt_2").state, len(world.sent)) == ("parked", 2)
        assert (world.seen().state, world.seen().trouble) == ("parked", "endpoint_disabled")

    def test_deliveries_to_a_removed_endpoint_are_not_sent_to_a_new_one_of_the_same_name(
        self, world: World
    ) -> None:
        world.answers["https://crm.example.com/"] = FAILED
        world.announce()
        world.pass_time(NOW)
        remove("crm", program_id="bean", endpoints=world.endpoints, vault=world.vault)
        world.queue.now += timedelta(seconds=1)
        world.register(url="https://new.example.com/")

        world.pass_time()

        assert "https://new.example.com/" not in {url for url, *_ in world.sent}
        assert world.seen().trouble == "endpoint_removed"

    def test_a_message_of_a_deleted_delivery_does_nothing(self, world: World) -> None:
        assert (
            world.take(Attempt(program_id="bean", endpoint_id="crm", event_id="x", turn=0)) is None
        )
        assert world.sent == []


class TestKilledWorkers:
    """A message comes back when its worker dies; whatever it had done by then stays done."""

    @pytest.mark.parametrize("answer", [TAKEN, FAILED])
    def test_between_sending_and_recording(self, world: World, answer: AttemptResult) -> None:
        world.answers["https://crm.example.com/"] = answer
        world.announce()
        (_, turn) = world.queue.messages.pop()
        world.engine.dies = True
        with pytest.raises(Died):
            world.take(turn)
        world.engine.dies = False
        world.answers.clear()

        world.queue.messages.append((world.now, turn))
        world.pass_time()

        assert world.seen().state == "delivered"
        assert len(world.sent) == 2

    def test_between_recording_and_deleting_the_message(self, world: World) -> None:
        world.answers["https://crm.example.com/"] = FAILED
        world.announce()
        (_, turn) = world.queue.messages.pop()
        world.take(turn)

        assert world.take(turn) is None

        assert len(world.sent) == 1
        assert len(world.queue.messages) == 1

    @given(st.data())
    @settings(max_examples=300, deadline=None)
    def test_anywhere_lose_no_event_and_cost_a_bounded_number_of_attempts(
        self, data: st.DataObject
    ) -> None:
        """Before or after any effect, however often, with messages handed over twice as well."""
        world = Faulty(data)
        world.register()
        world.faults_left = data.draw(st.integers(0, 12))
        failures = data.draw(st.integers(0, 5))

        world.survive(world.announce)
        for _ in range(1000):
            if not world.queue.messages:
                break
            world.queue.messages.sort(key=lambda each: each[0])
            due_at, turn = world.queue.messages.pop(0)
            world.queue.now = max(world.now, due_at)
            is_down = len(world.sent) < failures
            world.answers["https://crm.example.com/"] = FAILED if is_down else TAKEN
            world.survive(partial(world.take, turn))

        assert world.queue.messages == []
        assert world.seen().state == "delivered"
        # Each fault repeats at most one attempt.
        assert len(world.sent) <= failures + 1 + world.faults

    def test_every_time_still_costs_a_bounded_number_of_attempts(self, world: World) -> None:
        """Each message is handed over twice, as when every worker dies before deleting it."""
        world.answers["https://crm.example.com/"] = FAILED
        world.announce()

        while world.queue.messages:
            world.queue.messages.sort(key=lambda each: each[0])
            due_at, turn = world.queue.messages.pop(0)
            world.queue.now = max(world.now, due_at)
            for _ in range(2):
                world.take(turn)
            assert len(world.queue.messages) <= 2

        assert world.seen().state == "parked"
        assert len(world.sent) <= 2 * 14


class TestRedelivering:
    def test_a_delivered_event_is_sent_once_more_on_request(self, world: World) -> None:
        world.announce()
        world.pass_time()

        world.redeliver()
        world.pass_time()

        assert [event_id for _, event_id, *_ in world.sent] == ["evt_1", "evt_1"]
        assert (world.seen().state, world.seen().attempts) == ("delivered", 2)

    def test_a_parked_delivery_gets_another_day(self, world: World) -> None:
        world.answers["https://crm.example.com/"] = FAILED
        world.announce()
        world.pass_time()
        asked_at = world.now + timedelta(days=3)
        world.queue.now = asked_at

        world.redeliver()
        world.pass_time()

        assert len(world.sent) == 28
        assert world.now == asked_at + RETRIED_FOR

    def test_a_waiting_delivery_is_sent_at_once_and_its_old_message_does_nothing(
        self, world: World
    ) -> None:
        url = "https://crm.example.com/"
        world.answers[url] = FAILED
        world.announce()
        world.pass_time(NOW + timedelta(hours=3))
        before = len(world.sent)
        world.answers[url] = TAKEN

        world.redeliver()
        world.pass_time()

        assert len(world.sent) == before + 1
        assert world.seen().state == "delivered"

    def test_a_redelivery_whose_record_was_lost_is_still_sent(self, world: World) -> None:
        world.announce()
        world.pass_time()
        world.engine.dies = True
        with pytest.raises(Died):
            world.redeliver()
        world.engine.dies = False

        world.pass_time()

        assert len(world.sent) == 2

    def test_a_disabled_endpoint_is_sent_nothing_but_tests(self, world: World) -> None:
        world.announce()
        world.pass_time()
        world.register(disabled="asked")

        with pytest.raises(WrongState):
            world.redeliver()
        probe(
            "crm",
            event_id="evt_test",
            program_id="bean",
            endpoints=world.endpoints,
            log=world.log,
            queue=world.queue,
            now=world.now,
        )
        world.pass_time()

        assert world.seen(event_id="evt_test").state == "delivered"
        assert f'"type":"{TEST_EVENT}"' in world.sent[-1][2]

    def test_a_delivery_that_does_not_exist_cannot_be_sent_again(self, world: World) -> None:
        with pytest.raises(NotFound):
            world.redeliver("evt_unknown")


class Overtaken(Vault):
    """Somebody else does something right after the secrets were read."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def read(self, program_id: str, endpoint_id: str) -> SigningSecrets | None:
        secrets = super().read(program_id, endpoint_id)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return secrets


class TestTwoAtOnce:
    def test_one_of_two_rotations_is_refused_and_the_secret_that_was_shown_signs(
        self, world: World
    ) -> None:
        def rotate_too() -> None:
            with pytest.raises(WrongState):
                world.rotate()

        world.vault = Overtaken(rotate_too)
        world.vault.stored["crm"] = SigningSecrets("whsec_1")

        shown = world.rotate()

        assert world.vault.stored["crm"].valid_at(world.now) == (shown, "whsec_1")

    def test_after_a_minute_a_secret_may_be_replaced_again_and_all_earlier_ones_sign(
        self, world: World
    ) -> None:
        first = world.rotate()
        world.queue.now += ROTATED_EVERY_MIN
        second = world.rotate()

        assert world.vault.stored["crm"].valid_at(world.now) == (second, first, "whsec_1")

    def test_one_of_two_simultaneous_registrations_gets_the_secret_that_signs(self) -> None:
        shown: list[str | None] = []

        class Slow(Vault):
            def add(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> bool:
                if not shown:
                    shown.append(None)
                    shown.append(fresh.register())
                return super().add(program_id, endpoint_id, secrets)

        fresh = World(vault=Slow())

        shown.append(fresh.register())

        assert [secret for secret in shown if secret] == [fresh.vault.stored["crm"].current]

    def test_one_of_two_simultaneous_replacements_gets_the_secret_that_signs(
        self, world: World
    ) -> None:
        shown: list[str | None] = []
        world.vault = Overtaken(lambda: shown.append(world.register()))

        with pytest.raises(TryAgain):
            world.rotate()

        assert shown == [world.vault.stored["crm"].current]


class TestRotating:
    def test_both_secrets_sign_for_a_day(self, world: World) -> None:
        secret = world.rotate()

        world.announce()
        world.pass_time()
        world.queue.now += OVERLAP
        world.announce(replace(EVENT, event_id="evt_2"))
        world.pass_time()

        assert [secrets for *_, secrets in world.sent] == [(secret, "whsec_1"), (secret,)]

    def test_a_secret_that_is_lost_is_replaced(self, world: World) -> None:
        world.vault.forget("bean", "crm")
        world.announce()
        world.pass_time(NOW)
        assert (world.seen().trouble, world.sent) == ("no_secret", [])

        world.rotate()
        world.pass_time()

        assert world.seen().state == "delivered"

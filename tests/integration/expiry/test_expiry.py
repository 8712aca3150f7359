"""The sweep through its handler: woken by the schedule, handed its pages by the queue."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.expiry.handler import handler
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.work import ATTEMPTS_MAX, PageQueue
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Assign, Item, Put, Remove, Update, equal
from loyalty.table.programs import TablePrograms
from loyalty.usecases.work_pages import WorkPage
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import reward
from tests.support.http import Context, call
from tests.support.queues import Message, consume, receive, work_off

# What is earned on 21 November can be spent to the end of the 24th, in Paris.
THREE_DAYS = {"model": "after_earning", "days": 3, "round_to": "none"}
MIDNIGHT = datetime(2026, 11, 24, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram], monkeypatch: pytest.MonkeyPatch) -> None:
    """The program, swept to this day. Few shards: every query takes moto milliseconds."""
    publish(expiry=THREE_DAYS)
    monkeypatch.setattr(keys, "SHARDS", 2)


@pytest.fixture
def ana(time: Clock) -> str:
    """A member with 49 points."""
    member_id = till.enroll()
    till.earn(member_id, 4999)
    return member_id


@pytest.fixture
def find(engine: DynamoEngine) -> Callable[[str], Item]:
    """A member's account item in the table."""

    def find(member_id: str) -> Item:
        item = engine.get(keys.account("bean", member_id), strong=True)
        assert item is not None
        return item

    return find


def history(member_id: str) -> list[dict[str, Any]]:
    path = f"{till.PROGRAM}/members/{member_id}/history"
    items: list[dict[str, Any]] = call(enrollment, "GET", path, as_=till.CASHIER).body["items"]
    return items


def wake(**event: str) -> None:
    assert handler(event, Context()) is None


def queue_url() -> str:
    return os.environ["LOYALTY_SWEEP_QUEUE_URL"]


def sweep(**event: str) -> list[Message]:
    """A whole sweep; gives the messages that failed."""
    wake(**event)
    return work_off(handler, queue_url())


def metrics(text: str) -> dict[str, list[int]]:
    """The values of each metric that was written."""
    found: dict[str, list[int]] = {}
    for line in text.splitlines():
        written = json.loads(line)
        # Other lines are of the log.
        directives = written.get("_aws", {}).get("CloudWatchMetrics", [])
        for metric in (each for directive in directives for each in directive["Metrics"]):
            found.setdefault(metric["Name"], []).append(written[metric["Name"]])
    return found


def test_points_expire_with_the_sweep_and_are_recorded(ana: str, time: Clock) -> None:
    time.now = MIDNIGHT

    assert sweep() == []

    expiry, _ = history(ana)
    assert (expiry["kind"], expiry["points"]) == ("expiry", -49)
    assert expiry["happened_at"] == "2026-11-24T23:00:00Z"


def test_a_hold_that_ran_out_is_released_and_its_points_return(ana: str, time: Clock) -> None:
    held = till.redeem(ana, hold=True).body
    time.now += timedelta(minutes=15)

    assert sweep() == []

    assert till.member(ana)["balance"] == 49
    (redemption,) = till.redemptions(ana).body["items"]
    assert (redemption["id"], redemption["state"]) == (held["id"], "cancelled")


def test_every_program_is_swept(publish: Callable[..., PublishedProgram], time: Clock) -> None:
    for number in range(12):
        publish(program_id=f"other-{number}")
    wake()

    messages = [json.loads(message["body"]) for message in everything()]

    assert len({item for page in messages for item in page["items"]}) == 13


def test_a_program_that_cannot_be_read_holds_up_no_other(
    ana: str, publish: Callable[..., PublishedProgram], engine: DynamoEngine, time: Clock
) -> None:
    publish(program_id="aaa")
    engine.write(
        [
            Update(
                keys.program_version("aaa", "1"),
                actions=(Remove(("published_at",)),),
                conditions=(equal(("version",), 1),),
            )
        ]
    )
    time.now = MIDNIGHT

    (failed,) = sweep()

    assert history(ana)[0]["kind"] == "expiry"
    page = json.loads(failed["body"])
    assert (page["items"], page["lane"], page["cause"]["kind"]) == (["aaa"], "programs", "KeyError")


def test_a_run_over_a_thousand_programs_is_a_hundred_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thousand = [f"p{number:04}" for number in range(1000)]
    monkeypatch.setattr(TablePrograms, "registered", lambda _self: iter(thousand))

    handler({}, Context())

    pages = [json.loads(message["body"]) for message in everything()]
    assert len(pages) == 100
    assert sorted(item for page in pages for item in page["items"]) == thousand


class TestPoison:
    @pytest.fixture
    def members(self, time: Clock) -> list[str]:
        """Six members with points that expire together."""
        members = [till.enroll(f"person{number}@example.com") for number in range(6)]
        for member_id in members:
            till.earn(member_id, 4999)
        return members

    @pytest.fixture
    def poisonous(self, members: list[str], engine: DynamoEngine) -> str:
        """A member whose account cannot be read."""
        spoil = Update(
            keys.account("bean", members[2]),
            actions=(Assign(("lots", "no-date"), 1),),
            conditions=(equal(("status",), "active"),),
        )
        engine.write([spoil])
        return members[2]

    def test_it_goes_back_alone_with_its_cause_and_all_others_are_settled(
        self, members: list[str], poisonous: str, find: Callable[[str], Item], time: Clock
    ) -> None:
        time.now = MIDNIGHT

        (failed,) = sweep()

        page = json.loads(failed["body"])
        assert page["items"] == [f"2026-11-24T23:00:00.000000Z#{poisonous}"]
        assert page["cause"]["kind"] == "ValueError"
        assert any("accounts.py" in frame for frame in page["cause"]["at"])
        balances = {find(member_id)["balance"] for member_id in members if member_id != poisonous}
        assert balances == {0}

    def test_the_next_sweeps_leave_it_alone_for_a_day(self, poisonous: str, time: Clock) -> None:
        time.now = MIDNIGHT
        sweep()

        time.now += timedelta(minutes=5)
        assert sweep() == []
        time.now += timedelta(days=1)
        (failed,) = sweep()

        assert poisonous in failed["body"]

    def test_once_the_cause_is_fixed_its_message_settles_it(
        self, poisonous: str, engine: DynamoEngine, find: Callable[[str], Item], time: Clock
    ) -> None:
        time.now = MIDNIGHT
        (failed,) = sweep()
        mend = Update(
            keys.account("bean", poisonous),
            actions=(Remove(("lots", "no-date")),),
            conditions=(equal(("status",), "active"),),
        )
        engine.write([mend])

        assert consume(handler, [failed]) == []

        assert find(poisonous)["balance"] == 0
        assert "expiring_sk" not in find(poisonous)

    def test_the_log_names_the_member_and_the_cause_but_no_voucher_code(
        self, ana: str, engine: DynamoEngine, log: StringIO, time: Clock
    ) -> None:
        code = till.redeem(ana, hold=True).body["voucher"]["code"]
        spoil = Update(
            keys.voucher("bean", code),
            actions=(Remove(("about", "slices")),),
            conditions=(equal(("state",), "held"),),
        )
        engine.write([spoil])
        time.now += timedelta(minutes=15)

        (failed,) = sweep()

        assert code in failed["body"]
        lines = [json.loads(line) for line in log.getvalue().splitlines()]
        (first, second) = (line for line in lines if line["message"] == "item failed")
        assert (first["is_alone"], second["is_alone"]) == (False, True)
        assert first["failure"]["kind"] == "KeyError"
        assert code not in log.getvalue()


class TestTheSchedule:
    def test_it_says_how_much_was_due(
        self,
        ana: str,
        time: Clock,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("LOYALTY_DASHBOARD", "yes")
        time.now = MIDNIGHT
        capsys.readouterr()

        sweep()

        assert metrics(capsys.readouterr().out)["Due"] == [1]

    def test_finished_days_are_looked_at_again_on_demand(
        self, ana: str, engine: DynamoEngine, time: Clock
    ) -> None:
        mark: Item = {"v": 1, "mark": "2026-12-01"}
        engine.write([Put(keys.progress("bean", "expiry"), mark)])
        time.now = datetime(2026, 12, 3, tzinfo=UTC)

        sweep()
        assert history(ana)[0]["kind"] == "accrual"
        sweep(since="2026-11-24")

        assert history(ana)[0]["kind"] == "expiry"


class TestEverySchedule:
    """Off. The calendar is right all the same."""

    def test_points_expire_by_date_in_everything_that_is_shown_and_spent(
        self, ana: str, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        time.now = MIDNIGHT - timedelta(seconds=1)
        assert till.member(ana)["balance"] == 49
        assert till.rewards(ana)["latte"]["redeemable"]

        time.now = MIDNIGHT

        shown = till.member(ana)
        assert shown["balance"] == 0
        assert not till.rewards(ana)["latte"]["redeemable"]
        assert till.redeem(ana).code == "insufficient_points"
        assert [entry["kind"] for entry in history(ana)] == ["expiry", "accrual"]

    def test_pending_points_can_be_spent_from_their_day_on(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        publish(version=2, pending_days=9, expiry=THREE_DAYS)
        time.now += timedelta(minutes=1)
        bob = till.enroll("bob@example.com")
        till.earn(bob, 4999)
        time.now = datetime(2026, 11, 29, 22, 59, 59, tzinfo=UTC)
        assert till.redeem(bob).code == "insufficient_points"

        time.now += timedelta(seconds=1)

        assert till.redeem(bob).status == 201
        assert till.member(bob)["balance"] == 9

    def test_a_hold_that_ran_out_can_neither_be_completed_nor_used(
        self, ana: str, time: Clock
    ) -> None:
        held = till.redeem(ana, hold=True).body
        time.now += timedelta(minutes=15)

        assert till.step(ana, held["id"], "complete").code == "wrong_state"
        assert till.use(held["voucher"]["code"]).code == "wrong_state"
        assert till.step(ana, held["id"], "cancel").status == 200
        assert till.member(ana)["balance"] == 49

    def test_a_voucher_cannot_be_used_once_its_date_has_passed(
        self, ana: str, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        publish(version=2, rewards=[reward(voucher_days=10)], expiry=THREE_DAYS)
        time.now += timedelta(minutes=1)
        code = till.redeem(ana).body["voucher"]["code"]

        time.now += timedelta(days=11)

        assert till.check(code).body["state"] == "expired"
        assert till.use(code).code == "wrong_state"


class TestTheQueue:
    def test_pages_that_were_refused_are_sent_again(self) -> None:
        sqs = Refusing(times=2)

        PageQueue(sqs, url="q").send([page("a"), page("b")])

        assert [len(entries) for entries in sqs.requests] == [2, 1, 1]

    def test_a_queue_that_refuses_every_time_is_not_taken_for_one_that_has_it(self) -> None:
        sqs = Refusing(times=ATTEMPTS_MAX)

        with pytest.raises(TryAgain):
            PageQueue(sqs, url="q").send([page("a"), page("b")])

    def test_messages_of_one_program_and_lane_share_a_group(self) -> None:
        PageQueue(clients.sqs(), url=queue_url()).send(
            [page("a"), WorkPage(program_id="bean", lane="vouchers", items=("b",))]
        )

        groups = [message["attributes"]["MessageGroupId"] for message in receive(queue_url())]

        assert groups == ["bean/members", "bean/vouchers"]


class Refusing:
    """A queue that refuses the last entry of a batch some times."""

    def __init__(self, *, times: int) -> None:
        self.requests: list[list[Any]] = []
        self._times = times

    def call(self, _operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        entries = parameters["Entries"]
        self.requests.append(entries)
        if len(self.requests) > self._times:
            return {}
        return {"Failed": [{"Id": entries[-1]["Id"]}]}


def page(item: str) -> WorkPage:
    return WorkPage(program_id="bean", lane="members", items=(item,))


def everything() -> list[Message]:
    found: list[Message] = []
    while messages := receive(queue_url()):
        found += messages
    return found

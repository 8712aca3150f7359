"""The program function on a table: publish, read, the catalogue."""

import os
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
import pytest

from functions.program.handler import handler
from loyalty.domain.kernel.errors import NotFound, TryAgain
from loyalty.domain.program.document import Program
from loyalty.edge.aws.queues.work import PageQueue
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Item, Key, Operation, Query, QueryPage
from loyalty.table.programs import REMEMBERED_FOR, ProgramShelf, TablePrograms
from loyalty.usecases.program.versions import Superseded
from tests.support.campaigns import campaign
from tests.support.documents import document, program, published, reward, rule
from tests.support.http import Answer, Claims, call, person, service, staff

BEAN = "/v1/programs/bean"
MANAGER = staff("bean", "manager")
FIRST = {"If-None-Match": "*"}
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def put(
    body: Any = None, *, headers: dict[str, str] | None = None, as_: Claims = MANAGER
) -> Answer:
    sent = document() if body is None else body
    return call(handler, "PUT", BEAN, body=sent, as_=as_, headers=headers)


def get(path: str = "", *, as_: Claims = MANAGER) -> Answer:
    return call(handler, "GET", f"{BEAN}{path}", as_=as_)


def test_a_program_is_published_and_read_back() -> None:
    written = put(headers=FIRST)
    read = get()

    assert (written.status, written.body["version"], written.headers["etag"]) == (201, 1, '"1"')
    assert (read.status, read.headers["etag"]) == (200, '"1"')
    assert read.body["version"] == 1
    assert read.body["published_at"].endswith("Z")
    assert Program.model_validate(read.body["document"]) == program()


def test_a_document_that_was_read_can_be_published_again() -> None:
    put(headers=FIRST)
    read = get()

    written = put(read.body["document"], headers={"If-Match": read.headers["etag"]})

    assert (written.status, written.body["version"]) == (200, 2)


class TestSegments:
    """Who is in segments is found soon after a publication, and not an hour later."""

    def test_a_run_is_queued_for_when_every_function_knows_the_version(self) -> None:
        put(headers=FIRST)

        name: Final = "ApproximateNumberOfMessagesDelayed"
        url = os.environ["LOYALTY_COMPACTION_QUEUE_URL"]
        answer = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        assert answer["Attributes"][name] == "1"

    def test_a_version_is_published_though_no_run_can_be_queued(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise TryAgain

        monkeypatch.setattr(PageQueue, "send", refuse)

        assert put(headers=FIRST).status == 201
        assert get().body["version"] == 1


def test_the_currency_of_a_program_never_changes() -> None:
    put(headers=FIRST)
    francs = document(currency="CHF")

    checked, refused = check(francs), put(francs, headers={"If-Match": '"1"'})

    assert refused.pointers == {"/currency": "currency_fixed"}
    assert checked.body["faults"] == refused.body["errors"]
    assert get().body["document"]["currency"] == "EUR"


def test_publishing_names_the_version_that_it_replaces() -> None:
    answer = put()

    assert (answer.status, answer.code) == (428, "precondition_required")


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": '"1"'},
        {"If-Match": '"3"'},
        {"If-Match": 'W/"2"'},
        {"If-Match": "*"},
        {"If-Match": '"two"'},
        {"If-None-Match": "*"},
    ],
)
def test_a_stale_version_is_not_replaced(headers: dict[str, str]) -> None:
    put(headers=FIRST)
    put(document(name="Bean"), headers={"If-Match": '"1"'})

    answer = put(document(name="Leaf"), headers=headers)

    assert (answer.status, answer.code) == (412, "stale_version")
    assert get().body["document"]["name"] == "Bean"


def test_a_put_repeated_after_a_lost_answer_is_answered_as_the_first_time() -> None:
    first = put(headers=FIRST)
    second = put(document(name="Bean"), headers={"If-Match": '"1"'})

    assert put(document(name="Bean"), headers={"If-Match": '"1"'}) == second
    assert (first.status, second.status) == (201, 200)
    assert get().body["version"] == 2


def test_a_first_put_repeated_is_201_again() -> None:
    assert put(headers=FIRST) == put(headers=FIRST)


def test_every_mistake_in_a_document_is_named_with_its_pointer() -> None:
    answer = put(
        document(
            nickname="B&L",
            expiry={"model": "after_earning", "month": 12},
            rewards=[reward(cost_points=40.0), reward(stock=-1, kind="cash")],
        ),
        headers=FIRST,
    )

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.pointers == {
        "/nickname": "extra_forbidden",
        "/expiry/month": "extra_forbidden",
        "/rewards/0/cost_points": "int_type",
        "/rewards/1/id": "duplicate_id",
        "/rewards/1/kind": "literal_error",
        "/rewards/1/stock": "greater_than_equal",
    }


def test_a_document_that_contradicts_itself_is_refused_with_pointers() -> None:
    answer = put(document(time_zone="Mars/Olympus", rewards=[reward(), reward()]), headers=FIRST)

    assert answer.pointers == {
        "/time_zone": "unknown_time_zone",
        "/rewards/1/id": "duplicate_id",
    }


def check(body: Any, *, as_: Claims = MANAGER) -> Answer:
    return call(handler, "POST", f"{BEAN}/check", body=body, as_=as_)


def test_a_document_is_checked_without_being_published() -> None:
    terse = document()
    del terse["pending_days"]

    answer = check(terse)

    assert answer.status == 200
    assert answer.body["document"]["pending_days"] == 0
    assert get().status == 404


def test_a_check_names_the_mistakes_that_publishing_names() -> None:
    broken = document(currency="Euro", time_zone="Mars", rewards=[reward(), reward(cost=1)])

    checked, refused = check(broken), put(broken, headers=FIRST)

    assert (checked.status, refused.status) == (200, 422)
    assert checked.body["faults"] == refused.body["errors"]
    assert checked.body["document"] is checked.body["worst_case"] is None
    assert set(refused.pointers) == {
        "/currency",
        "/time_zone",
        "/rewards/1/id",
        "/rewards/1/cost",
    }


@pytest.mark.parametrize("broken", [{}, {"campaigns": 5}, {"campaigns": [{"if": {"not": 5}}]}])
def test_a_check_of_any_object_is_an_answer(broken: Any) -> None:
    answer = check(broken)

    assert (answer.status, answer.body["document"]) == (200, None)
    assert answer.body["faults"]


def test_a_check_says_what_is_odd_and_the_most_that_an_order_can_earn() -> None:
    put(document(earning_rules=[rule()], campaigns=[campaign(id="over")]), headers=FIRST)
    proposed = document(
        earning_rules=[rule()],
        campaigns=[campaign(group="one", when={"weekdays": ["tue"]})],
        campaign_groups=[{"id": "one", "choose": "best"}],
    )

    answer = check(proposed).body

    assert [(each["pointer"], each["code"]) for each in answer["warnings"]] == [
        ("/campaign_groups/0", "group_of_one"),
        ("/campaigns", "dropped_campaign"),
    ]
    worst = answer["worst_case"]
    assert (worst["points_per_major_unit"], worst["points_per_unit"], worst["beside"]) == (1, 0, 10)
    assert [(each["weekdays"], each["beside"]) for each in worst["calendar"]] == [
        (["mon", "wed", "thu", "fri", "sat", "sun"], 0),
        (["tue"], 10),
    ]


@pytest.mark.parametrize("role", ["cashier", "analyst"])
def test_only_a_manager_checks_a_document(role: str) -> None:
    assert check(document(), as_=staff("bean", role)).status == 403


def test_an_earlier_version_can_be_read() -> None:
    put(headers=FIRST)
    put(document(name="Leaf"), headers={"If-Match": '"1"'})

    for caller in (MANAGER, staff("bean", "cashier"), service("bean")):
        first = call(handler, "GET", BEAN, as_=caller, query={"version": "1"})

        assert (first.status, first.body["version"]) == (200, 1)
        assert first.body["document"]["name"] == "Bean & Leaf"
    assert get().body["document"]["name"] == "Leaf"


@pytest.mark.parametrize(("version", "status"), [("3", 404), ("0", 422), ("one", 422)])
def test_a_version_that_is_not_there_is_not_found(version: str, status: int) -> None:
    put(headers=FIRST)

    assert call(handler, "GET", BEAN, as_=MANAGER, query={"version": version}).status == status


def test_members_read_the_version_in_force_only() -> None:
    put(headers=FIRST)

    assert call(handler, "GET", BEAN, as_=person(), query={"version": "1"}).status == 403


def test_the_schema_that_an_editor_checks_with_is_not_kept() -> None:
    with_schema = {"$schema": "docs/program.schema.json", **document()}

    written = put(with_schema, headers=FIRST)

    assert written.status == 201
    assert "$schema" not in get().body["document"]
    assert put(document(), headers=FIRST) == written


def test_a_document_may_have_300_kb() -> None:
    rewards = [reward(id=f"r{n}", description="x" * 1100) for n in range(200)]

    assert put(document(rewards=rewards), headers=FIRST).status == 201


def test_a_document_over_300_kb_is_too_large() -> None:
    rewards = [reward(id=f"r{n}", description="x" * 2000) for n in range(200)]

    answer = put(document(rewards=rewards), headers=FIRST)

    assert (answer.status, answer.code) == (413, "too_large")


@pytest.mark.parametrize("role", ["cashier", "analyst"])
def test_only_a_manager_publishes(role: str) -> None:
    assert put(headers=FIRST, as_=staff("bean", role)).code == "forbidden"
    assert put(headers=FIRST, as_=service("bean")).code == "forbidden"
    assert put(headers=FIRST, as_=person()).code == "forbidden"


@pytest.mark.parametrize("as_", [staff("other", "manager"), service("other")])
def test_a_program_of_others_does_not_exist(as_: Claims) -> None:
    put(headers=FIRST)

    assert get(as_=as_).status == put(headers=FIRST, as_=as_).status == 404
    assert get("/rewards", as_=as_).code == "not_found"


def test_a_program_that_was_never_published_does_not_exist() -> None:
    assert get().code == get("/rewards", as_=person()).code == "not_found"


@pytest.mark.parametrize("as_", [staff("bean", "cashier"), service("bean")])
def test_staff_and_services_read_the_whole_document(as_: Claims) -> None:
    put(headers=FIRST)

    assert get(as_=as_).body["document"] == get().body["document"]


def test_members_read_the_public_part() -> None:
    put(headers=FIRST)

    assert (get(as_=person()).body["view"], get().body["view"]) == ("public", "whole")
    public = get(as_=person()).body["document"]

    assert public["points"] == {"one": "bean", "many": "beans", "translations": {}}
    assert {"clawback", "reinstate_days", "claim_days"}.isdisjoint(public)
    assert all("stock" not in each for each in public["rewards"])


def test_the_catalogue_lists_the_rewards_available_now() -> None:
    put(
        document(
            rewards=[
                reward(id="always"),
                reward(id="gone", available_until="2020-12-31"),
                reward(id="to-come", available_from="2999-01-01T00:00:00Z"),
            ]
        ),
        headers=FIRST,
    )

    catalogue = get("/rewards", as_=person()).body

    assert catalogue["next_cursor"] is None
    assert {each["id"]: each["available"] for each in catalogue["items"]} == {
        "always": True,
        "gone": False,
        "to-come": False,
    }
    assert catalogue["items"][1]["available_until"] == "2020-12-31"


def test_the_description_of_the_api_is_served_to_anyone() -> None:
    answer = call(handler, "GET", "/v1/openapi.json")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert "/v1/programs/{program_id}" in answer.body["paths"]


def test_an_unknown_path_gets_a_problem_answer() -> None:
    answer = call(handler, "GET", "/favicon.ico")

    assert (answer.status, answer.code) == (404, "not_found")


class CountingEngine:
    """Counts the reads of the engine it wraps; `lagging` shows ordinary reads an older item."""

    def __init__(self, engine: DynamoEngine) -> None:
        self._engine = engine
        self.reads = 0
        self.lagging: dict[Key, Item] = {}

    def get(self, key: Key, *, strong: bool) -> Item | None:
        self.reads += 1
        if key in self.lagging and not strong:
            return self.lagging[key]
        return self._engine.get(key, strong=strong)

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        return self._engine.get_many(keys, strong=strong)

    def query(self, query: Query) -> QueryPage:
        return self._engine.query(query)

    def write(self, operations: Sequence[Operation]) -> None:
        self._engine.write(operations)


@pytest.fixture
def counting(engine: DynamoEngine) -> CountingEngine:
    return CountingEngine(engine)


@pytest.fixture
def publish(engine: DynamoEngine) -> Callable[..., None]:
    def publish(**parts: Any) -> None:
        TablePrograms(engine).publish(published(**parts))

    return publish


def test_a_warm_function_asks_for_the_version_in_force_every_25_seconds(
    counting: CountingEngine, publish: Callable[..., None]
) -> None:
    publish(version=1)
    shelf = ProgramShelf(TablePrograms(counting))
    shelf.in_force("bean", now=NOW)
    publish(version=2, name="Bean")

    just_before = shelf.in_force("bean", now=NOW + REMEMBERED_FOR - timedelta(milliseconds=1))
    assert (just_before.version, counting.reads) == (1, 2)

    after = shelf.in_force("bean", now=NOW + REMEMBERED_FOR)
    assert (after.version, after.document.name, counting.reads) == (2, "Bean", 4)


def test_versions_are_read_once_for_ever(
    counting: CountingEngine, publish: Callable[..., None]
) -> None:
    publish(version=1)
    shelf = ProgramShelf(TablePrograms(counting))

    assert shelf.version("bean", 1) is shelf.version("bean", 1)
    assert counting.reads == 1


def test_a_lagging_read_does_not_bring_back_an_old_version(
    counting: CountingEngine, publish: Callable[..., None], engine: DynamoEngine
) -> None:
    publish(version=1)
    current = keys.program_current("bean")
    before = engine.get(current, strong=True)
    publish(version=2)
    shelf = ProgramShelf(TablePrograms(counting))
    assert shelf.in_force("bean", now=NOW).version == 2

    counting.lagging[current] = before or {}

    assert shelf.in_force("bean", now=NOW + timedelta(minutes=1)).version == 2


def test_a_clock_that_was_set_back_does_not_keep_an_old_version_in_force(
    counting: CountingEngine, publish: Callable[..., None]
) -> None:
    publish(version=1)
    shelf = ProgramShelf(TablePrograms(counting))
    shelf.in_force("bean", now=NOW)
    publish(version=2)

    assert shelf.in_force("bean", now=NOW - timedelta(hours=1)).version == 2


def test_a_program_or_version_that_is_not_there_is_not_found(engine: DynamoEngine) -> None:
    shelf = ProgramShelf(TablePrograms(engine))

    with pytest.raises(NotFound):
        shelf.in_force("bean", now=NOW)
    with pytest.raises(NotFound):
        shelf.version("bean", 1)


def test_a_version_never_changes(engine: DynamoEngine, publish: Callable[..., None]) -> None:
    publish(version=1)

    with pytest.raises(Superseded):
        publish(version=1, name="Bean")

    stored = TablePrograms(engine).version("bean", 1)
    assert stored is not None
    assert stored.document == program()


def test_sweeps_find_every_program_and_its_time_zone(
    engine: DynamoEngine, publish: Callable[..., None]
) -> None:
    publish(program_id="bean", version=1)
    publish(program_id="leaf", version=1, time_zone="Asia/Kolkata")
    publish(program_id="bean", version=2, time_zone="Europe/London")

    registered = engine.query(Query(pk="PROGRAMS"))

    assert {each["program_id"]: each["time_zone"] for each in registered} == {
        "bean": "Europe/London",
        "leaf": "Asia/Kolkata",
    }

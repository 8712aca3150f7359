"""What a change of the table is announced as."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.changes import TableChange
from loyalty.domain.events import (
    ALL,
    Event,
    SegmentEntered,
    SegmentLeft,
    SurveyAnswered,
    events_of,
)
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import (
    Bonus,
    Counterpart,
    Edit,
    OrderCause,
    Placeholder,
    RequestCause,
)
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.member import Consent
from loyalty.domain.people.survey_responses import Response
from tests.support.event_examples import ANA, CHANGES, DATA_REQUEST
from tests.support.ledger import (
    CLAWBACK,
    CODE,
    LATER,
    LOT,
    NOON,
    WAITING,
    accrual,
    change,
    entry,
    order,
    request,
    voucher,
)
from tests.support.signing import FIXTURES
from tools import schemas

# What was published of CHANGES, by the event's name.
PINNED: Final = json.loads((FIXTURES / "pinned" / "events.json").read_text())


def events_named(name: str, table_change: TableChange) -> list[Event]:
    return [event for event in events_of(table_change) if event.name == name]


def only(table_change: TableChange) -> Event:
    (event,) = events_of(table_change)
    return event


def detail(table_change: TableChange) -> dict[str, object]:
    made: dict[str, object] = json.loads(only(table_change).to_json())
    return made


def test_there_is_an_example_of_every_kind_of_event() -> None:
    assert set(CHANGES) == {kind.name for kind in ALL}


@pytest.mark.parametrize("name", CHANGES)
def test_the_published_form_of_an_event_never_changes(name: str) -> None:
    """Its name, its id and its fields are public: whatever is renamed in the code, they stay."""
    (event,) = events_named(name, CHANGES[name])

    assert json.loads(event.to_json()) == PINNED[name]


def test_every_kind_of_event_states_its_name_explicitly() -> None:
    assert all("name" in vars(kind) for kind in ALL)
    assert {kind.name for kind in ALL} == set(PINNED)


@pytest.mark.parametrize(("name", "table_change"), CHANGES.items())
def test_an_event_is_what_its_schema_says(name: str, table_change: TableChange) -> None:
    (event,) = events_named(name, table_change)

    validator = Draft202012Validator(
        schemas.schema_of(type(event)), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(json.loads(event.to_json()))


@pytest.mark.parametrize(("name", "table_change"), CHANGES.items())
def test_no_event_has_personal_text_and_only_one_has_a_voucher_s_code(
    name: str, table_change: TableChange
) -> None:
    written = "".join(event.to_json() for event in events_of(table_change))

    assert (CODE in written) == (name == "RewardRedeemed")
    assert "Ana" not in written
    assert "ana@" not in written
    assert "case 12" not in written


def test_a_request_for_somebody_s_data_says_what_to_answer_until_when() -> None:
    published = detail(CHANGES["DataRequested"])

    assert published["member_id"] == "mem_1"
    assert published["orders"] == [{"source": "shop", "order_id": "1001"}]
    assert published["delivery_id"] == "20261121T120000000000Z.0123abcd"
    assert published["due_at"] == "2026-12-21T12:00:00.000Z"


def test_a_request_that_is_delivered_again_is_the_same_event() -> None:
    again = replace(DATA_REQUEST, received_at=LATER, member_id=None, reason="guest")

    first, second = only(change(DATA_REQUEST)), only(change(again))

    assert first.id == second.id
    assert detail(change(again))["member_id"] is None


def test_a_request_that_is_only_written_again_makes_no_event() -> None:
    assert list(events_of(change(DATA_REQUEST, replace(DATA_REQUEST, member_id=None)))) == []


def test_a_voucher_that_is_used_again_makes_another_event() -> None:
    used = {"used_at": LATER, "used_order": ("pos", "1002")}

    first = only(change(voucher("used", **used), voucher("issued")))
    again = only(
        change(voucher("used", times_reinstated=1, **used), voucher("issued", times_reinstated=1))
    )

    assert first.id != again.id


@pytest.mark.parametrize("table_change", CHANGES.values(), ids=CHANGES)
def test_a_repeated_change_makes_the_same_events(table_change: TableChange) -> None:
    first, second = ([event.to_json() for event in events_of(table_change)] for _ in range(2))

    assert first == second


def test_every_event_has_an_id_of_its_own() -> None:
    elsewhere = [replace(table_change, program_id="leaf") for table_change in CHANGES.values()]

    published = [event for each in (*CHANGES.values(), *elsewhere) for event in events_of(each)]

    assert len({event.id for event in published}) == len(published) >= 2 * len(CHANGES)


def test_an_earn_names_its_order_and_when_its_points_expire() -> None:
    published = detail(CHANGES["PointsEarned"])

    assert published["points"] == 49
    assert published["lots"] == [{"expires_on": "2027-11-30", "points": 49}]
    assert published["order"] == {"source": "pos", "order_id": "1001"}
    assert published["occurred_at"] == "2026-11-21T12:00:00.000Z"


def test_an_earned_bonus_says_what_it_was_given_for() -> None:
    birthday = Bonus(given_for="birthday")
    survey = Bonus(given_for="survey", survey_id="visit", order=OrderRef("pos", "1001"))

    published = [
        detail(change(request("bonus", Holding(lots={LOT: 5}), detail=each)))
        for each in (birthday, survey)
    ]

    assert [
        (each["reason"], each["given_for"], each["survey_id"], each["order"]) for each in published
    ] == [
        ("bonus", "birthday", None, None),
        ("bonus", "survey", "visit", {"source": "pos", "order_id": "1001"}),
    ]


@pytest.mark.parametrize(("days", "late"), [(0, False), (1, False), (2, True)])
def test_points_that_arrive_after_their_last_day_are_marked(days: int, late: bool) -> None:
    earned = accrual()

    later = replace(earned, recorded_at=earned.happened_at + timedelta(days=days))

    assert detail(change(later))["late"] is late


def test_points_that_never_expire_have_no_date() -> None:
    published = detail(change(accrual(lots={NEVER: 49})))

    assert published["lots"] == [{"expires_on": None, "points": 49}]


def test_points_that_paid_a_debt_were_earned_all_the_same() -> None:
    published = detail(change(accrual(lots={LOT: 29}, debt=-20)))

    assert published["points"] == 49
    assert published["lots"] == [{"expires_on": "2027-11-30", "points": 29}]


def test_an_order_that_earns_now_and_later_makes_both_events() -> None:
    table_change = change(accrual(lots={LOT: 40}, pending={WAITING: 9}))

    names = [event.name for event in events_of(table_change)]

    assert names == ["PointsEarned", "PointsPending"]


def test_an_order_that_earns_nothing_makes_no_event() -> None:
    assert list(events_of(change(accrual(lots={})))) == []


def test_a_clawback_that_took_nothing_makes_no_event() -> None:
    nothing = entry(
        OrderCause("pos", "1001", "clawback", "r2"),
        Holding(),
        detail=replace(CLAWBACK, clawed=0, owed=0, forgiven=25, debt_after=0),
    )

    assert list(events_of(change(nothing))) == []


def test_points_that_became_debt_count_as_clawed_back() -> None:
    published = detail(CHANGES["PointsClawedBack"])

    assert (published["points"], published["debt"], published["refund_id"]) == (25, 5, "r1")


@pytest.mark.parametrize(
    ("effect", "name", "reason"),
    [
        (Holding(lots={LOT: 20}), "PointsEarned", "edit"),
        (Holding(lots={LOT: -20}), "PointsClawedBack", None),
    ],
)
def test_an_edited_order_makes_an_event_of_earning_or_of_a_clawback(
    effect: Holding, name: str, reason: str | None
) -> None:
    edit = Edit(
        order=order(),
        parts=(),
        amount_minor=2000,
        clawed=0,
        owed=0,
        forgiven=0,
        excused=0,
        debt_after=0,
    )
    table_change = change(entry(OrderCause("pos", "1001", "edit", "ab12"), effect, detail=edit))

    assert only(table_change).name == name
    assert detail(table_change).get("reason") == reason
    assert detail(table_change).get("refund_id") is None


def test_a_placeholder_that_became_an_accrual_makes_an_event_of_earning() -> None:
    before = Placeholder(source="pos", order_id="1001", recorded_at=NOON, count=1, order=order())

    event = only(change(accrual(), before))

    assert event.name == "PointsEarned"


def test_a_guest_s_order_makes_no_event_yet() -> None:
    placeholder = Placeholder(
        source="pos", order_id="1001", recorded_at=NOON, count=1, order=order()
    )

    assert list(events_of(change(placeholder))) == []


def test_an_account_that_moved_points_makes_an_event_with_the_present_holding() -> None:
    published = detail(CHANGES["MemberChanged"])

    assert published["changed"] == ["balance", "next_expiry"]
    assert published["holding"] == {
        "status": "active",
        "balance": 49,
        "debt": 0,
        "pending_points": 0,
        "tier": None,
        "next_expiry": {"expires_on": "2027-11-30", "points": 49},
    }
    assert (published["revision"], published["consents"]) == (1, None)


@pytest.mark.parametrize(
    "parts",
    [{"due": LOT}, {"active_on": LOT}, {"qualifying": {"p2026": 5}}, {"redeemed": {"latte": 1}}],
)
def test_internal_changes_of_an_account_make_no_event(parts: dict[str, Any]) -> None:
    account = Account(member_id="mem_1", enrolled_at=NOON)

    assert list(events_of(change(replace(account, **parts), account))) == []


@pytest.mark.parametrize(
    ("parts", "changed"),
    [
        ({"holding": Holding(debt=5), "balance": -5}, ["balance", "debt"]),
        ({"holding": Holding(pending={WAITING: 7})}, ["pending_points"]),
        ({"tier_announced": "gold", "tier_ups": 1}, ["tier"]),
        ({"status": "closed"}, ["status"]),
        ({"holding": Holding(lots={LOT: 1, NEVER: 5}), "balance": 6}, ["balance", "next_expiry"]),
        ({"holding": Holding(lots={NEVER: 5}), "balance": 5}, ["balance"]),
    ],
)
def test_a_change_of_each_part_of_a_holding_makes_an_event(
    parts: dict[str, Any], changed: list[str]
) -> None:
    account = Account(member_id="mem_1", enrolled_at=NOON)

    (event,) = events_named("MemberChanged", change(replace(account, **parts), account))

    assert json.loads(event.to_json())["changed"] == changed


def test_a_later_change_of_what_a_member_holds_has_a_higher_revision() -> None:
    """As accounts change: an entry, a level up, two entries and a level down, the end."""
    accounts = [Account(member_id="mem_1")]
    steps: tuple[dict[str, Any], ...] = (
        {"balance": 5, "entries": 1},
        {"tier_announced": "gold", "tier_ups": 1},
        {"balance": 9, "entries": 3, "tier_announced": "silver", "tier_downs": 1},
        {"balance": 0, "status": "closed"},
    )
    for parts in steps:
        accounts.append(replace(accounts[-1], **parts))

    published = [
        json.loads(event.to_json())["revision"]
        for before, after in pairwise(accounts)
        for event in events_named("MemberChanged", change(after, before))
    ]

    assert published == [1, 2, 5, 6]


def test_an_event_of_consents_has_all_of_them_from_the_first() -> None:
    agreed = replace(ANA, consents={"email": Consent(given=True, given_at=NOON)})
    refused = replace(agreed, revision=2, consents={"email": Consent(given=False, given_at=LATER)})

    first, second = (
        json.loads(events_named("MemberChanged", table_change)[0].to_json())
        for table_change in (change(agreed), change(refused, agreed))
    )

    assert (first["consents"], first["holding"]) == ({"email": True}, None)
    assert (second["consents"], second["revision"]) == ({"email": False}, 2)


def test_an_event_of_a_redeemed_reward_has_all_that_a_shop_needs_for_a_code() -> None:
    published = detail(CHANGES["RewardRedeemed"])

    assert (published["code"], published["expires_at"]) == (CODE, None)
    assert published["reward"] == {
        "kind": "amount_off",
        "name": "Latte",
        "currency": "EUR",
        "amount_minor": 400,
        "percent": None,
        "skus": [],
    }


def test_a_transfer_makes_an_event_for_both_members() -> None:
    given = only(CHANGES["PointsTransferred"])
    taken = only(
        change(
            entry(
                RequestCause("r1", "transfer", "in"),
                Holding(lots={LOT: 3}),
                member_id="mem_2",
                detail=Counterpart(member_id="mem_1", direction="in"),
            )
        )
    )

    assert json.loads(given.to_json())["points"] == -3
    assert json.loads(taken.to_json())["points"] == 3
    assert given.id != taken.id


def test_a_held_reward_is_redeemed_when_it_is_completed() -> None:
    held = voucher("held", held_until=LATER)

    completed = only(change(voucher("issued"), held, made_at=LATER))

    assert list(events_of(change(held))) == []
    assert completed.name == "RewardRedeemed"
    assert completed.occurred_at == LATER


def test_a_voucher_that_kept_its_state_makes_no_event() -> None:
    assert list(events_of(change(voucher(), voucher(amount_minor=5)))) == []


def test_a_profile_event_names_the_changed_part_without_its_content() -> None:
    published = detail(CHANGES["ProfileChanged"])

    assert published["changed"] == ["profile"]
    assert "ana@example.com" not in json.dumps(published)


def test_a_profile_that_is_rewritten_unchanged_makes_no_event() -> None:
    assert list(events_of(change(replace(ANA, revision=2), ANA))) == []
    assert list(events_of(change(ANA))) == []


def test_a_message_is_due_once_and_not_again_when_it_was_sent() -> None:
    due = CHANGES["MessageDue"]

    assert list(events_of(replace(due, before=due.after))) == []


def test_a_survey_comment_is_in_no_event() -> None:
    (event,) = events_of(CHANGES["SurveyAnswered"])

    assert "0612345678" not in event.to_json()
    assert isinstance(event, SurveyAnswered)
    assert (event.score, event.is_low, event.order) == (2, True, OrderRef("pos", "1001"))


def test_an_answer_whose_comment_was_erased_is_not_announced_again() -> None:
    answered = CHANGES["SurveyAnswered"].after
    assert isinstance(answered, Response)

    assert list(events_of(change(replace(answered, comment=None), answered))) == []


class TestSegments:
    """A member who was found in segments is announced to have entered and left some."""

    def events(self, before: Targeting | None, after: Targeting) -> list[tuple[str, str]]:
        found = events_of(change(after, before))
        return [
            (each.name, each.segment_id)
            for each in found
            if isinstance(each, SegmentEntered | SegmentLeft)
        ]

    def test_only_what_is_new_or_gone_is_announced(self) -> None:
        before = Targeting(
            member_id="mem_1", segments={"a": "1", "b": "1", "c": "1"}, segments_as_of=NOON
        )
        after = replace(before, segments={"b": "1", "c": "2", "d": "1"}, segments_as_of=LATER)

        assert self.events(before, after) == [("SegmentEntered", "d"), ("SegmentLeft", "a")]
        assert self.events(None, before) == [("SegmentEntered", each) for each in "abc"]

    def test_joining_a_campaign_says_nothing_of_segments(self) -> None:
        before = Targeting(member_id="mem_1", segments={"a": "1"}, segments_as_of=NOON)

        assert self.events(before, replace(before, joined={"win-back": NOON})) == []

    def test_entering_again_is_another_event_and_the_same_run_is_not(self) -> None:
        def entered(found_at: datetime) -> str:
            after = Targeting(member_id="mem_1", segments={"a": "1"}, segments_as_of=found_at)
            return only(change(after)).id

        assert entered(NOON) == entered(NOON)
        assert entered(NOON) != entered(LATER)

"""Refunds over HTTP: what an order no longer earns is taken back, once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import rule
from tests.support.http import Answer
from tests.support.till import line, money, order

pytestmark = pytest.mark.usefixtures("program")

TOO_LATE = "2026-11-21T10:06:00Z"

type Rules = Callable[..., None]


@pytest.fixture
def rules(publish: Callable[..., PublishedProgram], time: Clock) -> Rules:
    """Change parts of the program."""

    def change(**parts: object) -> None:
        publish(version=2, **parts)
        time.now += timedelta(minutes=1)

    return change


def bought(member_id: str, *amounts: int, **parts: Any) -> str:
    """The id of a new order, a line for each amount, called 1, 2, …; each of two units."""
    lines = [line(amount, str(number), quantity=2) for number, amount in enumerate(amounts, 1)]
    body = order(member_id=member_id, lines=lines, **parts)
    assert till.post_order(body).status == 201
    return str(body["order_id"])


def taken(answer: Answer) -> tuple[int, int]:
    """Points taken back, and the debt afterwards."""
    assert answer.status == 201, answer.text
    return answer.body["entry"]["points"], answer.body["debt"]


def test_a_refund_by_amount_takes_back_the_points_the_order_no_longer_earns() -> None:
    ana = till.enroll()
    bought_id = bought(ana, 4999)

    answer = till.refund(bought_id, amount=money(2500))

    assert answer.status == 201
    assert answer.body["status"] == "refunded"
    assert (answer.body["entry"]["kind"], answer.body["entry"]["points"]) == ("clawback", -25)
    assert answer.body["counted"] == money(2500)
    assert answer.body["debt"] == 0
    assert till.member(ana)["balance"] == 24


def test_a_refund_by_units_counts_their_share_of_the_line() -> None:
    ana = till.enroll()
    bought_id = bought(ana, 3000, 1000)

    one_unit = till.refund(bought_id, "r1", lines=[{"line_id": "1", "quantity": 1}])
    the_rest = till.refund(bought_id, "r2", whole=True)

    assert taken(one_unit) == (-15, 0)
    assert taken(the_rest) == (-25, 0)
    assert till.member(ana)["balance"] == 0


def test_the_same_refund_again_is_answered_with_the_same_body() -> None:
    ana = till.enroll()
    bought_id = bought(ana, 4999)
    first = till.refund(bought_id, amount=money(2500))

    again = till.refund(bought_id, amount=money(2500))

    assert (again.status, again.body) == (200, first.body)
    assert till.member(ana)["balance"] == 24


def test_the_same_refund_with_different_content_is_a_conflict() -> None:
    ana = till.enroll()
    bought_id = bought(ana, 4999)
    till.refund(bought_id, amount=money(2500))

    answer = till.refund(bought_id, amount=money(2501))

    assert (answer.status, answer.code) == (409, "idempotency_conflict")


def test_a_refund_of_more_than_the_rest_counts_as_the_rest() -> None:
    ana = till.enroll()
    bought_id = bought(ana, 1000)

    too_much = till.refund(bought_id, "r1", amount=money(99_999))
    nothing_left = till.refund(bought_id, "r2", lines=[{"line_id": "1", "quantity": 2}])

    assert taken(too_much) == (-10, 0)
    assert too_much.body["counted"] == money(1000)
    assert taken(nothing_left) == (0, 0)
    assert nothing_left.body["counted"] == money(0)


def test_a_refund_is_decided_by_the_version_that_decided_the_order(rules: Rules) -> None:
    ana = till.enroll()
    bought_id = bought(ana, 4000)
    rules(earning_rules=[rule(points=10)])

    assert taken(till.refund(bought_id, whole=True)) == (-40, 0)


@pytest.mark.parametrize(
    ("policy", "points", "debt"),
    [("unlimited", -40, 31), ("within_balance", -9, 0), ("only_pending", 0, 0)],
)
def test_spent_points_become_debt_or_are_forgiven_by_the_programs_policy(
    rules: Rules, policy: str, points: int, debt: int
) -> None:
    rules(clawback=policy, earning_rules=[rule()])
    ana = till.enroll()
    bought_id = bought(ana, 4000)
    till.earn(ana, 900)
    till.redeem(ana)

    answer = till.refund(bought_id, whole=True)

    assert taken(answer) == (points, debt)
    clawback = answer.body["entry"]["clawback"]
    assert clawback["clawed"] + clawback["owed"] + clawback["forgiven"] == 40
    assert till.member(ana)["debt"] == debt


def test_debt_is_paid_from_the_next_points_earned(rules: Rules) -> None:
    rules(clawback="unlimited", earning_rules=[rule()])
    ana = till.enroll()
    bought_id = bought(ana, 4000)
    till.redeem(ana)
    till.refund(bought_id, whole=True)
    assert (till.member(ana)["balance"], till.member(ana)["debt"]) == (-40, 40)

    entry = till.earn(ana, 5000).body["entry"]

    assert (entry["points"], entry["debt"]) == (50, -40)
    seen = till.member(ana)
    assert (seen["balance"], seen["debt"]) == (10, 0)
    assert seen["lots"] == [{"expires_on": "2027-11-30", "points": 10}]


def test_pending_points_are_taken_while_they_are_pending(rules: Rules) -> None:
    rules(pending_days=14, earning_rules=[rule()], clawback="only_pending")
    ana = till.enroll()
    bought_id = bought(ana, 4000)

    answer = till.refund(bought_id, amount=money(1000))

    assert taken(answer) == (0, 0)
    assert answer.body["entry"]["pending_points"] == -10
    assert till.member(ana)["pending"][0]["points"] == 30


def test_points_that_expired_unspent_are_not_taken_again(rules: Rules, time: Clock) -> None:
    rules(clawback="unlimited", earning_rules=[rule()])
    ana = till.enroll()
    bought_id = bought(ana, 4000)
    time.now = datetime(2027, 12, 1, 10, 0, tzinfo=UTC)
    till.earn(ana, 2500, occurred_at="2027-12-01T10:00:00Z")

    answer = till.refund(bought_id, whole=True)

    assert taken(answer) == (0, 0)
    assert answer.body["entry"]["clawback"]["excused"] == 40
    assert till.member(ana)["balance"] == 25


def test_a_refund_that_comes_before_its_order_waits_and_is_taken_whole() -> None:
    ana = till.enroll()
    body = order(4000, member_id=ana)

    waiting = till.refund(body["order_id"], amount=money(1500))
    assert (waiting.status, waiting.body) == (202, {"status": "waiting", "vouchers": []})
    assert till.refund(body["order_id"], amount=money(1500)).status == 202
    earned = till.post_order(body)
    again = till.refund(body["order_id"], amount=money(1500))

    assert (earned.status, earned.body["entry"]["points"]) == (201, 40)
    assert (again.status, again.body["entry"]["points"]) == (200, -15)
    assert till.member(ana)["balance"] == 25
    assert taken(till.refund(body["order_id"], "r2", whole=True)) == (-25, 0)


def test_a_guests_order_is_refunded_before_it_is_claimed() -> None:
    body = order(4000, identities=[{"kind": "email", "value": "new@example.com"}])
    till.post_order(body)

    waiting = till.refund(body["order_id"], amount=money(1000))
    member_id = till.enroll("new@example.com")
    till.post_order(body)

    assert waiting.status == 202
    assert till.member(member_id)["balance"] == 30


@pytest.mark.parametrize(
    ("what", "pointer", "code"),
    [
        ({}, "", "refund_unclear"),
        ({"amount": money(1), "whole": True}, "", "refund_unclear"),
        ({"amount": money(-1)}, "/amount/amount", "greater_than_equal"),
        ({"lines": [{"line_id": "1", "quantity": 0}]}, "/lines/0/quantity", "greater_than_equal"),
        ({"lines": [{"line_id": "9", "quantity": 1}]}, "/lines", "unknown_line"),
        ({"lines": [{"line_id": "1", "quantity": 1}] * 2}, "/lines/1/line_id", "duplicate_line"),
        ({"whole": True, "occurred_at": TOO_LATE}, "/occurred_at", "time_out_of_range"),
        ({"whole": "yes"}, "/whole", "bool_type"),
        ({"refund_id": "no spaces", "whole": True}, "/refund_id", "string_pattern_mismatch"),
    ],
)
def test_each_mistake_is_named_where_it_stands(
    what: dict[str, Any], pointer: str, code: str
) -> None:
    bought_id = bought(till.enroll(), 1000)

    answer = till.refund(bought_id, **what)

    assert (answer.status, answer.code) == (422, "validation_failed"), answer.text
    assert answer.pointers == {pointer: code}


def test_money_of_another_currency_is_refused() -> None:
    bought_id = bought(till.enroll(), 1000)

    answer = till.refund(bought_id, amount=money(100, "USD"))

    assert (answer.status, answer.code) == (422, "currency_mismatch")

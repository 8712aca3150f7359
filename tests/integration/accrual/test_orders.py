"""Orders over HTTP: what they earn, once, and every way they can be wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.accrual.handler import handler
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import sizes
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import rule
from tests.support.http import Claims, call, person, service, staff
from tests.support.till import line, money, order

pytestmark = pytest.mark.usefixtures("program")

# All that an order may say of itself beside its goods.
SAID_IN_FULL: Final[dict[str, Any]] = {
    "location": "lyon",
    "tenders": [
        {"kind": "card", "amount": money(4000)},
        {"kind": "gift_card", "amount": money(999)},
    ],
    "codes": ["FLYER"],
    "lines": [line(4999, brand="house", tags=["hot", "oat"])],
}


class TestEarning:
    def test_an_order_earns_and_the_answer_explains_the_points(self) -> None:
        ana = till.enroll()

        answer = till.post_order(order(4999, order_id="1001", member_id=ana))

        assert answer.status == 201
        assert answer.body["status"] == "earned"
        assert answer.body["member_id"] == ana
        entry = answer.body["entry"]
        assert entry["kind"] == "accrual"
        assert (entry["points"], entry["pending_points"]) == (49, 0)
        assert (entry["available_on"], entry["expires_on"]) == ("2026-11-21", "2027-11-30")
        assert entry["program_version"] == 1
        assert entry["breakdown"] == [
            {
                "rule_id": "base",
                "line_id": "1",
                "points": 49,
                "eligible_minor": 4999,
                "rate": {
                    "points": 1,
                    "per_minor": 100,
                    "multiplier_percent": 100,
                    "plan_percent": 100,
                },
            }
        ]
        assert till.member(ana)["balance"] == 49

    def test_the_same_order_again_is_answered_with_the_same_body_and_earns_nothing(self) -> None:
        ana = till.enroll()
        body = order(member_id=ana)
        first = till.post_order(body)

        again = till.post_order(body)

        assert (first.status, again.status) == (201, 200)
        assert again.body == first.body
        assert till.member(ana)["balance"] == 49

    def test_the_same_order_with_different_content_is_a_conflict(self) -> None:
        ana = till.enroll()
        body = order(member_id=ana)
        till.post_order(body)

        answer = till.post_order(body | {"lines": [line(9999)]})

        assert (answer.status, answer.code) == (409, "order_conflict")
        assert till.member(ana)["balance"] == 49

    def test_where_and_how_it_was_paid_and_what_was_bought_belongs_to_the_order(self) -> None:
        ana = till.enroll()
        body = order(member_id=ana) | SAID_IN_FULL
        first = till.post_order(body)

        again = till.post_order(body | {"codes": ["Flyer"]})
        changes: list[dict[str, Any]] = [
            {"location": "paris"},
            {"codes": []},
            {"tenders": SAID_IN_FULL["tenders"][:1]},
            {"lines": [line(4999, brand="house", tags=["hot"])]},
            {"lines": [line(4999, brand="other", tags=["hot", "oat"])]},
        ]
        others = [till.post_order(body | changed) for changed in changes]

        assert (first.status, again.status) == (201, 200)
        assert [(each.status, each.code) for each in others] == [(409, "order_conflict")] * 5

    def test_a_tender_is_in_the_programs_currency_and_not_negative(self) -> None:
        ana = till.enroll()
        tenders = [{"kind": "card", "amount": {"amount": 100, "currency": "USD"}}]

        foreign = till.post_order(order(member_id=ana, tenders=tenders))
        negative = till.post_order(
            order(member_id=ana, tenders=[{"kind": "card", "amount": money(-1)}])
        )

        assert (foreign.status, foreign.code) == (422, "currency_mismatch")
        assert foreign.body["errors"][0]["pointer"] == "/tenders/0/amount/currency"
        assert negative.body["errors"][0]["pointer"] == "/tenders/0/amount/amount"

    def test_the_customer_can_be_named_by_an_identity_in_any_spelling(self) -> None:
        ana = till.enroll("ana@example.com")
        body = order(identities=[{"kind": "email", "value": " Ana@Example.com"}])

        answer = till.post_order(body)

        assert (answer.status, answer.body["member_id"]) == (201, ana)

    def test_an_order_of_zero_earns_nothing(self) -> None:
        ana = till.enroll()

        free = till.earn(ana, 0)
        empty = till.post_order(order(member_id=ana) | {"lines": []})

        assert (free.body["entry"]["points"], empty.body["entry"]["points"]) == (0, 0)
        assert till.member(ana)["balance"] == 0

    def test_a_quote_says_the_same_and_writes_nothing(self) -> None:
        ana = till.enroll()

        answer = till.quote(order(4999, member_id=ana))

        assert answer.status == 200
        assert (answer.body["points"], answer.body["pending_points"]) == (49, 0)
        assert till.member(ana)["balance"] == 0

    def test_a_quote_is_for_the_member_at_their_level_and_says_what_they_can_spend(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        gold = {"id": "gold", "name": "Gold", "reached_at": 1000, "multiplier_percent": 200}
        tiers = {"basis": "spend", "period": "calendar_year", "levels": [gold]}
        publish(version=2, tiers=tiers, earning_rules=[rule()])
        time.now += timedelta(minutes=1)
        ana = till.enroll()
        till.earn(ana, 4000)
        named = {key: value for key, value in order(4999).items() if key != "member_id"}

        quoted = till.quote(order(4999, member_id=ana)).body
        of_a_guest = till.quote(named).body

        assert (quoted["member_id"], quoted["tier"], quoted["balance"]) == (ana, "gold", 40)
        assert quoted["points"] == 99
        assert quoted["breakdown"][0]["rate"]["multiplier_percent"] == 200
        assert (of_a_guest["member_id"], of_a_guest["tier"], of_a_guest["balance"]) == (
            None,
            None,
            None,
        )
        assert of_a_guest["points"] == 49
        earned = till.post_order(order(4999, member_id=ana)).body
        assert earned["entry"]["points"] == quoted["points"]

    def test_a_quote_for_an_unknown_member_is_not_found(self) -> None:
        named = {key: value for key, value in order(4999).items() if key != "member_id"}
        stranger = [{"kind": "email", "value": "nobody@example.com"}]

        assert till.quote(order(4999, member_id="mem_nobody")).status == 404
        assert till.quote(named | {"identities": stranger}).status == 404

    def test_points_wait_for_the_programs_pending_days(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        publish(version=2, pending_days=14, earning_rules=[rule()])
        time.now += timedelta(minutes=1)
        ana = till.enroll()

        entry = till.earn(ana, 4999).body["entry"]

        assert (entry["points"], entry["pending_points"]) == (0, 49)
        assert entry["available_on"] == "2026-12-05"
        seen = till.member(ana)
        assert seen["balance"] == 0
        assert seen["pending"][0] | {"expires_on": None} == {
            "available_on": "2026-12-05",
            "points": 49,
            "expires_on": None,
        }
        time.now = datetime(2026, 12, 4, 23, 0, tzinfo=UTC)
        assert till.member(ana)["balance"] == 49

    def test_points_whose_last_day_has_passed_are_seen_to_expire_at_once(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        publish(version=2, expiry={"model": "after_earning", "days": 10, "round_to": "none"})
        time.now += timedelta(minutes=1)
        ana = till.enroll()

        entry = till.earn(ana, 4999, occurred_at="2026-11-01T10:00:00Z").body["entry"]

        assert (entry["points"], entry["expires_on"]) == (49, "2026-11-11")
        assert till.member(ana)["balance"] == 0


class TestTheOutcome:
    def test_an_order_shows_its_entries_with_the_rates_of_their_time(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        ana = till.enroll()
        body = order(4999, member_id=ana)
        till.post_order(body)
        publish(version=2, earning_rules=[rule(points=10)])
        time.now += timedelta(minutes=1)
        till.refund(body["order_id"], amount=money(1000))

        shown = till.read_order(body["order_id"]).body

        assert (shown["status"], shown["member_id"]) == ("earned", ana)
        accrual, clawback = shown["entries"]
        assert accrual["breakdown"][0]["rate"]["points"] == 1
        assert (clawback["kind"], clawback["points"]) == ("clawback", -10)

    def test_an_order_that_waits_says_for_what(self) -> None:
        guests = order(identities=[{"kind": "email", "value": "new@example.com"}])
        till.post_order(guests)
        till.refund("unseen", "r7", whole=True)

        assert till.read_order(guests["order_id"]).body["status"] == "guest"
        waiting = till.read_order("unseen").body
        assert (waiting["status"], waiting["refunds_waiting"]) == ("waiting", ["r7"])
        assert till.read_order("never").status == 404

    def test_a_level_multiplies_what_is_earned(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        level = {"id": "gold", "name": "Gold", "reached_at": 4000, "multiplier_percent": 150}
        tiers = {
            "basis": "spend",
            "period": "calendar_year",
            "levels": [level | {"reached_at": 4000}],
        }
        publish(version=2, earning_rules=[rule()], tiers=tiers)
        time.now += timedelta(minutes=1)
        ana = till.enroll()
        till.earn(ana, 4000)

        entry = till.earn(ana, 1001).body["entry"]

        assert (entry["points"], entry["tier"]) == (15, "gold")
        assert entry["breakdown"][0]["rate"]["multiplier_percent"] == 150


class TestGuests:
    def test_an_order_of_an_unknown_customer_is_kept(self) -> None:
        body = order(identities=[{"kind": "email", "value": "new@example.com"}])

        first, again = till.post_order(body), till.post_order(body)

        assert (first.status, first.body["status"]) == (202, "guest")
        assert (again.status, again.body) == (202, first.body)

    def test_an_order_sent_again_after_its_customer_enrolled_earns(self) -> None:
        body = order(identities=[{"kind": "email", "value": "new@example.com"}])
        till.post_order(body)
        member_id = till.enroll("new@example.com")

        answer = till.post_order(body)

        assert (answer.status, answer.body["member_id"]) == (201, member_id)
        assert till.member(member_id)["balance"] == 49

    def test_an_order_that_names_nobody_is_ignored(self) -> None:
        answer = till.post_order(order())

        assert (answer.status, answer.body["status"]) == (202, "ignored")

    def test_an_unknown_member_is_not_a_guest(self) -> None:
        answer = till.post_order(order(member_id="mem_nobody"))

        assert (answer.status, answer.code) == (404, "not_found")


AMOUNT = "/lines/0/amount/amount"
NOT_AN_EMAIL = {"kind": "email", "value": "nobody"}


def costing(amount: object, currency: str = "EUR") -> dict[str, Any]:
    """A line with any amount, however wrong."""
    return line(0) | {"amount": {"amount": amount, "currency": currency}}


class TestWrongOrders:
    @pytest.mark.parametrize(
        ("parts", "pointer", "code"),
        [
            ({"lines": [costing(-1)]}, AMOUNT, "greater_than_equal"),
            ({"lines": [costing(10**13)]}, AMOUNT, "less_than_equal"),
            ({"lines": [costing(12.0)]}, AMOUNT, "int_type"),
            ({"lines": [costing("12")]}, AMOUNT, "int_type"),
            ({"lines": [costing(amount=True)]}, AMOUNT, "int_type"),
            ({"lines": [line(1, quantity=0)]}, "/lines/0/quantity", "greater_than_equal"),
            ({"lines": [line(1, quantity=1.5)]}, "/lines/0/quantity", "int_type"),
            ({"lines": [costing(1, "XQQ")]}, "/lines/0/amount/currency", "unknown_currency"),
            ({"lines": [line(1), line(2)]}, "/lines/1/line_id", "duplicate_line"),
            ({"lines": [line(1, str(n)) for n in range(501)]}, "/lines", "too_long"),
            ({"occurred_at": "2026-08-22T09:59:59Z"}, "/occurred_at", "time_out_of_range"),
            ({"occurred_at": "2026-11-21T10:05:01Z"}, "/occurred_at", "time_out_of_range"),
            ({"occurred_at": "2026-11-21T10:00:00"}, "/occurred_at", "time_form"),
            ({"occurred_at": 1795255200}, "/occurred_at", "time_form"),
            ({"order_id": "no spaces"}, "/order_id", "string_pattern_mismatch"),
            ({"order_id": ""}, "/order_id", "string_pattern_mismatch"),
            ({"source": "a" * 65}, "/source", "string_pattern_mismatch"),
            ({"lines": None}, "/lines", "tuple_type"),
            ({"surprise": 1}, "/surprise", "extra_forbidden"),
            ({"identities": [NOT_AN_EMAIL]}, "/identities/0/value", "invalid_identity"),
        ],
    )
    def test_each_mistake_is_named_where_it_stands(
        self, parts: dict[str, Any], pointer: str, code: str
    ) -> None:
        answer = till.post_order(order() | parts)

        assert (answer.status, answer.code) == (422, "validation_failed"), answer.text
        assert answer.pointers == {pointer: code}

    def test_two_hundred_lines_are_not_too_many(self) -> None:
        ana = till.enroll()
        lines = [line(100, str(number)) for number in range(200)]

        answer = till.post_order(order(member_id=ana, lines=lines))

        assert (answer.status, answer.body["entry"]["points"]) == (201, 200)

    def test_an_order_may_be_ninety_days_old_and_five_minutes_ahead(self) -> None:
        ana = till.enroll()

        old = till.post_order(order(member_id=ana, occurred_at="2026-08-23T10:00:00Z"))
        ahead = till.post_order(order(member_id=ana, occurred_at="2026-11-21T10:05:00Z"))

        assert (old.status, ahead.status) == (201, 201)

    def test_money_of_another_currency_is_refused(self) -> None:
        ana = till.enroll()
        dollars = [line(1) | {"amount": money(100, "USD")}]

        answer = till.post_order(order(member_id=ana, lines=dollars))

        assert (answer.status, answer.code) == (422, "currency_mismatch")

    def test_a_customer_is_not_named_in_two_ways(self) -> None:
        ana = till.enroll()
        email = [{"kind": "email", "value": "ana@example.com"}]

        answer = till.post_order(order(member_id=ana, identities=email))

        assert (answer.status, answer.pointers) == (422, {"/identities": "customer_named_twice"})


class TestWhoMay:
    @pytest.mark.parametrize(
        ("claims", "status", "code"),
        [
            (service("bean"), 201, None),
            (staff("bean", "analyst"), 403, "forbidden"),
            (person("somebody"), 403, "forbidden"),
            (staff("other", "cashier"), 404, "not_found"),
            (service("other"), 404, "not_found"),
        ],
    )
    def test_only_tills_and_services_of_the_program_record_orders(
        self, claims: Claims, status: int, code: str | None
    ) -> None:
        ana = till.enroll()

        answer = till.post_order(order(member_id=ana), as_=claims)

        assert answer.status == status
        assert code is None or answer.code == code

    def test_a_member_of_another_program_is_unknown_here(
        self, publish: Callable[..., PublishedProgram]
    ) -> None:
        publish(program_id="other")
        ana = till.enroll()

        answer = call(
            handler,
            "POST",
            "/v1/programs/other/orders",
            body=order(member_id=ana),
            as_=staff("other", "cashier"),
        )

        assert (answer.status, answer.code) == (404, "not_found")


def test_more_points_than_can_be_counted_are_refused(
    publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    publish(version=2, earning_rules=[rule(points=1_000_000, per_minor=1)])
    time.now += timedelta(minutes=1)

    answer = till.post_order(order(10**12, member_id=till.enroll()))

    assert (answer.status, answer.pointers) == (422, {"/lines": "points_out_of_range"})


def test_an_order_of_the_most_lines_under_the_most_rules_is_answered_in_bounds(
    publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    publish(version=2, earning_rules=[rule(id=f"rule-{number:03}") for number in range(200)])
    time.now += timedelta(minutes=1)
    lines = [line(12_345_600, line_id=f"{number:013}") for number in range(200)]
    large = order(member_id=till.enroll(), lines=lines)

    quoted, first, again = till.quote(large), till.post_order(large), till.post_order(large)

    assert [quoted.status, first.status, again.status] == [200, 201, 200]
    assert max(len(each.text) for each in (quoted, first, again)) < 1_000_000
    breakdown = first.body["entry"]["breakdown"]
    assert {share["line_id"] for share in breakdown} == {None}
    assert [share["points"] for share in breakdown] == [200 * 123_456] * 200
    assert quoted.body["breakdown"] == breakdown


def test_an_order_whose_record_would_be_larger_than_the_table_takes_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana = till.enroll()
    body = order(member_id=ana, lines=[line(100, line_id=f"{n}") for n in range(100)])
    monkeypatch.setattr(sizes, "ITEM_BYTES_MAX", 2_000)

    answer = till.post_order(body)

    assert (answer.status, answer.code) == (413, "too_large")
    assert till.member(ana)["balance"] == 0


class TestCorrections:
    """`PUT` of an order settles by difference, as a storefront's edit does."""

    def test_an_order_is_raised_and_lowered_by_the_difference(self) -> None:
        ana = till.enroll()
        till.post_order(order(4999, order_id="7", member_id=ana))

        raised = till.correct_order(order(6000, order_id="7", member_id=ana))
        raised_to = till.member(ana)["balance"]
        lowered = till.correct_order(
            order(1000, order_id="7", member_id=ana) | {"changed_at": "2026-11-21T10:05:00Z"}
        )

        assert (raised.status, raised.body["status"]) == (200, "edited")
        assert (raised.body["entry"]["kind"], raised.body["entry"]["points"]) == ("edit", 11)
        assert raised.body["entry"]["edit"] == {
            "amount_minor": 1001,
            "clawed": 0,
            "owed": 0,
            "forgiven": 0,
            "excused": 0,
        }
        assert raised_to == 60
        assert lowered.body["entry"]["points"] == -50
        assert till.member(ana)["balance"] == 10

    def test_the_same_correction_again_changes_nothing(self, time: Clock) -> None:
        ana = till.enroll()
        till.post_order(order(4999, order_id="7", member_id=ana))
        till.correct_order(order(6000, order_id="7", member_id=ana))
        time.now += timedelta(minutes=1)

        again = till.correct_order(order(6000, order_id="7", member_id=ana))

        assert (again.status, again.body["status"]) == (200, "unchanged")
        assert till.member(ana)["balance"] == 60

    def test_a_correction_that_arrives_after_a_later_one_is_outdated(self) -> None:
        ana = till.enroll()
        till.post_order(order(4999, order_id="7", member_id=ana))
        later = {"changed_at": "2026-11-21T09:59:00Z"}
        till.correct_order(order(6000, order_id="7", member_id=ana) | later)

        early = till.correct_order(
            order(9000, order_id="7", member_id=ana) | {"changed_at": "2026-11-21T09:58:00Z"}
        )

        assert (early.body["status"], early.body["entry"]) == ("outdated", None)
        assert till.member(ana)["balance"] == 60

    def test_an_order_that_was_never_recorded_earns(self) -> None:
        ana = till.enroll()

        answer = till.correct_order(order(4999, order_id="7", member_id=ana))

        assert (answer.status, answer.body["status"]) == (201, "earned")
        assert till.member(ana)["balance"] == 49

    def test_refunds_count_against_the_corrected_order(self) -> None:
        ana = till.enroll()
        till.post_order(order(4999, order_id="7", member_id=ana))
        till.correct_order(order(6000, order_id="7", member_id=ana))

        till.refund("7", whole=True)

        assert till.member(ana)["balance"] == 0

    def test_the_path_names_the_order(self) -> None:
        content = order(4999, member_id=till.enroll())

        answer = call(
            handler, "PUT", "/v1/programs/bean/orders/pos/7", body=content, as_=till.CASHIER
        )

        assert (answer.status, answer.pointers) == (
            422,
            {"/source": "extra_forbidden", "/order_id": "extra_forbidden"},
        )

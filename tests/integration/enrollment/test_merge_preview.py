"""What a merge would do is said before it is done, and then it does just that."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.erasing import items
from tests.support.http import Answer, person, service, staff

LEVELS = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [
        {"id": "silver", "name": "Silver", "reached_at": 5000},
        {"id": "gold", "name": "Gold", "reached_at": 7000},
    ],
}

type Publish = Callable[..., PublishedProgram]


@pytest.fixture
def rules(publish: Publish) -> None:
    publish(pending_days=14, tiers=LEVELS, clawback="unlimited")


@pytest.fixture
def pair() -> tuple[str, str]:
    ana, bob = till.enroll("ana@example.com"), till.enroll("bob@example.com")
    till.earn(ana, 4000, order_id="1")
    till.adjust(ana, 60)
    till.earn(bob, 5000, order_id="2")
    till.adjust(bob, -20, below_zero=True)
    return ana, bob


def previewed(merged: str, into: str) -> dict[str, Any]:
    answer = till.preview_merge(merged, into)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


@pytest.mark.usefixtures("rules")
class TestPoints:
    @pytest.mark.parametrize("day", [21, 22, 30])
    def test_the_member_who_remains_then_has_what_was_previewed(
        self, day: int, pair: tuple[str, str], time: Clock
    ) -> None:
        """On the last day, the pending points of both became available, which nobody recorded."""
        ana, bob = pair
        time.now = datetime(2026, 12 if day == 30 else 11, day, 10, tzinfo=UTC)

        preview = previewed(ana, bob)
        assert till.merge(ana, bob).status == 201

        held = till.member(bob)
        for part in ("balance", "debt", "lots", "pending"):
            assert preview["after"][part] == held[part], part
        assert preview["levels"]["after"] == held["tier"] == "gold"

    def test_it_says_what_both_hold_and_which_debt_is_paid(self, pair: tuple[str, str]) -> None:
        preview = previewed(*pair)

        assert (preview["merged_id"], preview["remaining_id"]) == pair
        assert [preview[each]["balance"] for each in ("merged", "remaining", "after")] == [
            60,
            -20,
            40,
        ]
        assert [preview[each]["pending_points"] for each in ("merged", "remaining", "after")] == [
            40,
            50,
            90,
        ]
        assert preview["paid_debt"] == 20
        assert preview["levels"] == {"merged": None, "remaining": "silver", "after": "gold"}

    def test_nothing_is_written_not_even_what_the_calendar_has_to_do(
        self, pair: tuple[str, str], time: Clock, dynamodb: Any
    ) -> None:
        time.now = datetime(2026, 12, 30, 10, tzinfo=UTC)
        before = items(dynamodb, TABLE)

        previewed(*pair)

        assert items(dynamodb, TABLE) == before


class TestPeople:
    @pytest.fixture(autouse=True)
    def bean(self, publish: Publish) -> None:
        publish()

    def test_what_the_one_who_remains_lacks_moves_and_what_differs_is_lost(self) -> None:
        ana, bob = till.enroll("ana@example.com"), till.enroll("bob@example.com")
        till.change(
            ana,
            profile={"name": "Ana", "birthday": "1990-02-28", "attributes": {"milk": "oat"}},
            consents={"email": True, "sms": True},
            identities=[{"kind": "card", "value": "6034-1"}],
        )
        till.change(bob, profile={"name": "Bob"}, consents={"email": False})

        preview = previewed(ana, bob)
        till.merge(ana, bob)

        assert preview["person"] == {
            "identities": {"email": 1, "card": 1},
            "identities_stay_apart": False,
            "fields_taken": ["birthday", "attributes.milk"],
            "fields_lost": ["name"],
            "consents_taken": {"sms": True},
            "consents_lost": ["email"],
            "presents_from": None,
        }
        held = till.member(bob)
        assert (held["profile"]["name"], held["profile"]["birthday"]) == ("Bob", "1990-02-28")
        assert held["consents"] == {"email": False, "sms": True}
        assert sorted(each["kind"] for each in held["identities"]) == ["card", "email", "email"]

    def test_vouchers_that_can_be_used_are_counted(self) -> None:
        ana, bob = till.enroll("ana@example.com"), till.enroll("bob@example.com")
        till.adjust(ana, 120)
        till.redeem(ana)
        till.redeem(ana, hold=True)
        till.use(till.redeem(ana).body["voucher"]["code"])

        preview = previewed(ana, bob)

        assert (preview["open_vouchers"], preview["has_more_vouchers"]) == (2, False)

    def test_it_is_refused_for_the_reasons_of_the_merge(self) -> None:
        boss = person("boss", email="boss@example.com", groups=("bean/manager",))
        ana, own = till.enroll("ana@example.com"), till.enroll_oneself(boss)

        def refused(answer: Answer) -> tuple[int, str]:
            return answer.status, answer.code

        assert refused(till.preview_merge(ana, ana)) == (422, "validation_failed")
        assert refused(till.preview_merge(ana, "mem_nobody")) == (404, "not_found")
        assert refused(till.preview_merge(ana, own, as_=boss)) == (403, "own_account")
        assert refused(till.preview_merge(own, ana, as_=boss)) == (403, "own_account")
        cashier = staff("bean", "cashier")
        assert refused(till.preview_merge(ana, own, as_=cashier)) == (403, "forbidden")
        assert till.preview_merge(ana, own, as_=service("bean")).status == 200
        till.merge(ana, own)
        assert refused(till.preview_merge(ana, own)) == (422, "validation_failed")

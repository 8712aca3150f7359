"""How small an effect a holdout could show, over HTTP."""

from typing import Any

import pytest

from functions.reporting.handler import handler as reporting
from tests.integration.lakeside import archived
from tests.support import till
from tests.support.http import Answer, call

pytestmark = pytest.mark.usefixtures("program", "disk")


class TestHoldouts:
    def ask(self, **body: Any) -> Answer:
        path = f"{till.PROGRAM}/trials/holdout"
        december = {"percent": 10, "from": "2026-12-01", "to": "2026-12-28"}
        return call(reporting, "POST", path, as_=till.MANAGER, body=december | body)

    def test_a_holdout_of_few_members_shows_nothing(self) -> None:
        """Nobody was a member a year before, so the latest days are looked at."""
        till.enroll("ana@example.com")
        till.enroll("ben@example.com")
        archived()

        assert self.ask().body == {
            "members": 2,
            "held_out": 0,
            "first_day": "2026-10-24",
            "last_day": "2026-11-20",
            "mean": till.money(0),
            "least": None,
            "least_ratio": None,
        }

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({"to": "2026-11-30"}, "/to", "inverted_period"),
            ({"to": "2027-12-31"}, "/to", "period_too_long"),
            ({"segment": "gone"}, "/segment", "unknown_segment"),
        ],
    )
    def test_a_plan_that_makes_no_sense_is_refused(
        self, body: dict[str, Any], pointer: str, code: str
    ) -> None:
        (error,) = self.ask(**body).body["errors"]

        assert (error["pointer"], error["code"]) == (pointer, code)

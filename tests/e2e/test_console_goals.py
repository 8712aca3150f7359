"""Goals in the console: evaluated by the deployed function, shown where people look."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenProgram, Visit
from tests.e2e.described import DescribedApi, eventually
from tests.e2e.functions import function
from tests.support.browser import assert_accessible, drawn

TODAY: Final = datetime.now(UTC).date()
GOAL: Final = {
    "id": "more-orders",
    "name": "100 orders this season",
    "column": "orders",
    "target": 100,
    "starts_on": (TODAY - timedelta(days=30)).isoformat(),
    "by": (TODAY + timedelta(days=30)).isoformat(),
}


@pytest.fixture
def program(open_program: Callable[..., OpenProgram]) -> OpenProgram:
    return open_program(goals=[GOAL])


def test_a_goal_at_risk_is_on_home_on_the_overview_and_in_its_own_view(
    program: OpenProgram, api: DescribedApi, visit: Visit
) -> None:
    name = function(program.deployed, "compaction")["FunctionName"]
    functions = program.deployed.cloud.aws.functions
    assert "FunctionError" not in functions.invoke(FunctionName=name, Payload=json.dumps({}))
    eventually(
        lambda: api.call("analyst", "GET", "/goals")["items"][0]["state"],
        lambda state: state == "at_risk",
    )

    home = visit(program, "home", role="manager")
    expect(home.get_by_role("link", name="at risk 100 orders this season")).to_be_visible()
    overview = visit(program, "reports", role="analyst")
    expect(overview.get_by_role("link", name="at risk 100 orders this season")).to_be_visible()
    page = visit(program, "goals", role="analyst")
    drawn(page, "Goals")
    row = page.get_by_role("row").filter(has_text="100 orders this season")
    expect(row).to_contain_text("0 of 100")
    expect(row).to_contain_text("at risk")
    expect(row).to_contain_text("a day are needed")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    expect(page.get_by_role("link", name="Summary")).to_be_visible()

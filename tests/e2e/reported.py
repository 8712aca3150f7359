"""What the reports of a deployed program say of these days."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.described import DescribedApi, enroll, eventually, order


def days() -> dict[str, str]:
    """Today, and a day to each side of it."""
    today = datetime.now(UTC).date()
    first, last = (today + timedelta(days=number) for number in (-1, 1))
    return {"from": first.isoformat(), "to": last.isoformat()}


def summary(api: DescribedApi) -> dict[str, Any]:
    answer = api.call("analyst", "GET", "/reports/summary", params=days())
    (row,) = answer["rows"]
    return dict(zip((column["name"] for column in answer["columns"]), row, strict=True))


def buy_twice(api: DescribedApi) -> str:
    """Enroll a member who buys twice, and wait until the reports have it. Returns their id."""
    member_id = enroll(api)
    for number in ("1", "2"):
        api.call("service", "POST", "/orders", json=order(number, member_id=member_id), status=201)
    eventually(lambda: summary(api)["orders"], lambda orders: orders == 2)
    return member_id

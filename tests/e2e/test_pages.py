"""A report as a page to keep: complete in itself, and only for the right roles."""

import re
from datetime import UTC, datetime

import pytest

from tests.e2e.conftest import OpenProgram

TODAY = datetime.now(UTC).date()


def test_a_page_to_keep_contains_its_data_and_loads_nothing(program: OpenProgram) -> None:
    days = {"from": TODAY.isoformat(), "to": TODAY.isoformat()}

    with program.client("analyst") as client:
        page = client.get("/reports/summary", params=days, headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert f"<title>Summary · {program.document['name'].replace('&', '&amp;')}</title>" in page.text
    assert '"report":"summary"' in page.text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page.text)


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("cashier", 403), ("member", 403)])
def test_others_get_no_data(program: OpenProgram, role: str | None, status: int) -> None:
    days = {"from": TODAY.isoformat(), "to": TODAY.isoformat()}

    with program.client(role) as client:
        answer = client.get("/reports/summary", params=days, headers={"Accept": "text/html"})

    assert answer.status_code == status

"""The deployed pages of the reports: anyone can open them, only the right roles get data."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from loyalty.edge import report_pages
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi
from tests.e2e.reported import buy_twice

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TODAY = datetime.now(UTC).date()


def test_a_browser_gets_the_page_and_everything_that_it_loads(program: OpenProgram) -> None:
    link = report_pages.link(
        program.deployed.api_url, program_id=program.id, token=program.tokens["manager"]
    )

    with httpx.Client(trust_env=False, timeout=60) as browser:
        page = browser.get(link)
        assets = [
            browser.get(page.url.join(path))
            for path in re.findall(r'"([^"]+/assets/[^"]+)"', page.text)
        ]

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert [asset.status_code for asset in assets] == [200, 200, 200]
    assert all("immutable" in asset.headers["cache-control"] for asset in assets)
    assert any("Observable Plot" in asset.text for asset in assets)


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


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to look with")
def test_a_manager_s_link_opens_the_overview_in_a_browser(
    program: OpenProgram, api: DescribedApi, tmp_path: Path
) -> None:
    buy_twice(api)
    link = report_pages.link(
        program.deployed.api_url,
        program_id=program.id,
        token=program.tokens["manager"],
        first=TODAY - timedelta(days=1),
        last=TODAY + timedelta(days=1),
    )
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000")

    run = subprocess.run(
        [str(CHROMIUM), *flags, f"--user-data-dir={tmp_path}", "--dump-dom", link],
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )

    drawn = run.stdout.partition('id="report"')[2]
    assert "<h1>Overview</h1>" in drawn, drawn[:2000]
    assert drawn.count("<dt>") == 6
    assert drawn.count('<section class="card">') == 6
    assert program.tokens["manager"] not in run.stdout

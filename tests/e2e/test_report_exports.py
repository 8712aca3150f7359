"""Files of reports as deployed: asked for, waited for, fetched by their link, for the program."""

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, eventually
from tests.e2e.reported import buy_twice, days, summary

PATH = "/reports/exports"


@pytest.fixture
def busy(api: DescribedApi) -> str:
    """A member who bought twice, all of it in the reports."""
    return buy_twice(api)


def exported(api: DescribedApi, **request: str) -> tuple[dict[str, Any], bytes]:
    """The final state of an export, and its file."""
    accepted = api.send("analyst", "POST", PATH, json=request | days(), status=202)
    path = accepted.headers["location"].rpartition(api.program.id)[2]
    done = eventually(
        lambda: api.call("analyst", "GET", path),
        lambda export: export["state"] in ("done", "failed"),
    )
    assert done["state"] == "done", done
    answer = httpx.get(done["download"]["url"], trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert len(answer.content) == done["size_bytes"]
    assert hashlib.sha256(answer.content).hexdigest() == done["sha256"]
    return done, answer.content


def test_a_file_has_the_figures_of_the_report(api: DescribedApi, busy: str) -> None:
    done, content = exported(api, report="summary", format="csv")

    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8")))
    expected = {name: "" if cell is None else str(cell) for name, cell in summary(api).items()}
    assert row == expected
    assert done["progress"]["rows_written"] == 1
    assert done["progress"]["objects_read"] == done["progress"]["objects_total"] > 0


def test_facts_add_up_to_the_report(api: DescribedApi, busy: str, tmp_path: Path) -> None:
    _, content = exported(api, facts="orders", format="parquet")

    path = tmp_path / "orders.parquet"
    path.write_bytes(content)
    found = duckdb.read_parquet(str(path)).project("member_id, amount_minor").fetchall()
    assert {member_id for member_id, _ in found} == {busy}
    assert sum(amount for _, amount in found) == summary(api)["revenue_minor"]


def test_a_file_belongs_to_its_program_only(
    api: DescribedApi, open_program: Callable[..., OpenProgram]
) -> None:
    done, _ = exported(api, report="summary", format="csv")

    with DescribedApi(open_program()) as other:
        other.send("manager", "GET", f"{PATH}/{done['id']}", status=404)
        assert other.call("manager", "GET", PATH)["items"] == []
    for role in ("cashier", "service", "member"):
        api.send(role, "GET", f"{PATH}/{done['id']}", status=403)


def test_nothing_but_a_link_opens_a_file(api: DescribedApi) -> None:
    done, _ = exported(api, report="summary", format="csv")
    address, _, _ = done["download"]["url"].partition("?")

    plain = httpx.get(address, trust_env=False, timeout=60)

    assert plain.status_code == 403

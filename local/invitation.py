"""What to try by hand after the story. Every command works when it is pasted."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from local.cloud import ROOT
from local.home import RECORD
from local.people import ROLES


def invitation(
    api_url: str,
    *,
    record: Path,
    program_id: str,
    document: dict[str, Any],
    member_id: str,
    now: datetime,
) -> str:
    """Return the API's address, how to get a token, and three things to try."""
    # Commands find the first cloud of this checkout; any other must be named by its port.
    port = "" if record == RECORD else f" PORT={httpx.URL(api_url).port}"
    program_url = f"{api_url}/v1/programs/{program_id}"
    today = now.astimezone(ZoneInfo(document["time_zone"])).date()
    order = {
        "source": "till",
        "order_id": "1004",
        "member_id": member_id,
        "occurred_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "lines": [{"line_id": "1", "amount": {"amount": 1250, "currency": document["currency"]}}],
    }
    # The address contains a `$`, so it is in single quotes.
    return f"""
  The API        {api_url}
  A fresh token  make -s token ROLE={"|".join(ROLES)}{port}
  For scripts    {record.relative_to(ROOT)}
  Your program   make program NAME=bakery{port}
  Mails sent     make mail{port}
  The calendar   make clock DAYS=30{port}

  Ana's balance:
  curl -s {_bearer("member", port)} '{program_url}/members/me'

  A sale of 12.50 at the till:
  curl -s {_bearer("cashier", port)} -H 'Content-Type: application/json' '{program_url}/orders' \
-d '{json.dumps(order)}'

  The report, as CSV:
  curl -s {_bearer("analyst", port)} -H 'Accept: text/csv' \
'{program_url}/reports/summary?from={today}&to={today}'"""


def _bearer(role: str, port: str) -> str:
    return f'-H "Authorization: Bearer $(make -s token ROLE={role}{port})"'

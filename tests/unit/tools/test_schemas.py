"""What the docs say of webhooks is what is sent."""

import json
from datetime import UTC, datetime

from jsonschema import Draft202012Validator

from loyalty.domain.events import ALL
from loyalty.domain.webhooks_out.deliveries import probe_payload
from tools.schemas import EVENTS, PROBE


def test_a_tested_endpoint_gets_what_its_schema_says() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    sent = json.loads(probe_payload("evt_1", program_id="bean", endpoint_id="crm", now=now))

    Draft202012Validator(PROBE | {"additionalProperties": False}).validate(sent["data"])


def test_every_event_is_in_the_list_with_its_schema() -> None:
    listed = (EVENTS / "README.md").read_text(encoding="utf-8")

    for kind in ALL:
        assert f"| [`{kind.name}`]({kind.name}.schema.json) |" in listed
        assert (EVENTS / f"{kind.name}.schema.json").is_file()

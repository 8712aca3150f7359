"""The code that the page on webhooks shows, run."""

import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from loyalty.edge.outgoing.webhook_sender import signed_headers
from tests.infra.assembly import Template
from tests.support.received import RECEIVED_AT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def shown(name: str) -> Any:
    """What the page's code defines under a name."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = (block for block in blocks if name in block)
    defined: dict[str, Any] = {"__name__": "page"}
    exec(code, defined)  # noqa: S102  # the page's own code
    return defined[name]


def test_the_receiver_of_the_docs_accepts_only_signed_requests() -> None:
    is_ours = shown("is_ours")
    headers = signed_headers("evt_1", body="{}", secrets=[OTHER, SECRET], now=RECEIVED_AT)

    assert is_ours(SECRET, headers, b"{}")
    assert is_ours(OTHER, headers, b"{}")
    assert not is_ours(SECRET, headers, b"{ }")
    assert not is_ours(SECRET, headers | {"webhook-id": "evt_2"}, b"{}")
    assert not is_ours("whsec_AAAA", headers, b"{}")


def test_the_stack_of_the_docs_sends_a_crm_what_members_hold(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    shown("CrmStack")(app, "Crm", bus_name="Loyalty-prod-Events")
    assembly = app.synth()
    template = Template(assembly.get_stack_by_name("Crm").template)

    (rule,) = template.of_type("Events::Rule").values()
    (target,) = rule["Targets"]

    assert rule["EventBusName"] == "Loyalty-prod-Events"
    assert rule["EventPattern"]["detail-type"] == ["MemberChanged"]
    assert set(target["InputTransformer"]["InputPathsMap"].values()) == {
        "$.detail.member_id",
        "$.detail.revision",
        "$.detail.holding",
    }
    assert template.of_type("Events::ApiDestination")

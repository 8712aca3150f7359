"""Somebody else's client: generated from the API's description, it sells, earns and redeems."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from tests.e2e.conftest import OpenProgram

DESCRIPTION: Final = Path(__file__).parents[2] / "docs" / "openapi.json"
PACKAGE: Final = "loyalty_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the generated package in it, from where it can be imported."""
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "config.yml"
    config.write_text("post_hooks: []\nliteral_enums: true\n")
    subprocess.run(
        [
            Path(sys.executable).with_name("openapi-python-client"),
            *("generate", "--meta", "none", "--fail-on-warning"),
            *("--path", DESCRIPTION, "--config", config, "--output-path", folder / PACKAGE),
        ],
        check=True,
        cwd=folder,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


class GeneratedClient:
    """The generated operations, called in one role. What they give is typed by the description."""

    def __init__(self, program: OpenProgram, role: str) -> None:
        self._program = program
        self._client = import_module(PACKAGE).AuthenticatedClient(
            base_url=program.deployed.api_url,
            token=program.tokens[role],
            timeout=None,
            httpx_args={"trust_env": False},
            raise_on_unexpected_status=True,
        )

    def call(self, operation: str, *path: str, body: Any = None, **more: Any) -> Any:
        module = import_module(f"{PACKAGE}.api.{operation}")
        sent = more if body is None else more | {"body": body}
        return module.sync(self._program.id, *path, client=self._client, **sent)

    def close(self) -> None:
        self._client.get_httpx_client().close()


@pytest.fixture
def models(generated: Path) -> ModuleType:
    return import_module(f"{PACKAGE}.models")


@pytest.fixture
def till(generated: Path, program: OpenProgram) -> Iterator[GeneratedClient]:
    client = GeneratedClient(program, "cashier")
    yield client
    client.close()


def test_a_generated_client_enrolls_sells_redeems_and_understands_a_refusal(
    till: GeneratedClient, models: ModuleType
) -> None:
    email = models.NamedIdentity(kind="email", value="ana@example.com")
    line = models.OrderLine(
        line_id="1",
        quantity=2,
        amount=models.Money(amount=4999, currency="EUR"),
        category="drink",
    )
    latte = models.RedemptionRequest(reward_id="latte")

    ana = till.call("members.enroll_member", body=models.EnrollmentRequest(identities=[email]))
    sold = models.OrderRequest(
        source="pos",
        order_id="1001",
        member_id=ana.id,
        occurred_at=datetime.now(UTC),
        lines=[line],
    )
    earned = till.call("orders.record_order", body=sold)
    again = till.call("orders.record_order", body=sold)
    redeemed = till.call("redemptions.redeem", ana.id, body=latte, idempotency_key="one")
    refused = till.call("redemptions.redeem", ana.id, body=latte, idempotency_key="two")
    used = till.call(
        "vouchers.use_voucher",
        redeemed.voucher.code,
        body=models.VoucherUse(),
        idempotency_key="use",
    )
    history = till.call("members.list_history", ana.id)
    erased = till.call("members.erase_member", ana.id)
    gone = till.call("members.read_member", ana.id)

    assert isinstance(ana, models.MemberAnswer)
    assert isinstance(earned, models.OrderEarned)
    assert earned.entry.points == 49
    assert again == earned
    assert (redeemed.points, redeemed.state) == (40, "issued")
    assert isinstance(refused, models.Problem)
    assert (refused.status, refused.code) == (409, "insufficient_points")
    assert used.state == "used"
    assert [entry.kind for entry in history.items] == ["redemption", "accrual"]
    assert erased is None
    assert isinstance(gone, models.Problem)

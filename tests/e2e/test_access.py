"""Early access on the deployed stack: a token signed by the key service, verified by its keys."""

from collections.abc import Callable

import httpx
import jwt

from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, enroll
from tests.support.documents import reward


def test_a_storefront_verifies_a_token_by_the_published_keys(
    open_program: Callable[..., OpenProgram],
) -> None:
    opened = reward(id="harvest", kind="access", cost_points=0, skus=["HARVEST-26"])
    program = open_program(rewards=[opened])
    with DescribedApi(program) as api:
        member_id = enroll(api)
        path = f"/members/{member_id}/redemptions"
        redeemed = api.call("service", "POST", path, json={"reward_id": "harvest"}, status=201)
        made = api.call(
            "service",
            "POST",
            f"{path}/{redeemed['id']}/access",
            json={"audience": "online"},
            status=201,
        )

    url = f"{program.deployed.api_url}/v1/programs/{program.id}/jwks.json"
    keys = jwt.PyJWKSet.from_dict(httpx.get(url).raise_for_status().json())
    claims = jwt.decode(
        made["token"], keys.keys[0], algorithms=["ES256"], audience="online", issuer=program.id
    )
    assert (claims["sub"], claims["skus"]) == (member_id, ["HARVEST-26"])

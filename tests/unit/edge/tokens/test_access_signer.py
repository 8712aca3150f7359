"""Access tokens, verified as a storefront would: by PyJWT and the published key alone."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from loyalty.edge.tokens.access_signer import AccessSigner
from tests.support.access_keys import KEY_ARN, KeyService

CLAIMS = {"iss": "bean", "aud": "online", "exp": 4_000_000_000, "reward": "harvest", "skus": ["Ü"]}


def verified(token: str, key: AccessSigner, *, audience: str = "online") -> dict[str, object]:
    public = jwt.PyJWK.from_json(json.dumps(key.published()))
    found: dict[str, object] = jwt.decode(
        token, public, algorithms=["ES256"], audience=audience, issuer="bean"
    )
    return found


def test_a_token_is_verified_by_the_published_key() -> None:
    service = KeyService()
    key = AccessSigner(service, key_arn=KEY_ARN)

    # A number of a signature is shorter than others in one of 256 signatures.
    found = [verified(key.token(CLAIMS | {"jti": str(n)}), key) for n in range(64)]

    assert found == [CLAIMS | {"jti": str(n)} for n in range(64)]
    assert service.calls.count("Sign") == 64


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 1 << 255])
def test_numbers_of_any_length_are_joined_as_32_bytes(number: int) -> None:
    class Signing(KeyService):
        def call(self, operation: str, parameters: Mapping[str, Any], /) -> dict[str, Any]:
            signature = encode_dss_signature(number, number)
            return {"Signature": base64.b64encode(signature).decode()}

    token = AccessSigner(Signing(), key_arn=KEY_ARN).token({})

    raw = jwt.utils.base64url_decode(token.rpartition(".")[2])
    assert raw == number.to_bytes(32) * 2


def test_a_forged_token_and_one_for_another_storefront_are_refused() -> None:
    key = AccessSigner(KeyService(), key_arn=KEY_ARN)
    of_another_stage = AccessSigner(KeyService(), key_arn=KEY_ARN)
    token = key.token(CLAIMS)

    with pytest.raises(jwt.InvalidSignatureError):
        verified(of_another_stage.token(CLAIMS), key)
    with pytest.raises(jwt.InvalidAudienceError):
        verified(token, key, audience="market")
    head, _, signature = token.split(".")
    _, claims, _ = key.token(CLAIMS | {"reward": "everything"}).split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        verified(f"{head}.{claims}.{signature}", key)


def test_a_key_of_another_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="P-256"):
        AccessSigner(KeyService(ec.SECP384R1()), key_arn=KEY_ARN).published()

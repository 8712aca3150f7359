"""Signatures, beside those of the SDK."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from loyalty.sdk.signing import Credentials, Signer

MOMENTS: Final = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001  # Hypothesis adds the zone
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001  # as above
    timezones=st.just(UTC),
)
NAMES: Final = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=20)
SECRETS: Final = st.text("abcXYZ0123456789+/", min_size=1, max_size=60)


def signature_of_the_sdk(
    monkeypatch: pytest.MonkeyPatch,
    *,
    url: str,
    body: bytes,
    headers: dict[str, str],
    credentials: Credentials,
    now: datetime,
    service: str,
) -> dict[str, Any]:
    monkeypatch.setattr(auth, "get_current_datetime", lambda: now.replace(tzinfo=None))
    request = AWSRequest("POST", url, data=body, headers=headers)
    sdk = auth.SigV4Auth(SdkCredentials(*credentials), service, "eu-west-1")
    sdk.add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    body=st.binary(max_size=200),
    target=st.text("abcXYZ._0123456789", min_size=1, max_size=40),
    credentials=st.builds(Credentials, NAMES, SECRETS, st.none() | SECRETS),
    now=MOMENTS,
    service=st.sampled_from(["dynamodb", "events"]),
)
def test_a_request_is_signed_as_the_sdk_signs_it(
    *, body: bytes, target: str, credentials: Credentials, now: datetime, service: str
) -> None:
    host = f"{service}.eu-west-1.amazonaws.com"
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}

    ours = Signer(service=service, region="eu-west-1").signed(
        {**headers, "host": host},
        body_digest=sha256(body).hexdigest(),
        credentials=credentials,
        now=now,
    )

    with pytest.MonkeyPatch.context() as monkeypatch:
        theirs = signature_of_the_sdk(
            monkeypatch,
            url=f"https://{host}/",
            body=body,
            headers=headers,
            credentials=credentials,
            now=now,
            service=service,
        )
    assert ours == theirs | {"host": host}


def test_the_key_follows_the_day_and_the_credentials() -> None:
    signer = Signer(service="dynamodb", region="eu-west-1")
    first, second = Credentials("A", "one"), Credentials("A", "two")
    evening = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    morning = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)

    def signed(with_: Signer, credentials: Credentials, now: datetime) -> str:
        headers = with_.signed({"host": "h"}, body_digest="d", credentials=credentials, now=now)
        return headers["authorization"]

    for credentials, now in ((first, evening), (second, evening), (second, morning)):
        fresh = Signer(service="dynamodb", region="eu-west-1")
        assert signed(signer, credentials, now) == signed(fresh, credentials, now)

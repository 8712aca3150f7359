"""The one-time passwords of a verification."""

import base64
from datetime import UTC, datetime

import pytest

from operate.verify import one_time_password

# The secret and the times of RFC 6238, appendix B, whose eight digits end with these six.
SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at_s", "password"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_it_is_the_one_of_the_standard(at_s: int, password: str) -> None:
    assert one_time_password(SECRET, moment=datetime.fromtimestamp(at_s, UTC)) == password

"""Erases a person's data outside our own stores: on the suppression list of SES."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from loyalty.domain.kernel.errors import TryAgain

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class MailSuppressions:
    """Implements `Suppressions`: SES itself lists addresses whose mail bounced."""

    def __init__(self, client: SESV2Client) -> None:
        self._client = client

    def lift(self, address: str) -> None:
        """Raises `TryAgain`."""
        try:
            self._client.delete_suppressed_destination(EmailAddress=address)
        except ClientError as error:
            match error.response["Error"]["Code"]:
                # SES never lists what it cannot read as an address, so the erasure can go on.
                case "NotFoundException" | "BadRequestException":
                    return
                case "TooManyRequestsException" | "ThrottlingException":
                    raise TryAgain("SES is throttling requests") from error
            raise
        except (EndpointConnectionError, HTTPClientError) as error:
            raise TryAgain("SES does not answer") from error

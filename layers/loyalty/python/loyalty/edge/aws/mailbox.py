"""Mail through SES: one message to one member, with a one-click unsubscribe link (RFC 8058)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formataddr
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from loyalty.domain.kernel.errors import TryAgain
from loyalty.usecases.messaging.notifications import Rejected

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

# Codes that reject this particular mail. For any other refusal (the sender is not verified, sending
# is paused) a person has to fix the cause; then the mail is sent.
_REJECTED: Final = frozenset({"BadRequestException", "MessageRejected"})
_PASSING: Final = frozenset(
    {"InternalFailure", "LimitExceededException", "ServiceUnavailable", "ThrottlingException"}
    | {"TooManyRequestsException"}
)


@dataclass(frozen=True, slots=True)
class RenderedMail:
    subject: str
    html: str
    text: str


class MailQuotaSpent(TryAgain):
    """SES sends no more mail today."""


class Mailbox:
    def __init__(self, client: SESV2Client, *, sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def send(
        self,
        mail: RenderedMail,
        *,
        to: str,
        name: str,
        reply_to: str | None,
        unsubscribe_url: str,
        tags: Mapping[str, str],
    ) -> str:
        """Send a mail with `name` as the sender; returns the id in SES's later notifications.

        Raises:
            Rejected: SES will never accept this mail.
            MailQuotaSpent: the quota of the day is spent.
            TryAgain: SES did not accept it now.
        """
        headers = {
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        try:
            answer = self._client.send_email(
                FromEmailAddress=formataddr((" ".join(name.split()), self._sender)),
                Destination={"ToAddresses": [to]},
                ReplyToAddresses=[reply_to] if reply_to else [],
                ConfigurationSetName=self._configuration_set,
                EmailTags=[{"Name": key, "Value": value} for key, value in tags.items()],
                Content={
                    "Simple": {
                        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": mail.text, "Charset": "UTF-8"},
                            "Html": {"Data": mail.html, "Charset": "UTF-8"},
                        },
                        "Headers": [
                            {"Name": header, "Value": value} for header, value in headers.items()
                        ],
                    }
                },
            )
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code in _REJECTED and "not verified" not in message:
                raise Rejected from error
            if code in _PASSING and "daily" in message.lower():
                raise MailQuotaSpent("SES sends no more mail today") from error
            if code in _PASSING:
                raise TryAgain("SES is not accepting mail at the moment") from error
            raise
        except (EndpointConnectionError, HTTPClientError) as error:
            raise TryAgain("SES does not answer") from error
        return answer["MessageId"]

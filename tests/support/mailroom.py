"""SES that takes mail, or not, as a test plans it."""

from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class Mailroom:
    """Takes mails, except that each of the planned `refusals` refuses one first."""

    def __init__(self, *refusals: Exception) -> None:
        self.refusals = list(refusals)
        self.mails: list[dict[str, Any]] = []
        self.lifted: list[str] = []

    @property
    def client(self) -> "SESV2Client":
        return cast("SESV2Client", self)

    def send_email(self, **mail: Any) -> dict[str, Any]:
        if self.refusals:
            raise self.refusals.pop(0)
        self.mails.append(mail)
        return {"MessageId": f"ses-{len(self.mails)}"}

    def delete_suppressed_destination(self, **call: Any) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.lifted.append(call["EmailAddress"])


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendEmail")

"""A stand-in for Cognito: the calls that are made for services and for staff.

moto has one too, which would need another package. This one keeps what calls brought about, and can
be told to refuse or to lose the answer of a call.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from botocore.exceptions import ClientError, ConnectTimeoutError

POOL: Final = "staff-pool"
PAGE: Final = 2
FIRST_DAY: Final = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def _refusal(code: str) -> type[ClientError]:
    class Refusal(ClientError):
        def __init__(self, operation: str = "") -> None:
            error: Any = {
                "Error": {"Code": code, "Message": code},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            super().__init__(error, operation)

    return Refusal


class Exceptions:
    """The exceptions of a client, by name."""

    def __init__(self) -> None:
        self._made: dict[str, type[ClientError]] = {}

    def __getattr__(self, name: str) -> type[ClientError]:
        return self._made.setdefault(name, _refusal(name))


class FakeCognito:
    """One pool of staff and one of services. `clients` are those of services, by id."""

    exceptions = Exceptions()

    def __init__(self) -> None:
        self.clients: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, list[str]] = {}
        self.mails: list[str] = []
        self.calls: Counter[str] = Counter()
        self.groups_max = 10_000
        self._lost: set[str] = set()
        self._refused: dict[str, str] = {}

    def lose_answer(self, operation: str) -> None:
        """Do the next call of an operation, and lose its answer."""
        self._lost.add(operation)

    def refuse(self, operation: str, code: str) -> None:
        """Refuse the next call of an operation."""
        self._refused[operation] = code

    def remove_everybody(self) -> None:
        self.users.clear()
        self.groups.clear()

    def sign_in(self, subject: str) -> None:
        """Let a person use their invitation, and set up a second factor."""
        self.users[subject] |= {"UserStatus": "CONFIRMED", "mfa": ["SOFTWARE_TOKEN_MFA"]}

    def add(self, email: str, *groups: str) -> str:
        """A person who was invited earlier, and has signed in; gives their subject."""
        subject = self._create(email, [{"Name": "email", "Value": email}])
        self.sign_in(subject)
        for group in groups:
            self.groups.setdefault(group, []).append(subject)
        return subject

    def groups_of(self, subject: str) -> set[str]:
        return {group for group, members in self.groups.items() if subject in members}

    def create_user_pool_client(self, **settings: Any) -> dict[str, Any]:
        client_id = f"client-{len(self.clients) + 1}"
        client = {**settings, "ClientId": client_id, "ClientSecret": f"secret of {client_id}"}
        self.clients[client_id] = client
        return {"UserPoolClient": client}

    def delete_user_pool_client(self, *, UserPoolId: str, ClientId: str) -> None:  # noqa: N803
        if self.clients.pop(ClientId, {}).get("UserPoolId") != UserPoolId:
            raise self.exceptions.ResourceNotFoundException

    def admin_create_user(self, **call: Any) -> None:
        self._begin("admin_create_user", call)
        email = call["Username"]
        user = self._user(email)
        if call.get("MessageAction") == "RESEND":
            if user is None or user["UserStatus"] != "FORCE_CHANGE_PASSWORD":
                raise self.exceptions.UnsupportedUserStateException
            user["UserLastModifiedDate"] += timedelta(days=2)
        elif user is not None:
            raise self.exceptions.UsernameExistsException
        else:
            self._create(email, call["UserAttributes"])
        self.mails.append(email)
        self._end("admin_create_user")

    def admin_get_user(self, **call: Any) -> dict[str, Any]:
        self._begin("admin_get_user", call)
        user = self._existing(call["Username"])
        return user | {"UserAttributes": user["Attributes"], "UserMFASettingList": user["mfa"]}

    def admin_delete_user(self, **call: Any) -> None:
        self._begin("admin_delete_user", call)
        subject = self._existing(call["Username"])["Username"]
        del self.users[subject]
        for members in self.groups.values():
            if subject in members:
                members.remove(subject)

    def admin_list_groups_for_user(self, **call: Any) -> dict[str, Any]:
        self._begin("admin_list_groups_for_user", call)
        subject = self._existing(call["Username"])["Username"]
        groups = [{"GroupName": name} for name in sorted(self.groups_of(subject))]
        return self._page("Groups", groups, call)

    def admin_add_user_to_group(self, **call: Any) -> None:
        self._begin("admin_add_user_to_group", call)
        user = self._existing(call["Username"])
        members = self._group(call)
        if user["Username"] not in members:
            members.append(user["Username"])
        self._end("admin_add_user_to_group")

    def admin_remove_user_from_group(self, **call: Any) -> None:
        self._begin("admin_remove_user_from_group", call)
        user = self._existing(call["Username"])
        members = self._group(call)
        if user["Username"] in members:
            members.remove(user["Username"])
        self._end("admin_remove_user_from_group")

    def create_group(self, **call: Any) -> None:
        self._begin("create_group", call)
        if call["GroupName"] in self.groups:
            raise self.exceptions.GroupExistsException
        if len(self.groups) == self.groups_max:
            raise self.exceptions.LimitExceededException
        self.groups[call["GroupName"]] = []
        self._end("create_group")

    def list_users_in_group(self, **call: Any) -> dict[str, Any]:
        self._begin("list_users_in_group", call)
        return self._page("Users", [self.users[each] for each in self._group(call)], call)

    def _begin(self, operation: str, call: dict[str, Any]) -> None:
        assert call["UserPoolId"] == POOL
        self.calls[operation] += 1
        if code := self._refused.pop(operation, None):
            raise getattr(self.exceptions, code)(operation)

    def _end(self, operation: str) -> None:
        if operation in self._lost:
            self._lost.remove(operation)
            raise ConnectTimeoutError(endpoint_url="https://cognito-idp.example.com")

    def _create(self, email: str, attributes: list[dict[str, str]]) -> str:
        number = len(self.users) + 1
        subject = str(UUID(int=number))
        created_at = FIRST_DAY + timedelta(hours=number)
        self.users[subject] = {
            "Username": subject,
            "Attributes": [*attributes, {"Name": "sub", "Value": subject}],
            "Enabled": True,
            "UserStatus": "FORCE_CHANGE_PASSWORD",
            "UserCreateDate": created_at,
            "UserLastModifiedDate": created_at,
            "mfa": [],
        }
        return subject

    def _user(self, name: str) -> dict[str, Any] | None:
        for subject, user in self.users.items():
            if name in (subject, *(each["Value"] for each in user["Attributes"])):
                return user
        return None

    def _existing(self, name: str) -> dict[str, Any]:
        user = self._user(name)
        if user is None:
            raise self.exceptions.UserNotFoundException
        return user

    def _group(self, call: dict[str, Any]) -> list[str]:
        if call["GroupName"] not in self.groups:
            raise self.exceptions.ResourceNotFoundException
        return self.groups[call["GroupName"]]

    def _page(self, named: str, found: list[Any], call: dict[str, Any]) -> dict[str, Any]:
        first = int(call.get("NextToken", "0"))
        following = {"NextToken": str(first + PAGE)} if first + PAGE < len(found) else {}
        return {named: found[first : first + PAGE], **following}

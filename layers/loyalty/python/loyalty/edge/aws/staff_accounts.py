"""Accounts of staff in their Cognito user pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.kernel.errors import Fault, LimitReached, TryAgain, ValidationFailed
from loyalty.domain.staff.people import AccountState, StaffAccount

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

# What Cognito allows: groups of one person, and the entries of one page.
GROUPS_OF_PERSON_MAX: Final = 100
PAGE_MAX: Final = 60
# Cognito answers about 120 such questions a second, of the whole account.
QUESTIONS_AT_ONCE: Final = 4


class CognitoStaffAccounts:
    """Implements `StaffAccounts`.

    People sign in by their e-mail address; their name in the pool is the subject of their tokens.
    """

    def __init__(self, client: CognitoIdentityProviderClient, *, pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    def find(self, subject: str) -> StaffAccount | None:
        found = self._find(subject)
        # Other names of a person lead to them as well.
        return found if found is not None and found.subject == subject else None

    def find_by_email(self, email: str) -> StaffAccount | None:
        return self._find(email)

    def create(self, email: str, *, name: str | None) -> StaffAccount:
        attributes: list[AttributeTypeTypeDef] = [
            {"Name": "email", "Value": email},
            # They get the invitation only there.
            {"Name": "email_verified", "Value": "true"},
        ]
        if name:
            attributes.append({"Name": "name", "Value": name})
        try:
            self._client.admin_create_user(
                UserPoolId=self._pool_id,
                Username=email,
                UserAttributes=attributes,
                DesiredDeliveryMediums=["EMAIL"],
            )
        except self._client.exceptions.UsernameExistsException:
            # Made by a request whose answer was lost, or for another program just now.
            pass
        except self._client.exceptions.InvalidParameterException as error:
            detail = "The issuer of staff does not take this address"
            fault = Fault("/email", "invalid_identity", detail)
            raise ValidationFailed(detail, faults=(fault,)) from error
        return self._existing(email)

    def invite_again(self, account: StaffAccount) -> StaffAccount:
        # They may have used the earlier one just now.
        with suppress(self._client.exceptions.UnsupportedUserStateException):
            self._client.admin_create_user(
                UserPoolId=self._pool_id,
                Username=account.email or account.subject,
                MessageAction="RESEND",
                DesiredDeliveryMediums=["EMAIL"],
            )
        return self._existing(account.subject)

    def delete(self, subject: str) -> None:
        try:
            self._client.admin_delete_user(UserPoolId=self._pool_id, Username=subject)
        except self._client.exceptions.UserNotFoundException:
            return

    def groups_of(self, subject: str) -> frozenset[str]:
        groups: set[str] = set()
        page: dict[str, Any] = {}
        while True:
            try:
                answer = self._client.admin_list_groups_for_user(
                    UserPoolId=self._pool_id, Username=subject, Limit=PAGE_MAX, **page
                )
            except self._client.exceptions.UserNotFoundException:
                return frozenset()
            groups |= {each["GroupName"] for each in answer["Groups"]}
            if not answer.get("NextToken"):
                return frozenset(groups)
            page = {"NextToken": answer["NextToken"]}

    def join(self, subject: str, group: str) -> None:
        if len(self.groups_of(subject)) >= GROUPS_OF_PERSON_MAX:
            raise LimitReached(f"A person can have roles in {GROUPS_OF_PERSON_MAX} groups")
        try:
            self._join(subject, group)
        except self._client.exceptions.ResourceNotFoundException:
            self._create_group(group)
            self._join(subject, group)

    def leave(self, subject: str, group: str) -> None:
        exceptions = self._client.exceptions
        try:
            self._client.admin_remove_user_from_group(
                UserPoolId=self._pool_id, Username=subject, GroupName=group
            )
        except (exceptions.UserNotFoundException, exceptions.ResourceNotFoundException):
            return

    def in_group(self, group: str) -> Iterator[StaffAccount]:
        page: dict[str, Any] = {}
        while True:
            try:
                answer = self._client.list_users_in_group(
                    UserPoolId=self._pool_id, GroupName=group, Limit=PAGE_MAX, **page
                )
            except self._client.exceptions.ResourceNotFoundException:
                return
            for user in answer["Users"]:
                yield _account(user, user["Attributes"])
            if not answer.get("NextToken"):
                return
            page = {"NextToken": answer["NextToken"]}

    def with_second_factors(self, accounts: Sequence[StaffAccount]) -> Sequence[StaffAccount]:
        with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as questions:
            present = questions.map(lambda each: self._find(each.subject), accounts)
        return [each for each in present if each is not None]

    def _find(self, name: str) -> StaffAccount | None:
        try:
            user = self._client.admin_get_user(UserPoolId=self._pool_id, Username=name)
        except self._client.exceptions.UserNotFoundException:
            return None
        account = _account(user, user["UserAttributes"])
        return replace(account, has_second_factor=bool(user.get("UserMFASettingList")))

    def _existing(self, name: str) -> StaffAccount:
        account = self._find(name)
        if account is None:
            raise TryAgain("The account was deleted meanwhile")
        return account

    def _join(self, subject: str, group: str) -> None:
        try:
            self._client.admin_add_user_to_group(
                UserPoolId=self._pool_id, Username=subject, GroupName=group
            )
        except self._client.exceptions.UserNotFoundException as error:
            raise TryAgain("The account was deleted meanwhile") from error

    def _create_group(self, group: str) -> None:
        try:
            self._client.create_group(UserPoolId=self._pool_id, GroupName=group)
        except self._client.exceptions.GroupExistsException:
            return
        except self._client.exceptions.LimitExceededException as error:
            raise LimitReached("The issuer of staff takes no more groups") from error


def _account(user: Mapping[str, Any], attributes: Sequence[Mapping[str, Any]]) -> StaffAccount:
    named = {each["Name"]: each["Value"] for each in attributes}
    state: AccountState = "active"
    if not user["Enabled"]:
        state = "disabled"
    elif user["UserStatus"] == "FORCE_CHANGE_PASSWORD":
        state = "invited"
    return StaffAccount(
        subject=named["sub"],
        email=named.get("email"),
        name=named.get("name"),
        state=state,
        created_at=user["UserCreateDate"].astimezone(UTC),
        invited_at=(user["UserLastModifiedDate"].astimezone(UTC) if state == "invited" else None),
    )

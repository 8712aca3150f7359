"""Callers of the API: the people and the service of a program, in the deployment's user pools."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import httpx

from local.aws import Aws
from local.deploy import stack_outputs
from local.failures import LocalCloudError

STAFF_ROLES = ("cashier", "analyst", "manager")
ROLES = (*STAFF_ROLES, "service", "member", "operator")
SERVICE_SCOPE = "loyalty/service"

_OPERATOR = "operator@example.com"
PASSWORD = "Local-cloud-0"  # noqa: S105  everyone's, on a cloud that only this machine can reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A user pool and its app client. Nobody has a second factor on this cloud."""

    aws: Aws
    pool_id: str
    client_id: str

    def has(self, email: str) -> bool:
        try:
            self.aws.cognito.admin_get_user(UserPoolId=self.pool_id, Username=email)
        except self.aws.cognito.exceptions.UserNotFoundException:
            return False
        return True

    def add(self, email: str, *, group: str | None = None) -> str:
        """Create somebody whose e-mail is verified; return the name to sign in with."""
        cognito = self.aws.cognito
        with suppress(cognito.exceptions.UsernameExistsException):
            cognito.admin_create_user(
                UserPoolId=self.pool_id,
                Username=email,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                ],
            )
        cognito.admin_set_user_password(
            UserPoolId=self.pool_id, Username=email, Password=PASSWORD, Permanent=True
        )
        if group:
            with suppress(cognito.exceptions.GroupExistsException):
                cognito.create_group(UserPoolId=self.pool_id, GroupName=group)
            cognito.admin_add_user_to_group(
                UserPoolId=self.pool_id, Username=email, GroupName=group
            )
        return email

    def send_back_to(self, url: str) -> None:
        """Let the hosted sign-in send people back to this address, and to no other."""
        self.aws.cognito.update_user_pool_client(
            UserPoolId=self.pool_id,
            ClientId=self.client_id,
            CallbackURLs=[url],
            LogoutURLs=[url],
            AllowedOAuthFlows=["code"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=["openid", "email", "profile"],
        )

    def token(self, email: str) -> str:
        """Sign in; the ID token is the one that carries e-mail and groups."""
        answer = self.aws.cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]["IdToken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The members, the staff and the services of one deployment."""

    aws: Aws
    api_url: str
    members: Pool
    staff: Pool
    services_pool_id: str

    @classmethod
    def find(cls, aws: Aws, *, api_url: str) -> Self:
        """Find the user pools of the stacks that were deployed."""
        outputs = stack_outputs(aws)
        return cls(
            aws=aws,
            api_url=api_url,
            members=Pool(
                aws=aws, pool_id=outputs["UserPoolId"], client_id=outputs["MobileClientId"]
            ),
            staff=Pool(aws=aws, pool_id=outputs["StaffPoolId"], client_id=outputs["StaffClientId"]),
            services_pool_id=outputs["ServicesPoolId"],
        )

    def is_open(self, program_id: str) -> bool:
        """Whether `open_program` has created this program's people, to the last of them."""
        return self.members.has(email_of("member", program_id))

    def open_program(self, program_id: str) -> None:
        """Create a program's groups with one person in each, its service, and one member.

        What is there already stays, so that a half-open program can be opened again.
        """
        for role in STAFF_ROLES:
            self.staff.add(email_of(role, program_id), group=f"{program_id}/{role}")
        self.open_service(program_id)
        self.members.add(email_of("member", program_id))

    def open_service(self, program_id: str) -> None:
        """Register a service of the program's own, as an operator does."""
        self.staff.add(_OPERATOR, group="operator")
        for path in (program_id, f"{program_id}/programs/{program_id}"):
            answer = httpx.put(
                f"{self.api_url}/v1/services/{path}",
                headers={"Authorization": f"Bearer {self.token('operator', program_id)}"},
                json={} if path == program_id else None,
                timeout=30,
                trust_env=False,
            )
            if not answer.is_success:
                raise LocalCloudError(
                    f"The service of {program_id} was not registered: "
                    f"{answer.status_code} {answer.text}"
                )

    def tokens(self, program_id: str) -> dict[str, str]:
        return {role: self.token(role, program_id) for role in ROLES}

    def token(self, role: str, program_id: str) -> str:
        """Return a fresh bearer token of the program's service, or of its person in that role."""
        match role:
            case "service":
                return self.service_token(program_id)
            case "member":
                return self.members.token(email_of(role, program_id))
            case "operator":
                return self.staff.token(_OPERATOR)
            case _:
                return self.staff.token(email_of(role, program_id))

    def service_token(self, service_id: str) -> str:
        client_id, secret = self._service_client(service_id)
        answer = httpx.post(
            f"{self.aws.endpoint}/oauth2/token",
            data={"grant_type": "client_credentials", "scope": SERVICE_SCOPE},
            auth=(client_id, secret),
            trust_env=False,
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def _service_client(self, service_id: str) -> tuple[str, str]:
        """Return a service's client and its secret, which the API shows only once."""
        pages = self.aws.cognito.get_paginator("list_user_pool_clients").paginate(
            UserPoolId=self.services_pool_id
        )
        client_id = next(
            client["ClientId"]
            for page in pages
            for client in page["UserPoolClients"]
            if client["ClientName"] == service_id
        )
        client = self.aws.cognito.describe_user_pool_client(
            UserPoolId=self.services_pool_id, ClientId=client_id
        )["UserPoolClient"]
        return client_id, client["ClientSecret"]


def email_of(role: str, program_id: str) -> str:
    return f"{role}@{program_id}.example.com"

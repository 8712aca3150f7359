"""Callers of the API: the people and the service of a program, in the deployment's user pool."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx

from local.aws import Aws
from local.deploy import stack_outputs

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import UserPoolClientTypeTypeDef

STAFF_ROLES = ("cashier", "analyst", "manager")
ROLES = (*STAFF_ROLES, "service", "member")

_PASSWORD = "Local-cloud-0"  # noqa: S105  everyone's, on a cloud that only this machine can reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The user pool of one deployment, its app client for people, and one for servers.

    A deployment has a client of servers for each program that it was deployed with. Programs that
    are opened later share the first one's here: the gateway knows no clients made after it.
    """

    aws: Aws
    pool_id: str
    people_client_id: str
    service_client_id: str

    @classmethod
    def find(cls, aws: Aws) -> Self:
        """Find the user pool of the stacks that were deployed."""
        outputs = stack_outputs(aws)
        return cls(
            aws=aws,
            pool_id=outputs["UserPoolId"],
            people_client_id=outputs["MobileClientId"],
            service_client_id=outputs["ServiceClientIds"].split(",")[0].partition("=")[2],
        )

    def is_open(self, program_id: str) -> bool:
        """Whether `open_program` has created this program's people, to the last of them."""
        try:
            self.aws.cognito.admin_get_user(
                UserPoolId=self.pool_id, Username=email_of("member", program_id)
            )
        except self.aws.cognito.exceptions.UserNotFoundException:
            return False
        return f"{program_id}/service" in self._service_client()["AllowedOAuthScopes"]

    def open_program(self, program_id: str) -> None:
        """Create a program's groups with one person in each, its service's scope and one member.

        What is there already stays, so that a half-open program can be opened again.
        """
        cognito = self.aws.cognito
        for role in STAFF_ROLES:
            group = f"{program_id}/{role}"
            with suppress(cognito.exceptions.GroupExistsException):
                cognito.create_group(UserPoolId=self.pool_id, GroupName=group)
            cognito.admin_add_user_to_group(
                UserPoolId=self.pool_id,
                Username=self.add_person(email_of(role, program_id)),
                GroupName=group,
            )
        self._allow_service(program_id)
        self.add_person(email_of("member", program_id))

    def add_person(self, email: str) -> str:
        """Create somebody whose e-mail is verified; return the name to sign in with."""
        with suppress(self.aws.cognito.exceptions.UsernameExistsException):
            self.aws.cognito.admin_create_user(
                UserPoolId=self.pool_id,
                Username=email,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                ],
            )
        self.aws.cognito.admin_set_user_password(
            UserPoolId=self.pool_id, Username=email, Password=_PASSWORD, Permanent=True
        )
        return email

    def tokens(self, program_id: str) -> dict[str, str]:
        return {role: self.token(role, program_id) for role in ROLES}

    def token(self, role: str, program_id: str) -> str:
        """Return a fresh bearer token of the program's service, or of its person in that role."""
        if role == "service":
            return self.service_token(program_id)
        return self.person_token(email_of(role, program_id))

    def person_token(self, email: str) -> str:
        """Sign in; the ID token is the one that carries e-mail and groups."""
        answer = self.aws.cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=self.people_client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": _PASSWORD},
        )
        return answer["AuthenticationResult"]["IdToken"]

    def service_token(self, program_id: str) -> str:
        secret = self._service_client()["ClientSecret"]
        answer = httpx.post(
            f"{self.aws.endpoint}/oauth2/token",
            data={"grant_type": "client_credentials", "scope": f"{program_id}/service"},
            auth=(self.service_client_id, secret),
            trust_env=False,
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def _allow_service(self, program_id: str) -> None:
        """Let the service act for a program that the stack was not deployed with."""
        client = self._service_client()
        scope = f"{program_id}/service"
        if scope in client["AllowedOAuthScopes"]:
            return
        self.aws.cognito.create_resource_server(
            UserPoolId=self.pool_id,
            Identifier=program_id,
            Name=program_id,
            Scopes=[{"ScopeName": "service", "ScopeDescription": "Act for this program."}],
        )
        self.aws.cognito.update_user_pool_client(
            UserPoolId=self.pool_id,
            ClientId=self.service_client_id,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=[*client["AllowedOAuthScopes"], scope],
        )

    def _service_client(self) -> "UserPoolClientTypeTypeDef":
        return self.aws.cognito.describe_user_pool_client(
            UserPoolId=self.pool_id, ClientId=self.service_client_id
        )["UserPoolClient"]


def email_of(role: str, program_id: str) -> str:
    return f"{role}@{program_id}.example.com"

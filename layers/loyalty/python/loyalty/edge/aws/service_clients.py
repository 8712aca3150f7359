"""Clients of services in their Cognito user pool, which has no users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loyalty.domain.program.services import SERVICE_SCOPE
from loyalty.usecases.program.services import ServiceClient

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

TOKEN_HOURS: Final = 1


class CognitoServiceClients:
    """Implements `ServiceClients`."""

    def __init__(self, client: CognitoIdentityProviderClient, *, pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    def create(self, service_id: str) -> ServiceClient:
        created = self._client.create_user_pool_client(
            UserPoolId=self._pool_id,
            ClientName=service_id,
            GenerateSecret=True,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=[SERVICE_SCOPE],
            AccessTokenValidity=TOKEN_HOURS,
            TokenValidityUnits={"AccessToken": "hours"},
            EnableTokenRevocation=True,
            PreventUserExistenceErrors="ENABLED",
        )["UserPoolClient"]
        return ServiceClient(created["ClientId"], created["ClientSecret"])

    def delete(self, client_id: str) -> None:
        try:
            self._client.delete_user_pool_client(UserPoolId=self._pool_id, ClientId=client_id)
        except self._client.exceptions.ResourceNotFoundException:
            return


class ForeignServiceClients:
    """Implements `ServiceClients` where another issuer has the clients: nothing is to be done."""

    def create(self, service_id: str) -> ServiceClient:
        raise TypeError(f"{service_id} needs the id of its client at the issuer.")

    def delete(self, client_id: str) -> None:
        """Leave the client at its issuer; its tokens open nothing any more."""

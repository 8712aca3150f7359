"""The stack that holds data: the table, the buckets, the identities, the secrets."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnOutput, CfnResource, RemovalPolicy, Stack
from constructs import Construct

from infra.access_key import AccessKey
from infra.buckets import Buckets
from infra.failed_batches import FailedBatches
from infra.identities import Identities
from infra.ledger_table import LedgerTable
from infra.secrets import Secrets
from infra.settings import Settings

# Everything else comes from the template again. If it were retained, the next deployment would
# find its name taken.
HOLD_DATA = {
    "AWS::DynamoDB::GlobalTable",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::Cognito::UserPool",
}


class DataStack(Stack):
    """Everything that cannot be restored from the template. A test pins its logical ids."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Loyalty: table, lake, inbox, identities, secrets",
            termination_protection=settings.is_prod,
        )
        self.table = LedgerTable(self, "Ledger", settings=settings)
        self.buckets = Buckets(self, "Buckets", settings=settings)
        self.failed_batches = FailedBatches(
            self, "FailedBatches", settings=settings, buckets=self.buckets
        )
        self.secrets = Secrets(self, "Secrets", settings=settings)
        self.access_key = AccessKey(self, "AccessKey") if settings.makes_access_tokens else None
        # With another issuer there is no user pool that nobody uses.
        self.identities = (
            None
            if settings.configuration.issuer
            else Identities(self, "Identities", settings=settings)
        )
        CfnOutput(self, "TableName", value=self.table.name)
        CfnOutput(self, "LakeBucket", value=self.buckets.lake.bucket_name)
        CfnOutput(self, "InboxBucket", value=self.buckets.inbox.bucket_name)
        CfnOutput(self, "IdentitySecretArn", value=self.secrets.identity_arn)
        CfnOutput(self, "StorefrontSecretPrefix", value=self.secrets.storefront_prefix)
        if self.identities:
            self.identities.publish(self)
        for construct in self.node.find_all():
            if CfnResource.is_cfn_resource(construct):
                resource = cast(CfnResource, construct)
                holds_data = resource.cfn_resource_type in HOLD_DATA
                resource.apply_removal_policy(
                    settings.removal_policy if holds_data else RemovalPolicy.DESTROY
                )
